//! The values of a client's members, in words.

use grantor_api::{ClientOrigin, RevocationReason};
use serde::Serialize;
use serde_json::Value;

/// A value, what it is called, and what there is to say about it.
pub type Choice = (&'static str, &'static str, &'static str);

/// Response types: what they are for.
pub const RESPONSE_TYPES: [Choice; 7] = [
    ("code", "code", "An authorization code, which the client redeems itself."),
    ("id_token", "id_token", "Who signed in, and no access token."),
    ("token", "token", "An access token in the address, which others can read there."),
    ("id_token token", "id_token token", "Both of these."),
    ("code id_token", "code id_token", "A code, and who signed in."),
    ("code token", "code token", "A code and an access token."),
    ("code id_token token", "code id_token token", "All three."),
];

pub const GRANT_TYPES: [Choice; 6] = [
    (
        "authorization_code",
        "Authorization code",
        "People sign in with their browser and come back by redirect.",
    ),
    ("refresh_token", "Refresh token", "The client stays signed in without asking again."),
    ("client_credentials", "Client credentials", "The client has tokens for itself, without a person."),
    (
        "urn:ietf:params:oauth:grant-type:device_code",
        "Device code",
        "People approve it on another device with a code (RFC 8628).",
    ),
    (
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "Token exchange",
        "The client turns tokens of others into tokens for itself (RFC 8693).",
    ),
    ("implicit", "Implicit", "Tokens in the address of the redirect. Only with the profile oidc-legacy."),
];

pub const AUTHENTICATION: [Choice; 7] = [
    ("none", "Public client", "It cannot keep a secret and proves nothing; PKCE protects its codes."),
    ("client_secret_basic", "Secret in a header", "HTTP Basic, what most libraries do."),
    ("client_secret_post", "Secret in the body", ""),
    ("client_secret_jwt", "Signed with the secret", "A JWT with HS256; the secret itself is not sent."),
    ("private_key_jwt", "Signed with its own key", "A JWT that is verified with the client's public keys."),
    ("tls_client_auth", "Certificate of an authority", "TLS with a certificate (RFC 8705 \u{a7}2.1)."),
    ("self_signed_tls_client_auth", "Certificate of its own", "TLS with a certificate (RFC 8705 \u{a7}2.2)."),
];

/// What a value is called; the value itself where it has no name.
#[must_use]
pub fn name_of(choices: &[Choice], value: &str) -> String {
    choices.iter().find(|(held, ..)| *held == value).map_or(value, |(_, name, _)| name).to_owned()
}

/// How a value of an enumeration is written in documents.
#[must_use]
pub fn written(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

#[must_use]
pub const fn origin(origin: ClientOrigin) -> &'static str {
    match origin {
        ClientOrigin::Administrator => "Administrator",
        ClientOrigin::BuiltIn => "Built in",
        ClientOrigin::Registration => "Registered itself",
        ClientOrigin::MetadataDocument => "Metadata document",
    }
}

/// Why a grant ended.
#[must_use]
pub const fn revocation(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::AuthorizationCodeReplayed => "its code came a second time",
        RevocationReason::DeviceCodeReplayed => "its device code came a second time",
        RevocationReason::RefreshTokenReplayed => "a used refresh token came again",
        RevocationReason::RevokedByClient => "by the client",
        RevocationReason::RevokedByUser => "by the user",
        RevocationReason::RevokedByAdministrator => "by an administrator",
        RevocationReason::SignedOut => "the user signed out",
    }
}

/// The name for people, or the identifier where there is none.
#[must_use]
pub fn title(client_name: &str, client_id: &str) -> String {
    if client_name.trim().is_empty() { client_id } else { client_name }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor_api::{AuthenticationMethod, GrantType, ResponseType};

    #[test]
    fn every_choice_is_a_value_of_the_admin_api() {
        for (value, ..) in GRANT_TYPES {
            let read: GrantType = serde_json::from_value(value.into()).unwrap();
            assert_eq!(written(read), value);
        }
        for (value, ..) in RESPONSE_TYPES {
            let read: ResponseType = serde_json::from_value(value.into()).unwrap();
            assert_eq!(written(read), value);
        }
        for (value, ..) in AUTHENTICATION {
            let read: AuthenticationMethod = serde_json::from_value(value.into()).unwrap();
            assert_eq!(written(read), value);
        }
    }

    #[test]
    fn what_has_no_name_is_called_as_it_is_written() {
        assert_eq!(name_of(&GRANT_TYPES, "refresh_token"), "Refresh token");
        assert_eq!(name_of(&GRANT_TYPES, "password"), "password");
        assert_eq!((title("  ", "c1"), title("Shop", "c1")), ("c1".to_owned(), "Shop".to_owned()));
    }
}
