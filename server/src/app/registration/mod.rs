//! Clients that register themselves (RFC 7591) and change themselves (RFC 7592).

mod checks;
pub mod management;
mod statement;
mod unused;

use std::net::IpAddr;

use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, AuthenticationMethod, Client, ClientId, ClientMetadata, ClientOrigin,
    InitialAccessToken, Metric, RegistrationMode,
};
use grantor_protocol::register::{self, Bounds, Source};
use grantor_protocol::{Effect, Error, ErrorCode, Id, Secret, SecretKind};
use grantor_store::{Change, ChangeKind, WriteError};
use serde_json::{Map, Value, json};

use super::{ATTEMPTS, App, Fault, TenantContext};
use statement::Statement;

/// A request to the registration endpoint.
pub struct RegistrationRequest<'a> {
    /// The document, or why there is none to read: whoever is not admitted is told that first.
    pub body: Result<&'a [u8], Error>,
    /// The token of its `Authorization` header.
    pub token: Option<&'a str>,
    /// Where it came from, if that is known.
    pub address: Option<IpAddr>,
}

/// A client information response (RFC 7591 §3.2.1).
pub type ClientInformation = Map<String, Value>;

/// What is told once.
#[derive(Default)]
struct Told {
    client_secret: Option<Secret>,
    registration_access_token: Option<Secret>,
}

impl App {
    /// Registers a client.
    ///
    /// A public client that asks for what another has already gets that one's `client_id`: clients
    /// that register at every start would pile up otherwise. They prove nothing, so nobody learns or
    /// may do anything by it, but whoever could change the client could send the others' answers
    /// elsewhere. So the second gets no registration access token, which RFC 7592 §3 leaves to us, and
    /// the first one's ends. Until then the first may change the client, which is not found by others
    /// any more after that. The same is what comes with the same software statement, or with none.
    ///
    /// # Errors
    /// `access_denied` where registration is closed; `invalid_token` for an initial access token that is
    /// missing or over; `invalid_software_statement`, `unapproved_software_statement`; the errors of
    /// [`register::metadata`]; [`Fault::TooMany`].
    pub async fn register(
        &self,
        context: &TenantContext,
        request: RegistrationRequest<'_>,
    ) -> Result<ClientInformation, Fault> {
        let token = self.admitted(context, request.token).await?;
        let document = register::members(request.body?)?;
        let statement = self.software_statement(context, &document, None).await?;
        let bounds = Bounds {
            policy: &context.policy,
            token: token.as_ref().map(|token| &token.settings.bounds),
            statement: statement.as_ref().map(|statement| &statement.claims),
        };
        let metadata = register::metadata(&document, Source::Request, bounds)?;
        self.check_named_elsewhere(context, &metadata).await?;
        let is_public = metadata.token_endpoint_auth_method == AuthenticationMethod::None;
        let software_statement = statement.as_ref().map(|statement| statement.text.as_str());
        let fingerprint = (is_public && token.is_none()).then(|| metadata.fingerprint(software_statement));
        let store = self.store.tenant(context.tenant.id);
        for _ in 0..ATTEMPTS {
            let found = match &fingerprint {
                Some(fingerprint) => store.client_by_registration(fingerprint).await?,
                None => None,
            };
            if let Some(found) = found {
                match self.share(context, found).await? {
                    Some(client) => return Ok(information(context, &client, &Told::default())),
                    None => continue,
                }
            }
            let registration_access_token =
                Secret::generate(SecretKind::RegistrationAccessToken, self.entropy.as_ref());
            let origin = ClientOrigin::Registration {
                token: Some(registration_access_token.hash()),
                fingerprint,
                bounds: token.as_ref().map(|token| Box::new(token.settings.bounds.clone())),
                software_statement: software_statement.map(str::to_owned),
            };
            let mut client = self.self_made(context, generated_client_id(self)?, metadata.clone(), origin);
            let client_secret = self.provide_secret(&mut client)?;
            let event = self.registered_event(&client, (token.as_ref(), statement.as_ref()), request.address);
            let dies_at = self.now() + context.policy.registration.unused_lifetime;
            let token_id = token.as_ref().map(|token| token.id);
            match store.register_client(&client, dies_at, token_id, vec![event]).await {
                Ok(()) => {
                    self.count(context.tenant.id, Metric::Registrations);
                    self.client_changed(&client);
                    self.prepare_id_token_key(context, &client);
                    let registration_access_token = Some(registration_access_token);
                    return Ok(information(
                        context,
                        &client,
                        &Told { client_secret, registration_access_token },
                    ));
                }
                Err(WriteError::VersionMismatch) => return Err(over().into()),
                Err(WriteError::Conflict { .. }) => {}
                Err(WriteError::NotFound) => return Err(Fault::UnknownTenant),
                Err(WriteError::QuotaExceeded { quota }) => return Err(self.over_quota(quota)),
                Err(WriteError::Store(error)) => return Err(error.into()),
                Err(error @ WriteError::Protected(_)) => return Err(Fault::internal(error)),
            }
        }
        Err(Fault::Busy("the same client is being registered elsewhere"))
    }

