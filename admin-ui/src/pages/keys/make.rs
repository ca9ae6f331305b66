use grantor_api::{Key, SigningAlgorithm};
use leptos::prelude::*;
use serde_json::json;

use super::{ALGORITHMS, name};
use crate::address::encode;
use crate::admin_api::send;
use crate::session::access;
use crate::ui::{ChoiceField, Dialog, Draft, Remote, Summary, SwitchField, notify};

/// What the dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Key,
    /// A successor, of this algorithm's key where one was chosen.
    Rotation(Option<SigningAlgorithm>),
}

/// Makes a key, or gives one its successor.
#[component]
pub fn MakeKey(tenant: String, wanted: RwSignal<Option<Wanted>>, keys: Remote<Vec<Key>>) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(wanted.get().is_some()));
    Effect::new(move |_| {
        if !open.get() && wanted.with_untracked(Option::is_some) {
            wanted.set(None);
        }
    });
    let title = Signal::derive(move || match wanted.get() {
        Some(Wanted::Rotation(_)) => "Rotate a key".to_owned(),
        _ => "Create a key".to_owned(),
    });
    let tenant = StoredValue::new(tenant);
    view! {
        <Dialog open title>
            {move || wanted.get().map(|wanted| view! { <Form tenant=tenant.get_value() wanted keys open /> })}
        </Dialog>
    }
}

#[component]
fn Form(tenant: String, wanted: Wanted, keys: Remote<Vec<Key>>, open: RwSignal<bool>) -> impl IntoView {
    let access = access();
    let rotation = wanted != Wanted::Key;
    let algorithm = match wanted {
        Wanted::Rotation(Some(algorithm)) => algorithm,
        _ => SigningAlgorithm::ES256,
    };
    // A successor needs a predecessor.
    let held = keys.ready().unwrap_or_default();
    let choices = ALGORITHMS
        .into_iter()
        .filter(|(algorithm, _)| !rotation || held.iter().any(|key| key.algorithm == *algorithm))
        .map(|(algorithm, about)| (name(algorithm).to_owned(), format!("{}: {about}", name(algorithm))))
        .collect::<Vec<_>>();
    let first = choices.iter().find(|(value, _)| *value == name(algorithm)).or(choices.first());
    let first = first.map(|(value, _)| value.clone()).unwrap_or_default();
    let draft = Draft::of_new(json!({ "algorithm": first }));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let path = format!("tenants/{}/keys{}", encode(&tenant), if rotation { "/rotate" } else { "" });
        let body = draft.value();
        let at_once = draft.get("/at_once").as_bool().unwrap_or_default();
        draft.submit(async move { send::<Key>(access, "POST", &path, Some(&body)).await }, move |_| {
            notify(match (rotation, at_once) {
                (true, true) => "The successor signs now",
                (true, false) => "The successor is published and signs in a day",
                (false, _) => "The key is published and signs in a day",
            });
            open.set(false);
            keys.reload();
        });
    };
    view! {
        <form class="stack" on:submit=submit>
            <Summary draft />
            <p>{if rotation {
                "The key that signs gets a successor. What the old key signed stays valid: it stays in the JWKS until the last of it has expired."
            } else {
                "The key is published now and signs a day later, in place of the key of its algorithm that signs then. An algorithm has one published key at a time."
            }}</p>
            <ChoiceField draft at="/algorithm" label="Algorithm" choices />
            {rotation.then(|| view! {
                <SwitchField draft at="/at_once" label="Sign with the successor at once"
                    help="Without this, the successor is published for a day first, so that every cache of the JWKS knows it: nobody notices. At once means that clients and resource servers which keep the JWKS may refuse new tokens for up to five minutes." />
            })}
            <div class="actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button primary" disabled=move || draft.saving.get()>
                    {move || match (draft.saving.get(), rotation) { (true, _) => "Working\u{2026}", (_, true) => "Rotate", (_, false) => "Create" }}
                </button>
            </div>
        </form>
    }
}
