//! Roles and who has them: what is given to somebody stays true, and somebody administers the platform.

use grantor_protocol::model::{AuditKind, User, UserStatus};
use grantor_store::{
    AssignmentFilter, PLATFORM_ADMIN, Page, Role, RoleAssignment, Subject, WriteError, on_both_databases,
};

use crate::fixture::{World, at, audit, client, id, role, taken, user};

fn held(subject: Subject, role: &str) -> RoleAssignment {
    RoleAssignment { subject, role: role.to_owned(), scope: None }
}

/// Somebody else who administers the platform.
async fn second_administrator(world: &World) -> (User, RoleAssignment) {
    let bob = user(world.tenant.id, "Bob");
    world.rows().create_user(&bob, vec![]).await.unwrap();
    let assignment = held(Subject::User(bob.id), PLATFORM_ADMIN);
    world.rows().assign(&assignment, None, at(1), vec![]).await.unwrap();
    (bob, assignment)
}

/// A world whose user administers the platform, and the assignment.
async fn administered(store: &grantor_store::Store) -> (World, RoleAssignment) {
    let world = World::new(store, "system").await;
    let assignment = held(Subject::User(world.user.id), PLATFORM_ADMIN);
    world.rows().assign(&assignment, None, at(1), vec![]).await.unwrap();
    (world, assignment)
}

#[track_caller]
fn expect_protected<T: std::fmt::Debug>(result: Result<T, WriteError>) {
    assert!(matches!(result, Err(WriteError::Protected(_))), "{result:?}");
}

