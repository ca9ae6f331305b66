//! Whom of the tenant's somebody is who comes from a provider.

use super::Identity;
use crate::Entropy;
use crate::model::{IdentityProvider, IdentityProviderSettings, LinkByEmail, User, UserId, UserStatus};

/// What is known here of somebody who comes from a provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The user whose link the provider's subject is.
    pub linked: Option<&'a User>,
    /// The signed-in user who asked to be linked.
    pub asking: Option<&'a User>,
    /// Whether the user who asked, or whose address it is, has another identity of the provider's.
    pub has_another: bool,
    /// The user who signs in with the address that the provider tells.
    pub with_address: Option<&'a User>,
    /// That user administers something.
    pub is_administrator: bool,
}

/// Who somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A user who was linked before.
    Linked(UserId),
    /// A user who is to be linked.
    Link(UserId),
    /// Nobody yet, but from now on.
    New,
}

/// Why somebody is nobody here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody knows them, or their account is locked: which of them is not said.
    NotAdmitted,
    /// The address is somebody's, who is not proven to be the same.
    AddressTaken,
    /// The identity is linked to another user.
    LinkedElsewhere,
    /// The user has another identity of the same provider.
    HasAnother,
}

/// Decides whom it is. An address that is somebody's is never taken over by whoever tells it: only where the
/// administrator believes the provider about addresses, both sides have verified it, and the user administers
/// nothing, is it the same person. Otherwise whoever sets a provider up, or can make it say an address, would be
/// whom they want.
///
/// # Errors
/// [`Refused`].
pub fn whose(
    identity: &Identity,
    settings: &IdentityProviderSettings,
    known: Known<'_>,
) -> Result<Whose, Refused> {
    if let Some(asking) = known.asking {
        return match known.linked {
            Some(linked) if linked.id == asking.id => Ok(Whose::Linked(asking.id)),
            Some(_) => Err(Refused::LinkedElsewhere),
            None if known.has_another => Err(Refused::HasAnother),
            None => admitted(asking).map(Whose::Link),
        };
    }
    if let Some(linked) = known.linked {
        return admitted(linked).map(Whose::Linked);
    }
    match known.with_address {
        Some(user) if is_same_person(identity, settings, user) && !known.is_administrator => {
            match known.has_another {
                true => Err(Refused::AddressTaken),
                false => admitted(user).map(Whose::Link),
            }
        }
        Some(_) => Err(Refused::AddressTaken),
        None if settings.create_users => Ok(Whose::New),
        None => Err(Refused::NotAdmitted),
    }
}

fn admitted(user: &User) -> Result<UserId, Refused> {
    match user.status {
        UserStatus::Active => Ok(user.id),
        UserStatus::Locked => Err(Refused::NotAdmitted),
    }
}

fn is_same_person(identity: &Identity, settings: &IdentityProviderSettings, user: &User) -> bool {
    let same = |(told, held): (&String, &String)| told.to_lowercase() == held.to_lowercase();
    settings.link_by_email == LinkByEmail::Verified
        && identity.email_verified
        && user.email_verified
        && identity.email.as_ref().zip(user.email.as_ref()).is_some_and(same)
}

/// What a new user could be called, the best first. An address is no name: where one user's name is another's
/// address, the name signs in.
pub fn usernames(identity: &Identity, provider: &str, entropy: &dyn Entropy) -> impl Iterator<Item = String> {
    let told = identity.username.as_deref().or(identity.email.as_deref()).unwrap_or_default();
    let told = told.split('@').next().unwrap_or_default().trim();
    let base: String = if told.is_empty() { provider } else { told }.chars().take(200).collect();
    let mut random = [0; 4];
    entropy.fill(&mut random);
    let last = format!("{base}-{:08x}", u32::from_be_bytes(random));
    let numbered: Vec<_> = (2..=9).map(|number| format!("{base}-{number}")).collect();
    std::iter::once(base).chain(numbered).chain([last])
}

/// The enabled provider whose people have addresses like this one (home realm discovery). Whether the address is
/// anybody's does not count.
pub fn provider_for<'a>(login: &str, providers: &'a [IdentityProvider]) -> Option<&'a IdentityProvider> {
    let (_, domain) = login.trim().rsplit_once('@')?;
    let domain = domain.to_lowercase();
    providers.iter().find(|provider| provider.enabled && provider.settings.domains.contains(&domain))
}
