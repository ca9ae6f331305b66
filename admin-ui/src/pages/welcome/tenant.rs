use grantor_api::{Page, Tenant};
use leptos::prelude::*;
use serde_json::json;

use super::Path;
use crate::admin_api::send;
use crate::session::access;
use crate::slug;
use crate::ui::{Draft, Summary, TextField, remote, show};

/// Existing tenants that are offered.
const OFFERED: usize = 6;

/// Chooses a tenant, or makes the first.
#[component]
pub fn TenantStep(path: Path) -> impl IntoView {
    let tenants = remote::<Page<Tenant>>(|| format!("tenants?limit={}", OFFERED + 1));
    view! {
        <p>"A tenant is one customer or product: an issuer with users, clients and keys of its own."</p>
        {show(tenants, move |page| {
            // The platform's own tenant is for its administrators.
            let others: Vec<_> = page.items.into_iter().filter(|tenant| tenant.slug != "system").take(OFFERED).collect();
            view! {
                {(!others.is_empty()).then(|| view! { <Offered tenants=others path /> })}
                <NewTenant path />
            }
        })}
    }
}

#[component]
fn Offered(tenants: Vec<Tenant>, path: Path) -> impl IntoView {
    view! {
        <div class="offered">
            <p class="quiet">"Go on with one that is there:"</p>
            {tenants.into_iter().map(|tenant| {
                let slug = tenant.slug;
                view! { <button type="button" class="button small" on:click=move |_| path.choose_tenant(&slug)>{tenant.name}</button> }
            }).collect_view()}
        </div>
        <p class="quiet">"Or create one:"</p>
    }
}

#[component]
fn NewTenant(path: Path) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "name": "", "slug": "" }));
    // The slug follows the name until somebody types another.
    let suggested = Memo::new(move |_| slug::suggest(&draft.text("/name")));
    Effect::new(move |last: Option<String>| {
        let slug = suggested.get();
        if untrack(|| draft.text("/slug")) == last.unwrap_or_default() {
            draft.set("/slug", json!(&slug));
        }
        slug
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body = draft.value();
        draft.submit(
            async move { send::<Tenant>(access, "POST", "tenants", Some(&body)).await },
            move |tenant| {
                path.choose_tenant(&tenant.slug);
            },
        );
    };
    view! {
        <form class="form" novalidate on:submit=submit>
            <Summary draft />
            <div class="form-columns">
                <TextField draft at="/name" label="Name" placeholder="Acme Robotics" required=true />
                <TextField draft at="/slug" label="Slug" placeholder="acme-robotics" required=true
                    help="In the issuer\u{2019}s address, and for ever: lower-case letters, digits and hyphens." />
            </div>
            <div><button type="submit" class="button primary" disabled=move || draft.saving.get()>
                {move || if draft.saving.get() { "Creating\u{2026}" } else { "Create the tenant" }}
            </button></div>
        </form>
    }
}