on_both_databases! {
    async fn the_last_administrator_stays(database: TestDatabase) {
        let (world, admin) = administered(database.store()).await;
        let (rows, event) = (world.rows(), || vec![audit(AuditKind::RoleAssignmentChanged)]);
        let locked = User { status: UserStatus::Locked, ..world.user.clone() };
        expect_protected(rows.unassign(&admin, event()).await);
        expect_protected(rows.delete_user(world.user.id, None, event()).await);
        expect_protected(rows.replace_user(&locked, None, None, event()).await);
        assert_eq!(rows.user(world.user.id).await.unwrap(), Some(world.user.clone()));
        assert_eq!(rows.assignments().await.unwrap(), std::slice::from_ref(&admin));
        assert_eq!(rows.audit_events(10).await.unwrap(), [], "what was refused left an event");

        // Who cannot act is none: a client that is disabled, a user who is locked.
        let service = held(Subject::Client(world.client.client_id.clone()), PLATFORM_ADMIN);
        let mut disabled = world.client.clone();
        disabled.enabled = false;
        rows.replace_client(&disabled, None, vec![]).await.unwrap();
        rows.assign(&service, None, at(1), vec![]).await.unwrap();
        expect_protected(rows.unassign(&admin, event()).await);
        rows.replace_client(&world.client, None, vec![]).await.unwrap();
        rows.unassign(&admin, event()).await.unwrap();
        expect_protected(rows.replace_client(&disabled, None, event()).await);
        expect_protected(rows.delete_client(&world.client.client_id, None, event()).await);

        // With somebody else beside it, it may go.
        let (bob, _) = second_administrator(&world).await;
        rows.delete_client(&world.client.client_id, None, vec![]).await.unwrap();
        expect_protected(rows.delete_user(bob.id, None, event()).await);
    }

    /// Two removals at once, of whatever kind, leave one.
    async fn of_two_removals_one_is_refused(database: TestDatabase) {
        let (world, first) = administered(database.store()).await;
        for round in 0..6 {
            let (bob, second) = second_administrator(&world).await;
            let rows = world.rows();
            let locked = User { status: UserStatus::Locked, ..bob.clone() };
            let removal = async {
                match round % 3 {
                    0 => rows.unassign(&second, vec![]).await,
                    1 => rows.delete_user(bob.id, None, vec![]).await,
                    _ => rows.replace_user(&locked, None, None, vec![]).await.map(|_| ()),
                }
            };
            let (one, other) = tokio::join!(rows.unassign(&first, vec![]), removal);
            assert_eq!(usize::from(one.is_ok()) + usize::from(other.is_ok()), 1, "{one:?} {other:?}");
            expect_protected(one.and(other));
            rows.assign(&first, None, at(1), vec![]).await.unwrap();
            let _gone_already = rows.delete_user(bob.id, None, vec![]).await;
        }
    }

    async fn nobody_has_a_role_without_being_there(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let nobody = [Subject::User(id()), Subject::Client(client(world.tenant.id, "unknown").client_id)];
        for subject in nobody {
            let assigned = world.rows().assign(&held(subject, "auditor"), None, at(1), vec![]).await;
            assert!(matches!(assigned, Err(WriteError::NotFound)), "{assigned:?}");
        }
        assert_eq!(world.rows().assignments().await.unwrap(), []);
    }

    /// Who comes under the name of somebody who is gone finds no role of theirs, however close the two were.
    async fn a_role_goes_with_its_subject(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        for _ in 0..10 {
            let bob = user(world.tenant.id, "Bob");
            rows.create_user(&bob, vec![]).await.unwrap();
            let assignment = held(Subject::User(bob.id), "auditor");
            let (_, deleted) = tokio::join!(
                rows.assign(&assignment, None, at(1), vec![]),
                rows.delete_user(bob.id, None, vec![]),
            );
            deleted.unwrap();
            assert_eq!(rows.assignments_of(&assignment.subject).await.unwrap(), []);
        }
    }

    async fn roles_are_given_once_and_taken(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let assignment = held(Subject::User(world.user.id), "auditor");
        let event = || vec![audit(AuditKind::RoleAssignmentChanged)];
        assert!(rows.assign(&assignment, None, at(3), event()).await.unwrap());
        assert!(!rows.assign(&assignment, None, at(9), event()).await.unwrap());
        assert_eq!(rows.assignment(&assignment).await.unwrap().unwrap().created_at, at(3));
        assert_eq!(rows.assignments_of(&assignment.subject).await.unwrap(), std::slice::from_ref(&assignment));
        rows.unassign(&assignment, event()).await.unwrap();
        let again = rows.unassign(&assignment, event()).await;
        assert!(matches!(again, Err(WriteError::NotFound)), "{again:?}");
        assert_eq!(rows.assignments().await.unwrap(), []);
        assert_eq!(rows.audit_events(10).await.unwrap().len(), 2, "only what was done has an event");
    }

    /// What a subject of the system tenant gets in a tenant is in that tenant's trail.
    async fn the_trail_is_that_of_the_tenant_administered(database: TestDatabase) {
        let system = World::new(database.store(), "system").await;
        let acme = World::new(database.store(), "acme").await;
        let subject = Subject::User(system.user.id);
        let assignment = RoleAssignment { subject, role: "auditor".to_owned(), scope: Some(acme.tenant.id) };
        let event = || vec![audit(AuditKind::RoleAssignmentChanged)];
        system.rows().assign(&assignment, None, at(1), event()).await.unwrap();
        system.rows().unassign(&assignment, event()).await.unwrap();
        assert_eq!(acme.rows().audit_events(10).await.unwrap().len(), 2);
        assert_eq!(system.rows().audit_events(10).await.unwrap(), []);
    }

    async fn a_role_is_replaced_in_the_version_that_was_seen(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let clerk = role(world.tenant.id, "clerk");
        rows.create_role(&clerk, vec![audit(AuditKind::RoleChanged)]).await.unwrap();
        assert_eq!(taken(rows.create_role(&clerk, vec![]).await), "name");
        // The platform's are others.
        rows.create_role(&Role { platform: true, ..clerk.clone() }, vec![]).await.unwrap();
        let wider = Role { permissions: vec![], updated_at: at(7), ..clerk.clone() };
        let replaced = rows.replace_role(&wider, 1, vec![]).await.unwrap();
        assert_eq!(replaced, Role { version: 2, ..wider.clone() });
        let stale = rows.replace_role(&wider, 1, vec![]).await;
        assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
        assert_eq!(rows.role(true, "clerk").await.unwrap().unwrap().permissions, clerk.permissions);
        assert_eq!(rows.roles(false).await.unwrap(), [replaced]);
        let missing = rows.replace_role(&role(world.tenant.id, "other"), 1, vec![]).await;
        assert!(matches!(missing, Err(WriteError::NotFound)), "{missing:?}");
    }

    async fn a_role_that_somebody_has_stays(database: TestDatabase) {
        let system = World::new(database.store(), "system").await;
        let acme = World::new(database.store(), "acme").await;
        let clerk = role(acme.tenant.id, "clerk");
        acme.rows().create_role(&clerk, vec![]).await.unwrap();
        for home in [&acme, &system] {
            let subject = Subject::User(home.user.id);
            let assignment = RoleAssignment { subject, role: "clerk".to_owned(), scope: Some(acme.tenant.id) };
            let stale = home.rows().assign(&assignment, Some(&Role { version: 9, ..clerk.clone() }), at(1), vec![]).await;
            assert!(matches!(stale, Err(WriteError::VersionMismatch)), "{stale:?}");
            home.rows().assign(&assignment, Some(&clerk), at(1), vec![]).await.unwrap();
            expect_protected(acme.rows().delete_role(&clerk, 1, system.tenant.id, vec![]).await);
            home.rows().unassign(&assignment, vec![]).await.unwrap();
        }
        // The same name elsewhere is another role.
        let other = held(Subject::User(system.user.id), "clerk");
        system.rows().assign(&other, None, at(1), vec![]).await.unwrap();
        acme.rows().delete_role(&clerk, 1, system.tenant.id, vec![]).await.unwrap();
        assert_eq!(acme.rows().role(false, "clerk").await.unwrap(), None);
    }

    /// Nobody ends up with a role that is gone.
    async fn of_giving_and_deleting_one_wins(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        for round in 0..10 {
            let clerk = role(world.tenant.id, &format!("clerk-{round}"));
            rows.create_role(&clerk, vec![]).await.unwrap();
            let subject = Subject::User(world.user.id);
            let assignment = RoleAssignment { subject, role: clerk.name.clone(), scope: Some(world.tenant.id) };
            let (given, deleted) = tokio::join!(
                rows.assign(&assignment, Some(&clerk), at(1), vec![]),
                rows.delete_role(&clerk, 1, world.tenant.id, vec![]),
            );
            assert_ne!(given.is_ok(), deleted.is_ok(), "{given:?} {deleted:?}");
        }
    }

    async fn assignments_come_in_pages(database: TestDatabase) {
        let store = database.store();
        let system = World::new(store, "system").await;
        let acme = World::new(store, "acme").await;
        let scope = Some(acme.tenant.id);
        let mut expected = vec![];
        for (index, role) in ["auditor", "tenant-admin", "tenant-owner"].into_iter().enumerate() {
            for home in [&acme, &system] {
                for subject in [Subject::User(home.user.id), Subject::Client(home.client.client_id.clone())] {
                    let assignment = RoleAssignment { subject, role: role.to_owned(), scope };
                    let time = at(i64::try_from(index).unwrap() / 2);
                    home.rows().assign(&assignment, None, time, vec![]).await.unwrap();
                    expected.push((home.tenant.id, assignment));
                }
            }
        }
        acme.rows().assign(&held(Subject::User(acme.user.id), "auditor"), None, at(0), vec![]).await.unwrap();
        let homes = [acme.tenant.id, system.tenant.id];
        let mut page = Page { limit: 5, ..Page::default() };
        let mut found = vec![];
        loop {
            let listing = store.list_assignments(homes, scope, &AssignmentFilter::default(), &page).await.unwrap();
            assert!(listing.items.len() <= 5);
            found.extend(listing.items);
            match listing.next {
                Some(next) => page.cursor = Some(next.to_string().parse().unwrap()),
                None => break,
            }
        }
        assert!(found.is_sorted_by_key(|record| record.created_at));
        let mut found: Vec<_> = found.into_iter().map(|record| (record.home, record.assignment)).collect();
        let key = |held: &(_, RoleAssignment)| format!("{held:?}");
        found.sort_by_key(key);
        expected.sort_by_key(key);
        assert_eq!(found, expected);

        let of = async |filter| {
            let page = Page { limit: 50, ..Page::default() };
            store.list_assignments(homes, scope, &filter, &page).await.unwrap().items.len()
        };
        assert_eq!(of(AssignmentFilter { role: Some("auditor".to_owned()), subject: None }).await, 4);
        assert_eq!(of(AssignmentFilter { role: None, subject: Some(acme.user.id.to_string()) }).await, 3);
        // Clients of one name in two tenants.
        let filter = AssignmentFilter { role: Some("auditor".to_owned()), subject: Some("app".to_owned()) };
        assert_eq!(of(filter).await, 2);
    }
}
