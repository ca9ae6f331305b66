//! The languages that the browser of the request that is being answered prefers.
//!
//! They are ambient, as the origin of audit events is: whatever page comes of a request, an error's too, is in
//! the right language, however deep it is made. No rule decides by them.

use std::sync::Arc;

tokio::task_local! {
    static WANTED: Option<Arc<str>>;
}

/// The field `Accept-Language`; None where there is none, and in jobs and commands.
pub(super) fn current() -> Option<Arc<str>> {
    WANTED.try_with(Clone::clone).ok().flatten()
}

/// Work for a browser that prefers these languages.
pub async fn within<T>(accept_language: Option<&str>, work: impl Future<Output = T>) -> T {
    WANTED.scope(accept_language.map(Arc::from), work).await
}

/// Work that another task does for the request of this one.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let wanted = current();
    async move { WANTED.scope(wanted, work).await }
}
