//! Files from and to the admin API. They may be large, so progress is told, and nothing makes text of them.

use js_sys::{Array, Promise, Reflect, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, File, HtmlAnchorElement, ProgressEvent, ReadableStreamDefaultReader, Response, Url, XmlHttpRequest,
};

use crate::admin_api::{Access, Ask, BASE, CSRF};
use crate::answer::{self, Refusal};

fn failed(error: &JsValue) -> Refusal {
    web_sys::console::error_1(error);
    answer::unreachable()
}

/// Receives a file; `progress` is told how many bytes have come.
///
/// # Errors
/// When no answer came, and what the server refuses.
pub async fn download(access: Access, ask: &Ask<'_>, progress: impl Fn(f64)) -> Result<Blob, Refusal> {
    loop {
        let response = ask.response(access).await.map_err(|error| failed(&error))?;
        match response.status() {
            401 => access.until_renewed().await,
            200..=299 => return read(&response, progress).await.map_err(|error| failed(&error)),
            status => {
                let text = response.text().map_err(|error| failed(&error))?;
                let text = JsFuture::from(text).await.map_err(|error| failed(&error))?;
                return Err(answer::refusal(status, &text.as_string().unwrap_or_default()));
            }
        }
    }
}

async fn read(response: &Response, progress: impl Fn(f64)) -> Result<Blob, JsValue> {
    let parts = Array::new();
    if let Some(body) = response.body() {
        let reader: ReadableStreamDefaultReader = body.get_reader().dyn_into()?;
        let mut received = 0.0;
        loop {
            let part = JsFuture::from(reader.read()).await?;
            if Reflect::get(&part, &"done".into())?.is_truthy() {
                break;
            }
            let bytes: Uint8Array = Reflect::get(&part, &"value".into())?.dyn_into()?;
            received += f64::from(bytes.length());
            parts.push(&bytes);
            progress(received);
        }
    }
    Blob::new_with_u8_array_sequence(&parts)
}

/// Has the browser save a file under a name.
pub fn save(file: &Blob, name: &str) {
    let saved = (|| {
        let address = Url::create_object_url_with_blob(file)?;
        let link: HtmlAnchorElement = document().create_element("a")?.dyn_into()?;
        link.set_href(&address);
        link.set_download(name);
        link.click();
        // The browser reads the file after this; a minute is enough for it to begin.
        set_timeout(
            move || {
                if let Err(error) = Url::revoke_object_url(&address) {
                    web_sys::console::error_1(&error);
                }
            },
            std::time::Duration::from_secs(60),
        );
        Ok::<_, JsValue>(())
    })();
    if let Err(error) = saved {
        web_sys::console::error_1(&error);
    }
}

/// Sends a file to a path of the admin API, and answers with the status and the body; `progress` is told which share of
/// it is sent, from 0 to 1. `fetch` cannot tell that.
///
/// # Errors
/// When no answer came, and what the server refuses.
pub async fn upload(
    access: Access,
    path: &str,
    headers: &[(&str, &str)],
    file: &File,
    progress: impl Fn(f64) + Clone + 'static,
) -> Result<(u16, String), Refusal> {
    loop {
        let (status, body) =
            send(access, path, headers, file, progress.clone()).await.map_err(|error| failed(&error))?;
        match status {
            0 => return Err(answer::unreachable()),
            401 => access.until_renewed().await,
            200..=299 => return Ok((status, body)),
            status => return Err(answer::refusal(status, &body)),
        }
    }
}

async fn send(
    access: Access,
    path: &str,
    headers: &[(&str, &str)],
    file: &File,
    progress: impl Fn(f64) + 'static,
) -> Result<(u16, String), JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open("POST", &format!("{BASE}{path}"))?;
    request.set_request_header(CSRF, &access.csrf_token.get_untracked())?;
    for (name, value) in headers {
        request.set_request_header(name, value)?;
    }
    let told = Closure::<dyn Fn(ProgressEvent)>::new(move |event: ProgressEvent| {
        if event.length_computable() && event.total() > 0.0 {
            progress(event.loaded() / event.total());
        }
    });
    request.upload()?.set_onprogress(Some(told.as_ref().unchecked_ref()));
    let ended = Promise::new(&mut |resolve, _| request.set_onloadend(Some(&resolve)));
    request.send_with_opt_blob(Some(file))?;
    JsFuture::from(ended).await?;
    Ok((request.status()?, request.response_text()?.unwrap_or_default()))
}
