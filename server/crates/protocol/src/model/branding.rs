//! How a tenant's pages look, and what they say of the tenant.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the tenant's pages look, and what they say and link to in its own name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Branding {
    /// Accent of buttons and links as `#rrggbb`.
    pub primary_color: Option<String>,
    /// Background of the page as `#rrggbb`.
    pub background_color: Option<String>,
    /// An image in place of the first letter of the tenant's name; people get it from this server.
    pub logo_uri: Option<String>,
    /// The tenant's privacy policy (`op_policy_uri`, RFC 8414 §2).
    pub policy_uri: Option<String>,
    /// The tenant's terms of service (`op_tos_uri`, RFC 8414 §2).
    pub tos_uri: Option<String>,
    /// Where people find help.
    pub support_uri: Option<String>,
    /// The tenant's own texts, by language.
    pub texts: BTreeMap<String, TenantTexts>,
}

/// A tenant's own texts in one language. They are shown as they are, without markup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantTexts {
    /// On the sign-in page.
    pub sign_in: Option<String>,
    /// At the foot of every page.
    pub footer: Option<String>,
}

impl Branding {
    /// The texts for a page in the language `tag`; where there are none, those in the language that the tenant prefers.
    pub fn texts_in(&self, tag: &str, preferred: Option<&str>) -> Option<&TenantTexts> {
        self.texts.get(tag).or_else(|| self.texts.get(preferred?))
    }
}
