//! The UserInfo endpoint (OpenID Connect Core §5.3).

use serde_json::{Map, Value};

use crate::claims::AccessTokenClaims;
use crate::model::{User, UserStatus};
use crate::{Error, ErrorCode, Scope, Timestamp};

/// Checks the claims of an access token of ours whose signature is proven.
///
/// # Errors
/// `invalid_token` or `insufficient_scope` (RFC 6750 §3.1).
pub fn check(claims: &AccessTokenClaims, revoked: bool, issuer: &str, now: Timestamp) -> Result<(), Error> {
    let invalid = |detail: &str| {
        Err(Error::new(
            ErrorCode::InvalidToken,
            "the access token is expired, revoked or not for this endpoint",
        )
        .because(detail))
    };
    if claims.exp <= now.unix_seconds() {
        return invalid("expired");
    }
    if revoked {
        return invalid("revoked");
    }
    if !claims.aud.contains(issuer) {
        return invalid("aud is not the issuer");
    }
    if !claims.scope.contains("openid") {
        return Err(Error::new(ErrorCode::InsufficientScope, "the access token lacks the scope openid"));
    }
    Ok(())
}

/// The claims about `user` that the token's scope opens (OpenID Connect Core §5.4).
///
/// # Errors
/// `invalid_token` for a user who is locked or gone.
pub fn claims(token: &AccessTokenClaims, user: Option<&User>) -> Result<Map<String, Value>, Error> {
    let user = user.filter(|user| user.status == UserStatus::Active).ok_or_else(|| {
        Error::new(ErrorCode::InvalidToken, "the user of the access token cannot sign in any more")
    })?;
    let mut claims = of_scope(&token.scope, user);
    claims.insert("sub".to_owned(), user.id.to_string().into());
    Ok(claims)
}

/// The claims beside `sub` that a scope opens (OpenID Connect Core §5.4).
pub(crate) fn of_scope(scope: &Scope, user: &User) -> Map<String, Value> {
    let mut claims = Map::new();
    if scope.contains("profile") {
        if let Ok(Value::Object(profile)) = serde_json::to_value(&user.profile) {
            claims = profile;
        }
        claims.insert("preferred_username".to_owned(), user.username.clone().into());
        claims.insert("updated_at".to_owned(), user.updated_at.unix_seconds().into());
    }
    if let Some(email) = user.email.as_ref().filter(|_| scope.contains("email")) {
        claims.insert("email".to_owned(), email.clone().into());
        claims.insert("email_verified".to_owned(), user.email_verified.into());
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, ISSUER, NOW};

    /// RFC 6750 §3.1.
    #[test]
    fn takes_only_a_live_token_for_this_issuer() {
        let token = testing::access_token_claims();
        assert_eq!(check(&token, false, ISSUER, NOW), Ok(()));
        let code = |result: Result<(), Error>| result.unwrap_err().code;
        assert_eq!(code(check(&token, true, ISSUER, NOW)), ErrorCode::InvalidToken);
        let expiry = Timestamp::from_unix_seconds(token.exp);
        assert_eq!(code(check(&token, false, ISSUER, expiry)), ErrorCode::InvalidToken);
        assert_eq!(code(check(&token, false, "https://other.example", NOW)), ErrorCode::InvalidToken);
        let no_openid = AccessTokenClaims { scope: Scope::parse("profile").unwrap(), ..token };
        assert_eq!(code(check(&no_openid, false, ISSUER, NOW)), ErrorCode::InsufficientScope);
    }

    /// OpenID Connect Core §5.4.
    #[test]
    fn a_scope_opens_its_claims() {
        let user = testing::user();
        for (scope, names) in [
            ("openid", vec!["sub"]),
            ("openid email", vec!["email", "email_verified", "sub"]),
            ("openid profile", vec!["name", "preferred_username", "sub", "updated_at"]),
        ] {
            let token =
                AccessTokenClaims { scope: Scope::parse(scope).unwrap(), ..testing::access_token_claims() };
            let claims = claims(&token, Some(&user)).unwrap();
            let mut held: Vec<_> = claims.keys().map(String::as_str).collect();
            held.sort_unstable();
            assert_eq!(held, names, "{scope}");
        }
        let locked = User { status: UserStatus::Locked, ..user };
        assert!(claims(&testing::access_token_claims(), Some(&locked)).is_err());
    }
}
