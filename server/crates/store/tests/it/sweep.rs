use grantor_protocol::model::{
    Ceremony, CeremonyPurpose, DeliveryState, DeviceAuthorization, KnownBrowser, MessageKind, Metric,
    UpstreamSignIn, WebhookDelivery,
};
use grantor_protocol::{Effect, Timestamp};
use grantor_store::{ConsoleSession, CountedHour, Swept, on_both_databases};

use crate::fixture::{World, at, delivery, hash, id, identity_provider, number, upstream_sign_in, webhook};

on_both_databases! {
    async fn what_expired_leaves_in_batches(database: TestDatabase) {
        let store = database.store();
        let worlds = [World::new(store, "acme").await, World::new(store, "globex").await];
        for world in &worlds {
            let webhook = webhook(world.tenant.id);
            world.rows().create_webhook(&webhook, vec![]).await.unwrap();
            // What is pending stays.
            world.rows().test_webhook(&delivery(&webhook), vec![]).await.unwrap();
            let provider = identity_provider(world.tenant.id, "corp");
            world.rows().create_identity_provider(&provider, vec![]).await.unwrap();
            for expiry in 0..5 {
                let expires_at = at(expiry);
                let mut interaction = world.interaction();
                interaction.expires_at = expires_at;
                let mut session = world.session();
                session.expires_at = expires_at;
                let grant = world.grant();
                let mut code = world.code(&grant);
                code.expires_at = expires_at;
                let mut token = world.refresh_token(&grant);
                token.expires_at = expires_at;
                let mut access_token = world.access_token();
                access_token.expires_at = expires_at;
                let mut pushed = world.pushed_request();
                pushed.expires_at = expires_at;
                let upstream = UpstreamSignIn { expires_at, ..upstream_sign_in(&provider) };
                let device = DeviceAuthorization { expires_at, ..world.device() };
                let mut link = world.link(MessageKind::Verification);
                link.expires_at = expires_at;
                let client_id = world.client.client_id.clone();
                let (tenant_id, user_id) = (world.tenant.id, world.user.id);
                let seen_at = at(-1);
                let browser =
                    KnownBrowser { tenant_id, user_id, hash: hash(), seen_at, trusted_until: None, expires_at };
                let purpose = CeremonyPurpose::Register { user: user_id };
                let state = serde_json::Value::Null;
                let ceremony = Ceremony { tenant_id, id: id(), purpose, state, expires_at };
                let effects = [
                    Effect::StoreKnownBrowser(Box::new(browser)),
                    Effect::StoreCeremony(Box::new(ceremony)),
                    Effect::StoreInteraction(Box::new(interaction)),
                    Effect::StoreSession(Box::new(session)),
                    Effect::StoreGrant(Box::new(grant)),
                    Effect::StoreAuthorizationCode(Box::new(code)),
                    Effect::StoreRefreshToken(Box::new(token)),
                    Effect::StoreAccessToken(Box::new(access_token)),
                    Effect::StorePushedAuthorizationRequest(Box::new(pushed)),
                    Effect::StoreDeviceAuthorization(Box::new(device)),
                    Effect::StoreUpstreamSignIn(Box::new(upstream)),
                    Effect::CountAttempt { subject: hash(), most: 1, at: at(-1), expires_at },
                    Effect::StoreOneTimeLink(Box::new(link)),
                    Effect::RevokeAccessToken { id: id(), expires_at },
                    Effect::SpendAssertion { client_id, jti: hash(), expires_at },
                ];
                world.apply(effects).await.unwrap();
                let user_id = world.user.id;
                let console = ConsoleSession { hash: hash(), user_id, session_id: id(), expires_at };
                world.rows().store_console_session(console).await.unwrap();
                let hour = Timestamp::from_unix_seconds(number().cast_signed() * 3600);
                let (tenant_id, metric) = (world.tenant.id, Metric::SignIns);
                let counted = CountedHour { tenant_id, hour, metric, count: 1, expires_at };
                store.add_stats(vec![counted]).await.unwrap();
                world.rows().reserve_key(hash(), hash(), at(-1), expires_at).await.unwrap();
                let mut token = world.initial_access_token(None);
                token.expires_at = expires_at;
                world.rows().create_initial_access_token(&token, vec![]).await.unwrap();
                let (state, expires_at) = (DeliveryState::Delivered, Some(expires_at));
                let sent = WebhookDelivery { state, due_at: None, expires_at, ..delivery(&webhook) };
                world.rows().test_webhook(&sent, vec![]).await.unwrap();
            }
        }
        // Of each table's ten rows the eight with expiry 0 to 3 are over.
        for (deleted, more) in [(3, true), (3, true), (2, false), (0, false)] {
            let report = store.sweep(at(4), 3).await.unwrap();
            // Jobs are finished by those who work on them only.
            let (jobs, tables): (Vec<&Swept>, Vec<&Swept>) =
                report.tables.iter().partition(|swept| swept.table == "jobs");
            assert_eq!((jobs.len(), tables.len()), (1, 20));
            for swept in tables {
                assert_eq!((swept.deleted, swept.more), (deleted, more), "{}", swept.table);
            }
            assert_eq!((report.deleted(), report.more()), (20 * deleted, more));
        }
    }

    async fn the_oldest_leave_first(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let interactions = [3, 1, 2].map(|expiry| {
            let mut interaction = world.interaction();
            interaction.expires_at = at(expiry);
            interaction
        });
        world.apply(interactions.clone().map(|it| Effect::StoreInteraction(Box::new(it)))).await.unwrap();
        database.store().sweep(at(10), 2).await.unwrap();
        for (interaction, stays) in interactions.into_iter().zip([true, false, false]) {
            assert_eq!(world.rows().interaction(interaction.id).await.unwrap().is_some(), stays);
        }
    }
}
