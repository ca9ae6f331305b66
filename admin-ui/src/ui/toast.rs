//! Short words about what was just done.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use crate::answer::Refusal;
use crate::session::session;

/// How long words stay, and how long those that can be taken back.
const SHOWN: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(15));

/// How often it is looked whether they have stood long enough.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Clone)]
struct Toast {
    number: u32,
    text: String,
    undo: Option<Arc<dyn Fn()>>,
}

/// What was said and still stands. There is one, in the session.
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<(u32, Vec<Toast>), LocalStorage>,
    /// Somebody is about to use one of them: none goes meanwhile.
    paused: RwSignal<bool>,
}

impl Toasts {
    #[must_use]
    pub fn new() -> Self {
        Self { list: RwSignal::new_local((0, vec![])), paused: RwSignal::new(false) }
    }

    fn add(self, text: String, undo: Option<Arc<dyn Fn()>>) {
        let left = if undo.is_some() { SHOWN.1 } else { SHOWN.0 };
        let mut number = 0;
        self.list.update(|(last, toasts)| {
            *last += 1;
            number = *last;
            toasts.push(Toast { number, text, undo });
        });
        self.look_at(number, left);
    }

    /// Takes the words away once they have stood for so long, not counting while nobody could see them or somebody
    /// was about to use them.
    fn look_at(self, number: u32, left: Duration) {
        let waits = self.paused.get_untracked() || document().hidden();
        match left.checked_sub(LOOK) {
            Some(less) => set_timeout(move || self.look_at(number, if waits { left } else { less }), LOOK),
            None => self.remove(number),
        }
    }

    fn numbers(self) -> Vec<u32> {
        self.list.with(|(_, toasts)| toasts.iter().map(|toast| toast.number).collect())
    }

    fn toast(self, number: u32) -> Option<Toast> {
        self.list.with_untracked(|(_, toasts)| toasts.iter().find(|toast| toast.number == number).cloned())
    }

    fn remove(self, number: u32) {
        self.list.update(|(_, toasts)| toasts.retain(|toast| toast.number != number));
        if self.list.with_untracked(|(_, toasts)| toasts.is_empty()) {
            // What had the pointer or the focus went without a word.
            self.paused.set(false);
        }
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
    let errors = refusal.errors.iter().map(|error| format!(" {}", error.detail));
    let id = refusal.correlation_id.iter().map(|id| format!(" Correlation id: {id}"));
    notify(errors.chain(id).fold(refusal.message.clone(), |text, more| text + &more));
}

/// Shows what was said; stands once in the application. Clicks go through the words to what lies behind them; the
/// buttons alone take them.
#[component]
pub fn ToastList() -> impl IntoView {
    let toasts = session().toasts;
    let pause = move |paused: bool| toasts.paused.set(paused);
    view! {
        <div class="toasts" role="status" aria-live="polite" on:focusin=move |_| pause(true) on:focusout=move |_| pause(false)
            on:mouseover=move |_| pause(true) on:mouseout=move |_| pause(false)>
            // By their numbers, so that one keeps the focus while another goes.
            <For each=move || toasts.numbers() key=|number| *number let:number>
                {toasts.toast(number).map(|toast| view! {
                    <div class="toast">
                        <span>{toast.text}</span>
                        {toast.undo.map(|undo| view! {
                            <button type="button" class="button plain" on:click=move |_| { undo(); toasts.remove(number); }>"Undo"</button>
                        })}
                        <button type="button" class="button plain" aria-label="Dismiss" on:click=move |_| toasts.remove(number)>"\u{2715}"</button>
                    </div>
                })}
            </For>
        </div>
    }
}
