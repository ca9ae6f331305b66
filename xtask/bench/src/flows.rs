//! What the connections of each workload ask.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};

use crate::http::Answer;
use crate::load::Flow;

/// The same request again and again.
#[derive(Clone)]
pub struct Fixed(pub Arc<[u8]>);

/// Tokens that are asked about in turn.
#[derive(Clone)]
pub struct Introspections {
    pub requests: Arc<[Vec<u8>]>,
    pub next: usize,
}

/// Authorization codes that were handed out and not redeemed yet.
#[derive(Clone, Default)]
pub struct Codes(Arc<Mutex<Vec<String>>>);

/// Authorization requests of a person who is signed in: each is answered with a code at once.
#[derive(Clone)]
pub struct Authorizations {
    pub request: Arc<[u8]>,
    pub codes: Codes,
}

/// Redeems codes as long as there are any.
#[derive(Clone)]
pub struct Exchanges {
    pub form: Form,
    pub codes: Codes,
}

/// Gives back every refresh token for its successor.
#[derive(Clone)]
pub struct Refreshes {
    pub form: Form,
    pub token: String,
}

/// Starts an authorization as nobody and signs in with a password.
#[derive(Clone)]
pub struct SignIns {
    pub authorize: Arc<[u8]>,
    pub form: Form,
    pub interaction: Option<String>,
}

/// A form to post whose last value changes.
#[derive(Clone)]
pub struct Form {
    head: Arc<str>,
    body: Arc<str>,
}

impl Form {
    /// `body` ends with the name of the value that changes and an equals sign.
    pub fn new(target: &str, authority: &str, headers: &str, body: &str) -> Self {
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: {authority}\r\n\
             content-type: application/x-www-form-urlencoded\r\n{headers}content-length: "
        );
        Self { head: head.into(), body: body.into() }
    }

    pub fn write(&self, value: &str, into: &mut Vec<u8>) {
        let length = self.body.len() + value.len();
        into.extend_from_slice(self.head.as_bytes());
        // A Vec takes everything.
        let _written = write!(into, "{length}\r\n\r\n{}{value}", self.body);
    }
}

impl Codes {
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, code: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(code);
    }
}

impl Flow for Fixed {
    fn request(&mut self, into: &mut Vec<u8>) -> bool {
        into.extend_from_slice(&self.0);
        true
    }

    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool> {
        expect(answer, 200)?;
        Ok(true)
    }
}

impl Flow for Introspections {
    fn request(&mut self, into: &mut Vec<u8>) -> bool {
        self.next = (self.next + 1) % self.requests.len();
        into.extend_from_slice(&self.requests[self.next]);
        true
    }

    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool> {
        expect(answer, 200)?;
        ensure!(answer.body.starts_with(br#"{"active":true"#), "not active: {}", answer.summary());
        Ok(true)
    }
}

impl Flow for Authorizations {
    fn request(&mut self, into: &mut Vec<u8>) -> bool {
        into.extend_from_slice(&self.request);
        true
    }

    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool> {
        expect(answer, 303)?;
        let code = query_value(location(answer)?, "code").with_context(|| answer.summary())?;
        self.codes.put(code.to_owned());
        Ok(true)
    }
}

impl Flow for Exchanges {
    fn request(&mut self, into: &mut Vec<u8>) -> bool {
        let Some(code) = self.codes.take() else { return false };
        self.form.write(&code, into);
        true
    }

    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool> {
        expect(answer, 200)?;
        Ok(true)
    }
}

impl Flow for Refreshes {
    fn request(&mut self, into: &mut Vec<u8>) -> bool {
        self.form.write(&self.token, into);
        true
    }

    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool> {
        expect(answer, 200)?;
        let successor = json_text(answer.text(), "refresh_token").context("no refresh token")?;
        self.token.clear();
        self.token.push_str(successor);
        Ok(true)
    }
}

impl Flow for SignIns {
    fn request(&mut self, into: &mut Vec<u8>) -> bool {
        match &self.interaction {
            None => into.extend_from_slice(&self.authorize),
            Some(interaction) => self.form.write(interaction, into),
        }
        true
    }

    fn answer(&mut self, answer: &Answer<'_>) -> anyhow::Result<bool> {
        expect(answer, 303)?;
        let location = location(answer)?;
        self.interaction = match self.interaction {
            None => {
                Some(query_value(location, "interaction").with_context(|| location.to_owned())?.to_owned())
            }
            Some(_) => {
                query_value(location, "code").with_context(|| location.to_owned())?;
                None
            }
        };
        Ok(self.interaction.is_none())
    }
}

fn expect(answer: &Answer<'_>, status: u16) -> anyhow::Result<()> {
    ensure!(answer.status == status, "answered {}", answer.summary());
    Ok(())
}

/// Where an answer leads.
///
/// # Errors
/// An answer that leads nowhere.
pub fn location<'a>(answer: &'a Answer<'_>) -> anyhow::Result<&'a str> {
    answer.headers("location").next().with_context(|| format!("no Location: {}", answer.summary()))
}

/// The value of a query parameter that needs no decoding.
pub fn query_value<'a>(location: &'a str, name: &str) -> Option<&'a str> {
    let query = location.split_once('?')?.1;
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(found, _)| *found == name))
        .map(|(_, value)| value)
}

/// The text of a member of a JSON object, one without escapes; parsing the whole would be the larger part of
/// what the load client costs.
pub fn json_text<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = json;
    loop {
        let at = rest.find(name)?;
        let (before, after) = (&rest[..at], &rest[at + name.len()..]);
        match after.strip_prefix("\":\"") {
            Some(value) if before.ends_with('"') => return value.split_once('"').map(|(text, _)| text),
            _ => rest = after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_values() {
        assert_eq!(query_value("https://a/cb?state=1&code=gac_x&iss=y", "code"), Some("gac_x"));
        assert_eq!(query_value("https://a/cb", "code"), None);
        let json = r#"{"access_token":"a.b","scope":"refresh_token","refresh_token":"grt_1","x":1}"#;
        assert_eq!(json_text(json, "refresh_token"), Some("grt_1"));
        assert_eq!(json_text(json, "access_token"), Some("a.b"));
        assert_eq!(json_text(json, "id_token"), None);
    }

    #[test]
    fn a_form_says_its_length() {
        let form = Form::new("/token", "here", "x: y\r\n", "a=b&code=");
        let mut request = Vec::new();
        form.write("gac_1", &mut request);
        let text = String::from_utf8(request).unwrap();
        assert!(text.ends_with("x: y\r\ncontent-length: 14\r\n\r\na=b&code=gac_1"), "{text}");
    }
}
