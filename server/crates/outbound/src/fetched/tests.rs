use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::{Fetched, Freshness};

fn freshness(fields: &[(&str, &str)]) -> Freshness {
    Freshness::of(&headers(fields))
}

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    };
    fields.iter().map(field).collect()
}

/// RFC 9111 §4.2.1 and §5.2.2.
#[test]
fn cache_control_gives_the_lifetime() {
    for (fields, seconds, storable) in [
        (&["max-age=60"][..], 60, true),
        (&["public, max-age=60"], 60, true),
        (&["MAX-AGE = \"60\""], 60, true),
        (&["max-age=60, s-maxage=5"], 5, true),
        (&["s-maxage=500", "max-age=60"], 500, true),
        (&["max-age=60", "max-age=30"], 30, true),
        (&["max-age=60, no-cache"], 0, true),
        (&["no-cache=\"set-cookie\", max-age=60"], 0, true),
        (&["max-age=60", "no-store"], 0, false),
        (&["private, max-age=60"], 0, false),
        (&["max-age=99999999999999999999999"], 1 << 31, true),
        (&["max-age=-1"], 0, true),
        (&["max-age=+60"], 0, true),
        (&["max-age=1.5"], 0, true),
        (&["max-age="], 0, true),
        (&["max-age"], 0, true),
        (&["x-max-age=60"], 0, true),
        (&["max-age=60", "\u{e4}"], 0, true),
        (&[""], 0, true),
        (&[], 0, true),
    ] {
        let fields: Vec<_> = fields.iter().map(|value| ("cache-control", *value)).collect();
        let freshness = freshness(&fields);
        assert_eq!((freshness.max_age.as_secs(), freshness.storable), (seconds, storable), "{fields:?}");
    }
}

/// RFC 9111 §5.3 and §4.2.3: by the server's clock, less the time spent in other caches.
#[test]
fn expires_counts_from_date_and_age_is_taken_off() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let expires = ("expires", "Sun, 06 Nov 1994 08:50:37 GMT");
    for (fields, seconds) in [
        (&[date, expires][..], 60),
        (&[expires], 0),
        (&[date], 0),
        (&[date, ("expires", "Sun, 06 Nov 1994 08:49:00 GMT")], 0),
        (&[date, ("expires", "0")], 0),
        (&[date, expires, expires], 0),
        (&[date, expires, ("cache-control", "max-age=5")], 5),
        (&[date, expires, ("age", "20")], 40),
        (&[("cache-control", "max-age=60"), ("age", "61")], 0),
        (&[("cache-control", "max-age=60"), ("age", "soon")], 60),
        (&[("cache-control", "max-age=60"), ("vary", "accept, *")], 0),
        (&[("cache-control", "max-age=60"), ("vary", "accept")], 60),
    ] {
        assert_eq!(freshness(fields).max_age, Duration::from_secs(seconds), "{fields:?}");
    }
}

#[test]
fn validator_and_media_type_are_given_as_they_were_sent() {
    let fields = headers(&[("etag", "W/\"a\""), ("content-type", "application/json; charset=UTF-8")]);
    let fetched = Fetched::new(&fields, "{}".into());
    assert_eq!(fetched.freshness.etag.as_deref(), Some("W/\"a\""));
    assert_eq!(fetched.content_type.as_deref(), Some("application/json; charset=UTF-8"));

    // Two types are a contradiction, and none of them is true.
    let mut fields = fields;
    fields.append(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    assert_eq!(Fetched::new(&fields, "{}".into()).content_type, None);
}
