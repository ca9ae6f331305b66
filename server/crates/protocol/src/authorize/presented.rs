use crate::{Error, Params, Secret, SecretKind};

/// What the `request_uri` of a pushed request is before its handle (RFC 9126 §2.2).
pub const PUSHED_REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

/// How an authorization request says what it asks for.
#[derive(Debug)]
pub enum Presented<'a> {
    /// By its parameters.
    Parameters,
    /// By a request object (RFC 9101 §5.1).
    Object(&'a str),
    /// By the address of a request object (RFC 9101 §5.2).
    ObjectAt(&'a str),
    /// By the handle of a pushed request (RFC 9126 §4).
    Pushed(Secret),
}

/// How the request says what it asks for. All but the `client_id` beside a request object or a
/// `request_uri` counts for nothing (RFC 9101 §6.3, RFC 9126 §4): whoever holds the browser could have
/// added it.
///
/// # Errors
/// `invalid_request` for more than one way at a time (RFC 9101 §5).
pub fn presented(params: &Params) -> Result<Presented<'_>, Error> {
    params.refuse_duplicate("request")?;
    params.refuse_duplicate("request_uri")?;
    match (params.get("request"), params.get("request_uri")) {
        (None, None) => Ok(Presented::Parameters),
        (Some(object), None) => Ok(Presented::Object(object)),
        (Some(_), Some(_)) => Err(Error::invalid_request("use request or request_uri, not both")),
        (None, Some(uri)) => Ok(match uri.strip_prefix(PUSHED_REQUEST_URI).map(Secret::presented) {
            Some(handle) if handle.is_of(SecretKind::RequestUri) => Presented::Pushed(handle),
            _ => Presented::ObjectAt(uri),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn one_way_at_a_time() {
        let read = |text: &str| format!("{:?}", presented(&testing::params(text)));
        assert_eq!(read("client_id=app"), "Ok(Parameters)");
        assert_eq!(read("request=a.b.c"), "Ok(Object(\"a.b.c\"))");
        assert_eq!(read("request_uri=https://a.example/r"), "Ok(ObjectAt(\"https://a.example/r\"))");
        assert_eq!(read(&format!("request_uri={PUSHED_REQUEST_URI}gru_1")), "Ok(Pushed(Secret(..)))");
        assert!(read(&format!("request_uri={PUSHED_REQUEST_URI}gac_1")).starts_with("Ok(ObjectAt"));
        for text in ["request=a&request_uri=b", "request=a&request=a", "request_uri=a&request_uri="] {
            assert!(read(text).starts_with("Err(Error { code: InvalidRequest"), "{text}");
        }
    }
}
