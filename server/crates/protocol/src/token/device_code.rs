//! The device authorization grant (RFC 8628 §3.4, §3.5).

use super::issue::{for_grant, refresh_token};
use super::{Issuance, TokenRequest};
use crate::model::{
    Actor, AuditEvent, AuditKind, DeviceAuthorization, DeviceMove, DeviceState, Grant, RevocationReason,
};
use crate::{Decision, Effect, Error, ErrorCode, Id, Lifetime, Params, Secret, Timestamp, resource};

/// What an interval grows by with every poll that comes too soon (RFC 8628 §3.5), in seconds.
const SLOWER_BY: u32 = 5;

/// Networks do not keep pace to the millisecond: a poll that is this much early is in time.
const LEEWAY_MICROSECONDS: i64 = 500_000;

/// The device code of a token request.
///
/// # Errors
/// `invalid_request` where it is missing.
pub fn presented(params: &Params) -> Result<Secret, Error> {
    params.require("device_code").map(Secret::presented)
}

/// Answers a poll: tokens, once, if the device was let in, and otherwise why there are none.
///
/// `polled_at` is the last poll as far as this node remembers it. A poll that has nothing to tell
/// writes nothing; only one that comes too soon is written down, with the longer interval.
pub fn decide(
    request: TokenRequest<'_>,
    loaded: Option<&(DeviceAuthorization, Option<Grant>)>,
    polled_at: Option<Timestamp>,
) -> Decision<Issuance> {
    let refuse = |code, description: &str| Decision::only(Err(Error::new(code, description)));
    let of_client =
        |(device, _): &&(DeviceAuthorization, Option<Grant>)| device.client_id == request.client.client_id;
    let Some((device, grant)) = loaded.filter(of_client) else {
        return Decision::only(Err(Error::invalid_grant(UNUSABLE).because("unknown, or another client's")));
    };
    match device.state {
        DeviceState::Redeemed => replayed(request, grant.as_ref()),
        DeviceState::Denied => refuse(ErrorCode::AccessDenied, "the device was not let in"),
        _ if device.expires_at <= request.now => {
            refuse(ErrorCode::ExpiredToken, "the device code has expired: ask for another one")
        }
        DeviceState::Pending | DeviceState::AwaitingAdministrator => paced(request, device, polled_at),
        DeviceState::Approved => match redeem(request, device, grant.as_ref()) {
            Ok((effects, issuance)) => Decision { effects, outcome: Ok(issuance) },
            Err(error) => Decision::only(Err(error)),
        },
    }
}

const UNUSABLE: &str = "the device code is unknown, used or another client's";

/// RFC 8628 §3.5.
fn paced(
    request: TokenRequest<'_>,
    device: &DeviceAuthorization,
    polled_at: Option<Timestamp>,
) -> Decision<Issuance> {
    let now = request.now;
    let last = polled_at.max(device.polled_at);
    let in_time = |last: Timestamp| {
        let due = last + device.poll_interval;
        now.unix_microseconds() >= due.unix_microseconds().saturating_sub(LEEWAY_MICROSECONDS)
    };
    if last.is_none_or(in_time) {
        let description = "nobody has let the device in yet";
        return Decision::only(Err(Error::new(ErrorCode::AuthorizationPending, description)));
    }
    let from = device.poll_interval;
    let to = Lifetime::from_seconds(from.seconds().saturating_add(SLOWER_BY));
    let description = format!("polled too soon: wait {} seconds from now on", to.seconds());
    Decision {
        effects: vec![Effect::SlowDownDevice { device: device.id, from, to, polled_at: now }],
        outcome: Err(Error::new(ErrorCode::SlowDown, description)),
    }
}

