use leptos::prelude::*;
use serde_json::Value;

use super::{Draft, described_by, field_id};

/// One of a few, each with a sentence on what it means; null is the choice of "not set".
#[component]
pub fn RadioField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    /// Values, what they are called, and what there is to say about them.
    choices: Vec<(Value, &'static str, String)>,
) -> impl IntoView {
    draft.has_field(&at);
    let pointer = StoredValue::new(at.clone());
    let chosen = Memo::new(move |_| pointer.with_value(|at| draft.get(at)));
    let wrong = move || pointer.with_value(|at| draft.error(at));
    let name = field_id(&at);
    let (hint, error) = (format!("{name}-hint"), format!("{name}-error"));
    view! {
        <fieldset class="field field-set" aria-describedby=described_by(&at) disabled=move || draft.locked.get()>
            <legend>{label}</legend>
            {(!help.is_empty()).then(|| view! { <p class="hint" id=hint>{help}</p> })}
            <div class="choices">
                {choices.into_iter().map(|(value, title, about)| {
                    let shown = value.clone();
                    view! {
                        <label class="choice">
                            <input type="radio" name=name.clone() value=value_text(&value) prop:checked=move || chosen.with(|chosen| *chosen == shown)
                                on:change=move |_| pointer.with_value(|at| draft.set(at, value.clone())) />
                            <span>
                                <span class="choice-name">{title}</span>
                                {(!about.is_empty()).then(|| view! { <span class="hint">{about}</span> })}
                            </span>
                        </label>
                    }
                }).collect_view()}
            </div>
            <p class="wrong" id=error aria-live="polite">{wrong}</p>
        </fieldset>
    }
}

fn value_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
