//! Webhooks: every event once, however many nodes look for it.

use futures_util::future::join_all;
use grantor_protocol::Effect;
use grantor_protocol::model::{
    AuditKind, DeliveryAttempt, DeliveryState, TenantStatus, Webhook, WebhookDelivery, WebhookDisabled,
};
use grantor_protocol::webhook::Verdict;
use grantor_store::{AuditFilter, Options, Page, Store, Stretch, TenantStore, WriteError, on_both_databases};

use crate::fixture::{World, at, audit, delivery, id, taken, webhook};

const DAY: i64 = 86_400;

async fn hook(world: &World) -> Webhook {
    let webhook = webhook(world.tenant.id);
    world.rows().create_webhook(&webhook, vec![]).await.unwrap();
    webhook
}

impl World {
    async fn happen(&self, events: usize) {
        let events = (0..events).map(|_| Effect::RecordAudit(Box::new(audit(AuditKind::ClientChanged))));
        self.apply(events).await.unwrap();
    }

    async fn is_at_work(&self, now: i64) -> bool {
        let at_work = self.store.webhooks_at_work(at(now), 100).await.unwrap();
        at_work.iter().any(|(tenant, _)| *tenant == self.tenant.id)
    }

    async fn pending(&self, webhook: &Webhook) -> WebhookDelivery {
        let pending = delivery(webhook);
        self.rows().test_webhook(&pending, vec![]).await.unwrap();
        pending
    }

    async fn stored(&self, delivery: &WebhookDelivery) -> WebhookDelivery {
        self.rows().webhook_delivery(delivery.webhook_id, delivery.event_id).await.unwrap().unwrap()
    }

    async fn webhook(&self, webhook: &Webhook) -> Webhook {
        self.rows().webhook(webhook.id).await.unwrap().unwrap()
    }
}

/// Looks for events once, as a node does; whether it was the one to put them among the deliveries.
async fn look(rows: &TenantStore<'_>, webhook: &Webhook, stretch: Stretch) -> bool {
    let events = rows.audit_events_after(stretch.after, 100, &AuditFilter::default()).await.unwrap();
    let Some(last) = events.last() else { return false };
    let reached = stretch.until.unwrap_or(last.sequence);
    let found = events.iter().filter(|event| event.sequence <= reached);
    let deliveries =
        found.map(|event| WebhookDelivery { event_id: event.event.id, ..delivery(webhook) }).collect();
    rows.put_webhook_deliveries(webhook.id, stretch, reached, deliveries).await.unwrap()
}

async fn news(rows: &TenantStore<'_>, webhook: &Webhook) -> Stretch {
    *rows.webhook_work(webhook.id).await.unwrap().unwrap().stretches.last().unwrap()
}

/// What came of an attempt at this time.
fn attempt(claimed: &WebhookDelivery, seconds: i64, status: u16) -> WebhookDelivery {
    let last_attempt = Some(DeliveryAttempt { at: at(seconds), status: Some(status), error: None });
    let (state, due_at, expires_at) = match status {
        200 => (DeliveryState::Delivered, None, Some(at(seconds + 7 * DAY))),
        410 => (DeliveryState::Failed, None, Some(at(seconds + 30 * DAY))),
        _ => (DeliveryState::Pending, Some(at(seconds + 3600)), None),
    };
    let attempts = claimed.attempts + 1;
    WebhookDelivery { state, attempts, due_at, last_attempt, expires_at, ..claimed.clone() }
}

async fn record(world: &World, claimed: &WebhookDelivery, seconds: i64, status: u16) -> bool {
    let after = attempt(claimed, seconds, status);
    let verdict = if status == 200 { Verdict::Works } else { Verdict::Fails };
    world.rows().record_webhook_attempt(claimed, &after, (verdict, 1), None).await.unwrap()
}

