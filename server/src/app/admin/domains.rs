use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_api as api;
use grantor_outbound::TxtRefusal;
use grantor_protocol::model::{AuditEvent, AuditKind, Domain};
use grantor_protocol::{Entropy, Timestamp, domain};
use grantor_store::{ChangeKind, Page, TenantStore, WriteError};

use super::document::changes;
use super::noun::{Noun, keep_key};
use super::{Action, AdminFault, Caller, Resource, as_page, contended};
use crate::app::bootstrap::SYSTEM_TENANT;
use crate::app::{ATTEMPTS, App, Fault, TenantContext};

/// Its administrators find it there, whatever becomes of domains.
const SYSTEM_STAYS: AdminFault =
    AdminFault::Protected("the system tenant's issuer stays at the server's own address");

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_domains(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
    ) -> Result<api::Page<api::Domain>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Domain, Action::Read).await?;
        let domains = self.store.tenant(context.tenant.id).list_domains(page).await?;
        Ok(as_page(domains, |domain| domain.document()))
    }

    /// Looks for the domain's challenge in DNS, now. A domain that is verified stays so.
    ///
    /// # Errors
    /// [`AdminFault::NotProven`] with what was found instead, [`AdminFault::Taken`] while another tenant
    /// has the domain verified.
    pub async fn verify_domain(
        &self,
        caller: &Caller,
        tenant: &str,
        domain: &str,
    ) -> Result<api::Domain, AdminFault> {
        let context = self.administered(caller, tenant, Resource::Domain, Action::Update).await?;
        let store = self.store.tenant(context.tenant.id);
        for _ in 0..ATTEMPTS {
            let current = Domain::find(self, &context, domain).await?.ok_or(AdminFault::NotFound)?;
            if current.verified_at.is_some() {
                return Ok(current.document());
            }
            self.find_challenge(&current).await?;
            let now = self.now();
            let verified = Domain { verified_at: Some(now), updated_at: now, ..current.clone() };
            let detail = changes(Some(&current.document()), Some(&verified.document()));
            let event = self.admin_event(caller, Domain::CHANGED, domain, detail);
            match store.replace_domain(&verified, current.version, vec![event]).await {
                Ok(stored) => {
                    self.forget(context.tenant.id, ChangeKind::Tenant);
                    return Ok(stored.document());
                }
                Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    async fn find_challenge(&self, domain: &Domain) -> Result<(), AdminFault> {
        let name = domain.challenge_name();
        let records = match self.txt_records.get(*domain.tenant_id.as_bytes(), &name).await {
            Ok(records) => records,
            Err(TxtRefusal::Busy) => return Err(Fault::Busy("too many records are being looked up").into()),
            Err(refusal) => {
                tracing::info!(%name, detail = refusal.detail(), "a challenge cannot be looked up");
                return Err(AdminFault::NotProven(format!("{name} cannot be looked up: {refusal}")));
            }
        };
        if domain.is_proven_by(&records) {
            return Ok(());
        }
        // Not what the records say: the name is the caller's choice, and what it leads to need not be.
        Err(AdminFault::NotProven(match records.len() {
            0 => format!(
                "{name} has no TXT record: publish one with the challenge's value; that there was none may be \
                 remembered by name servers for a while"
            ),
            1 => format!("{name} has a TXT record, but not with the challenge's value"),
            found => format!("{name} has {found} TXT records, but none with the challenge's value"),
        }))
    }
}

/// While it is primary the tenant's issuer is at it, and nowhere else.
impl Noun for Domain {
    type Document = api::Domain;

    const RESOURCE: Resource = Resource::Domain;
    const CHANGED: AuditKind = AuditKind::DomainChanged;
    const CACHED: Option<ChangeKind> = Some(ChangeKind::Tenant);
    const KEY: &'static str = "domain";
    /// An issuer moves only if somebody says so.
    const LASTING: &'static [&'static str] = &["primary"];

    fn key(&self) -> &str {
        &self.domain
    }

    fn document(&self) -> api::Domain {
        let challenge = || api::DomainChallenge {
            record_type: "TXT".to_owned(),
            name: self.challenge_name(),
            value: self.challenge.clone(),
        };
        api::Domain {
            domain: self.domain.clone(),
            primary: self.primary,
            state: match self.verified_at {
                None => api::DomainState::Pending,
                Some(_) => api::DomainState::Verified,
            },
            challenge: self.verified_at.is_none().then(challenge),
            verified_at: self.verified_at.map(|at| at.to_string()),
            version: self.version,
            created_at: self.created_at.to_string(),
            updated_at: self.updated_at.to_string(),
        }
    }

    fn version(&self) -> (i64, Timestamp) {
        (self.version, self.created_at)
    }

    async fn find(app: &App, context: &TenantContext, domain: &str) -> Result<Option<Self>, AdminFault> {
        if !domain::is_possible(domain) {
            return Ok(None);
        }
        Ok(app.store.tenant(context.tenant.id).domain(domain).await?)
    }

    async fn make(
        app: &App,
        context: &TenantContext,
        domain: Option<&str>,
        mut wanted: api::Domain,
    ) -> Result<Self, AdminFault> {
        if let Some(domain) = domain {
            keep_key(Self::KEY, &wanted.domain, domain)?;
            domain.clone_into(&mut wanted.domain);
        }
        if let Err(detail) = domain::check(&wanted.domain, app.addresses.host()) {
            return Err(AdminFault::invalid("/domain", detail));
        }
        if wanted.primary {
            return Err(unverified());
        }
        if context.tenant.slug == SYSTEM_TENANT {
            return Err(SYSTEM_STAYS);
        }
        // Whoever else adds one at this moment may make them a few more, which harms nothing.
        if app.store.tenant(context.tenant.id).domains().await?.len() >= domain::MAX_DOMAINS {
            let detail = format!("the tenant has {} domains, and cannot have more", domain::MAX_DOMAINS);
            return Err(AdminFault::invalid("/domain", detail));
        }
        let now = app.now();
        Ok(Self {
            tenant_id: context.tenant.id,
            domain: wanted.domain,
            challenge: new_challenge(app.entropy.as_ref()),
            verified_at: None,
            primary: false,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    fn changed(&self, _: &App, _: &TenantContext, wanted: api::Domain) -> Result<Self, AdminFault> {
        keep_key(Self::KEY, &wanted.domain, &self.domain)?;
        if wanted.primary && self.verified_at.is_none() {
            return Err(unverified());
        }
        Ok(Self { primary: wanted.primary, ..self.clone() })
    }

    fn set_updated_at(&mut self, at: Timestamp) {
        self.updated_at = at;
    }

    async fn insert(&self, store: &TenantStore<'_>, event: AuditEvent) -> Result<(), WriteError> {
        store.create_domain(self, vec![event]).await
    }

    async fn replace(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<Self, WriteError> {
        store.replace_domain(self, expected_version, vec![event]).await
    }

    async fn delete(
        &self,
        store: &TenantStore<'_>,
        expected_version: i64,
        event: AuditEvent,
    ) -> Result<(), WriteError> {
        store.delete_domain(&self.domain, expected_version, vec![event]).await
    }
}

/// A value for a domain's challenge that nobody can have published yet.
pub(in crate::app) fn new_challenge(entropy: &dyn Entropy) -> String {
    let mut challenge = [0; 32];
    entropy.fill(&mut challenge);
    URL_SAFE_NO_PAD.encode(challenge)
}

fn unverified() -> AdminFault {
    AdminFault::invalid("/primary", "the domain has to be verified before it can be primary")
}
