//! Pages around links in messages.

use askama::Template;

use super::{Layout, monogram};

/// Asks for the email address of an account whose password is forgotten. Posts `csrf` and `email`.
#[derive(Template)]
#[template(path = "recover.html")]
pub struct RecoverPage {
    pub layout: Layout,
    pub action: String,
    pub csrf: String,
    /// What the person typed before.
    pub email: String,
    pub problem: Option<String>,
    /// Where to sign in after all.
    pub sign_in: String,
}

/// Asks for a new password, or a passkey instead of one. Posts `link` and `password`, or the browser's answer.
#[derive(Template)]
#[template(path = "new_password.html")]
pub struct NewPasswordPage {
    pub layout: Layout,
    pub title: String,
    pub lead: String,
    pub action: String,
    /// The secret of the link.
    pub link: String,
    /// Whose password it is, for programs that keep passwords.
    pub username: String,
    pub min_length: u32,
    pub button: String,
    /// The script that makes a passkey, where one is enough.
    pub passkey: Option<String>,
    /// Where its challenge is.
    pub options: String,
    pub problem: Option<String>,
}

/// Does with a press of a button what a link is for: opening it does nothing. Posts `link`, and `csrf` where the
/// link belongs to a browser.
#[derive(Template)]
#[template(path = "confirm_link.html")]
pub struct ConfirmLinkPage {
    pub layout: Layout,
    pub title: String,
    pub message: String,
    pub action: String,
    pub link: String,
    pub csrf: Option<String>,
    pub button: String,
}

/// Says what was done, or what to do elsewhere.
#[derive(Template)]
#[template(path = "notice.html")]
pub struct NoticePage {
    pub layout: Layout,
    pub title: String,
    /// What was achieved, as a sentence.
    pub done: Option<String>,
    pub message: String,
    /// Where to go on: what the link says, and its address.
    pub next: Option<(String, String)>,
}
