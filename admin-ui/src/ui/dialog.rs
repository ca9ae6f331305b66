//! Dialogs: the browser's own, so that focus, Escape and what lies behind are right.

use std::pin::Pin;
use std::sync::Arc;

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::hooks::use_location;
use wasm_bindgen::JsCast;

use super::{notify, notify_refusal};
use crate::admin_api::Ask;
use crate::answer::Refusal;
use crate::session::{access, session};

/// A dialog that is open while `open` says so. Its content is made anew each time.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(default = false)] wide: bool,
    /// The identifier of what says what it is about.
    #[prop(optional)]
    described_by: Option<&'static str>,
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let (Some(dialog), open) = (element.get(), open.get()) else { return };
        if open && !dialog.open() {
            if let Err(error) = dialog.show_modal() {
                web_sys::console::error_1(&error);
            }
            // What is in it may come into the page after this.
            request_animation_frame(move || focus_first(&dialog));
        } else if !open && dialog.open() {
            dialog.close();
        }
    });
    let children = StoredValue::new(children);
    view! {
        <dialog node_ref=element class="dialog" class:dialog-wide=wide aria-label=title aria-describedby=described_by on:close=move |_| open.set(false)>
            <Show when=move || open.get()>
                <div class="dialog-head">
                    <h2>{title}</h2>
                    <button type="button" class="button plain" aria-label="Close" on:click=move |_| open.set(false)>"\u{2715}"</button>
                </div>
                <div class="dialog-body">{children.with_value(|children| children())}</div>
            </Show>
        </dialog>
    }
}

/// Where the focus begins in a dialog: at the first field, else at the first button, which is the one that does
/// nothing where there are several.
const FIRST: [&str; 3] = [
    ":is(input, select, textarea):not(:disabled, [type=hidden], [type=radio]:not(:checked))",
    ".actions :is(button:not(:disabled), a[href])",
    ":is(button:not(:disabled), a[href])",
];

fn focus_first(dialog: &web_sys::HtmlDialogElement) {
    let first = FIRST.iter().find_map(|selector| {
        let found = dialog.query_selector(&format!(".dialog-body {selector}")).ok().flatten()?;
        found.dyn_into::<web_sys::HtmlElement>().ok()
    });
    if let Some(Err(error)) = first.map(|first| first.focus()) {
        web_sys::console::error_1(&error);
    }
}

/// What a question does when the answer is yes.
pub type Action = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), Refusal>>>>>;

/// A question before something that cannot be undone, or that many will notice. It says what will happen.
#[derive(Clone)]
pub struct Question {
    pub title: String,
    /// What will happen, and what will not.
    pub text: String,
    /// What the button says: the deed, not "OK".
    pub action: String,
    /// Whether the button warns.
    pub danger: bool,
    /// What has to be typed first: the name of what will be gone.
    pub typed: Option<String>,
    /// What the button says that does nothing.
    pub refusal: &'static str,
    run: Action,
}

impl Question {
    pub fn new<F>(
        title: impl Into<String>,
        text: impl Into<String>,
        action: impl Into<String>,
        run: impl Fn() -> F + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), Refusal>> + 'static,
    {
        Self {
            title: title.into(),
            text: text.into(),
            action: action.into(),
            danger: false,
            typed: None,
            refusal: "Cancel",
            run: Arc::new(move || Box::pin(run())),
        }
    }

    /// Before what is at a path of the admin API is deleted. `said` is told when it is, and `gone` is called.
    pub fn deletion(
        title: impl Into<String>,
        text: impl Into<String>,
        action: impl Into<String>,
        (path, said): (String, String),
        gone: impl Fn() + Clone + 'static,
    ) -> Self {
        let access = access();
        let run = move || {
            let (path, said, gone) = (path.clone(), said.clone(), gone.clone());
            async move {
                Ask::new("DELETE", &path).send(access).await?;
                notify(said);
                gone();
                Ok(())
            }
        };
        Self::new(title, text, action, run).danger()
    }

