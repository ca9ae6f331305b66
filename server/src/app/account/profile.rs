//! What a person says of themselves, and the names that they sign in with.

use grantor_protocol::model::{AuditKind, SignInIdentifier, User, UserProfile};
use grantor_protocol::registration;
use grantor_protocol::upstream::is_email;
use grantor_store::WriteError;

use crate::app::admin::{changed_members, user_document};
use crate::app::authorize::SignedIn;
use crate::app::{ATTEMPTS, App, Fault, TenantContext};
use crate::messages::is_language_tag;

/// Longest name of a time zone, in bytes.
const LONGEST_ZONE: usize = 64;

/// A field, by its name in OpenID Connect Core §5.1 or as the user has it, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileRefused {
    pub field: &'static str,
    pub wrong: Wrong,
}

/// What is wrong with something that a person wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Missing,
    /// Too long, or with characters that nothing can show.
    Unusable,
    NoWebAddress,
    NoEmail,
    NoLanguage,
    NoTimeZone,
    /// Somebody else has it.
    Taken,
}

impl App {
    /// Replaces what the person says of themselves. The inner error is for them to mend.
    ///
    /// # Errors
    /// [`Fault::Expired`] when the user is gone; faults of the store.
    pub async fn change_profile(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        profile: UserProfile,
    ) -> Result<Result<(), Vec<ProfileRefused>>, Fault> {
        let refused = check(&profile);
        if !refused.is_empty() {
            return Ok(Err(refused));
        }
        self.change_own(context, signed_in, |user| user.profile = profile.clone()).await
    }

    /// Changes what the person signs in with: the email address, of which it is not known then that it is
    /// theirs, and the user name where the tenant allows that. It needs a fresh sign-in, since whoever has
    /// the address gets the account.
    ///
    /// # Errors
    /// [`Fault::Expired`] for a sign-in that is not fresh; as [`Self::change_profile`].
    pub async fn change_names(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        (username, email): (&str, &str),
    ) -> Result<Result<(), Vec<ProfileRefused>>, Fault> {
        self.require_fresh(signed_in)?;
        let policy = &context.tenant.settings.sign_in;
        let username = policy.change_username.then_some(username);
        let mut refused = vec![];
        let mut refuse = |field, wrong| refused.push(ProfileRefused { field, wrong });
        match username {
            Some("") => refuse("username", Wrong::Missing),
            Some(name) if registration::check_name(name).is_err() => refuse("username", Wrong::Unusable),
            _ => {}
        }
        match email {
            // Without it nobody could sign in.
            "" if policy.identifier == SignInIdentifier::Email => refuse("email", Wrong::Missing),
            "" => {}
            email if !is_email(email) => refuse("email", Wrong::NoEmail),
            _ => {}
        }
        if !refused.is_empty() {
            return Ok(Err(refused));
        }
        let email = Some(email.to_owned()).filter(|email| !email.is_empty());
        let change = |user: &mut User| {
            if let Some(username) = username {
                username.clone_into(&mut user.username);
            }
            let lower = |email: &Option<String>| email.as_deref().map(str::to_lowercase);
            user.email_verified &= lower(&user.email) == lower(&email);
            user.email.clone_from(&email);
        };
        self.change_own(context, signed_in, change).await
    }

    /// What cannot be taken back, and what gives the account away, needs a sign-in of a short while ago.
    ///
    /// # Errors
    /// [`Fault::Expired`].
    pub fn require_fresh(&self, signed_in: &SignedIn) -> Result<(), Fault> {
        match signed_in.session.is_fresh(self.now()) {
            true => Ok(()),
            false => Err(Fault::Expired("the sign-in is too old for this")),
        }
    }

    async fn change_own(
        &self,
        context: &TenantContext,
        signed_in: &SignedIn,
        change: impl Fn(&mut User),
    ) -> Result<Result<(), Vec<ProfileRefused>>, Fault> {
        let store = self.store.tenant(context.tenant.id);
        for _ in 0..ATTEMPTS {
            let gone = Fault::Expired("there is no such user any more");
            let before = store.user(signed_in.user.id).await?.ok_or(gone)?;
            let mut user = before.clone();
            change(&mut user);
            if user == before {
                return Ok(Ok(()));
            }
            user.updated_at = self.now();
            let mut event = self.event(AuditKind::UserChanged, signed_in.actor(), user.id.to_string());
            event.detail = changed_members(Some(&user_document(&before)), Some(&user_document(&user)));
            match store.replace_user(&user, Some(before.version), None, vec![event]).await {
                Ok(_) => return Ok(Ok(())),
                Err(WriteError::Conflict { field }) => {
                    return Ok(Err(vec![ProfileRefused { field, wrong: Wrong::Taken }]));
                }
                Err(WriteError::VersionMismatch | WriteError::NotFound) => {}
                Err(error) => return Err(Fault::internal(error)),
            }
        }
        Err(Fault::Busy("the user is being changed elsewhere"))
    }
}

fn check(profile: &UserProfile) -> Vec<ProfileRefused> {
    let UserProfile { name, given_name, family_name, nickname, picture, website, locale, zoneinfo } = profile;
    let is_name = |text: &str| registration::check_name(text).is_ok();
    let is_page = |text: &str| registration::check_web_page(text).is_ok();
    type Check<'a> = (&'static str, &'a Option<String>, Wrong, fn(&str) -> bool);
    let checks: [Check<'_>; 8] = [
        ("name", name, Wrong::Unusable, is_name),
        ("given_name", given_name, Wrong::Unusable, is_name),
        ("family_name", family_name, Wrong::Unusable, is_name),
        ("nickname", nickname, Wrong::Unusable, is_name),
        ("picture", picture, Wrong::NoWebAddress, is_page),
        ("website", website, Wrong::NoWebAddress, is_page),
        ("locale", locale, Wrong::NoLanguage, is_language_tag),
        ("zoneinfo", zoneinfo, Wrong::NoTimeZone, is_time_zone),
    ];
    checks
        .into_iter()
        .filter(|(_, value, _, is_right)| value.as_deref().is_some_and(|value| !is_right(value)))
        .map(|(field, _, wrong, _)| ProfileRefused { field, wrong })
        .collect()
}

/// Whether this looks like a name of the time zone database, as `Europe/Paris` does.
fn is_time_zone(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    text.len() <= LONGEST_ZONE && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_say_of_themselves() {
        let some = |text: &str| Some(text.to_owned());
        let right = UserProfile {
            name: some("Ada Lovelace"),
            picture: some("https://acme.example/ada.png"),
            locale: some("en-GB"),
            zoneinfo: some("America/Argentina/Buenos_Aires"),
            ..UserProfile::default()
        };
        assert_eq!(check(&right), []);
        let wrong = UserProfile {
            name: some("a\u{0}"),
            given_name: some(&"a".repeat(10_000)),
            website: some("javascript:alert(1)"),
            picture: some("ada.png"),
            locale: some("English"),
            zoneinfo: some("../../etc/passwd"),
            ..UserProfile::default()
        };
        let found: Vec<_> = check(&wrong).into_iter().map(|refused| (refused.field, refused.wrong)).collect();
        let expected = [
            ("name", Wrong::Unusable),
            ("given_name", Wrong::Unusable),
            ("picture", Wrong::NoWebAddress),
            ("website", Wrong::NoWebAddress),
            ("zoneinfo", Wrong::NoTimeZone),
        ];
        assert_eq!(found, expected);
    }
}
