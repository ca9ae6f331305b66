use leptos::prelude::*;

use crate::ui::{Draft, DurationField, Panel};

/// Member, label, explanation.
type Row = (&'static str, &'static str, &'static str);

/// In the order in which people and applications meet them. One that the server does not have is not shown.
const GROUPS: [(&str, &[Row]); 4] = [
    (
        "People",
        &[
            (
                "session",
                "Sign-in session",
                "How long a person stays signed in at the tenant. 5 minutes to 90 days.",
            ),
            (
                "session_idle",
                "Unused session",
                "A session whose browser stays away for so long ends. 5 minutes to 90 days.",
            ),
            (
                "interaction",
                "Time to sign in and consent",
                "After it the person begins again at the application. 1 minute to 2 hours.",
            ),
        ],
    ),
    (
        "Tokens",
        &[
            ("access_token", "Access token", "A lost one is of use for so long. 30 seconds to a day."),
            ("id_token", "ID token", "Says who signed in. 30 seconds to a day."),
        ],
    ),
    (
        "Refresh tokens",
        &[
            (
                "refresh_token_idle",
                "Unused",
                "One that is not used for so long expires. 5 minutes to a year.",
            ),
            (
                "refresh_token_absolute",
                "At the latest",
                "A grant's refresh tokens end so long after it was given, however often used. Not shorter than the time above.",
            ),
            (
                "refresh_retry_window",
                "Retry window",
                "Who sends a used one again within this time gets the same answer again, instead of losing the grant. 0 seconds to 5 minutes.",
            ),
        ],
    ),
    (
        "Requests on their way",
        &[
            (
                "authorization_code",
                "Authorization code",
                "How long it waits for its client. 10 to 60 seconds.",
            ),
            (
                "pushed_authorization_request",
                "Pushed request",
                "How long it waits for the browser. 5 to 599 seconds.",
            ),
            ("device_code", "Device code", "How long a device waits for a person. 1 minute to an hour."),
            ("device_poll_interval", "Between two polls of a device", "1 to 60 seconds."),
        ],
    ),
];

#[component]
pub fn Lifetimes(draft: Draft) -> impl IntoView {
    let at = |member: &str| format!("/settings/lifetimes/{member}");
    let known = move |member: &str| untrack(|| draft.get(&at(member))).is_u64();
    view! {
        <div id="lifetimes" class="group">
            <Panel title="Lifetimes" about="Shorter is safer, longer is calmer. An empty field goes back to the default when it is saved.">
                <div class="stack">
                    {GROUPS.into_iter().map(|(title, rows)| view! {
                        <fieldset class="subgroup">
                            <legend>{title}</legend>
                            <div class="form-columns">
                                {rows.iter().filter(|(member, ..)| known(member)).map(|(member, label, help)| view! {
                                    <DurationField draft at=at(member) label=*label help=*help />
                                }).collect_view()}
                            </div>
                        </fieldset>
                    }).collect_view()}
                </div>
            </Panel>
        </div>
    }
}
