use grantor_store::Page;

use crate::app::admin::AdminFault;

/// Items on a page where the request does not say.
pub const DEFAULT_LIMIT: u32 = 50;

/// The part of a collection that a request asks for.
///
/// # Errors
/// A cursor that is none of ours, a search for what no name can hold.
pub fn page(limit: u32, cursor: Option<&str>, q: Option<String>) -> Result<Page, AdminFault> {
    if q.as_deref().is_some_and(|q| q.chars().any(char::is_control)) {
        return Err(AdminFault::BadRequest("q must not hold control characters".to_owned()));
    }
    let cursor = cursor.map(str::parse).transpose().map_err(|_| {
        AdminFault::BadRequest("cursor must be the `next` of another page of this collection".to_owned())
    })?;
    Ok(Page { limit, cursor, q })
}

/// The default, as a function because that is what the description wants.
pub const fn default_limit() -> u32 {
    DEFAULT_LIMIT
}
