use grantor_protocol::model::{AuditKind, KeyState};
use grantor_store::{KeyChange, WriteError, on_both_databases};

use crate::fixture::{World, at, audit, id, key, taken};

on_both_databases! {
    async fn one_key_ends_as_another_begins_to_sign(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        let (old, new) = (key(world.tenant.id, KeyState::Active), key(world.tenant.id, KeyState::Published));
        for key in [&old, &new] {
            rows.insert_key(key, vec![audit(AuditKind::KeyChanged)]).await.unwrap();
        }
        let activate = KeyChange {
            id: new.id,
            from: KeyState::Published,
            to: KeyState::Active,
            changes_at: Some(at(40)),
            at: at(20),
            revoked: false,
        };
        let retire = KeyChange {
            id: old.id,
            from: KeyState::Active,
            to: KeyState::Retired,
            changes_at: Some(at(30)),
            at: at(20),
            revoked: false,
        };
        rows.change_keys(vec![retire, activate], None, vec![audit(AuditKind::KeyChanged)]).await.unwrap();
        let keys = rows.signing_keys().await.unwrap();
        let states: Vec<_> = keys.iter().map(|key| (key.state, key.changes_at)).collect();
        assert_eq!(states, [(KeyState::Retired, Some(at(30))), (KeyState::Active, Some(at(40)))]);

        // The second step is not possible, so the first is not taken either.
        let remove = KeyChange { from: KeyState::Retired, to: KeyState::Removed, changes_at: None, ..retire };
        let late = rows.change_keys(vec![remove, activate], None, vec![audit(AuditKind::KeyChanged)]).await;
        assert!(matches!(late, Err(WriteError::VersionMismatch)), "{late:?}");
        assert_eq!(rows.signing_keys().await.unwrap(), keys);
        let unknown = rows.change_keys(vec![KeyChange { id: id(), ..remove }], None, vec![]).await;
        assert!(matches!(unknown, Err(WriteError::NotFound)), "{unknown:?}");

        rows.change_keys(vec![remove], None, vec![]).await.unwrap();
        let ids: Vec<_> = rows.signing_keys().await.unwrap().iter().map(|key| key.id).collect();
        assert_eq!(ids, [new.id], "a removed key is not read");
        assert_eq!(rows.audit_events(10).await.unwrap().len(), 3);
    }

    async fn one_key_of_an_algorithm_signs_and_one_waits(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let rows = world.rows();
        for state in [KeyState::Active, KeyState::Published] {
            rows.insert_key(&key(world.tenant.id, state), vec![]).await.unwrap();
            assert_eq!(taken(rows.insert_key(&key(world.tenant.id, state), vec![]).await), "algorithm");
        }
        let retired = key(world.tenant.id, KeyState::Retired);
        rows.insert_key(&retired, vec![]).await.unwrap();
        assert_eq!(taken(rows.insert_key(&retired, vec![]).await), "id");
        let again =
            KeyChange { id: retired.id, from: KeyState::Retired, to: KeyState::Active, changes_at: None, at: at(9), revoked: false };
        assert_eq!(taken(rows.change_keys(vec![again], None, vec![]).await), "algorithm");
    }

    async fn due_keys_of_all_tenants_are_found_by_time(database: TestDatabase) {
        let store = database.store();
        let mut expected = vec![];
        for (slug, seconds) in [("acme", 7), ("globex", 6)] {
            let world = World::new(store, slug).await;
            let tenant_id = world.tenant.id;
            let mut removed = key(tenant_id, KeyState::Removed);
            removed.changes_at = None;
            let mut due = key(tenant_id, KeyState::Published);
            due.changes_at = Some(at(seconds));
            for key in [&removed, &due, &key(tenant_id, KeyState::Active)] {
                world.rows().insert_key(key, vec![]).await.unwrap();
            }
            expected.insert(0, due);
        }
        assert_eq!(store.keys_due(at(5), 100).await.unwrap(), []);
        assert_eq!(store.keys_due(at(7), 100).await.unwrap(), expected, "the longest due first");
        assert_eq!(store.keys_due(at(100), 3).await.unwrap().len(), 3);
        assert_eq!(store.keys_due(at(100), 100).await.unwrap().len(), 4);
    }
}
