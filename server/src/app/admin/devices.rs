use grantor_api as api;
use grantor_protocol::device::{self, Administrator, Refusal, UserCode};
use grantor_protocol::model::{
    Actor, AuditKind, DeviceApproval, DeviceAuthorization, DeviceAuthorizationId, DeviceState, Metric,
    Session, SignInIdentifier, User, UserId, UserStatus,
};
use grantor_protocol::{Decision, Effect, Timestamp};
use grantor_store::{ApplyError, DeviceFilter, Page, Subject};
use serde_json::{Value, json};

use super::document::read;
use super::tenant_document::device_approval_document;
use super::{Action, AdminFault, Caller, Resource, contended};
use crate::app::{ATTEMPTS, App, TenantContext};

impl App {
    /// Devices in one state; without one, those that wait for somebody.
    ///
    /// # Errors
    /// What [`App::administered`] refuses; faults of the store.
    pub async fn list_device_authorizations(
        &self,
        caller: &Caller,
        tenant: &str,
        page: &Page,
        (state, user_code): (Option<api::DeviceState>, Option<&str>),
    ) -> Result<api::Page<api::DeviceAuthorization>, AdminFault> {
        let context = self.administered(caller, tenant, Resource::DeviceAuthorization, Action::Read).await?;
        let user_code = user_code
            .map(|typed| UserCode::parse(typed).map(|code| self.user_codes.hash(context.tenant.id, &code)));
        // What no device can have is no device's.
        let Some(user_code) = user_code.map_or(Some(None), |hash| hash.map(Some)) else {
            return Ok(api::Page { items: vec![], next: None });
        };
        let filter = DeviceFilter { user_code, ..filter(state) };
        let store = self.store.tenant(context.tenant.id);
        let listing = store.list_device_authorizations(page, &filter, self.now()).await?;
        let mut documents = vec![];
        for (device, username) in &listing.items {
            documents.push(self.device_document(&context, device, username.clone()).await?);
        }
        Ok(api::Page { items: documents, next: listing.next.map(|cursor| cursor.to_string()) })
    }

    /// # Errors
    /// As [`Self::list_device_authorizations`].
    pub async fn read_device_authorization(
        &self,
        caller: &Caller,
        tenant: &str,
        device: &str,
    ) -> Result<api::DeviceAuthorization, AdminFault> {
        let context = self.administered(caller, tenant, Resource::DeviceAuthorization, Action::Read).await?;
        self.read_device(&context, parse(device)?).await
    }

    /// Lets a device in, after the person who entered its code or in their place.
    ///
    /// # Errors
    /// [`AdminFault::Protected`] when it is too late or too early; a user who cannot be named.
    pub async fn approve_device_authorization(
        &self,
        caller: &Caller,
        tenant: &str,
        device: &str,
        answer: Value,
    ) -> Result<api::DeviceAuthorization, AdminFault> {
        let context =
            self.administered(caller, tenant, Resource::DeviceAuthorization, Action::Update).await?;
        let id = parse(device)?;
        let answer: api::DeviceApprovalAnswer = read(answer)?;
        for _ in 0..ATTEMPTS {
            let device = self.device(&context, id).await?;
            let named = self.named_user(&context, &answer).await?;
            let policy = (self.approval_policy(&context, &device).await?, context.policy.sign_out_revokes);
            let administrator =
                Administrator { actor: caller.actor(), user: named.as_ref().map(|user| user.id) };
            let session = self.persons_session(&device).await?;
            let (now, entropy) = (self.now(), self.entropy.as_ref());
            let decision = device::approve(&device, policy, administrator, session.as_ref(), now, entropy);
            if decision.outcome.is_ok() {
                self.check_device_user(caller, &context, &device, named.as_ref()).await?;
            }
            if self.answered(caller, &device, AuditKind::DeviceApproved, decision).await? {
                self.count(context.tenant.id, Metric::DevicesApproved);
                return self.read_device(&context, id).await;
            }
        }
        Err(contended())
    }

