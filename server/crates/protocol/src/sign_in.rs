//! What a sign-in still needs: one factor, two, or one that cannot be given away (NIST SP 800-63B-4 §2, RFC 9470).

use crate::Timestamp;
use crate::model::{
    Acr, Authenticators, Factor, PasskeyUse, SecondFactorDemand, Session, SignInPolicy, UserVerification,
};

/// Wrong codes of a user's, of all kinds together, after which no more are tried for a while. Whoever tries them
/// has proven a first factor.
pub const MOST_WRONG_CODES: u32 = 10;

/// Passkeys, and authenticator apps, that one user can have of each.
pub const MOST_AUTHENTICATORS: usize = 20;

/// What is known when it is decided whether somebody has proven enough.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub policy: &'a SignInPolicy,
    /// What they proved, in order.
    pub amr: &'a [String],
    pub authenticators: &'a Authenticators,
    /// Whether they have a role in the administration.
    pub is_administrator: bool,
    /// The level that the client demands.
    pub demanded: Option<Acr>,
}

/// What is still needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    Nothing,
    /// One of these, which the user has.
    Factor(Offer),
    /// The user has nothing that would do, and has to get it first.
    Authenticator(Offer),
}

/// Which factors would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    pub passkey: bool,
    pub totp: bool,
    pub recovery_code: bool,
}

impl Offer {
    pub const fn is_empty(self) -> bool {
        !self.passkey && !self.totp && !self.recovery_code
    }
}

/// What somebody who proved this much still needs for a session, or for their session to do.
pub fn needed(standing: Standing<'_>, now: Timestamp) -> Needed {
    let Standing { policy, amr, authenticators, .. } = standing;
    let (level, wanted) = (Acr::of(amr), wanted(standing, now));
    if level >= wanted {
        return Needed::Nothing;
    }
    let has = offer(policy, authenticators);
    // Whoever has a second factor proves it before they get another kind: who stole the password has not.
    let would_do = if level < Acr::MultiFactor && !(wanted == Acr::PhishingResistant && has.passkey) {
        has
    } else {
        Offer { passkey: has.passkey, ..Offer::default() }
    };
    if !would_do.is_empty() {
        return Needed::Factor(would_do);
    }
    let passkey = policy.passkeys != PasskeyUse::Off;
    Needed::Authenticator(Offer { passkey, totp: wanted < Acr::PhishingResistant, recovery_code: false })
}

/// The level to come to. A browser that was remembered stands for the second factor that the tenant wants, but
/// not for one that a client asks for.
fn wanted(standing: Standing<'_>, now: Timestamp) -> Acr {
    let Standing { policy, authenticators, .. } = standing;
    let remembered = authenticators.browser.as_ref().is_some_and(|browser| browser.is_trusted(now));
    let of_tenant = match policy.second_factor {
        _ if remembered => Acr::SingleFactor,
        SecondFactorDemand::Required => Acr::MultiFactor,
        SecondFactorDemand::RequiredForAdministrators if standing.is_administrator => Acr::MultiFactor,
        SecondFactorDemand::RequiredForAdministrators | SecondFactorDemand::Optional
            if !offer(policy, authenticators).is_empty() =>
        {
            Acr::MultiFactor
        }
        _ => Acr::SingleFactor,
    };
    of_tenant.max(standing.demanded.unwrap_or(Acr::SingleFactor))
}

/// What somebody proves before they change what they sign in with: whoever has a second factor, that too, though
/// their browser is remembered (NIST SP 800-63B-4 §4.1.2).
pub fn to_change(policy: &SignInPolicy, authenticators: &Authenticators) -> Option<Acr> {
    (!offer(policy, authenticators).is_empty()).then_some(Acr::MultiFactor)
}

/// Whether somebody may change what they sign in with: in this session they proved a short while ago all that
/// [`to_change`] demands.
pub fn may_change(
    policy: &SignInPolicy,
    authenticators: &Authenticators,
    session: &Session,
    now: Timestamp,
) -> bool {
    let demanded = to_change(policy, authenticators);
    session.is_fresh(now) && demanded.is_none_or(|demanded| Acr::of(&session.amr) >= demanded)
}

