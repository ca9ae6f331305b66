use crate::{
    admin_api,
    answer::{Failure, Refusal},
    overview::Overview,
    top_bar::TopBar,
};
use grantor_api::Me;
use leptos::{mount::mount_to_body, prelude::*, task::spawn_local};

/// Puts the console into the page.
pub fn start() {
    std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
    mount_to_body(App);
}

/// What is known of the administrator in front of the page.
#[derive(Clone)]
enum Session {
    Loading,
    SignedIn(Me),
    Failed(Refusal),
}

#[component]
fn App() -> impl IntoView {
    let session = RwSignal::new(Session::Loading);
    load(session);
    move || match session.get() {
        Session::Loading => Loading().into_any(),
        Session::SignedIn(me) => view! { <TopBar me=me.clone() /> <Overview me /> }.into_any(),
        Session::Failed(refusal) => view! { <Failed refusal retry=move || load(session) /> }.into_any(),
    }
}

fn load(session: RwSignal<Session>) {
    session.set(Session::Loading);
    spawn_local(async move {
        match admin_api::get::<Me>("me").await {
            Ok(me) => session.set(Session::SignedIn(me)),
            Err(Failure::SignedOut) => go_to_sign_in(),
            Err(Failure::Refused(refusal)) => session.set(Session::Failed(refusal)),
        }
    });
}

/// Leaves no entry in the history, so that "back" does not return to a page that leads here again.
fn go_to_sign_in() {
    if let Some(window) = web_sys::window()
        && let Err(error) = window.location().replace("sign-in")
    {
        web_sys::console::error_1(&error);
    }
}

/// The same markup stands in `static/index.html` while the program itself is still loading.
#[component]
fn Loading() -> impl IntoView {
    view! {
        <main class="notice" aria-busy="true">
            <span class="mark mark-large" aria-hidden="true"></span>
            <p class="quiet" role="status">"Loading the console\u{2026}"</p>
        </main>
    }
}

#[component]
fn Failed(refusal: Refusal, retry: impl Fn() + 'static) -> impl IntoView {
    view! {
        <main class="notice">
            <span class="mark mark-large" aria-hidden="true"></span>
            <h1>"The console could not be loaded"</h1>
            <p role="alert">{refusal.message}</p>
            {refusal.correlation_id.map(|id| view! {
                <p class="quiet">"Correlation id for the server's log: " <code>{id}</code></p>
            })}
            <button type="button" class="button button-primary" on:click=move |_| retry()>"Try again"</button>
        </main>
    }
}
