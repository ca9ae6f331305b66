//! The installation's rate limits, for tenants that have none of their own.

use grantor_protocol::model::{Rate, RateKind, RateLimits};

use super::{ConfigError, Sources};

/// Each kind with its setting and what holds without it. What a tenant does with its own clients and
/// secrets is not limited by itself; what strangers can do is.
const SETTINGS: [(RateKind, &str, Option<&str>); RateKind::ALL.len()] = [
    // Hashing takes turns between tenants, so these only have to be finite.
    (RateKind::SignIn, "limits_sign_in", Some("1000/second burst 2000")),
    (RateKind::FailedSignIn, "limits_failed_sign_in", Some("10/minute burst 30")),
    // NIST SP 800-63B-4 §3.2.2: fewer than 100 in a row. Nobody is locked out for good.
    (RateKind::FailedSignInAccount, "limits_failed_sign_in_account", Some("20/hour burst 20")),
    (RateKind::Token, "limits_token", None),
    (RateKind::Registration, "limits_registration", Some("50/second burst 1000")),
    (RateKind::RegistrationAddress, "limits_registration_address", Some("600/hour burst 600")),
    (RateKind::Admin, "limits_admin", Some("500/second burst 5000")),
    (RateKind::Device, "limits_device", Some("200/second burst 1000")),
    (RateKind::Introspection, "limits_introspection", None),
    (RateKind::Authorize, "limits_authorize", None),
];

/// What holds where nothing is set.
pub fn default_rate_limits() -> RateLimits {
    let mut limits = RateLimits::default();
    for (kind, _, default) in SETTINGS {
        *limits.of_mut(kind) = default.and_then(|text| text.parse().ok());
    }
    limits
}

/// # Errors
/// A setting that is neither a rate nor `off`.
pub(super) fn rate_limits(sources: &Sources) -> Result<RateLimits, ConfigError> {
    let mut limits = default_rate_limits();
    for (kind, key, _) in SETTINGS {
        match sources.text(key) {
            None => {}
            Some("off") => *limits.of_mut(kind) = None,
            Some(text) => {
                let rate: Rate =
                    text.parse().map_err(|error| sources.wrong(key, &format!("{error}, or off")))?;
                *limits.of_mut(kind) = Some(rate);
            }
        }
    }
    Ok(limits)
}
