use grantor_store::{Cursor, Page, Sort, SortKey};

use crate::app::admin::AdminFault;

/// Items on a page where the request does not say.
pub const DEFAULT_LIMIT: u32 = 50;

/// The part of a collection that a request asks for, where it comes in one order only.
///
/// # Errors
/// A cursor that is none of ours, a search for what no name can hold.
pub fn page(limit: u32, cursor: Option<&str>, q: Option<String>) -> Result<Page, AdminFault> {
    let (q, sort) = (text("q", q)?, Sort::default());
    let cursor = parse(cursor, |cursor| cursor.is_sorted(sort))?;
    Ok(Page { limit, cursor, q, sort })
}

/// The part of a collection that a request asks for, in the order that it asks for. What is searched comes
/// in the order of what it is found by.
///
/// # Errors
/// As [`page`]; a cursor of another order or of no search; an order for a search.
pub fn sorted_page(
    limit: u32,
    cursor: Option<&str>,
    q: Option<String>,
    sort: Option<&'static str>,
) -> Result<Page, AdminFault> {
    let q = text("q", q)?.filter(|q| !q.is_empty());
    if q.is_some() && sort.is_some() {
        let detail = "what q finds comes in the order of what it was found by: leave out sort or q";
        return Err(AdminFault::BadRequest(detail.to_owned()));
    }
    let sort = sort.map(order).unwrap_or_default();
    let cursor = parse(cursor, |cursor| match q {
        Some(_) => cursor.is_found(),
        None => cursor.is_sorted(sort),
    })?;
    Ok(Page { limit, cursor, q, sort })
}

/// What the name of an order means.
fn order(name: &str) -> Sort {
    let (descending, name) = match name.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, name),
    };
    let by = match name {
        "slug" | "username" | "client_id" => SortKey::Key,
        "name" | "client_name" => SortKey::Name,
        _ => SortKey::CreatedAt,
    };
    Sort { by, descending }
}

fn parse(cursor: Option<&str>, fits: impl FnOnce(&Cursor) -> bool) -> Result<Option<Cursor>, AdminFault> {
    match cursor.map(str::parse::<Cursor>) {
        None => Ok(None),
        Some(Ok(cursor)) if fits(&cursor) => Ok(Some(cursor)),
        Some(_) => {
            let detail =
                "cursor must be the `next` of another page of this collection, sorted and searched alike";
            Err(AdminFault::BadRequest(detail.to_owned()))
        }
    }
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
