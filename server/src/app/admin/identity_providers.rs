use grantor_api as api;
use grantor_protocol::model::{
    AuditEvent, AuditKind, ClaimMapping, IdentityProvider, IdentityProviderSettings, LinkByEmail,
    SealedClientSecret,
};
use grantor_protocol::registration::check_name;
use grantor_protocol::upstream::MAX_ISSUER_LENGTH;
use grantor_protocol::{Scope, Timestamp, domain};
use grantor_store::{ChangeKind, Page, TenantStore, WriteError};

use super::document::twins;
use super::noun::{Noun, keep_key};
use super::{Action, AdminFault, Caller, FieldFault, Resource, as_page};
use crate::app::{App, TenantContext, upstream};

/// Providers that a tenant may have: each has a button.
const MOST: usize = 50;

/// The longest name, in letters.
const MAX_NAME: usize = 63;

/// Most mail domains of a provider.
const MAX_DOMAINS: usize = 100;

/// A provider with what is to be registered there.
#[derive(Clone, PartialEq)]
pub struct TenantIdentityProvider {
    provider: IdentityProvider,
    redirect_uri: String,
}

impl TenantIdentityProvider {
    fn new(context: &TenantContext, provider: IdentityProvider) -> Self {
        Self { provider, redirect_uri: upstream::redirect_uri(context) }
    }
}

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_identity_providers(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
    ) -> Result<api::Page<api::IdentityProvider>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::IdentityProvider, Action::Read).await?;
        let mut providers = self.store.tenant(context.tenant.id).identity_providers().await?;
        providers.sort_by(|one, other| (one.created_at, &one.name).cmp(&(other.created_at, &other.name)));
        let documents: Vec<_> = providers
            .into_iter()
            .map(|held| (held.created_at, TenantIdentityProvider::new(&context, held).document()))
            .collect();
        let listing = page.cut(documents, |(created_at, document)| (*created_at, document.name.as_str()));
        Ok(as_page(listing, |(_, document)| document))
    }
}

impl Noun for TenantIdentityProvider {
    type Document = api::IdentityProvider;

