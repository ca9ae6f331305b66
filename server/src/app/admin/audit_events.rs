use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{Stream, try_unfold};
use grantor_api as api;
use grantor_protocol::model::{Actor, AuditEvent, TenantId};
use grantor_protocol::{Id, Lifetime, Timestamp};
use grantor_store::{
    AuditFilter, AuditOrder, BrokenAt, BrokenLink, Cursor, Error, Listing, Page, RecordedEvent, Sort,
    VerifiedStretch, audit_kind,
};
use serde_json::Value;

use super::{Action, AdminFault, Caller, Domain, Resource, as_page};
use crate::app::{App, Fault};

/// Requests of one node that wait for events at a time; each holds a connection to the listener.
pub const AUDIT_FOLLOWERS: usize = 100;

/// The longest that a request may wait for events, in seconds.
pub const LONGEST_WAIT: u32 = 30;

/// Events that an export reads at a time.
const EXPORT_PAGE: u32 = 200;

/// The most events that one request verifies: some tenths of a second of work.
pub const MOST_VERIFIED: u32 = 5000;

/// Time beyond the wait in which events are still told of: clocks of nodes differ.
const LEEWAY: Lifetime = Lifetime::from_seconds(30);

/// Which events a request asks for.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    pub kind: Option<String>,
    pub actor: Option<String>,
    pub target: Option<String>,
    /// RFC 3339.
    pub from: Option<String>,
    /// RFC 3339.
    pub to: Option<String>,
    pub order: api::AuditOrder,
}

impl AuditQuery {
    fn filter(&self) -> Result<AuditFilter, AdminFault> {
        let refused = |what: String| AdminFault::BadRequest(what);
        let kind =
            |name: &String| audit_kind(name).ok_or_else(|| refused("kind is not a kind of event".to_owned()));
        let time = |name: &'static str, text: &Option<String>| {
            let parse = |text: &String| Timestamp::parse(text);
            text.as_ref()
                .map(|text| parse(text).ok_or_else(|| refused(format!("{name} is not a time of RFC 3339"))))
                .transpose()
        };
        for (name, text) in [("actor", &self.actor), ("target", &self.target)] {
            if text.as_ref().is_some_and(|text| text.chars().any(char::is_control)) {
                return Err(refused(format!("{name} must not hold control characters")));
            }
        }
        Ok(AuditFilter {
            kind: self.kind.as_ref().map(kind).transpose()?,
            actor: self.actor.clone(),
            target: self.target.clone(),
            from: time("from", &self.from)?,
            until: time("to", &self.to)?,
        })
    }

    const fn order(&self) -> AuditOrder {
        match self.order {
            api::AuditOrder::Newest => AuditOrder::NewestFirst,
            api::AuditOrder::Oldest => AuditOrder::OldestFirst,
        }
    }
}

/// Whose events are exported.
#[derive(Clone)]
enum Trail {
    Tenant(TenantId, String),
    Platform,
}

/// An export on its way: lines of JSON, each one event.
pub struct AuditLines {
    app: Arc<App>,
    trail: Trail,
    filter: AuditFilter,
    order: AuditOrder,
}