    /// Turns a device away for good.
    ///
    /// # Errors
    /// [`AdminFault::Protected`] when it is too late.
    pub async fn deny_device_authorization(
        &self,
        caller: &Caller,
        tenant: &str,
        device: &str,
    ) -> Result<api::DeviceAuthorization, AdminFault> {
        let context =
            self.administered(caller, tenant, Resource::DeviceAuthorization, Action::Update).await?;
        let id = parse(device)?;
        for _ in 0..ATTEMPTS {
            let device = self.device(&context, id).await?;
            let decision = device::deny_by_administrator(&device, caller.actor(), self.now());
            if self.answered(caller, &device, AuditKind::DeviceDenied, decision).await? {
                return self.read_device(&context, id).await;
            }
        }
        Err(contended())
    }

    /// Writes an answer down; false if somebody else was faster.
    async fn answered(
        &self,
        caller: &Caller,
        device: &DeviceAuthorization,
        kind: AuditKind,
        decision: Decision<DeviceState, Refusal>,
    ) -> Result<bool, AdminFault> {
        let Decision { mut effects, outcome } = decision;
        outcome.map_err(refused)?;
        let detail = json!({ "client_id": device.client_id });
        let event = self.admin_event(caller, kind, &device.id.to_string(), detail);
        effects.push(Effect::RecordAudit(Box::new(event)));
        match self.apply(device.tenant_id, effects).await {
            Ok(()) => Ok(true),
            Err(ApplyError::Conflict) => Ok(false),
            Err(ApplyError::Store(error)) => Err(error.into()),
        }
    }

    /// Whoever puts a user's name to a device gives it that user's rights, and so needs as much as
    /// whoever sets the user's password. A person who entered the code gave away their own.
    async fn check_device_user(
        &self,
        caller: &Caller,
        context: &TenantContext,
        device: &DeviceAuthorization,
        named: Option<&User>,
    ) -> Result<(), AdminFault> {
        let tenant_id = context.tenant.id;
        if let Some(user) = device.user_id {
            let user = self.store.tenant(tenant_id).user(user).await?;
            return match user.filter(|user| user.status == UserStatus::Active) {
                Some(_) => Ok(()),
                None => Err(AdminFault::Protected("the user who entered the code is locked")),
            };
        }
        let Some(user) = named else { return Ok(()) };
        let subject = Subject::User(user.id);
        if caller.subject == subject && caller.tenant_id == tenant_id {
            return Ok(());
        }
        self.authorize_over(caller, tenant_id, &subject).await
    }

    async fn named_user(
        &self,
        context: &TenantContext,
        answer: &api::DeviceApprovalAnswer,
    ) -> Result<Option<User>, AdminFault> {
        let store = self.store.tenant(context.tenant.id);
        let (pointer, user) = match (&answer.user_id, &answer.username) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(AdminFault::invalid("/username", "must not come together with user_id"));
            }
            (Some(id), None) => match id.parse::<UserId>() {
                Ok(id) => ("/user_id", store.user(id).await?),
                Err(_) => ("/user_id", None),
            },
            (None, Some(name)) => {
                let found = store.user_by_login(name, SignInIdentifier::UsernameOrEmail).await?;
                let same = |user: &User| user.username.to_lowercase() == name.to_lowercase();
                ("/username", found.filter(same))
            }
        };
        let user = user.ok_or_else(|| AdminFault::invalid(pointer, "there is no such user"))?;
        match user.status {
            UserStatus::Active => Ok(Some(user)),
            UserStatus::Locked => Err(AdminFault::invalid(pointer, "the user is locked")),
        }
    }

    async fn device(
        &self,
        context: &TenantContext,
        id: DeviceAuthorizationId,
    ) -> Result<DeviceAuthorization, AdminFault> {
        let device = self.store.tenant(context.tenant.id).device_authorization(id).await?;
        device.ok_or(AdminFault::NotFound)
    }

    async fn approval_policy(
        &self,
        context: &TenantContext,
        device: &DeviceAuthorization,
    ) -> Result<DeviceApproval, AdminFault> {
        let client = self.client(context.tenant.id, &device.client_id).await?.ok_or(AdminFault::NotFound)?;
        Ok(context.policy.device_approval_for(&client.client))
    }

    /// The session in which a person allowed the device, for as long as it is kept.
    async fn persons_session(&self, device: &DeviceAuthorization) -> Result<Option<Session>, AdminFault> {
        let Some(answer) = &device.approval.person else { return Ok(None) };
        let store = self.store.tenant(device.tenant_id);
        Ok(store.session(answer.authentication.session_id).await?)
    }

    async fn read_device(
        &self,
        context: &TenantContext,
        id: DeviceAuthorizationId,
    ) -> Result<api::DeviceAuthorization, AdminFault> {
        let device = self.device(context, id).await?;
        let user = match device.user_id {
            Some(user) => self.store.tenant(context.tenant.id).user(user).await?,
            None => None,
        };
        self.device_document(context, &device, user.map(|user| user.username)).await
    }

    async fn device_document(
        &self,
        context: &TenantContext,
        device: &DeviceAuthorization,
        username: Option<String>,
    ) -> Result<api::DeviceAuthorization, AdminFault> {
        let client = self.client(context.tenant.id, &device.client_id).await?.ok_or(AdminFault::NotFound)?;
        let client = &client.client;
        let (person, administrator) = (&device.approval.person, &device.approval.administrator);
        Ok(api::DeviceAuthorization {
            id: device.id.to_string(),
            state: state_document(device, self.now()),
            approval: device_approval_document(context.policy.device_approval_for(client)),
            client_id: client.client_id.to_string(),
            client_name: client.metadata.client_name.clone(),
            scope: device.request.scope.to_string(),
            resources: device.request.resources.clone(),
            requested_from: device.origin.address.clone(),
            entries: device.entries,
            user_id: device.user_id.map(|user| user.to_string()),
            username,
            entered_from: person.as_ref().and_then(|person| person.origin.address.clone()),
            answered_at: person.as_ref().map(|person| person.at.to_string()),
            administrator: administrator.as_ref().map(|it| name_of(&it.actor)),
            administered_at: administrator.as_ref().map(|it| it.at.to_string()),
            created_at: device.created_at.to_string(),
            expires_at: device.expires_at.to_string(),
        })
    }
}

