//! Whom of the tenant's somebody is who comes back from a provider, and what is written down of it.

use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, IdentityLink, IdentityProvider, LinkByEmail, SignInIdentifier,
    UpstreamSignIn, User, UserId, UserStatus,
};
use grantor_protocol::upstream::{Identity, Known, Refused, Whose, usernames, whose};
use grantor_protocol::{Effect, Id, Params, Secret};
use grantor_store::{ApplyError, Subject, WriteError};
use serde_json::json;

use super::provider::Unvouched;
use super::{Problem, enabled};
use crate::app::{ATTEMPTS, App, Fault, TenantContext};

/// What is loaded of whoever it could be.
#[derive(Default)]
struct Loaded {
    linked: Option<User>,
    has_another: bool,
    with_address: Option<User>,
    is_administrator: bool,
}

impl App {
    /// The user whom a provider vouches for; linked or made if they were not. `asking` is who wants to be linked.
    pub(super) async fn whose_identity(
        &self,
        context: &TenantContext,
        begun: &UpstreamSignIn,
        (params, state): (&Params, Secret),
        max_age: Option<u32>,
        asking: Option<&User>,
    ) -> Result<Result<UserId, Problem>, Fault> {
        let Some(provider) = enabled(context, &begun.provider) else { return Ok(Err(Problem::Unknown)) };
        let secrets = self.flow_key.secrets(context.tenant.id, state);
        let identity = self.identity(context, provider, (params, &secrets), max_age).await;
        let identity = match identity {
            Ok(identity) => identity,
            Err(Unvouched::Fault(fault)) => return Err(fault),
            Err(Unvouched::Problem(problem)) => return Ok(Err(problem)),
            Err(Unvouched::Because(reason)) => {
                tracing::warn!(provider = provider.name, reason, "an identity provider is not believed");
                return Ok(Err(Problem::Failed));
            }
        };
        for _ in 0..ATTEMPTS {
            let loaded = self.load_whose(context, provider, &identity, asking).await?;
            let known = Known {
                linked: loaded.linked.as_ref(),
                asking,
                has_another: loaded.has_another,
                with_address: loaded.with_address.as_ref(),
                is_administrator: loaded.is_administrator,
            };
            let decided = match whose(&identity, &provider.settings, known) {
                Ok(decided) => decided,
                Err(refused) => return Ok(Err(Problem::Refused(refused))),
            };
            let written = match decided {
                Whose::Linked(user) => self.use_link(provider, &identity, user).await?,
                Whose::Link(user) => self.link(provider, &identity, user).await?,
                Whose::New => match self.new_linked_user(context, provider, &identity).await? {
                    Ok(user) => user,
                    Err(problem) => return Ok(Err(problem)),
                },
            };
            if let Some(user) = written {
                return Ok(Ok(user));
            }
        }
        Err(Fault::Busy("the same identity is being linked elsewhere"))
    }

    /// What the provider says of whoever came back. The UserInfo endpoint is asked about those only whom nobody
    /// knows yet: of the others nothing is taken over.
    async fn identity(
        &self,
        context: &TenantContext,
        provider: &IdentityProvider,
        came: (&Params, &grantor_protocol::upstream::FlowSecrets),
        max_age: Option<u32>,
    ) -> Result<Identity, Unvouched> {
        let mut vouched = self.vouched(context, provider, came, max_age).await?;
        let store = self.store.tenant(context.tenant.id);
        let held = store.identity_link(&provider.name, &vouched.subject).await;
        let is_known = held.map_err(|error| Unvouched::Fault(error.into()))?.is_some();
        let mapping = &provider.settings.claims;
        if !is_known && Identity::lacks(&vouched.claims, mapping) {
            self.add_userinfo(provider, &mut vouched).await?;
        }
        Ok(Identity::of(&vouched.subject, &vouched.claims, mapping))
    }