fn redeem(
    request: TokenRequest<'_>,
    device: &DeviceAuthorization,
    grant: Option<&Grant>,
) -> Result<(Vec<Effect>, Issuance), Error> {
    let grant = grant
        .filter(|grant| grant.revoked_at.is_none())
        .ok_or_else(|| Error::invalid_grant(UNUSABLE).because("the grant is revoked"))?;
    let resources = resource::narrowed(request.params, &grant.resources)?;
    let mut issuance = for_grant(request, grant, (grant.scope.clone(), resources))?;
    let redeemed = DeviceMove {
        id: device.id,
        from: DeviceState::Approved,
        to: DeviceState::Redeemed,
        user_id: device.user_id,
        approval: device.approval.clone(),
        at: request.now,
    };
    let mut effects = vec![Effect::TouchGrant { grant: grant.id }, Effect::MoveDevice(Box::new(redeemed))];
    if let Some((secret, effect)) = refresh_token(request, grant, issuance.access_token.cnf.as_ref()) {
        effects.push(effect);
        issuance.refresh_token = Some(secret);
    }
    Ok((effects, issuance))
}

/// RFC 9700 §4.5 for this code: of two that redeem it one has stolen it, or the first never got its
/// answer; nobody loses what they could use.
fn replayed(request: TokenRequest<'_>, grant: Option<&Grant>) -> Decision<Issuance> {
    let error = Error::invalid_grant(UNUSABLE).because("used before: the grant is revoked");
    let Some(grant) = grant.filter(|grant| grant.revoked_at.is_none()) else {
        return Decision::only(Err(error));
    };
    let event = AuditEvent {
        id: Id::generate(request.now, request.entropy),
        at: request.now,
        kind: AuditKind::DeviceCodeReplayed,
        actor: Actor::Client { client_id: request.client.client_id.clone() },
        target: grant.id.to_string(),
        origin: None,
        detail: serde_json::Value::Null,
    };
    let reason = RevocationReason::DeviceCodeReplayed;
    let effects = vec![
        Effect::RevokeGrant { grant: grant.id, reason, at: request.now },
        Effect::RecordAudit(Box::new(event)),
    ];
    Decision { effects, outcome: Err(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Client, ClientId, GrantType};
    use crate::testing::{self, NOW};

    fn loaded(state: DeviceState) -> (DeviceAuthorization, Option<Grant>) {
        let grant = matches!(state, DeviceState::Approved | DeviceState::Redeemed).then(testing::grant);
        (DeviceAuthorization { state, ..testing::device() }, grant)
    }

    fn poll(
        loaded: &(DeviceAuthorization, Option<Grant>),
        polled_at: Option<Timestamp>,
        client: &Client,
    ) -> Decision<Issuance> {
        testing::token_request("device_code=gdc_1", client, |request| {
            decide(request, Some(loaded), polled_at)
        })
    }

    fn code(decision: &Decision<Issuance>) -> &'static str {
        decision.outcome.as_ref().map_or_else(|error| error.code.as_str(), |_| "tokens")
    }

    /// RFC 8628 §3.5: an answer for every state, before and after the code has expired.
    #[test]
    fn an_answer_for_every_state() {
        for (state, answer, when_expired) in [
            (DeviceState::Pending, "authorization_pending", "expired_token"),
            (DeviceState::AwaitingAdministrator, "authorization_pending", "expired_token"),
            (DeviceState::Approved, "tokens", "expired_token"),
            (DeviceState::Denied, "access_denied", "access_denied"),
            (DeviceState::Redeemed, "invalid_grant", "invalid_grant"),
        ] {
            let mut loaded = loaded(state);
            assert_eq!(code(&poll(&loaded, None, &testing::client())), answer, "{state:?}");
            loaded.0.expires_at = NOW;
            assert_eq!(code(&poll(&loaded, None, &testing::client())), when_expired, "{state:?} expired");
        }
    }

    /// RFC 8628 §3.5: what has nothing to tell writes nothing; the interval grows with every poll that
    /// comes too soon.
    #[test]
    fn slows_down_who_polls_too_fast() {
        for (interval, seconds_ago, slower) in [
            (5, None, None),
            (5, Some(5), None),
            (5, Some(60), None),
            (5, Some(4), Some(10)),
            (10, Some(9), Some(15)),
        ] {
            let mut loaded = loaded(DeviceState::Pending);
            let device = loaded.0.id;
            let from = Lifetime::from_seconds(interval);
            loaded.0.poll_interval = from;
            let last = seconds_ago.map(|seconds| NOW - Lifetime::from_seconds(seconds));
            let expected: Vec<_> = slower
                .map(|to| {
                    let to = Lifetime::from_seconds(to);
                    Effect::SlowDownDevice { device, from, to, polled_at: NOW }
                })
                .into_iter()
                .collect();
            // However the last poll is known.
            let remembered = poll(&loaded, last, &testing::client());
            loaded.0.polled_at = last;
            let written = poll(&loaded, None, &testing::client());
            for decision in [remembered, written] {
                let answer = if slower.is_some() { "slow_down" } else { "authorization_pending" };
                assert_eq!(code(&decision), answer, "{interval} {seconds_ago:?}");
                assert_eq!(decision.effects, expected);
            }
        }
    }

    #[test]
    fn a_poll_may_be_a_little_early() {
        let last = |microseconds_ago: i64| {
            Some(Timestamp::from_unix_microseconds(NOW.unix_microseconds() - microseconds_ago))
        };
        let loaded = loaded(DeviceState::Pending);
        assert_eq!(code(&poll(&loaded, last(4_500_000), &testing::client())), "authorization_pending");
        assert_eq!(code(&poll(&loaded, last(4_499_999), &testing::client())), "slow_down");
    }

    #[test]
    fn redeems_once_under_a_touched_grant() {
        let loaded = loaded(DeviceState::Approved);
        let decision = poll(&loaded, Some(NOW), &testing::client());
        let issuance = decision.outcome.unwrap();
        let grant = testing::grant();
        assert_eq!(decision.effects[0], Effect::TouchGrant { grant: grant.id });
        let Effect::MoveDevice(step) = &decision.effects[1] else { panic!("{:?}", decision.effects) };
        assert_eq!((step.from, step.to), (DeviceState::Approved, DeviceState::Redeemed));
        assert_eq!((step.id, &step.approval), (loaded.0.id, &loaded.0.approval));
        let Effect::StoreRefreshToken(refresh) = &decision.effects[2] else {
            panic!("{:?}", decision.effects)
        };
        assert_eq!(refresh.hash, issuance.refresh_token.unwrap().hash());
        assert_eq!(issuance.access_token.grant_id, Some(grant.id));
        let id_token = issuance.id_token.unwrap().claims;
        assert_eq!(id_token.auth_time, grant.authentication.authenticated_at.unix_seconds());
    }

    /// RFC 9700 §4.5.
    #[test]
    fn a_second_use_revokes_the_grant_and_says_so() {
        let decision = poll(&loaded(DeviceState::Redeemed), None, &testing::client());
        let (grant, reason) = (testing::grant().id, RevocationReason::DeviceCodeReplayed);
        assert_eq!(decision.effects[0], Effect::RevokeGrant { grant, reason, at: NOW });
        let Effect::RecordAudit(event) = &decision.effects[1] else { panic!("{:?}", decision.effects) };
        assert_eq!(event.kind, AuditKind::DeviceCodeReplayed);
    }

    /// RFC 8628 §3.4: bound to the client; whatever is wrong, nothing is written.
    #[test]
    fn refuses_without_a_trace() {
        let mut other = testing::client();
        other.client_id = ClientId::parse("other").unwrap();
        for state in DeviceState::ALL {
            let decision = poll(&loaded(state), Some(NOW), &other);
            assert_eq!(code(&decision), "invalid_grant", "{state:?}");
            assert!(decision.effects.is_empty(), "{state:?}");
        }
        let mut revoked = loaded(DeviceState::Approved);
        revoked.1 = Some(Grant { revoked_at: Some(NOW), ..testing::grant() });
        let mut gone = loaded(DeviceState::Redeemed);
        gone.1 = None;
        for loaded in [revoked, gone] {
            let decision = poll(&loaded, None, &testing::client());
            assert_eq!(code(&decision), "invalid_grant");
            assert!(decision.effects.is_empty());
        }
        let unknown = testing::token_request("device_code=x", &testing::client(), |request| {
            decide(request, None, None)
        });
        assert_eq!(code(&unknown), "invalid_grant");
    }

    #[test]
    fn no_refresh_token_for_a_client_without_that_grant_type() {
        let mut client = testing::client();
        client.metadata.grant_types = vec![GrantType::DeviceCode];
        let decision = poll(&loaded(DeviceState::Approved), None, &client);
        assert!(decision.outcome.unwrap().refresh_token.is_none());
        assert_eq!(decision.effects.len(), 2);
    }
}