fn parse(device: &str) -> Result<DeviceAuthorizationId, AdminFault> {
    device.parse().map_err(|_| AdminFault::NotFound)
}

fn refused(refusal: Refusal) -> AdminFault {
    match refusal {
        Refusal::Over | Refusal::AdministratorOnly => {
            AdminFault::Protected("the device was answered before, or its codes have expired")
        }
        Refusal::PersonFirst => AdminFault::Protected("a person has to enter the code first"),
        Refusal::UserMissing => {
            AdminFault::invalid("/user_id", "must name the user whose device it will be, or username must")
        }
        Refusal::AnotherUser => AdminFault::Protected("another user entered the code"),
        Refusal::SignedOut => AdminFault::Protected(
            "the person who entered the code signed out meanwhile: the device has to ask again",
        ),
    }
}

fn name_of(actor: &Actor) -> String {
    match actor {
        Actor::User { id } => id.to_string(),
        Actor::Client { client_id } => client_id.to_string(),
        Actor::System => "system".to_owned(),
        Actor::Anonymous => "anonymous".to_owned(),
    }
}

/// What ends with the codes is no more once they have expired.
fn state_document(device: &DeviceAuthorization, now: Timestamp) -> api::DeviceState {
    match device.state {
        DeviceState::Denied => api::DeviceState::Denied,
        DeviceState::Redeemed => api::DeviceState::Redeemed,
        _ if device.expires_at <= now => api::DeviceState::Expired,
        DeviceState::Pending => api::DeviceState::Pending,
        DeviceState::AwaitingAdministrator => api::DeviceState::AwaitingAdministrator,
        DeviceState::Approved => api::DeviceState::Approved,
    }
}

/// The rows that have this state's document.
fn filter(state: Option<api::DeviceState>) -> DeviceFilter {
    use DeviceState::{Approved, AwaitingAdministrator, Denied, Pending, Redeemed};
    let (states, expired) = match state {
        None => (vec![Pending, AwaitingAdministrator], Some(false)),
        Some(api::DeviceState::Pending) => (vec![Pending], Some(false)),
        Some(api::DeviceState::AwaitingAdministrator) => (vec![AwaitingAdministrator], Some(false)),
        Some(api::DeviceState::Approved) => (vec![Approved], Some(false)),
        Some(api::DeviceState::Denied) => (vec![Denied], None),
        Some(api::DeviceState::Redeemed) => (vec![Redeemed], None),
        Some(api::DeviceState::Expired) => (vec![Pending, AwaitingAdministrator, Approved], Some(true)),
    };
    DeviceFilter { states, expired, user_code: None, user: None }
}
