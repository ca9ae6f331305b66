//! Limits in words, and how much of a quota is used.

use grantor_api::{Count, RateLimit, RateUnit};

/// The members of `settings.rate_limits`: name, title, what counts.
pub const RATES: [(&str, &str, &str); 10] = [
    ("sign_in", "Passwords tried", "At the whole tenant. Leave it wide: strangers can use it up."),
    (
        "failed_sign_in",
        "Wrong passwords",
        "From one network (an IPv4 address, or 64 bits of IPv6). Right ones cost nothing.",
    ),
    (
        "failed_sign_in_account",
        "Wrong passwords of one account",
        "From everywhere. Browsers that its person has signed in with are counted each by itself.",
    ),
    (
        "token",
        "Token requests",
        "The token endpoint, pushed authorization requests, revocation and UserInfo.",
    ),
    ("authorize", "Pages", "The authorization endpoint and the tenant's pages."),
    ("device", "Device authorization", "The device authorization endpoint."),
    ("introspection", "Introspection", "Resource servers that ask about tokens."),
    ("registration", "Registrations", "The registration endpoints. Leave it wide: strangers can use it up."),
    (
        "registration_address",
        "Registrations from one network",
        "The same from an IPv4 address, or 64 bits of IPv6.",
    ),
    ("admin", "Admin API", "Calls of the admin API by the tenant's own users and clients."),
];

/// A rate limit in words.
#[must_use]
pub fn in_words(limit: &RateLimit) -> String {
    let unit = match limit.per {
        RateUnit::Second => "second",
        RateUnit::Minute => "minute",
        RateUnit::Hour => "hour",
    };
    format!("{} a {unit}, {} at once", limit.requests, limit.burst)
}

/// A number that may be only a lower bound.
#[must_use]
pub fn count(count: Count) -> String {
    if count.exact { count.number.to_string() } else { format!("at least {}", count.number) }
}

/// How much of a quota is used, in per cent from 0 to 100.
#[must_use]
pub fn percent(used: u64, quota: u64) -> u64 {
    used.saturating_mul(100).checked_div(quota).map_or(100, |percent| percent.min(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_told_in_words() {
        let limit = RateLimit { requests: 10, per: RateUnit::Minute, burst: 30 };
        assert_eq!(in_words(&limit), "10 a minute, 30 at once");
        assert_eq!(count(Count { number: 12, exact: true }), "12");
        assert_eq!(count(Count { number: 10_000, exact: false }), "at least 10000");
    }

    #[test]
    fn a_quota_is_never_more_than_full() {
        assert_eq!([percent(0, 10), percent(5, 10), percent(20, 10), percent(0, 0)], [0, 50, 100, 100]);
    }

    #[test]
    fn every_rate_limit_has_a_field() {
        let limit = Some(RateLimit { requests: 1, per: RateUnit::Second, burst: 1 });
        let all = grantor_api::RateLimits {
            sign_in: limit,
            failed_sign_in: limit,
            failed_sign_in_account: limit,
            token: limit,
            registration: limit,
            registration_address: limit,
            admin: limit,
            device: limit,
            introspection: limit,
            authorize: limit,
        };
        let document = serde_json::to_value(all).unwrap();
        let mut names: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
        let mut known = RATES.map(|(name, _, _)| name);
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
    }
}