    /// RFC 7591 §3: who may register.
    async fn admitted(
        &self,
        context: &TenantContext,
        presented: Option<&str>,
    ) -> Result<Option<InitialAccessToken>, Fault> {
        let mode = context.policy.registration_mode;
        match (mode, presented) {
            (RegistrationMode::Closed, _) => Err(Error::new(
                ErrorCode::AccessDenied,
                "clients cannot register themselves at this tenant: its administrators register them",
            )
            .into()),
            (RegistrationMode::Open, None) => Ok(None),
            (RegistrationMode::InitialAccessToken, None) => Err(Error::new(
                ErrorCode::InvalidToken,
                "to register a client here takes an initial access token of the tenant's administrators",
            )
            .into()),
            (_, Some(presented)) => {
                let hash = Secret::presented(presented).hash();
                let token = self.store.tenant(context.tenant.id).initial_access_token_by_hash(&hash).await?;
                let is_good =
                    |token: &InitialAccessToken| token.expires_at > self.now() && token.uses_left != Some(0);
                Ok(Some(token.filter(is_good).ok_or_else(over)?))
            }
        }
    }

    /// The tenant may not have more clients, or no more on this day.
    pub(super) fn over_quota(&self, quota: &str) -> Fault {
        const DAY: i64 = 86_400;
        if quota == "clients" {
            let description = "the tenant has as many clients as it may: its administrators can delete some";
            return Error::new(ErrorCode::AccessDenied, description).into();
        }
        let today = self.now().unix_seconds().rem_euclid(DAY);
        Fault::TooMany { what: "registrations", retry_after: DAY - today }
    }

    /// Takes the client from whoever made it, for somebody else made the same: see [`App::register`].
    /// None if it was changed meanwhile.
    async fn share(&self, context: &TenantContext, mut client: Client) -> Result<Option<Client>, Fault> {
        let until = self.now() + context.policy.registration.unused_lifetime;
        if let ClientOrigin::Registration { token: token @ Some(_), .. } = &mut client.origin {
            *token = None;
            let detail = json!({ "registered_again": true });
            let actor = Actor::Anonymous;
            let event = AuditEvent {
                detail,
                ..self.event(AuditKind::ClientChanged, actor, client.client_id.to_string())
            };
            let store = self.store.tenant(client.tenant_id);
            match store.replace_client(&client, Some(client.version), vec![event]).await {
                Ok(changed) => client = changed,
                Err(WriteError::Store(error)) => return Err(error.into()),
                Err(_) => return Ok(None),
            }
            self.client_changed(&client);
        }
        let extended = Effect::ExtendClientLife { client_id: client.client_id.clone(), until };
        self.apply(client.tenant_id, vec![extended]).await?;
        Ok(Some(client))
    }

    pub(super) fn self_made(
        &self,
        context: &TenantContext,
        client_id: ClientId,
        metadata: ClientMetadata,
        origin: ClientOrigin,
    ) -> Client {
        let now = self.now();
        Client {
            tenant_id: context.tenant.id,
            client_id,
            enabled: true,
            metadata,
            secrets: vec![],
            origin,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn registered_event(
        &self,
        client: &Client,
        (token, statement): (Option<&InitialAccessToken>, Option<&Statement>),
        address: Option<IpAddr>,
    ) -> AuditEvent {
        let detail = json!({
            "client_name": client.metadata.client_name,
            "redirect_uris": client.metadata.redirect_uris,
            "initial_access_token": token.map(|token| token.id),
            "software_statement_issuer": statement.and_then(|statement| statement.claims.get("iss")),
            "address": address,
        });
        let target = client.client_id.to_string();
        AuditEvent { detail, ..self.event(AuditKind::ClientRegistered, Actor::Anonymous, target) }
    }

    /// Makes the change known here; the other nodes are told by the store.
    pub(super) fn client_changed(&self, client: &Client) {
        let kind = ChangeKind::Client(client.client_id.clone());
        self.changed(&Change::In { tenant_id: client.tenant_id, kind });
    }
}

fn generated_client_id(app: &App) -> Result<ClientId, Fault> {
    let id = Id::<Client>::generate(app.now(), app.entropy.as_ref()).to_string();
    ClientId::parse(&id).ok_or_else(|| Fault::internal("a generated client_id is none"))
}

fn over() -> Error {
    Error::new(ErrorCode::InvalidToken, "the initial access token is unknown, used up or expired")
}

/// RFC 7591 §3.2.1, RFC 7592 §3.
fn information(context: &TenantContext, client: &Client, told: &Told) -> ClientInformation {
    let mut information = register::registered(&client.metadata);
    let mut add = |name: &str, value: Value| information.insert(name.to_owned(), value);
    add("client_id", client.client_id.as_str().into());
    add("client_id_issued_at", client.created_at.unix_seconds().into());
    if let Some(secret) = &told.client_secret {
        add("client_secret", secret.expose().into());
    }
    if client.metadata.token_endpoint_auth_method.uses_secret() {
        // It does not expire.
        add("client_secret_expires_at", 0.into());
    }
    if let Some(statement) = client.origin.software_statement() {
        add("software_statement", statement.into());
    }
    if let Some(token) = &told.registration_access_token {
        add("registration_access_token", token.expose().into());
        let uri = format!("{}/register/{}", context.policy.issuer, client.client_id);
        add("registration_client_uri", uri.into());
    }
    information
}
