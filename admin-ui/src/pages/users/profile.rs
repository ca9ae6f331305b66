//! Who the user is: what they sign in with, and what clients are told about them.

use leptos::prelude::*;

use crate::ui::{Draft, Panel, SwitchField, TextField};

/// What the user signs in with.
#[component]
pub fn AccountFields(draft: Draft) -> impl IntoView {
    view! {
        <div class="form">
            <TextField draft at="/username" label="Username" required=true help="Signs in with it; unique in the tenant, whatever the case." />
            <TextField draft at="/email" label="Email" kind="email" help="Signs in as well as the username; unique in the tenant." />
            <SwitchField draft at="/email_verified" label="The email address is verified" help="Clients are told that it is known to be theirs (email_verified)." />
        </div>
    }
}

/// What clients with the scope `profile` are told.
#[component]
pub fn ProfilePanel(draft: Draft) -> impl IntoView {
    view! {
        <Panel title="About the person" about="Clients are told it where the person let them have the scope profile.">
            <div class="stack">
                <div class="form-columns">
                    <TextField draft at="/profile/name" label="Full name" help="As it is shown: name" />
                    <TextField draft at="/profile/nickname" label="Nickname" help="nickname" />
                    <TextField draft at="/profile/given_name" label="Given names" help="given_name" />
                    <TextField draft at="/profile/family_name" label="Family names" help="family_name" />
                    <TextField draft at="/profile/picture" label="Picture" kind="url" placeholder="https://" help="An https address: picture" />
                    <TextField draft at="/profile/website" label="Website" kind="url" placeholder="https://" help="An https address: website" />
                    <TextField draft at="/profile/locale" label="Language" placeholder="en-GB" help="A language tag (BCP 47): locale" />
                    <TextField draft at="/profile/zoneinfo" label="Time zone" placeholder="Europe/London" help="Of the IANA database: zoneinfo" />
                </div>
            </div>
        </Panel>
    }
}