impl App {
    /// A page of the tenant's events.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; a query that cannot be read; faults of the store.
    pub async fn list_audit_events(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
        query: &AuditQuery,
    ) -> Result<api::Page<api::AuditEvent>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::AuditEvent, Action::Read).await?;
        let trail = Trail::Tenant(context.tenant.id, context.tenant.slug.clone());
        Ok(as_page(self.events_of(&trail, page, &query.filter()?, query.order()).await?, |event| event))
    }

    /// The tenant's events behind a number of its chain, in the chain's order. If there are none it waits so
    /// many seconds for them.
    ///
    /// # Errors
    /// As [`Self::list_audit_events`]; [`Fault::Busy`] when too many wait.
    pub async fn follow_audit_events(
        &self,
        caller: &Caller,
        tenant: &str,
        (after, limit, wait): (i64, u32, u32),
        query: &AuditQuery,
    ) -> Result<api::Page<api::AuditEvent>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::AuditEvent, Action::Read).await?;
        let filter = query.filter()?;
        let store = self.store.tenant(context.tenant.id);
        let wait = wait.min(LONGEST_WAIT);
        let mut found = store.audit_events_after(after, limit, &filter).await?;
        if found.is_empty() && wait > 0 {
            let Ok(_place) = self.audit_followers.try_acquire() else {
                return Err(Fault::Busy("too many requests wait for audit events").into());
            };
            let until = self.now() + Lifetime::from_seconds(wait) + LEEWAY;
            let mut news = store.follow_audit_events(until).await?;
            let waiting = async {
                loop {
                    let found = store.audit_events_after(after, limit, &filter).await?;
                    if !found.is_empty() || !news.next().await {
                        return Ok::<_, Error>(found);
                    }
                }
            };
            match tokio::time::timeout(Duration::from_secs(wait.into()), waiting).await {
                Ok(events) => found = events?,
                Err(_nothing_came) => {}
            }
        }
        let slug = &context.tenant.slug;
        Ok(api::Page { items: found.into_iter().map(|event| document(slug, event)).collect(), next: None })
    }

    /// # Errors
    /// As [`Self::list_audit_events`].
    pub async fn read_audit_event(
        &self,
        caller: &Caller,
        tenant: &str,
        id: &str,
    ) -> Result<api::AuditEvent, AdminFault> {
        let context = self.administered(caller, tenant, Resource::AuditEvent, Action::Read).await?;
        let id: Id<AuditEvent> = id.parse().map_err(|_| AdminFault::NotFound)?;
        let found = self.store.tenant(context.tenant.id).audit_event(id).await?;
        Ok(document(&context.tenant.slug, found.ok_or(AdminFault::NotFound)?))
    }

    /// Compares the tenant's events with their hashes, from the one with the number `from` or the first that there
    /// is, at most `limit` and [`MOST_VERIFIED`] of them.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn verify_audit_events(
        &self,
        caller: &Caller,
        tenant: &str,
        (from, limit): (Option<i64>, u32),
    ) -> Result<api::AuditVerification, AdminFault> {
        let context = self.administered(caller, tenant, Resource::AuditEvent, Action::Read).await?;
        let store = self.store.tenant(context.tenant.id);
        let limit = limit.clamp(1, MOST_VERIFIED);
        Ok(verification(store.verify_audit_events(from.unwrap_or(1), limit).await?))
    }

    /// A page of the events of all tenants.
    ///
    /// # Errors
    /// As [`Self::list_audit_events`].
    pub async fn list_platform_audit_events(
        &self,
        caller: &Caller,
        page: &Page,
        query: &AuditQuery,
    ) -> Result<api::Page<api::AuditEvent>, AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::AuditEvent, Action::Read).await?;
        let events = self.events_of(&Trail::Platform, page, &query.filter()?, query.order()).await?;
        Ok(as_page(events, |event| event))
    }

    /// The tenant's events, however many, as lines of JSON.
    ///
    /// # Errors
    /// As [`Self::list_audit_events`].
    pub async fn export_audit_events(
        &self,
        caller: &Caller,
        tenant: &str,
        query: &AuditQuery,
    ) -> Result<AuditLines, AdminFault> {
        let context = self.administered(caller, tenant, Resource::AuditEvent, Action::Read).await?;
        self.lines(Trail::Tenant(context.tenant.id, context.tenant.slug.clone()), query)
    }

    /// The events of all tenants, however many, as lines of JSON.
    ///
    /// # Errors
    /// As [`Self::list_audit_events`].
    pub async fn export_platform_audit_events(
        &self,
        caller: &Caller,
        query: &AuditQuery,
    ) -> Result<AuditLines, AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::AuditEvent, Action::Read).await?;
        self.lines(Trail::Platform, query)
    }

    fn lines(&self, trail: Trail, query: &AuditQuery) -> Result<AuditLines, AdminFault> {
        let app = self.this.upgrade().ok_or_else(|| Fault::internal("the server is being taken down"))?;
        Ok(AuditLines { app, trail, filter: query.filter()?, order: query.order() })
    }

    async fn events_of(
        &self,
        trail: &Trail,
        page: &Page,
        filter: &AuditFilter,
        order: AuditOrder,
    ) -> Result<Listing<api::AuditEvent>, Error> {
        Ok(match trail {
            Trail::Tenant(id, slug) => {
                let Listing { items, next } =
                    self.store.tenant(*id).list_audit_events(page, filter, order).await?;
                Listing { items: items.into_iter().map(|event| document(slug, event)).collect(), next }
            }
            Trail::Platform => {
                let Listing { items, next } = self.store.list_audit_events(page, filter, order).await?;
                Listing {
                    items: items.into_iter().map(|(slug, event)| document(&slug, event)).collect(),
                    next,
                }
            }
        })
    }

    /// Deletes a batch of the events that each tenant keeps no longer, of as many tenants as a batch has rows.
    /// Gives whether there may be more.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn delete_old_audit_events(&self, batch: u32) -> Result<bool, Fault> {
        let mut looked_at = false;
        for id in &self.store.tenants_with_old_audit_events(self.now(), batch).await? {
            // One that goes at this moment is due no more.
            let Some(tenant) = self.store.tenants().by_id(*id).await? else { continue };
            let retention = Lifetime::from_seconds(tenant.settings.audit_retention.saturating_mul(86_400));
            self.store.tenant(*id).delete_old_audit_events(self.now(), retention, batch).await?;
            looked_at = true;
        }
        Ok(looked_at)
    }
}

