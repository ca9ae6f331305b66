//! Pages about other providers.

use askama::Template;

use super::{AccountFrame, Layout, monogram};

/// A provider's button on the sign-in page.
#[derive(Clone, Debug)]
pub struct ProviderChoice {
    pub name: String,
    pub display_name: String,
}

/// Goes on to a provider by itself; shows a link to those whose browser does not.
#[derive(Template)]
#[template(path = "leave.html")]
pub struct LeavePage {
    pub layout: Layout,
    pub provider_name: String,
    /// Of the provider; https, or of this machine.
    pub address: String,
}

/// The providers that a person signs in through, and those that they could. Every form posts `csrf` and
/// `provider`.
#[derive(Template)]
#[template(path = "account/providers.html")]
pub struct ProvidersPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub providers: Vec<ProviderLine>,
    /// Why it was not done, as a sentence.
    pub problem: Option<String>,
}

/// A provider on a person's account page.
#[derive(Clone, Debug)]
pub struct ProviderLine {
    pub name: String,
    pub display_name: String,
    /// Since when it is a way to sign in, worded to follow "Added"; none if it is not.
    pub since: Option<String>,
    /// The same moment in RFC 3339.
    pub since_exact: String,
    /// Adds it, or removes it if it is one.
    pub action: String,
}
