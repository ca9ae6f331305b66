//! Request objects (RFC 9101): fetched where they come by reference, verified, and read as parameters.

use std::time::Duration;

use grantor_jose::{Algorithm, Header};
use grantor_outbound::{Refusal, Wanted};
use grantor_protocol::authorize::request_object::{self, REQUEST_OBJECT_TYPE};
use grantor_protocol::{Error, ErrorCode, Params};
use serde_json::{Map, Value};

use super::client_keys::Unproven;
use super::{App, Fault, LoadedClient, TenantContext};

/// What a request object may be when it is fetched (RFC 9101 §5.2.3).
const WANTED: Wanted = Wanted {
    accept: "application/oauth-authz-req+jwt, application/jwt",
    max_bytes: 32 * 1024,
    // A person waits for it.
    timeout: Duration::from_secs(5),
};

impl App {
    /// The parameters of a request object of the client's.
    ///
    /// # Errors
    /// `invalid_request_object`.
    pub(super) async fn read_request_object(
        &self,
        context: &TenantContext,
        loaded: &LoadedClient,
        object: &str,
    ) -> Result<Params, Error> {
        let unreadable = |error: grantor_jose::Error| refused(&format!("the request object: {error}"));
        let header = Header::peek(object).map_err(unreadable)?;
        if header.typ.is_some() && !header.is_typ("JWT") && !header.is_typ(REQUEST_OBJECT_TYPE) {
            return Err(refused("the typ of the request object is another kind of token's"));
        }
        let allowed: Vec<Algorithm> =
            request_object::algorithms(&loaded.client).iter().filter_map(|name| name.parse().ok()).collect();
        let verified = self.verify_by_client::<Map<String, Value>>(loaded, object, &allowed).await;
        let verified = verified.map_err(|unproven| match unproven {
            Unproven::Refused(error) => unreadable(error),
            unproven => refused("the client's keys cannot be used").because(unproven.to_string()),
        })?;
        request_object::parameters(&verified.claims, &loaded.client, &context.policy, self.limits, self.now())
    }

    /// The request object at an address that the client registered (RFC 9101 §5.2).
    ///
    /// # Errors
    /// `invalid_request_uri`.
    pub(super) async fn fetch_request_object(
        &self,
        context: &TenantContext,
        loaded: &LoadedClient,
        uri: &str,
    ) -> Result<String, Fault> {
        let uri = request_object::registered(uri, &loaded.client)?;
        let fetched = match self.fetcher.get(*context.tenant.id.as_bytes(), uri, WANTED).await {
            Ok(fetched) => fetched,
            Err(Refusal::Busy) => return Err(Fault::Busy("too many fetches for this tenant")),
            Err(refusal) => {
                let mut error = Error::new(ErrorCode::InvalidRequestUri, refusal.to_string());
                error.detail = refusal.detail().map(ToString::to_string);
                return Err(error.into());
            }
        };
        let text = std::str::from_utf8(&fetched.body).map_err(|_| refused("the request object is no JWT"))?;
        Ok(text.trim().to_owned())
    }
}

fn refused(description: &str) -> Error {
    Error::new(ErrorCode::InvalidRequestObject, description)
}
