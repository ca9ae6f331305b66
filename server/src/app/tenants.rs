//! Tenants in use, each with its keys parsed, its policy compiled and its public documents rendered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use grantor_jose::KeySet;
use grantor_protocol::certificate::ExpectedSubject;
use grantor_protocol::model::{
    Client, ClientId, IdentityProvider, KeyState, ProtectedResource, SigningAlgorithm, Tenant, TenantId,
    TenantStatus,
};
use grantor_protocol::{Policy, ResourceRules, domain, metadata, registration};
use grantor_store::{Change, ChangeKind};
use quick_cache::sync::Cache;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::certificates::TrustAnchors;
use super::client_secrets::SecretKey;
use super::keyring::KeyRing;
use super::limits::TenantLimits;
use super::{App, Fault};

/// Tenants kept in memory; the least used ones leave.
const TENANTS: usize = 20_000;

/// Hosts of which it is kept whose domain they are, or that they are nobody's: strangers can send any.
const DOMAINS: usize = 10_000;

/// Clients kept in memory, of all tenants together.
const CLIENTS: usize = 100_000;

/// A tenant as requests use it. Replaced as a whole when anything of it changes.
#[derive(Debug)]
pub struct TenantContext {
    pub tenant: Tenant,
    pub resources: Vec<ProtectedResource>,
    /// In the order in which people are shown them.
    pub identity_providers: Vec<IdentityProvider>,
    pub policy: Policy,
    pub keys: KeyRing,
    pub metadata: Document,
    pub jwks: Document,
    /// Who vouches for the certificates of `tls_client_auth` (RFC 8705 §2.1).
    pub client_authorities: Option<TrustAnchors>,
    pub limits: TenantLimits,
}

impl TenantContext {
    /// The domain of its own that the tenant's issuer is at; None at the server's address.
    pub fn domain(&self) -> Option<&str> {
        domain::of_issuer(&self.policy.issuer)
    }

    /// Whether cookies of the issuer's can be `Secure` and `__Host-`.
    pub fn is_https(&self) -> bool {
        self.policy.issuer.starts_with("https://")
    }

    /// The tenant, unless it is suspended.
    ///
    /// # Errors
    /// [`Fault::SuspendedTenant`].
    pub fn if_active(self: Arc<Self>) -> Result<Arc<Self>, Fault> {
        match self.tenant.status {
            TenantStatus::Active => Ok(self),
            TenantStatus::Suspended => Err(Fault::SuspendedTenant),
        }
    }
}

/// A JSON document that is rendered once and served many times.
#[derive(Clone, Debug)]
pub struct Document {
    pub body: Bytes,
    /// A strong validator (RFC 9110 §8.8.3), quoted.
    pub etag: String,
}

impl Document {
    fn render(value: &impl Serialize) -> Result<Self, Fault> {
        let body = serde_json::to_vec(value).map_err(Fault::internal)?;
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..12]));
        Ok(Self { body: body.into(), etag })
    }
}

/// A client with its keys parsed.
#[derive(Debug)]
pub struct LoadedClient {
    pub client: Client,
    /// The keys in the client's metadata; None where it has none there, or such as cannot be read.
    pub keys: Option<KeySet>,
    /// What `client_secret_jwt` is verified with.
    pub secret_keys: Vec<SecretKey>,
    /// Whose certificate `tls_client_auth` takes.
    pub certificate_subject: Option<ExpectedSubject>,
    /// When a self-made client's use was written down last from here, in microseconds of Unix time.
    pub(super) use_noted_at: AtomicI64,
}

/// What is kept in memory. Whatever changes is forgotten and read again when it is used next.
pub struct Caches {
    tenants: Cache<String, Arc<TenantContext>>,
    clients: Cache<(TenantId, ClientId), Arc<LoadedClient>>,
    /// Whose issuer is at a host: the tenant and its slug.
    domains: Cache<String, Option<(TenantId, Arc<str>)>>,
    /// Counts what was forgotten: what was read before a change must not be kept after it.
    generation: AtomicU64,
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            tenants: Cache::new(TENANTS),
            clients: Cache::new(CLIENTS),
            domains: Cache::new(DOMAINS),
            generation: AtomicU64::new(0),
        }
    }
}