    async fn load_whose(
        &self,
        context: &TenantContext,
        provider: &IdentityProvider,
        identity: &Identity,
        asking: Option<&User>,
    ) -> Result<Loaded, Fault> {
        let store = self.store.tenant(context.tenant.id);
        let linked = store.identity_link(&provider.name, &identity.subject).await?;
        let mut loaded = Loaded { linked: linked.map(|(_, user)| user), ..Loaded::default() };
        if loaded.linked.is_none()
            && asking.is_none()
            && let Some(email) = &identity.email
        {
            loaded.with_address = store.user_by_login(email, SignInIdentifier::UsernameOrEmail).await?;
        }
        if let Some(user) = asking.or(loaded.with_address.as_ref()) {
            let links = store.identity_links_of(user.id).await?;
            loaded.has_another = links.iter().any(|link| link.provider == provider.name);
        }
        if let Some(user) = &loaded.with_address {
            let roles = store.assignments_of(&Subject::User(user.id)).await?;
            loaded.is_administrator = !roles.is_empty();
        }
        Ok(loaded)
    }

    fn new_link(&self, provider: &IdentityProvider, identity: &Identity, user_id: UserId) -> IdentityLink {
        let now = self.now();
        IdentityLink {
            tenant_id: provider.tenant_id,
            provider: provider.name.clone(),
            subject: identity.subject.clone(),
            user_id,
            created_at: now,
            last_used_at: Some(now),
        }
    }

    /// None if the link is not there any more.
    async fn use_link(
        &self,
        provider: &IdentityProvider,
        identity: &Identity,
        user: UserId,
    ) -> Result<Option<UserId>, Fault> {
        let used = Effect::UseIdentityLink(Box::new(self.new_link(provider, identity, user)));
        match self.apply(provider.tenant_id, vec![used]).await {
            Err(ApplyError::Conflict) => Ok(None),
            other => Ok(other.map(|()| Some(user))?),
        }
    }

    /// None if somebody else was faster.
    async fn link(
        &self,
        provider: &IdentityProvider,
        identity: &Identity,
        user: UserId,
    ) -> Result<Option<UserId>, Fault> {
        let event = self.link_event(AuditKind::IdentityLinked, user, &provider.name, &identity.subject);
        let effects = vec![
            Effect::StoreIdentityLink(Box::new(self.new_link(provider, identity, user))),
            Effect::RecordAudit(Box::new(event)),
        ];
        match self.apply(provider.tenant_id, effects).await {
            Err(ApplyError::Conflict) => Ok(None),
            other => Ok(other.map(|()| Some(user))?),
        }
    }

    /// Makes a user of somebody whom nobody knows. None if somebody else was faster.
    async fn new_linked_user(
        &self,
        context: &TenantContext,
        provider: &IdentityProvider,
        identity: &Identity,
    ) -> Result<Result<Option<UserId>, Problem>, Fault> {
        let (now, store) = (self.now(), self.store.tenant(context.tenant.id));
        for username in usernames(identity, &provider.name, self.entropy.as_ref()) {
            if store.user_by_login(&username, SignInIdentifier::UsernameOrEmail).await?.is_some() {
                continue;
            }
            let user = User {
                tenant_id: context.tenant.id,
                id: Id::generate(now, self.entropy.as_ref()),
                username,
                email: identity.email.clone(),
                // Clients are told: it is said where the administrator believes it.
                email_verified: identity.email_verified
                    && provider.settings.link_by_email == LinkByEmail::Verified,
                status: UserStatus::Active,
                password: None,
                profile: identity.profile.clone(),
                version: 1,
                created_at: now,
                updated_at: now,
            };
            let detail = json!({ "username": user.username, "provider": provider.name });
            let made = self.event(AuditKind::UserChanged, Actor::System, user.id.to_string());
            let made = AuditEvent { detail, ..made };
            let linked =
                self.link_event(AuditKind::IdentityLinked, user.id, &provider.name, &identity.subject);
            let link = self.new_link(provider, identity, user.id);
            match store.create_linked_user(&user, &link, vec![made, linked]).await {
                Ok(()) => return Ok(Ok(Some(user.id))),
                Err(WriteError::Conflict { field: "username" }) => {}
                Err(WriteError::Conflict { .. }) => return Ok(Ok(None)),
                Err(WriteError::QuotaExceeded { quota }) => {
                    tracing::warn!(quota, provider = provider.name, "nobody else can become a user");
                    return Ok(Err(Problem::Refused(Refused::NotAdmitted)));
                }
                Err(WriteError::NotFound) => return Ok(Err(Problem::Unknown)),
                Err(WriteError::Store(error)) => return Err(error.into()),
                Err(error) => return Err(Fault::internal(error)),
            }
        }
        Ok(Ok(None))
    }
}
