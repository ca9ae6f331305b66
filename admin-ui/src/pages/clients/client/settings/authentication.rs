use leptos::prelude::*;

use super::choices;
use crate::client_words::AUTHENTICATION;
use crate::ui::{ChoiceField, Draft, JsonField, ListField, Panel, SwitchField, TextField};

/// Algorithms of signatures that the client makes with its own key.
const ALGORITHMS: [(&str, &str); 5] = [
    ("", "Any that is supported"),
    ("ES256", "ES256"),
    ("RS256", "RS256"),
    ("PS256", "PS256"),
    ("EdDSA", "EdDSA"),
];

/// Members of which one names the certificate of `tls_client_auth`.
const CERTIFICATE: [(&str, &str, &str); 5] = [
    ("/tls_client_auth_subject_dn", "Subject of its certificate", "CN=client,O=Example"),
    ("/tls_client_auth_san_dns", "Or a DNS name of it", "client.example.com"),
    ("/tls_client_auth_san_uri", "Or a URI of it", "spiffe://example.com/client"),
    ("/tls_client_auth_san_ip", "Or an address of it", "192.0.2.1"),
    ("/tls_client_auth_san_email", "Or an email address of it", "client@example.com"),
];

/// How the client proves who it is, and what its requests must do beside.
#[component]
pub fn Authentication(draft: Draft) -> impl IntoView {
    let method = Memo::new(move |_| draft.text("/token_endpoint_auth_method"));
    let methods =
        AUTHENTICATION.map(|(value, name, _)| (value.to_owned(), format!("{name} ({value})"))).to_vec();
    let about = move || {
        let about = AUTHENTICATION.iter().find(|(value, ..)| *value == method.get());
        about.map(|(.., about)| *about).unwrap_or_default()
    };
    view! {
        <Panel title="Authentication and keys" about="How the client proves who it is.">
            <div class="form">
                <div class="stack-tight">
                    <ChoiceField draft at="/token_endpoint_auth_method" label="Authentication" choices=Signal::stored(methods) />
                    <p class="hint">{about}</p>
                </div>
                <Show when=move || method.get() == "private_key_jwt">
                    <ChoiceField draft at="/token_endpoint_auth_signing_alg" label="Algorithm of its assertions" choices=choices(ALGORITHMS) />
                </Show>
                <Show when=move || method.get() == "tls_client_auth">
                    <div class="form-columns">
                        {CERTIFICATE.map(|(at, label, placeholder)| view! { <TextField draft at label placeholder help=at.trim_start_matches('/') /> }).collect_view()}
                    </div>
                </Show>
                <TextField draft at="/jwks_uri" label="Address of its public keys" kind="url" placeholder="https://app.example.com/jwks.json"
                    help="A JWK Set (jwks_uri): for signed assertions, its own certificate and signed requests." />
                <JsonField draft at="/jwks" label="Or the public keys themselves" help="A JWK Set: {\"keys\": [\u{2026}]}. Leave out one of the two." />
            </div>
        </Panel>
        <Panel title="Security" about="What is demanded of the client beside what its profile demands.">
            <div class="form">
                <SwitchField draft at="/dpop_bound_access_tokens" label="Tokens are bound to a key (DPoP)" help="Token requests need a proof of a key of the client's, and a stolen token is of no use (RFC 9449)." />
                <SwitchField draft at="/tls_client_certificate_bound_access_tokens" label="Tokens are bound to its certificate" help="Where client certificates reach this server (RFC 8705)." />
                <SwitchField draft at="/require_pushed_authorization_requests" label="Authorization requests are pushed (PAR)" help="The browser carries only a reference to what the client asked for (RFC 9126)." />
                <SwitchField draft at="/require_signed_request_object" label="Authorization requests are signed (JAR)" help="Needs public keys of the client's (RFC 9101)." />
                <ChoiceField draft at="/request_object_signing_alg" label="Algorithm of signed requests" choices=choices(ALGORITHMS) />
                <ListField draft at="/request_uris" label="Addresses of signed requests" help="Where they may be fetched from, one in each line (request_uris)." />
            </div>
        </Panel>
    }
}
