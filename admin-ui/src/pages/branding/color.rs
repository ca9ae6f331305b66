use leptos::prelude::*;
use serde_json::{Value, json};

use crate::ui::{Draft, Field, described_by, field_id};

/// A colour as `#rrggbb`, chosen or typed; empty is "not set".
#[component]
pub fn ColorField(
    draft: Draft,
    at: &'static str,
    label: &'static str,
    help: &'static str,
    /// What the chooser shows while nothing is set.
    default: &'static str,
) -> impl IntoView {
    let text = Memo::new(move |_| draft.text(at));
    let write = move |text: String| {
        draft.set(at, if text.is_empty() { Value::Null } else { json!(text) });
    };
    let swatch = move || {
        let text = text.get();
        let is_colour =
            text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|b| b.is_ascii_hexdigit());
        if is_colour { text.to_lowercase() } else { default.to_owned() }
    };
    let invalid = move || draft.error(at).map(|_| "true");
    view! {
        <Field draft at label help>
            <div class="color">
                <input type="color" aria-label=format!("Choose: {label}") prop:value=swatch disabled=move || draft.locked.get()
                    on:input=move |event| write(event_target_value(&event)) />
                <input id=field_id(at) type="text" class="code" placeholder="not set" maxlength="7" spellcheck="false" autocomplete="off"
                    disabled=move || draft.locked.get() aria-describedby=described_by(at) aria-invalid=invalid prop:value=text
                    on:input=move |event| write(event_target_value(&event).trim().to_owned()) />
                {move || (!text.with(String::is_empty) && !draft.locked.get()).then(|| view! {
                    <button type="button" class="button plain" aria-label=format!("Clear: {label}") on:click=move |_| write(String::new())>"Clear"</button>
                })}
            </div>
        </Field>
    }
}
