//! What files can hold: one row of a table each.

use grantor_api as api;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::admin::{AdminFault, read};

/// A kind of thing that files describe and the admin API has.
pub struct Noun {
    /// The collection's name in the admin API, and the member of a document that lists such things.
    pub collection: &'static str,
    /// What one of them is called in a plan.
    pub title: &'static str,
    /// The member that tells one from the others.
    pub key: &'static str,
    pub address: Address,
    /// Checks a document of a file and adds the members that it leaves to their defaults.
    pub whole: fn(Value) -> Result<Value, AdminFault>,
    /// Members that only the server sets.
    pub server_set: &'static [&'static str],
    /// Members that stay as they are while a file does not mention them, those of an object as `object/member`.
    pub lasting: &'static [&'static str],
    /// Members that files must not hold and plans must not show.
    pub secret: &'static [&'static str],
    /// Whether one that no file mentions may be deleted.
    pub prunable: fn(&Value) -> bool,
}

/// How the admin API addresses one of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// By its key.
    Key,
    /// By an identifier of the server's, in this member. The key is searched for, without regard to case.
    Identifier(&'static str),
}

/// The tenant itself, which every document is about.
pub static TENANT: Noun = Noun {
    collection: "tenants",
    title: "tenant",
    key: "slug",
    address: Address::Key,
    whole: whole::<api::Tenant>,
    server_set: &["issuer", "version", "created_at", "updated_at"],
    lasting: &["status", "settings/rate_limits", "settings/quotas"],
    secret: &[],
    prunable: |_| false,
};

/// What a tenant has, in the order in which it is made: what others refer to comes first. What is
/// deleted goes the other way.
pub static NOUNS: &[Noun] = &[
    Noun {
        collection: "domains",
        title: "domain",
        key: "domain",
        address: Address::Key,
        whole: whole::<api::Domain>,
        server_set: &["state", "challenge", "verified_at", "version", "created_at", "updated_at"],
        lasting: &["primary"],
        secret: &[],
        prunable: |_| true,
    },
    Noun {
        collection: "resources",
        title: "resource",
        key: "identifier",
        address: Address::Key,
        whole: whole::<api::ProtectedResource>,
        server_set: &["version", "created_at", "updated_at"],
        lasting: &[],
        secret: &[],
        prunable: |_| true,
    },
    Noun {
        collection: "clients",
        title: "client",
        key: "client_id",
        address: Address::Key,
        whole: whole::<api::Client>,
        server_set: &["origin", "version", "created_at", "updated_at"],
        lasting: &["enabled"],
        secret: &["client_secret"],
        // Clients that introduced themselves come and go without an administrator.
        prunable: |client| client["origin"] == "administrator",
    },
    Noun {
        collection: "users",
        title: "user",
        key: "username",
        address: Address::Identifier("id"),
        whole: whole::<api::User>,
        server_set: &["id", "has_password", "version", "created_at", "updated_at"],
        lasting: &["status"],
        secret: &["password"],
        prunable: |_| true,
    },
    Noun {
        collection: "roles",
        title: "role",
        key: "name",
        address: Address::Key,
        whole: whole::<api::Role>,
        server_set: &["built_in", "version", "created_at", "updated_at"],
        lasting: &[],
        secret: &[],
        prunable: |role| role["built_in"] == false,
    },
    Noun {
        collection: "identity-providers",
        title: "identity provider",
        key: "name",
        address: Address::Key,
        whole: whole::<api::IdentityProvider>,
        server_set: &["client_secret_set_at", "redirect_uri", "version", "created_at", "updated_at"],
        lasting: &["enabled"],
        secret: &["client_secret"],
        prunable: |_| true,
    },
    Noun {
        collection: "webhooks",
        title: "webhook",
        key: "id",
        address: Address::Key,
        whole: whole::<api::Webhook>,
        server_set: &["disabled_reason", "failing_since", "replaying", "version", "created_at", "updated_at"],
        lasting: &["enabled"],
        secret: &["secret"],
        prunable: |_| true,
    },
];

fn whole<T: Serialize + DeserializeOwned>(document: Value) -> Result<Value, AdminFault> {
    Ok(serde_json::to_value(read::<T>(document)?).unwrap_or_default())
}

impl Noun {
    /// The noun that a member of a document lists.
    pub fn of(member: &str) -> Option<&'static Self> {
        NOUNS.iter().find(|noun| noun.collection == member)
    }

    /// What is the same for two keys of the same thing.
    pub fn identity(&self, key: &str) -> String {
        match self.address {
            Address::Key => key.to_owned(),
            Address::Identifier(_) => key.to_lowercase(),
        }
    }

    /// The path of the collection within the admin API.
    pub fn collection_path(&self, tenant: &str) -> String {
        if std::ptr::eq(self, &raw const TENANT) {
            "tenants".to_owned()
        } else {
            format!("tenants/{}/{}", segment(tenant), self.collection)
        }
    }

    /// The path of one of the collection, by what its address has for the last segment.
    pub fn path(&self, tenant: &str, last: &str) -> String {
        format!("{}/{}", self.collection_path(tenant), segment(last))
    }
}

/// A path segment with everything encoded but unreserved characters (RFC 3986 §2.3).
pub fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
        encoded
    })
}
