//! What messages say: one function for each kind.

use askama::Template;
use grantor_protocol::Timestamp;
use grantor_protocol::model::{MessageKind, RequestOrigin, User};
use grantor_theme::{Scheme, Theme};

use crate::app::TenantContext;
use crate::messages::Messages;

/// A message's words.
pub struct Text {
    /// The language that they are in.
    pub messages: Messages,
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
    pub messages: Messages,
    pub tenant: &'a str,
    pub name: &'a str,
}

impl<'a> Words<'a> {
    /// In the language of whoever reads it.
    pub fn of(context: &'a TenantContext, user: &'a User) -> Self {
        let tenant = &context.tenant;
        let (own, default) = (user.profile.locale.as_deref(), tenant.settings.default_locale.as_deref());
        Self { messages: Messages::for_person(own, default), tenant: &tenant.name, name: user.display_name() }
    }

    fn text(&self, id: &str) -> String {
        self.messages.text(id).into_owned()
    }

    /// A text that names the tenant.
    fn with(&self, id: &str) -> String {
        self.messages.with(id, &[("tenant", self.tenant)])
    }

    fn greeting(&self) -> String {
        self.messages.with("mail-greeting", &[("name", self.name)])
    }

    /// For how long the link of this kind is good.
    fn works_for(&self, kind: MessageKind) -> String {
        match kind.lifetime().seconds() {
            seconds @ ..7200 => self.messages.with("mail-works-minutes", &[("count", seconds / 60)]),
            seconds @ 7200..172_800 => self.messages.with("mail-works-hours", &[("count", seconds / 3600)]),
            seconds => self.messages.with("mail-works-days", &[("count", seconds / 86_400)]),
        }
    }
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
    let (subject, heading, body, action, closing) = match kind {
        MessageKind::PasswordReset => (
            words.with("mail-reset-subject"),
            words.text("mail-reset-heading"),
            words.with("mail-reset"),
            words.text("mail-reset-action"),
            words.text("mail-reset-closing"),
        ),
        MessageKind::Verification => (
            words.with("mail-verify-subject"),
            words.text("mail-verify-heading"),
            words.with("mail-verify"),
            words.text("mail-verify-action"),
            words.text("mail-verify-closing"),
        ),
        MessageKind::Invitation => (
            words.with("mail-invitation-subject"),
            words.with("mail-invitation-subject"),
            words.with("mail-invitation"),
            words.text("mail-invitation-action"),
            words.text("mail-invitation-closing"),
        ),
        MessageKind::MagicLink => (
            words.with("mail-sign-in-subject"),
            words.with("mail-sign-in-subject"),
            words.text("mail-sign-in"),
            words.text("mail-sign-in-action"),
            words.text("mail-sign-in-closing"),
        ),
        MessageKind::NewSignIn => {
            return new_sign_in(words, &RequestOrigin::default(), Timestamp::default());
        }
    };
    Text {
        messages: words.messages,
        subject,
        heading,
        paragraphs: vec![words.greeting(), body],
        action: Some(action),
        closing: vec![words.works_for(kind), closing],
    }
}

/// Of a sign-in at `at`, from where it came.
pub fn new_sign_in(words: &Words<'_>, origin: &RequestOrigin, at: Timestamp) -> Text {
    let messages = words.messages;
    let (address, browser) = (origin.address.as_deref(), messages.device(origin.user_agent.as_deref()));
    let mut paragraphs = vec![
        words.greeting(),
        words.with("mail-new-sign-in"),
        messages.with("mail-new-sign-in-at", &[("at", at.to_string())]),
    ];
    paragraphs
        .extend(address.map(|address| messages.with("mail-new-sign-in-address", &[("address", address)])));
    paragraphs.push(messages.with("mail-new-sign-in-browser", &[("browser", browser)]));
    Text {
        messages,
        subject: words.with("mail-new-sign-in-subject"),
        heading: words.text("mail-new-sign-in-heading"),
        paragraphs,
        action: Some(words.text("mail-new-sign-in-action")),
        closing: vec![words.text("mail-new-sign-in-mine"), words.text("mail-new-sign-in-not-mine")],
    }
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

    fn words(locale: &str) -> Words<'static> {
        let messages = Messages::for_person(Some(locale), None);
        Words { messages, tenant: "<b>Acme</b>", name: "<img src=x onerror=alert(1)>" }
    }

    #[test]
    fn says_how_long_a_link_is_good() {
        for (kind, english, german) in [
            (MessageKind::MagicLink, "10 minutes", "10 Minuten"),
            (MessageKind::PasswordReset, "30 minutes", "30 Minuten"),
            (MessageKind::Verification, "24 hours", "24 Stunden"),
            (MessageKind::Invitation, "7 days", "7 Tage"),
        ] {
            for (locale, duration) in [("en", english), ("de", german)] {
                let closing = with_link(kind, &words(locale)).closing.join(" ");
                assert!(closing.contains(duration), "{closing}");
            }
        }
    }

    /// Names are people's own: they are text in HTML, and links come from us alone.
    #[test]
    fn names_are_text() {
        for (locale, kind) in
            ["en", "de"].into_iter().flat_map(|locale| MessageKind::ALL.map(|kind| (locale, kind)))
        {
            let words = words(locale);
            let text = with_link(kind, &words);
            let html = Html {
                text: &text,
                link: "https://id.example/t/acme/verify?link=gol_x",
                tenant: words.tenant,
                primary: "#123456".to_owned(),
                on_primary: "#ffffff".to_owned(),
            };
            let html = html.render().unwrap();
            assert!(html.contains(&format!("<html lang=\"{locale}\" dir=\"ltr\">")), "{html}");
            assert!(!html.contains("<b>Acme") && !html.contains("<img"), "{html}");
            assert!(html.contains("href=\"https://id.example/t/acme/verify?link=gol_x\""), "{html}");
            assert_eq!(html.matches("http").count(), 2, "the link and its text: {html}");
        }
    }
}
