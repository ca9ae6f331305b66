//! What people meet beside signing in: devices, signing out, and what is noted of it.

use leptos::prelude::*;
use serde_json::{Value, json};

use crate::ui::{Draft, NumberField, Panel, RadioField, SwitchField};

/// One of a few values, with what it is called and what follows.
pub fn choice(value: &str, title: &'static str, about: &str) -> (Value, &'static str, String) {
    (json!(value), title, about.to_owned())
}

#[component]
pub fn Devices(draft: Draft) -> impl IntoView {
    let approvals = vec![
        choice(
            "user",
            "The person in front of it",
            "Whoever enters the code that the device shows, and signs in.",
        ),
        choice(
            "user-then-admin",
            "The person, then an administrator",
            "The device waits until an administrator has let it in as well.",
        ),
        choice(
            "admin",
            "An administrator alone",
            "They enter the code and say whose device it is. For screens and machines that nobody signs in at.",
        ),
    ];
    view! {
        <div id="devices" class="group">
            <Panel title="Devices" about="Televisions, printers and command lines, which get in with a code on another screen (RFC 8628).">
                <div class="form">
                    <RadioField draft at="/settings/device_approval" label="Who lets a device in" help="Clients can say otherwise for themselves." choices=approvals />
                </div>
            </Panel>
        </div>
    }
}

#[component]
pub fn SignOut(draft: Draft) -> impl IntoView {
    let grants = vec![
        choice(
            "online",
            "Grants without offline_access",
            "Applications that asked to work on without the person go on working. The others stop.",
        ),
        choice(
            "all",
            "All grants of the session",
            "Every application in which the person signed in during this session stops.",
        ),
        choice(
            "none",
            "No grants",
            "Only the session at the tenant ends; applications go on until their tokens do.",
        ),
    ];
    view! {
        <div id="sign-out" class="group">
            <Panel title="Sign-out">
                <div class="form">
                    <RadioField draft at="/settings/sign_out_revokes" label="What ends with the session" choices=grants />
                </div>
            </Panel>
        </div>
    }
}

#[component]
pub fn Audit(draft: Draft) -> impl IntoView {
    view! {
        <div id="audit" class="group">
            <Panel title="Audit trail">
                <div class="form">
                    <NumberField draft at="/settings/audit_retention" label="Events are kept for" unit="days" help="From 1 to 3650. Older ones are deleted for good." />
                    <SwitchField draft at="/settings/audit_token_issues" label="Note every access token that is issued"
                        help="Shows which client got tokens when. Busy tenants may want it off: it makes most of the trail." />
                </div>
            </Panel>
        </div>
    }
}
