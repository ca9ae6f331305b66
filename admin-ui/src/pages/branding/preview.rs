//! The sign-in page in small. Its markup follows `server/templates/sign_in.html`, its colours are the server's own.

use grantor_theme::{Scheme, Theme};
use leptos::prelude::*;

use crate::ui::Draft;

#[component]
pub fn Preview(draft: Draft) -> impl IntoView {
    view! {
        <div class="previews">
            <Page draft scheme=Scheme::Light />
            <Page draft scheme=Scheme::Dark />
        </div>
    }
}

#[component]
fn Page(draft: Draft, scheme: Scheme) -> impl IntoView {
    let theme = Memo::new(move |_| {
        let color = |at: &str| Some(draft.text(at)).filter(|text| !text.is_empty());
        let (primary, background) =
            (color("/settings/branding/primary_color"), color("/settings/branding/background_color"));
        Theme::of(primary.as_deref(), background.as_deref(), scheme)
    });
    let property = move |index: usize| move || theme.get().properties()[index].1.clone();
    let [page, glow, primary, strong, on_primary, edge, accent, soft] =
        theme.get_untracked().properties().map(|(name, _)| name);
    let name = Memo::new(move |_| draft.text("/name"));
    let identifier = move || match draft.text("/settings/sign_in/identifier").as_str() {
        "username" => "Username",
        "email" => "Email",
        _ => "Email or username",
    };
    let own_text = move |name: &str| {
        let text = draft.text(&format!("/settings/branding/texts/en/{name}"));
        Some(text).filter(|text| !text.is_empty())
    };
    let links = move || {
        let all = [("support_uri", "Help"), ("policy_uri", "Privacy"), ("tos_uri", "Terms")];
        let set =
            |(member, _): &(&str, &str)| !draft.text(&format!("/settings/branding/{member}")).is_empty();
        all.into_iter().filter(set).map(|(_, text)| view! { <span>{text}</span> }).collect_view()
    };
    let (class, caption) = match scheme {
        Scheme::Light => ("preview preview-light", "Light"),
        Scheme::Dark => ("preview preview-dark", "Dark"),
    };
    view! {
        <figure>
            <div class=class aria-hidden="true" style=(page, property(0)) style=(glow, property(1)) style=(primary, property(2)) style=(strong, property(3))
                style=(on_primary, property(4)) style=(edge, property(5)) style=(accent, property(6)) style=(soft, property(7))>
                <div class="preview-card">
                    <div class="preview-tile">{move || monogram(&name.get())}</div>
                    <p class="preview-name">{name}</p>
                    <p class="preview-title">"Sign in"</p>
                    <p class="preview-lead">"to continue to " <strong>"Your application"</strong></p>
                    {move || own_text("sign_in").map(|text| view! { <p class="preview-own">{text}</p> })}
                    <p class="preview-label">{identifier}</p>
                    <div class="preview-input"></div>
                    <p class="preview-label">"Password"</p>
                    <div class="preview-input"></div>
                    <div class="preview-button">"Sign in"</div>
                    <p class="preview-link">"A link"</p>
                </div>
                <div class="preview-foot">
                    {move || own_text("footer").map(|text| view! { <p>{text}</p> })}
                    <p>{links}</p>
                </div>
            </div>
            <figcaption class="hint">{caption}</figcaption>
        </figure>
    }
}

/// The first letter or digit of a name, as the server's pages have it.
fn monogram(name: &str) -> String {
    name.chars()
        .find(|letter| letter.is_alphanumeric())
        .map_or_else(|| "\u{2022}".to_owned(), |letter| letter.to_uppercase().collect())
}

/// What is done to a primary colour so that everything stays legible.
pub fn notes(primary: &str) -> Vec<&'static str> {
    if primary.is_empty() {
        return vec![];
    }
    let [light, dark] =
        [Scheme::Light, Scheme::Dark].map(|scheme| Theme::of(Some(primary), None, scheme).properties());
    let (colour, on_primary, accent) = (&light[2].1, &light[4].1, &light[6].1);
    let mut notes = vec![];
    if on_primary == "#000000" {
        notes.push("White would not be legible on this colour: buttons have black text.");
    }
    if accent != colour {
        notes.push("Links are darker than this colour, so that they can be read on white.");
    }
    if dark[2].1 != *colour {
        notes.push("In dark mode buttons are lighter, so that they stand out.");
    }
    notes
}
