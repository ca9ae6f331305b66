//! The console's addresses: every view has one, and every link is made from one.

use crate::address::{decode, encode};

/// Where the console's pages are.
pub const BASE: &str = "/console";

/// A view of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Leads to the first view that the administrator may see.
    Start,
    /// The first steps of a new installation.
    Welcome,
    /// Where a sign-in that was begun in another window ends.
    SignedIn,
    SignedOut,
    /// The whole platform's figures.
    Platform,
    Tenants,
    NewTenant,
    ImportTenant,
    Jobs,
    PlatformRoles,
    PlatformRole(String),
    PlatformAudit,
    /// A view of one tenant, by its slug.
    Tenant(String, Section),
    NotFound,
}

/// A view within a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section {
    Dashboard,
    Clients,
    NewClient,
    Client(String),
    Users,
    NewUser,
    User(String),
    Devices,
    Sessions,
    Grants,
    Keys,
    Resources,
    NewResource,
    Resource(String),
    Registration,
    Roles,
    Role(String),
    Audit,
    Settings,
    Branding,
    Domains,
    IdentityProviders,
    NewIdentityProvider,
    IdentityProvider(String),
    Webhooks,
    Webhook(String),
}

/// The name that stands for a role which is still to be made, and for a webhook.
pub const NEW: &str = "new";

impl Place {
    /// Reads a path, with [`BASE`] or without.
    #[must_use]
    pub fn parse(path: &str) -> Self {
        let path = path.strip_prefix(BASE).unwrap_or(path);
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(read).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [] => Self::Start,
            ["welcome"] => Self::Welcome,
            ["signed-in"] => Self::SignedIn,
            ["signed-out"] => Self::SignedOut,
            ["platform"] => Self::Platform,
            ["tenants"] => Self::Tenants,
            ["tenants", "new"] => Self::NewTenant,
            ["tenants", "import"] => Self::ImportTenant,
            ["jobs"] => Self::Jobs,
            ["roles"] => Self::PlatformRoles,
            ["roles", name] => Self::PlatformRole((*name).to_owned()),
            ["audit"] => Self::PlatformAudit,
            ["t", tenant, rest @ ..] => match Section::parse(rest) {
                Some(section) => Self::Tenant((*tenant).to_owned(), section),
                None => Self::NotFound,
            },
            _ => Self::NotFound,
        }
    }

    /// The address, with [`BASE`].
    #[must_use]
    pub fn href(&self) -> String {
        let path = match self {
            Self::Start | Self::NotFound => "/".to_owned(),
            Self::Welcome => "/welcome".to_owned(),
            Self::SignedIn => "/signed-in".to_owned(),
            Self::SignedOut => "/signed-out".to_owned(),
            Self::Platform => "/platform".to_owned(),
            Self::Tenants => "/tenants".to_owned(),
            Self::NewTenant => "/tenants/new".to_owned(),
            Self::ImportTenant => "/tenants/import".to_owned(),
            Self::Jobs => "/jobs".to_owned(),
            Self::PlatformRoles => "/roles".to_owned(),
            Self::PlatformRole(name) => format!("/roles/{}", written(name)),
            Self::PlatformAudit => "/audit".to_owned(),
            Self::Tenant(tenant, section) => format!("/t/{}{}", written(tenant), section.path()),
        };
        format!("{BASE}{path}")
    }

    /// The tenant that the view is of.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Self::Tenant(tenant, _) => Some(tenant),
            _ => None,
        }
    }
}

impl Section {
    fn parse(parts: &[&str]) -> Option<Self> {
        Some(match parts {
            [] => Self::Dashboard,
            ["clients"] => Self::Clients,
            ["clients", "new"] => Self::NewClient,
            ["clients", "id", id] => Self::Client((*id).to_owned()),
            ["users"] => Self::Users,
            ["users", "new"] => Self::NewUser,
            ["users", id] => Self::User((*id).to_owned()),
            ["devices"] => Self::Devices,
            ["sessions"] => Self::Sessions,
            ["grants"] => Self::Grants,
            ["keys"] => Self::Keys,
            ["resources"] => Self::Resources,
            ["resources", "new"] => Self::NewResource,
            ["resources", "id", id] => Self::Resource((*id).to_owned()),
            ["registration"] => Self::Registration,
            ["roles"] => Self::Roles,
            ["roles", name] => Self::Role((*name).to_owned()),
            ["audit"] => Self::Audit,
            ["settings"] => Self::Settings,
            ["branding"] => Self::Branding,
            ["domains"] => Self::Domains,
            ["identity-providers"] => Self::IdentityProviders,
            ["identity-providers", "new"] => Self::NewIdentityProvider,
            ["identity-providers", "id", name] => Self::IdentityProvider((*name).to_owned()),
            ["webhooks"] => Self::Webhooks,
            ["webhooks", id] => Self::Webhook((*id).to_owned()),
            _ => return None,
        })
    }

