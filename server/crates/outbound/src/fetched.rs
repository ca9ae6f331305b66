use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderName, VARY};

/// What a server answered with status 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub body: Bytes,
    /// The media type as it was sent, with its parameters.
    pub content_type: Option<String>,
    pub freshness: Freshness,
}

/// For how long the answer may be used again, as its server says (RFC 9111 §4.2). Nothing is clamped here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// What is left of the answer's life; 0 where the server says nothing about it.
    pub max_age: Duration,
    /// False for `no-store` and `private`: a server is a shared cache (RFC 9111 §3).
    pub storable: bool,
    /// The validator, as it was sent.
    pub etag: Option<String>,
}

/// What the fields of `Cache-Control` say; of a directive that comes twice, the shortest time (RFC 9111
/// §4.2.1).
#[derive(Default)]
struct Directives {
    no_store: bool,
    no_cache: bool,
    max_age: Option<u64>,
    s_maxage: Option<u64>,
}

impl Fetched {
    pub(crate) fn new(headers: &HeaderMap, body: Bytes) -> Self {
        let content_type = text(headers, &CONTENT_TYPE).map(str::to_owned);
        Self { body, content_type, freshness: Freshness::of(headers) }
    }
}

impl Freshness {
    fn of(headers: &HeaderMap) -> Self {
        let directives = Directives::of(headers);
        let lifetime = directives.s_maxage.or(directives.max_age).or_else(|| expires(headers));
        let age = text(headers, &AGE).and_then(|age| age.trim().parse().ok()).unwrap_or(0);
        // RFC 9111 §4.1: an answer that varies by `*` fits no other request.
        let never_fits = headers.get_all(VARY).iter().any(|value| value.as_bytes().contains(&b'*'));
        let reusable = !(directives.no_store || directives.no_cache || never_fits);
        let seconds = if reusable { lifetime.unwrap_or(0).saturating_sub(age) } else { 0 };
        Self {
            max_age: Duration::from_secs(seconds),
            storable: !directives.no_store,
            etag: text(headers, &ETAG).map(str::to_owned),
        }
    }
}

impl Directives {
    fn of(headers: &HeaderMap) -> Self {
        let mut directives = Self::default();
        for field in headers.get_all(CACHE_CONTROL) {
            let Ok(field) = field.to_str() else {
                directives.no_cache = true;
                continue;
            };
            for directive in field.split(',') {
                directives.add(directive);
            }
        }
        directives
    }

    fn add(&mut self, directive: &str) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "private" => self.no_store = true,
            "no-cache" => self.no_cache = true,
            "max-age" => shorten(&mut self.max_age, value),
            "s-maxage" => shorten(&mut self.s_maxage, value),
            _ => {}
        }
    }
}

/// What is no number of seconds counts as stale (RFC 9111 §4.2.1), and what is too large as 2^31 (§1.2.2).
fn shorten(time: &mut Option<u64>, value: &str) {
    let digits = value.trim().trim_matches('"');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = if is_number { digits.parse().unwrap_or(u64::MAX).min(1 << 31) } else { 0 };
    *time = Some(time.map_or(seconds, |before| before.min(seconds)));
}

/// Seconds between `Date` and `Expires`, both by the server's clock.
fn expires(headers: &HeaderMap) -> Option<u64> {
    let time = |name| httpdate::parse_http_date(text(headers, name)?).ok();
    let left = time(&EXPIRES)?.duration_since(time(&DATE)?).ok()?;
    Some(left.as_secs().min(1 << 31))
}

/// A field that came once, as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests;
