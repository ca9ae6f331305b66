use grantor_api as api;
use grantor_protocol::metadata::UI_LOCALES;
use grantor_protocol::model::{Actor, AuditEvent, AuditKind, Tenant};
use grantor_protocol::{Id, OPENID_SCOPES, Scope, password, registration};
use grantor_store::{ChangeKind, Count, Job, JobKind, Page, TenantFilter, WriteError};
use serde_json::{Value, json};

use super::document::{changes, read};
use super::limits_document::check_rate_limits;
use super::tenant_document::{document, settings_model, status_model};
use super::version::etag;
use super::{
    Action, AdminFault, Caller, Domain, FieldFault, Precondition, Resource, Saved, Versioned, Write, as_page,
    branding_document, contended, jobs, sign_in_document,
};
use crate::app::bootstrap::{CreateTenantError, SYSTEM_TENANT};
use crate::app::certificates::TrustAnchors;
use crate::app::tenants::is_slug;
use crate::app::{ATTEMPTS, App};

/// Members that a replacement may leave out without changing them: a tenant must not be resumed by
/// whoever applies its configuration once more.
/// What the platform bounds must not be lifted that way either.
const LASTING: &[&str] = &["status", "settings/rate_limits", "settings/quotas"];

/// Rows of each kind that are looked at to count them.
const COUNTED: u32 = 10_000;

/// Words that no password of a tenant contains.
const MAX_FORBIDDEN_WORDS: usize = 100;

/// Slugs that are not for customers.
const RESERVED: [&str; 2] = [SYSTEM_TENANT, IMPORT];

/// What the path that tenants are imported at has in place of a slug.
const IMPORT: &str = "import";

