//! What metadata names that rules alone cannot judge: keys, and what is elsewhere.

use std::time::Duration;

use grantor_outbound::Wanted;
use grantor_protocol::model::ClientMetadata;
use grantor_protocol::{Error, ErrorCode};

use crate::app::client_keys::check_jwks;
use crate::app::{App, TenantContext};

/// OpenID Connect Dynamic Client Registration §5: a list of redirect URIs.
const SECTOR: Wanted =
    Wanted { accept: "application/json", max_bytes: 64 * 1024, timeout: Duration::from_secs(5) };

impl App {
    /// Checks the client's keys and what it says is elsewhere.
    ///
    /// # Errors
    /// `invalid_client_metadata`, naming the member and the reason.
    pub(in crate::app) async fn check_named_elsewhere(
        &self,
        context: &TenantContext,
        metadata: &ClientMetadata,
    ) -> Result<(), Error> {
        if let Some(jwks) = &metadata.jwks {
            check_jwks(jwks).map_err(|detail| invalid("jwks", &detail))?;
        }
        if let Some(uri) = &metadata.jwks_uri {
            self.fetcher.check(uri).map_err(|refusal| invalid("jwks_uri", &refusal.to_string()))?;
        }
        match &metadata.sector_identifier_uri {
            Some(uri) => self.check_sector(context, uri, &metadata.redirect_uris).await,
            None => Ok(()),
        }
    }

    async fn check_sector(
        &self,
        context: &TenantContext,
        uri: &str,
        redirect_uris: &[String],
    ) -> Result<(), Error> {
        const FIELD: &str = "sector_identifier_uri";
        let fetched = self.fetcher.get(*context.tenant.id.as_bytes(), uri, SECTOR).await;
        let fetched = fetched.map_err(|refusal| {
            invalid(FIELD, &refusal.to_string()).because(refusal.detail().unwrap_or_default())
        })?;
        let listed: Vec<String> = serde_json::from_slice(&fetched.body)
            .map_err(|_| invalid(FIELD, "the document there is not a JSON array of strings"))?;
        match redirect_uris.iter().find(|uri| !listed.contains(uri)) {
            None => Ok(()),
            Some(missing) => Err(invalid(FIELD, &format!("the document there does not list {missing}"))),
        }
    }
}

fn invalid(field: &str, detail: &str) -> Error {
    Error::new(ErrorCode::InvalidClientMetadata, format!("{field}: {detail}"))
}