impl AuditLines {
    /// The lines, a page of events at a time: memory and the database hold no more than that.
    pub fn stream(self) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send + 'static {
        let begin = Some(Page { limit: EXPORT_PAGE, cursor: None, q: None, sort: Sort::default() });
        try_unfold((self, begin), |(lines, page)| async move {
            let Some(page) = page else { return Ok(None) };
            let events = lines.app.events_of(&lines.trail, &page, &lines.filter, lines.order).await?;
            let mut text = vec![];
            for event in &events.items {
                if let Ok(line) = serde_json::to_vec(event) {
                    text.extend(line);
                    text.push(b'\n');
                }
            }
            let next = |cursor: Cursor| Page { cursor: Some(cursor), ..page };
            Ok(Some((text, (lines, events.next.map(next)))))
        })
    }
}

/// The event as the API shows it.
pub(in crate::app) fn document(tenant: &str, recorded: RecordedEvent) -> api::AuditEvent {
    let RecordedEvent { event, sequence, previous_hash, hash } = recorded;
    let (mut detail, mut before, mut after, mut actor_tenant) = (event.detail, None, None, None);
    if let Some(members) = detail.as_object_mut() {
        before = members.remove("before");
        after = members.remove("after");
        actor_tenant = members.remove("actor_tenant");
    }
    let (kind, id) = match event.actor {
        Actor::User { id } => (api::ActorKind::User, Some(id.to_string())),
        Actor::Client { client_id } => (api::ActorKind::Client, Some(client_id.to_string())),
        Actor::System => (api::ActorKind::System, None),
        Actor::Anonymous => (api::ActorKind::Anonymous, None),
    };
    let origin = event.origin.unwrap_or_default();
    let chained = |hash: Vec<u8>| (sequence > 0).then(|| hexadecimal(&hash));
    api::AuditEvent {
        id: event.id.to_string(),
        sequence: (sequence > 0).then_some(sequence),
        at: event.at.to_string(),
        kind: event.kind.as_str().to_owned(),
        actor: api::AuditActor {
            kind,
            id,
            tenant: actor_tenant.as_ref().and_then(Value::as_str).map(str::to_owned),
        },
        target: event.target,
        tenant: tenant.to_owned(),
        before,
        after,
        detail: Some(detail)
            .filter(|detail| !detail.is_null() && detail.as_object().is_none_or(|held| !held.is_empty())),
        address: origin.address.map(|address| address.to_string()),
        user_agent: origin.user_agent,
        correlation_id: Some(origin.correlation_id).filter(|id| !id.is_empty()),
        previous_hash: chained(previous_hash),
        hash: chained(hash),
    }
}

fn verification(found: VerifiedStretch) -> api::AuditVerification {
    let (newest, newest_hash) = found.head;
    let broken = |BrokenLink { sequence, why, row }| api::BrokenAuditEvent {
        sequence,
        fault: match why {
            BrokenAt::Changed => api::AuditFault::Changed,
            BrokenAt::Removed => api::AuditFault::Removed,
            BrokenAt::Added => api::AuditFault::Added,
        },
        event_id: row.map(|(id, _)| id.to_string()),
        at: row.map(|(_, at)| at.to_string()),
    };
    api::AuditVerification {
        events: found.events,
        first: found.covered.map(|(first, _)| first),
        last: found.covered.map(|(_, last)| last),
        next: found.next,
        broken: found.broken.map(broken),
        deleted_to: found.pruned_to,
        newest,
        newest_hash: (newest > 0).then(|| hexadecimal(&newest_hash)),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
