//! Who is signed in, and what they may do.

use std::cell::OnceCell;

use grantor_api::Me;
use leptos::prelude::*;

use crate::admin_api::Access;
use crate::rights;
use crate::ui::{Questions, Toasts, Unsaved};

/// What there is one of in the application. It is not in Leptos's context, because what goes on after an
/// answer of the server's has no owner to look for a context in.
#[derive(Clone, Copy)]
pub struct Session {
    pub access: Access,
    /// Nobody, until the server has said who.
    pub me: RwSignal<Option<Me>>,
    pub toasts: Toasts,
    pub questions: Questions,
    pub unsaved: Unsaved,
}

thread_local! {
    static SESSION: OnceCell<Session> = const { OnceCell::new() };
}

impl Session {
    /// Whether to offer something: `action` to a `noun` of a tenant, or of [`rights::PLATFORM`].
    #[must_use]
    pub fn may(self, tenant: &str, noun: &str, action: &str) -> bool {
        self.me.with(|me| me.as_ref().is_some_and(|me| rights::may(me, tenant, noun, action)))
    }
}

/// The application's session; the first call, by the application itself, makes it.
#[must_use]
pub fn session() -> Session {
    SESSION.with(|session| {
        *session.get_or_init(|| Session {
            access: Access::new(),
            me: RwSignal::new(None),
            toasts: Toasts::new(),
            questions: Questions::new(),
            unsaved: Unsaved::new(),
        })
    })
}

/// Gives access to the admin API.
#[must_use]
pub fn access() -> Access {
    session().access
}
