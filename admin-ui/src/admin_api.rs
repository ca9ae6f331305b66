//! Requests to the admin API with the console's session cookie.

use std::cell::RefCell;

use js_sys::{Function, Promise};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestCache, RequestCredentials, RequestInit, Response};

use crate::answer::{self, Refusal};

/// The admin API as seen from every page of the console.
pub const BASE: &str = "/admin/v1/";

/// The header of the CSRF token.
pub const CSRF: &str = "X-Grantor-CSRF";

thread_local! {
    /// Requests that came when the session was over; they go on when there is one again.
    static WAITING: RefCell<Vec<Function>> = const { RefCell::new(Vec::new()) };
}

/// What the admin API wants to know of the console's session. There is one, in the session.
#[derive(Clone, Copy)]
pub struct Access {
    /// Goes with every request that changes something.
    pub csrf_token: RwSignal<String>,
    /// True from the moment a request was refused because the session is over until somebody signed in.
    pub expired: RwSignal<bool>,
}

impl Access {
    #[must_use]
    pub fn new() -> Self {
        Self { csrf_token: RwSignal::new(String::new()), expired: RwSignal::new(false) }
    }

    /// There is a session again, with this token: requests that waited for it go on.
    pub fn renewed(self, csrf_token: String) {
        self.csrf_token.set(csrf_token);
        self.expired.set(false);
        for go_on in WAITING.with_borrow_mut(std::mem::take) {
            // A promise's own function does not fail.
            let _answer = go_on.call0(&JsValue::UNDEFINED);
        }
    }

    /// Waits until somebody signed in again.
    pub async fn until_renewed(self) {
        let promise =
            Promise::new(&mut |resolve, _| WAITING.with_borrow_mut(|waiting| waiting.push(resolve)));
        self.expired.set(true);
        // The promise is never rejected.
        let _answer = JsFuture::from(promise).await;
    }
}

impl Default for Access {
    fn default() -> Self {
        Self::new()
    }
}

/// What an answer had in it.
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// The `ETag`, to be sent back as `If-Match`.
    pub etag: Option<String>,
}

/// A request to the admin API; `path` is relative to it.
pub struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    body: Option<JsValue>,
    headers: Vec<(&'static str, String)>,
}

impl<'a> Ask<'a> {
    #[must_use]
    pub fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, body: None, headers: vec![] }
    }

    /// With PATCH, a merge patch (RFC 7396).
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        let content_type =
            if self.method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        self.body(content_type, JsValue::from_str(&body.to_string()))
    }

    /// A body of another kind, such as a file.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: JsValue) -> Self {
        self.body = Some(body);
        self.header("Content-Type", content_type)
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Only if the document is still the one with this `ETag`.
    #[must_use]
    pub fn if_match(self, etag: Option<&str>) -> Self {
        if let Some(etag) = etag { self.header("If-Match", etag) } else { self }
    }

    /// Sends it; where the session is over, waits until somebody signed in and sends it once more.
    ///
    /// # Errors
    /// [`answer::unreachable`]; a refusal of the server's.
    pub async fn send(&self, access: Access) -> Result<Answer, Refusal> {
        loop {
            let answer = self.fetch(access).await.map_err(|error| {
                web_sys::console::error_1(&error);
                answer::unreachable()
            })?;
            match answer.status {
                401 => access.until_renewed().await,
                200..=299 => return Ok(answer),
                status => return Err(answer::refusal(status, &answer.body)),
            }
        }
    }

    /// Sends it once, whatever the answer is.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn fetch(&self, access: Access) -> Result<Answer, JsValue> {
        let response = self.response(access).await?;
        let body = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        Ok(Answer { status: response.status(), body, etag: response.headers().get("ETag")? })
    }

    /// The response itself, for what is not text.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn response(&self, access: Access) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        let options = RequestInit::new();
        options.set_method(self.method);
        options.set_credentials(RequestCredentials::SameOrigin);
        options.set_cache(RequestCache::NoStore);
        if self.method != "GET" {
            headers.set(CSRF, &access.csrf_token.get_untracked())?;
        }
        for (name, value) in &self.headers {
            headers.set(name, value)?;
        }
        if let Some(body) = &self.body {
            options.set_body(body);
        }
        options.set_headers(&headers);
        let window = web_sys::window().ok_or("no window")?;
        let address = format!("{BASE}{}", self.path);
        JsFuture::from(window.fetch_with_str_and_init(&address, &options)).await?.dyn_into()
    }
}

/// Reads one document or one page of a list.
///
/// # Errors
/// As [`Ask::send`].
pub async fn get<T: DeserializeOwned>(access: Access, path: &str) -> Result<T, Refusal> {
    let answer = Ask::new("GET", path).send(access).await?;
    answer::read(answer.status, &answer.body)
}

/// Sends a request that changes something and reads the answer.
///
/// # Errors
/// As [`Ask::send`].
pub async fn send<T: DeserializeOwned>(
    access: Access,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<T, Refusal> {
    let ask = Ask::new(method, path);
    let ask = if let Some(body) = body { ask.json(body) } else { ask };
    let answer = ask.send(access).await?;
    answer::read(answer.status, &answer.body)
}
