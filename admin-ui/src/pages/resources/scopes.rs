use leptos::prelude::*;

use crate::address::encode;
use crate::session::session;
use crate::ui::{
    Document, Draft, Panel, Remote, RowsField, SaveBar, Summary, document, save_patch, show_once,
};

/// Scopes that belong to no resource: a part of the tenant's document.
#[component]
pub fn TenantScopes(tenant: String) -> impl IntoView {
    let path = format!("tenants/{}", encode(&tenant));
    let asked = path.clone();
    let document = document(move || asked.clone());
    show_once(document, move || view! { <Edit tenant=tenant.clone() path=path.clone() document /> })
}

#[component]
fn Edit(tenant: String, path: String, document: Remote<Document>) -> impl IntoView {
    let Some(original) = untrack(|| document.ready()) else { return ().into_any() };
    let draft = Draft::new(original);
    draft.locked.set(!session().may(&tenant, "tenant", "update"));
    let save = move |()| save_patch(draft, path.clone(), |_| ());
    view! {
        <Panel title="Scopes of the tenant"
            about="For every resource that has no scopes of its own. Beside them, clients may ask for openid, profile, email and offline_access.">
            <div class="form form-wide">
                <Summary draft />
                <RowsField draft at="/settings/scopes" label="Scopes" what="scope" name_example="orders:read" description_example="See your orders"
                    help="The description is the sentence that people are asked to consent to." />
            </div>
        </Panel>
        <SaveBar draft save />
    }
    .into_any()
}
