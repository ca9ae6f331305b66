//! The audit trail's chain: what was recorded stays, and whoever changes it is found out.

use futures_util::future::join_all;
use grantor_protocol::Effect;
use grantor_protocol::model::{AuditEvent, AuditKind};
use grantor_store::{BrokenAt, Options, Store, Verification, VerifiedStretch};

use crate::fixture::{World, audit};

impl World {
    async fn record(&self, events: usize) -> Vec<AuditEvent> {
        let mut recorded = vec![];
        for number in 0..events {
            let mut event = audit(AuditKind::SignInSucceeded);
            event.target = format!("target {number}");
            self.apply([Effect::RecordAudit(Box::new(event.clone()))]).await.unwrap();
            recorded.push(event);
        }
        recorded
    }

    async fn verify(&self) -> Verification {
        self.rows().verify_audit_trail().await.unwrap()
    }

    async fn stretch(&self, from: i64, most: u32) -> VerifiedStretch {
        self.rows().verify_audit_events(from, most).await.unwrap()
    }

    /// What stretches of this length find, one behind the other: the events, and what is wrong.
    async fn stretches(&self, most: u32) -> (u64, Option<(i64, BrokenAt)>) {
        let (mut events, mut from) = (0, 1);
        loop {
            let found = self.stretch(from, most).await;
            events += found.events;
            match found.next {
                Some(next) => from = next,
                None => return (events, found.broken.map(|broken| (broken.sequence, broken.why))),
            }
        }
    }

    async fn broken(&self) -> (i64, BrokenAt) {
        let broken = self.verify().await.broken.unwrap();
        (broken.sequence, broken.why)
    }
}

