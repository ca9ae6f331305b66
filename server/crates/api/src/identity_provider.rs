use serde::{Deserialize, Serialize};

use crate::SecretText;

/// Another OpenID Connect provider that the tenant's people sign in through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct IdentityProvider {
    /// Small letters, digits and hyphens, beginning with a letter. It is the one in the path, and cannot be changed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_length = 63)))]
    pub name: String,
    /// For people, on the button of the sign-in page: "Sign in with" comes before it.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 255)))]
    pub display_name: String,
    /// The provider's issuer as its configuration says it, compared byte for byte: an https address on the public
    /// internet. It cannot be changed: who people are there says nothing of who they are elsewhere.
    #[cfg_attr(feature = "openapi", oai(validator(max_length = 1024)))]
    pub issuer: String,
    /// The `client_id` that the provider gave you.
    #[cfg_attr(feature = "openapi", oai(validator(min_length = 1, max_length = 255)))]
    pub client_id: String,
    /// The `client_secret` that the provider gave you. Never given back; a request without it leaves it as it is. A
    /// provider without one has a public client, which PKCE protects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(write_only, validator(min_length = 1, max_length = 1024)))]
    pub client_secret: Option<SecretText>,
    /// When the secret was set; absent where there is none. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub client_secret_set_at: Option<String>,
    /// What to register at the provider as the redirect URI.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub redirect_uri: String,
    /// What is asked for, `openid` among it.
    #[serde(default = "scopes")]
    #[cfg_attr(feature = "openapi", oai(default = "scopes", validator(max_length = 1024)))]
    pub scopes: String,
    /// Whether people can sign in through it. A replacement that says nothing of it leaves it as it is.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "openapi", oai(default = "yes"))]
    pub enabled: bool,
    /// The place of its button; those with the same are in the order of their names.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(maximum(value = "1000"))))]
    pub position: u32,
    /// Which of the provider's claims say what.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub claims: ClaimMapping,
    /// Whether somebody who signs in for the first time becomes a user of the tenant.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "openapi", oai(default = "yes"))]
    pub create_users: bool,
    /// Whether an email address makes somebody the user who has it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub link_by_email: LinkByEmail,
    /// Mail domains of the provider's people, in lower case: who gives such an address on the sign-in page is sent to the
    /// provider, whether or not the address is anybody's.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(default, validator(max_items = 100)))]
    pub domains: Vec<String>,
    /// Counts changes.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub version: i64,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub created_at: String,
    /// RFC 3339, UTC.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", oai(read_only))]
    pub updated_at: String,
}

fn scopes() -> String {
    "openid profile email".to_owned()
}

const fn yes() -> bool {
    true
}

/// Which claims of a provider say what of a new user. An empty name takes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct ClaimMapping {
    /// The name to sign in with. What is before an at sign of it is taken; one that is somebody's gets a number.
    #[cfg_attr(feature = "openapi", oai(default = "claim::username", validator(max_length = 255)))]
    pub username: String,
    /// The email address. One that is somebody's is taken by nobody else.
    #[cfg_attr(feature = "openapi", oai(default = "claim::email", validator(max_length = 255)))]
    pub email: String,
    /// Whether the provider has verified the address. It counts where `link_by_email` is `verified`.
    #[cfg_attr(feature = "openapi", oai(default = "claim::email_verified", validator(max_length = 255)))]
    pub email_verified: String,
    /// The name.
    #[cfg_attr(feature = "openapi", oai(default = "claim::name", validator(max_length = 255)))]
    pub name: String,
    /// The given name.
    #[cfg_attr(feature = "openapi", oai(default = "claim::given_name", validator(max_length = 255)))]
    pub given_name: String,
    /// The family name.
    #[cfg_attr(feature = "openapi", oai(default = "claim::family_name", validator(max_length = 255)))]
    pub family_name: String,
    /// The address of a picture.
    #[cfg_attr(feature = "openapi", oai(default = "claim::picture", validator(max_length = 255)))]
    pub picture: String,
    /// The language as a BCP 47 tag.
    #[cfg_attr(feature = "openapi", oai(default = "claim::locale", validator(max_length = 255)))]
    pub locale: String,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        Self {
            username: claim::username(),
            email: claim::email(),
            email_verified: claim::email_verified(),
            name: claim::name(),
            given_name: claim::given_name(),
            family_name: claim::family_name(),
            picture: claim::picture(),
            locale: claim::locale(),
        }
    }
}

/// The standard claims (OpenID Connect Core §5.1).
mod claim {
    macro_rules! named {
        ($($member:ident = $claim:literal),+ $(,)?) => {
            $(pub fn $member() -> String {
                $claim.to_owned()
            })+
        };
    }

    named!(
        username = "preferred_username",
        email = "email",
        email_verified = "email_verified",
        name = "name",
        given_name = "given_name",
        family_name = "family_name",
        picture = "picture",
        locale = "locale",
    );
}

/// Whether an email address makes two people one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
pub enum LinkByEmail {
    /// People link the provider themselves, on their account page.
    #[default]
    Never,
    /// Where the provider says that it has verified the address, and it is the verified address of a user who
    /// administers nothing. This believes whatever the provider says of addresses.
    Verified,
}

/// Who a user is at a provider that they sign in through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(deny_unknown_fields))]
pub struct IdentityLink {
    /// The name of the provider.
    pub provider: String,
    /// The provider's `sub`.
    pub subject: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// When they signed in through it last; absent if they have not. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
}
