//! Short words about what was just done.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use crate::answer::Refusal;
use crate::session::session;

/// How long the words stay.
const SHOWN: Duration = Duration::from_secs(8);

#[derive(Clone)]
struct Toast {
    number: u32,
    text: String,
    undo: Option<Arc<dyn Fn()>>,
}

/// What was said and still stands. There is one, in the session.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<(u32, Vec<Toast>), LocalStorage>);

impl Toasts {
    #[must_use]
    pub fn new() -> Self {
        Self(RwSignal::new_local((0, vec![])))
    }

    fn add(self, text: String, undo: Option<Arc<dyn Fn()>>) {
        let mut number = 0;
        self.0.update(|(last, toasts)| {
            *last += 1;
            number = *last;
            toasts.push(Toast { number, text, undo });
        });
        set_timeout(move || self.remove(number), SHOWN);
    }

    fn remove(self, number: u32) {
        self.0.update(|(_, toasts)| toasts.retain(|toast| toast.number != number));
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Self::new()
    }
}

/// Says that something was done.
pub fn notify(text: impl Into<String>) {
    session().toasts.add(text.into(), None);
}

/// Says that something was done, with a button that takes it back.
pub fn notify_with_undo(text: impl Into<String>, undo: impl Fn() + 'static) {
    session().toasts.add(text.into(), Some(Arc::new(undo)));
}

/// Says that something was refused, where there is no form to say it in.
pub fn notify_refusal(refusal: &Refusal) {
    let id = refusal.correlation_id.iter().map(|id| format!(" Correlation id: {id}"));
    notify(id.fold(refusal.message.clone(), |text, id| text + &id));
}

/// Shows what was said; stands once in the application.
#[component]
pub fn ToastList() -> impl IntoView {
    let toasts = session().toasts;
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || toasts.0.get().1.into_iter().map(|toast| {
                let number = toast.number;
                view! {
                    <div class="toast">
                        <span>{toast.text}</span>
                        {toast.undo.map(|undo| view! {
                            <button type="button" class="button plain" on:click=move |_| { undo(); toasts.remove(number); }>"Undo"</button>
                        })}
                    </div>
                }
            }).collect_view()}
        </div>
    }
}
