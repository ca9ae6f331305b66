//! The pages people see, as values: every field that a page shows, and nothing about HTTP.
//!
//! Each page is one struct with its template in `server/templates`; `render()` makes the HTML. Askama escapes
//! every field. No page has an inline style or an inline script, so the policy `default-src 'none'; style-src 'self';
//! script-src 'self'` is enough for all of them, and `script-src` serves [`FormPostPage`] alone. Browsers hold
//! `form-action` also against the redirects that follow a form, so a page whose form may end at a client must allow
//! addresses of the client's scheme there.

mod account;
mod recovery;
mod second_factor;
mod upstream;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use askama::Template;

use crate::messages::{Messages, Named, Value};

pub use account::{
    AccountFrame, Application, ApplicationsPage, DataPage, DeletedPage, DeletionPage, DeviceLine,
    DevicesPage, Field, NavigationItem, OverviewPage, PasswordPage, ProfilePage, SessionLine, SessionsPage,
};
pub use grantor_theme::theme_css;
pub use recovery::{ConfirmLinkPage, NewPasswordPage, NoticePage, RecoverPage};
pub use second_factor::{
    Held, NewAuthenticatorPage, PasskeySignIn, QrImage, RecoveryCodesPage, SecondFactorPage, SecurityPage,
    TotpForm,
};
pub use upstream::{LeavePage, ProviderChoice, ProviderLine, ProvidersPage};

/// Fewest characters of a password that a person chooses.
pub const PASSWORD_LENGTH: u32 = grantor_protocol::password::DEFAULT_MIN_LENGTH;

/// What every page carries of its tenant.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The tenant's name, or the product's where no tenant is known.
    pub tenant_name: String,
    /// Address of `pages.css`, the same for every tenant.
    pub stylesheet: String,
    /// Address of the tenant's [`theme_css`]; where no tenant is known, that of a tenant without branding.
    pub theme: String,
    pub brand: Brand,
    /// The page's texts, in the language that it is in.
    pub messages: Messages,
}

/// What a tenant's pages say and link to in its own name.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    /// Where this server has the tenant's logo.
    pub logo: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub support_uri: Option<String>,
    /// For the foot of every page.
    pub footer: Option<String>,
}

impl Brand {
    /// What stands at the foot of a page, each with the name of its text.
    pub fn links(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("footer-support", &self.support_uri),
            ("footer-privacy", &self.policy_uri),
            ("footer-terms", &self.tos_uri),
        ];
        all.into_iter().filter_map(|(text, uri)| Some((text, web_link(uri)?))).collect()
    }
}

