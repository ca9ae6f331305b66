//! Requests to the admin API with the console's session cookie.

use crate::answer::{self, Failure};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestCredentials, RequestInit, Response};

/// The admin API as seen from the console's page.
const BASE: &str = "../admin/v1/";

/// Reads one resource; `path` is relative to the admin API.
///
/// # Errors
/// As [`answer::read`], and [`answer::unreachable`] when no answer came.
pub async fn get<T: DeserializeOwned>(path: &str) -> Result<T, Failure> {
    let (status, body) = fetch(path).await.map_err(|error| {
        web_sys::console::error_1(&error);
        answer::unreachable()
    })?;
    answer::read(status, &body)
}

async fn fetch(path: &str) -> Result<(u16, String), JsValue> {
    let options = RequestInit::new();
    options.set_credentials(RequestCredentials::SameOrigin);
    options.set_cache(RequestCache::NoStore);
    let window = web_sys::window().ok_or("no window")?;
    let answer = JsFuture::from(window.fetch_with_str_and_init(&format!("{BASE}{path}"), &options)).await?;
    let response: Response = answer.dyn_into()?;
    let body = JsFuture::from(response.text()?).await?;
    Ok((response.status(), body.as_string().unwrap_or_default()))
}
