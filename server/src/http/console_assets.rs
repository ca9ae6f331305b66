//! The console's files, embedded by the build script.

/// One file of the console, ready to be sent.
#[derive(Debug)]
pub struct Asset {
    /// Relative to `/console/`.
    pub path: &'static str,
    pub content_type: &'static str,
    pub identity: &'static [u8],
    /// The same content for clients whose `Accept-Encoding` has `br`; smaller by two thirds.
    pub brotli: Option<&'static [u8]>,
    /// The whole value of the `ETag` header (RFC 9110 §8.8.3). It is a weak one, so that it holds for both encodings.
    pub etag: &'static str,
    /// The path has the content's hash in it, so the file can be cached for ever. False for the page alone.
    pub immutable: bool,
}

/// Sorted by path; empty if the console was not built before the server.
static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/console_assets.rs"));

/// The file at `path`, relative to `/console/`; the empty path is the page.
///
/// `None` for the page means that this binary was built without the console.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    let path = if path.is_empty() { "index.html" } else { path };
    let index = ASSETS.binary_search_by_key(&path, |asset| asset.path).ok()?;
    ASSETS.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_and_the_page_names_all_that_it_loads() {
        assert!(find("../index.html").is_none() && find("nothing.js").is_none());
        for asset in ASSETS {
            assert_eq!(find(asset.path).unwrap().etag, asset.etag);
            assert_eq!(asset.immutable, asset.path != "index.html", "{}", asset.path);
            assert!(!asset.identity.is_empty() && asset.etag.starts_with("W/\""), "{}", asset.path);
        }
        let Some(page) = find("") else { return };
        let page = std::str::from_utf8(page.identity).unwrap();
        for content_type in ["text/javascript", "text/css", "application/wasm"] {
            let mut assets =
                ASSETS.iter().filter(|asset| asset.content_type.starts_with(content_type)).peekable();
            assert!(assets.peek().is_some(), "no {content_type}");
            assert!(assets.all(|asset| page.contains(asset.path)), "{content_type}");
        }
    }

    #[test]
    fn the_program_is_small_enough_to_wait_for() {
        let Some(program) = ASSETS.iter().find(|asset| asset.path.ends_with(".wasm")) else { return };
        let sent = program.brotli.unwrap_or(program.identity).len();
        assert!(sent < 700 * 1024, "{sent} bytes of {}", program.path);
    }
}
