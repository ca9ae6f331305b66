use grantor_store::Page;

use crate::app::admin::AdminFault;

/// Items on a page where the request does not say.
pub const DEFAULT_LIMIT: u32 = 50;

/// The part of a collection that a request asks for.
///
/// # Errors
/// A cursor that is none of ours, a search for what no name can hold.
pub fn page(limit: u32, cursor: Option<&str>, q: Option<String>) -> Result<Page, AdminFault> {
    let q = text("q", q)?;
    let cursor = cursor.map(str::parse).transpose().map_err(|_| {
        AdminFault::BadRequest("cursor must be the `next` of another page of this collection".to_owned())
    })?;
    Ok(Page { limit, cursor, q })
}

/// A parameter that is looked for in text: PostgreSQL takes no NUL there.
///
/// # Errors
/// What no text of ours can hold.
pub fn text(name: &str, value: Option<String>) -> Result<Option<String>, AdminFault> {
    match value {
        Some(value) if value.chars().any(char::is_control) => {
            Err(AdminFault::BadRequest(format!("{name} must not hold control characters")))
        }
        value => Ok(value),
    }
}

/// The default, as a function because that is what the description wants.
pub const fn default_limit() -> u32 {
    DEFAULT_LIMIT
}
