use grantor_api::{Profile, Tenant};
use leptos::prelude::*;

use crate::snippets::shell;
use crate::ui::{CopyButton, Draft, Panel, Remote, show};

/// Who may register, as the policy says it or else the profile.
pub fn mode(draft: Draft, tenant: &Tenant) -> String {
    let mode = draft.text("/mode");
    match (mode.is_empty(), tenant.settings.profile) {
        (false, _) => mode,
        (true, Profile::Mcp) => "open".to_owned(),
        (true, _) => "closed".to_owned(),
    }
}

/// Where clients register, with a request that can be tried.
#[component]
pub fn Endpoint(draft: Draft, of: Remote<Tenant>) -> impl IntoView {
    view! {
        <div id="endpoint" class="group">
            <Panel title="How to register">
                {show(of, move |tenant| {
                    let endpoint = Signal::stored(format!("{}/register", tenant.issuer));
                    let says = Memo::new(move |_| mode(draft, &tenant));
                    let request = Signal::derive(move || curl(&endpoint.get(), says.get() == "initial_access_token"));
                    view! {
                        <div class="stack">
                            <p>{move || match says.get().as_str() {
                                "open" => "Registration is open: anybody can register a client.",
                                "initial_access_token" => "Whoever has an initial access token can register a client.",
                                _ => "Registration is closed: the endpoint refuses everybody and is not advertised.",
                            }}</p>
                            <p class="with-copy"><code>{endpoint}</code><CopyButton text=endpoint what="the address of the registration endpoint" /></p>
                            {move || (says.get() != "closed").then(|| view! {
                                <div class="snippet"><CopyButton text=request what="the request" /><pre><code>{request}</code></pre></div>
                            })}
                        </div>
                    }
                })}
            </Panel>
        </div>
    }
}

fn curl(endpoint: &str, with_token: bool) -> String {
    let token = if with_token { "  -H \"Authorization: Bearer $INITIAL_ACCESS_TOKEN\" \\\n" } else { "" };
    format!(
        "curl -X POST {} \\\n{token}  -H 'Content-Type: application/json' \\\n  -d '{{\n    \"client_name\": \"My application\",\n    \
         \"redirect_uris\": [\"https://app.example.com/callback\"],\n    \"token_endpoint_auth_method\": \"none\"\n  }}'",
        shell(endpoint)
    )
}
