//! What a provider's claims say of somebody (OpenID Connect Core §5.1), as far as it can be taken.

use serde_json::{Map, Value};

use crate::model::{ClaimMapping, UserProfile};
use crate::registration::{check_name, check_web_page};

/// Who somebody is at a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub subject: String,
    pub username: Option<String>,
    pub email: Option<String>,
    /// As the provider says; whether that is believed is the administrator's to say.
    pub email_verified: bool,
    pub profile: UserProfile,
}

impl Identity {
    /// What the claims say of `subject`. What cannot be taken, for its type, its length or its characters, is as if
    /// it were not there: a provider's fault in a name must keep nobody out.
    pub fn of(subject: &str, claims: &Map<String, Value>, mapping: &ClaimMapping) -> Self {
        let text = |name: &str| {
            let text = claims.get(name).and_then(Value::as_str).map(str::trim);
            text.filter(|text| !text.is_empty() && check_name(text).is_ok()).map(str::to_owned)
        };
        let email = text(&mapping.email).filter(|email| is_email(email));
        let picture = text(&mapping.picture).filter(|picture| check_web_page(picture).is_ok());
        // Some providers write booleans as text.
        let email_verified = match claims.get(&mapping.email_verified) {
            Some(Value::Bool(verified)) => *verified,
            Some(Value::String(verified)) => verified == "true",
            _ => false,
        };
        Self {
            subject: subject.to_owned(),
            username: text(&mapping.username),
            email_verified: email_verified && email.is_some(),
            email,
            profile: UserProfile {
                name: text(&mapping.name),
                given_name: text(&mapping.given_name),
                family_name: text(&mapping.family_name),
                picture,
                locale: text(&mapping.locale),
                ..UserProfile::default()
            },
        }
    }

    /// Whether the claims leave out what a new user should have, so that the UserInfo endpoint is worth asking
    /// (OpenID Connect Core §5.4).
    pub fn lacks(claims: &Map<String, Value>, mapping: &ClaimMapping) -> bool {
        [&mapping.username, &mapping.email, &mapping.name].into_iter().any(|name| !claims.contains_key(name))
    }
}

/// Whether this could be a mail address. Whether mail could be sent there is for a message to find out.
pub fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && text.len() <= 254
        && !text.chars().any(|character| character.is_whitespace() || character.is_control())
}
