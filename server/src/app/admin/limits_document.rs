//! Rate limits and quotas as the admin API tells them, and back.

use std::num::NonZeroU32;

use grantor_api as api;
use grantor_protocol::model::{Quotas, Rate, RateKind, RateLimits, RateUnit, TenantSettings};

use super::FieldFault;
use super::document::twins;

/// Most requests in a unit of time, and most at once.
const MOST: u32 = 1_000_000;

twins!(unit_model, unit_document, RateUnit { Second, Minute, Hour });

pub(super) fn rate_limits(limits: &RateLimits) -> api::RateLimits {
    let rate = |kind| {
        limits.of(kind).map(|rate| api::RateLimit {
            requests: rate.requests.get(),
            per: unit_document(rate.per),
            burst: rate.burst.get(),
        })
    };
    api::RateLimits {
        sign_in: rate(RateKind::SignIn),
        failed_sign_in: rate(RateKind::FailedSignIn),
        failed_sign_in_account: rate(RateKind::FailedSignInAccount),
        token: rate(RateKind::Token),
        registration: rate(RateKind::Registration),
        registration_address: rate(RateKind::RegistrationAddress),
        admin: rate(RateKind::Admin),
        device: rate(RateKind::Device),
        introspection: rate(RateKind::Introspection),
        authorize: rate(RateKind::Authorize),
    }
}

/// Rates of nothing were refused before.
pub(super) fn rate_limits_model(limits: &api::RateLimits) -> RateLimits {
    let rate = |limit: api::RateLimit| {
        let (requests, burst) = (NonZeroU32::new(limit.requests)?, NonZeroU32::new(limit.burst)?);
        Some(Rate { requests, per: unit_model(limit.per), burst })
    };
    let mut model = RateLimits::default();
    for kind in RateKind::ALL {
        *model.of_mut(kind) = of(limits, kind).and_then(rate);
    }
    model
}

const fn of(limits: &api::RateLimits, kind: RateKind) -> Option<api::RateLimit> {
    match kind {
        RateKind::SignIn => limits.sign_in,
        RateKind::FailedSignIn => limits.failed_sign_in,
        RateKind::FailedSignInAccount => limits.failed_sign_in_account,
        RateKind::Token => limits.token,
        RateKind::Registration => limits.registration,
        RateKind::RegistrationAddress => limits.registration_address,
        RateKind::Admin => limits.admin,
        RateKind::Device => limits.device,
        RateKind::Introspection => limits.introspection,
        RateKind::Authorize => limits.authorize,
    }
}

pub(super) const fn quotas(quotas: &Quotas) -> api::Quotas {
    let Quotas { users, clients, registrations_per_day } = *quotas;
    api::Quotas { users, clients, registrations_per_day }
}

pub(super) const fn quotas_model(quotas: &api::Quotas) -> Quotas {
    let api::Quotas { users, clients, registrations_per_day } = *quotas;
    Quotas { users, clients, registrations_per_day }
}

pub(super) fn check_rate_limits(limits: &api::RateLimits, faults: &mut Vec<FieldFault>) {
    for kind in RateKind::ALL {
        let Some(limit) = of(limits, kind) else { continue };
        for (member, number) in [("requests", limit.requests), ("burst", limit.burst)] {
            if !(1..=MOST).contains(&number) {
                let pointer = format!("/settings/rate_limits/{}/{member}", kind.as_str());
                faults.push(FieldFault::new(pointer, format!("must be 1 to {MOST}")));
            }
        }
    }
}

/// Members that a tenant's own administrators cannot change, with what they are to be changed to.
pub(super) fn of_the_platform(from: &TenantSettings, to: &TenantSettings) -> Vec<FieldFault> {
    let mut faults = vec![];
    let mut changed = |pointer: &str| {
        faults.push(FieldFault::new(pointer, "is changed by those who may create tenants"));
    };
    if from.rate_limits != to.rate_limits {
        changed("/settings/rate_limits");
    }
    if from.quotas != to.quotas {
        changed("/settings/quotas");
    }
    faults
}