    const RESOURCE: Resource = Resource::IdentityProvider;
    const CHANGED: AuditKind = AuditKind::IdentityProviderChanged;
    const CACHED: Option<ChangeKind> = Some(ChangeKind::Tenant);
    const KEY: &'static str = "name";
    const LASTING: &'static [&'static str] = &["enabled"];

    fn key(&self) -> &str {
        &self.provider.name
    }

    fn document(&self) -> api::IdentityProvider {
        let held = &self.provider;
        let IdentityProviderSettings {
            display_name,
            issuer,
            client_id,
            scopes,
            position,
            claims,
            create_users,
            link_by_email,
            domains,
        } = held.settings.clone();
        api::IdentityProvider {
            name: held.name.clone(),
            display_name,
            issuer,
            client_id,
            client_secret: None,
            client_secret_set_at: held.client_secret.as_ref().map(|secret| secret.created_at.to_string()),
            redirect_uri: self.redirect_uri.clone(),
            scopes,
            enabled: held.enabled,
            position: u32::try_from(position).unwrap_or_default(),
            claims: claims_document(claims),
            create_users,
            link_by_email: link_by_email_document(link_by_email),
            domains,
            version: held.version,
            created_at: held.created_at.to_string(),
            updated_at: held.updated_at.to_string(),
        }
    }

    fn version(&self) -> (i64, Timestamp) {
        (self.provider.version, self.provider.created_at)
    }

    async fn find(app: &App, context: &TenantContext, name: &str) -> Result<Option<Self>, AdminFault> {
        if !is_name(name) {
            return Ok(None);
        }
        let held = app.store.tenant(context.tenant.id).identity_provider(name).await?;
        Ok(held.map(|held| Self::new(context, held)))
    }

    async fn make(
        app: &App,
        context: &TenantContext,
        name: Option<&str>,
        mut wanted: api::IdentityProvider,
    ) -> Result<Self, AdminFault> {
        if let Some(name) = name {
            keep_key(Self::KEY, &wanted.name, name)?;
            name.clone_into(&mut wanted.name);
        }
        if !is_name(&wanted.name) {
            let detail =
                format!("must be 1 to {MAX_NAME} small letters, digits and hyphens, and begin with a letter");
            return Err(AdminFault::invalid("/name", detail));
        }
        let settings = settings(&wanted, app, context)?;
        // Whoever else adds one at this moment may make them a few more, which harms nothing.
        if app.store.tenant(context.tenant.id).identity_providers().await?.len() >= MOST {
            let detail = format!("the tenant has {MOST} identity providers, and cannot have more");
            return Err(AdminFault::invalid("/name", detail));
        }
        let now = app.now();
        let provider = IdentityProvider {
            tenant_id: context.tenant.id,
            name: wanted.name.clone(),
            enabled: wanted.enabled,
            settings,
            client_secret: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let client_secret = client_secret(app, &provider, wanted.client_secret)?;
        Ok(Self::new(context, IdentityProvider { client_secret, ..provider }))
    }

    fn changed(
        &self,
        app: &App,
        context: &TenantContext,
        wanted: api::IdentityProvider,
    ) -> Result<Self, AdminFault> {
        let held = &self.provider;
        keep_key(Self::KEY, &wanted.name, &held.name)?;
        if wanted.issuer != held.settings.issuer {
            let detail =
                "cannot be changed, as people are linked to who they are there: make another provider";
            return Err(AdminFault::invalid("/issuer", detail));
        }
        let provider = IdentityProvider {
            enabled: wanted.enabled,
            settings: settings(&wanted, app, context)?,
            client_secret: client_secret(app, held, wanted.client_secret)?,
            ..held.clone()
        };
        Ok(Self { provider, ..self.clone() })
    }

    fn set_updated_at(&mut self, at: Timestamp) {
        self.provider.updated_at = at;
    }

    async fn insert(&self, store: &TenantStore<'_>, event: AuditEvent) -> Result<(), WriteError> {
        store.create_identity_provider(&self.provider, vec![event]).await
    }

    async fn replace(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<Self, WriteError> {
        let provider = store.replace_identity_provider(&self.provider, expected_version, vec![event]).await?;
        Ok(Self { provider, ..self.clone() })
    }

    async fn delete(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<(), WriteError> {
        store.delete_identity_provider(&self.provider.name, expected_version, vec![event]).await
    }
}

/// The secret from now on. One that is there already is not sealed anew, so that the same document can be sent
/// again and changes nothing.
fn client_secret(
    app: &App,
    held: &IdentityProvider,
    wanted: Option<api::SecretText>,
) -> Result<Option<SealedClientSecret>, AdminFault> {
    let Some(wanted) = wanted else { return Ok(held.client_secret.clone()) };
    if wanted.expose().is_empty() || wanted.expose().chars().any(char::is_control) {
        return Err(AdminFault::invalid("/client_secret", "must not be empty, nor hold control characters"));
    }
    let is_known = |opened: grantor_protocol::Secret| opened.expose() == wanted.expose();
    if app.upstream_client_secret(held)?.is_some_and(is_known) {
        return Ok(held.client_secret.clone());
    }
    Ok(Some(app.seal_upstream_client_secret(held, wanted.expose())?))
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase();
    name.len() <= MAX_NAME
        && name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit() || byte == b'-')
}

/// The settings that a document asks for.
///
/// # Errors
/// [`AdminFault::Invalid`] with everything that is wrong.
fn settings(
    wanted: &api::IdentityProvider,
    app: &App,
    context: &TenantContext,
) -> Result<IdentityProviderSettings, AdminFault> {
    let mut faults = vec![];
    let mut fault = |pointer: &str, detail: String| faults.push(FieldFault::new(pointer, detail));
    if let Err(refusal) = app.fetcher.check(&wanted.issuer) {
        fault("/issuer", refusal.to_string());
    } else if wanted.issuer.len() > MAX_ISSUER_LENGTH || wanted.issuer.contains('?') {
        fault("/issuer", format!("must be {MAX_ISSUER_LENGTH} bytes at most, without a query"));
    } else if wanted.issuer == context.policy.issuer {
        fault("/issuer", "is this tenant itself".to_owned());
    }
    for (pointer, text) in [("/display_name", &wanted.display_name), ("/client_id", &wanted.client_id)] {
        if text.trim().is_empty() {
            fault(pointer, "must not be empty".to_owned());
        } else if let Err(detail) = check_name(text) {
            fault(pointer, detail);
        }
    }
    if !Scope::parse(&wanted.scopes).is_ok_and(|scope| scope.contains("openid")) {
        fault("/scopes", "must be scopes separated by spaces, openid among them".to_owned());
    }
    let claims = claims_model(wanted.claims.clone());
    for (member, claim) in [
        ("username", &claims.username),
        ("email", &claims.email),
        ("email_verified", &claims.email_verified),
        ("name", &claims.name),
        ("given_name", &claims.given_name),
        ("family_name", &claims.family_name),
        ("picture", &claims.picture),
        ("locale", &claims.locale),
    ] {
        if let Err(detail) = check_name(claim) {
            fault(&format!("/claims/{member}"), detail);
        }
    }
    if wanted.domains.len() > MAX_DOMAINS {
        fault("/domains", format!("must be {MAX_DOMAINS} at most"));
    }
    for (index, name) in wanted.domains.iter().enumerate() {
        if !domain::is_possible(name) {
            fault(
                &format!("/domains/{index}"),
                "must be a domain in lower case, such as acme.example".to_owned(),
            );
        }
    }
    if !faults.is_empty() {
        return Err(AdminFault::Invalid(faults));
    }
    Ok(IdentityProviderSettings {
        display_name: wanted.display_name.clone(),
        issuer: wanted.issuer.clone(),
        client_id: wanted.client_id.clone(),
        scopes: wanted.scopes.clone(),
        position: wanted.position.into(),
        claims,
        create_users: wanted.create_users,
        link_by_email: link_by_email_model(wanted.link_by_email),
        domains: wanted.domains.clone(),
    })
}

twins!(link_by_email_model, link_by_email_document, LinkByEmail { Never, Verified });

fn claims_document(claims: ClaimMapping) -> api::ClaimMapping {
    let ClaimMapping { username, email, email_verified, name, given_name, family_name, picture, locale } =
        claims;
    api::ClaimMapping { username, email, email_verified, name, given_name, family_name, picture, locale }
}

fn claims_model(claims: api::ClaimMapping) -> ClaimMapping {
    let api::ClaimMapping { username, email, email_verified, name, given_name, family_name, picture, locale } =
        claims;
    ClaimMapping { username, email, email_verified, name, given_name, family_name, picture, locale }
}
