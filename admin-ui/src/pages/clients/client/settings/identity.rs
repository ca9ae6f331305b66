use leptos::prelude::*;

use crate::ui::{Draft, ListField, Panel, SwitchField, TextField};

/// What people see of the client.
#[component]
pub fn Identity(draft: Draft) -> impl IntoView {
    view! {
        <Panel title="Name and links" about="What people see when they sign in and are asked for consent.">
            <div class="form">
                <TextField draft at="/client_name" label="Name" />
                <div class="form-columns">
                    <TextField draft at="/client_uri" label="Home page" kind="url" placeholder="https://app.example.com/" help="client_uri" />
                    <TextField draft at="/logo_uri" label="Logo" kind="url" placeholder="https://app.example.com/logo.png" help="logo_uri" />
                    <TextField draft at="/policy_uri" label="Privacy policy" kind="url" help="policy_uri" />
                    <TextField draft at="/tos_uri" label="Terms of service" kind="url" help="tos_uri" />
                </div>
                <ListField draft at="/contacts" label="Contacts" placeholder="team@example.com" help="Email addresses of those who answer for the client, one in each line." />
                <SwitchField draft at="/skip_consent" label="One of your own applications"
                    help="People are not asked whether it may have what it asks for (skip_consent)." />
            </div>
        </Panel>
    }
}
