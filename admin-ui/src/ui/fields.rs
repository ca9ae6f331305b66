//! Fields of a form, one for each kind of member that documents have.

use leptos::prelude::*;
use serde_json::{Value, json};

use super::Draft;
use crate::duration;

/// What all fields have around them: the label, what helps, what is wrong.
#[component]
pub fn Field(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    children: Children,
) -> impl IntoView {
    draft.has_field(&at);
    let name = field_id(&at);
    let (hint, error) = (format!("{name}-hint"), format!("{name}-error"));
    let wrong = move || draft.error(&at);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {children()}
            {(!help.is_empty()).then(|| view! { <p class="hint" id=hint>{help}</p> })}
            <p class="wrong" id=error aria-live="polite">{wrong}</p>
        </div>
    }
}

/// The identifier of the input for a member; `-hint` and `-error` are what describes it.
#[must_use]
pub fn field_id(at: &str) -> String {
    format!("field{}", at.replace(['/', '~', '*'], "-"))
}

/// What `aria-describedby` of the input for a member says.
#[must_use]
pub fn described_by(at: &str) -> String {
    let name = field_id(at);
    format!("{name}-hint {name}-error")
}

/// Text in one line, or in several with `lines`. Empty text is a member that is not set, unless `required`.
#[component]
pub fn TextField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    #[prop(into, default = String::new())] placeholder: String,
    /// `text`, `password`, `email`, `url`, `color` and so on.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(default = false)] required: bool,
    /// Empty text is a value like another.
    #[prop(default = false)]
    may_be_empty: bool,
    /// Cannot be changed, such as a name that things are found by.
    #[prop(default = false)]
    fixed: bool,
    #[prop(default = 1)] lines: u32,
) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    let text = Memo::new(move |_| pointer.with_value(|at| draft.text(at)));
    let invalid = move || pointer.with_value(|at| draft.error(at)).map(|_| "true");
    let disabled = move || fixed || draft.locked.get();
    let write = move |text: String| {
        pointer.with_value(|at| {
            let is_set = required || may_be_empty || !text.is_empty();
            draft.set(at, if is_set { Value::String(text) } else { draft.without_text(at) });
        });
    };
    let (name, described) = (field_id(&at), described_by(&at));
    let input = if lines > 1 {
        view! {
            <textarea id=name rows=lines placeholder=placeholder required=required disabled=disabled aria-describedby=described
                aria-invalid=invalid prop:value=text on:input=move |event| write(event_target_value(&event))></textarea>
        }
        .into_any()
    } else {
        view! {
            <input id=name type=kind placeholder=placeholder required=required autocomplete=autocomplete spellcheck="false" disabled=disabled
                aria-describedby=described aria-invalid=invalid prop:value=text
                on:input=move |event| write(event_target_value(&event)) />
        }
        .into_any()
    };
    view! { <Field draft at label help>{input}</Field> }
}

/// A whole number; empty is "not set".
#[component]
pub fn NumberField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    #[prop(into, default = String::new())] placeholder: String,
    #[prop(into, default = String::new())] unit: String,
) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    let text = Memo::new(move |_| number_text(&pointer.with_value(|at| draft.get(at))));
    let invalid = move || pointer.with_value(|at| draft.error(at)).map(|_| "true");
    let write = move |text: String| {
        let value = if text.is_empty() {
            Value::Null
        } else {
            text.parse::<u64>().map_or(json!(text), |number| json!(number))
        };
        pointer.with_value(|at| draft.set(at, value));
    };
    let (name, described) = (field_id(&at), described_by(&at));
    view! {
        <Field draft at label help>
            <div class="with-unit">
                <input id=name type="number" min="0" step="1" placeholder=placeholder disabled=move || draft.locked.get()
                    aria-describedby=described aria-invalid=invalid prop:value=text
                    on:input=move |event| write(event_target_value(&event)) />
                {(!unit.is_empty()).then(|| view! { <span class="unit">{unit}</span> })}
            </div>
        </Field>
    }
}

fn number_text(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => String::new(),
    }
}