impl App {
    /// # Errors
    /// What [`App::authorize_caller`] refuses; faults of the store.
    pub async fn list_tenants(
        &self,
        caller: &Caller,
        page: &Page,
        status: Option<api::TenantStatus>,
    ) -> Result<api::Page<api::Tenant>, AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::Tenant, Action::Read).await?;
        let filter = TenantFilter { status: status.map(status_model) };
        Ok(as_page(self.store.tenants().list(page, filter).await?, |tenant| document(&tenant)))
    }

    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn read_tenant(
        &self,
        caller: &Caller,
        slug: &str,
    ) -> Result<Versioned<api::Tenant>, AdminFault> {
        let context = self.administered(caller, slug, Resource::Tenant, Action::Read).await?;
        let tenant = self.store.tenants().by_id(context.tenant.id).await?.ok_or(AdminFault::NotFound)?;
        Ok(versioned(&tenant))
    }

    /// Creates a tenant with its first signing key.
    ///
    /// # Errors
    /// A document that cannot be taken, a slug that is taken.
    pub async fn create_tenant(
        &self,
        caller: &Caller,
        wanted: Value,
    ) -> Result<Saved<api::Tenant>, AdminFault> {
        self.authorize_caller(caller, Domain::Platform, Resource::Tenant, Action::Create).await?;
        let wanted: api::Tenant = read(wanted)?;
        self.make_tenant(caller, &wanted).await
    }

    /// Creates the tenant, or makes it what the document says.
    ///
    /// # Errors
    /// A document that cannot be taken, a precondition that does not hold.
    pub async fn put_tenant(
        &self,
        caller: &Caller,
        slug: &str,
        wanted: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::Tenant>, AdminFault> {
        let mut taken = false;
        for _ in 0..ATTEMPTS {
            let current = match is_slug(slug) {
                true => self.store.tenants().by_slug(slug).await?,
                false => None,
            };
            if let Some(current) = current {
                self.administered(caller, slug, Resource::Tenant, Action::Update).await?;
                match self
                    .change_tenant(caller, current, Write::Replace(wanted.clone()), precondition)
                    .await?
                {
                    Some(saved) => return Ok(saved),
                    None => continue,
                }
            }
            self.authorize_caller(caller, Domain::Platform, Resource::Tenant, Action::Create).await?;
            precondition.check(None)?;
            let mut wanted: api::Tenant = read(wanted.clone())?;
            keep_slug(&mut wanted, slug)?;
            match self.make_tenant(caller, &wanted).await {
                Err(AdminFault::Taken("slug")) => taken = true,
                other => return other,
            }
        }
        // Somebody else has made it each time, or it is a tenant's whose rows are going or coming.
        Err(if taken { AdminFault::Taken("slug") } else { contended() })
    }

    /// Changes members of the tenant (RFC 7396).
    ///
    /// # Errors
    /// As [`Self::put_tenant`].
    pub async fn patch_tenant(
        &self,
        caller: &Caller,
        slug: &str,
        patch: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::Tenant>, AdminFault> {
        for _ in 0..ATTEMPTS {
            let context = self.administered(caller, slug, Resource::Tenant, Action::Update).await?;
            let current = self.store.tenants().by_id(context.tenant.id).await?.ok_or(AdminFault::NotFound)?;
            let saved =
                self.change_tenant(caller, current, Write::Merge(patch.clone()), precondition).await?;
            if let Some(saved) = saved {
                return Ok(saved);
            }
        }
        Err(contended())
    }

    /// Takes a tenant out of service for good, and starts the job that deletes everything it has. What
    /// the trail says of it is in that of the system tenant, because the tenant's own goes with it.
    ///
    /// # Errors
    /// The system tenant stays; a precondition that does not hold.
    pub async fn delete_tenant(
        &self,
        caller: &Caller,
        slug: &str,
        precondition: &Precondition,
    ) -> Result<api::Job, AdminFault> {
        let context = self.administered(caller, slug, Resource::Tenant, Action::Delete).await?;
        let tenant = self.store.tenants().by_id(context.tenant.id).await?.ok_or(AdminFault::NotFound)?;
        precondition.check(Some(&etag(tenant.version, tenant.created_at)))?;
        let detail = changes(Some(&document(&tenant)), None::<&api::Tenant>);
        let event = self.admin_event(caller, AuditKind::TenantChanged, slug, detail);
        let job = self.begin_deletion(&tenant, event).await?;
        Ok(jobs::document(&job))
    }

    /// The same for whoever needs no right: the operator at the command line.
    ///
    /// # Errors
    /// As [`Self::delete_tenant`].
    pub async fn delete_tenant_by_operator(&self, slug: &str) -> Result<Job, AdminFault> {
        let tenant = match is_slug(slug) {
            true => self.store.tenants().by_slug(slug).await?,
            false => None,
        };
        let tenant = tenant.ok_or(AdminFault::NotFound)?;
        let mut event = self.event(AuditKind::TenantChanged, Actor::System, slug.to_owned());
        event.detail = changes(Some(&document(&tenant)), None::<&api::Tenant>);
        self.begin_deletion(&tenant, event).await
    }

    async fn begin_deletion(&self, tenant: &Tenant, event: AuditEvent) -> Result<Job, AdminFault> {
        if tenant.slug == SYSTEM_TENANT {
            return Err(AdminFault::Protected(
                "the system tenant administers the platform and cannot be deleted",
            ));
        }
        let now = self.now();
        let id = Id::generate(now, self.entropy.as_ref());
        let job = Job::new(id, JobKind::TenantDeletion, (tenant.id, &tenant.slug), now);
        let trail = self.system_tenant().await?;
        self.store.tenants().begin_deletion(&job, tenant.version, trail, vec![event]).await?;
        self.forget(tenant.id, ChangeKind::Tenant);
        self.jobs_due.notify_one();
        Ok(job)
    }

    /// Lets the tenant answer nothing until it is resumed; it keeps all that it has.
    ///
    /// # Errors
    /// The system tenant stays active.
    pub async fn suspend_tenant(&self, caller: &Caller, slug: &str) -> Result<api::Tenant, AdminFault> {
        self.set_tenant_status(caller, slug, api::TenantStatus::Suspended).await
    }

    /// Lets a suspended tenant answer again.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn resume_tenant(&self, caller: &Caller, slug: &str) -> Result<api::Tenant, AdminFault> {
        self.set_tenant_status(caller, slug, api::TenantStatus::Active).await
    }

    async fn set_tenant_status(
        &self,
        caller: &Caller,
        slug: &str,
        status: api::TenantStatus,
    ) -> Result<api::Tenant, AdminFault> {
        let precondition = Precondition::default();
        for _ in 0..ATTEMPTS {
            let context = self.administered(caller, slug, Resource::Tenant, Action::Suspend).await?;
            let current = self.store.tenants().by_id(context.tenant.id).await?.ok_or(AdminFault::NotFound)?;
            let write = Write::Merge(json!({ "status": status }));
            if let Some(saved) = self.change_tenant(caller, current, write, &precondition).await? {
                return Ok(saved.now.document);
            }
        }
        Err(contended())
    }

    /// How much the tenant holds.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn read_tenant_usage(&self, caller: &Caller, slug: &str) -> Result<api::Usage, AdminFault> {
        let context = self.administered(caller, slug, Resource::Tenant, Action::Read).await?;
        let usage = self.store.tenant(context.tenant.id).usage(self.now(), COUNTED).await?;
        let count = |count: Count| api::Count { number: count.number, exact: count.exact };
        Ok(api::Usage {
            users: count(usage.users),
            clients: count(usage.clients),
            sessions: count(usage.sessions),
            grants: count(usage.grants),
        })
    }

    async fn make_tenant(
        &self,
        caller: &Caller,
        wanted: &api::Tenant,
    ) -> Result<Saved<api::Tenant>, AdminFault> {
        let mut faults = self.check(wanted);
        faults.extend(check_slug(&wanted.slug).map(|detail| FieldFault::new("/slug", detail)));
        if wanted.status != api::TenantStatus::Active {
            faults.push(FieldFault::new("/status", "a tenant begins active"));
        }
        refuse(faults)?;
        let settings = settings_model(&wanted.settings);
        match self.new_tenant(&wanted.slug, &wanted.name, settings, caller.actor()).await {
            Ok(tenant) => {
                self.forget(tenant.id, ChangeKind::Tenant);
                Ok(Saved { now: versioned(&tenant), created: true })
            }
            // The issuer is built on the slug: who has the one has the other.
            Err(CreateTenantError::Write(WriteError::Conflict { field: "issuer" })) => {
                Err(AdminFault::Taken("slug"))
            }
            Err(CreateTenantError::Write(error)) => Err(error.into()),
            Err(CreateTenantError::Fault(fault)) => Err(fault.into()),
        }
    }

    /// None if somebody else was faster.
    async fn change_tenant(
        &self,
        caller: &Caller,
        current: Tenant,
        write: Write,
        precondition: &Precondition,
    ) -> Result<Option<Saved<api::Tenant>>, AdminFault> {
        let before = versioned(&current);
        precondition.check(Some(&before.etag))?;
        let mut wanted: api::Tenant = write.onto(Some(&before.document), LASTING)?;
        keep_slug(&mut wanted, &current.slug)?;
        refuse(self.check(&wanted))?;
        let tenant = Tenant {
            name: wanted.name.clone(),
            status: status_model(wanted.status),
            settings: settings_model(&wanted.settings),
            ..current.clone()
        };
        if tenant == current {
            return Ok(Some(Saved { now: before, created: false }));
        }
        self.authorize_members(caller, &current, &tenant).await?;
        let saved = self.save_tenant(caller, &current, tenant).await?;
        Ok(saved.map(|tenant| Saved { now: versioned(&tenant), created: false }))
    }

    /// Writes down what the tenant is from now on, and what the trail says of it. None if somebody
    /// else was faster.
    pub(super) async fn save_tenant(
        &self,
        caller: &Caller,
        current: &Tenant,
        tenant: Tenant,
    ) -> Result<Option<Tenant>, AdminFault> {
        let detail = changes(Some(&document(current)), Some(&document(&tenant)));
        let event = self.admin_event(caller, AuditKind::TenantChanged, &current.slug, detail);
        let tenant = Tenant { updated_at: self.now(), ..tenant };
        match self.store.tenants().update(&tenant, Some(current.version), vec![event]).await {
            Ok(tenant) => {
                self.forget(tenant.id, ChangeKind::Tenant);
                Ok(Some(tenant))
            }
            Err(WriteError::VersionMismatch | WriteError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What a document may say, whether the tenant is new or not.
    fn check(&self, wanted: &api::Tenant) -> Vec<FieldFault> {
        let mut faults = check(wanted);
        self.check_registration("/settings/registration", &wanted.settings.registration, &mut faults);
        faults
    }
}

fn keep_slug(wanted: &mut api::Tenant, slug: &str) -> Result<(), AdminFault> {
    if wanted.slug.is_empty() {
        slug.clone_into(&mut wanted.slug);
    }
    if wanted.slug == slug {
        Ok(())
    } else {
        Err(AdminFault::invalid(
            "/slug",
            "is not the slug in the path, and cannot be changed: issuers are built on it",
        ))
    }
}

/// Why a tenant cannot have this slug, if it cannot.
pub fn check_slug(slug: &str) -> Option<&'static str> {
    if !is_slug(slug) {
        return Some("must be 3 to 63 lower-case letters, digits and hyphens, with no hyphen at either end");
    }
    RESERVED.contains(&slug).then_some("is reserved")
}

fn refuse(faults: Vec<FieldFault>) -> Result<(), AdminFault> {
    if faults.is_empty() { Ok(()) } else { Err(AdminFault::Invalid(faults)) }
}

fn check_password_policy(policy: &api::PasswordPolicy, faults: &mut Vec<FieldFault>) {
    let (least, most) = (password::LEAST_MIN_LENGTH, password::MOST_MIN_LENGTH);
    if !(least..=most).contains(&policy.min_length) {
        let detail = format!("must be {least} to {most} characters");
        faults.push(FieldFault::new("/settings/password_policy/min_length", detail));
    }
    let words = &policy.forbidden_words;
    if words.len() > MAX_FORBIDDEN_WORDS {
        let detail = format!("has more than {MAX_FORBIDDEN_WORDS}");
        faults.push(FieldFault::new("/settings/password_policy/forbidden_words", detail));
    }
    for (index, word) in words.iter().enumerate() {
        if !(password::SHORTEST_WORD..=64).contains(&word.chars().count()) {
            let detail = format!("must have {} to 64 characters", password::SHORTEST_WORD);
            faults
                .push(FieldFault::new(format!("/settings/password_policy/forbidden_words/{index}"), detail));
        }
    }
}

/// What a document may say but for its registration policy.
fn check(wanted: &api::Tenant) -> Vec<FieldFault> {
    let mut faults = vec![];
    if wanted.name.trim().is_empty() {
        faults.push(FieldFault::new("/name", "must not be empty"));
    } else if let Err(detail) = registration::check_name(&wanted.name) {
        faults.push(FieldFault::new("/name", detail));
    }
    check_lifetimes(&wanted.settings.lifetimes, &mut faults);
    check_scopes("/settings/scopes", &wanted.settings.scopes, &mut faults);
    check_rate_limits(&wanted.settings.rate_limits, &mut faults);
    let authorities = wanted.settings.client_certificate_authorities.as_deref();
    if let Some(Err(error)) = authorities.map(TrustAnchors::parse) {
        faults.push(FieldFault::new("/settings/client_certificate_authorities", error.to_string()));
    }
    if !(1..=3650).contains(&wanted.settings.audit_retention) {
        faults.push(FieldFault::new("/settings/audit_retention", "must be 1 to 3650 days"));
    }
    check_password_policy(&wanted.settings.password_policy, &mut faults);
    sign_in_document::check(&wanted.settings.sign_in, &mut faults);
    let locale = wanted.settings.default_locale.as_deref();
    if locale.is_some_and(|locale| !UI_LOCALES.contains(&locale)) {
        let detail = format!("must be one of {}", UI_LOCALES.join(", "));
        faults.push(FieldFault::new("/settings/default_locale", detail));
    }
    branding_document::check(&wanted.settings.branding, &mut faults);
    faults
}

/// Bounds in seconds. They are the description's too; a test compares.
fn check_lifetimes(lifetimes: &api::Lifetimes, faults: &mut Vec<FieldFault>) {
    const DAY: u32 = 86_400;
    for (name, seconds, least, most) in [
        ("authorization_code", lifetimes.authorization_code, 10, 60),
        ("access_token", lifetimes.access_token, 30, DAY),
        ("id_token", lifetimes.id_token, 30, DAY),
        ("refresh_token_idle", lifetimes.refresh_token_idle, 300, 365 * DAY),
        ("refresh_token_absolute", lifetimes.refresh_token_absolute, 300, 5 * 365 * DAY),
        ("refresh_retry_window", lifetimes.refresh_retry_window, 0, 300),
        ("session", lifetimes.session, 300, 90 * DAY),
        ("session_idle", lifetimes.session_idle, 300, 90 * DAY),
        ("interaction", lifetimes.interaction, 60, 7200),
        ("device_code", lifetimes.device_code, 60, 3600),
        ("device_poll_interval", lifetimes.device_poll_interval, 1, 60),
        ("pushed_authorization_request", lifetimes.pushed_authorization_request, 5, 599),
    ] {
        if !(least..=most).contains(&seconds) {
            let detail = format!("must be {least} to {most} seconds");
            faults.push(FieldFault::new(format!("/settings/lifetimes/{name}"), detail));
        }
    }
    if faults.is_empty() && lifetimes.refresh_token_absolute < lifetimes.refresh_token_idle {
        let detail = "must not be shorter than refresh_token_idle";
        faults.push(FieldFault::new("/settings/lifetimes/refresh_token_absolute", detail));
    }
}

/// Host names, or `*.` and one for all below it.
///
/// # Errors
/// The first that is none, with its index.
pub(super) fn check_hosts(hosts: &[String]) -> Result<(), (usize, &'static str)> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let is_good = |host: &String| {
        let name = host.strip_prefix("*.").unwrap_or(host);
        !name.is_empty() && name.bytes().all(allowed)
    };
    match hosts.iter().position(|host| !is_good(host)) {
        None => Ok(()),
        Some(index) => Err((index, "must be a host name in lower case, or *. and one")),
    }
}

