use leptos::prelude::*;

use crate::ui::{ChoiceField, Draft, RowsField, TextField};

/// What there is to say about a protected resource.
#[component]
pub fn Fields(
    draft: Draft,
    /// The identifier stays once the resource is there.
    is_new: bool,
) -> impl IntoView {
    let formats = [
        ("jwt", "A signed JWT: the resource verifies it itself (RFC 9068)"),
        ("opaque", "A handle: the resource asks the server about it (RFC 7662)"),
    ]
    .map(|(value, name)| (value.to_owned(), name.to_owned()))
    .to_vec();
    view! {
        <TextField draft at="/identifier" label="Identifier" placeholder="https://api.example.com" required=true fixed=!is_new
            help="Clients send it as resource, and tokens carry it in aud. It is compared byte for byte and cannot be changed." />
        <TextField draft at="/name" label="Name" placeholder="Orders API" help="What people see on consent pages." />
        <RowsField draft at="/scopes" label="Scopes" what="scope" name_example="orders:read" description_example="See your orders"
            help="What this resource alone understands. The description is the sentence that people are asked to consent to." />
        <ChoiceField draft at="/access_token_format" label="Form of access tokens" choices=Signal::stored(formats)
            help="For clients that choose none themselves." />
    }
}