/// A time that the document has in seconds, in the unit that reads best.
#[component]
pub fn DurationField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    /// What holds where nothing is set.
    #[prop(into, default = String::new())]
    placeholder: String,
) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    let seconds = Memo::new(move |_| pointer.with_value(|at| draft.get(at)).as_u64());
    let unit = RwSignal::new(seconds.get_untracked().map_or(2, duration::unit_of));
    // A value from elsewhere, such as after "discard", may not be a whole number of the unit.
    Effect::new(move |_| {
        if let Some(seconds) =
            seconds.get().filter(|seconds| !seconds.is_multiple_of(duration::UNITS[unit.get_untracked()].0))
        {
            unit.set(duration::unit_of(seconds));
        }
    });
    let text = Memo::new(move |_| {
        seconds
            .get()
            .map_or_else(String::new, |seconds| (seconds / duration::UNITS[unit.get()].0).to_string())
    });
    let invalid = move || pointer.with_value(|at| draft.error(at)).map(|_| "true");
    let write = move |text: &str| {
        let value = text
            .parse::<u64>()
            .map_or(Value::Null, |number| json!(number * duration::UNITS[unit.get_untracked()].0));
        pointer.with_value(|at| draft.set(at, value));
    };
    let choose = move |index: usize| {
        let number = text.get_untracked();
        unit.set(index);
        write(&number);
    };
    let (name, described) = (field_id(&at), described_by(&at));
    let unit_label = format!("Unit of {label}");
    view! {
        <Field draft at label help>
            <div class="with-unit">
                <input id=name type="number" min="0" step="1" placeholder=placeholder disabled=move || draft.locked.get()
                    aria-describedby=described aria-invalid=invalid prop:value=text
                    on:input=move |event| write(&event_target_value(&event)) />
                <select aria-label=unit_label disabled=move || draft.locked.get()
                    on:change=move |event| choose(event_target_value(&event).parse().unwrap_or_default())>
                    {duration::UNITS.iter().enumerate().map(|(index, (_, name))| view! {
                        <option value=index selected=move || unit.get() == index>{*name}</option>
                    }).collect_view()}
                </select>
            </div>
        </Field>
    }
}

/// Yes or no.
#[component]
pub fn SwitchField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
) -> impl IntoView {
    draft.has_field(&at);
    let pointer = StoredValue::new(at.clone());
    let on = Memo::new(move |_| pointer.with_value(|at| draft.get(at)).as_bool().unwrap_or_default());
    let wrong = move || pointer.with_value(|at| draft.error(at));
    let (name, described) = (field_id(&at), described_by(&at));
    let (hint, error) = (format!("{name}-hint"), format!("{name}-error"));
    view! {
        <div class="field field-switch">
            <input id=name.clone() type="checkbox" role="switch" class="switch" disabled=move || draft.locked.get() aria-describedby=described prop:checked=on
                on:change=move |event| pointer.with_value(|at| draft.set(at, json!(event_target_checked(&event)))) />
            <div>
                <label for=name>{label}</label>
                {(!help.is_empty()).then(|| view! { <p class="hint" id=hint>{help}</p> })}
                <p class="wrong" id=error aria-live="polite">{wrong}</p>
            </div>
        </div>
    }
}

/// One of several; the choice with an empty value is "not set".
#[component]
pub fn ChoiceField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    /// Values and what they are called.
    #[prop(into)]
    choices: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    let chosen = Memo::new(move |_| pointer.with_value(|at| draft.text(at)));
    let invalid = move || pointer.with_value(|at| draft.error(at)).map(|_| "true");
    let write = move |text: String| {
        let value = if text.is_empty() { Value::Null } else { Value::String(text) };
        pointer.with_value(|at| draft.set(at, value));
    };
    let (name, described) = (field_id(&at), described_by(&at));
    view! {
        <Field draft at label help>
            <select id=name disabled=move || draft.locked.get() aria-describedby=described aria-invalid=invalid
                on:change=move |event| write(event_target_value(&event))>
                {move || choices.get().into_iter().map(|(value, name)| {
                    let selected = { let value = value.clone(); move || chosen.get() == value };
                    view! { <option value=value selected=selected>{name}</option> }
                }).collect_view()}
            </select>
        </Field>
    }
}

/// Any number of several, as an array of strings, or as a string with spaces with `spaced` (as `scope` is one).
#[component]
pub fn SetField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    /// Values, what they are called, and what there is to say about them.
    #[prop(into)]
    choices: Signal<Vec<(String, String, String)>>,
    #[prop(default = false)] spaced: bool,
) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    let chosen = Memo::new(move |_| {
        let value = pointer.with_value(|at| draft.get(at));
        match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::String(text) => text.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            _ => vec![],
        }
    });
    let toggle = move |value: &str, on: bool| {
        let mut values = chosen.get_untracked();
        values.retain(|chosen| chosen != value);
        if on {
            values.push(value.to_owned());
        }
        let member = if spaced { json!(values.join(" ")) } else { json!(values) };
        pointer.with_value(|at| draft.set(at, member));
    };
    view! {
        <Choices draft at label help>
            {move || choices.get().into_iter().map(|(value, name, about)| {
                let (shown, set) = (value.clone(), value.clone());
                view! {
                    <Choice name about>
                        <input type="checkbox" value=value prop:checked=move || chosen.with(|chosen| chosen.contains(&shown))
                            on:change=move |event| toggle(&set, event_target_checked(&event)) />
                    </Choice>
                }
            }).collect_view()}
        </Choices>
    }
}

