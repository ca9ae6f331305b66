use leptos::prelude::*;

use crate::pages::tenants::{LegacyWarning, profiles};
use crate::ui::{ChoiceField, Draft, Panel, RadioField, SwitchField, TextField};

/// Algorithms that tenants sign with, and whom they suit.
const ALGORITHMS: [(&str, &str); 4] = [
    ("ES256", "ES256: short and fast"),
    ("RS256", "RS256: known to every client"),
    ("PS256", "PS256: RSA as RFC 8725 and FAPI want it"),
    ("EdDSA", "EdDSA: Ed25519, for current libraries"),
];

#[component]
pub fn Security(draft: Draft) -> impl IntoView {
    let algorithms = Signal::stored(
        ALGORITHMS.iter().map(|(value, name)| ((*value).to_owned(), (*name).to_owned())).collect::<Vec<_>>(),
    );
    view! {
        <div id="security" class="group">
            <Panel title="Profile and security" about="What is demanded of every client of the tenant. A client can be held to more than this.">
                <div class="form">
                    <RadioField draft at="/settings/profile" label="Profile" choices=profiles() />
                    <LegacyWarning draft />
                    <SwitchField draft at="/settings/require_pushed_authorization_requests" label="Require pushed authorization requests"
                        help="Every client sends its request to the server first (RFC 9126), so that nobody can alter it in the browser." />
                    <SwitchField draft at="/settings/require_dpop_nonce" label="Require a nonce in DPoP proofs"
                        help="Proofs carry a value of the server's (RFC 9449), so that none can be made ahead of time. It costs clients one more request now and then." />
                    <div class="form-columns">
                        <ChoiceField draft at="/settings/access_token_algorithm" label="Access tokens are signed with" choices=algorithms />
                        <ChoiceField draft at="/settings/id_token_algorithm" label="ID tokens are signed with" choices=algorithms
                            help="For clients that register no id_token_signed_response_alg." />
                    </div>
                    <TextField draft at="/settings/client_certificate_authorities" label="Authorities of client certificates" lines=5
                        placeholder="-----BEGIN CERTIFICATE-----" help="PEM. Certificates of clients with tls_client_auth are verified with these; without any, no client can use it." />
                </div>
            </Panel>
        </div>
    }
}
