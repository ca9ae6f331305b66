use std::sync::Arc;

use grantor_api as api;
use grantor_protocol::model::{
    AuditKind, PasswordHash, PasswordPolicy, RevocationReason, User, UserId, UserProfile, UserStatus,
};
use grantor_protocol::upstream::is_email;
use grantor_protocol::{Effect, Id, password, registration};
use grantor_store::{ChangeKind, Page, Subject, UserFilter, WriteError};
use serde_json::{Value, json};

use super::document::{changes, read, twins};
use super::version::etag;
use super::{
    Action, AdminFault, Caller, FieldFault, Precondition, Resource, Saved, Versioned, Write, as_page,
    contended,
};
use crate::app::{ATTEMPTS, App, Fault, TenantContext};

/// Members that a replacement may leave out without changing them: a user must not be unlocked by
/// whoever applies their configuration once more.
const LASTING: &[&str] = &["status"];

impl App {
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_users(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
        (status, email): (Option<api::UserStatus>, Option<String>),
    ) -> Result<api::Page<api::User>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Read).await?;
        let filter = UserFilter { status: status.map(status_model), email };
        let users = self.store.tenant(context.tenant.id).list_users(page, &filter).await?;
        Ok(as_page(users, |user| document(&user)))
    }

    /// # Errors
    /// As [`Self::list_users`].
    pub async fn read_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<Versioned<api::User>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Read).await?;
        let id = user.parse().map_err(|_| AdminFault::NotFound)?;
        let user = self.store.tenant(context.tenant.id).user(id).await?.ok_or(AdminFault::NotFound)?;
        Ok(versioned(&user))
    }

    /// # Errors
    /// A document that cannot be taken, a username or an email address that is taken.
    pub async fn create_user(
        &self,
        caller: &Caller,
        tenant: &str,
        wanted: Value,
    ) -> Result<Saved<api::User>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Create).await?;
        let wanted: api::User = read(wanted)?;
        let id = Id::generate(self.now(), self.entropy.as_ref());
        self.make_user(caller, &context, id, &wanted).await
    }

    /// Creates the user with this identifier, or makes them what the document says.
    ///
    /// # Errors
    /// A document that cannot be taken, a precondition that does not hold.
    pub async fn put_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
        wanted: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::User>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Update).await?;
        let id: UserId = user.parse().map_err(|_| {
            AdminFault::BadRequest("the user's identifier in the path must be a UUID".to_owned())
        })?;
        for _ in 0..ATTEMPTS {
            if let Some(current) = self.store.tenant(context.tenant.id).user(id).await? {
                let write = Write::Replace(wanted.clone());
                match self.change_user(caller, &context, current, write, precondition).await? {
                    Some(saved) => return Ok(saved),
                    None => continue,
                }
            }
            self.administered(caller, tenant, Resource::User, Action::Create).await?;
            precondition.check(None)?;
            let wanted: api::User = read(wanted.clone())?;
            keep_id(&wanted, id)?;
            match self.make_user(caller, &context, id, &wanted).await {
                Err(AdminFault::Taken("id")) => {}
                other => return other,
            }
        }
        Err(contended())
    }

    /// Changes members of the user (RFC 7396).
    ///
    /// # Errors
    /// As [`Self::put_user`].
    pub async fn patch_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
        patch: Value,
        precondition: &Precondition,
    ) -> Result<Saved<api::User>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Update).await?;
        let id = user.parse().map_err(|_| AdminFault::NotFound)?;
        for _ in 0..ATTEMPTS {
            let current = self.store.tenant(context.tenant.id).user(id).await?.ok_or(AdminFault::NotFound)?;
            let saved = self
                .change_user(caller, &context, current, Write::Merge(patch.clone()), precondition)
                .await?;
            if let Some(saved) = saved {
                return Ok(saved);
            }
        }
        Err(contended())
    }

    /// Gives the user a password.
    ///
    /// # Errors
    /// As [`Self::patch_user`].
    pub async fn set_user_password(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
        wanted: Value,
    ) -> Result<api::User, AdminFault> {
        self.administered(caller, tenant, Resource::User, Action::Update).await?;
        let api::NewPassword { password } = read(wanted)?;
        self.step_of_user(caller, tenant, user, json!({ "password": password })).await
    }

    /// Lets the user sign in no more, and signs them out everywhere.
    ///
    /// # Errors
    /// As [`Self::patch_user`].
    pub async fn lock_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<api::User, AdminFault> {
        self.step_of_user(caller, tenant, user, json!({ "status": api::UserStatus::Locked })).await
    }

    /// Lets the user sign in again.
    ///
    /// # Errors
    /// As [`Self::patch_user`].
    pub async fn unlock_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<api::User, AdminFault> {
        self.step_of_user(caller, tenant, user, json!({ "status": api::UserStatus::Active })).await
    }

    async fn step_of_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
        patch: Value,
    ) -> Result<api::User, AdminFault> {
        let saved = self.patch_user(caller, tenant, user, patch, &Precondition::default()).await?;
        Ok(saved.now.document)
    }

    /// A user whom the caller may change: one with rights that the caller does not have is not theirs to change.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; a user with more rights; faults of the store.
    pub(super) async fn user_to_change(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<(Arc<TenantContext>, User), AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Update).await?;
        let id: UserId = user.parse().map_err(|_| AdminFault::NotFound)?;
        let user = self.store.tenant(context.tenant.id).user(id).await?.ok_or(AdminFault::NotFound)?;
        let subject = Subject::User(id);
        if !(caller.subject == subject && caller.tenant_id == context.tenant.id) {
            self.authorize_over(caller, context.tenant.id, &subject).await?;
        }
        Ok((context, user))
    }

    /// Ends every session and every grant of the user.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn sign_out_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
    ) -> Result<api::User, AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Update).await?;
        let id: UserId = user.parse().map_err(|_| AdminFault::NotFound)?;
        let user = self.store.tenant(context.tenant.id).user(id).await?.ok_or(AdminFault::NotFound)?;
        let (reason, at) = (RevocationReason::RevokedByAdministrator, self.now());
        let detail = json!({ "everywhere": true, "reason": reason });
        let event = self.admin_event(caller, AuditKind::SignedOut, &id.to_string(), detail);
        let effects =
            vec![Effect::SignOutEverywhere { user: id, reason, at }, Effect::RecordAudit(Box::new(event))];
        self.apply(context.tenant.id, effects).await.map_err(Fault::from)?;
        Ok(document(&user))
    }

    /// Deletes a user with their sessions, grants and tokens.
    ///
    /// # Errors
    /// Nobody deletes themselves; a precondition that does not hold.
    pub async fn delete_user(
        &self,
        caller: &Caller,
        tenant: &str,
        user: &str,
        precondition: &Precondition,
    ) -> Result<(), AdminFault> {
        let context = self.administered(caller, tenant, Resource::User, Action::Delete).await?;
        let id: UserId = user.parse().map_err(|_| AdminFault::NotFound)?;
        let store = self.store.tenant(context.tenant.id);
        for _ in 0..ATTEMPTS {
            let current = store.user(id).await?.ok_or(AdminFault::NotFound)?;
            let before = versioned(&current);
            precondition.check(Some(&before.etag))?;
            let subject = Subject::User(id);
            if caller.subject == subject && caller.tenant_id == context.tenant.id {
                return Err(AdminFault::Protected("nobody deletes themselves"));
            }
            self.authorize_over(caller, context.tenant.id, &subject).await?;
            let detail = changes(Some(&before.document), None::<&api::User>);
            let event = self.admin_event(caller, AuditKind::UserChanged, &id.to_string(), detail);
            match store.delete_user(id, Some(current.version), vec![event]).await {
                Ok(()) => {
                    self.forget(context.tenant.id, ChangeKind::RoleAssignments);
                    return Ok(());
                }
                Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(contended())
    }

    async fn make_user(
        &self,
        caller: &Caller,
        context: &TenantContext,
        id: UserId,
        wanted: &api::User,
    ) -> Result<Saved<api::User>, AdminFault> {
        check(wanted, &context.tenant.settings.password_policy)?;
        let now = self.now();
        let blank = User {
            tenant_id: context.tenant.id,
            id,
            username: String::new(),
            email: None,
            email_verified: false,
            status: UserStatus::Active,
            password: match &wanted.password {
                None => None,
                Some(password) => Some(
                    self.passwords.hash(context.tenant.id, password.expose(), self.entropy.as_ref()).await?,
                ),
            },
            profile: UserProfile::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let user = model(wanted, &blank);
        let detail = changes(None::<&api::User>, Some(&document(&user)));
        let event = self.admin_event(caller, AuditKind::UserChanged, &id.to_string(), detail);
        self.store.tenant(context.tenant.id).create_user(&user, vec![event]).await?;
        Ok(Saved { now: versioned(&user), created: true })
    }

    /// None if somebody else was faster.
    async fn change_user(
        &self,
        caller: &Caller,
        context: &TenantContext,
        current: User,
        write: Write,
        precondition: &Precondition,
    ) -> Result<Option<Saved<api::User>>, AdminFault> {
        let before = versioned(&current);
        precondition.check(Some(&before.etag))?;
        let wanted: api::User = write.onto(Some(&before.document), LASTING)?;
        keep_id(&wanted, current.id)?;
        check(&wanted, &context.tenant.settings.password_policy)?;
        let subject = Subject::User(current.id);
        let user = model(&wanted, &current);
        let itself = caller.subject == subject && caller.tenant_id == context.tenant.id;
        if itself && user.status == UserStatus::Locked {
            return Err(AdminFault::Protected("nobody locks themselves out"));
        }
        if !itself {
            self.authorize_over(caller, context.tenant.id, &subject).await?;
        }
        // Before anything is written: when hashing is refused nothing was done.
        let password = match &wanted.password {
            None => None,
            Some(password) => {
                Some(self.passwords.hash(user.tenant_id, password.expose(), self.entropy.as_ref()).await?)
            }
        };
        let changed = match (user == current, password) {
            (true, None) => {
                self.end_what_a_locked_user_has(&current).await?;
                Some(current)
            }
            (_, password) => self.write_user(caller, &before.document, user, password).await?,
        };
        Ok(changed.map(|user| Saved { now: versioned(&user), created: false }))
    }

    async fn write_user(
        &self,
        caller: &Caller,
        before: &api::User,
        user: User,
        password: Option<PasswordHash>,
    ) -> Result<Option<User>, AdminFault> {
        let after = document(&user);
        let event = |detail| self.admin_event(caller, AuditKind::UserChanged, &user.id.to_string(), detail);
        let mut events = vec![];
        if after != *before {
            events.push(event(changes(Some(before), Some(&after))));
        }
        if password.is_some() {
            events.push(event(json!({ "password_changed": true })));
        }
        let expected = user.version;
        let user = User { updated_at: self.now(), ..user };
        let store = self.store.tenant(user.tenant_id);
        match store.replace_user(&user, Some(expected), password, events).await {
            Ok(user) => {
                self.end_what_a_locked_user_has(&user).await?;
                Ok(Some(user))
            }
            Err(WriteError::VersionMismatch | WriteError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// After the write, so that nobody signs in between; said again with every request that leaves the
    /// user locked, so that a crash between the two is mended by repeating it.
    async fn end_what_a_locked_user_has(&self, user: &User) -> Result<(), Fault> {
        if user.status == UserStatus::Active {
            return Ok(());
        }
        let reason = RevocationReason::RevokedByAdministrator;
        let effect = Effect::SignOutEverywhere { user: user.id, reason, at: self.now() };
        Ok(self.apply(user.tenant_id, vec![effect]).await?)
    }
}

twins!(status_model, status_document, UserStatus { Active, Locked });

fn keep_id(wanted: &api::User, id: UserId) -> Result<(), AdminFault> {
    if wanted.id.is_empty() || wanted.id == id.to_string() {
        Ok(())
    } else {
        Err(AdminFault::invalid("/id", "is not the identifier in the path, and cannot be changed"))
    }
}

/// What a document may say.
fn check(wanted: &api::User, policy: &PasswordPolicy) -> Result<(), AdminFault> {
    let mut faults = vec![];
    let mut fault = |pointer: &str, detail: &str| faults.push(FieldFault::new(pointer, detail));
    let username = &wanted.username;
    if username.is_empty() || username.trim() != username {
        fault("/username", "must not be empty, nor begin or end with white space");
    } else if let Err(detail) = registration::check_name(username) {
        fault("/username", &detail);
    }
    if wanted.email.as_deref().is_some_and(|email| !is_email(email)) {
        fault("/email", "must be an email address of at most 254 bytes");
    }
    if wanted.email_verified && wanted.email.is_none() {
        fault("/email_verified", "there is no email address that could be verified");
    }
    if let Some(password) = &wanted.password {
        let own = [Some(username.as_str()), wanted.email.as_deref()];
        if let Err(weakness) = password::check(password.expose(), policy, own.into_iter().flatten()) {
            fault("/password", &weakness.to_string());
        }
    }
    let api::UserProfile { name, given_name, family_name, nickname, picture, website, locale, zoneinfo } =
        &wanted.profile;
    for (member, value) in [
        ("name", name),
        ("given_name", given_name),
        ("family_name", family_name),
        ("nickname", nickname),
        ("locale", locale),
        ("zoneinfo", zoneinfo),
    ] {
        if let Some(Err(detail)) = value.as_deref().map(registration::check_name) {
            fault(&format!("/profile/{member}"), &detail);
        }
    }
    for (member, value) in [("picture", picture), ("website", website)] {
        if let Some(Err(detail)) = value.as_deref().map(registration::check_web_page) {
            fault(&format!("/profile/{member}"), &detail);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(AdminFault::Invalid(faults)) }
}

/// The user that a document makes of the present one.
fn model(wanted: &api::User, current: &User) -> User {
    let api::UserProfile { name, given_name, family_name, nickname, picture, website, locale, zoneinfo } =
        wanted.profile.clone();
    User {
        username: wanted.username.clone(),
        email: wanted.email.clone(),
        email_verified: wanted.email_verified,
        status: status_model(wanted.status),
        profile: UserProfile { name, given_name, family_name, nickname, picture, website, locale, zoneinfo },
        ..current.clone()
    }
}

fn versioned(user: &User) -> Versioned<api::User> {
    Versioned { document: document(user), etag: etag(user.version, user.created_at) }
}

pub(in crate::app) fn document(user: &User) -> api::User {
    let UserProfile { name, given_name, family_name, nickname, picture, website, locale, zoneinfo } =
        user.profile.clone();
    api::User {
        id: user.id.to_string(),
        username: user.username.clone(),
        email: user.email.clone(),
        email_verified: user.email_verified,
        status: status_document(user.status),
        password: None,
        has_password: user.password.is_some(),
        profile: api::UserProfile {
            name,
            given_name,
            family_name,
            nickname,
            picture,
            website,
            locale,
            zoneinfo,
        },
        version: user.version,
        created_at: user.created_at.to_string(),
        updated_at: user.updated_at.to_string(),
    }
}
