//! What people read, in their language: Fluent messages of `server/messages`, a folder for each language.
//!
//! Every text of a page is a message: templates and handlers know its name, never its words. The languages have the
//! same messages with the same variables, which a test holds them to, so a text that is missing is a defect and
//! never a half-translated page.

mod choose;
mod device;
pub mod wanted;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use askama::filters::{Escaper, Html, HtmlSafe};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use grantor_protocol::Timestamp;
use grantor_protocol::metadata::UI_LOCALES;

pub use fluent_bundle::FluentValue as Value;

pub use choose::{is_language_tag, known};

struct Language {
    tag: &'static str,
    /// Which way it is written, as the `dir` of HTML says it.
    direction: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// The messages of one language; a handle that costs nothing to copy.
#[derive(Clone, Copy)]
pub struct Messages(&'static Language);

/// The files of a language, the same for each.
macro_rules! files {
    ($tag:literal) => {
        [
            include_str!(concat!("../../messages/", $tag, "/common.ftl")),
            include_str!(concat!("../../messages/", $tag, "/consent.ftl")),
            include_str!(concat!("../../messages/", $tag, "/account.ftl")),
            include_str!(concat!("../../messages/", $tag, "/devices.ftl")),
            include_str!(concat!("../../messages/", $tag, "/errors.ftl")),
            include_str!(concat!("../../messages/", $tag, "/mail.ftl")),
            include_str!(concat!("../../messages/", $tag, "/passwords.ftl")),
            include_str!(concat!("../../messages/", $tag, "/setup.ftl")),
            include_str!(concat!("../../messages/", $tag, "/sign-in.ftl")),
            include_str!(concat!("../../messages/", $tag, "/second-factor.ftl")),
            include_str!(concat!("../../messages/", $tag, "/upstream.ftl")),
        ]
    };
}

/// The first is spoken to whom no other is known for.
static LANGUAGES: LazyLock<[Language; UI_LOCALES.len()]> =
    LazyLock::new(|| [Language::new("en", "ltr", &files!("en")), Language::new("de", "ltr", &files!("de"))]);

impl Language {
    fn new(tag: &'static str, direction: &'static str, files: &[&'static str]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![tag.parse().unwrap_or_default()]);
        // Marks around values would end up in attributes and titles too; where a name stands in a sentence of its
        // page it has an element that isolates it.
        bundle.set_use_isolating(false);
        for file in files {
            let resource =
                FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(resource, errors)| {
                    tracing::error!(tag, ?errors, "messages that cannot be read");
                    resource
                });
            if let Err(errors) = bundle.add_resource(resource) {
                tracing::error!(tag, ?errors, "messages that are there twice");
            }
        }
        Self { tag, direction, bundle }
    }

    fn format(&self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(id)?.value()?;
        let mut errors = vec![];
        let text = self.bundle.format_pattern(pattern, args, &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(id, tag = self.tag, ?errors, "a message cannot be formatted");
        }
        Some(text)
    }
}

impl Messages {
    /// The messages in English.
    pub fn english() -> Self {
        Self(&LANGUAGES[0])
    }

    /// The messages in the language that is wanted most of those that there are: what an application asks for
    /// (`ui_locales`, OpenID Connect Core §3.1.2.1), what the browser of the request that is being answered
    /// prefers ([`wanted`]), what the tenant speaks, English. Each is found by lookup (RFC 4647 §3.4).
    pub fn for_request(ui_locales: Option<&str>, tenant: Option<&str>) -> Self {
        let asked = ui_locales.into_iter().flat_map(|tags| tags.split_ascii_whitespace());
        let found = choose::first(asked).or_else(|| choose::accepted(&wanted::current()?));
        found.or_else(|| known(tenant?)).unwrap_or_else(Self::english)
    }

    /// The messages for somebody who is not there to say it, as the reader of a letter: in their own language
    /// (`locale`, OpenID Connect Core §5.1), the tenant's, or English.
    pub fn for_person(locale: Option<&str>, tenant: Option<&str>) -> Self {
        choose::first(locale.into_iter().chain(tenant)).unwrap_or_else(Self::english)
    }

    /// The language as a BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        self.0.tag
    }

    /// The `dir` of an HTML element in this language.
    pub const fn direction(self) -> &'static str {
        self.0.direction
    }

    /// A message without variables.
    pub fn text(self, id: &str) -> Cow<'static, str> {
        let whole = || {
            let pattern = self.0.bundle.get_message(id)?.value()?;
            Some(self.0.bundle.format_pattern(pattern, None, &mut vec![]))
        };
        whole().unwrap_or_else(|| Cow::Owned(missing(id)))
    }

    /// A message with its variables: names, numbers.
    pub fn with<'a, V: Into<Value<'a>> + Clone>(self, id: &str, args: &[(&'static str, V)]) -> String {
        let args: FluentArgs<'a> = args.iter().cloned().collect();
        self.0.format(id, Some(&args)).unwrap_or_else(|| missing(id))
    }

    /// A message as HTML with names in it, each in an element `bdi` of its own: whatever direction they are
    /// written in, they leave the sentence around them as it is.
    pub fn named(self, id: &str, names: &[(&'static str, &str)]) -> Named {
        // One character that no message has stands for each name until the sentence is made.
        let marks = || ('\u{e000}'..'\u{f8ff}').zip(names);
        let args: FluentArgs<'_> = marks().map(|(mark, (name, _))| (*name, mark.to_string())).collect();
        let text = self.0.format(id, Some(&args)).unwrap_or_else(|| missing(id));
        let mut html = String::with_capacity(text.len() + 64);
        for character in text.chars() {
            let name = marks().find(|(mark, _)| *mark == character);
            // Writing to a string does not fail.
            let _written = match name {
                Some((_, (_, name))) => element(&mut html, name),
                None => Html.write_escaped_char(&mut html, character),
            };
        }
        Named(html)
    }

    /// How long ago something was, in the largest unit that fits.
    pub fn ago(self, then: Timestamp, now: Timestamp) -> String {
        let seconds = now.seconds_since(then);
        let (id, count) = match seconds {
            ..60 => return self.text("ago-now").into_owned(),
            60..3600 => ("ago-minutes", seconds / 60),
            3600..86_400 => ("ago-hours", seconds / 3600),
            86_400..2_592_000 => ("ago-days", seconds / 86_400),
            2_592_000..31_536_000 => ("ago-months", seconds / 2_592_000),
            _ => ("ago-years", seconds / 31_536_000),
        };
        self.with(id, &[("count", count)])
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Messages").field(&self.0.tag).finish()
    }
}

fn element(html: &mut String, name: &str) -> fmt::Result {
    html.push_str("<bdi>");
    Html.write_escaped_str(&mut *html, name)?;
    html.push_str("</bdi>");
    Ok(())
}

/// What stands for a message that no language has.
fn missing(id: &str) -> String {
    tracing::error!(id, "there is no such message");
    id.to_owned()
}

/// A message whose text and names are escaped already.
#[derive(Clone, Debug)]
pub struct Named(String);

impl fmt::Display for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl HtmlSafe for Named {}
