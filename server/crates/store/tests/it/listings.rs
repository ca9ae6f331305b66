//! What administrators look through: sessions and grants by what they are, and how many there are.

use grantor_protocol::Effect;
use grantor_protocol::model::{AuditKind, GrantId, RevocationReason, SignOutRevokes};
use grantor_store::{Count, GrantFilter, Page, SessionFilter, Usage, on_both_databases};

use crate::fixture::{World, at, audit, client, id, user};

const ENDED: RevocationReason = RevocationReason::RevokedByAdministrator;

fn page(limit: u32) -> Page {
    Page { limit, ..Page::default() }
}

on_both_databases! {
    async fn sessions_by_user_and_state(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let bob = user(world.tenant.id, "Bob");
        world.rows().create_user(&bob, vec![]).await.unwrap();
        let (live, ended, mut expired, mut bobs) =
            (world.session(), world.session(), world.session(), world.session());
        expired.expires_at = at(5);
        bobs.user_id = bob.id;
        for session in [&live, &ended, &expired, &bobs] {
            world.apply([Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
        }
        let end = Effect::EndSession { session: ended.id, revokes: SignOutRevokes::None, at: at(4) };
        world.apply([end]).await.unwrap();
        let found = async |filter: SessionFilter| {
            let listed = world.rows().list_sessions(&page(10), filter, at(5)).await.unwrap().items;
            let mut ids: Vec<_> = listed.iter().map(|(session, _)| session.id).collect();
            ids.sort_unstable();
            ids
        };
        let sorted = |mut ids: Vec<_>| {
            ids.sort_unstable();
            ids
        };
        let of = |user, live| SessionFilter { user, live };
        assert_eq!(found(of(None, None)).await, sorted(vec![live.id, ended.id, expired.id, bobs.id]));
        assert_eq!(found(of(None, Some(true))).await, sorted(vec![live.id, bobs.id]));
        assert_eq!(found(of(None, Some(false))).await, sorted(vec![ended.id, expired.id]));
        assert_eq!(found(of(Some(world.user.id), Some(true))).await, [live.id]);
        assert_eq!(found(of(Some(bob.id), None)).await, [bobs.id]);
        let listed = world.rows().list_sessions(&page(10), of(Some(bob.id), None), at(5)).await.unwrap();
        assert_eq!(listed.items, [(bobs, bob.username)]);
    }

    /// NIST SP 800-63B-4 §5.2: a browser that stays away is signed out, and one that is seen is not.
    async fn sessions_whose_browser_stays_away(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (session, mut ended) = (world.session(), world.session());
        ended.ended_at = Some(at(4));
        for session in [&session, &ended] {
            world.apply([Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
        }
        let live = async |now| {
            let filter = SessionFilter { user: None, live: Some(true) };
            let listed = world.rows().list_sessions(&page(10), filter, now).await.unwrap().items;
            listed.iter().map(|(session, _)| session.id).collect::<Vec<_>>()
        };
        assert_eq!((live(at(1802)).await, live(at(1803)).await), (vec![session.id], vec![]));
        for until in [at(2000), at(1900)] {
            world.rows().see_session(session.id, until).await.unwrap();
            world.rows().see_session(ended.id, until).await.unwrap();
        }
        let held = async |id| world.rows().session(id).await.unwrap().unwrap().idle.unwrap().expires_at;
        assert_eq!((held(session.id).await, held(ended.id).await), (at(2000), at(1803)));
        assert_eq!(live(at(1999)).await, [session.id]);
        let others = World::new(database.store(), "other").await;
        others.rows().see_session(session.id, at(3000)).await.unwrap();
        assert_eq!(held(session.id).await, at(2000), "of another tenant");
    }

    /// Those of the same user and no others, with the grants that end with a session.
    async fn the_other_sessions_end(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let bob = user(world.tenant.id, "Bob");
        world.rows().create_user(&bob, vec![]).await.unwrap();
        let (kept, mut other, mut bobs) = (world.session(), world.session(), world.session());
        bobs.user_id = bob.id;
        other.expires_at = at(9);
        let mut grant = world.grant();
        grant.authentication.session_id = other.id;
        for session in [&kept, &other, &bobs] {
            world.apply([Effect::StoreSession(Box::new(session.clone()))]).await.unwrap();
        }
        world.apply([Effect::StoreGrant(Box::new(grant.clone()))]).await.unwrap();
        let (user, revokes) = (world.user.id, SignOutRevokes::All);
        let end = Effect::EndOtherSessions { user, session: kept.id, revokes, at: at(5) };
        world.apply([end]).await.unwrap();
        let ended = async |id| world.rows().session(id).await.unwrap().unwrap().ended_at;
        assert_eq!((ended(kept.id).await, ended(bobs.id).await), (None, None));
        assert_eq!(ended(other.id).await, Some(at(5)));
        assert_eq!(world.rows().grant(grant.id).await.unwrap().unwrap().revoked_at, Some(at(5)));
    }

    /// Batch by batch, and no other client's.
    async fn the_grants_of_a_client_end(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let other = client(world.tenant.id, "other");
        rows.create_client(&other, vec![]).await.unwrap();
        for _ in 0..5 {
            world.apply([Effect::StoreGrant(Box::new(world.grant()))]).await.unwrap();
        }
        let mut others = world.grant();
        others.client_id = other.client_id.clone();
        world.apply([Effect::StoreGrant(Box::new(others.clone()))]).await.unwrap();
        let found = async |filter: GrantFilter| {
            let listed = rows.list_grants(&page(10), &filter).await.unwrap().items;
            listed.into_iter().map(|named| named.grant.id).collect::<Vec<GrantId>>()
        };
        let of = |active| GrantFilter {
            client_id: Some(world.client.client_id.clone()),
            active: Some(active),
            ..GrantFilter::default()
        };
        let (mut after, mut batches) = (None, 0);
        loop {
            let told = if after.is_none() { vec![audit(AuditKind::GrantRevoked)] } else { vec![] };
            after = rows
                .revoke_grants_of_client(&world.client.client_id, after, 2, (ENDED, at(9)), told)
                .await
                .unwrap();
            batches += 1;
            assert_eq!(found(of(false)).await.len(), 5.min(2 * batches));
            if after.is_none() {
                break;
            }
        }
        assert_eq!(batches, 3);
        assert_eq!(found(of(true)).await, []);
        let active = GrantFilter { active: Some(true), ..GrantFilter::default() };
        assert_eq!(found(active).await, [others.id]);
        let nobodys = GrantFilter { user: Some(id()), ..GrantFilter::default() };
        assert_eq!(found(nobodys).await, []);
        assert_eq!(rows.audit_events(10).await.unwrap().len(), 1);
    }

    /// No more rows are looked at than the caller pays for.
    async fn counting_stops(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        World::new(database.store(), "neighbour").await;
        let mut expired = world.session();
        expired.expires_at = at(5);
        let (grant, revoked) = (world.grant(), world.grant());
        world
            .apply([
                Effect::StoreSession(Box::new(world.session())),
                Effect::StoreSession(Box::new(expired)),
                Effect::StoreGrant(Box::new(grant)),
                Effect::StoreGrant(Box::new(revoked.clone())),
                Effect::RevokeGrant { grant: revoked.id, reason: ENDED, at: at(4) },
            ])
            .await
            .unwrap();
        let exact = |number| Count { number, exact: true };
        let counted = world.rows().usage(at(5), 10).await.unwrap();
        let expected = Usage { users: exact(1), clients: exact(1), sessions: exact(1), grants: exact(1) };
        assert_eq!(counted, expected);
        let counted = world.rows().usage(at(5), 1).await.unwrap();
        assert_eq!((counted.users, counted.clients), (exact(1), exact(1)));
        for count in [counted.sessions, counted.grants] {
            assert!(count.number <= 1 && !count.exact, "{count:?}");
        }
    }
}
