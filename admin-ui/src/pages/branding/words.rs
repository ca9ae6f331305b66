use leptos::prelude::*;

use crate::ui::{ChoiceField, Draft, Panel, TextField};

/// Languages that the server's pages are in, as it tells in `ui_locales_supported`, and what they are called.
const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("de", "German")];

/// The logo, and where the pages link to.
#[component]
pub fn Links(draft: Draft) -> impl IntoView {
    view! {
        <Panel title="Logo and links" about="The links stand at the foot of every page.">
            <div class="form">
                <TextField draft at="/settings/branding/logo_uri" label="Logo" kind="url" placeholder="https://"
                    help="PNG, JPEG, WebP or GIF, at most 256 KiB. The server fetches it: nobody else learns who signs in." />
                <TextField draft at="/settings/branding/support_uri" label="Help" kind="url" placeholder="https://" />
                <TextField draft at="/settings/branding/policy_uri" label="Privacy policy" kind="url" placeholder="https://"
                    help="It is op_policy_uri in the metadata, too." />
                <TextField draft at="/settings/branding/tos_uri" label="Terms of service" kind="url" placeholder="https://"
                    help="It is op_tos_uri in the metadata, too." />
            </div>
        </Panel>
    }
}

/// The tenant's own texts in each language, and the language that it prefers.
#[component]
pub fn Texts(draft: Draft) -> impl IntoView {
    let choices = [("", "English, as everywhere")].into_iter().chain(LANGUAGES);
    let choices: Vec<_> = choices.map(|(tag, name)| (tag.to_owned(), name.to_owned())).collect();
    view! {
        <Panel title="Language and texts" about="People see the pages in the language that the application or their browser asks for, if it is one of these.">
            <div class="form">
                <ChoiceField draft at="/settings/default_locale" label="Where it is none of these" choices=choices />
                {LANGUAGES.into_iter().map(|(tag, name)| view! {
                    <TextField draft at=format!("/settings/branding/texts/{tag}/sign_in") label=format!("On the sign-in page, in {name}") lines=3
                        help="Plain text below the heading, such as which account to use." />
                    <TextField draft at=format!("/settings/branding/texts/{tag}/footer") label=format!("At the foot of every page, in {name}") lines=2 />
                }).collect_view()}
            </div>
        </Panel>
    }
}