async fn claim_one(world: &World, webhook: &Webhook, now: i64) -> WebhookDelivery {
    let mut claimed = world.rows().claim_webhook_deliveries(webhook.id, at(now), 8).await.unwrap();
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

on_both_databases! {
    async fn a_webhook_comes_back_as_it_was(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut webhook = hook(&world).await;
        assert_eq!(world.webhook(&webhook).await, webhook);
        assert_eq!(taken(world.rows().create_webhook(&webhook, vec![]).await), "id");
        webhook.settings.events = vec!["client".to_owned()];
        webhook.disabled = Some(WebhookDisabled::Administrator);
        webhook.version = 2;
        assert_eq!(world.rows().replace_webhook(&webhook, 1, vec![]).await.unwrap(), webhook);
        let late = world.rows().replace_webhook(&webhook, 1, vec![]).await;
        assert!(matches!(late, Err(WriteError::VersionMismatch)));
        assert!(matches!(world.rows().delete_webhook(webhook.id, 1, vec![]).await, Err(WriteError::VersionMismatch)));
        assert_eq!(world.rows().webhooks().await.unwrap(), vec![webhook.clone()]);
        let sent = world.pending(&webhook).await;
        assert_eq!(world.stored(&sent).await, sent);
        world.rows().delete_webhook(webhook.id, 2, vec![]).await.unwrap();
        assert_eq!(world.rows().webhook_delivery(webhook.id, sent.event_id).await.unwrap(), None);
        let orphan = world.rows().test_webhook(&delivery(&webhook), vec![]).await;
        assert!(matches!(orphan, Err(WriteError::NotFound)));
    }

    async fn what_happened_before_is_not_told(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.happen(3).await;
        let webhook = hook(&world).await;
        assert!(!world.is_at_work(0).await);
        world.happen(1).await;
        assert!(world.is_at_work(0).await);
        assert_eq!(news(&world.rows(), &webhook).await, Stretch { after: 3, until: None });
    }

    /// However many nodes look for the same events, one of them finds them.
    async fn events_are_put_among_the_deliveries_once(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let node = Store::open(Options::new(database.url())).await.unwrap();
        let webhook = hook(&world).await;
        world.happen(5).await;
        let (rows, other) = (world.rows(), node.tenant(world.tenant.id));
        let stretch = news(&rows, &webhook).await;
        let looks = (0..8).map(|number| look(if number % 2 == 0 { &rows } else { &other }, &webhook, stretch));
        let won = join_all(looks).await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1);
        let page = Page { limit: 100, ..Page::default() };
        let found = rows.list_webhook_deliveries(webhook.id, &page, None).await.unwrap().items;
        assert_eq!(found.len(), 5);
        assert!(found.is_sorted_by(|one, next| one.event_id > next.event_id), "the newest first");
        assert_eq!(news(&rows, &webhook).await.after, 5);
        assert!(rows.has_pending_webhook_deliveries(webhook.id, 5).await.unwrap());
        assert!(!rows.has_pending_webhook_deliveries(webhook.id, 6).await.unwrap());
    }

    async fn a_delivery_is_claimed_by_one_until_its_lease_runs_out(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let node = Store::open(Options::new(database.url())).await.unwrap();
        let webhook = hook(&world).await;
        for _ in 0..12 {
            world.pending(&webhook).await;
        }
        let (rows, other) = (world.rows(), node.tenant(world.tenant.id));
        let claims = (0..8).map(|number| {
            (if number % 2 == 0 { &rows } else { &other }).claim_webhook_deliveries(webhook.id, at(1), 4)
        });
        let mut claimed: Vec<_> = vec![];
        for claim in join_all(claims).await {
            claimed.extend(claim.unwrap().into_iter().map(|delivery| delivery.event_id));
        }
        let all = claimed.len();
        claimed.sort_unstable();
        claimed.dedup();
        assert_eq!(claimed.len(), all, "nothing is given to two");
        // On PostgreSQL those who wanted the same at the same moment may have come away with nothing.
        while !rows.claim_webhook_deliveries(webhook.id, at(1), 4).await.unwrap().is_empty() {}
        assert_eq!(rows.claim_webhook_deliveries(webhook.id, at(60), 20).await.unwrap(), vec![]);
        assert_eq!(rows.claim_webhook_deliveries(webhook.id, at(61), 20).await.unwrap().len(), 12);
    }

    /// Whoever comes back after the lease has run out has nothing to say any more.
    async fn a_late_outcome_does_not_count(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let webhook = hook(&world).await;
        world.pending(&webhook).await;
        let slow = claim_one(&world, &webhook, 1).await;
        let fast = claim_one(&world, &webhook, 61).await;
        assert!(!record(&world, &slow, 62, 500).await);
        assert!(record(&world, &fast, 63, 200).await);
        assert!(!record(&world, &fast, 64, 500).await, "an outcome counts once");
        let stored = world.stored(&fast).await;
        assert_eq!((stored.state, stored.attempts, stored.due_at), (DeliveryState::Delivered, 1, None));
        assert_eq!(stored, attempt(&fast, 63, 200));
        assert!(!world.is_at_work(10_000).await);
    }

    async fn what_our_own_limits_refuse_is_no_attempt(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let webhook = hook(&world).await;
        world.pending(&webhook).await;
        let claimed = claim_one(&world, &webhook, 1).await;
        world.rows().release_webhook_delivery(&claimed, at(6)).await.unwrap();
        assert!(!world.is_at_work(5).await && world.is_at_work(6).await);
        assert_eq!(claim_one(&world, &webhook, 6).await.attempts, 0);
    }

    /// One success, and what waits for a far-off attempt is sent at once; what is on its way is left alone.
    async fn a_receiver_that_is_back_gets_what_waits(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let webhook = hook(&world).await;
        let waiting = world.pending(&webhook).await;
        let claimed = claim_one(&world, &webhook, 1).await;
        assert!(record(&world, &claimed, 2, 503).await);
        assert_eq!(world.webhook(&webhook).await.failing_since, Some(at(2)));
        let second = WebhookDelivery { due_at: Some(at(10)), ..delivery(&webhook) };
        let third = WebhookDelivery { due_at: Some(at(10)), ..delivery(&webhook) };
        for delivery in [&second, &third] {
            world.rows().test_webhook(delivery, vec![]).await.unwrap();
        }
        let claimed = world.rows().claim_webhook_deliveries(webhook.id, at(10), 8).await.unwrap();
        assert_eq!(claimed.len(), 2);
        assert!(record(&world, &claimed[0], 12, 200).await);
        assert_eq!(world.webhook(&webhook).await.failing_since, None);
        assert_eq!(world.stored(&waiting).await.due_at, Some(at(12)));
        assert_eq!(world.stored(&claimed[1]).await.due_at, Some(at(70)));
    }

    async fn a_disabled_webhook_and_a_suspended_tenant_are_left_alone(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let mut webhook = hook(&world).await;
        world.pending(&webhook).await;
        world.happen(1).await;
        let mut tenant = world.tenant.clone();
        for (status, at_work) in [(TenantStatus::Suspended, false), (TenantStatus::Active, true)] {
            tenant.status = status;
            world.store.tenants().update(&tenant, None, vec![]).await.unwrap();
            assert_eq!(world.is_at_work(1).await, at_work);
            let claimed = world.rows().claim_webhook_deliveries(webhook.id, at(1), 8).await.unwrap();
            assert_eq!(claimed.len(), usize::from(at_work));
        }
        webhook.disabled = Some(WebhookDisabled::Administrator);
        world.rows().replace_webhook(&webhook, 1, vec![]).await.unwrap();
        world.happen(4).await;
        assert!(!world.is_at_work(1000).await);
        assert_eq!(world.rows().claim_webhook_deliveries(webhook.id, at(1000), 8).await.unwrap(), vec![]);
        // Enabled again it goes on with what happens then, and with what was put there before.
        webhook.disabled = None;
        world.rows().replace_webhook(&webhook, 2, vec![]).await.unwrap();
        assert_eq!(news(&world.rows(), &webhook).await.after, 5);
        claim_one(&world, &webhook, 1000).await;
        world.rows().replace_webhook(&webhook, 3, vec![]).await.unwrap();
        world.happen(1).await;
        world.rows().replace_webhook(&webhook, 4, vec![]).await.unwrap();
        assert_eq!(news(&world.rows(), &webhook).await.after, 5, "what is enabled misses nothing by a change");
    }

    async fn a_webhook_is_disabled_once_and_not_after_a_success(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let webhook = hook(&world).await;
        for seconds in [0, 5 * DAY] {
            world.pending(&webhook).await;
            let claimed = claim_one(&world, &webhook, seconds).await;
            let after = WebhookDelivery { due_at: None, ..attempt(&claimed, seconds, 410) };
            let because = Some((WebhookDisabled::Failing, audit(AuditKind::WebhookDisabled)));
            assert!(world.rows().record_webhook_attempt(&claimed, &after, (Verdict::Fails, 1), because).await.unwrap());
            let disabled = (seconds > 0).then_some(WebhookDisabled::Failing);
            assert_eq!(world.webhook(&webhook).await.disabled, disabled, "{seconds}");
        }
        let held = world.webhook(&webhook).await;
        assert_eq!((held.version, held.failing_since), (2, Some(at(0))));
        assert_eq!(world.rows().audit_events(9).await.unwrap().len(), 1);

        let other = hook(&world).await;
        world.pending(&other).await;
        let claimed = claim_one(&world, &other, 6 * DAY).await;
        let because = Some((WebhookDisabled::Gone, audit(AuditKind::WebhookDisabled)));
        let after = attempt(&claimed, 6 * DAY, 410);
        // It was changed while the attempt was under way: what is gone is the address of before.
        let changed = world.rows().replace_webhook(&world.webhook(&other).await, 1, vec![]).await.unwrap();
        let rows = world.rows();
        assert!(rows.record_webhook_attempt(&claimed, &after, (Verdict::Gone, 1), because.clone()).await.unwrap());
        assert_eq!(world.webhook(&other).await.disabled, None);
        world.pending(&other).await;
        let claimed = claim_one(&world, &other, 7 * DAY).await;
        let after = attempt(&claimed, 7 * DAY, 410);
        let seen = (Verdict::Gone, changed.version);
        assert!(rows.record_webhook_attempt(&claimed, &after, seen, because).await.unwrap());
        assert_eq!(world.webhook(&other).await.disabled, Some(WebhookDisabled::Gone));
    }

    async fn a_retry_begins_anew_and_leaves_alone_what_is_on_its_way(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let webhook = hook(&world).await;
        let sent = world.pending(&webhook).await;
        let retry = async |now| {
            let because = vec![audit(AuditKind::WebhookReplayed)];
            world.rows().retry_webhook_delivery(webhook.id, sent.event_id, at(now), because).await.unwrap()
        };
        let claimed = claim_one(&world, &webhook, 1).await;
        assert_eq!(retry(2).await, claimed, "it is on its way");
        assert!(record(&world, &claimed, 3, 200).await);
        let again = retry(4).await;
        assert_eq!((again.state, again.attempts, again.due_at), (DeliveryState::Pending, 0, Some(at(4))));
        assert_eq!((again.expires_at, again.last_attempt.unwrap().status), (None, Some(200)));
        let claimed = claim_one(&world, &webhook, 5).await;
        assert!(record(&world, &claimed, 6, 500).await);
        assert_eq!(retry(7).await.due_at, Some(at(7)), "it would have been due in an hour");
        assert_eq!(world.rows().audit_events(9).await.unwrap().len(), 2);
        let nothing = world.rows().retry_webhook_delivery(webhook.id, id(), at(8), vec![]).await;
        assert!(matches!(nothing, Err(WriteError::NotFound)));
    }

    /// A replay makes deliveries of before pending again, adds those that there were none of, and ends.
    async fn a_replay_sends_what_was_delivered(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        world.happen(2).await;
        let webhook = hook(&world).await;
        let rows = world.rows();
        world.happen(1).await;
        assert!(look(&rows, &webhook, news(&rows, &webhook).await).await);
        let claimed = claim_one(&world, &webhook, 1).await;
        assert!(record(&world, &claimed, 2, 200).await);

        assert!(!rows.replay_webhook(webhook.id, (at(1), at(9)), vec![]).await.unwrap(), "nothing happened then");
        assert!(rows.replay_webhook(webhook.id, (at(0), at(1)), vec![]).await.unwrap());
        let again = rows.replay_webhook(webhook.id, (at(0), at(1)), vec![]).await;
        assert!(matches!(again, Err(WriteError::Protected(_))));
        let gone = rows.replay_webhook(id(), (at(0), at(1)), vec![]).await;
        assert!(matches!(gone, Err(WriteError::NotFound)));
        assert!(world.webhook(&webhook).await.replaying && world.is_at_work(2).await);
        let work = rows.webhook_work(webhook.id).await.unwrap().unwrap();
        let replay = Stretch { after: 0, until: Some(3) };
        assert_eq!(work.stretches, [replay, Stretch { after: 3, until: None }]);
        assert!(look(&rows, &webhook, replay).await);
        assert!(!look(&rows, &webhook, replay).await, "another node was faster");
        let found = rows.claim_webhook_deliveries(webhook.id, at(3), 8).await.unwrap();
        assert_eq!(found.len(), 3);
        assert!(found.iter().any(|delivery| delivery.event_id == claimed.event_id));
        assert!(!world.webhook(&webhook).await.replaying);
        assert_eq!(news(&rows, &webhook).await.after, 3);
    }

    async fn deliveries_are_paged_and_filtered(database: TestDatabase) {
        let world = World::new(database.store(), "acme").await;
        let (webhook, other) = (hook(&world).await, hook(&world).await);
        let mut made = vec![];
        for _ in 0..3 {
            made.push(world.pending(&webhook).await);
            world.pending(&other).await;
        }
        let failed = WebhookDelivery { state: DeliveryState::Failed, due_at: None, ..delivery(&webhook) };
        world.rows().test_webhook(&failed, vec![]).await.unwrap();
        made.push(failed.clone());
        made.reverse();
        let list = async |page: &Page, state| world.rows().list_webhook_deliveries(webhook.id, page, state).await.unwrap();
        let first = list(&Page { limit: 3, ..Page::default() }, None).await;
        assert_eq!(first.items, made[..3]);
        let cursor = first.next.map(|cursor| cursor.to_string().parse().unwrap());
        let rest = list(&Page { limit: 3, cursor, ..Page::default() }, None).await;
        assert_eq!((rest.items.as_slice(), rest.next), (&made[3..], None));
        let page = Page { limit: 9, ..Page::default() };
        assert_eq!(list(&page, Some(DeliveryState::Failed)).await.items, [failed]);
        assert_eq!(list(&page, Some(DeliveryState::Delivered)).await.items, []);
    }
}