impl Caches {
    /// Forgets what a change made wrong.
    pub fn forget(&self, change: &Change) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        match change {
            Change::Everything => {
                self.tenants.clear();
                self.clients.clear();
                self.domains.clear();
            }
            Change::In { tenant_id, kind: ChangeKind::Client(client_id) } => {
                self.clients.remove(&(*tenant_id, client_id.clone()));
            }
            Change::In { tenant_id, kind: kind @ (ChangeKind::Tenant | ChangeKind::Keys) } => {
                self.tenants.retain(|_, context| context.tenant.id != *tenant_id);
                self.clients.retain(|(owner, _), _| owner != tenant_id);
                if *kind == ChangeKind::Tenant {
                    // What was nobody's may be this tenant's now.
                    self.domains.retain(|_, held| held.as_ref().is_some_and(|(owner, _)| owner != tenant_id));
                }
            }
            Change::In { kind: ChangeKind::RoleAssignments | ChangeKind::AuditTrail, .. } => {}
        }
    }
}

impl App {
    /// Forgets what a change made wrong, wherever it is kept.
    pub fn changed(&self, change: &Change) {
        self.caches.forget(change);
        self.enforcers.forget(change);
        self.fetched_keys.forget(change);
        self.providers.forget(change);
    }

    /// The active tenant with this slug.
    ///
    /// # Errors
    /// [`Fault::UnknownTenant`], [`Fault::SuspendedTenant`].
    pub async fn tenant(&self, slug: &str) -> Result<Arc<TenantContext>, Fault> {
        self.any_tenant(slug).await?.if_active()
    }

