//! How people sign in, as the admin API tells it, and back.

use grantor_api as api;
use grantor_protocol::model::{
    PasskeyUse, SecondFactorDemand, SignInIdentifier, SignInPolicy, UserVerification,
};

use super::FieldFault;
use super::document::twins;

/// For how long a browser can stand for a second factor, in days.
const MOST_REMEMBERED_DAYS: u32 = 365;

pub(super) fn check(policy: &api::SignInPolicy, faults: &mut Vec<FieldFault>) {
    if policy.remember_browser_days > MOST_REMEMBERED_DAYS {
        let detail = format!("must be {MOST_REMEMBERED_DAYS} days at most");
        faults.push(FieldFault::new("/settings/sign_in/remember_browser_days", detail));
    }
}

pub(super) fn document(policy: &SignInPolicy) -> api::SignInPolicy {
    let SignInPolicy {
        identifier,
        passkeys,
        user_verification,
        second_factor,
        remember_browser_days,
        change_username,
        account_deletion,
        password_reset,
        magic_link,
        new_sign_in_notice,
    } = policy;
    api::SignInPolicy {
        identifier: identifier_document(*identifier),
        passkeys: passkeys_document(*passkeys),
        user_verification: user_verification_document(*user_verification),
        second_factor: second_factor_document(*second_factor),
        remember_browser_days: *remember_browser_days,
        change_username: *change_username,
        account_deletion: *account_deletion,
        password_reset: *password_reset,
        magic_link: *magic_link,
        new_sign_in_notice: *new_sign_in_notice,
    }
}

pub(super) fn model(policy: &api::SignInPolicy) -> SignInPolicy {
    let api::SignInPolicy {
        identifier,
        passkeys,
        user_verification,
        second_factor,
        remember_browser_days,
        change_username,
        account_deletion,
        password_reset,
        magic_link,
        new_sign_in_notice,
    } = policy;
    SignInPolicy {
        identifier: identifier_model(*identifier),
        passkeys: passkeys_model(*passkeys),
        user_verification: user_verification_model(*user_verification),
        second_factor: second_factor_model(*second_factor),
        remember_browser_days: *remember_browser_days,
        change_username: *change_username,
        account_deletion: *account_deletion,
        password_reset: *password_reset,
        magic_link: *magic_link,
        new_sign_in_notice: *new_sign_in_notice,
    }
}

twins!(identifier_model, identifier_document, SignInIdentifier { UsernameOrEmail, Username, Email });
twins!(passkeys_model, passkeys_document, PasskeyUse { Off, SecondFactor, Passwordless });
twins!(user_verification_model, user_verification_document, UserVerification { Preferred, Required });
twins!(
    second_factor_model,
    second_factor_document,
    SecondFactorDemand { Off, Optional, RequiredForAdministrators, Required }
);