/// What fields of several choices have around them.
#[component]
pub fn Choices(draft: Draft, at: String, label: String, help: String, children: Children) -> impl IntoView {
    draft.has_field(&at);
    let (name, described) = (field_id(&at), described_by(&at));
    let (hint, error) = (format!("{name}-hint"), format!("{name}-error"));
    let wrong = move || draft.error(&at);
    view! {
        <fieldset class="field field-set" aria-describedby=described disabled=move || draft.locked.get()>
            <legend>{label}</legend>
            {(!help.is_empty()).then(|| view! { <p class="hint" id=hint>{help}</p> })}
            <div class="choices">{children()}</div>
            <p class="wrong" id=error aria-live="polite">{wrong}</p>
        </fieldset>
    }
}

/// One of them, with what there is to say about it; the input is its child.
#[component]
pub fn Choice(#[prop(into)] name: String, about: String, children: Children) -> impl IntoView {
    view! {
        <label class="choice">
            {children()}
            <span>
                <span class="choice-name">{name}</span>
                {(!about.is_empty()).then(|| view! { <span class="hint">{about}</span> })}
            </span>
        </label>
    }
}

/// A list of strings, one in each line.
#[component]
pub fn ListField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
    #[prop(into, default = String::new())] placeholder: String,
) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    // What is being typed may end with an empty line, which is no item: it is kept here.
    let typed = RwSignal::new(String::new());
    let items = Memo::new(move |_| lines_of(&pointer.with_value(|at| draft.get(at))));
    Effect::new(move |_| {
        let items = items.get();
        if split_lines(&typed.get_untracked()) != items {
            typed.set(items.join("\n"));
        }
    });
    let invalid = move || pointer.with_value(|at| draft.error(at)).map(|_| "true");
    let write = move |text: String| {
        let lines = split_lines(&text);
        typed.set(text);
        pointer.with_value(|at| draft.set(at, json!(lines)));
    };
    let (name, described) = (field_id(&at), described_by(&at));
    view! {
        <Field draft at label help>
            <textarea id=name rows=move || typed.with(|typed| typed.lines().count().clamp(2, 8)) placeholder=placeholder spellcheck="false"
                disabled=move || draft.locked.get() aria-describedby=described aria-invalid=invalid prop:value=typed
                on:input=move |event| write(event_target_value(&event))></textarea>
        </Field>
    }
}

fn lines_of(value: &Value) -> Vec<String> {
    value
        .as_array()
        .map(|items| items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default()
}

fn split_lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A JSON value such as a JWK Set; empty is "not set". Until it is JSON, nothing is changed and the field says so.
#[component]
pub fn JsonField(
    draft: Draft,
    #[prop(into)] at: String,
    #[prop(into)] label: String,
    #[prop(into, default = String::new())] help: String,
) -> impl IntoView {
    let pointer = StoredValue::new(at.clone());
    let member = Memo::new(move |_| pointer.with_value(|at| draft.get(at)));
    let typed = RwSignal::new(String::new());
    Effect::new(move |_| {
        let member = member.get();
        if serde_json::from_str::<Value>(&typed.get_untracked()).ok().as_ref() != Some(&member) {
            typed.set(if member.is_null() {
                String::new()
            } else {
                serde_json::to_string_pretty(&member).unwrap_or_default()
            });
        }
    });
    let broken = RwSignal::new(None);
    let write = move |text: String| {
        let value = if text.trim().is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text) };
        typed.set(text);
        match value {
            Ok(value) => {
                broken.set(None);
                pointer.with_value(|at| draft.set(at, value));
            }
            Err(error) => broken.set(Some(format!("This is not JSON: {error}"))),
        }
    };
    let invalid = move || {
        (broken.with(Option::is_some) || pointer.with_value(|at| draft.error(at)).is_some()).then_some("true")
    };
    let (name, described) = (field_id(&at), described_by(&at));
    view! {
        <Field draft at label help>
            <textarea id=name rows="6" class="code" spellcheck="false" disabled=move || draft.locked.get() aria-describedby=described
                aria-invalid=invalid prop:value=typed on:input=move |event| write(event_target_value(&event))></textarea>
            <p class="wrong" role="status">{move || broken.get()}</p>
        </Field>
    }
}
