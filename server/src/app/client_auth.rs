//! Client authentication: finds the client and verifies what it brought.

use std::sync::Arc;

use grantor_jose::{Algorithm, NumericDate};
use grantor_protocol::client_auth::{self, AssertionClaims, Credentials};
use grantor_protocol::confirmation::Possession;
use grantor_protocol::metadata::ASSERTION_ALGORITHMS;
use grantor_protocol::model::{AuthenticationMethod, ClientId};
use grantor_protocol::{Effect, Error, Params, Secret, Timestamp};
use serde::Deserialize;

use super::{App, Fault, LoadedClient, TenantContext};

/// A request to an endpoint that clients call themselves.
#[derive(Clone, Copy)]
pub struct ClientRequest<'a> {
    pub params: &'a Params,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
}

/// A client that proved who it is.
pub struct AuthenticatedClient {
    pub loaded: Arc<LoadedClient>,
    /// What the request proved to have beside the client's credentials.
    pub possession: Possession,
    /// What the proof spends; to be applied with the decision.
    pub spent: Option<Effect>,
}

#[derive(Deserialize)]
struct AssertionJwt {
    iss: String,
    sub: String,
    aud: grantor_protocol::claims::Audience,
    exp: NumericDate,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    #[serde(default)]
    jti: String,
}

#[derive(Deserialize)]
struct AssertionSubject {
    sub: String,
}

impl App {
    /// Authenticates the client of a request (RFC 6749 §2.3).
    ///
    /// # Errors
    /// `invalid_client` or `invalid_request`; a fault of the store.
    pub async fn authenticate_client(
        &self,
        context: &TenantContext,
        request: ClientRequest<'_>,
    ) -> Result<AuthenticatedClient, Fault> {
        let possession = Possession::default();
        match client_auth::credentials(request.authorization, request.params)? {
            Credentials::None { client_id } => {
                let loaded = self.known_client(context, &client_id).await?;
                client_auth::check_method(&loaded.client, AuthenticationMethod::None)?;
                Ok(AuthenticatedClient { loaded, possession, spent: None })
            }
            Credentials::Secret { method, client_id, secret } => {
                let loaded = self.known_client(context, &client_id).await?;
                client_auth::check_method(&loaded.client, method)?;
                client_auth::check_secret(&loaded.client, &secret, self.now())?;
                Ok(AuthenticatedClient { loaded, possession, spent: None })
            }
            Credentials::Assertion { client_id, assertion } => {
                self.authenticate_by_assertion(context, client_id, &assertion).await
            }
        }
    }

    async fn known_client(
        &self,
        context: &TenantContext,
        client_id: &ClientId,
    ) -> Result<Arc<LoadedClient>, Fault> {
        let client = self.named_client(context, client_id).await?;
        Ok(client.ok_or_else(|| Error::invalid_client("there is no such client"))?)
    }

    /// `private_key_jwt` (RFC 7523 §2.2, OpenID Connect Core §9).
    async fn authenticate_by_assertion(
        &self,
        context: &TenantContext,
        client_id: Option<ClientId>,
        assertion: &str,
    ) -> Result<AuthenticatedClient, Fault> {
        let unreadable =
            |error: grantor_jose::Error| Error::invalid_client(format!("client_assertion: {error}"));
        let subject: AssertionSubject = grantor_jose::unverified_claims(assertion).map_err(unreadable)?;
        if client_id.is_some_and(|client_id| client_id.as_str() != subject.sub) {
            return Err(Error::invalid_client("client_id is not the sub of the assertion").into());
        }
        let client_id = ClientId::parse(&subject.sub)
            .ok_or_else(|| Error::invalid_client("the sub of the assertion is not a client_id"))?;
        let loaded = self.known_client(context, &client_id).await?;
        client_auth::check_method(&loaded.client, AuthenticationMethod::PrivateKeyJwt)?;
        let keys =
            loaded.keys.as_ref().ok_or_else(|| Error::invalid_client("the client has no readable jwks"))?;
        let allowed: Vec<Algorithm> =
            ASSERTION_ALGORITHMS.iter().filter_map(|name| name.parse().ok()).collect();
        let jwt: AssertionJwt = keys.verify(assertion, &allowed).map_err(unreadable)?.claims;
        let time = |date: NumericDate| Timestamp::from_unix_seconds(date.0);
        let claims = AssertionClaims {
            iss: jwt.iss,
            sub: jwt.sub,
            aud: jwt.aud.iter().map(str::to_owned).collect(),
            exp: time(jwt.exp),
            nbf: jwt.nbf.map(time),
            iat: jwt.iat.map(time),
            jti: jwt.jti,
        };
        let jti = Secret::presented(claims.jti.as_str()).hash();
        let already_spent = self.store.tenant(context.tenant.id).is_assertion_spent(&client_id, &jti).await?;
        let spent = client_auth::check_assertion(
            &claims,
            &loaded.client,
            &context.policy,
            already_spent,
            self.now(),
        )?;
        Ok(AuthenticatedClient { loaded, possession: Possession::default(), spent: Some(spent) })
    }
}