/// Whether the scopes at `pointer` may be a tenant's, or a protected resource's.
pub(super) fn check_scopes(pointer: &str, scopes: &[api::ScopeDescription], faults: &mut Vec<FieldFault>) {
    const MOST: usize = 200;
    if scopes.len() > MOST {
        faults.push(FieldFault::new(pointer, format!("has more than {MOST} elements")));
        return;
    }
    for (index, scope) in scopes.iter().enumerate() {
        let mut fault = |member: &str, detail: &str| {
            faults.push(FieldFault::new(format!("{pointer}/{index}/{member}"), detail));
        };
        let name = scope.name.as_str();
        if name.is_empty() || name.len() > 255 || name.contains(' ') || Scope::parse(name).is_err() {
            fault("name", "must be 1 to 255 of the characters of RFC 6749 section 3.3");
        } else if OPENID_SCOPES.contains(&name) {
            fault("name", "is one of OpenID Connect's own and known already");
        } else if scopes[..index].iter().any(|earlier| earlier.name == name) {
            fault("name", "comes twice");
        }
        let description = &scope.description;
        let length = description.chars().count();
        if description.trim().is_empty() || length > 500 || description.chars().any(char::is_control) {
            fault("description", "must be 1 to 500 characters, none of them a control character");
        }
    }
}

pub(super) fn versioned(tenant: &Tenant) -> Versioned<api::Tenant> {
    Versioned { document: document(tenant), etag: etag(tenant.version, tenant.created_at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for slug in ["abc", "a-1", "0aa", &"a".repeat(63)] {
            assert_eq!(check_slug(slug), None, "{slug}");
        }
        for slug in
            ["", "ab", "-ab", "ab-", "aB1", "a_b", "a.b", "\u{e4}bc", "system", "import", &"a".repeat(64)]
        {
            assert!(check_slug(slug).is_some(), "{slug}");
        }
    }
}
