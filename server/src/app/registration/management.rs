//! A client reads, changes and deletes itself (RFC 7592).

use grantor_protocol::model::{Actor, AuditEvent, AuditKind, Client, ClientId, ClientOrigin};
use grantor_protocol::register::{self, Bounds, Source};
use grantor_protocol::{Error, ErrorCode, Secret, SecretKind};
use grantor_store::WriteError;
use serde_json::{Map, Value, json};

use super::{ClientInformation, Told, information};
use crate::app::{ATTEMPTS, App, Fault, TenantContext};

/// Who asks for what at the client configuration endpoint.
#[derive(Clone, Copy, Debug)]
pub struct ManagementRequest<'a> {
    /// The `client_id` in the path.
    pub client_id: &'a str,
    /// The registration access token.
    pub token: Option<&'a str>,
}

impl App {
    /// What is registered of the client (RFC 7592 §2.1). Its secret is known by a hash alone, so it is
    /// not told again.
    ///
    /// # Errors
    /// `invalid_token` for whoever is not the client's, one that is gone included; `access_denied` for a
    /// client that the administrators disabled.
    pub async fn read_registration(
        &self,
        context: &TenantContext,
        request: ManagementRequest<'_>,
    ) -> Result<ClientInformation, Fault> {
        let (client, token) = self.registered_client(context, request).await?;
        let told = Told { client_secret: None, registration_access_token: Some(token) };
        Ok(information(context, &client, &told))
    }

    /// Replaces what is registered (RFC 7592 §2.2) and the registration access token with it. The
    /// policy of today counts, and what only administrators say of the client stays. What its software
    /// statement says of it stays, too, unless it brings another one.
    ///
    /// # Errors
    /// As [`Self::read_registration`]; those of [`App::software_statement`] and of
    /// [`register::metadata`]; `invalid_request` for members that are not the client's to change.
    pub async fn update_registration(
        &self,
        context: &TenantContext,
        request: ManagementRequest<'_>,
        body: &[u8],
    ) -> Result<ClientInformation, Fault> {
        for _ in 0..ATTEMPTS {
            let (current, _) = self.registered_client(context, request).await?;
            let document = register::members(body)?;
            check_fixed_members(&document, &current)?;
            let ClientOrigin::Registration { bounds, software_statement, .. } = &current.origin else {
                return Err(not_its().into());
            };
            let statement =
                self.software_statement(context, &document, software_statement.as_deref()).await?;
            let within = Bounds {
                policy: &context.policy,
                token: bounds.as_deref(),
                statement: statement.as_ref().map(|statement| &statement.claims),
            };
            let metadata = register::metadata(&document, Source::Request, within)?;
            self.check_named_elsewhere(context, &metadata).await?;
            let token = Secret::generate(SecretKind::RegistrationAccessToken, self.entropy.as_ref());
            // Whoever registers what this client was or is does not find it: it is its owner's.
            let origin = ClientOrigin::Registration {
                token: Some(token.hash()),
                fingerprint: None,
                bounds: bounds.clone(),
                software_statement: statement.map(|statement| statement.text),
            };
            let metadata = metadata.administered_as(&current.metadata);
            let mut client = Client { metadata, origin, updated_at: self.now(), ..current };
            let client_secret = self.provide_secret(&mut client)?;
            let event = self.event_of_client(&client, "updated");
            let store = self.store.tenant(context.tenant.id);
            match store.replace_client(&client, Some(client.version), vec![event]).await {
                Ok(client) => {
                    self.client_changed(&client);
                    self.prepare_id_token_key(context, &client);
                    let told = Told { client_secret, registration_access_token: Some(token) };
                    return Ok(information(context, &client, &told));
                }
                Err(WriteError::Store(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Err(Fault::Busy("the client is being changed elsewhere"))
    }

    /// Deletes the client with its grants and tokens (RFC 7592 §2.3).
    ///
    /// # Errors
    /// As [`Self::read_registration`].
    pub async fn delete_registration(
        &self,
        context: &TenantContext,
        request: ManagementRequest<'_>,
    ) -> Result<(), Fault> {
        for _ in 0..ATTEMPTS {
            let (client, _) = self.registered_client(context, request).await?;
            let event = self.event_of_client(&client, "deleted");
            let store = self.store.tenant(context.tenant.id);
            match store.delete_client(&client.client_id, Some(client.version), vec![event]).await {
                Ok(()) => {
                    self.client_changed(&client);
                    return Ok(());
                }
                Err(WriteError::Store(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        Err(Fault::Busy("the client is being changed elsewhere"))
    }

    /// The client whose registration access token was presented, and the token.
    async fn registered_client(
        &self,
        context: &TenantContext,
        request: ManagementRequest<'_>,
    ) -> Result<(Client, Secret), Fault> {
        let token = request.token.map(Secret::presented).ok_or_else(not_its)?;
        let client_id = ClientId::parse(request.client_id).ok_or_else(not_its)?;
        let client = self.stored_client(context.tenant.id, &client_id).await?.ok_or_else(not_its)?;
        match &client.origin {
            ClientOrigin::Registration { token: Some(hash), .. } if hash.matches(&token) => {}
            _ => return Err(not_its().into()),
        }
        if !client.enabled {
            let description = "the tenant's administrators have disabled this client";
            return Err(Error::new(ErrorCode::AccessDenied, description).into());
        }
        Ok((client, token))
    }

    fn event_of_client(&self, client: &Client, what: &str) -> AuditEvent {
        let actor = Actor::Client { client_id: client.client_id.clone() };
        let detail = json!({
            "registration": what,
            "client_name": client.metadata.client_name,
            "redirect_uris": client.metadata.redirect_uris,
        });
        AuditEvent { detail, ..self.event(AuditKind::ClientChanged, actor, client.client_id.to_string()) }
    }
}

/// RFC 7592 §2.2: the client says which one it is, and what the server decides is not sent back.
fn check_fixed_members(document: &Map<String, Value>, client: &Client) -> Result<(), Error> {
    if document.get("client_id").and_then(Value::as_str) != Some(client.client_id.as_str()) {
        return Err(Error::invalid_request("client_id must be there and is the one in the path"));
    }
    let ours = [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ];
    if let Some(name) = ours.into_iter().find(|name| document.contains_key(*name)) {
        return Err(Error::invalid_request(format!("{name} must not be sent: the server decides it")));
    }
    let is_its = |text: &str| {
        let secret = Secret::presented(text);
        client.secrets.iter().any(|held| held.hash.matches(&secret))
    };
    match document.get("client_secret") {
        None => Ok(()),
        Some(Value::String(text)) if is_its(text) => Ok(()),
        Some(_) => Err(Error::invalid_request("client_secret is not the client's, and cannot be chosen")),
    }
}

/// One answer for all causes (RFC 7592 §2.1): a client that is gone, another's token, none.
fn not_its() -> Error {
    Error::new(ErrorCode::InvalidToken, "the registration access token is not one of this client")
}
