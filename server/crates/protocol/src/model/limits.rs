use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::GrantType;

/// How often something may be asked for: so many in a unit of time on average, and `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub requests: NonZeroU32,
    pub per: RateUnit,
    pub burst: NonZeroU32,
}

/// The unit of time of a [`Rate`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RateUnit {
    #[default]
    Second,
    Minute,
    Hour,
}

impl RateUnit {
    /// Its length in seconds.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }
}

/// A text that is no [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedRate;

impl fmt::Display for MalformedRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("must be a rate such as 100/second, 10/minute burst 30 or 600/hour")
    }
}

impl std::error::Error for MalformedRate {}

/// `100/second`, or `10/minute burst 30`; without a burst it is as many as the unit of time has.
impl FromStr for Rate {
    type Err = MalformedRate;

    fn from_str(text: &str) -> Result<Self, MalformedRate> {
        let (requests, rest) = text.split_once('/').ok_or(MalformedRate)?;
        let (per, burst) = match rest.split_once(" burst ") {
            Some((per, burst)) => (per, Some(burst)),
            None => (rest, None),
        };
        let number = |text: &str| text.trim().parse::<NonZeroU32>().map_err(|_| MalformedRate);
        let requests = number(requests)?;
        let per = match per.trim() {
            "second" => RateUnit::Second,
            "minute" => RateUnit::Minute,
            "hour" => RateUnit::Hour,
            _ => return Err(MalformedRate),
        };
        Ok(Self { requests, per, burst: burst.map_or(Ok(requests), number)? })
    }
}

/// What a tenant's rate limits are about. Each counts apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateKind {
    /// Passwords that are tried.
    SignIn,
    /// Wrong passwords from one network.
    FailedSignIn,
    /// Wrong passwords of one account, from everywhere.
    FailedSignInAccount,
    /// The token endpoint and what else clients call with tokens or for them.
    Token,
    /// The registration endpoints.
    Registration,
    /// The same from one network.
    RegistrationAddress,
    /// The admin API, counted by the tenant that the caller belongs to.
    Admin,
    /// The device authorization endpoint.
    Device,
    Introspection,
    /// The authorization endpoint and the pages behind it.
    Authorize,
}

impl RateKind {
    pub const ALL: [Self; 10] = [
        Self::SignIn,
        Self::FailedSignIn,
        Self::FailedSignInAccount,
        Self::Token,
        Self::Registration,
        Self::RegistrationAddress,
        Self::Admin,
        Self::Device,
        Self::Introspection,
        Self::Authorize,
    ];

    /// The name of its member in [`RateLimits`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::FailedSignIn => "failed_sign_in",
            Self::FailedSignInAccount => "failed_sign_in_account",
            Self::Token => "token",
            Self::Registration => "registration",
            Self::RegistrationAddress => "registration_address",
            Self::Admin => "admin",
            Self::Device => "device",
            Self::Introspection => "introspection",
            Self::Authorize => "authorize",
        }
    }
}

/// Rates by what they limit; `None` leaves it to whoever is asked next: the tenant's to the
/// installation's, and the installation's to no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RateLimits {
    pub sign_in: Option<Rate>,
    pub failed_sign_in: Option<Rate>,
    pub failed_sign_in_account: Option<Rate>,
    pub token: Option<Rate>,
    pub registration: Option<Rate>,
    pub registration_address: Option<Rate>,
    pub admin: Option<Rate>,
    pub device: Option<Rate>,
    pub introspection: Option<Rate>,
    pub authorize: Option<Rate>,
}

impl RateLimits {
    pub const fn of(&self, kind: RateKind) -> Option<Rate> {
        match kind {
            RateKind::SignIn => self.sign_in,
            RateKind::FailedSignIn => self.failed_sign_in,
            RateKind::FailedSignInAccount => self.failed_sign_in_account,
            RateKind::Token => self.token,
            RateKind::Registration => self.registration,
            RateKind::RegistrationAddress => self.registration_address,
            RateKind::Admin => self.admin,
            RateKind::Device => self.device,
            RateKind::Introspection => self.introspection,
            RateKind::Authorize => self.authorize,
        }
    }