    /// The slug of the tenant whose issuer is at this host, which is in lower case.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn slug_at(&self, host: &str) -> Result<Option<Arc<str>>, Fault> {
        if !domain::is_possible(host) {
            return Ok(None);
        }
        if let Some(known) = self.caches.domains.get(host) {
            return Ok(known.map(|(_, slug)| slug));
        }
        let generation = self.caches.generation.load(Ordering::SeqCst);
        let found = self.store.tenants().by_domain(host).await?;
        let found = found.map(|tenant| (tenant.id, Arc::<str>::from(tenant.slug)));
        if self.caches.generation.load(Ordering::SeqCst) == generation {
            self.caches.domains.insert(host.to_owned(), found.clone());
        }
        Ok(found.map(|(_, slug)| slug))
    }

    /// The tenant with this slug, whatever its status.
    ///
    /// # Errors
    /// [`Fault::UnknownTenant`].
    pub async fn any_tenant(&self, slug: &str) -> Result<Arc<TenantContext>, Fault> {
        if !is_slug(slug) {
            return Err(Fault::UnknownTenant);
        }
        if let Some(context) = self.caches.tenants.get(slug) {
            return Ok(context);
        }
        let generation = self.caches.generation.load(Ordering::SeqCst);
        let tenant = self.store.tenants().by_slug(slug).await?.ok_or(Fault::UnknownTenant)?;
        let context = Arc::new(self.tenant_context(tenant).await?);
        if self.caches.generation.load(Ordering::SeqCst) == generation {
            self.caches.tenants.insert(slug.to_owned(), Arc::clone(&context));
        }
        Ok(context)
    }

    async fn tenant_context(&self, tenant: Tenant) -> Result<TenantContext, Fault> {
        let store = self.store.tenant(tenant.id);
        let records = store.signing_keys().await?;
        let resources = store.protected_resources().await?;
        let identity_providers = store.identity_providers().await?;
        let rules = std::iter::once(ResourceRules::admin_api(self.addresses.admin_api()))
            .chain(resources.iter().map(ResourceRules::of))
            .collect();
        let policy = Policy::compile(&tenant.issuer, &tenant.settings, rules, self.capabilities);
        let keys = KeyRing::open(&records, &self.master)?;
        let metadata = Document::render(&metadata::metadata(&policy))?;
        let jwks = Document::render(&keys.jwks())?;
        let client_authorities = match &tenant.settings.client_certificate_authorities {
            None => None,
            Some(pem) => TrustAnchors::parse(pem)
                .inspect_err(|error| tracing::error!(%error, tenant = tenant.slug, "authorities of clients"))
                .ok(),
        };
        let limits = self.rates.of_tenant(tenant.id, &tenant.settings.rate_limits);
        Ok(TenantContext {
            tenant,
            resources,
            identity_providers,
            policy,
            keys,
            metadata,
            jwks,
            client_authorities,
            limits,
        })
    }

    /// A client of the tenant, or none.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn client(
        &self,
        tenant_id: TenantId,
        client_id: &ClientId,
    ) -> Result<Option<Arc<LoadedClient>>, Fault> {
        let key = (tenant_id, client_id.clone());
        if let Some(client) = self.caches.clients.get(&key) {
            return Ok(Some(client));
        }
        let generation = self.caches.generation.load(Ordering::SeqCst);
        let Some(client) = self.stored_client(tenant_id, client_id).await? else { return Ok(None) };
        let keys = client.metadata.jwks.as_ref().and_then(|jwks| KeySet::parse(jwks).ok());
        let secret_keys = self.secret_keys(&client);
        let certificate_subject = registration::certificate_subjects(&client.metadata)
            .find_map(|(parameter, value)| ExpectedSubject::parse(parameter, value).ok());
        let loaded = Arc::new(LoadedClient {
            client,
            keys,
            secret_keys,
            certificate_subject,
            use_noted_at: AtomicI64::default(),
        });
        if self.caches.generation.load(Ordering::SeqCst) == generation {
            self.caches.clients.insert(key, Arc::clone(&loaded));
        }
        Ok(Some(loaded))
    }

    /// The tenant with a key that signs with `algorithm`: the context given, or one in which the key
    /// was made just now. Keys other than the first are made when they are first needed, on a thread
    /// where nothing else waits for them; whoever needs one meanwhile waits for that same key.
    ///
    /// # Errors
    /// A fault of the store or of the cryptographic library.
    pub async fn with_signing_key(
        &self,
        context: Arc<TenantContext>,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<TenantContext>, Fault> {
        if context.keys.active(algorithm).is_some() {
            return Ok(context);
        }
        let _one_at_a_time = self.key_making.acquire().await.map_err(Fault::internal)?;
        let slug = context.tenant.slug.clone();
        let current = self.any_tenant(&slug).await?;
        if current.keys.active(algorithm).is_some() {
            return Ok(current);
        }
        self.make_key(context.tenant.id, algorithm, KeyState::Active).await?;
        self.any_tenant(&slug).await
    }

    /// The tenant's JWK Set (RFC 7517 §5) with every key that its tokens may be signed with by its own
    /// settings: a client that reads it before the first sign-in must find the key of the first ID
    /// token there.
    ///
    /// # Errors
    /// A fault of the store or of the cryptographic library.
    pub async fn jwks(&self, context: Arc<TenantContext>) -> Result<Document, Fault> {
        let algorithms = [context.policy.access_token_algorithm, context.policy.id_token_algorithm];
        let mut context = context;
        for algorithm in algorithms {
            context = self.with_signing_key(context, algorithm).await?;
        }
        Ok(context.jwks.clone())
    }

    /// Makes the key of a client's ID tokens while nobody waits for it, so that it is published well
    /// before it signs. Whoever needs it before it is there waits in [`Self::with_signing_key`].
    pub(super) fn prepare_id_token_key(&self, context: &TenantContext, client: &Client) {
        if !client.metadata.scope.contains("openid") {
            return;
        }
        let algorithm =
            client.metadata.id_token_signed_response_alg.unwrap_or(context.policy.id_token_algorithm);
        let (Some(app), None) = (self.this.upgrade(), context.keys.active(algorithm)) else { return };
        let slug = context.tenant.slug.clone();
        tokio::spawn(async move {
            let made = async { app.with_signing_key(app.any_tenant(&slug).await?, algorithm).await };
            if let Err(error) = made.await {
                tracing::error!(%error, tenant = slug, %algorithm, "no signing key could be made");
            }
        });
    }
}

/// Whether a tenant could have this slug. Nothing else is looked for: PostgreSQL answers some text
/// with an error instead of no rows.
pub(super) fn is_slug(slug: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&slug.len())
        && slug.bytes().all(allowed)
        && !slug.starts_with('-')
        && !slug.ends_with('-')
}