    fn path(&self) -> String {
        match self {
            Self::Dashboard => String::new(),
            Self::Clients => "/clients".to_owned(),
            Self::NewClient => "/clients/new".to_owned(),
            Self::Client(id) => format!("/clients/id/{}", written(id)),
            Self::Users => "/users".to_owned(),
            Self::NewUser => "/users/new".to_owned(),
            Self::User(id) => format!("/users/{}", written(id)),
            Self::Devices => "/devices".to_owned(),
            Self::Sessions => "/sessions".to_owned(),
            Self::Grants => "/grants".to_owned(),
            Self::Keys => "/keys".to_owned(),
            Self::Resources => "/resources".to_owned(),
            Self::NewResource => "/resources/new".to_owned(),
            Self::Resource(id) => format!("/resources/id/{}", written(id)),
            Self::Registration => "/registration".to_owned(),
            Self::Roles => "/roles".to_owned(),
            Self::Role(name) => format!("/roles/{}", written(name)),
            Self::Audit => "/audit".to_owned(),
            Self::Settings => "/settings".to_owned(),
            Self::Branding => "/branding".to_owned(),
            Self::Domains => "/domains".to_owned(),
            Self::IdentityProviders => "/identity-providers".to_owned(),
            Self::NewIdentityProvider => "/identity-providers/new".to_owned(),
            Self::IdentityProvider(name) => format!("/identity-providers/id/{}", written(name)),
            Self::Webhooks => "/webhooks".to_owned(),
            Self::Webhook(id) => format!("/webhooks/{}", written(id)),
        }
    }

    /// The list that this view belongs to: what the navigation marks, and where "back" leads.
    #[must_use]
    pub fn list(&self) -> Self {
        match self {
            Self::NewClient | Self::Client(_) => Self::Clients,
            Self::NewUser | Self::User(_) => Self::Users,
            Self::NewResource | Self::Resource(_) => Self::Resources,
            Self::Role(_) => Self::Roles,
            Self::NewIdentityProvider | Self::IdentityProvider(_) => Self::IdentityProviders,
            Self::Webhook(_) => Self::Webhooks,
            other => other.clone(),
        }
    }

    /// What the view is called.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.list() {
            Self::Clients => "Clients",
            Self::Users => "Users",
            Self::Devices => "Device approvals",
            Self::Sessions => "Sessions",
            Self::Grants => "Grants",
            Self::Keys => "Keys",
            Self::Resources => "Resources",
            Self::Registration => "Registration",
            Self::Roles => "Roles",
            Self::Audit => "Audit trail",
            Self::Settings => "Settings",
            Self::Branding => "Branding",
            Self::Domains => "Domains",
            Self::IdentityProviders => "Identity providers",
            Self::Webhooks => "Webhooks",
            _ => "Dashboard",
        }
    }

    /// The noun of the admin API whose `read` the view needs.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self.list() {
            Self::Clients => "client",
            Self::Users => "user",
            Self::Devices => "device-authorization",
            Self::Sessions => "session",
            Self::Grants => "grant",
            Self::Keys => "key",
            Self::Resources => "resource",
            Self::Registration => "registration-policy",
            Self::Roles => "role",
            Self::Audit => "audit-event",
            Self::Domains => "domain",
            Self::IdentityProviders => "identity-provider",
            Self::Webhooks => "webhook",
            Self::Settings | Self::Branding => "tenant",
            _ => "stats",
        }
    }
}

/// A part of a path. The router decodes once what a link says and leaves only reserved characters encoded
/// (`decodeURI`), so that a percent sign of an identifier's own would be lost: it is written with `~`.
fn written(part: &str) -> String {
    encode(&part.replace('~', "~0").replace('%', "~1"))
}

fn read(part: &str) -> String {
    decode(part).replace("~1", "%").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_read_from_its_own_address() {
        let id = "https://app.example/~me/metadata.json?x=1 ü%25~1";
        let sections = [
            Section::Dashboard,
            Section::Clients,
            Section::NewClient,
            Section::Client(id.to_owned()),
            Section::Client("new".to_owned()),
            Section::Users,
            Section::NewUser,
            Section::User("0190".to_owned()),
            Section::Devices,
            Section::Sessions,
            Section::Grants,
            Section::Keys,
            Section::Resources,
            Section::NewResource,
            Section::Resource(id.to_owned()),
            Section::Registration,
            Section::Roles,
            Section::Role("support".to_owned()),
            Section::Audit,
            Section::Settings,
            Section::Branding,
            Section::Domains,
            Section::IdentityProviders,
            Section::NewIdentityProvider,
            Section::IdentityProvider("new".to_owned()),
            Section::Webhooks,
            Section::Webhook(NEW.to_owned()),
        ];
        let platform = [
            Place::Start,
            Place::Welcome,
            Place::SignedIn,
            Place::SignedOut,
            Place::Platform,
            Place::Tenants,
            Place::NewTenant,
            Place::ImportTenant,
            Place::Jobs,
            Place::PlatformRoles,
            Place::PlatformRole("support".to_owned()),
            Place::PlatformAudit,
        ];
        let places = sections.map(|section| Place::Tenant("acme".to_owned(), section));
        for place in platform.into_iter().chain(places) {
            assert_eq!(Place::parse(&place.href()), place, "{}", place.href());
        }
    }

    #[test]
    fn what_is_no_address_leads_nowhere() {
        for path in ["/console/nothing", "/console/t/acme/nothing", "/console/t/acme/users/1/2", "/console/t"]
        {
            assert_eq!(Place::parse(path), Place::NotFound, "{path}");
        }
    }
}
