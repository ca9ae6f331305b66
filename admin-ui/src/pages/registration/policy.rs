use grantor_api::{Profile, Tenant};
use leptos::prelude::*;
use serde_json::{Value, json};

use crate::ui::{
    Draft, DurationField, ListField, Panel, RadioField, Remote, SetField, SwitchField, TextField,
};

/// Grant types that such clients can have: value, name, what it is for.
const GRANT_TYPES: [(&str, &str, &str); 5] = [
    ("authorization_code", "Authorization code", "People sign in with a browser."),
    ("refresh_token", "Refresh token", "The client goes on when its access token has expired."),
    (
        "urn:ietf:params:oauth:grant-type:device_code",
        "Device code",
        "People let a device in on another screen.",
    ),
    ("client_credentials", "Client credentials", "The client acts for itself."),
    ("implicit", "Implicit", "Only with the profile oidc-legacy."),
];

pub fn grant_types() -> Signal<Vec<(String, String, String)>> {
    Signal::stored(
        GRANT_TYPES
            .iter()
            .map(|(value, name, about)| ((*value).to_owned(), (*name).to_owned(), (*about).to_owned()))
            .collect(),
    )
}

#[component]
pub fn Who(draft: Draft, of: Option<Remote<Tenant>>) -> impl IntoView {
    let is_mcp =
        Memo::new(move |_| of.and_then(Remote::ready).map(|tenant| tenant.settings.profile == Profile::Mcp));
    view! {
        <div id="who" class="group">
            <Panel title="Who may register">
                <div class="form">
                    {move || view! { <Choices draft is_mcp=is_mcp.get() /> }}
                    <ListField draft at="/trusted_hosts" label="Hosts whose metadata documents are taken" placeholder="*.example.com"
                        help="One a line, *.example.com for all below. None: all hosts." />
                    <DurationField draft at="/unused_lifetime" label="Unused clients are deleted after"
                        help="A self-made client that nobody has used for so long, and of which no grant lives. An hour to a year." />
                </div>
            </Panel>
        </div>
    }
}

/// The two choices that the tenant's profile makes while nobody else does.
#[component]
fn Choices(draft: Draft, is_mcp: Option<bool>) -> impl IntoView {
    let (mode_now, documents_now) = match is_mcp {
        Some(true) => ("Open, with this tenant\u{2019}s profile.", "Yes, with this tenant\u{2019}s profile."),
        Some(false) => {
            ("Closed, with this tenant\u{2019}s profile.", "No, with this tenant\u{2019}s profile.")
        }
        None => ("Open with mcp, closed otherwise.", "Yes with mcp, no otherwise."),
    };
    let modes = vec![
        (Value::Null, "As the profile says", mode_now.to_owned()),
        (json!("closed"), "Nobody", "Administrators make all clients.".to_owned()),
        (
            json!("initial_access_token"),
            "Whoever has an initial access token",
            "You make tokens below and give them away.".to_owned(),
        ),
        (
            json!("open"),
            "Anybody",
            "People are told that nobody has checked such an application, and are always asked for consent."
                .to_owned(),
        ),
    ];
    let documents = vec![
        (Value::Null, "As the profile says", documents_now.to_owned()),
        (
            json!(true),
            "Yes",
            "A client introduces itself by an https address at which its metadata is.".to_owned(),
        ),
        (json!(false), "No", String::new()),
    ];
    view! {
        <RadioField draft at="/mode" label="At the registration endpoint" choices=modes />
        <RadioField draft at="/client_id_metadata_documents" label="Is the address of a metadata document taken as a client_id?" choices=documents />
    }
}

#[component]
pub fn Bounds(draft: Draft) -> impl IntoView {
    view! {
        <div id="bounds" class="group">
            <Panel title="What they may have" about="Bounds every self-made client, also later. A registration that asks for more is refused and says why.">
                <div class="form">
                    <SetField draft at="/grant_types" label="Grant types" choices=grant_types() />
                    <ListField draft at="/redirect_uri_hosts" label="Hosts of redirect URIs" placeholder="*.example.com" help="One a line, *.example.com for all below. None: all hosts." />
                    <SwitchField draft at="/loopback_redirect_uris" label="Loopback redirect URIs" help="http://127.0.0.1 and the like, for applications on people\u{2019}s own machines." />
                    <SwitchField draft at="/private_use_redirect_uris" label="Redirect URIs with a scheme of their own" help="com.example.app:/callback and the like, for applications on phones." />
                    <TextField draft at="/scope" label="Scopes" placeholder="all that the tenant knows" help="Separated by spaces." />
                    <TextField draft at="/default_scope" label="Scopes without asking" placeholder="all that they may have" help="What a registration without scope gets." />
                    <OnlyThese draft at="/resources" label="Only some protected resources" help="Off: all of the tenant\u{2019}s but the admin API." placeholder="https://api.example.com" />
                    <div class="form-columns">
                        <DurationField draft at="/access_token_lifetime" label="Longest life of access tokens" placeholder="no bound" help="Empty: as the tenant\u{2019}s." />
                        <DurationField draft at="/refresh_token_lifetime" label="Longest life of refresh tokens" placeholder="no bound" help="Empty: as the tenant\u{2019}s." />
                    </div>
                </div>
            </Panel>
        </div>
    }
}

/// A list that bounds while there is one: absent is "all", and empty is "none".
#[component]
pub fn OnlyThese(
    draft: Draft,
    at: &'static str,
    label: &'static str,
    help: &'static str,
    placeholder: &'static str,
) -> impl IntoView {
    let bounded = Memo::new(move |_| draft.get(at).is_array());
    let switch = move |on: bool| draft.set(at, if on { json!([]) } else { Value::Null });
    let id = crate::ui::field_id(&format!("{at}-bounded"));
    view! {
        <div class="stack">
            <div class="field field-switch">
                <input id=id.clone() type="checkbox" role="switch" class="switch" disabled=move || draft.locked.get() prop:checked=bounded
                    on:change=move |event| switch(event_target_checked(&event)) />
                <div><label for=id>{label}</label><p class="hint">{help}</p></div>
            </div>
            {move || bounded.get().then(|| view! { <ListField draft at label="These" placeholder help="One a line. None: none at all." /> })}
        </div>
    }
}
