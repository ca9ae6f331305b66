//! Other providers, and who people are there.

use grantor_protocol::Effect;
use grantor_protocol::model::{AuditKind, IdentityLink, IdentityProvider, User};
use grantor_store::{ApplyError, WriteError, on_both_databases};

use crate::fixture::{World, at, audit, id, identity_provider, is_conflict, upstream_sign_in};

/// A world with a provider and somebody without a password.
async fn with_provider(store: &grantor_store::Store) -> (World, IdentityProvider) {
    let world = World::new(store, "acme").await;
    let provider = identity_provider(world.tenant.id, "corp");
    world.rows().create_identity_provider(&provider, vec![]).await.unwrap();
    (world, provider)
}

fn somebody(world: &World, username: &str) -> User {
    User { id: id(), username: username.to_owned(), email: None, password: None, ..world.user.clone() }
}

async fn link(world: &World, link: IdentityLink) -> Result<(), ApplyError> {
    world.apply([Effect::StoreIdentityLink(Box::new(link))]).await
}

on_both_databases! {
    async fn a_provider_changes_in_the_version_that_was_seen(database: TestDatabase) {
        let (world, provider) = with_provider(database.store()).await;
        let rows = world.rows();
        let again = rows.create_identity_provider(&provider, vec![]).await;
        assert!(matches!(again, Err(WriteError::Conflict { field: "name" })), "{again:?}");
        let first = IdentityProvider { enabled: false, client_secret: None, ..provider.clone() };
        let mut first = IdentityProvider { name: "zeta".to_owned(), ..first };
        first.settings.position = 0;
        rows.create_identity_provider(&first, vec![]).await.unwrap();
        let names: Vec<_> = rows.identity_providers().await.unwrap().into_iter().map(|held| held.name).collect();
        assert_eq!(names, ["zeta", "corp"]);

        let changed = IdentityProvider { enabled: false, client_secret: None, ..provider.clone() };
        let stored = rows.replace_identity_provider(&changed, 1, vec![]).await.unwrap();
        assert_eq!(stored, IdentityProvider { version: 2, ..changed.clone() });
        let late = rows.replace_identity_provider(&provider, 1, vec![]).await;
        assert!(matches!(late, Err(WriteError::VersionMismatch)), "{late:?}");
        let late = rows.delete_identity_provider("corp", 1, vec![]).await;
        assert!(matches!(late, Err(WriteError::VersionMismatch)), "{late:?}");
        let missing = rows.delete_identity_provider("other", 1, vec![]).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        rows.delete_identity_provider("corp", 2, vec![]).await.unwrap();
        assert_eq!(rows.identity_provider("corp").await.unwrap(), None);
    }

    /// A subject is one user, and a user has one subject of a provider.
    async fn an_identity_is_one_persons(database: TestDatabase) {
        let (world, provider) = with_provider(database.store()).await;
        let rows = world.rows();
        let grace = somebody(&world, "grace");
        rows.create_user(&grace, vec![]).await.unwrap();
        let held = world.identity_link(&provider, "1");
        link(&world, held.clone()).await.unwrap();
        assert!(is_conflict(&link(&world, IdentityLink { user_id: grace.id, ..held.clone() }).await));
        assert!(is_conflict(&link(&world, IdentityLink { subject: "2".to_owned(), ..held.clone() }).await));
        assert!(is_conflict(&link(&world, IdentityLink { provider: "x".to_owned(), ..held.clone() }).await));
        assert!(is_conflict(&link(&world, IdentityLink { user_id: id(), subject: "3".to_owned(), ..held.clone() }).await));

        let used = IdentityLink { last_used_at: Some(at(9)), ..held.clone() };
        world.apply([Effect::UseIdentityLink(Box::new(used.clone()))]).await.unwrap();
        let theirs = IdentityLink { user_id: grace.id, ..used.clone() };
        assert!(is_conflict(&world.apply([Effect::UseIdentityLink(Box::new(theirs))]).await));
        let (stored, user) = rows.identity_link("corp", "1").await.unwrap().unwrap();
        assert_eq!((stored, user.id), (used.clone(), world.user.id));
        assert_eq!(rows.identity_links_of(world.user.id).await.unwrap(), vec![used]);

        // With the user, or the provider, goes the link.
        rows.delete_user(world.user.id, None, vec![]).await.unwrap();
        assert_eq!(rows.identity_link("corp", "1").await.unwrap(), None);
        link(&world, IdentityLink { user_id: grace.id, ..held }).await.unwrap();
        rows.delete_identity_provider("corp", 1, vec![]).await.unwrap();
        assert_eq!(rows.identity_links_of(grace.id).await.unwrap(), vec![]);
    }

    /// A user and their link are made together or not at all.
    async fn somebody_new_is_linked(database: TestDatabase) {
        let (world, provider) = with_provider(database.store()).await;
        let rows = world.rows();
        let grace = somebody(&world, "grace");
        let link = IdentityLink { user_id: grace.id, ..world.identity_link(&provider, "1") };
        rows.create_linked_user(&grace, &link, vec![audit(AuditKind::IdentityLinked)]).await.unwrap();
        let other = somebody(&world, "other");
        let same = IdentityLink { user_id: other.id, ..link.clone() };
        let refused = rows.create_linked_user(&other, &same, vec![]).await;
        assert!(matches!(refused, Err(WriteError::Conflict { field: "subject" })), "{refused:?}");
        assert_eq!(rows.user(other.id).await.unwrap(), None);
        let taken = User { username: "GRACE".to_owned(), ..other.clone() };
        let second = IdentityLink { subject: "2".to_owned(), ..same.clone() };
        let refused = rows.create_linked_user(&taken, &second, vec![]).await;
        assert!(matches!(refused, Err(WriteError::Conflict { field: "username" })), "{refused:?}");
        let nowhere = IdentityLink { provider: "x".to_owned(), ..second };
        let refused = rows.create_linked_user(&other, &nowhere, vec![]).await;
        assert!(matches!(refused, Err(WriteError::NotFound)), "{refused:?}");
        assert_eq!(rows.user(other.id).await.unwrap(), None);
    }

    /// The last way to sign in stays, also where two are taken away at the same time.
    async fn nobody_locks_themselves_out(database: TestDatabase) {
        let (world, provider) = with_provider(database.store()).await;
        let rows = world.rows();
        let mut second = identity_provider(world.tenant.id, "second");
        rows.create_identity_provider(&second, vec![]).await.unwrap();
        let grace = somebody(&world, "grace");
        let link = IdentityLink { user_id: grace.id, ..world.identity_link(&provider, "1") };
        rows.create_linked_user(&grace, &link, vec![]).await.unwrap();
        let other = IdentityLink { provider: "second".to_owned(), ..link.clone() };
        for _ in 0..4 {
            world.apply([Effect::StoreIdentityLink(Box::new(other.clone()))]).await.unwrap();
            let (one, two) = tokio::join!(
                rows.delete_identity_link(grace.id, "corp", false, vec![]),
                rows.delete_identity_link(grace.id, "second", false, vec![]),
            );
            assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
            let left = rows.identity_links_of(grace.id).await.unwrap();
            assert_eq!(left.len(), 1);
            rows.delete_identity_link(grace.id, &left[0].provider, true, vec![]).await.unwrap();
            world.apply([Effect::StoreIdentityLink(Box::new(link.clone()))]).await.unwrap();
        }
        // One of a provider that is disabled is no way in.
        world.apply([Effect::StoreIdentityLink(Box::new(other))]).await.unwrap();
        second.enabled = false;
        rows.replace_identity_provider(&second, 1, vec![]).await.unwrap();
        let refused = rows.delete_identity_link(grace.id, "corp", false, vec![]).await;
        assert!(matches!(refused, Err(WriteError::Protected(_))), "{refused:?}");
        let missing = rows.delete_identity_link(grace.id, "none", false, vec![]).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
        rows.delete_identity_link(grace.id, "second", false, vec![]).await.unwrap();
    }

    async fn a_browser_comes_back_once(database: TestDatabase) {
        let (world, provider) = with_provider(database.store()).await;
        let begun = upstream_sign_in(&provider);
        world.apply([Effect::StoreUpstreamSignIn(Box::new(begun.clone()))]).await.unwrap();
        assert_eq!(world.rows().upstream_sign_in(&begun.hash).await.unwrap(), Some(begun.clone()));
        let consume = || Effect::ConsumeUpstreamSignIn { hash: begun.hash, at: at(5) };
        world.apply([consume()]).await.unwrap();
        assert!(is_conflict(&world.apply([consume()]).await));
        let held = world.rows().upstream_sign_in(&begun.hash).await.unwrap().unwrap();
        assert_eq!(held.consumed_at, Some(at(5)));
        world.rows().delete_identity_provider("corp", 1, vec![]).await.unwrap();
        assert_eq!(world.rows().upstream_sign_in(&begun.hash).await.unwrap(), None);
    }
}
