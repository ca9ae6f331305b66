//! Who may register clients at a tenant, and what they get: a part of the tenant's settings with rights
//! of its own. There is one truth, the tenant's row; this is a view of it, so its version is the tenant's.

use grantor_api as api;
use grantor_protocol::Scope;
use grantor_protocol::model::Tenant;

use super::tenant_document::{registration_document, registration_model};
use super::tenants::check_hosts;
use super::version::etag;
use super::{
    Action, AdminFault, Caller, FieldFault, Precondition, Resource, Saved, Versioned, Write, contended,
};
use crate::app::client_keys::check_jwks;
use crate::app::{ATTEMPTS, App};

/// Issuers of software statements that one tenant can trust.
const MAX_ISSUERS: usize = 16;

/// Most hosts in a list of them.
const MAX_HOSTS: usize = 200;

/// Most protected resources that self-made clients may name.
const MAX_RESOURCES: usize = 64;

/// Longest `iss` of one, in bytes.
const MAX_ISSUER_LENGTH: usize = 2048;

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn read_registration_policy(
        &self,
        caller: &Caller,
        slug: &str,
    ) -> Result<Versioned<api::RegistrationPolicy>, AdminFault> {
        let context = self.administered(caller, slug, Resource::RegistrationPolicy, Action::Read).await?;
        let tenant = self.store.tenants().by_id(context.tenant.id).await?.ok_or(AdminFault::NotFound)?;
        Ok(versioned(&tenant))
    }

    /// Replaces the policy, or changes members of it.
    ///
    /// # Errors
    /// A document that cannot be taken, a precondition that does not hold.
    pub async fn write_registration_policy(
        &self,
        caller: &Caller,
        slug: &str,
        write: Write,
        precondition: &Precondition,
    ) -> Result<Saved<api::RegistrationPolicy>, AdminFault> {
        for _ in 0..ATTEMPTS {
            let context =
                self.administered(caller, slug, Resource::RegistrationPolicy, Action::Update).await?;
            let current = self.store.tenants().by_id(context.tenant.id).await?.ok_or(AdminFault::NotFound)?;
            let before = versioned(&current);
            precondition.check(Some(&before.etag))?;
            let wanted: api::RegistrationPolicy = write.clone().onto(Some(&before.document), &[])?;
            let mut faults = vec![];
            self.check_registration("", &wanted, &mut faults);
            if !faults.is_empty() {
                return Err(AdminFault::Invalid(faults));
            }
            let mut tenant = current.clone();
            tenant.settings.registration = registration_model(&wanted);
            if tenant == current {
                return Ok(Saved { now: before, created: false });
            }
            if let Some(tenant) = self.save_tenant(caller, &current, tenant).await? {
                return Ok(Saved { now: versioned(&tenant), created: false });
            }
        }
        Err(contended())
    }

    /// What the policy at `pointer` may say, wherever it is written.
    pub(super) fn check_registration(
        &self,
        pointer: &str,
        policy: &api::RegistrationPolicy,
        faults: &mut Vec<FieldFault>,
    ) {
        let mut fault = |member: &str, detail: String| {
            faults.push(FieldFault::new(format!("{pointer}/{member}"), detail));
        };
        for (name, scope) in [("scope", &policy.scope), ("default_scope", &policy.default_scope)] {
            if let Some(Err(error)) = scope.as_deref().map(Scope::parse) {
                fault(name, error.to_string());
            }
        }
        for (name, hosts) in
            [("trusted_hosts", &policy.trusted_hosts), ("redirect_uri_hosts", &policy.redirect_uri_hosts)]
        {
            if let Err((index, detail)) = check_hosts(hosts) {
                fault(&format!("{name}/{index}"), detail.to_owned());
            }
        }
        let resources = policy.resources.as_ref().map_or(0, Vec::len);
        for (name, length, most) in [
            ("trusted_hosts", policy.trusted_hosts.len(), MAX_HOSTS),
            ("redirect_uri_hosts", policy.redirect_uri_hosts.len(), MAX_HOSTS),
            ("resources", resources, MAX_RESOURCES),
        ] {
            if length > most {
                fault(name, format!("has more than {most} elements"));
            }
        }
        if !(3600..=31_536_000).contains(&policy.unused_lifetime) {
            fault("unused_lifetime", "must be 3600 to 31536000 seconds".to_owned());
        }
        let issuers = &policy.trusted_software_statement_issuers;
        if policy.software_statement == api::SoftwareStatementDemand::Required && issuers.is_empty() {
            let detail = "nobody could register: trusted_software_statement_issuers names none";
            fault("software_statement", detail.to_owned());
        }
        self.check_issuers(&format!("{pointer}/trusted_software_statement_issuers"), issuers, faults);
    }

    fn check_issuers(
        &self,
        pointer: &str,
        issuers: &[api::TrustedSoftwareStatementIssuer],
        faults: &mut Vec<FieldFault>,
    ) {
        if issuers.len() > MAX_ISSUERS {
            faults.push(FieldFault::new(pointer, format!("has more than {MAX_ISSUERS} elements")));
            return;
        }
        for (index, trusted) in issuers.iter().enumerate() {
            let mut fault = |member: &str, detail: String| {
                faults.push(FieldFault::new(format!("{pointer}/{index}/{member}"), detail));
            };
            let name = trusted.issuer.as_str();
            if name.is_empty() || name.len() > MAX_ISSUER_LENGTH || name.chars().any(char::is_control) {
                let detail = format!("must be 1 to {MAX_ISSUER_LENGTH} bytes without control characters");
                fault("issuer", detail);
            } else if issuers[..index].iter().any(|earlier| earlier.issuer == name) {
                fault("issuer", "comes twice".to_owned());
            }
            match (&trusted.jwks, &trusted.jwks_uri) {
                (Some(_), Some(_)) => fault("jwks_uri", "excludes jwks: leave one of them out".to_owned()),
                (None, None) => fault("jwks", "is needed, or jwks_uri".to_owned()),
                (Some(jwks), None) => check_jwks(jwks).unwrap_or_else(|detail| fault("jwks", detail)),
                (None, Some(uri)) => {
                    self.fetcher.check(uri).unwrap_or_else(|refusal| fault("jwks_uri", refusal.to_string()));
                }
            }
        }
    }
}

fn versioned(tenant: &Tenant) -> Versioned<api::RegistrationPolicy> {
    Versioned {
        document: registration_document(&tenant.settings.registration),
        etag: etag(tenant.version, tenant.created_at),
    }
}
