use grantor_api::{InitialAccessToken, Page};
use leptos::prelude::*;
use serde_json::{Value, json};

use super::policy::{OnlyThese, grant_types};
use crate::admin_api::send;
use crate::session::access;
use crate::ui::{Draft, DurationField, ListField, NumberField, Remote, Secret, SetField, Summary, TextField};

/// Makes a token and shows it, this once.
#[component]
pub fn NewToken(
    path: String,
    tokens: Remote<Page<InitialAccessToken>>,
    open: RwSignal<bool>,
) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "name": "", "expires_in": 86_400, "redirect_uri_hosts": [] }));
    let made = RwSignal::new(None::<String>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (path, body) = (path.clone(), draft.value());
        let sent = async move { send::<InitialAccessToken>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |token: InitialAccessToken| {
            made.set(token.token.map(|token| token.expose().to_owned()));
            tokens.reload();
        });
    };
    move || {
        match made.get() {
        Some(secret) => view! {
            <div class="stack">
                <Secret label="Initial access token" secret />
                <div class="actions"><button type="button" class="button primary" on:click=move |_| open.set(false)>"I have kept it"</button></div>
            </div>
        }.into_any(),
        None => view! {
            <form class="stack" on:submit=submit.clone()>
                <Summary draft />
                <Fields draft />
                <div class="actions">
                    <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                    <button type="submit" class="button primary" disabled=draft.saving>"Create the token"</button>
                </div>
            </form>
        }.into_any(),
    }
    }
}

#[component]
fn Fields(draft: Draft) -> impl IntoView {
    let bounded = Memo::new(move |_| draft.get("/grant_types").is_array());
    let bound = move |on: bool| {
        draft.set(
            "/grant_types",
            if on { json!(["authorization_code", "refresh_token"]) } else { Value::Null },
        )
    };
    view! {
        <TextField draft at="/name" label="Name" placeholder="Partner onboarding" help="To tell tokens apart." />
        <div class="form-columns">
            <DurationField draft at="/expires_in" label="Can be used for" help="A minute to a year." />
            <NumberField draft at="/uses_left" label="For so many clients" placeholder="any number" />
        </div>
        <details class="more">
            <summary>"Narrow what its clients may have"</summary>
            <div class="stack">
                <p class="hint">"Within what the registration policy allows."</p>
                <ListField draft at="/redirect_uri_hosts" label="Hosts of redirect URIs" placeholder="*.example.com" help="One a line. None: those of the policy." />
                <TextField draft at="/scope" label="Scopes" placeholder="those of the policy" help="Separated by spaces." />
                <div class="field field-switch">
                    <input id="token-grant-types" type="checkbox" role="switch" class="switch" prop:checked=bounded on:change=move |event| bound(event_target_checked(&event)) />
                    <div><label for="token-grant-types">"Only some grant types"</label></div>
                </div>
                {move || bounded.get().then(|| view! { <SetField draft at="/grant_types" label="Grant types" choices=grant_types() /> })}
                <OnlyThese draft at="/resources" label="Only some protected resources" help="Off: those of the policy." placeholder="https://api.example.com" />
            </div>
        </details>
    }
}
