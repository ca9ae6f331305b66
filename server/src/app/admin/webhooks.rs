use grantor_api as api;
use grantor_protocol::model::{
    AuditEvent, AuditKind, DeliveryState, Webhook, WebhookDelivery, WebhookDisabled, WebhookId,
    WebhookSettings,
};
use grantor_protocol::registration::check_name;
use grantor_protocol::webhook::{TEST, message_id, wants};
use grantor_protocol::{Id, Lifetime, Timestamp};
use grantor_store::{Page, TenantStore, WriteError, audit_kinds};
use serde_json::{Value, json};

use super::document::read;
use super::noun::{Noun, keep_key};
use super::version::etag;
use super::{Action, AdminFault, Caller, Domain, FieldFault, Resource, Versioned, as_page, contended};
use crate::app::{ATTEMPTS, App, TenantContext};

/// Webhooks that a tenant may have.
const MOST: usize = 20;

/// Valid secrets that a webhook may have at a time. Each signs every delivery.
const MOST_SECRETS: usize = 5;

/// How long the secrets of before sign as well, in seconds: where nothing is said, and at most.
const OVERLAP: u32 = 86_400;
const LONGEST_OVERLAP: u32 = 30 * 86_400;

/// A webhook with its identifier as text.
#[derive(Clone, PartialEq)]
pub struct TenantWebhook {
    webhook: Webhook,
    id: String,
}