    #[must_use]
    pub fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// Says what it is not to go on.
    #[must_use]
    pub const fn or(mut self, refusal: &'static str) -> Self {
        self.refusal = refusal;
        self
    }

    /// Asks for this name to be typed.
    #[must_use]
    pub fn typed(mut self, name: impl Into<String>) -> Self {
        self.typed = Some(name.into());
        self
    }
}

/// The question that is being asked. There is one, in the session.
#[derive(Clone, Copy)]
pub struct Questions(RwSignal<Option<Question>, LocalStorage>);

impl Questions {
    #[must_use]
    pub fn new() -> Self {
        Self(RwSignal::new_local(None))
    }
}

impl Default for Questions {
    fn default() -> Self {
        Self::new()
    }
}

/// Asks before something is done.
pub fn ask(question: Question) {
    session().questions.0.set(Some(question));
}

/// Shows the question; stands once in the application.
#[component]
pub fn QuestionDialog() -> impl IntoView {
    let questions = session().questions;
    let open = RwSignal::new(false);
    let (typed, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let refusal = RwSignal::new(None::<Refusal>);
    // Counts the questions: what comes of one that was closed meanwhile does nothing to the next.
    let turn = StoredValue::new(0_u32);
    let path = use_location().pathname;
    // What is asked is about the page that one is on.
    Effect::new(move |_| {
        let _moved = path.get();
        open.set(false);
    });
    Effect::new(move |_| {
        if questions.0.with(Option::is_some) {
            turn.update_value(|turn| *turn += 1);
            busy.set(false);
            typed.set(String::new());
            refusal.set(None);
            open.set(true);
        }
    });
    Effect::new(move |_| {
        if !open.get() {
            questions.0.set(None);
        }
    });
    let title = Signal::derive(move || {
        questions
            .0
            .with(|question| question.as_ref().map(|question| question.title.clone()))
            .unwrap_or_default()
    });
    let act = move || {
        let Some(question) = questions.0.get_untracked() else { return };
        if question.typed.is_some_and(|name| name != typed.get_untracked()) || busy.get_untracked() {
            return;
        }
        busy.set(true);
        let asked = turn.get_value();
        spawn_local(async move {
            let done = (question.run)().await;
            if turn.try_get_value() != Some(asked) || !open.get_untracked() {
                if let Err(refusal) = done {
                    notify_refusal(&refusal);
                }
                return;
            }
            busy.set(false);
            match done {
                Ok(()) => open.set(false),
                Err(why) => refusal.set(Some(why)),
            }
        });
    };
    view! {
        <Dialog open title described_by="question-text">
            {move || questions.0.get().map(|question| {
                let name = question.typed.clone();
                let ready = move || !busy.get() && name.as_ref().is_none_or(|name| *name == typed.get());
                view! {
                    <form class="stack" on:submit=move |event| { event.prevent_default(); act(); }>
                        <p id="question-text">{question.text}</p>
                        {question.typed.map(|name| view! {
                            <div class="field">
                                <label for="question-typed">"Type " <code>{name}</code> " to go on"</label>
                                <input id="question-typed" autocomplete="off" spellcheck="false" prop:value=typed
                                    on:input=move |event| typed.set(event_target_value(&event)) />
                            </div>
                        })}
                        {move || refusal.get().map(|refusal| view! {
                            <div class="summary" role="alert">
                                <p>{refusal.message}</p>
                                {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
                            </div>
                        })}
                        <div class="actions">
                            <button type="button" class="button" on:click=move |_| open.set(false)>{question.refusal}</button>
                            <button type="submit" class="button" class:primary=!question.danger class:danger-filled=question.danger disabled=move || !ready()>
                                {question.action}
                            </button>
                        </div>
                    </form>
                }
            })}
        </Dialog>
    }
}
