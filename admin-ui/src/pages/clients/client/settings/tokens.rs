use leptos::prelude::*;

use super::super::APPROVALS;
use super::{choices, has_grant};
use crate::ui::{ChoiceField, Draft, Panel, TextField};

/// What the client gets, and where it differs from what the tenant says.
#[component]
pub fn Tokens(draft: Draft) -> impl IntoView {
    let device = Memo::new(move |_| has_grant(draft, "urn:ietf:params:oauth:grant-type:device_code"));
    let profiles = choices([
        ("", "As the tenant's settings say"),
        ("oauth21", "OAuth 2.1 (oauth21)"),
        ("mcp", "Model Context Protocol (mcp)"),
        ("oidc-legacy", "Old applications, less safe (oidc-legacy)"),
    ]);
    let formats = choices([
        ("", "As the resource says"),
        ("jwt", "A signed JWT: resources verify it themselves"),
        ("opaque", "A handle: resources ask the server about it"),
    ]);
    let algorithms = choices([
        ("", "As the tenant's settings say"),
        ("ES256", "ES256"),
        ("RS256", "RS256"),
        ("PS256", "PS256"),
        ("EdDSA", "EdDSA"),
    ]);
    view! {
        <Panel title="Profile and tokens" about="Where this client differs from the rest of the tenant.">
            <div class="form">
                <ChoiceField draft at="/profile" label="Profile" choices=profiles help="What is demanded of the client as a whole." />
                <div class="form-columns">
                    <ChoiceField draft at="/access_token_format" label="Form of access tokens" choices=formats />
                    <ChoiceField draft at="/id_token_signed_response_alg" label="Algorithm of ID tokens" choices=algorithms />
                </div>
                <Show when=move || device.get()>
                    <ChoiceField draft at="/device_approval" label="Who approves its devices" choices=choices(APPROVALS) />
                </Show>
                <div class="form-columns">
                    <TextField draft at="/software_id" label="Program" help="The same for every client that is the same program (software_id)." />
                    <TextField draft at="/software_version" label="Its version" help="software_version" />
                </div>
            </div>
        </Panel>
    }
}
