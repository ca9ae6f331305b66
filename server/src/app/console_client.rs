//! The console's client, which every tenant has whose people sign in to the console.
//!
//! A row of it has to be there, because grants belong to clients. What the client is does not stand in that
//! row: the code says it wherever a client is read. So it follows the public address when a tenant moves,
//! and nothing that anybody writes into the row changes what it may do.

use grantor_protocol::model::{
    Actor, AuditKind, AuthenticationMethod, Client, ClientId, ClientMetadata, ClientOrigin, GrantType,
    SigningAlgorithm, TenantId,
};
use grantor_protocol::{Profile, Scope};
use grantor_store::{Cell, WriteError};

use super::{App, Fault};

/// The console's client in every tenant. Nobody else can have this identifier.
pub const CONSOLE_CLIENT: &str = "grantor-console";

/// What the console may ask for.
pub(super) const CONSOLE_SCOPE: &str = "openid profile email";

const NAME: &str = "Grantor console";

/// Whether a client is the server's own.
pub(super) fn is_built_in(client_id: &ClientId) -> bool {
    client_id.as_str() == CONSOLE_CLIENT
}

impl App {
    /// A client as it counts: every reader of clients comes through here, or through the cache that is
    /// filled from here.
    ///
    /// # Errors
    /// A fault of the store.
    pub(super) async fn stored_client(
        &self,
        tenant_id: TenantId,
        client_id: &ClientId,
    ) -> Result<Option<Client>, grantor_store::Error> {
        let client = self.store.tenant(tenant_id).client(client_id).await?;
        Ok(client.map(|client| self.as_it_counts(client)))
    }

    /// The client, or if it is the console's what the code says of it.
    pub(super) fn as_it_counts(&self, client: Client) -> Client {
        if !is_built_in(&client.client_id) {
            return client;
        }
        Client {
            enabled: true,
            metadata: self.console_metadata(),
            secrets: vec![],
            origin: ClientOrigin::BuiltIn,
            ..client
        }
    }

    /// A tenant may demand of its clients what a public client cannot do; what this one gets stays in this
    /// process.
    fn console_metadata(&self) -> ClientMetadata {
        ClientMetadata {
            redirect_uris: vec![self.console_callback()],
            grant_types: vec![GrantType::AuthorizationCode],
            token_endpoint_auth_method: AuthenticationMethod::None,
            scope: CONSOLE_SCOPE.split(' ').map(str::to_owned).collect::<Scope>(),
            id_token_signed_response_alg: Some(SigningAlgorithm::ES256),
            profile: Some(Profile::Oauth21),
            skip_consent: true,
            post_logout_redirect_uris: vec![self.console_signed_out()],
            ..stored_metadata()
        }
    }

    /// Makes the row of the console's client where it is missing.
    ///
    /// # Errors
    /// Faults of ours.
    pub(super) async fn ensure_console_client(&self, tenant_id: TenantId) -> Result<(), Fault> {
        let client_id = ClientId::parse(CONSOLE_CLIENT).ok_or_else(|| Fault::internal(CONSOLE_CLIENT))?;
        if self.client(tenant_id, &client_id).await?.is_some() {
            return Ok(());
        }
        let now = self.now();
        let client = Client {
            tenant_id,
            client_id,
            enabled: true,
            metadata: stored_metadata(),
            secrets: vec![],
            origin: ClientOrigin::BuiltIn,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let event = self.event(AuditKind::ClientChanged, Actor::System, CONSOLE_CLIENT.to_owned());
        match self.store.tenant(tenant_id).create_client(&client, vec![event]).await {
            // Another request was faster.
            Ok(()) | Err(WriteError::Conflict { .. }) => Ok(()),
            Err(error) => Err(Fault::internal(error)),
        }
    }
}

/// What stands in the row: a name to list it by.
fn stored_metadata() -> ClientMetadata {
    ClientMetadata { client_name: NAME.to_owned(), ..ClientMetadata::default() }
}

/// The columns of that row but for what tells when it was made: what an arriving one is made to be.
///
/// # Errors
/// None that happens: metadata are JSON.
pub(super) fn stored_columns() -> serde_json::Result<[(&'static str, Cell); 8]> {
    let text = |text: &str| Cell::Text(text.to_owned());
    Ok([
        ("client_name", text(NAME)),
        ("client_name_lower", text(&NAME.to_lowercase())),
        ("enabled", Cell::Boolean(true)),
        ("metadata", Cell::Json(serde_json::to_value(stored_metadata())?)),
        ("secrets", Cell::Json(serde_json::Value::Array(vec![]))),
        ("origin", Cell::Null),
        ("registration_fingerprint", Cell::Null),
        ("dies_at", Cell::Null),
    ])
}
