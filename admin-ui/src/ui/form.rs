//! Forms: a document that is being edited, with each error at its field.

use grantor_api::FieldProblem;
use leptos::{prelude::*, task::spawn_local};
use serde_json::Value;

use super::{Document, notify};
use crate::admin_api::{Access, Ask};
use crate::answer::{self, Refusal};
use crate::document;
use crate::leaving::Leaving;
use crate::session::{access, session};

/// A document while somebody edits it. Fields name their members by JSON Pointer (RFC 6901), as the
/// server's errors do.
#[derive(Clone, Copy)]
pub struct Draft {
    original: RwSignal<Document>,
    value: RwSignal<Value>,
    /// Why the last attempt to save was refused.
    pub refusal: RwSignal<Option<Refusal>>,
    pub saving: RwSignal<bool>,
    /// Nothing can be edited: the administrator may only look.
    pub locked: RwSignal<bool>,
    /// Pointers of the fields on the page.
    fields: StoredValue<Vec<String>>,
    /// What was sent last and taken: it is not lost when the page is left.
    kept: StoredValue<Option<Value>>,
    /// Whether the form lives on while one goes from part to part of its page.
    spans_parts: StoredValue<bool>,
}

impl Draft {
    #[must_use]
    pub fn new(original: Document) -> Self {
        let draft = Self {
            value: RwSignal::new(original.value.clone()),
            original: RwSignal::new(original),
            refusal: RwSignal::new(None),
            saving: RwSignal::new(false),
            locked: RwSignal::new(false),
            fields: StoredValue::new(vec![]),
            kept: StoredValue::new(None),
            spans_parts: StoredValue::new(false),
        };
        session().unsaved.watch(draft);
        draft
    }

    /// Says that the form lives on while one goes from part to part of its page.
    pub fn spans_parts(self) {
        self.spans_parts.set_value(true);
    }

    /// Whether leaving so much of the page takes something away that was typed and not saved.
    #[must_use]
    pub fn would_be_lost(self, left: Leaving) -> bool {
        let goes = match left {
            Leaving::Nothing => false,
            Leaving::Part => self.spans_parts.try_get_value() == Some(false),
            Leaving::Page => true,
        };
        // The form itself may be gone by now.
        let Some(value) = self.value.try_get_untracked().filter(|_| goes) else { return false };
        untrack(|| self.is_changed()) && self.kept.with_value(|kept| kept.as_ref() != Some(&value))
    }

    /// What a field without text makes of its member: empty text where that is how the document had it, else
    /// "not set".
    #[must_use]
    pub fn without_text(self, at: &str) -> Value {
        self.original.with_untracked(|original| {
            let had_none = original.value.pointer(at).is_some_and(|was| was == "");
            if had_none { Value::String(String::new()) } else { Value::Null }
        })
    }

    /// A document that is not on the server yet.
    #[must_use]
    pub fn of_new(value: Value) -> Self {
        Self::new(Document { value, etag: None })
    }

    /// The member at a pointer; null where there is none.
    #[must_use]
    pub fn get(self, at: &str) -> Value {
        self.value.with(|value| document::get(value, at))
    }