impl From<Webhook> for TenantWebhook {
    fn from(webhook: Webhook) -> Self {
        Self { id: webhook.id.to_string(), webhook }
    }
}

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_webhooks(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
    ) -> Result<api::Page<api::Webhook>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Webhook, Action::Read).await?;
        let webhooks = self.store.tenant(context.tenant.id).webhooks().await?;
        let documents: Vec<_> = webhooks
            .into_iter()
            .map(|held| (held.created_at, TenantWebhook::from(held).document()))
            .collect();
        let listing = page.cut(documents, |(created_at, document)| (*created_at, document.id.as_str()));
        Ok(as_page(listing, |(_, document)| document))
    }

    /// Gives a webhook another secret, which is in the answer and never again. Those of before sign as well for
    /// as long as the request says.
    ///
    /// # Errors
    /// As many secrets as a webhook may have.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Caller,
        tenant: &str,
        webhook: &str,
        wanted: Value,
    ) -> Result<api::Webhook, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Webhook, Action::Update).await?;
        let overlap = read::<api::WebhookSecretRotation>(wanted)?.overlap.unwrap_or(OVERLAP);
        if overlap > LONGEST_OVERLAP {
            let detail = format!("must be at most {LONGEST_OVERLAP} seconds");
            return Err(AdminFault::invalid("/overlap", detail));
        }
        for _ in 0..ATTEMPTS {
            let mut changed = self.held_webhook(&context, webhook).await?;
            let (version, now) = (changed.version, self.now());
            let end = now + Lifetime::from_seconds(overlap);
            for held in &mut changed.secrets {
                held.expires_at = Some(held.expires_at.map_or(end, |expires_at| expires_at.min(end)));
            }
            changed.secrets.retain(|held| held.is_valid(now));
            if changed.secrets.len() >= MOST_SECRETS {
                return Err(AdminFault::Protected(
                    "the webhook has five secrets: let some of them end with a shorter overlap",
                ));
            }
            changed.secrets.insert(0, self.new_webhook_secret(changed.tenant_id, changed.id)?);
            changed.updated_at = now;
            let detail = json!({ "secret": "rotated", "overlap": overlap });
            let event = self.admin_event(caller, AuditKind::WebhookChanged, webhook, detail);
            let store = self.store.tenant(context.tenant.id);
            match store.replace_webhook(&changed, version, vec![event]).await {
                Ok(stored) => return TenantWebhook::from(stored).shown_once(self),
                Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    /// Sends the events of a time once more, also those that were delivered.
    ///
    /// # Errors
    /// Times that are none, a webhook that is disabled or has a replay under way.
    pub async fn replay_webhook(
        &self,
        caller: &Caller,
        tenant: &str,
        webhook: &str,
        wanted: Value,
    ) -> Result<api::Webhook, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Webhook, Action::Update).await?;
        let wanted: api::WebhookReplay = read(wanted)?;
        let time = |member: &str, text: &str| {
            Timestamp::parse(text).ok_or_else(|| AdminFault::invalid(member, "is not a time of RFC 3339"))
        };
        let (from, to) = (time("/from", &wanted.from)?, time("/to", &wanted.to)?);
        if to <= from {
            return Err(AdminFault::invalid("/to", "must be later than from"));
        }
        let held = self.enabled_webhook(&context, webhook).await?;
        let detail = json!({ "from": from.to_string(), "to": to.to_string() });
        let event = self.admin_event(caller, AuditKind::WebhookReplayed, webhook, detail);
        let store = self.store.tenant(context.tenant.id);
        store.replay_webhook(held.id, (from, to), vec![event]).await?;
        let held = self.held_webhook(&context, webhook).await.map_err(AdminFault::after_the_fact)?;
        Ok(TenantWebhook::from(held).document())
    }

    /// Sends an event that is of no trail, to try a webhook.
    ///
    /// # Errors
    /// A webhook that is disabled.
    pub async fn test_webhook(
        &self,
        caller: &Caller,
        tenant: &str,
        webhook: &str,
    ) -> Result<api::WebhookDelivery, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Webhook, Action::Update).await?;
        let held = self.enabled_webhook(&context, webhook).await?;
        let now = self.now();
        let id = Id::generate(now, self.entropy.as_ref());
        let data = json!({ "tenant": context.tenant.slug, "webhook": held.id });
        let delivery = self.webhook_delivery(&held, id, (TEST, now), &data)?;
        let event = self.admin_event(caller, AuditKind::WebhookTested, webhook, json!({}));
        self.store.tenant(context.tenant.id).test_webhook(&delivery, vec![event]).await?;
        Ok(delivery_document(delivery))
    }

    /// # Errors
    /// As [`Self::list_webhooks`].
    pub async fn list_webhook_deliveries(
        &self,
        caller: &Caller,
        tenant: &str,
        webhook: &str,
        page: &Page,
        state: Option<api::WebhookDeliveryState>,
    ) -> Result<api::Page<api::WebhookDelivery>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Webhook, Action::Read).await?;
        let held = self.held_webhook(&context, webhook).await?;
        let store = self.store.tenant(context.tenant.id);
        let found = store.list_webhook_deliveries(held.id, page, state.map(state_model)).await?;
        Ok(as_page(found, delivery_document))
    }

    /// Makes a delivery now, as if it had never been tried.
    ///
    /// # Errors
    /// A webhook that is disabled.
    pub async fn retry_webhook_delivery(
        &self,
        caller: &Caller,
        tenant: &str,
        webhook: &str,
        delivery: &str,
    ) -> Result<api::WebhookDelivery, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Webhook, Action::Update).await?;
        let held = self.enabled_webhook(&context, webhook).await?;
        let id: Id<AuditEvent> = delivery.parse().map_err(|_| AdminFault::NotFound)?;
        let detail = json!({ "delivery": id });
        let event = self.admin_event(caller, AuditKind::WebhookReplayed, webhook, detail);
        let store = self.store.tenant(context.tenant.id);
        Ok(delivery_document(store.retry_webhook_delivery(held.id, id, self.now(), vec![event]).await?))
    }

    async fn held_webhook(&self, context: &TenantContext, webhook: &str) -> Result<Webhook, AdminFault> {
        let id = webhook.parse().map_err(|_| AdminFault::NotFound)?;
        self.store.tenant(context.tenant.id).webhook(id).await?.ok_or(AdminFault::NotFound)
    }

    async fn enabled_webhook(&self, context: &TenantContext, webhook: &str) -> Result<Webhook, AdminFault> {
        let held = self.held_webhook(context, webhook).await?;
        match held.disabled {
            None => Ok(held),
            Some(_) => Err(AdminFault::Protected("the webhook is disabled: enable it first")),
        }
    }
}

impl Noun for TenantWebhook {
    type Document = api::Webhook;

