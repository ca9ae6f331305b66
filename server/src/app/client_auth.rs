//! Client authentication: finds the client and verifies what it brought.

use std::sync::Arc;

use grantor_jose::{Algorithm, KeySet, NumericDate};
use grantor_protocol::client_auth::{self, AssertionClaims, Credentials};
use grantor_protocol::model::{AuthenticationMethod, ClientId};
use grantor_protocol::{Effect, Error, Params, Secret, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::certificates::self_signed_matches;
use super::dpop::DpopHeader;
use super::{App, Fault, LoadedClient, Peer, TenantContext};

/// A request to an endpoint that clients call themselves.
#[derive(Clone, Copy)]
pub struct ClientRequest<'a> {
    pub params: &'a Params,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    pub dpop: DpopHeader<'a>,
    pub peer: &'a Peer,
}

/// A client that proved who it is.
pub struct AuthenticatedClient {
    pub loaded: Arc<LoadedClient>,
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
        match client_auth::credentials(request.authorization, request.params)? {
            Credentials::None { client_id } => {
                let loaded = self.known_client(context, &client_id, request.peer).await?;
                // RFC 8705 §2: such a client names itself, and its certificate is in the connection. A
                // certificate says nothing of clients that are registered otherwise.
                let registered = loaded.client.metadata.token_endpoint_auth_method;
                if registered.uses_certificate() {
                    client_auth::check_method(&loaded.client, registered)?;
                    self.check_certificate(context, &loaded, request.peer).await?;
                } else {
                    client_auth::check_method(&loaded.client, AuthenticationMethod::None)?;
                }
                Ok(AuthenticatedClient { loaded, spent: None })
            }
            Credentials::Secret { method, client_id, secret } => {
                let loaded = self.known_client(context, &client_id, request.peer).await?;
                client_auth::check_method(&loaded.client, method)?;
                client_auth::check_secret(&loaded.client, &secret, self.now())?;
                Ok(AuthenticatedClient { loaded, spent: None })
            }
            Credentials::Assertion { client_id, assertion } => {
                self.authenticate_by_assertion(context, (client_id, &assertion), request.peer).await
            }
        }
    }

    async fn known_client(
        &self,
        context: &TenantContext,
        client_id: &ClientId,
        peer: &Peer,
    ) -> Result<Arc<LoadedClient>, Fault> {
        let client = self.named_client(context, client_id, peer.address).await?;
        Ok(client.ok_or_else(|| Error::invalid_client("there is no such client"))?)
    }

    /// `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 §2).
    async fn check_certificate(
        &self,
        context: &TenantContext,
        loaded: &LoadedClient,
        peer: &Peer,
    ) -> Result<(), Fault> {
        let refused = |why: String| Error::invalid_client(format!("client certificate: {why}"));
        let missing = |what: &str| refused(format!("there is no {what}"));
        let certificate = peer.certificate.as_deref().ok_or_else(|| missing("such thing"))?;
        if loaded.client.metadata.token_endpoint_auth_method == AuthenticationMethod::SelfSignedTlsClientAuth
        {
            let registered = |_: &KeySet, jwks: &Value| {
                let matches = self_signed_matches(certificate, jwks);
                matches.then_some(()).ok_or(grantor_jose::Error::NoMatchingKey)
            };
            let matched = self.try_keys(loaded, registered).await;
            return Ok(matched.map_err(|error| refused(error.to_string()))?);
        }
        let authorities = context.client_authorities.as_ref().ok_or_else(|| missing("trusted authority"))?;
        let subject = loaded.certificate_subject.as_ref().ok_or_else(|| missing("registered subject"))?;
        authorities.verify(certificate, self.now()).map_err(|error| refused(error.to_string()))?;
        if !subject.matches(certificate.names()) {
            return Err(refused("it is another's".to_owned()).into());
        }
        Ok(())
    }

    /// `private_key_jwt` and `client_secret_jwt` (RFC 7523 §2.2, OpenID Connect Core §9). Registration says
    /// which of them it is and never the assertion: a public key is known to all, and is no secret.
    async fn authenticate_by_assertion(
        &self,
        context: &TenantContext,
        (client_id, assertion): (Option<ClientId>, &str),
        peer: &Peer,
    ) -> Result<AuthenticatedClient, Fault> {
        let unreadable =
            |error: grantor_jose::Error| Error::invalid_client(format!("client_assertion: {error}"));
        let subject: AssertionSubject = grantor_jose::unverified_claims(assertion).map_err(unreadable)?;
        if client_id.is_some_and(|client_id| client_id.as_str() != subject.sub) {
            return Err(Error::invalid_client("client_id is not the sub of the assertion").into());
        }
        let client_id = ClientId::parse(&subject.sub)
            .ok_or_else(|| Error::invalid_client("the sub of the assertion is not a client_id"))?;
        let loaded = self.known_client(context, &client_id, peer).await?;
        let by_secret =
            loaded.client.metadata.token_endpoint_auth_method == AuthenticationMethod::ClientSecretJwt;
        let method = if by_secret {
            AuthenticationMethod::ClientSecretJwt
        } else {
            AuthenticationMethod::PrivateKeyJwt
        };
        client_auth::check_method(&loaded.client, method)?;
        let names = client_auth::assertion_algorithms(&loaded.client);
        let allowed: Vec<Algorithm> = names.iter().filter_map(|name| name.parse().ok()).collect();
        let jwt: AssertionJwt = if by_secret {
            self.verify_by_secret(&loaded, assertion, &allowed).map_err(unreadable)?
        } else {
            let verified = self.verify_by_client(&loaded, assertion, &allowed).await;
            verified.map_err(|error| Error::invalid_client(format!("client_assertion: {error}")))?.claims
        };
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
        Ok(AuthenticatedClient { loaded, spent: Some(spent) })
    }

    fn verify_by_secret(
        &self,
        loaded: &LoadedClient,
        assertion: &str,
        allowed: &[Algorithm],
    ) -> grantor_jose::Result<AssertionJwt> {
        let mut outcome = Err(grantor_jose::Error::NoMatchingKey);
        for key in loaded.secret_keys.iter().filter_map(|key| key.valid(self.now())) {
            outcome = key.verify(assertion, allowed).map(|verified| verified.claims);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}
