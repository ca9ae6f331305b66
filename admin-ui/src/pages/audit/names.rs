//! What to call who did something and what it was done to.

use std::collections::HashMap;

use grantor_api::{ActorKind, AuditActor, AuditEvent, Client, Page, User};
use leptos::{prelude::*, task::spawn_local};

use crate::address::encode;
use crate::admin_api::get;
use crate::session::{access, session};
use crate::trail::{self, Target};

/// Most names that a page looks up: further ones stay identifiers until their event is opened.
const MOST: usize = 40;

/// What something is called: nothing until that is known, and where it never will be. Names outlive the row that
/// asked for them first.
pub type Name = ArcRwSignal<Option<String>>;

type Asked = HashMap<String, Name>;

/// Names that were looked up, each once.
#[derive(Clone, Copy)]
pub struct Names(StoredValue<Asked>);

impl Names {
    pub fn new() -> Self {
        Self(StoredValue::new(Asked::new()))
    }

    /// What the actor is called.
    pub fn of_actor(self, actor: &AuditActor, trail: &str) -> Name {
        let me = session().me.with_untracked(|me| me.as_ref().map(|me| me.subject.clone()));
        let Some(id) = actor.id.clone() else { return Name::new(None) };
        if me.as_ref() == Some(&id) {
            return Name::new(Some("You".to_owned()));
        }
        let tenant = actor.tenant.as_deref().unwrap_or(trail);
        match actor.kind {
            ActorKind::User => self.user(tenant, &id),
            ActorKind::Client => self.client(tenant, &id),
            ActorKind::System | ActorKind::Anonymous => Name::new(None),
        }
    }

    /// What the event's target is called, where that is a person or a client.
    pub fn of_target(self, event: &AuditEvent) -> Name {
        match trail::target(event) {
            Target::User { tenant, id } => self.user(&tenant, &id),
            Target::Client { tenant, id } => self.client(&tenant, &id),
            Target::Other => Name::new(None),
        }
    }

    fn user(self, tenant: &str, id: &str) -> Name {
        if !session().may(tenant, "user", "read") {
            return Name::new(None);
        }
        let access = access();
        self.look_up(format!("tenants/{}/users/{}", encode(tenant), encode(id)), async move |path: String| {
            let user: User = get(access, &path).await.ok()?;
            user.profile.name.or(Some(user.username))
        })
    }

    fn client(self, tenant: &str, id: &str) -> Name {
        if !session().may(tenant, "client", "read") {
            return Name::new(None);
        }
        let access = access();
        // A search finds nothing where a request for a client that is gone would fail.
        let path = format!("tenants/{}/clients?limit=10&q={}", encode(tenant), encode(id));
        let id = id.to_owned();
        self.look_up(path, async move |path: String| {
            let found: Page<Client> = get(access, &path).await.ok()?;
            let client = found.items.into_iter().find(|client| client.client_id == id)?;
            Some(client.client_name).filter(|name| !name.is_empty())
        })
    }

    fn look_up<F>(self, path: String, ask: F) -> Name
    where
        F: AsyncFnOnce(String) -> Option<String> + 'static,
    {
        let known = self.0.with_value(|asked| (asked.get(&path).cloned(), asked.len()));
        match known {
            (Some(name), _) => name,
            (None, MOST..) => Name::new(None),
            (None, _) => {
                let name = Name::new(None);
                self.0.update_value(|asked| {
                    asked.insert(path.clone(), name.clone());
                });
                let answer = name.clone();
                spawn_local(async move { answer.set(ask(path).await) });
                name
            }
        }
    }
}
