//! The pages of what people sign in with beside a password.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;
use grantor_protocol::sign_in::Offer;
use qrcode::render::svg;
use qrcode::{QrCode, QrResult};

use super::{AccountFrame, Layout, monogram};

/// The form that signs in with a passkey.
#[derive(Clone, Debug)]
pub struct PasskeySignIn {
    /// Address of `passkey.js`.
    pub script: String,
    pub action: String,
    /// Where the script gets the challenge.
    pub options: String,
}

/// Asks for a second factor. Posts `interaction`, `csrf`, `method` (`totp`, `recovery_code`, `passkey`), `code` or
/// `ceremony` and `credential`, and `remember`.
#[derive(Template)]
#[template(path = "second_factor.html")]
pub struct SecondFactorPage {
    pub layout: Layout,
    pub script: String,
    pub action: String,
    pub options: String,
    pub csrf: String,
    pub interaction: String,
    pub user_name: String,
    pub offer: Offer,
    /// For how many days the browser can be remembered; 0: it cannot.
    pub remember_days: u32,
    /// Where to sign in as somebody else.
    pub sign_in: String,
    pub problem: Option<String>,
}

/// Lets a person make a second factor. Posts `interaction`, `csrf`, `method` (`totp`, `passkey`), `name`, `ceremony`
/// and `code` or `credential`.
#[derive(Template)]
#[template(path = "new_authenticator.html")]
pub struct NewAuthenticatorPage {
    pub layout: Layout,
    pub script: String,
    pub action: String,
    pub options: String,
    pub csrf: String,
    /// Empty on the account's page.
    pub interaction: String,
    pub in_sign_in: bool,
    /// Whether a passkey would do.
    pub passkey: bool,
    /// An authenticator app, where one would do.
    pub totp: Option<TotpForm>,
    pub problem: Option<String>,
}

/// A QR code as an SVG element: markup that is made here alone, of modules and never of text.
#[derive(Clone, Debug)]
pub struct QrImage(String);

impl QrImage {
    /// # Errors
    /// Data that is too long for a QR code.
    pub fn of(data: &str) -> QrResult<Self> {
        let image = QrCode::new(data)?.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
        // The document's own head has no place in a page.
        Ok(Self(image.find("<svg").and_then(|at| image.get(at..)).unwrap_or_default().to_owned()))
    }
}

impl fmt::Display for QrImage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl HtmlSafe for QrImage {}

/// What a person puts into their authenticator app.
#[derive(Clone, Debug)]
pub struct TotpForm {
    pub qr: QrImage,
    /// In base 32, in groups of four.
    pub secret: String,
    pub ceremony: String,
}

/// Shows recovery codes, once, and goes on to `action`.
#[derive(Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodesPage {
    pub layout: Layout,
    /// None are shown to somebody who has some already.
    pub codes: Vec<String>,
    pub method: &'static str,
    pub action: String,
    pub fields: Vec<(String, String)>,
}

/// What a person can sign in with. The lists' forms post `csrf` and `passkey` or `totp`.
#[derive(Template)]
#[template(path = "account/security.html")]
pub struct SecurityPage {
    pub layout: Layout,
    pub frame: AccountFrame,
    pub action: String,
    pub passkeys: Vec<Held>,
    pub apps: Vec<Held>,
    /// How many are left.
    pub recovery_codes: u32,
    /// Only whoever has just signed in, with all that they have, changes anything here.
    pub may_change: bool,
    /// Where one does that.
    pub sign_in: String,
    /// Where another is added.
    pub add: String,
    pub recovery_action: String,
}

/// A passkey or an authenticator app.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: String,
    pub name: String,
    /// In several devices.
    pub synced: bool,
    /// Worded to follow "added".
    pub added: String,
    /// Worded to follow "used".
    pub used: Option<String>,
}
