use grantor_api::{AuthenticationMethod, ClientSecret, Page};
use leptos::prelude::*;
use serde_json::{Value, json};

use super::Shown;
use crate::admin_api::send;
use crate::session::access;
use crate::ui::{
    Badge, ChoiceField, Dialog, Draft, DurationField, Empty, Panel, Question, Remote, Summary, Time, Tone,
    ask, remote, show,
};

/// What can become of the other secrets: seconds that they stay valid, and in words.
const OVERLAPS: [(&str, &str); 6] = [
    ("86400", "They stay valid for a day"),
    ("604800", "They stay valid for a week"),
    ("3600", "They stay valid for an hour"),
    ("0", "They end at once"),
    ("2592000", "They stay valid for 30 days"),
    ("", "They stay as they are"),
];

/// The client's secrets, of which several can be valid while one takes the place of another.
#[component]
pub fn Secrets(shown: Shown) -> impl IntoView {
    let uses_secrets = Memo::new(move |_| {
        use AuthenticationMethod::{ClientSecretBasic, ClientSecretJwt, ClientSecretPost};
        shown.client().is_some_and(|client| {
            [ClientSecretBasic, ClientSecretJwt, ClientSecretPost]
                .contains(&client.token_endpoint_auth_method)
        })
    });
    move || {
        if uses_secrets.get() {
            view! { <List shown /> }.into_any()
        } else {
            view! {
                <Empty title="This client has no secrets" text="It does not authenticate with one. To change that, choose another way to authenticate in its settings." />
            }
            .into_any()
        }
    }
}

#[component]
fn List(shown: Shown) -> impl IntoView {
    let secrets = remote::<Page<ClientSecret>>(move || format!("{}/secrets", shown.path()));
    let creating = RwSignal::new(false);
    let may_change = untrack(|| shown.may_now("update"));
    let actions = may_change.then(|| {
        view! { <button type="button" class="button primary" on:click=move |_| creating.set(true)>"Create a secret"</button> }
            .into_any()
    });
    view! {
        <Panel title="Secrets" actions=actions
            about="To change a secret without an outage: create a new one, give it to the application, then delete the old one or let it expire.">
            {show(secrets, move |page| {
                let only = page.items.len() == 1;
                page.items.into_iter().map(|secret| view! { <Line shown secret secrets removable=may_change && !only /> }).collect_view()
            })}
        </Panel>
        <Dialog open=creating title="Create a secret"><Create shown secrets open=creating /></Dialog>
    }
}

#[component]
fn Line(
    shown: Shown,
    secret: ClientSecret,
    secrets: Remote<Page<ClientSecret>>,
    removable: bool,
) -> impl IntoView {
    let short: String = secret.id.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    let expires = match secret.expires_at.clone() {
        Some(at) => view! { <Badge text="Expires" tone=Tone::Warning />" "<Time at /> }.into_any(),
        None => view! { <span class="quiet">"Valid until it is deleted"</span> }.into_any(),
    };
    let (id, label) = (StoredValue::new(secret.id), format!("Delete secret {short}"));
    view! {
        <div class="line">
            <span>"Created " <Time at=secret.created_at /> " " <code class="quiet">{format!("\u{2026}{short}")}</code></span>
            <span>{expires}</span>
            {removable.then(|| view! {
                <button type="button" class="button small danger" aria-label=label on:click=move |_| delete(shown, id.get_value(), secrets)>"Delete\u{2026}"</button>
            })}
        </div>
    }
}

fn delete(shown: Shown, id: String, secrets: Remote<Page<ClientSecret>>) {
    let path = format!("{}/secrets/{id}", shown.path());
    let text = "It is refused at once: an application that still uses it gets no tokens any more. Tokens that it already has go \
                on until they expire. This cannot be undone.";
    let (what, gone) = ((path, "The secret is deleted".to_owned()), move || secrets.reload());
    ask(Question::deletion("Delete this secret?", text, "Delete the secret", what, gone));
}

#[component]
fn Create(shown: Shown, secrets: Remote<Page<ClientSecret>>, open: RwSignal<bool>) -> impl IntoView {
    let access = access();
    let draft = Draft::of_new(json!({ "overlap": OVERLAPS[0].0 }));
    let overlaps = OVERLAPS.map(|(value, name)| (value.to_owned(), name.to_owned())).to_vec();
    let submit = move || {
        let path = format!("{}/secrets", shown.path());
        let mut body = draft.value();
        if let Some(seconds) = draft.text("/overlap").parse::<u32>().ok().map(Value::from) {
            body["overlap"] = seconds;
        }
        let sent = async move { send::<ClientSecret>(access, "POST", &path, Some(&body)).await };
        draft.submit(sent, move |created| {
            let _gone = open.try_set(false);
            let _gone = shown.secret.try_set(created.client_secret);
            secrets.reload();
        });
    };
    view! {
        <form class="stack" on:submit=move |event| { event.prevent_default(); submit(); }>
            <Summary draft />
            <ChoiceField draft at="/overlap" label="The other secrets" choices=Signal::stored(overlaps)
                help="Long enough to give the new one to everything that runs." />
            <DurationField draft at="/expires_in" label="How long the new one is valid" placeholder="always" help="Left empty, until it is deleted." />
            <div class="actions">
                <button type="button" class="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button type="submit" class="button primary" disabled=move || draft.saving.get()>"Create the secret"</button>
            </div>
        </form>
    }
}