/// Whether somebody would get something new to sign in with in a session that may have been left open: they prove
/// first who they are (NIST SP 800-63B-4 §4.1.2).
pub fn is_stale(needed: Needed, session: &Session, now: Timestamp) -> bool {
    matches!(needed, Needed::Authenticator(offer) if !offer.is_empty()) && !session.is_fresh(now)
}

/// The second factors that the user has and the tenant takes. Recovery codes are for those who lost another.
fn offer(policy: &SignInPolicy, authenticators: &Authenticators) -> Offer {
    let passkey = policy.passkeys != PasskeyUse::Off && !authenticators.passkeys.is_empty();
    let totp = !authenticators.totp.is_empty();
    Offer { passkey, totp, recovery_code: (passkey || totp) && authenticators.recovery_codes_left() > 0 }
}

/// Whether this factor is one that somebody can begin to sign in with.
pub fn begins(policy: &SignInPolicy, factor: Factor) -> bool {
    match factor {
        Factor::Passkey { user_verified } => user_verified && policy.passkeys == PasskeyUse::Passwordless,
        Factor::Password | Factor::MagicLink | Factor::Upstream => true,
        Factor::Totp | Factor::RecoveryCode => false,
    }
}

/// Whether this factor can follow another.
pub fn follows(policy: &SignInPolicy, factor: Factor) -> bool {
    match factor {
        Factor::Passkey { user_verified } => {
            policy.passkeys != PasskeyUse::Off
                && (user_verified || policy.user_verification == UserVerification::Preferred)
        }
        Factor::Totp | Factor::RecoveryCode => true,
        Factor::Password | Factor::MagicLink | Factor::Upstream => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{KnownBrowser, Passkey, RecoveryCode, TotpAuthenticator, amr};
    use crate::testing::{self, NOW};
    use crate::{Id, Lifetime, Secret};

    const PASSKEY: Offer = Offer { passkey: true, totp: false, recovery_code: false };
    const TOTP: Offer = Offer { passkey: false, totp: true, recovery_code: false };
    const BOTH: Offer = Offer { passkey: true, totp: true, recovery_code: false };

    fn passkey() -> Passkey {
        Passkey {
            tenant_id: testing::TENANT,
            id: Id::from_bytes([1; 16]),
            user_id: testing::USER,
            credential_id: vec![1],
            name: "Laptop".to_owned(),
            credential: serde_json::Value::Null,
            counter: 0,
            synced: true,
            created_at: NOW,
            last_used_at: None,
        }
    }

    fn totp() -> TotpAuthenticator {
        TotpAuthenticator {
            tenant_id: testing::TENANT,
            id: Id::from_bytes([2; 16]),
            user_id: testing::USER,
            name: "Phone".to_owned(),
            sealed_secret: vec![],
            last_step: 0,
            created_at: NOW,
            last_used_at: None,
        }
    }

    fn who_has(passkeys: usize, totps: usize) -> Authenticators {
        Authenticators {
            passkeys: vec![passkey(); passkeys],
            totp: vec![totp(); totps],
            ..Authenticators::default()
        }
    }

    fn policy(second_factor: SecondFactorDemand) -> SignInPolicy {
        SignInPolicy { second_factor, ..SignInPolicy::default() }
    }

    fn after(
        policy: &SignInPolicy,
        authenticators: &Authenticators,
        factors: &[Factor],
        is_administrator: bool,
        demanded: Option<Acr>,
    ) -> Needed {
        let amr = amr(factors);
        needed(Standing { policy, amr: &amr, authenticators, is_administrator, demanded }, NOW)
    }

    #[test]
    fn what_the_tenant_wants_after_a_password() {
        use SecondFactorDemand::{Off, Optional, Required, RequiredForAdministrators};
        let (nothing, both) = (who_has(0, 0), who_has(1, 1));
        for (demand, has, is_administrator, expected) in [
            (Off, &both, true, Needed::Nothing),
            (Optional, &nothing, true, Needed::Nothing),
            (Optional, &both, false, Needed::Factor(BOTH)),
            (RequiredForAdministrators, &nothing, false, Needed::Nothing),
            (RequiredForAdministrators, &both, false, Needed::Factor(BOTH)),
            (RequiredForAdministrators, &nothing, true, Needed::Authenticator(BOTH)),
            (Required, &nothing, false, Needed::Authenticator(BOTH)),
            (Required, &both, false, Needed::Factor(BOTH)),
        ] {
            let found = after(&policy(demand), has, &[Factor::Password], is_administrator, None);
            assert_eq!(found, expected, "{demand:?} {is_administrator}");
        }
        for factor in [Factor::MagicLink, Factor::Upstream] {
            assert_eq!(
                after(&policy(Required), &both, &[factor], false, None),
                Needed::Factor(BOTH),
                "{factor:?} is one factor"
            );
        }
    }

    #[test]
    fn two_factors_are_enough() {
        let (policy, has) = (policy(SecondFactorDemand::Required), who_has(1, 1));
        let verified = Factor::Passkey { user_verified: true };
        for factors in [
            &[verified] as &[Factor],
            &[Factor::Password, Factor::Totp],
            &[Factor::Password, Factor::RecoveryCode],
            &[Factor::Upstream, Factor::Passkey { user_verified: false }],
        ] {
            assert_eq!(after(&policy, &has, factors, true, None), Needed::Nothing, "{factors:?}");
        }
    }

    /// RFC 9470 §4. Whoever has a second factor proves it before they get one of another kind.
    #[test]
    fn what_a_client_demands() {
        let policy = policy(SecondFactorDemand::Off);
        let (password, both) = (&[Factor::Password] as &[Factor], &[Factor::Password, Factor::Totp]);
        for (has, factors, demanded, expected) in [
            (who_has(0, 0), password, Acr::SingleFactor, Needed::Nothing),
            (who_has(0, 0), password, Acr::MultiFactor, Needed::Authenticator(BOTH)),
            (who_has(0, 1), password, Acr::MultiFactor, Needed::Factor(TOTP)),
            (who_has(0, 0), password, Acr::PhishingResistant, Needed::Authenticator(PASSKEY)),
            (who_has(0, 1), password, Acr::PhishingResistant, Needed::Factor(TOTP)),
            (who_has(0, 1), both, Acr::PhishingResistant, Needed::Authenticator(PASSKEY)),
            (who_has(1, 1), password, Acr::PhishingResistant, Needed::Factor(PASSKEY)),
            (who_has(1, 1), both, Acr::PhishingResistant, Needed::Factor(PASSKEY)),
            (who_has(1, 1), both, Acr::MultiFactor, Needed::Nothing),
        ] {
            let found = after(&policy, &has, factors, false, Some(demanded));
            assert_eq!(found, expected, "{demanded:?} {factors:?} {}", has.passkeys.len());
        }
        let off = SignInPolicy { passkeys: PasskeyUse::Off, ..policy };
        let found = after(&off, &who_has(1, 0), both, false, Some(Acr::PhishingResistant));
        assert_eq!(found, Needed::Authenticator(Offer::default()), "it cannot be had here");
    }

    #[test]
    fn a_remembered_browser_stands_for_what_the_tenant_wants_only() {
        let policy = policy(SecondFactorDemand::Required);
        let browser = |trusted_until| KnownBrowser {
            tenant_id: testing::TENANT,
            user_id: testing::USER,
            hash: Secret::presented("gkb_1").hash(),
            seen_at: NOW,
            trusted_until,
            expires_at: NOW + Lifetime::from_seconds(60),
        };
        let found = |trusted_until, demanded| {
            let has = Authenticators { browser: Some(browser(trusted_until)), ..who_has(0, 1) };
            after(&policy, &has, &[Factor::Password], true, demanded)
        };
        let later = NOW + Lifetime::from_seconds(1);
        assert_eq!(found(Some(later), None), Needed::Nothing);
        assert_eq!(found(Some(NOW), None), Needed::Factor(TOTP), "not any more");
        assert_eq!(found(None, None), Needed::Factor(TOTP), "only seen before");
        assert_eq!(found(Some(later), Some(Acr::MultiFactor)), Needed::Factor(TOTP));
    }

    #[test]
    fn recovery_codes_are_for_those_who_lost_another_factor() {
        let code = |used_at| RecoveryCode { hash: Secret::presented("a").hash(), created_at: NOW, used_at };
        let offered = |passkeys, codes: Vec<RecoveryCode>| {
            let has = Authenticators { recovery_codes: codes, ..who_has(passkeys, 0) };
            after(&policy(SecondFactorDemand::Required), &has, &[Factor::Password], false, None)
        };
        let with_codes = Offer { recovery_code: true, ..PASSKEY };
        assert_eq!(offered(1, vec![code(Some(NOW)), code(None)]), Needed::Factor(with_codes));
        assert_eq!(offered(1, vec![code(Some(NOW))]), Needed::Factor(PASSKEY));
        assert_eq!(offered(0, vec![code(None)]), Needed::Authenticator(BOTH));
    }

    #[test]
    fn what_a_passkey_is_good_for() {
        let (verified, touched) =
            (Factor::Passkey { user_verified: true }, Factor::Passkey { user_verified: false });
        let policy = |passkeys, user_verification| SignInPolicy {
            passkeys,
            user_verification,
            ..SignInPolicy::default()
        };
        for (passkeys, verification, expected) in [
            (PasskeyUse::Passwordless, UserVerification::Preferred, [true, false, true, true]),
            (PasskeyUse::Passwordless, UserVerification::Required, [true, false, true, false]),
            (PasskeyUse::SecondFactor, UserVerification::Preferred, [false, false, true, true]),
            (PasskeyUse::Off, UserVerification::Preferred, [false; 4]),
        ] {
            let policy = policy(passkeys, verification);
            let found = [
                begins(&policy, verified),
                begins(&policy, touched),
                follows(&policy, verified),
                follows(&policy, touched),
            ];
            assert_eq!(found, expected, "{passkeys:?} {verification:?}");
        }
        let any = SignInPolicy::default();
        assert!(begins(&any, Factor::Password) && !begins(&any, Factor::Totp));
        assert!(follows(&any, Factor::RecoveryCode) && !follows(&any, Factor::Upstream));
    }

    /// NIST SP 800-63B-4 §4.1.2: with all that they have, and a short while ago.
    #[test]
    fn changing_what_one_signs_in_with() {
        let policy = SignInPolicy::default();
        let none = Authenticators::default();
        let with_app = Authenticators { totp: vec![totp()], ..Authenticators::default() };
        for (held, amr, minutes, may) in [
            (&none, "pwd", 9, true),
            (&none, "pwd", 10, false),
            (&with_app, "pwd", 1, false),
            (&with_app, "pwd otp mfa", 1, true),
            (&with_app, "pwd otp mfa", 10, false),
        ] {
            let amr = amr.split(' ').map(str::to_owned).collect();
            let session = Session { amr, authenticated_at: NOW, ..testing::session() };
            let now = NOW + Lifetime::from_seconds(minutes * 60);
            assert_eq!(may_change(&policy, held, &session, now), may, "{session:?} {minutes}");
            let old = minutes == 10;
            assert_eq!(is_stale(Needed::Authenticator(TOTP), &session, now), old);
            assert!(
                !is_stale(Needed::Authenticator(Offer::default()), &session, now),
                "there is nothing to get"
            );
            assert!(!is_stale(Needed::Factor(TOTP), &session, now), "they prove it");
        }
    }
}
