//! How a tenant's pages look.

mod color;
mod preview;
mod words;

use leptos::prelude::*;

use crate::session::session;
use crate::ui::{Draft, PageHead, Panel, SaveBar, Summary, document, save_patch, show};
use color::ColorField;
use preview::Preview;
use words::{Links, Texts};

#[component]
pub fn Branding(tenant: String) -> impl IntoView {
    let path = format!("tenants/{}", crate::address::encode(&tenant));
    let loaded = {
        let path = path.clone();
        document(move || path.clone())
    };
    let may_change = session().may(&tenant, "tenant", "update");
    show(loaded, move |loaded| {
        let draft = Draft::new(loaded);
        draft.locked.set(!may_change);
        view! { <Form draft path=path.clone() /> }
    })
}

#[component]
fn Form(draft: Draft, path: String) -> impl IntoView {
    let account = format!("{}/account", untrack(|| draft.text("/issuer")));
    let open = view! { <a class="button" href=account target="_blank" rel="external noreferrer">"Open the real page"</a> };
    let save = move |()| save_patch(draft, path.clone(), |_| ());
    view! {
        <PageHead title="Branding" about="What people see when they sign in. Whatever you choose, text and buttons stay legible: the other colours are derived from these."
            actions=Some(open.into_any()) />
        <div class="branding">
            <div class="stack">
            <Panel title="Colours">
                <div class="form">
                    <Summary draft />
                    <ColorField draft at="/settings/branding/primary_color" label="Primary colour" help="Buttons, links and the tenant\u{2019}s tile." default="#2f5bea" />
                    <ColorField draft at="/settings/branding/background_color" label="Background" default="#f5f6f9"
                        help="Of the page around the card. A light one is darkened for people who prefer dark pages. Not set: a tint of the primary colour." />
                    <Notes draft />
                </div>
            </Panel>
            <Links draft />
            <Texts draft />
            </div>
            <Panel title="Preview" about="The sign-in page, in light and in dark mode, as it will be when you save.">
                <Preview draft />
            </Panel>
        </div>
        <SaveBar draft save />
    }
}

/// What is done to the colour so that everything stays legible.
#[component]
fn Notes(draft: Draft) -> impl IntoView {
    move || {
        let notes = preview::notes(&draft.text("/settings/branding/primary_color"));
        (!notes.is_empty()).then(|| view! {
            <ul class="notes" aria-live="polite">{notes.into_iter().map(|note| view! { <li>{note}</li> }).collect_view()}</ul>
        })
    }
}