grantor_store::on_both_databases! {
    async fn a_trail_that_nobody_touched_holds(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let empty = world.verify().await;
        assert_eq!((empty.events, empty.head.0, empty.broken), (0, 0, None));
        world.record(3).await;
        let events = [audit(AuditKind::ClientChanged), audit(AuditKind::UserChanged)];
        world.apply(events.map(|event| Effect::RecordAudit(Box::new(event)))).await.unwrap();
        let whole = world.verify().await;
        assert_eq!((whole.events, whole.head.0, whole.broken, whole.unchained), (5, 5, None, 0));
        assert_eq!(whole.head.1.len(), 32);
    }

    /// Stretches of every length that follow each other find what a walk along the whole trail finds.
    async fn a_trail_can_be_verified_in_stretches(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let none = world.stretch(1, 10).await;
        assert_eq!((none.events, none.covered, none.next, none.broken), (0, None, None, None));
        world.record(6).await;
        let found = world.stretch(2, 3).await;
        assert_eq!((found.events, found.covered, found.next, found.head.0), (3, Some((2, 4)), Some(5), 6));
        let found = world.stretch(5, 3).await;
        assert_eq!((found.events, found.covered, found.next), (2, Some((5, 6)), None));
        let found = world.stretch(7, 3).await;
        assert_eq!((found.covered, found.next, found.broken), (None, None, None), "the end, where the head fits");
        let found = world.stretch(100, 3).await;
        assert_eq!((found.covered, found.next, found.broken), (None, None, None), "behind the end is nothing");
        for most in 1..8 {
            assert_eq!(world.stretches(most).await, (6, None), "{most}");
        }
    }

    async fn stretches_find_what_was_done_to_the_trail(database: TestDatabase) {
        let deeds = [
            ("changed", "UPDATE audit_events SET target = 'nobody' WHERE sequence = 3", (3, BrokenAt::Changed)),
            ("removed", "DELETE FROM audit_events WHERE sequence = 3", (3, BrokenAt::Removed)),
            ("beginning", "DELETE FROM audit_events WHERE sequence = 1", (1, BrokenAt::Removed)),
            ("end", "DELETE FROM audit_events WHERE sequence = 6", (6, BrokenAt::Removed)),
            ("moved", "UPDATE audit_events SET sequence = 7 - sequence WHERE sequence IN (3, 4)", (3, BrokenAt::Changed)),
        ];
        for (slug, deed, wrong) in deeds {
            let world = World::new(database.store(), slug).await;
            world.record(6).await;
            // Tenants of before are changed as well; they have been looked at.
            database.execute(deed).await;
            for most in 1..8 {
                let (events, found) = world.stretches(most).await;
                assert_eq!((events as i64, found), (wrong.0 - 1, Some(wrong)), "{slug} by {most}");
            }
        }
        // What a stretch begins behind is gone.
        let world = World::new(database.store(), "begins").await;
        let recorded = world.record(6).await;
        database.execute("DELETE FROM audit_events WHERE sequence = 3").await;
        let broken = world.stretch(4, 2).await.broken.unwrap();
        assert_eq!((broken.sequence, broken.why), (3, BrokenAt::Removed));
        assert_eq!(broken.row.map(|(id, _)| id), Some(recorded[3].id));
        assert_eq!(world.stretch(5, 1).await.broken, None, "a stretch says nothing of what is before it");
    }

    /// An event and its hash that were made anew are told by the first event of the stretch behind them.
    async fn a_forged_event_is_found_where_two_stretches_meet(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.record(4).await;
        let hash = match database.store().backend() {
            grantor_store::Backend::Sqlite => format!("x'{}'", "07".repeat(32)),
            grantor_store::Backend::Postgres => format!("'\\x{}'::bytea", "07".repeat(32)),
        };
        database.execute(&format!("UPDATE audit_events SET hash = {hash} WHERE sequence = 2")).await;
        let found = world.stretch(3, 1).await.broken.unwrap();
        assert_eq!((found.sequence, found.why), (2, BrokenAt::Changed));
        assert_eq!(world.stretch(4, 1).await.broken, None);
    }

    async fn every_column_is_held(database: TestDatabase) {
        let text = |value: &str| match database.store().backend() {
            grantor_store::Backend::Sqlite => format!("jsonb('{value}')"),
            grantor_store::Backend::Postgres => format!("'{value}'::jsonb"),
        };
        let blob = |byte: &str| match database.store().backend() {
            grantor_store::Backend::Sqlite => format!("x'{}'", byte.repeat(32)),
            grantor_store::Backend::Postgres => format!("'\\x{}'::bytea", byte.repeat(32)),
        };
        let changes = [
            "at = at + 1".to_owned(),
            "kind = 'sign_in.failed'".to_owned(),
            format!("actor = {}", text(r#"{"kind":"anonymous"}"#)),
            "actor_key = 'anonymous'".to_owned(),
            "target = 'somebody else'".to_owned(),
            "origin = NULL".to_owned(),
            format!("detail = {}", text(r#"{"why":"a lie","count":3}"#)),
            format!("hash = {}", blob("07")),
            format!("previous_hash = {}", blob("07")),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let world = World::new(database.store(), &format!("tenant{number}")).await;
            let recorded = world.record(4).await;
            let only = format!("sequence = 2 AND target = '{}' AND detail IS NOT NULL", recorded[1].target);
            // The others of the same name are other tests' tenants: they have been looked at before.
            database.execute(&format!("UPDATE audit_events SET {change} WHERE {only}")).await;
            assert_eq!(world.broken().await, (2, BrokenAt::Changed), "{change}");
            let told = world.verify().await.broken.unwrap().to_string();
            assert!(told.contains(&recorded[1].id.to_string()) && told.contains("event 2"), "{told}");
        }
    }

    async fn a_row_that_is_gone_is_named(database: TestDatabase) {
        for (slug, gone) in [("first", 1), ("middle", 3), ("last", 5)] {
            let world = World::new(database.store(), slug).await;
            let recorded = world.record(5).await;
            database.execute(&format!("DELETE FROM audit_events WHERE sequence = {gone}")).await;
            assert_eq!(world.broken().await, (gone, BrokenAt::Removed), "{slug}");
            let told = world.verify().await;
            assert_eq!(told.events as i64, gone - 1);
            let shown = told.broken.unwrap().row.map(|(id, _)| id);
            assert_eq!(shown, recorded.get(gone as usize).map(|event| event.id), "the row behind it");
        }
    }

    async fn rows_that_change_places_are_named(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.record(4).await;
        database.execute("UPDATE audit_events SET sequence = 5 - sequence WHERE sequence IN (2, 3)").await;
        assert_eq!(world.broken().await, (2, BrokenAt::Changed));
    }

    /// An event that was exchanged together with its hash is told by the one behind it, and the last one by
    /// the head.
    async fn a_hash_that_was_made_anew_is_found_out(database: TestDatabase) {
        let (world, forger) =
            (World::new(database.store(), "acme").await, World::new(database.store(), "forger").await);
        world.record(3).await;
        forger.record(2).await;
        let ids: Vec<_> = [&world, &forger].map(|world| world.tenant.id.to_string().replace('-', "")).into();
        let tenant = |id: &str| match database.store().backend() {
            grantor_store::Backend::Sqlite => format!("x'{id}'"),
            grantor_store::Backend::Postgres => format!("'\\x{id}'::bytea"),
        };
        let (victim, other) = (tenant(&ids[0]), tenant(&ids[1]));
        // A whole row of another chain, in the place of one of this.
        database.execute(&format!("DELETE FROM audit_events WHERE tenant_id = {victim} AND sequence = 2")).await;
        database
            .execute(&format!("UPDATE audit_events SET tenant_id = {victim} WHERE tenant_id = {other} AND sequence = 2"))
            .await;
        assert_eq!(world.broken().await, (2, BrokenAt::Changed));
        assert_eq!(forger.broken().await, (2, BrokenAt::Removed));
    }

    async fn a_row_that_was_added_is_named(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.record(3).await;
        let columns = "tenant_id, at, kind, actor, target, detail, actor_key, origin, previous_hash, hash";
        let (once, beyond) = match database.store().backend() {
            grantor_store::Backend::Sqlite => (format!("x'{}'", "ff".repeat(16)), format!("x'{}'", "fe".repeat(16))),
            grantor_store::Backend::Postgres => {
                (format!("'\\x{}'::bytea", "ff".repeat(16)), format!("'\\x{}'::bytea", "fe".repeat(16)))
            }
        };
        let copy = |id: &str, from: i64, to: i64| {
            format!(
                "INSERT INTO audit_events (id, sequence, {columns}) \
                 SELECT {id}, {to}, {columns} FROM audit_events WHERE sequence = {from}"
            )
        };
        database.execute(&copy(&once, 2, 2)).await;
        assert_eq!(world.broken().await, (2, BrokenAt::Added));
        database.execute(&format!("DELETE FROM audit_events WHERE id = {once}")).await;
        assert_eq!(world.verify().await.broken, None);
        database.execute(&copy(&beyond, 3, 4)).await;
        assert_eq!(world.broken().await.0, 4);
    }

    async fn the_newest_rows_cannot_be_cut_off_with_their_number(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.record(4).await;
        database.execute("DELETE FROM audit_events WHERE sequence > 2").await;
        assert_eq!(world.broken().await, (3, BrokenAt::Removed));
        database.execute("UPDATE audit_chains SET sequence = 2").await;
        assert_eq!(world.broken().await, (2, BrokenAt::Changed), "the head has the hash of another event");
    }

    /// Of whoever writes at the same time nobody is lost and nobody comes twice, from several nodes too.
    async fn many_writers_make_one_chain(database: TestDatabase) {
        let (acme, other) =
            (World::new(database.store(), "acme").await, World::new(database.store(), "other").await);
        let second = Store::open(Options::new(database.url())).await.unwrap();
        let write = async |number: usize| {
            let node = if number.is_multiple_of(2) { database.store() } else { &second };
            let world = if number.is_multiple_of(5) { &other } else { &acme };
            let event = Effect::RecordAudit(Box::new(audit(AuditKind::ClientChanged)));
            node.tenant(world.tenant.id).apply(vec![event]).await.unwrap();
        };
        join_all((0..125).map(write)).await;
        let (of_acme, of_other) = (acme.verify().await, other.verify().await);
        assert_eq!((of_acme.events, of_acme.broken), (100, None));
        assert_eq!((of_other.events, of_other.broken), (25, None));
        assert_ne!(of_acme.head.1, of_other.head.1);
    }

    /// What is verified while others write holds, too.
    async fn a_trail_can_be_verified_while_it_grows(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let writes = async {
            for _ in 0..60 {
                world.record(1).await;
            }
        };
        let looks = async {
            let mut seen = 0;
            while seen < 60 {
                let found = world.verify().await;
                assert_eq!(found.broken, None);
                seen = found.events;
            }
        };
        tokio::join!(writes, looks);
    }

    /// A decision that does not stand leaves no number behind.
    async fn a_conflict_leaves_the_chain_alone(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.record(1).await;
        let spend = || Effect::SpendAssertion {
            client_id: world.client.client_id.clone(),
            jti: grantor_protocol::SecretHash::from_bytes([9; 32]),
            expires_at: crate::fixture::at(60),
        };
        let event = || Effect::RecordAudit(Box::new(audit(AuditKind::SignInFailed)));
        world.apply([event(), spend()]).await.unwrap();
        assert!(world.apply([event(), spend()]).await.is_err());
        world.record(1).await;
        let found = world.verify().await;
        assert_eq!((found.events, found.head.0, found.broken), (3, 3, None));
    }

    /// Whatever tells of a tenant that was deleted meanwhile finds nothing to be written to.
    async fn a_deleted_tenant_has_no_trail(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.record(2).await;
        world.delete().await;
        let event = Effect::RecordAudit(Box::new(audit(AuditKind::SignedOut)));
        assert!(matches!(world.apply([event]).await, Err(grantor_store::ApplyError::Conflict)));
        assert_eq!(world.rows().audit_events(10).await.unwrap(), []);
    }

    /// Each comes back as it went in, whatever the database does with its JSON.
    async fn what_is_odd_is_hashed_as_it_comes_back(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut event = audit(AuditKind::ClientChanged);
        event.detail = serde_json::json!({
            "zebra": 1, "ant": { "ü": "\u{1f600}\u{1}\u{7f}\"\\/", "": null, "a": [] }, "Z": [i64::MIN, i64::MAX, 0, 1.5, 1e16, -0.0, 1e300],
            "long": "x".repeat(100_000), "html": "</script>\u{2028}", "no": false,
        });
        event.target = "ü \u{1f600}".to_owned();
        event.origin = None;
        world.apply([Effect::RecordAudit(Box::new(event.clone()))]).await.unwrap();
        assert_eq!(world.verify().await.broken, None);
        let read = world.rows().audit_events(1).await.unwrap().remove(0);
        assert_eq!((read.target, read.origin, &read.detail["ant"]), (event.target, None, &event.detail["ant"]));
    }
}
