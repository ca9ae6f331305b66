//! What users sign in with beside a password.

use grantor_protocol::Effect;
use grantor_protocol::model::{Ceremony, CeremonyPurpose, Factor, Passkey, Proven, TotpAuthenticator};
use grantor_store::{ApplyError, on_both_databases};
use serde_json::json;

use crate::fixture::{World, at, hash, id};

fn passkey(world: &World, credential_id: &[u8]) -> Passkey {
    Passkey {
        tenant_id: world.tenant.id,
        id: id(),
        user_id: world.user.id,
        credential_id: credential_id.to_vec(),
        name: "Laptop".to_owned(),
        credential: json!({ "cred": { "counter": 5 } }),
        counter: 5,
        synced: true,
        created_at: at(1),
        last_used_at: None,
    }
}

fn totp(world: &World) -> TotpAuthenticator {
    TotpAuthenticator {
        tenant_id: world.tenant.id,
        id: id(),
        user_id: world.user.id,
        name: "Phone".to_owned(),
        sealed_secret: vec![1, 2, 3],
        last_step: 7,
        created_at: at(1),
        last_used_at: None,
    }
}

fn is_conflict(applied: &Result<(), ApplyError>) -> bool {
    matches!(applied, Err(ApplyError::Conflict))
}

on_both_databases! {
    async fn a_passkey_is_stored_used_and_removed(database: TestDatabase) {
        let (world, other) =
            (World::new(database.store(), "acme").await, World::new(database.store(), "beta").await);
        let mut held = passkey(&world, &[7; 20]);
        world.apply([Effect::StorePasskey(Box::new(held.clone()))]).await.unwrap();
        let again = passkey(&world, &[7; 20]);
        assert!(is_conflict(&world.apply([Effect::StorePasskey(Box::new(again))]).await), "its name is taken");
        other.apply([Effect::StorePasskey(Box::new(passkey(&other, &[7; 20])))]).await.unwrap();

        let used = |counter| Effect::UsePasskey {
            passkey: held.id,
            credential: json!({ "cred": { "counter": 6 } }),
            counter,
            at: at(9),
        };
        world.apply([used((5, 6))]).await.unwrap();
        assert!(is_conflict(&world.apply([used((5, 6))]).await), "WebAuthn §6.1.1: it went on meanwhile");
        assert!(is_conflict(&other.apply([used((6, 7))]).await), "another tenant's");
        held.credential = json!({ "cred": { "counter": 6 } });
        (held.counter, held.last_used_at) = (6, Some(at(9)));
        assert_eq!(world.rows().passkey_by_credential(&[7; 20]).await.unwrap(), Some(held.clone()));
        assert_eq!(world.rows().passkey_by_credential(&[8; 20]).await.unwrap(), None);
        let found = world.rows().authenticators(world.user.id, None, at(9)).await.unwrap();
        assert_eq!(found.passkeys, [held.clone()]);

        let remove = |user| Effect::RemovePasskey { user, passkey: held.id };
        assert!(is_conflict(&world.apply([remove(id())]).await), "another user's");
        assert!(is_conflict(&other.apply([remove(world.user.id)]).await), "another tenant's");
        world.apply([remove(world.user.id)]).await.unwrap();
        assert_eq!(world.rows().passkey_by_credential(&[7; 20]).await.unwrap(), None);
    }

    /// RFC 6238 §5.2.
    async fn a_step_is_spent_once(database: TestDatabase) {
        let (world, other) =
            (World::new(database.store(), "acme").await, World::new(database.store(), "beta").await);
        let held = totp(&world);
        world.apply([Effect::StoreTotp(Box::new(held.clone()))]).await.unwrap();
        let spend = |step| Effect::SpendTotpStep { totp: held.id, step, at: at(9) };
        for step in [6, 7] {
            assert!(is_conflict(&world.apply([spend(step)]).await), "{step}");
        }
        assert!(is_conflict(&other.apply([spend(9)]).await), "another tenant's");
        world.apply([spend(9)]).await.unwrap();
        assert!(is_conflict(&world.apply([spend(9)]).await));
        let found = world.rows().authenticators(world.user.id, None, at(9)).await.unwrap();
        assert_eq!(found.totp, [TotpAuthenticator { last_step: 9, last_used_at: Some(at(9)), ..held.clone() }]);
        assert!(is_conflict(&world.apply([Effect::RemoveTotp { user: id(), totp: held.id }]).await));
        world.apply([Effect::RemoveTotp { user: world.user.id, totp: held.id }]).await.unwrap();
    }

    async fn recovery_codes_work_once_and_are_replaced(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let user = world.user.id;
        let (first, second) = (hash(), hash());
        let replace = |hashes: Vec<_>| Effect::ReplaceRecoveryCodes { user, hashes, at: at(1) };
        let spend = |hash| Effect::SpendRecoveryCode { user, hash, at: at(9) };
        world.apply([replace(vec![first, second])]).await.unwrap();
        world.apply([spend(first)]).await.unwrap();
        assert!(is_conflict(&world.apply([spend(first)]).await));
        let left = world.rows().authenticators(user, None, at(9)).await.unwrap().recovery_codes_left();
        assert_eq!(left, 1);
        let third = hash();
        world.apply([replace(vec![third])]).await.unwrap();
        assert!(is_conflict(&world.apply([spend(second)]).await), "of before");
        world.apply([spend(third)]).await.unwrap();
    }

    async fn a_browser_is_known_until_it_is_forgotten(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut browser = world.known_browser();
        let found = async |seconds| {
            let rows = world.rows();
            rows.authenticators(world.user.id, Some(&browser.hash), at(seconds)).await.unwrap().browser
        };
        assert_eq!(found(1).await, None);
        world.apply([Effect::StoreKnownBrowser(Box::new(browser.clone()))]).await.unwrap();
        assert_eq!(found(1).await.as_ref(), Some(&browser));
        assert_eq!(found(100).await, None);
        for (user, seconds, known) in [(world.user.id, 1, true), (world.user.id, 100, false), (id(), 1, false)] {
            let found = world.rows().known_browser(user, &browser.hash, at(seconds)).await.unwrap();
            assert_eq!(found.is_some(), known, "{user} {seconds}");
        }
        world.apply([Effect::DistrustBrowsers { user: world.user.id }]).await.unwrap();
        assert_eq!(found(1).await.map(|found| found.trusted_until), Some(None));
        (browser.seen_at, browser.trusted_until, browser.expires_at) = (at(2), None, at(200));
        world.apply([Effect::StoreKnownBrowser(Box::new(browser.clone()))]).await.unwrap();
        let rows = world.rows();
        let found = rows.authenticators(world.user.id, Some(&browser.hash), at(150)).await.unwrap().browser;
        assert_eq!(found, Some(browser));
    }

    async fn a_ceremony_is_spent_once(database: TestDatabase) {
        let (world, other) =
            (World::new(database.store(), "acme").await, World::new(database.store(), "beta").await);
        let ceremony = Ceremony {
            tenant_id: world.tenant.id,
            id: id(),
            purpose: CeremonyPurpose::Assert { interaction: id(), user: world.user.id },
            state: json!({ "challenge": [1, 2] }),
            expires_at: at(300),
        };
        world.apply([Effect::StoreCeremony(Box::new(ceremony.clone()))]).await.unwrap();
        assert_eq!(world.rows().ceremony(ceremony.id).await.unwrap(), Some(ceremony.clone()));
        assert_eq!(other.rows().ceremony(ceremony.id).await.unwrap(), None);
        let spend = || Effect::SpendCeremony { ceremony: ceremony.id };
        assert!(is_conflict(&other.apply([spend()]).await), "another tenant's");
        world.apply([spend()]).await.unwrap();
        assert!(is_conflict(&world.apply([spend()]).await));
    }

    async fn what_was_proven_is_kept_until_there_is_a_session(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let interaction = world.interaction();
        world.apply([Effect::StoreInteraction(Box::new(interaction.clone()))]).await.unwrap();
        let proven = Proven { user_id: world.user.id, factors: vec![Factor::Password, Factor::Totp] };
        let record =
            || Effect::RecordProven { interaction: interaction.id, proven: Box::new(proven.clone()) };
        world.apply([record()]).await.unwrap();
        let found = async || world.rows().interaction(interaction.id).await.unwrap().unwrap().proven;
        assert_eq!(found().await, Some(proven.clone()));
        world.apply([Effect::RecordSignIn { interaction: interaction.id, session: id() }]).await.unwrap();
        assert_eq!(found().await, None);
        world.apply([Effect::CompleteInteraction { interaction: interaction.id, at: at(9) }]).await.unwrap();
        assert!(is_conflict(&world.apply([record()]).await));
    }
}
