mod access;
mod authentication;
mod identity;
mod tokens;

use grantor_api::ClientOrigin;
use leptos::prelude::*;

use super::Shown;
use crate::ui::{Draft, SaveBar, Summary, save_patch};
use access::Access;
use authentication::Authentication;
use identity::Identity;
use tokens::Tokens;

/// The client's document as a form.
#[component]
pub fn Settings(shown: Shown) -> impl IntoView {
    let Some(document) = untrack(|| shown.document.ready()) else { return ().into_any() };
    let draft = Draft::new(document);
    draft.locked.set(!untrack(|| shown.may_now("update")));
    let built_in = untrack(|| shown.client()).is_some_and(|client| client.origin == ClientOrigin::BuiltIn);
    // What is done elsewhere on the page, such as disabling the client, is no conflict.
    Effect::new(move |_| {
        if let Some(document) = shown.document.ready() {
            draft.rebase(document);
        }
    });
    let save = move |()| save_patch(draft, shown.path(), move |saved| shown.put(saved));
    view! {
        <form class="settings" on:submit=move |event| { event.prevent_default(); save(()); }>
            <Summary draft />
            {built_in.then(|| view! { <p class="note">"This client is the server's own: it cannot be changed."</p> })}
            <Identity draft />
            <Access draft shown />
            <Authentication draft />
            <Tokens draft />
            <button type="submit" class="hidden" tabindex="-1" aria-hidden="true">"Save changes"</button>
        </form>
        <SaveBar draft save />
    }
    .into_any()
}

/// Values and names as fields take them.
fn choices<const N: usize>(choices: [(&str, &str); N]) -> Signal<Vec<(String, String)>> {
    Signal::stored(choices.map(|(value, name)| (value.to_owned(), name.to_owned())).to_vec())
}

/// Whether the draft's list of grant types has one.
fn has_grant(draft: Draft, grant_type: &str) -> bool {
    draft.get("/grant_types").as_array().is_some_and(|held| held.iter().any(|held| held == grant_type))
}
