//! `/admin/docs`: the API's description as a page for people. It is drawn by the server, from the very
//! description that machines read, and needs neither scripts nor anybody else's server.

mod reader;
mod text;

use std::sync::{Arc, LazyLock};

use askama::Template;
use poem::http::StatusCode;
use poem::{Request, Response};
use serde_json::Value;

use super::description;
use super::specification::finished;
use crate::app::App;
use crate::http::{assets, pages};
use reader::Reader;
use text::{Span, spans};

static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| finished(&description().spec()));

/// The longest search that is taken, in bytes.
const MAX_SEARCH: usize = 100;

#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage {
    reader: Reader,
    /// What the reader searches for.
    q: String,
    stylesheets: [String; 3],
}

/// `GET /admin/docs`
pub async fn docs(_: Arc<App>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let q = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "q");
    let q: String = q.map(|(_, q)| q.trim().to_owned()).filter(|q| q.len() <= MAX_SEARCH).unwrap_or_default();
    // Drawn once: it is long, and anybody may ask for it.
    static WHOLE: LazyLock<askama::Result<String>> = LazyLock::new(|| page(String::new()));
    match (q.is_empty(), &*WHOLE) {
        (true, Ok(whole)) => pages::html(StatusCode::OK, Ok(whole.clone()), &[]),
        _ => pages::html(StatusCode::OK, page(q), &[]),
    }
}

fn page(q: String) -> askama::Result<String> {
    let reader = Reader::of(&DESCRIPTION, &q);
    let stylesheets = [assets::stylesheet(), assets::plain_theme(), assets::docs_stylesheet()];
    DocsPage { reader, q, stylesheets }.render()
}
