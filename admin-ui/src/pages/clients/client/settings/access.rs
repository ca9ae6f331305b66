use leptos::prelude::*;

use super::super::Shown;
use super::{choices, has_grant};
use crate::client_words::{GRANT_TYPES, RESPONSE_TYPES};
use crate::ui::{ChoiceField, Draft, ListField, NumberField, Panel, SetField, SwitchField, TextField};

/// What the client may do: its grant types, where people return to, what it may ask for.
#[component]
pub fn Access(draft: Draft, shown: Shown) -> impl IntoView {
    let grant_types =
        GRANT_TYPES.map(|(value, name, about)| (value.to_owned(), name.to_owned(), about.to_owned()));
    let response_types =
        RESPONSE_TYPES.map(|(value, name, about)| (value.to_owned(), name.to_owned(), about.to_owned()));
    let scopes = Memo::new(move |_| {
        shown.offers.scopes(&shown.client().map(|client| client.scope).unwrap_or_default())
    });
    let resources = Memo::new(move |_| {
        shown.offers.resources(&shown.client().map(|client| client.resources).unwrap_or_default())
    });
    let exchanges = Memo::new(move |_| has_grant(draft, "urn:ietf:params:oauth:grant-type:token-exchange"));
    view! {
        <Panel title="Ways to tokens" about="Grant types, and where the browser returns to.">
            <div class="form">
                <SetField draft at="/grant_types" label="Grant types" choices=Signal::stored(grant_types.to_vec()) />
                <SetField draft at="/response_types" label="Response types" choices=Signal::stored(response_types.to_vec())
                    help="What comes back from signing in. None: what the grant types need. Others than code are for the profile oidc-legacy, and send tokens through the browser." />
                <Show when=move || exchanges.get()>
                    <SwitchField draft at="/token_exchange/impersonation" label="Impersonation" help="It may get tokens that do not tell that it acts (RFC 8693 \u{a7}1.1)." />
                    <SwitchField draft at="/token_exchange/delegation" label="Delegation" help="It may get tokens whose act claim names who acts." />
                </Show>
                <ListField draft at="/redirect_uris" label="Redirect URIs" placeholder="https://app.example.com/callback"
                    help="One in each line. They are compared exactly, but for the port of an address of this machine." />
                <ListField draft at="/post_logout_redirect_uris" label="Redirect URIs after signing out" placeholder="https://app.example.com/"
                    help="One in each line (post_logout_redirect_uris)." />
                <TextField draft at="/sector_identifier_uri" label="Sector identifier" kind="url" placeholder="https://example.com/redirect-uris.json"
                    help="Where the redirect URIs of a group of clients are listed as a JSON array (sector_identifier_uri). All of this client\u{2019}s must be in it." />
                <ChoiceField draft at="/application_type" label="Application type" choices=choices([("web", "Web"), ("native", "Native: installed on a device")])
                    help="Native applications may have redirect URIs of this machine and of a scheme of their own." />
            </div>
        </Panel>
        <Panel title="Scopes and resources" about="The most that the client may ask for.">
            <div class="form">
                <SetField draft at="/scope" label="Scopes" choices=scopes spaced=true />
                <Show when=move || resources.with(|resources| !resources.is_empty())>
                    <SetField draft at="/resources" label="Protected resources" choices=resources
                        help="What its tokens may be for (RFC 8707). The first one is used where a request names none." />
                </Show>
                <NumberField draft at="/default_max_age" label="Longest time since signing in" unit="seconds" placeholder="any"
                    help="Where a request does not say so itself, people who signed in longer ago sign in again (default_max_age)." />
            </div>
        </Panel>
    }
}