    pub const fn of_mut(&mut self, kind: RateKind) -> &mut Option<Rate> {
        match kind {
            RateKind::SignIn => &mut self.sign_in,
            RateKind::FailedSignIn => &mut self.failed_sign_in,
            RateKind::FailedSignInAccount => &mut self.failed_sign_in_account,
            RateKind::Token => &mut self.token,
            RateKind::Registration => &mut self.registration,
            RateKind::RegistrationAddress => &mut self.registration_address,
            RateKind::Admin => &mut self.admin,
            RateKind::Device => &mut self.device,
            RateKind::Introspection => &mut self.introspection,
            RateKind::Authorize => &mut self.authorize,
        }
    }

    /// These, and `others` where these leave it open.
    #[must_use]
    pub fn or(mut self, others: &Self) -> Self {
        for kind in RateKind::ALL {
            let rate = self.of_mut(kind);
            *rate = rate.or(others.of(kind));
        }
        self
    }
}

/// How many a tenant may have; `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quotas {
    pub users: Option<u32>,
    /// Those that registered themselves included.
    pub clients: Option<u32>,
    /// Clients that may register themselves in a day of UTC.
    pub registrations_per_day: Option<u32>,
}

/// What is counted of a tenant, hour by hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Access tokens issued by a grant type.
    Tokens(GrantType),
    SignIns,
    FailedSignIns,
    /// Clients that registered themselves.
    Registrations,
    /// Devices that were let in.
    DevicesApproved,
    /// Requests that a rate limit refused.
    Limited,
}

const TOKENS: &str = "tokens:";

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens(grant_type) => write!(formatter, "{TOKENS}{}", grant_type.as_str()),
            Self::SignIns => formatter.write_str("sign_ins"),
            Self::FailedSignIns => formatter.write_str("failed_sign_ins"),
            Self::Registrations => formatter.write_str("registrations"),
            Self::DevicesApproved => formatter.write_str("devices_approved"),
            Self::Limited => formatter.write_str("limited"),
        }
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(grant_type) = text.strip_prefix(TOKENS) {
            return grant_type.parse().map(Self::Tokens);
        }
        [Self::SignIns, Self::FailedSignIns, Self::Registrations, Self::DevicesApproved, Self::Limited]
            .into_iter()
            .find(|metric| metric.to_string() == text)
            .ok_or_else(|| format!("{text} is nothing that is counted"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_as_operators_write_them() {
        let rate = |requests, per, burst| {
            Some(Rate { requests: NonZeroU32::new(requests)?, per, burst: NonZeroU32::new(burst)? })
        };
        for (text, expected) in [
            ("100/second", rate(100, RateUnit::Second, 100)),
            ("10/minute burst 30", rate(10, RateUnit::Minute, 30)),
            ("600/hour", rate(600, RateUnit::Hour, 600)),
            ("", None),
            ("100", None),
            ("0/second", None),
            ("-1/second", None),
            ("1/day", None),
            ("1/second burst 0", None),
            ("1/second burst", None),
            ("4294967296/second", None),
        ] {
            assert_eq!(text.parse::<Rate>().ok(), expected, "{text}");
        }
    }

    #[test]
    fn every_kind_has_a_rate_of_its_own() {
        let mut limits = RateLimits::default();
        for kind in RateKind::ALL {
            assert_eq!(limits.of(kind), None, "{kind:?}");
            *limits.of_mut(kind) = "1/second".parse().ok();
            assert!(limits.of(kind).is_some(), "{kind:?}");
        }
        let tighter = RateLimits { token: "2/second".parse().ok(), ..RateLimits::default() };
        let merged = tighter.or(&limits);
        assert_eq!((merged.token, merged.admin), (tighter.token, limits.admin));
    }

    #[test]
    fn metrics_are_read_as_they_are_written() {
        let others = [
            Metric::SignIns,
            Metric::FailedSignIns,
            Metric::Registrations,
            Metric::DevicesApproved,
            Metric::Limited,
        ];
        for metric in GrantType::ALL.map(Metric::Tokens).into_iter().chain(others) {
            assert_eq!(metric.to_string().parse(), Ok(metric));
        }
        assert!("tokens:nothing".parse::<Metric>().is_err());
    }
}