    /// The member at a pointer as text; empty where it is none.
    #[must_use]
    pub fn text(self, at: &str) -> String {
        self.value.with(|value| value.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    pub fn set(self, at: &str, member: Value) {
        self.value.update(|value| document::set(value, at, member));
    }

    /// The whole document as it is now, without what is not set.
    #[must_use]
    pub fn value(self) -> Value {
        document::without_nulls(self.value.get())
    }

    #[must_use]
    pub fn is_changed(self) -> bool {
        !document::merge_patch(&self.original.read().value, &self.value.read())
            .as_object()
            .is_none_or(serde_json::Map::is_empty)
    }

    /// Takes all edits back.
    pub fn discard(self) {
        self.value.set(self.original.get_untracked().value);
        self.refusal.set(None);
    }

    /// What the server has now; edits stand on top of it.
    pub fn rebase(self, original: Document) {
        if let Some(before) = self.original.try_get_untracked() {
            self.put_under(&before.value, original);
        }
    }

    /// What the server has now comes in under what was changed since `before`.
    fn put_under(self, before: &Value, original: Document) {
        // The form may be gone by now.
        let Some(now) = self.value.try_get_untracked() else { return };
        let mut value = original.value.clone();
        document::apply(&mut value, &document::merge_patch(before, &now));
        self.original.set(original);
        self.value.set(value);
    }

    /// Tells that there is a field for a member, so that its errors are shown there and not above the form.
    pub fn has_field(self, at: &str) {
        self.fields.update_value(|fields| fields.push(at.to_owned()));
    }

    /// What is wrong with a member or something in it, which is then named.
    #[must_use]
    pub fn error(self, at: &str) -> Option<String> {
        let within = format!("{at}/");
        let text = |error: &FieldProblem| {
            if error.pointer == at {
                return Some(error.detail.clone());
            }
            let part = error.pointer.starts_with(&within).then(|| self.value.get_untracked())?;
            Some(match part.pointer(&error.pointer).and_then(Value::as_str) {
                Some(part) => format!("{part} {}", error.detail),
                None => error.detail.clone(),
            })
        };
        self.refusal.with(|refusal| {
            let errors = refusal.iter().flat_map(|refusal| &refusal.errors);
            let texts: Vec<_> = errors.filter_map(text).collect();
            (!texts.is_empty()).then(|| texts.join(" "))
        })
    }

    /// What is wrong and has no field.
    fn other_errors(self) -> Vec<String> {
        let has_field = |pointer: &str| {
            self.fields.with_value(|fields| {
                fields.iter().any(|at| {
                    pointer
                        .strip_prefix(at.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                })
            })
        };
        self.refusal.with(|refusal| {
            let errors = refusal.iter().flat_map(|refusal| &refusal.errors);
            errors
                .filter(|error| !has_field(&error.pointer))
                .map(|error| format!("{}: {}", error.pointer.trim_start_matches('/'), error.detail))
                .collect()
        })
    }

    /// Sends the document with `send` and tells what came of it: errors land at their fields, and the
    /// first of those gets the focus.
    pub fn submit<T: 'static>(
        self,
        send: impl Future<Output = Result<T, Refusal>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        if self.saving.get_untracked() {
            return;
        }
        self.saving.set(true);
        self.refusal.set(None);
        let sent = self.value.get_untracked();
        spawn_local(async move {
            let answer = send.await;
            // The form may be gone by now; its signals then are, too.
            let _gone = self.saving.try_set(false);
            match answer {
                Ok(value) => {
                    let _gone = self.kept.try_set_value(Some(sent));
                    done(value);
                }
                Err(refusal) => {
                    let _gone = self.refusal.try_set(Some(refusal));
                    request_animation_frame(focus_first_error);
                }
            }
        });
    }
}

/// The field that is wrong; where none is, what is said above the form.
fn focus_first_error() {
    let document = leptos::prelude::document();
    let find = |selector| document.query_selector(selector).ok().flatten();
    if let Some(element) = find("[aria-invalid=true]")
        .or_else(|| find(".summary"))
        .and_then(|element| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(element).ok())
        && let Err(error) = element.focus()
    {
        web_sys::console::error_1(&error);
    }
}

/// Saves what changed as a merge patch, if nobody else changed the document in between: then their changes
/// come in under the edits and the person is told.
pub fn save_patch(draft: Draft, path: String, done: impl FnOnce(Document) + 'static) {
    let access = access();
    let (original, value) = (draft.original.get_untracked(), draft.value.get_untracked());
    let patch = document::merge_patch(&original.value, &value);
    // What is typed while it is on its way stands on top of what comes back.
    let sent = value;
    let send = async move {
        let answer =
            Ask::new("PATCH", &path).json(&patch).if_match(original.etag.as_deref()).send(access).await;
        match answer {
            Ok(answer) => {
                Ok(Document { value: answer::read(answer.status, &answer.body)?, etag: answer.etag })
            }
            Err(refusal) if refusal.is_outdated() => {
                draft.rebase(read_document(access, &path).await?);
                Err(Refusal {
                    message: "Somebody else changed this in the meantime. Your changes now stand on top of theirs: \
                              look them over and save again."
                        .to_owned(),
                    ..refusal
                })
            }
            Err(refusal) => Err(refusal),
        }
    };
    draft.submit(send, move |saved: Document| {
        draft.put_under(&sent, saved.clone());
        notify("Saved");
        done(saved);
    });
}

/// Reads a document with its `ETag`.
///
/// # Errors
/// As [`Ask::send`].
pub async fn read_document(access: Access, path: &str) -> Result<Document, Refusal> {
    let answer = Ask::new("GET", path).send(access).await?;
    Ok(Document { value: answer::read(answer.status, &answer.body)?, etag: answer.etag })
}

/// Why the form was refused, above it.
#[component]
pub fn Summary(draft: Draft) -> impl IntoView {
    move || {
        draft.refusal.get().map(|refusal| {
            let others = draft.other_errors();
            let at_fields = others.is_empty() && !refusal.errors.is_empty();
            let message =
                if at_fields { "Not saved: see what is said at the fields.".to_owned() } else { refusal.message };
            view! {
                <div class="summary" role="alert" tabindex="-1">
                    <p>{message}</p>
                    {(!others.is_empty()).then(|| view! {
                        <ul>{others.into_iter().map(|error| view! { <li>{error}</li> }).collect_view()}</ul>
                    })}
                    {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
                </div>
            }
        })
    }
}

/// Stands at the bottom of the window while there is something to save.
#[component]
pub fn SaveBar(draft: Draft, #[prop(into)] save: Callback<()>) -> impl IntoView {
    move || {
        draft.is_changed().then(|| {
            view! {
                <div class="save-bar" role="region" aria-label="Unsaved changes">
                    <span>"Unsaved changes"</span>
                    <button type="button" class="button" on:click=move |_| draft.discard()>"Discard"</button>
                    <button type="button" class="button primary" disabled=move || draft.saving.get() on:click=move |_| save.run(())>
                        {move || if draft.saving.get() { "Saving\u{2026}" } else { "Save changes" }}
                    </button>
                </div>
            }
        })
    }
}
