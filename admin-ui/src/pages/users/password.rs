//! Passwords that an administrator sets for somebody.

use grantor_api::Tenant;
use leptos::prelude::*;
use serde_json::json;

use crate::address::encode;
use crate::passwords::{bytes_needed, generate, policy_in_words};
use crate::session::session;
use crate::ui::{Draft, Remote, Secret, TextField, remote};

/// The tenant, if the administrator may read it.
pub fn readable_tenant(tenant: &str) -> Option<Remote<Tenant>> {
    let path = format!("tenants/{}", encode(tenant));
    session().may(tenant, "tenant", "read").then(|| remote(move || path.clone()))
}

/// The field `/password` with what the tenant demands of one, and a button that makes one.
#[component]
pub fn PasswordField(
    draft: Draft,
    tenant: Option<Remote<Tenant>>,
    /// The password that was made here, if it was.
    generated: RwSignal<Option<String>>,
    #[prop(default = false)] required: bool,
) -> impl IntoView {
    let policy = move || tenant.and_then(Remote::ready).map(|tenant| tenant.settings.password_policy);
    let make = move |_| {
        let least = policy().map_or(0, |policy| policy.min_length);
        let Some(password) = random(bytes_needed(least)).map(|bytes| generate(&bytes)) else { return };
        draft.set("/password", json!(password));
        generated.set(Some(password));
    };
    // What was typed since is not what was made.
    Effect::new(move |_| {
        let typed = draft.text("/password");
        if generated.with_untracked(|made| made.as_ref().is_some_and(|made| *made != typed)) {
            generated.set(None);
        }
    });
    view! {
        <div class="stack">
            {move || view! {
                <TextField draft at="/password" label="Password" kind="password" autocomplete="new-password" required help=policy_in_words(policy().as_ref()) />
            }}
            {move || match generated.get() {
                Some(password) => view! { <Secret label="Generated password" secret=password /> }.into_any(),
                None => view! {
                    <div><button type="button" class="button small" on:click=make>"Generate a password"</button></div>
                }.into_any(),
            }}
        </div>
    }
}

/// Random bytes of the browser's; none where it has none to give.
fn random(count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    let filled = window().crypto().and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if let Err(error) = filled {
        web_sys::console::error_1(&error);
        return None;
    }
    Some(bytes)
}