    const RESOURCE: Resource = Resource::Webhook;
    const CHANGED: AuditKind = AuditKind::WebhookChanged;
    const CACHED: Option<grantor_store::ChangeKind> = None;
    const KEY: &'static str = "id";
    const LASTING: &'static [&'static str] = &["enabled"];

    fn key(&self) -> &str {
        &self.id
    }

    fn document(&self) -> api::Webhook {
        let held = &self.webhook;
        let WebhookSettings { url, description, events } = held.settings.clone();
        api::Webhook {
            id: self.id.clone(),
            url,
            description,
            events,
            enabled: held.disabled.is_none(),
            disabled_reason: held.disabled.map(reason_document),
            secret: None,
            failing_since: held.failing_since.map(|at| at.to_string()),
            replaying: held.replaying,
            version: held.version,
            created_at: held.created_at.to_string(),
            updated_at: held.updated_at.to_string(),
        }
    }

    fn shown_once(&self, app: &App) -> Result<api::Webhook, AdminFault> {
        let newest = self.webhook.secrets.first();
        let opened = newest.map(|secret| app.open_webhook_secret(&self.webhook, secret)).transpose()?;
        let secret = opened.map(|secret| api::SecretText::new(secret.expose()));
        Ok(api::Webhook { secret, ..self.document() })
    }

    fn version(&self) -> (i64, Timestamp) {
        (self.webhook.version, self.webhook.created_at)
    }

    /// Of what deliveries leave in the document too, though it counts no version up.
    fn versioned(&self) -> Versioned<api::Webhook> {
        let (version, created_at) = self.version();
        let failing = self.webhook.failing_since.map_or(0, Timestamp::unix_microseconds);
        let replaying = u8::from(self.webhook.replaying);
        let etag = match (failing, replaying) {
            (0, 0) => etag(version, created_at),
            _ => format!("{}-{failing:x}-{replaying}\"", etag(version, created_at).trim_end_matches('"')),
        };
        Versioned { document: self.document(), etag }
    }

    async fn find(app: &App, context: &TenantContext, id: &str) -> Result<Option<Self>, AdminFault> {
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(app.store.tenant(context.tenant.id).webhook(id).await?.map(Self::from))
    }

    async fn make(
        app: &App,
        context: &TenantContext,
        id: Option<&str>,
        wanted: api::Webhook,
    ) -> Result<Self, AdminFault> {
        let now = app.now();
        let id: WebhookId = match id {
            None if wanted.id.is_empty() => Id::generate(now, app.entropy.as_ref()),
            None => wanted.id.parse().map_err(|_| AdminFault::invalid("/id", "must be a UUID"))?,
            Some(id) => {
                keep_key(Self::KEY, &wanted.id, id)?;
                let refused = "the webhook's identifier in the path must be a UUID";
                id.parse().map_err(|_| AdminFault::BadRequest(refused.to_owned()))?
            }
        };
        if wanted.secret.is_some() {
            return Err(AdminFault::invalid("/secret", "is generated and cannot be chosen: leave it out"));
        }
        let settings = settings(&wanted, app)?;
        // Whoever else adds one at this moment may make them a few more, which harms nothing.
        if app.store.tenant(context.tenant.id).webhooks().await?.len() >= MOST {
            let detail = format!("the tenant has {MOST} webhooks, and cannot have more");
            return Err(AdminFault::invalid("/url", detail));
        }
        Ok(Self::from(Webhook {
            tenant_id: context.tenant.id,
            id,
            settings,
            disabled: (!wanted.enabled).then_some(WebhookDisabled::Administrator),
            secrets: vec![app.new_webhook_secret(context.tenant.id, id)?],
            failing_since: None,
            replaying: false,
            version: 1,
            created_at: now,
            updated_at: now,
        }))
    }

    fn changed(&self, app: &App, _: &TenantContext, wanted: api::Webhook) -> Result<Self, AdminFault> {
        keep_key(Self::KEY, &wanted.id, &self.id)?;
        let settings = settings(&wanted, app)?;
        let held = self.webhook.clone();
        let (disabled, failing_since) = match (wanted.enabled, held.disabled) {
            (true, Some(_)) => (None, None),
            (true, None) => (None, held.failing_since),
            (false, why) => (why.or(Some(WebhookDisabled::Administrator)), held.failing_since),
        };
        Ok(Self::from(Webhook { settings, disabled, failing_since, ..held }))
    }

    fn set_updated_at(&mut self, at: Timestamp) {
        self.webhook.updated_at = at;
    }

    /// What is sent is the trail: who may not read it has no webhook made.
    async fn permit(
        app: &App,
        caller: &Caller,
        context: &TenantContext,
        _: Option<&Self>,
        after: Option<&Self>,
    ) -> Result<(), AdminFault> {
        if after.is_none() {
            return Ok(());
        }
        let domain = Domain::Tenant(context.tenant.id);
        match app.authorize_caller(caller, domain, Resource::AuditEvent, Action::Read).await {
            Err(AdminFault::NotFound) => Err(AdminFault::Forbidden),
            other => other,
        }
    }

    async fn insert(&self, store: &TenantStore<'_>, event: AuditEvent) -> Result<(), WriteError> {
        store.create_webhook(&self.webhook, vec![event]).await
    }

    async fn replace(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<Self, WriteError> {
        Ok(store.replace_webhook(&self.webhook, expected_version, vec![event]).await?.into())
    }

    async fn delete(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<(), WriteError> {
        store.delete_webhook(self.webhook.id, expected_version, vec![event]).await
    }
}

/// The settings that a document asks for.
///
/// # Errors
/// [`AdminFault::Invalid`] with everything that is wrong.
fn settings(wanted: &api::Webhook, app: &App) -> Result<WebhookSettings, AdminFault> {
    let mut faults = vec![];
    if let Err(refusal) = app.fetcher.check(&wanted.url) {
        faults.push(FieldFault::new("/url", refusal.to_string()));
    }
    if let Err(detail) = check_name(&wanted.description) {
        faults.push(FieldFault::new("/description", detail));
    }
    if wanted.events.len() > 100 {
        faults.push(FieldFault::new("/events", "must be 100 at most"));
    }
    for (index, event) in wanted.events.iter().enumerate() {
        let named = std::slice::from_ref(event);
        if !audit_kinds().any(|kind| wants(named, kind.as_str())) {
            let detail = "is no kind of audit event, nor the part before the dot of one";
            faults.push(FieldFault::new(format!("/events/{index}"), detail));
        }
    }
    if !faults.is_empty() {
        return Err(AdminFault::Invalid(faults));
    }
    Ok(WebhookSettings {
        url: wanted.url.clone(),
        description: wanted.description.clone(),
        events: wanted.events.clone(),
    })
}

const fn reason_document(why: WebhookDisabled) -> api::WebhookDisabledReason {
    match why {
        WebhookDisabled::Administrator => api::WebhookDisabledReason::Administrator,
        WebhookDisabled::Gone => api::WebhookDisabledReason::Gone,
        WebhookDisabled::Failing => api::WebhookDisabledReason::Failing,
    }
}

const fn state_document(state: DeliveryState) -> api::WebhookDeliveryState {
    match state {
        DeliveryState::Pending => api::WebhookDeliveryState::Pending,
        DeliveryState::Delivered => api::WebhookDeliveryState::Delivered,
        DeliveryState::Failed => api::WebhookDeliveryState::Failed,
    }
}

const fn state_model(state: api::WebhookDeliveryState) -> DeliveryState {
    match state {
        api::WebhookDeliveryState::Pending => DeliveryState::Pending,
        api::WebhookDeliveryState::Delivered => DeliveryState::Delivered,
        api::WebhookDeliveryState::Failed => DeliveryState::Failed,
    }
}

fn delivery_document(delivery: WebhookDelivery) -> api::WebhookDelivery {
    let (last_attempt_at, last_status, last_error) = match delivery.last_attempt {
        None => (None, None, None),
        Some(attempt) => (Some(attempt.at.to_string()), attempt.status, attempt.error),
    };
    api::WebhookDelivery {
        id: delivery.event_id.to_string(),
        message_id: message_id(delivery.webhook_id, delivery.event_id),
        kind: delivery.kind,
        state: state_document(delivery.state),
        attempts: delivery.attempts,
        next_attempt_at: delivery.due_at.map(|at| at.to_string()),
        last_attempt_at,
        last_status,
        last_error,
        created_at: delivery.created_at.to_string(),
        expires_at: delivery.expires_at.map(|at| at.to_string()),
    }
}
