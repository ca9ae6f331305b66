use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, HeaderMap, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

use crate::Wanted;
use crate::fetched::text;

/// What is sent to an address that a stranger chose.
#[derive(Clone, Debug)]
pub struct Post {
    pub content_type: &'static str,
    /// Beside those that every request has.
    pub headers: Vec<(&'static str, HeaderValue)>,
    pub body: Bytes,
    /// For all of it, from the resolution of the name to the head of the answer; at most
    /// [`LONGEST_TIMEOUT`](crate::LONGEST_TIMEOUT).
    pub timeout: Duration,
}

/// What is asked of a server with credentials of ours, and what is wanted of its answer. No two share an answer.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The body of a POST, `application/x-www-form-urlencoded`; without one it is a GET.
    pub form: Option<Bytes>,
    /// The value of `Authorization`.
    pub authorization: Option<HeaderValue>,
    pub wanted: Wanted,
}

/// What a server answered to an [`Ask`], whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// The media type as it was sent, with its parameters.
    pub content_type: Option<String>,
    pub body: Bytes,
}

/// What a server answered to a [`Post`]. Its body is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    /// How long the server wants to be left alone (RFC 9110 §10.2.3); a time counts from the answer's own `Date`.
    pub retry_after: Option<Duration>,
}

impl Answered {
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap) -> Self {
        Self { status: status.as_u16(), retry_after: retry_after(headers) }
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, &RETRY_AFTER)?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let time = |text| httpdate::parse_http_date(text).ok();
    time(value)?.duration_since(time(text(headers, &DATE)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_time() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (value, date, seconds) in [
            ("120", None, Some(120)),
            (" 0 ", None, Some(0)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(date), Some(60)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", None, None),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(date), None),
            ("-1", None, None),
            ("soon", Some(date), None),
            ("", None, None),
        ] {
            let mut headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs), "{value:?}");
        }
        let twice = [(RETRY_AFTER, "1"), (RETRY_AFTER, "2")];
        let mut headers = HeaderMap::new();
        for (name, value) in twice {
            headers.append(name, HeaderValue::from_static(value));
        }
        assert_eq!(retry_after(&headers), None);
    }
}
