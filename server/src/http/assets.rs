//! Files of the server-rendered pages.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::http::{StatusCode, header};
use poem::{Request, Response, handler};
use sha2::{Digest, Sha256};

use super::pages::theme_css;

/// The colours that the console has as well, and what the pages make of them.
const STYLESHEET: &str =
    concat!(include_str!("../../assets/shared/design.css"), "\n", include_str!("../../assets/pages.css"));
const DOCS: &str = include_str!("../../assets/docs.css");
const PASSKEY: &str = include_str!("../../assets/passkey.js");
const FORM_POST: &str = include_str!("../../assets/form_post.js");

const ICON: &str = include_str!("../../assets/shared/icon.svg");

/// One file: its address carries a hash of its content, so it can be kept for ever.
struct File {
    path: &'static str,
    content_type: &'static str,
    body: String,
    address: String,
}

static FILES: LazyLock<[File; 5]> = LazyLock::new(|| {
    [
        ("pages.css", "text/css; charset=utf-8", STYLESHEET.to_owned()),
        ("form_post.js", "text/javascript; charset=utf-8", FORM_POST.to_owned()),
        ("theme.css", "text/css; charset=utf-8", theme_css(None, None)),
        ("docs.css", "text/css; charset=utf-8", DOCS.to_owned()),
        ("passkey.js", "text/javascript; charset=utf-8", PASSKEY.to_owned()),
    ]
    .map(|(path, content_type, body)| {
        let version = URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..6]);
        File { path, content_type, body, address: format!("/assets/{path}?v={version}") }
    })
});

/// Address of the pages' stylesheet.
pub fn stylesheet() -> String {
    FILES[0].address.clone()
}

/// Address of the script that posts an authorization response.
pub fn form_post_script() -> String {
    FILES[1].address.clone()
}

/// Address of the colours of pages that belong to no tenant.
pub fn plain_theme() -> String {
    FILES[2].address.clone()
}

/// Address of what the reader of the admin API's description adds to the pages' stylesheet.
pub fn docs_stylesheet() -> String {
    FILES[3].address.clone()
}

/// Address of the script that asks the browser for passkeys.
pub fn passkey_script() -> String {
    FILES[4].address.clone()
}

/// `GET /assets/:file`
#[handler]
pub fn file(request: &Request) -> Response {
    let wanted = request.raw_path_param("file").unwrap_or_default();
    match FILES.iter().find(|file| file.path == wanted) {
        Some(file) => style_or_script(file.content_type, file.body.clone()),
        None => StatusCode::NOT_FOUND.into(),
    }
}

/// `GET /favicon.ico`: browsers ask for it unasked.
#[handler]
pub fn icon() -> Response {
    Response::builder()
        .content_type("image/svg+xml")
        .header(header::CACHE_CONTROL, "public, max-age=86400")
        .body(ICON)
}

/// A stylesheet or script whose address changes with its content.
pub fn style_or_script(content_type: &str, body: String) -> Response {
    Response::builder()
        .status(StatusCode::OK)
        .content_type(content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(body)
}
