use leptos::prelude::*;
use serde_json::Value;

use super::{Choice, Choices, Draft, field_id};

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
    let pointer = StoredValue::new(at.clone());
    let chosen = Memo::new(move |_| pointer.with_value(|at| draft.get(at)));
    let group = field_id(&at);
    let choices = choices.into_iter().map(|(value, title, about)| {
        let (shown, group) = (value.clone(), group.clone());
        view! {
            <Choice name=title about>
                <input type="radio" name=group value=value_text(&value) prop:checked=move || chosen.with(|chosen| *chosen == shown)
                    on:change=move |_| pointer.with_value(|at| draft.set(at, value.clone())) />
            </Choice>
        }
    });
    let choices = choices.collect_view();
    view! { <Choices draft at label help>{choices}</Choices> }
}

fn value_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
