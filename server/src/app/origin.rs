//! Where the request that is being answered came from, for the audit trail.
//!
//! It is ambient, as the correlation id of log lines is: every event of a request has it, however deep it is
//! made, and no rule decides by it. A task that goes on with a request's work is given it by [`carried`].

use std::sync::Arc;

use grantor_protocol::model::EventOrigin;

tokio::task_local! {
    static ORIGIN: Arc<EventOrigin>;
}

/// The origin of the request that is being answered; None in jobs and commands.
pub fn current() -> Option<EventOrigin> {
    ORIGIN.try_with(|origin| EventOrigin::clone(origin)).ok()
}

/// [`current`] without a copy.
pub(super) fn shared() -> Option<Arc<EventOrigin>> {
    ORIGIN.try_with(Arc::clone).ok()
}

/// Work whose audit events have this origin.
pub async fn within<T>(origin: Arc<EventOrigin>, work: impl Future<Output = T>) -> T {
    ORIGIN.scope(origin, work).await
}

/// Work that another task does for the request of this one.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let origin = shared();
    async move {
        match origin {
            Some(origin) => within(origin, work).await,
            None => work.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_origin_is_its_own_requests_and_goes_along_where_it_is_carried() {
        let of = |id: &str| Arc::new(EventOrigin::new(None, None, id.to_owned()));
        let id = || current().map(|origin| origin.correlation_id);
        assert_eq!(id(), None);
        let (one, other) = tokio::join!(
            within(of("one"), async {
                tokio::task::yield_now().await;
                let carried = tokio::spawn(carried(async move { id() })).await.unwrap();
                assert_eq!(tokio::spawn(async move { id() }).await.unwrap(), None, "not carried");
                (id(), carried)
            }),
            within(of("other"), async { id() }),
        );
        assert_eq!(one, (Some("one".to_owned()), Some("one".to_owned())));
        assert_eq!(other, Some("other".to_owned()));
        assert_eq!(id(), None);
    }
}
