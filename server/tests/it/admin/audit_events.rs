//! The audit trail: what it tells, and reading it.

use std::time::{Duration, Instant};

use grantor_protocol::Lifetime;
use grantor_protocol::model::{AuditKind, TenantSettings};
use poem::http::header::{FORWARDED, USER_AGENT};
use serde_json::{Value, json};

use super::Api;
use crate::support::{Browser, TestApp, encode, form_request};

const EVENTS: &str = "/tenants/acme/audit-events";

impl Api<'_> {
    async fn events(&self, query: &str) -> Vec<Value> {
        let page = self.get(&format!("{EVENTS}?{query}")).await.document(200);
        page["items"].as_array().unwrap().clone()
    }

    async fn lines(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        assert!(answer.body.is_empty() || answer.body.ends_with('\n'));
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn make_users(&self, names: impl IntoIterator<Item = String>) {
        for name in names {
            let answer = self.post("/tenants/acme/users", &json!({ "username": name })).await;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
    }
}

crate::on_both! {
    /// An event tells which request it happened in, whether the use case made it or a rule.
    async fn every_event_of_a_request_names_its_origin(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let made = admin.post("/tenants/acme/users", &json!({ "username": "grace" })).await;
        assert_eq!(made.status, 201);
        let store = app.app.store.tenant(acme.tenant.id);
        let of_admin = store.audit_events(1).await.unwrap().remove(0).origin.unwrap();
        assert_eq!(Some(of_admin.correlation_id.as_str()), made.header("x-request-id"));

        let mut browser = Browser::at("198.51.100.7");
        acme.code(&app, &mut browser, "app").await;
        let events = store.audit_events(100).await.unwrap();
        for kind in [AuditKind::SignInSucceeded, AuditKind::ConsentGiven] {
            let origin = events.iter().find(|event| event.kind == kind).unwrap().origin.clone().unwrap();
            assert_eq!(origin.address, "198.51.100.7".parse().ok(), "{kind:?}");
            assert_eq!(origin.correlation_id.len(), 16, "{kind:?}");
        }
        let by_command = events.iter().find(|event| event.kind == AuditKind::TenantChanged).unwrap();
        assert_eq!(by_command.origin, None);
    }

    /// A replay is recorded although the answer is an error, with whom it came from.
    async fn whoever_replays_a_code_is_named(app: TestApp) {
        let acme = app.acme().await;
        let code = acme.code(&app, &mut Browser::default(), "app").await;
        assert_eq!(acme.redeem(&app, &code).await.status, 200);
        let body = encode(&acme.redemption("app", &code));
        let agent = format!("curl/8.0\u{9}{}", "x".repeat(1000));
        let request =
            form_request("/t/acme/token", &body).header(USER_AGENT, agent).header(FORWARDED, "for=203.0.113.9");
        let answer = app.send(request.finish()).await;
        answer.expect_error(400, "invalid_grant");
        let event = app.app.store.tenant(acme.tenant.id).audit_events(1).await.unwrap().remove(0);
        assert_eq!(event.kind, AuditKind::AuthorizationCodeReplayed);
        let origin = event.origin.unwrap();
        assert_eq!(Some(origin.correlation_id.as_str()), answer.header("x-request-id"));
        assert_eq!(origin.address, None, "a header of a stranger's is believed");
        let agent = origin.user_agent.unwrap();
        assert!(agent.starts_with("curl/8.0 xxx") && agent.len() == 256, "{agent}");
    }

    async fn a_change_is_told_with_before_and_after(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        admin.make_users(["grace".to_owned()]).await;
        let made = admin.events("limit=1").await.remove(0);
        let path = format!("/tenants/acme/users/{}", made["target"].as_str().unwrap());
        assert_eq!(admin.patch(&path, &json!({ "username": "hopper" })).await.status, 200);
        let event = admin.events("limit=1").await.remove(0);
        assert_eq!((&event["kind"], &event["target"]), (&json!("user.changed"), &made["target"]));
        assert_eq!(event["actor"], made["actor"]);
        let id = made["actor"]["id"].as_str().unwrap();
        assert_eq!(admin.get(&format!("/tenants/system/clients/{id}")).await.status, 200);
        let actor = json!({ "kind": "client", "id": id, "tenant": "system" });
        assert_eq!((&event["actor"], &event["tenant"]), (&actor, &json!("acme")));
        assert_eq!(event["before"], json!({ "username": "grace" }));
        assert_eq!(event["after"], json!({ "username": "hopper" }));
        assert_eq!(event.get("detail"), None);
        assert_eq!(event["previous_hash"], made["hash"]);
        assert_eq!(event["sequence"].as_i64(), made["sequence"].as_i64().map(|number| number + 1));
        assert_eq!(event["correlation_id"].as_str().unwrap().len(), 16);
        let path = format!("{EVENTS}/{}", event["id"].as_str().unwrap());
        assert_eq!(admin.get(&path).await.document(200), event);
        for nothing in ["0198a000-0000-7000-8000-000000000000", "no-uuid"] {
            assert_eq!(admin.get(&format!("{EVENTS}/{nothing}")).await.status, 404);
        }
    }

    async fn what_is_asked_for_is_found(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        admin.make_users(["one".to_owned()]).await;
        let account = admin.events("limit=1").await[0]["actor"]["id"].as_str().unwrap().to_owned();
        let middle = app.app.clock.now();
        app.clock.advance(60);
        acme.code(&app, &mut Browser::default(), "app").await;
        let consent = admin.events("kind=consent.given").await;
        assert_eq!(consent.len(), 1);
        let user = acme.user.id;
        let by_user = admin.events(&format!("actor=user:{user}")).await;
        assert!(by_user.len() >= 2 && by_user.contains(&consent[0]), "{by_user:?}");
        assert_eq!(admin.events(&format!("actor=client:{account}")).await.len(), 1);
        assert_eq!(admin.events("target=app").await, consent);
        let all = admin.events("").await;
        let later = admin.events(&format!("from={}", app.app.clock.now())).await;
        let earlier = admin.events(&format!("to={}", app.app.clock.now())).await;
        assert!(!later.is_empty() && !earlier.is_empty());
        assert_eq!([later.clone(), earlier].concat(), all);
        assert_eq!(admin.events(&format!("from={middle}&kind=consent.given")).await, consent);
        let mut oldest_first = admin.events("order=oldest").await;
        oldest_first.reverse();
        assert_eq!(oldest_first, all);
        for refused in [
            "kind=no.kind", "from=yesterday", "to=2026-13-01T00:00:00Z", "after=1&cursor=x", "after=-1",
            "after=1&wait=31", "actor=a%00b", "target=%0a", "cursor=x", "limit=0", "order=random",
        ] {
            assert_eq!(admin.get(&format!("{EVENTS}?{refused}")).await.status, 400, "{refused}");
        }
    }

    /// Pages stay whole while events come, in both orders, and the export has every one.
    async fn pages_and_exports_are_complete_while_events_come(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        admin.make_users((0..230).map(|number| format!("user{number}"))).await;
        let before = admin.lines(&format!("{EVENTS}/export?order=oldest")).await;
        let mut sequences: Vec<_> = before.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
        assert!(sequences.len() >= 230);
        assert_eq!(sequences, (1..=sequences.len() as i64).collect::<Vec<_>>());
        let (mut read, mut cursor) = (vec![], String::new());
        loop {
            let page = admin.get(&format!("{EVENTS}?limit=40{cursor}")).await.document(200);
            read.extend(page["items"].as_array().unwrap().iter().map(|event| event["sequence"].as_i64().unwrap()));
            admin.make_users([format!("while{}", read.len())]).await;
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        sequences.reverse();
        assert_eq!(read, sequences);
        let users = admin.lines(&format!("{EVENTS}/export?kind=user.changed")).await;
        assert!(users.len() > 230 && users.iter().all(|event| event["kind"] == "user.changed"));
        assert!(admin.lines(&format!("{EVENTS}/export?kind=token.exchanged")).await.is_empty());
        assert_eq!(admin.get(&format!("{EVENTS}/export?kind=no")).await.status, 400);
    }

    /// Whoever follows hears of an event when it comes, from another node too, and of no other tenant's.
    async fn a_follower_is_woken(app: TestApp) {
        let acme = app.acme().await;
        let other = app.other().await;
        let admin = app.platform("platform-admin").await;
        let last = admin.events("limit=1").await.remove(0)["sequence"].as_i64().unwrap();
        assert_eq!(admin.events(&format!("after={last}")).await, [] as [Value; 0]);
        let node = app.second_node().await;
        let began = Instant::now();
        let query = format!("after={last}&wait=20");
        let (heard, ()) = tokio::join!(admin.events(&query), async {
            // What comes before the follower waits is found without waiting, so either order passes.
            other.code(&node, &mut Browser::default(), "app").await;
            acme.code(&node, &mut Browser::default(), "app").await;
        });
        assert!(began.elapsed() < Duration::from_secs(15), "it waited to the end");
        assert_eq!(heard[0]["sequence"], last + 1);
        assert!(heard.iter().all(|event| event["tenant"] == "acme"));
        let rest = admin.events(&format!("after={last}&limit=200")).await;
        assert_eq!(rest[..heard.len()], heard);
        let nothing = admin.events(&format!("after={}&wait=1", last + 1000)).await;
        assert_eq!(nothing, [] as [Value; 0]);
    }

    async fn the_platform_sees_all_trails(app: TestApp) {
        app.acme().await;
        app.other().await;
        let admin = app.platform("platform-auditor").await;
        let page = admin.get("/audit-events?kind=tenant.changed").await.document(200);
        let tenants: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|event| event["tenant"].as_str().unwrap()).collect();
        assert!(tenants.contains(&"acme") && tenants.contains(&"other"), "{tenants:?}");
        let (mut read, mut cursor) = (vec![], String::new());
        loop {
            let page = admin.get(&format!("/audit-events?limit=2&order=oldest{cursor}")).await.document(200);
            read.extend(page["items"].as_array().unwrap().clone());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(admin.lines("/audit-events/export?order=oldest").await, read);
    }

    /// Every token is in the trail once the batch is written, with what it was issued for.
    async fn issued_tokens_are_recorded_in_batches(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        acme.tokens(&app).await;
        let form = [("grant_type", "client_credentials")];
        let mut answers = vec![];
        for _ in 0..150 {
            let answer = app.post_as(("web", &acme.secret), "/t/acme/token", &form).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            answers.push(answer);
        }
        assert_eq!(acme.audited(&app, AuditKind::TokenIssued).await, 0, "nothing is written for each");
        app.app.record_token_issues().await;
        app.app.record_token_issues().await;
        let events = admin.events("kind=token.issued&order=oldest").await;
        assert_eq!(events.len(), 3, "{events:?}");
        let of_code = &events.iter().find(|event| event["actor"]["id"] == "app").unwrap();
        assert_eq!(of_code["target"], acme.user.id.to_string());
        assert_eq!(of_code["detail"]["grant_type"], "authorization_code");
        assert_eq!(of_code["detail"]["scope"], "openid profile email");
        assert!(of_code["detail"]["grant_id"].is_string() && of_code["detail"]["audience"].is_string());
        let tokens: Vec<_> = events
            .iter()
            .filter(|event| event["actor"]["id"] == "web")
            .flat_map(|event| event["detail"]["tokens"].as_array().unwrap().clone())
            .collect();
        assert_eq!(tokens.len(), 150);
        for (token, answer) in tokens.iter().zip(&answers) {
            assert_eq!(token["correlation_id"].as_str(), answer.header("x-request-id"));
            let claims = answer.json()["access_token"].as_str().unwrap().to_owned();
            let claims: Value = grantor_jose::unverified_claims(&claims).unwrap();
            assert_eq!(token["jti"], claims["jti"]);
        }
        let store = app.app.store.tenant(acme.tenant.id);
        assert_eq!(store.verify_audit_trail().await.unwrap().broken, None);
    }

    /// The trail is verified a stretch at a time; what was done to it behind the server's back is named.
    async fn a_trail_is_verified_over_the_api(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        owner.make_users((0..6).map(|number| format!("user{number}"))).await;
        let auditor = app.tenant_api(&acme.tenant, "auditor").await;
        let verify = async |query: &str| auditor.get(&format!("{EVENTS}/verification{query}")).await.document(200);
        let whole = verify("").await;
        let newest = whole["newest"].as_i64().unwrap();
        assert!(newest > 6, "{whole}");
        assert_eq!(whole["events"], newest);
        assert_eq!((&whole["first"], &whole["last"], &whole["deleted_to"]), (&json!(1), &json!(newest), &json!(0)));
        assert_eq!((whole.get("next"), whole.get("broken")), (None, None));
        let last = auditor.events("limit=1").await.remove(0);
        assert_eq!((&whole["newest_hash"], &last["sequence"]), (&last["hash"], &json!(newest)));
        let (mut events, mut from) = (0, 1);
        loop {
            let part = verify(&format!("?from={from}&limit=2")).await;
            events += part["events"].as_i64().unwrap();
            match part["next"].as_i64() {
                Some(next) => from = next,
                None => break,
            }
        }
        assert_eq!(events, newest);

        let victim = auditor.events("kind=user.changed&limit=1").await.remove(0);
        let sequence = victim["sequence"].as_i64().unwrap();
        app.execute(&format!("UPDATE audit_events SET target = 'nobody' WHERE sequence = {sequence}")).await;
        let altered = verify("").await;
        assert_eq!((altered["events"].as_i64().unwrap(), altered.get("next")), (sequence - 1, None));
        let broken = json!({ "sequence": sequence, "fault": "changed", "event_id": victim["id"], "at": victim["at"] });
        assert_eq!(altered["broken"], broken);
        assert_eq!(verify(&format!("?limit={}", sequence - 1)).await["next"], sequence);

        app.execute(&format!("DELETE FROM audit_events WHERE sequence >= {sequence}")).await;
        let cut = verify("").await;
        assert_eq!(cut["broken"], json!({ "sequence": sequence, "fault": "removed" }));

        for query in ["?limit=0", "?limit=5001", "?from=0", "?from=x", "?cursor=a"] {
            let answer = auditor.get(&format!("{EVENTS}/verification{query}")).await;
            assert_eq!(answer.status, 400, "{query} {answer:?}");
        }
    }

    async fn a_tenant_can_do_without_token_issues(app: TestApp) {
        let settings = TenantSettings { audit_token_issues: false, ..TenantSettings::default() };
        let acme = app.tenant_with("acme", settings).await;
        acme.tokens(&app).await;
        app.app.record_token_issues().await;
        assert_eq!(acme.audited(&app, AuditKind::TokenIssued).await, 0);
    }

    /// A tenant that is just being deleted keeps nobody busy, however old its events are.
    async fn events_of_a_tenant_that_goes_are_left_to_its_deletion(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        owner.make_users((0..3).map(|number| format!("old{number}"))).await;
        app.clock.advance(86_400 * 500);
        let events = acme.audited(&app, AuditKind::UserChanged).await;
        let admin = app.platform("platform-admin").await;
        assert_eq!(admin.delete("/tenants/acme").await.status, 202);
        let rounds = async {
            while app.app.delete_old_audit_events(4).await.unwrap() {}
        };
        let ended = tokio::time::timeout(Duration::from_secs(20), rounds).await;
        assert!(ended.is_ok(), "it goes round for nothing");
        assert_eq!(acme.audited(&app, AuditKind::UserChanged).await, events);
    }

    /// What is older than the tenant wants leaves from the front, and the chain holds.
    async fn old_events_leave_and_the_chain_holds(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        owner.make_users((0..10).map(|number| format!("old{number}"))).await;
        app.clock.advance(86_400 * 30);
        let admin = app.platform("platform-admin").await;
        let settings = json!({ "settings": { "audit_retention": 20 } });
        assert_eq!(admin.patch("/tenants/acme", &settings).await.status, 200);
        let store = app.app.store.tenant(acme.tenant.id);
        let whole = store.verify_audit_trail().await.unwrap();
        while app.app.delete_old_audit_events(4).await.unwrap() {
            assert_eq!(store.verify_audit_trail().await.unwrap().broken, None);
        }
        let left = store.verify_audit_trail().await.unwrap();
        assert_eq!((left.events, left.head, left.broken), (1, whole.head, None));
        assert_eq!(left.pruned_to, whole.events as i64 - 1);
        assert_eq!(admin.events("").await.len(), 1, "what is new stays");
        let system = app.system().await;
        let kept = app.app.store.tenant(system.id).verify_audit_trail().await.unwrap();
        assert_eq!((kept.pruned_to, kept.broken), (0, None), "others keep theirs for 400 days");
        let again = app.app.store.tenants_with_old_audit_events(app.app.clock.now(), 10).await.unwrap();
        assert_eq!(again, [], "nobody is looked at before something is too old");
        let later = app.app.clock.now() + Lifetime::from_seconds(86_400 * 21);
        let due = app.app.store.tenants_with_old_audit_events(later, 10).await.unwrap();
        assert!(due.contains(&acme.tenant.id));
    }
}
