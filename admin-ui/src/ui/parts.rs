//! Heads, panels, badges: what pages are laid out with.

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::place::Place;

/// Leads to another view; to be made while a page is, and called when something is done.
pub fn go() -> impl Fn(&Place) + Clone + Send + Sync + 'static {
    let navigate = use_navigate();
    move |place: &Place| navigate(&place.href(), NavigateOptions::default())
}

/// The window's title: what is on the page, and where.
pub fn set_title(title: &str, place: Option<&str>) {
    let place = place.map(|place| format!(" \u{b7} {place}")).unwrap_or_default();
    document().set_title(&format!("{title}{place} \u{b7} Grantor"));
}

/// The title of a page with what can be done there.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    /// What the page is for, in a sentence.
    #[prop(into, default = String::new())]
    about: String,
    /// The list that this is an item of: its name and address.
    #[prop(default = None)]
    within: Option<(String, String)>,
    #[prop(default = None)] actions: Option<AnyView>,
) -> impl IntoView {
    view! {
        <div class="page-head">
            <div class="page-words">
                {within.map(|(name, href)| view! { <a class="within" href=href>"\u{2190} " {name}</a> })}
                <h1 tabindex="-1">{title}</h1>
                {(!about.is_empty()).then(|| view! { <p class="quiet">{about}</p> })}
            </div>
            {actions.map(|actions| view! { <div class="page-actions">{actions}</div> })}
        </div>
    }
}

/// A part of a page with a title of its own.
#[component]
pub fn Panel(
    #[prop(into)] title: String,
    #[prop(into, default = String::new())] about: String,
    #[prop(default = None)] actions: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let id = format!(
        "panel-{}",
        title.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
    );
    let labelled = id.clone();
    view! {
        <section class="panel" aria-labelledby=labelled>
            <div class="panel-head">
                <div>
                    <h2 id=id>{title}</h2>
                    {(!about.is_empty()).then(|| view! { <p class="quiet">{about}</p> })}
                </div>
                {actions.map(|actions| view! { <div class="panel-actions">{actions}</div> })}
            </div>
            {children()}
        </section>
    }
}

/// How a badge is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warning,
    Bad,
}

/// A state in a word.
#[component]
pub fn Badge(#[prop(into)] text: String, tone: Tone) -> impl IntoView {
    let class = match tone {
        Tone::Plain => "badge",
        Tone::Good => "badge badge-good",
        Tone::Warning => "badge badge-warning",
        Tone::Bad => "badge badge-bad",
    };
    view! { <span class=class>{text}</span> }
}

/// One line of a `<dl class="facts">`; nothing where there is no value.
#[component]
pub fn Fact(#[prop(into)] name: String, children: Children) -> impl IntoView {
    view! { <div><dt>{name}</dt><dd>{children()}</dd></div> }
}

/// Something that can be done, what it does, and the button; stands in a `<div class="deeds">`.
#[component]
pub fn Deed(title: &'static str, #[prop(into)] about: Signal<String>, children: Children) -> impl IntoView {
    view! {
        <div class="deed">
            <div><h3>{title}</h3><p class="quiet">{about}</p></div>
            {children()}
        </div>
    }
}

/// What a page without content says: what belongs here, and what to do first.
#[component]
pub fn Empty(
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(default = None)] action: Option<AnyView>,
) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>{text}</p>
            {action}
        </div>
    }
}

/// A line drawing of 20 x 20, by the path's data.
pub fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6"
            stroke-linecap="round" stroke-linejoin="round"><path d=path /></svg>
    }
}
