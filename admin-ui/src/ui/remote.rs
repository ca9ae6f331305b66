//! What comes from the admin API, and the three states that it can be in on a page.

use grantor_api::Page;
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::address::encode;
use crate::admin_api::{Ask, get};
use crate::answer::{self, Refusal};
use crate::session::access;

/// What is known of something that the server has.
#[derive(Clone, Debug)]
pub enum Loaded<T> {
    Loading,
    Ready(T),
    Failed(Refusal),
}

/// Something that the server has, loaded again when its path changes and when [`Remote::reload`] says so.
/// What was there stays on the page until the new one has come.
pub struct Remote<T: Send + Sync + 'static> {
    pub state: RwSignal<Loaded<T>>,
    asked: RwSignal<u32>,
}

impl<T: Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Remote<T> {}

impl<T: Clone + Send + Sync + 'static> Remote<T> {
    /// For what is loaded in another way than by one request; whoever loads it listens to [`Remote::asked`].
    #[must_use]
    pub fn empty() -> Self {
        Self { state: RwSignal::new(Loaded::Loading), asked: RwSignal::new(0) }
    }

    /// Changes whenever somebody wants it loaded again.
    #[must_use]
    pub fn asked(self) -> RwSignal<u32> {
        self.asked
    }

    pub fn reload(self) {
        // The page may be gone by the time something asks for this.
        let _gone = self.asked.try_update(|asked| *asked += 1);
    }

    /// Shows what a request just answered.
    pub fn put(self, value: T) {
        self.state.set(Loaded::Ready(value));
    }

    /// What is there, if it is.
    #[must_use]
    pub fn ready(self) -> Option<T> {
        self.state.with(|state| match state {
            Loaded::Ready(value) => Some(value.clone()),
            _ => None,
        })
    }
}

/// A document with its `ETag`.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub value: Value,
    pub etag: Option<String>,
}

impl Document {
    /// The document as the type that it is of.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.value.clone()).ok()
    }
}

/// Loads what a path of the admin API answers; again when the signals that `path` reads change.
pub fn remote<T>(path: impl Fn() -> String + 'static) -> Remote<T>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let access = access();
    load(path, async move |path: String| get::<T>(access, &path).await)
}

/// Loads all pages of a list that is known to be short; again when the signals that `path` reads change.
pub fn all<T>(path: impl Fn() -> String + 'static) -> Remote<Vec<T>>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let access = access();
    load(path, async move |path: String| {
        let mut items = vec![];
        let mut cursor = String::new();
        loop {
            let page = get::<Page<T>>(access, &format!("{path}?limit=200{cursor}")).await?;
            items.extend(page.items);
            match page.next {
                Some(next) => cursor = format!("&cursor={}", encode(&next)),
                None => return Ok(items),
            }
        }
    })
}

/// Loads a document with its `ETag`, to be changed.
pub fn document(path: impl Fn() -> String + 'static) -> Remote<Document> {
    let access = access();
    load(path, async move |path: String| {
        let answer = Ask::new("GET", &path).send(access).await?;
        Ok(Document { value: answer::read(answer.status, &answer.body)?, etag: answer.etag })
    })
}

fn load<T, F>(path: impl Fn() -> String + 'static, fetch: F) -> Remote<T>
where
    T: Clone + Send + Sync + 'static,
    F: AsyncFn(String) -> Result<T, Refusal> + Clone + 'static,
{
    let remote = Remote::empty();
    let latest = StoredValue::new((0_u32, String::new()));
    Effect::new(move |_| {
        let _again = remote.asked.get();
        let path = path();
        let Some(turn) = latest.try_update_value(|(turn, last)| {
            *turn += 1;
            if *last != path {
                last.clone_from(&path);
                remote.state.set(Loaded::Loading);
            }
            *turn
        }) else {
            return;
        };
        let fetch = fetch.clone();
        spawn_local(async move {
            let loaded = match fetch(path).await {
                Ok(value) => Loaded::Ready(value),
                Err(refusal) => Loaded::Failed(refusal),
            };
            // A later request, or another page, has taken this one's place otherwise.
            if latest.try_with_value(|(latest, _)| *latest == turn) == Some(true) {
                let _gone = remote.state.try_set(loaded);
            }
        });
    });
    remote
}

/// Shows what is there; until then that it is on its way, or why it did not come.
pub fn show<T, V>(remote: Remote<T>, view: impl Fn(T) -> V + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    move || {
        match remote.state.get() {
        Loaded::Loading => view! {
            <div class="loading" role="status"><span class="spinner" aria-hidden="true"></span>"Loading\u{2026}"</div>
        }
        .into_any(),
        Loaded::Ready(value) => view(value).into_any(),
        Loaded::Failed(refusal) => {
            view! { <Refused refusal retry=Callback::new(move |()| remote.reload()) /> }.into_any()
        }
    }
    }
}

/// Makes the view once the content is there, and leaves it when that is loaded or put anew: a change does not
/// take the page away under who is working on it.
pub fn show_once<T, V>(remote: Remote<T>, view: impl Fn() -> V + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let there = Memo::new(move |_| remote.state.with(|state| matches!(state, Loaded::Ready(_))));
    move || if there.get() { view().into_any() } else { show(remote, |_| ()).into_any() }
}

/// Why something is not on the page, with the way to try again.
#[component]
fn Refused(refusal: Refusal, retry: Callback<()>) -> impl IntoView {
    let title = if refusal.is_not_found() {
        "There is no such thing, or it is not yours to see"
    } else {
        "This could not be loaded"
    };
    view! {
        <div class="refused" role="alert">
            <h2>{title}</h2>
            <p>{refusal.message}</p>
            {refusal.correlation_id.map(|id| view! { <p class="quiet">"Correlation id: " <code>{id}</code></p> })}
            <button type="button" class="button" on:click=move |_| retry.run(())>"Try again"</button>
        </div>
    }
}
