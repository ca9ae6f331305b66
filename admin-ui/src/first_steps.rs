//! What the first steps of a new installation need: names for addresses, tokens to look into, commands to try.

use serde_json::Value;

use crate::snippets::shell;

/// Bytes of base64url text without padding (RFC 4648 §5).
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for character in text.bytes() {
        let digit = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

/// The header and the claims of a JWT (RFC 7519 §3), unverified: for people to look at. None for an opaque token.
#[must_use]
pub fn look_into(token: &str) -> Option<(Value, Value)> {
    let mut parts = token.split('.');
    let mut part = || serde_json::from_slice(&base64url(parts.next()?)?).ok();
    Some((part()?, part()?))
}

/// The command that gets a token with the client's own credentials (RFC 6749 §4.4).
#[must_use]
pub fn curl(issuer: &str, client_id: &str, client_secret: &str) -> String {
    format!(
        "curl -u {} \\\n  -d grant_type=client_credentials \\\n  {}",
        shell(&basic(client_id, client_secret)),
        shell(&format!("{issuer}/token")),
    )
}

/// The credentials of `Authorization: Basic`, before base64: both parts are form-encoded first (RFC 6749 §2.3.1).
#[must_use]
pub fn basic(client_id: &str, client_secret: &str) -> String {
    format!("{}:{}", form_encoded(client_id), form_encoded(client_secret))
}

fn form_encoded(text: &str) -> String {
    crate::address::encode(text).replace('~', "%7E")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_are_looked_into() {
        // {"alg":"ES256"} . {"sub":"ü","exp":1}
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiLDvCIsImV4cCI6MX0.c2ln";
        let (header, claims) = look_into(token).unwrap();
        assert_eq!((header, claims), (json!({ "alg": "ES256" }), json!({ "sub": "ü", "exp": 1 })));
        for opaque in ["", "opaque", "a.b", "*.*.*"] {
            assert_eq!(look_into(opaque), None, "{opaque}");
        }
    }

    #[test]
    fn the_command_can_be_pasted() {
        assert_eq!(
            curl("https://id.example/t/acme", "app", "s-1_2"),
            "curl -u 'app:s-1_2' \\\n  -d grant_type=client_credentials \\\n  'https://id.example/t/acme/token'"
        );
        assert_eq!(basic("a:b", "c d~"), "a%3Ab:c%20d%7E");
    }
}
