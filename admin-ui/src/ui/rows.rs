//! A list of names with a text each, such as scopes.

use leptos::prelude::*;
use serde_json::{Value, json};

use super::Draft;

/// Rows of `{name, description}` as a member of a document, with each error in its row.
#[component]
pub fn RowsField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    /// What one row is: `scope`.
    what: &'static str,
    #[prop(into, default = String::new())] name_example: String,
    #[prop(into, default = String::new())] description_example: String,
) -> impl IntoView {
    draft.has_field(&at);
    let pointer = StoredValue::new(at.clone());
    let rows = move || pointer.with_value(|at| draft.get(at)).as_array().cloned().unwrap_or_default();
    let count = Memo::new(move |_| rows().len());
    let change = Callback::new(move |change: Change| {
        let mut rows = pointer.with_value(|at| draft.get(at)).as_array().cloned().unwrap_or_default();
        change.apply(&mut rows);
        pointer.with_value(|at| draft.set(at, Value::Array(rows)));
        draft.refusal.set(None);
    });
    // What is wrong with the list as a whole; what is wrong with a row stands there.
    let wrong = move || {
        let at = pointer.get_value();
        draft.refusal.with(|refusal| {
            let errors = refusal.iter().flat_map(|refusal| &refusal.errors);
            errors
                .filter(|error| error.pointer == at)
                .map(|error| error.detail.clone())
                .collect::<Vec<_>>()
                .join(" ")
        })
    };
    let examples = StoredValue::new((name_example, description_example));
    view! {
        <fieldset class="field rows" disabled=move || draft.locked.get()>
            <legend>{label}</legend>
            {(!help.is_empty()).then(|| view! { <p class="hint">{help}</p> })}
            <For each=move || 0..count.get() key=|index| *index let:index>
                <Row draft at=format!("{}/{index}", pointer.get_value()) index what change
                    name_example=examples.with_value(|examples| examples.0.clone())
                    description_example=examples.with_value(|examples| examples.1.clone()) />
            </For>
            <p class="wrong" aria-live="polite">{wrong}</p>
            <div><button type="button" class="button small" on:click=move |_| change.run(Change::Add)>{format!("Add a {what}")}</button></div>
        </fieldset>
    }
}

/// What is done to the list.
enum Change {
    Add,
    Remove(usize),
    Set(usize, &'static str, String),
}

impl Change {
    fn apply(self, rows: &mut Vec<Value>) {
        match self {
            Self::Add => rows.push(json!({ "name": "", "description": "" })),
            Self::Remove(index) if index < rows.len() => {
                rows.remove(index);
            }
            Self::Remove(_) => {}
            Self::Set(index, member, text) => {
                if let Some(row) = rows.get_mut(index) {
                    row[member] = Value::String(text);
                }
            }
        }
    }
}

#[component]
fn Row(
    draft: Draft,
    at: String,
    index: usize,
    what: &'static str,
    change: Callback<Change>,
    name_example: String,
    description_example: String,
) -> impl IntoView {
    let cell = |member: &'static str, title: &'static str, example: String| {
        let pointer = StoredValue::new(format!("{at}/{member}"));
        let text = Memo::new(move |_| pointer.with_value(|at| draft.text(at)));
        let wrong = move || pointer.with_value(|at| draft.error(at));
        let invalid = move || wrong().map(|_| "true");
        let label = format!("{title} of {what} {}", index + 1);
        view! {
            <div class="field">
                <input type="text" aria-label=label placeholder=example autocomplete="off" spellcheck="false" aria-invalid=invalid prop:value=text
                    on:input=move |event| change.run(Change::Set(index, member, event_target_value(&event))) />
                <p class="wrong" aria-live="polite">{wrong}</p>
            </div>
        }
    };
    view! {
        <div class="row">
            {cell("name", "Name", name_example)}
            {cell("description", "Description", description_example)}
            <button type="button" class="button plain" aria-label=format!("Remove {what} {}", index + 1) on:click=move |_| change.run(Change::Remove(index))>"\u{2715}"</button>
        </div>
    }
}
