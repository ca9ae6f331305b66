use leptos::prelude::*;
use serde_json::json;

use crate::admin_api::Ask;
use crate::session::access;
use crate::tenant_file::{passphrase_problem, size};
use crate::transfer::{download, save};
use crate::ui::{Dialog, Draft, Summary, TextField, notify};

/// Asks for a passphrase, and saves the file that the server encrypts to it.
#[component]
pub fn Export(tenant: String, open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="Export the tenant">
            <Form tenant=tenant.clone() open />
        </Dialog>
    }
}

#[component]
fn Form(tenant: String, open: RwSignal<bool>) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "passphrase": "" }));
    let received = RwSignal::new(None::<f64>);
    let ready = move || {
        let passphrase = draft.text("/passphrase");
        !passphrase.is_empty() && passphrase_problem(&passphrase).is_none() && !draft.saving.get()
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if !untrack(ready) {
            return;
        }
        let path = format!("tenants/{}/export", crate::address::encode(&tenant));
        let name = format!("{tenant}.tenant");
        let body = json!({ "passphrase": draft.text("/passphrase") });
        let sent = async move {
            let ask = Ask::new("POST", &path).json(&body);
            let file = download(access, &ask, move |bytes| {
                let _gone = received.try_set(Some(bytes));
            })
            .await;
            let _gone = received.try_set(None);
            file
        };
        draft.submit(sent, move |file| {
            save(&file, &name);
            notify(format!("{name} is saved: {}", size(file.size())));
            open.set(false);
        });
    };
    view! {
        <form class="stack" on:submit=submit>
            <Summary draft />
            <p>"The file holds the tenant\u{2019}s private keys. Whoever has it and the passphrase has the tenant: keep both apart, and use a new passphrase for every export."</p>
            <div class="field-with-preview">
                <TextField draft at="/passphrase" kind="password" autocomplete="new-password" label="Passphrase" help="15 characters or more, printable ASCII: five words that do not belong together, say." />
                <p class="wrong">{move || passphrase_problem(&draft.text("/passphrase"))}</p>
            </div>
            <div class="actions">
                <span class="hint" role="status">
                    {move || draft.saving.get().then(|| received.get().map_or("The server collects the rows\u{2026}".to_owned(), |bytes| format!("{} received", size(bytes))))}
                </span>
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button primary" disabled=move || !ready()>"Export"</button>
            </div>
        </form>
    }
}
