use grantor_api::Me;
use leptos::{mount::mount_to_body, prelude::*, task::spawn_local};
use leptos_router::{
    WildcardSegment,
    components::{FlatRoutes, Route, Router},
    hooks::use_location,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::BroadcastChannel;

use crate::address::encode;
use crate::admin_api::Ask;
use crate::answer::{self, Refusal};
use crate::place::{BASE, Place};
use crate::session::{Session, session};
use crate::shell::Shell;
use crate::ui::{AskBeforeLeaving, Dialog, QuestionDialog, ToastList, ask_before_going_back};

/// Tells the console's other windows that somebody signed in.
const SIGNED_IN: &str = "grantor-console-signed-in";

/// Puts the console into the page.
pub fn start() {
    std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
    mount_to_body(App);
}

/// The router has one route: links and history are its own, what an address means is [`Place`]'s.
#[component]
fn App() -> impl IntoView {
    ask_before_going_back();
    view! {
        <Router>
            <FlatRoutes fallback=|| ()>
                <Route path=WildcardSegment("address") view=Placed />
            </FlatRoutes>
        </Router>
    }
}

/// What is known of the administrator in front of the page.
#[derive(Clone)]
enum Known {
    Loading,
    SignedIn,
    Failed(Refusal),
}

#[component]
fn Placed() -> impl IntoView {
    let session = session();
    let known = RwSignal::new(Known::Loading);
    let location = use_location();
    // Not the window's: the router puts an address there only once its view is ready.
    let place = Memo::new(move |_| Place::parse(&location.pathname.get()));
    match place.get_untracked() {
        Place::SignedIn => announce_sign_in(),
        Place::SignedOut => {}
        _ => load(session, known),
    }
    hear_of_sign_in(session);
    // The frame stays while one goes from page to page, with its scroll position and what has the focus.
    let stage = Memo::new(move |_| match place.get() {
        Place::SignedOut => Stage::SignedOut,
        Place::SignedIn => Stage::SignedIn,
        _ => Stage::Console,
    });
    move || match (stage.get(), known.get()) {
        (Stage::SignedOut, _) => view! { <SignedOut /> }.into_any(),
        (Stage::SignedIn, _) => view! { <SignedIn /> }.into_any(),
        (Stage::Console, Known::Loading) => view! { <Loading /> }.into_any(),
        (Stage::Console, Known::SignedIn) => {
            view! { <Shell place /> <ToastList /> <QuestionDialog /> <SignInAgain /> <AskBeforeLeaving /> }
                .into_any()
        }
        (Stage::Console, Known::Failed(refusal)) => {
            view! { <Failed refusal retry=move || load(session, known) /> }.into_any()
        }
    }
}

/// What fills the window.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    SignedOut,
    /// In a window that was opened to sign in again.
    SignedIn,
    Console,
}

fn load(session: Session, known: RwSignal<Known>) {
    known.set(Known::Loading);
    spawn_local(async move {
        match who(session).await {
            Ok(Some(me)) => {
                begin(session, me);
                known.set(Known::SignedIn);
            }
            Ok(None) => go_to_sign_in(),
            Err(refusal) => known.set(Known::Failed(refusal)),
        }
    });
}

/// Who is signed in; nobody where there is no session.
async fn who(session: Session) -> Result<Option<Me>, Refusal> {
    let answer = Ask::new("GET", "me").fetch(session.access).await.map_err(|error| {
        web_sys::console::error_1(&error);
        answer::unreachable()
    })?;
    if answer.status == 401 { Ok(None) } else { answer::read(answer.status, &answer.body).map(Some) }
}

/// A new session of the same person leaves the page as it is, with what is typed there. Requests that waited are
/// that person's, and must not be carried out with the rights and in the name of another: the page begins anew.
fn begin(session: Session, mut me: Me) {
    let token = me.csrf_token.take().unwrap_or_default();
    let who = |me: &Me| (me.tenant.clone(), me.subject.clone());
    if session.me.with_untracked(|known| known.as_ref().is_some_and(|known| who(known) != who(&me))) {
        // What is typed here was not theirs.
        session.unsaved.forget();
        if let Err(error) = window().location().reload() {
            web_sys::console::error_1(&error);
        }
        return;
    }
    let me = Some(me);
    if session.me.with_untracked(|known| *known != me) {
        session.me.set(me);
    }
    session.access.renewed(token);
}

/// Leaves no entry in the history, so that "back" does not return to a page that leads here again.
fn go_to_sign_in() {
    let location = window().location();
    let here = [location.pathname(), location.search()].map(Result::unwrap_or_default).concat();
    if let Err(error) = location.replace(&sign_in_address(&here)) {
        web_sys::console::error_1(&error);
    }
}

fn sign_in_address(back: &str) -> String {
    format!("{BASE}/sign-in?back={}", encode(back))
}

/// In a window that was opened to sign in again: tells the one that waits, which goes on.
fn announce_sign_in() {
    let told = BroadcastChannel::new(SIGNED_IN).and_then(|channel| channel.post_message(&true.into()));
    if let Err(error) = told.and_then(|()| window().close()) {
        web_sys::console::error_1(&error);
    }
}

/// Goes on when somebody signed in in another window.
fn hear_of_sign_in(session: Session) {
    let heard = Closure::<dyn Fn()>::new(move || {
        spawn_local(async move {
            match who(session).await {
                Ok(Some(me)) => begin(session, me),
                Ok(None) => {}
                Err(refusal) => web_sys::console::error_1(&refusal.message.into()),
            }
        });
    });
    match BroadcastChannel::new(SIGNED_IN) {
        Ok(channel) => {
            channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
            // Both live as long as the application.
            heard.forget();
            std::mem::forget(channel);
        }
        Err(error) => web_sys::console::error_1(&error),
    }
}

/// Asks to sign in again, in a window of its own: what was typed stays where it is, and requests that came
/// too late wait and go on.
#[component]
fn SignInAgain() -> impl IntoView {
    let session = session();
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(session.access.expired.get()));
    // Closing the dialog does not make the session live again.
    Effect::new(move |_| {
        if !open.get() && session.access.expired.get_untracked() {
            open.set(true);
        }
    });
    view! {
        <Dialog open title="Your session has ended">
            <div class="stack">
                <p>"Sign in again to go on. Nothing that you typed is lost: it is still on this page."</p>
                <div class="actions">
                    <a class="button primary" target="_blank" rel="opener" href=sign_in_address(&Place::SignedIn.href())>"Sign in"</a>
                </div>
            </div>
        </Dialog>
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
fn SignedOut() -> impl IntoView {
    view! {
        <main class="notice">
            <span class="mark mark-large" aria-hidden="true"></span>
            <h1>"You are signed out"</h1>
            <p class="quiet">"The console's session and the one at the sign-in page have both ended."</p>
            <a class="button primary" rel="external" href=sign_in_address(&Place::Start.href())>"Sign in"</a>
        </main>
    }
}

#[component]
fn SignedIn() -> impl IntoView {
    view! {
        <main class="notice">
            <span class="mark mark-large" aria-hidden="true"></span>
            <h1>"You are signed in"</h1>
            <p class="quiet">"Close this window and go on where you were."</p>
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
            <button type="button" class="button primary" on:click=move |_| retry()>"Try again"</button>
        </main>
    }
}
