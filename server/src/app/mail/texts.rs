//! What messages say: one function for each kind.

use askama::Template;
use grantor_protocol::model::{MessageKind, RequestOrigin};
use grantor_protocol::{Lifetime, Timestamp};
use grantor_theme::{Scheme, Theme};

use crate::app::TenantContext;

/// A message's words.
pub struct Text {
    pub subject: String,
    pub heading: String,
    pub paragraphs: Vec<String>,
    /// What the button with the link says.
    pub action: Option<String>,
    /// What follows in small print.
    pub closing: Vec<String>,
}

/// Whom a message is for, and from.
pub struct Words<'a> {
    pub tenant: &'a str,
    pub name: &'a str,
}

/// The page that a kind of link leads to, below the issuer.
pub const fn path_of(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::PasswordReset => "recover/password",
        MessageKind::Verification => "verify",
        MessageKind::Invitation => "invitation",
        MessageKind::MagicLink => "magic-link/open",
        MessageKind::NewSignIn => "account",
    }
}

/// The words of a message with a link.
pub fn with_link(kind: MessageKind, words: &Words<'_>) -> Text {
    match kind {
        MessageKind::PasswordReset => password_reset(words),
        MessageKind::Verification => verification(words),
        MessageKind::Invitation => invitation(words),
        MessageKind::MagicLink => magic_link(words),
        MessageKind::NewSignIn => new_sign_in(words, &RequestOrigin::default(), Timestamp::default()),
    }
}

fn password_reset(Words { tenant, name }: &Words<'_>) -> Text {
    Text {
        subject: format!("Choose a new password for {tenant}"),
        heading: "Choose a new password".to_owned(),
        paragraphs: vec![
            format!("Hello {name},"),
            format!(
                "somebody, most likely you, asked to choose a new password for your account at {tenant}."
            ),
        ],
        action: Some("Choose a new password".to_owned()),
        closing: vec![
            format!("The link works once, for {}.", duration(MessageKind::PasswordReset.lifetime())),
            "If it was not you, do nothing: your password stays as it is. Do not forward this message."
                .to_owned(),
        ],
    }
}

fn verification(Words { tenant, name }: &Words<'_>) -> Text {
    Text {
        subject: format!("Verify your email address for {tenant}"),
        heading: "Verify your email address".to_owned(),
        paragraphs: vec![
            format!("Hello {name},"),
            format!("this address was given for an account at {tenant}. Tell us that it is yours."),
        ],
        action: Some("Verify the address".to_owned()),
        closing: vec![
            format!("The link works once, for {}.", duration(MessageKind::Verification.lifetime())),
            "If you do not know what this is about, do nothing.".to_owned(),
        ],
    }
}

fn invitation(Words { tenant, name }: &Words<'_>) -> Text {
    Text {
        subject: format!("You are invited to {tenant}"),
        heading: format!("You are invited to {tenant}"),
        paragraphs: vec![
            format!("Hello {name},"),
            format!("an account at {tenant} was made for you. Choose a password to begin."),
        ],
        action: Some("Accept the invitation".to_owned()),
        closing: vec![
            format!("The link works once, for {}.", duration(MessageKind::Invitation.lifetime())),
            "If you do not know what this is about, do nothing. Do not forward this message.".to_owned(),
        ],
    }
}

fn magic_link(Words { tenant, name }: &Words<'_>) -> Text {
    Text {
        subject: format!("Sign in to {tenant}"),
        heading: format!("Sign in to {tenant}"),
        paragraphs: vec![
            format!("Hello {name},"),
            "open this link in the browser in which you asked for it.".to_owned(),
        ],
        action: Some("Sign in".to_owned()),
        closing: vec![
            format!("The link works once, for {}.", duration(MessageKind::MagicLink.lifetime())),
            "If it was not you who asked, do nothing: nobody else can use it. Do not forward this message."
                .to_owned(),
        ],
    }
}

/// Of a sign-in at `at`, from where it came.
pub fn new_sign_in(Words { tenant, name }: &Words<'_>, origin: &RequestOrigin, at: Timestamp) -> Text {
    let mut facts = vec![format!("When: {at}")];
    facts.extend(origin.address.as_ref().map(|address| format!("Network address: {address}")));
    facts.extend(origin.user_agent.as_ref().map(|user_agent| format!("Browser: {user_agent}")));
    let mut paragraphs = vec![
        format!("Hello {name},"),
        format!("somebody signed in to your account at {tenant} from a browser that was not seen before."),
    ];
    paragraphs.extend(facts);
    Text {
        subject: format!("New sign-in to {tenant}"),
        heading: "New sign-in".to_owned(),
        paragraphs,
        action: Some("Look at your account".to_owned()),
        closing: vec![
            "If it was you, there is nothing to do.".to_owned(),
            "If it was not, choose a new password at once: that signs out everywhere.".to_owned(),
        ],
    }
}

fn duration(lifetime: Lifetime) -> String {
    let (count, unit) = match lifetime.seconds() {
        seconds @ 0..7200 => (seconds / 60, "minute"),
        seconds @ 7200..172_800 => (seconds / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[derive(Template)]
#[template(path = "mail/message.txt")]
struct Plain<'a> {
    text: &'a Text,
    link: &'a str,
    tenant: &'a str,
}

/// Mail programs know no style sheets of ours, so colours stand where they are needed.
#[derive(Template)]
#[template(path = "mail/message.html")]
struct Html<'a> {
    text: &'a Text,
    link: &'a str,
    tenant: &'a str,
    primary: String,
    on_primary: String,
}

/// The text and its form in HTML.
///
/// # Errors
/// A template that cannot be rendered.
pub fn render(context: &TenantContext, text: &Text, link: &str) -> askama::Result<(String, String)> {
    let branding = &context.tenant.settings.branding;
    let theme =
        Theme::of(branding.primary_color.as_deref(), branding.background_color.as_deref(), Scheme::Light);
    let colour = |name: &str| {
        let found = theme.properties().into_iter().find(|(held, _)| *held == name);
        found.map(|(_, colour)| colour).unwrap_or_default()
    };
    let tenant = context.tenant.name.as_str();
    let html = Html { text, link, tenant, primary: colour("--primary"), on_primary: colour("--on-primary") };
    Ok((Plain { text, link, tenant }.render()?, html.render()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_long_a_link_is_good() {
        for (kind, text) in [
            (MessageKind::MagicLink, "10 minutes"),
            (MessageKind::PasswordReset, "30 minutes"),
            (MessageKind::Verification, "24 hours"),
            (MessageKind::Invitation, "7 days"),
        ] {
            assert_eq!(duration(kind.lifetime()), text);
        }
    }

    /// Names are people's own: they are text in HTML, and links come from us alone.
    #[test]
    fn names_are_text() {
        let words = Words { tenant: "<b>Acme</b>", name: "<img src=x onerror=alert(1)>" };
        for kind in MessageKind::ALL {
            let text = with_link(kind, &words);
            let html = Html {
                text: &text,
                link: "https://id.example/t/acme/verify?link=gol_x",
                tenant: words.tenant,
                primary: "#123456".to_owned(),
                on_primary: "#ffffff".to_owned(),
            };
            let html = html.render().unwrap();
            assert!(!html.contains("<b>Acme") && !html.contains("<img"), "{html}");
            assert!(html.contains("href=\"https://id.example/t/acme/verify?link=gol_x\""), "{html}");
            assert_eq!(html.matches("http").count(), 2, "the link and its text: {html}");
        }
    }
}