impl Layout {
    /// See [`Messages::text`].
    pub fn text(&self, id: &str) -> Cow<'static, str> {
        self.messages.text(id)
    }

    /// See [`Messages::with`].
    pub fn with<'a, V: Into<Value<'a>> + Clone>(&self, id: &str, args: &[(&'static str, V)]) -> String {
        self.messages.with(id, args)
    }

    /// See [`Messages::named`].
    pub fn named(&self, id: &str, names: &[(&'static str, &str)]) -> Named {
        self.messages.named(id, names)
    }
}

/// Asks for a name and a password. Posts `username`, `password`, `csrf` and `interaction`; the buttons of other
/// providers post `provider`, `csrf` and `interaction` to `upstream_action`.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub layout: Layout,
    pub action: String,
    pub csrf: String,
    pub interaction: String,
    /// What the person says who they are with.
    pub identifier: String,
    /// What the person typed before, or the client's `login_hint`.
    pub username: String,
    /// The client that waits for the answer; none when a person signs in to the account page.
    pub client_name: Option<String>,
    /// What the tenant says here.
    pub own_text: Option<String>,
    /// Where passkeys are as good as a password.
    pub passkey: Option<PasskeySignIn>,
    /// Where who forgot their password goes.
    pub recover: Option<String>,
    /// Where the form goes that asks for a link instead of giving a password.
    pub magic_link_action: Option<String>,
    /// Why the last attempt failed, as a sentence.
    pub problem: Option<String>,
    /// Because of what was typed.
    pub mismatch: bool,
    pub upstream_action: String,
    /// Other providers that one can sign in through.
    pub providers: Vec<ProviderChoice>,
    /// A name alone can lead to one of them.
    pub password_optional: bool,
}

/// Asks whether a client may act for the person. Posts `csrf`, `interaction`, `trusted` and `decision`, which is
/// `allow`, `deny`, or `switch` to sign in as somebody else.
#[derive(Template)]
#[template(path = "consent.html")]
pub struct ConsentPage {
    pub layout: Layout,
    pub action: String,
    pub csrf: String,
    pub interaction: String,
    /// Stands for what the page says of a self-made client.
    pub trusted: String,
    pub client_name: String,
    /// Where this server has the client's logo.
    pub client_logo: Option<String>,
    /// Host of the address that a self-made client stands on, if it stands on one.
    pub client_host: Option<String>,
    /// What to think of before trusting a self-made client, as sentences.
    pub warning: Option<String>,
    /// The client's own address; only a web address becomes a link, here and in the two below.
    pub client_uri: Option<String>,
    /// Host of the redirect URI, or its scheme where it has no host; none for a device.
    pub return_host: Option<String>,
    /// The device that asks; none where the client asks in this browser.
    pub device: Option<DeviceNotice>,
    pub user_name: String,
    pub user_email: Option<String>,
    pub scopes: Vec<ScopeLine>,
    /// Resources (RFC 8707) that the tokens will be good for, by name and indicator.
    pub resources: Vec<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
}

/// What tells a person their own device from one that somebody else wants to get in with (RFC 8628 §5.4).
#[derive(Clone, Debug)]
pub struct DeviceNotice {
    pub user_code: String,
    /// When the device asked: "just now", "2 minutes ago".
    pub requested: String,
    /// The same moment in RFC 3339.
    pub requested_exact: String,
    /// The network address that it asked from.
    pub requested_from: Option<String>,
}

/// Asks for the code that a device shows. Posts `csrf` and `user_code`.
#[derive(Template)]
#[template(path = "activate.html")]
pub struct ActivatePage {
    pub layout: Layout,
    pub action: String,
    pub csrf: String,
    /// What the person typed before, or what a link brought; never sent by itself.
    pub user_code: String,
    /// Why the last attempt failed, as a sentence.
    pub problem: Option<String>,
}

/// Says what becomes of a device.
#[derive(Template)]
#[template(path = "device.html")]
pub struct DevicePage {
    pub layout: Layout,
    pub title: String,
    pub message: String,
    /// What was achieved, as a sentence.
    pub done: Option<String>,
}

/// One scope as a person reads it.
#[derive(Clone, Debug)]
pub struct ScopeLine {
    pub name: String,
    /// What the scope allows, worded to follow "It will be able to". Where it is empty the name stands for it.
    pub description: String,
}

/// Says why there is nothing to go on with. Also the page of an unknown tenant.
#[derive(Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub layout: Layout,
    pub title: String,
    pub message: String,
    /// The protocol's error code, for the person's administrator.
    pub code: Option<String>,
    /// Where to sign in again.
    pub sign_in: Option<String>,
    pub correlation_id: String,
}

/// Carries an authorization response to the client in a form that submits itself (OAuth 2.0 Form Post Response Mode).
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage {
    pub layout: Layout,
    /// Address of `form_post.js`.
    pub script: String,
    /// The redirect URI; the response's `form-action` must allow it.
    pub action: String,
    /// The response parameters in their order.
    pub fields: Vec<(String, String)>,
    pub client_name: String,
}

/// Asks whether to end the session. Posts `csrf`, `fields` and `decision`, which is `sign_out` or `stay`.
#[derive(Template)]
#[template(path = "sign_out.html")]
pub struct SignOutPage {
    pub layout: Layout,
    pub action: String,
    pub csrf: String,
    pub user_name: String,
    /// The client that asks for it.
    pub client_name: Option<String>,
    /// What of the client's request is needed again.
    pub fields: Vec<(String, String)>,
    /// What is wrong with the client's request, as a sentence.
    pub problem: Option<String>,
}

/// Says that the session has ended.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage {
    pub layout: Layout,
    /// Where to sign in again.
    pub sign_in: Option<String>,
    /// Where the client wants the person to go on; registered by it.
    pub return_to: Option<ReturnLink>,
}

/// A link to a client.
#[derive(Clone, Debug)]
pub struct ReturnLink {
    /// Host of the address, or its scheme where it has no host.
    pub host: String,
    pub address: String,
}

/// Makes the platform's first administrator. Posts `setup` and `email`, and `password` or the browser's answer about
/// a passkey.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    pub layout: Layout,
    pub action: String,
    /// The secret of the one-time setup link.
    pub setup: String,
    pub email: String,
    /// The script that makes a passkey, where one is enough.
    pub passkey: Option<String>,
    /// Where its challenge is.
    pub options: String,
    pub problem: Option<String>,
}

impl ScopeLine {
    /// What the scope allows; its name where nobody has put it into words.
    pub fn into_text(self) -> String {
        if self.description.is_empty() { self.name } else { self.description }
    }

    fn text(&self) -> &str {
        if self.description.is_empty() { &self.name } else { &self.description }
    }

    fn icon(&self) -> &'static str {
        match self.name.as_str() {
            "openid" => "openid",
            "profile" => "profile",
            "email" => "email",
            "phone" => "phone",
            "address" => "address",
            "offline_access" => "offline_access",
            _ => "key",
        }
    }
}

impl ConsentPage {
    const fn heading(&self) -> &'static str {
        match &self.device {
            None => "consent-heading",
            Some(_) => "consent-heading-device",
        }
    }

    fn has_links(&self) -> bool {
        [&self.client_uri, &self.policy_uri, &self.tos_uri].into_iter().any(|uri| web_link(uri).is_some())
    }
}

/// The letter that stands for a name.
fn monogram(name: &str) -> String {
    name.chars().find(|c| c.is_alphanumeric()).map_or_else(|| "•".to_owned(), |c| c.to_uppercase().collect())
}

/// A client's own link, if it is one: registered metadata is not trusted to be no `javascript:`.
fn web_link(uri: &Option<String>) -> Option<&str> {
    uri.as_deref().filter(|uri| uri.starts_with("https://") || uri.starts_with("http://"))
}
