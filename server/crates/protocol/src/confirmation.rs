//! Sender-constrained tokens: DPoP (RFC 9449) and client certificates (RFC 8705 §3).

use crate::claims::Confirmation;
use crate::model::Client;
use crate::{Error, ErrorCode};

/// What a request proved to have, beside the client's credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Possession {
    /// Thumbprint of the key of a valid DPoP proof.
    pub dpop_key: Option<String>,
    /// Thumbprint of the certificate of the TLS connection.
    pub certificate: Option<String>,
}

impl Possession {
    /// Whether what `confirmation` names is there.
    pub fn proves(&self, confirmation: &Confirmation) -> bool {
        match confirmation {
            Confirmation::DpopKey(thumbprint) => self.dpop_key.as_ref() == Some(thumbprint),
            Confirmation::Certificate(thumbprint) => self.certificate.as_ref() == Some(thumbprint),
        }
    }
}

/// What the client's access tokens are bound to: the key of a DPoP proof, or the certificate where
/// the client registered for that.
///
/// # Errors
/// `invalid_dpop_proof` (RFC 9449 §5.2) and `invalid_request` (RFC 8705 §3.4) where the client
/// registered for one and did not bring it.
pub fn of_tokens(client: &Client, possession: &Possession) -> Result<Option<Confirmation>, Error> {
    let metadata = &client.metadata;
    if let Some(thumbprint) = &possession.dpop_key {
        return Ok(Some(Confirmation::DpopKey(thumbprint.clone())));
    }
    if metadata.dpop_bound_access_tokens {
        return Err(Error::new(
            ErrorCode::InvalidDpopProof,
            "the client is registered for DPoP: the proof is missing",
        ));
    }
    match &possession.certificate {
        _ if !metadata.tls_client_certificate_bound_access_tokens => Ok(None),
        Some(thumbprint) => Ok(Some(Confirmation::Certificate(thumbprint.clone()))),
        None => Err(Error::invalid_request(
            "the client is registered for certificate-bound access tokens: the connection has no client certificate",
        )),
    }
}

/// A public client's refresh token is used with the key or certificate that it was given for
/// (RFC 9449 §5, RFC 8705 §4).
///
/// # Errors
/// `invalid_grant`.
pub fn check(bound: Option<&Confirmation>, possession: &Possession) -> Result<(), Error> {
    match bound {
        Some(confirmation) if !possession.proves(confirmation) => Err(Error::invalid_grant(
            "the token is bound to a key or certificate that the request does not prove",
        )),
        _ => Ok(()),
    }
}

/// The authentication scheme that an access token came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenScheme {
    /// RFC 6750 §2.1.
    Bearer,
    /// RFC 9449 §7.1.
    Dpop,
}

/// A token that is bound to a DPoP key comes with the scheme `DPoP` and no other token does (RFC 9449
/// §7.2): whoever stole it must not use it by calling it a bearer token.
///
/// # Errors
/// `invalid_token`.
pub fn check_scheme(bound: Option<&Confirmation>, scheme: TokenScheme) -> Result<(), Error> {
    let description = match (bound, scheme) {
        (Some(Confirmation::DpopKey(_)), TokenScheme::Dpop) => return Ok(()),
        (Some(Confirmation::Certificate(_)) | None, TokenScheme::Bearer) => return Ok(()),
        (Some(Confirmation::DpopKey(_)), TokenScheme::Bearer) => {
            "the access token is bound to a DPoP key: use the scheme DPoP, with a proof"
        }
        (_, TokenScheme::Dpop) => "the access token is not bound to a DPoP key: use the scheme Bearer",
    };
    Err(Error::new(ErrorCode::InvalidToken, description))
}

/// A bound access token is used with the key or certificate that it was given for (RFC 9449 §7.1, RFC
/// 8705 §3).
///
/// # Errors
/// `invalid_token`.
pub fn check_sender(bound: &Confirmation, possession: &Possession) -> Result<(), Error> {
    if possession.proves(bound) {
        return Ok(());
    }
    let description = match bound {
        Confirmation::DpopKey(_) => "the access token is bound to another key than the DPoP proof's",
        Confirmation::Certificate(_) => {
            "the access token is bound to a client certificate that the connection does not have"
        }
    };
    Err(Error::new(ErrorCode::InvalidToken, description))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn possession(dpop_key: Option<&str>, certificate: Option<&str>) -> Possession {
        Possession { dpop_key: dpop_key.map(str::to_owned), certificate: certificate.map(str::to_owned) }
    }

    /// RFC 9449 §5.2, RFC 8705 §3.4: no downgrade to bearer tokens.
    #[test]
    fn a_client_that_registered_for_bound_tokens_gets_no_others() {
        let key = || Some(Confirmation::DpopKey("k".to_owned()));
        let certificate = || Some(Confirmation::Certificate("c".to_owned()));
        for (dpop, tls, possession, expected) in [
            (false, false, possession(None, None), Ok(None)),
            (false, false, possession(None, Some("c")), Ok(None)),
            (false, false, possession(Some("k"), None), Ok(key())),
            (true, false, possession(Some("k"), None), Ok(key())),
            (true, false, possession(None, Some("c")), Err(ErrorCode::InvalidDpopProof)),
            (false, true, possession(None, Some("c")), Ok(certificate())),
            (false, true, possession(None, None), Err(ErrorCode::InvalidRequest)),
        ] {
            let mut client = testing::client();
            client.metadata.dpop_bound_access_tokens = dpop;
            client.metadata.tls_client_certificate_bound_access_tokens = tls;
            assert_eq!(of_tokens(&client, &possession).map_err(|error| error.code), expected);
        }
    }

    /// RFC 9449 §7.2, RFC 8705 §3.
    #[test]
    fn a_bound_token_is_no_bearer_token() {
        let key = Confirmation::DpopKey("k".to_owned());
        let certificate = Confirmation::Certificate("c".to_owned());
        for (bound, scheme, taken) in [
            (None, TokenScheme::Bearer, true),
            (None, TokenScheme::Dpop, false),
            (Some(&key), TokenScheme::Bearer, false),
            (Some(&key), TokenScheme::Dpop, true),
            (Some(&certificate), TokenScheme::Bearer, true),
            (Some(&certificate), TokenScheme::Dpop, false),
        ] {
            let checked = check_scheme(bound, scheme).map_err(|error| error.code);
            assert_eq!(checked, if taken { Ok(()) } else { Err(ErrorCode::InvalidToken) });
        }
        assert!(check_sender(&certificate, &possession(None, Some("c"))).is_ok());
        assert!(check_sender(&key, &possession(Some("k"), None)).is_ok());
        for wrong in [possession(None, None), possession(Some("c"), Some("k"))] {
            for bound in [&key, &certificate] {
                assert_eq!(check_sender(bound, &wrong).unwrap_err().code, ErrorCode::InvalidToken);
            }
        }
    }

    #[test]
    fn only_what_a_token_is_bound_to_proves_it() {
        let key = Confirmation::DpopKey("k".to_owned());
        assert!(check(None, &possession(None, None)).is_ok());
        assert!(check(Some(&key), &possession(Some("k"), None)).is_ok());
        for wrong in [possession(None, None), possession(Some("x"), None), possession(None, Some("k"))] {
            assert_eq!(check(Some(&key), &wrong).unwrap_err().code, ErrorCode::InvalidGrant);
        }
    }
}
