//! What is chosen of a provider.

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::ui::{Draft, ListField, NumberField, Panel, RadioField, SwitchField, TextField};

/// Claims of the provider's, and what of a user they make.
const CLAIMS: [(&str, &str, &str); 8] = [
    ("username", "Username", "What is before an at sign of it. One that is somebody\u{2019}s gets a number."),
    ("email", "Email address", "One that is somebody\u{2019}s is taken by nobody else."),
    ("email_verified", "Whether the address is verified", "Counts where people are found by their address."),
    ("name", "Full name", ""),
    ("given_name", "Given names", ""),
    ("family_name", "Family names", ""),
    ("picture", "Picture", ""),
    ("locale", "Language", ""),
];

/// How the provider knows this tenant.
#[component]
pub fn ClientFields(draft: Draft, secret_help: &'static str) -> impl IntoView {
    view! {
        <TextField draft at="/client_id" label="client_id" required=true help="What the provider calls this tenant." />
        <TextField draft at="/client_secret" label="client_secret" kind="password" autocomplete="new-password" help=secret_help />
    }
}

/// Who comes in through the provider, and as whom.
#[component]
pub fn PeopleFields(draft: Draft) -> impl IntoView {
    let links: Vec<(Value, &'static str, String)> = vec![
        (
            json!("never"),
            "Never",
            "People link the provider themselves, on their account page, when they are signed in.".to_owned(),
        ),
        (
            json!("verified"),
            "Where both sides have verified the address",
            "Whoever the provider says has the address becomes that user, unless the user administers something. Only for a \
             provider that you would give everybody\u{2019}s password."
                .to_owned(),
        ),
    ];
    view! {
        <SwitchField draft at="/create_users" label="Make users of people who are new"
            help="Whoever signs in there for the first time becomes a user here. Off: only those who have linked it come in." />
        <RadioField draft at="/link_by_email" label="An email address makes somebody the user who has it" choices=links />
        <ListField draft at="/domains" label="Mail domains of its people" placeholder="example.com"
            help="One a line. Whoever gives such an address on the sign-in page is sent there, whether or not it is anybody\u{2019}s." />
    }
}

/// The button, what is asked for, and what comes of the claims.
#[component]
pub fn Details(draft: Draft) -> impl IntoView {
    view! {
        <Panel title="Scopes and claims" about="What is asked of the provider, and which of its claims say what of a new user.">
            <div class="form form-wide">
                <TextField draft at="/scopes" label="Scopes" required=true help="With spaces between them, openid among them." />
                <div class="form-columns">
                    {CLAIMS.into_iter().map(|(member, label, help)| view! {
                        <TextField draft at=format!("/claims/{member}") label help may_be_empty=true placeholder="Not taken" />
                    }).collect_view()}
                </div>
            </div>
        </Panel>
    }
}

/// How the provider looks on the sign-in page.
#[component]
pub fn ButtonFields(draft: Draft) -> impl IntoView {
    view! {
        <TextField draft at="/display_name" label="Name for people" required=true placeholder="Example Ltd" help="On the button of the sign-in page, after \u{201c}Sign in with\u{201d}." />
        <NumberField draft at="/position" label="Place of the button" help="The smallest first; those with the same in the order of their names." />
    }
}
