//! Webhooks, from the change to whoever is told of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grantor_protocol::Timestamp;
use grantor_protocol::webhook::{SigningSecret, signatures};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{Api, trail};
use crate::support::{START, TestApp};

const HOOKS: &str = "/tenants/acme/webhooks";
const DAY: u32 = 86_400;

/// A UUID that nothing has.
const NOTHING: &str = "0198c5a0-0000-7000-8000-00000000000b";

/// What a receiver was sent.
#[derive(Clone, Debug)]
struct Received {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Received {
    fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// The signatures that it should have by these secrets, as a receiver computes them.
    fn signed_with(&self, secrets: &[&str]) -> String {
        let secrets: Vec<_> = secrets
            .iter()
            .map(|secret| STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap())
            .map(|bytes| SigningSecret::from_bytes(&bytes))
            .collect();
        let at = Timestamp::from_unix_seconds(self.headers["webhook-timestamp"].parse().unwrap());
        signatures(&secrets, self.id(), at, &self.body)
    }

    fn signature(&self) -> &str {
        &self.headers["webhook-signature"]
    }
}

/// Somebody's server on this machine.
struct Receiver {
    url: String,
    answer: Arc<Mutex<&'static str>>,
    received: Arc<Mutex<Vec<Received>>>,
    arrivals: watch::Receiver<usize>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new("204 No Content"));
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let (count, arrivals) = watch::channel(0);
        let (held, seen, count) = (Arc::clone(&answer), Arc::clone(&received), Arc::new(count));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (held, seen, count) = (Arc::clone(&held), Arc::clone(&seen), Arc::clone(&count));
                tokio::spawn(async move {
                    take(stream, held, seen).await;
                    count.send_modify(|count| *count += 1);
                });
            }
        });
        Self { url, answer, received, arrivals }
    }

    /// Waits until so many requests have been answered since the beginning.
    async fn arrived(&self, wanted: usize) {
        let mut arrivals = self.arrivals.clone();
        let arrived = arrivals.wait_for(|count| *count >= wanted);
        tokio::time::timeout(Duration::from_secs(30), arrived).await.unwrap().unwrap();
    }

    /// Answers with this status, and header lines, from now on.
    fn answers(&self, head: &'static str) {
        *self.answer.lock().unwrap() = head;
    }

    /// What has come since the last time.
    fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }

    /// The one thing that has come since the last time.
    #[track_caller]
    fn take_one(&self) -> Received {
        let mut received = self.take();
        assert_eq!(received.len(), 1, "{received:?}");
        received.remove(0)
    }
}

async fn take(mut stream: TcpStream, answer: Arc<Mutex<&'static str>>, received: Arc<Mutex<Vec<Received>>>) {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let headers: BTreeMap<_, _> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    received.lock().unwrap().push(Received { headers, body: String::from_utf8(body).unwrap() });
    let head = *answer.lock().unwrap();
    let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    // Whoever asked may have gone.
    let _sent = stream.write_all(answer.as_bytes()).await;
}

impl TestApp {
    /// Does for webhooks whatever there is to do now.
    async fn tell_webhooks(&self) {
        for (tenant_id, webhook) in self.app.webhooks_at_work().await.unwrap() {
            while self.app.work_on_webhook(tenant_id, webhook).await.unwrap() {}
        }
    }
}

impl Api<'_> {
    /// A webhook for changes of users. Its path and its secret.
    async fn make_webhook(&self, receiver: &Receiver) -> (String, String) {
        let document = json!({ "url": receiver.url, "events": ["user", "webhook.disabled"] });
        let made = self.post(HOOKS, &document).await;
        let secret = made.document(201)["secret"].as_str().unwrap().to_owned();
        (made.created_at(), secret)
    }

    async fn make_user(&self, name: &str) {
        let answer = self.post("/tenants/acme/users", &json!({ "username": name })).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    async fn deliveries(&self, path: &str, query: &str) -> Vec<Value> {
        let page = self.get(&format!("{path}/deliveries?{query}")).await.document(200);
        page["items"].as_array().unwrap().clone()
    }
}

crate::on_both! {
    async fn a_change_is_told_signed_and_once(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, secret) = admin.make_webhook(&receiver).await;
        assert!(secret.starts_with("whsec_"));
        admin.make_user("grace").await;
        assert_eq!(admin.post("/tenants/acme/roles", &json!({ "name": "clerk" })).await.status, 201);
        app.tell_webhooks().await;
        let told = receiver.take_one();
        assert_eq!(told.signature(), told.signed_with(&[&secret]));
        assert_eq!(told.headers["content-type"], "application/json");
        assert_eq!(told.headers["user-agent"], "Grantor");
        assert_eq!(told.headers["webhook-timestamp"], START.unix_seconds().to_string());
        let events = admin.get("/tenants/acme/audit-events?kind=user.changed&limit=1").await.document(200);
        let event = &events["items"][0];
        let expected = json!({ "type": "user.changed", "timestamp": event["at"], "data": event });
        assert_eq!(told.json(), expected);
        assert_eq!(event["after"]["username"], "grace");

        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0, "what was delivered is not sent again");
        let deliveries = admin.deliveries(&path, "").await;
        assert_eq!(deliveries.len(), 1);
        let delivery = &deliveries[0];
        assert_eq!((&delivery["id"], &delivery["state"]), (&event["id"], &json!("delivered")));
        assert_eq!((&delivery["message_id"], &delivery["last_status"]), (&json!(told.id()), &json!(204)));
        assert!(delivery["next_attempt_at"].is_null() && delivery["expires_at"].is_string());
        let kinds: Vec<_> = trail(&app, &acme.tenant).await.into_iter().map(|(kind, ..)| kind).collect();
        assert!(!kinds.iter().any(|kind| kind.starts_with("webhook.") && kind != "webhook.changed"), "{kinds:?}");
    }

    async fn the_secret_is_shown_once(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, secret) = admin.make_webhook(&receiver).await;
        let read = admin.get(&path).await;
        let patched = admin.patch(&path, &json!({ "description": "ours" })).await;
        let put = admin.put(&path, &json!({ "url": receiver.url })).await;
        assert_eq!((read.status.as_u16(), patched.status.as_u16(), put.status.as_u16()), (200, 200, 200));
        let texts = [read.body, patched.body, put.body, admin.get(HOOKS).await.body];
        let trails = format!("{:?}", trail(&app, &acme.tenant).await);
        for text in texts.iter().chain([&trails]) {
            assert!(!text.contains("whsec_") && !text.contains("sealed") && !text.contains(&secret), "{text}");
        }
        let chosen = json!({ "url": receiver.url, "secret": "whsec_AAAA" });
        admin.post(HOOKS, &chosen).await.expect_invalid(&["/secret"]);
        let id = "0198c5a0-0000-7000-8000-00000000000a";
        let made = admin.put(&format!("{HOOKS}/{id}"), &json!({ "url": receiver.url })).await;
        assert!(made.document(201)["secret"].as_str().unwrap().starts_with("whsec_"));
        admin.put(&format!("{HOOKS}/mine"), &json!({ "url": receiver.url })).await.expect_problem(400, "invalid-request");
    }

    async fn a_receiver_that_was_down_is_told_later(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, secret) = admin.make_webhook(&receiver).await;
        receiver.answers("500 Internal Server Error");
        admin.make_user("grace").await;
        app.tell_webhooks().await;
        let first = receiver.take_one();
        let pending = admin.deliveries(&path, "state=pending").await.remove(0);
        assert_eq!((&pending["attempts"], &pending["last_status"]), (&json!(1), &json!(500)));
        assert!(pending["next_attempt_at"].as_str() > Some(START.to_string().as_str()));
        assert!(admin.get(&path).await.document(200)["failing_since"].is_string());
        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0, "not before it is due");

        // The next attempt is due after five seconds and at most a fifth more, the one after it in minutes.
        app.clock.advance(6);
        app.tell_webhooks().await;
        assert_eq!(receiver.take_one().id(), first.id());
        admin.make_user("ada2").await;
        receiver.answers("200 OK");
        app.tell_webhooks().await;
        let mut told = receiver.take();
        assert_eq!(told.len(), 2, "once something arrives the rest is not kept waiting");
        let second = told.remove(1);
        assert_eq!((second.id(), &second.body), (first.id(), &first.body));
        assert_ne!(second.headers["webhook-timestamp"], first.headers["webhook-timestamp"]);
        assert_eq!(second.signature(), second.signed_with(&[&secret]));
        assert!(admin.get(&path).await.document(200).get("failing_since").is_none());
        assert_eq!(admin.deliveries(&path, "state=delivered").await.len(), 2);
    }

    async fn attempts_come_to_an_end_and_can_be_asked_for_again(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, _) = admin.make_webhook(&receiver).await;
        receiver.answers("503 Service Unavailable\r\nRetry-After: 7");
        admin.make_user("grace").await;
        app.tell_webhooks().await;
        app.clock.advance(6);
        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 1, "it wants seven seconds");
        for _ in 0..9 {
            app.clock.advance(DAY * 6 / 5 - 1);
            app.tell_webhooks().await;
        }
        // The other access token has expired.
        let admin = app.platform("platform-admin").await;
        assert_eq!(receiver.take().len(), 5, "after five days nothing more is sent");
        let held = admin.get(&path).await.document(200);
        assert_eq!((&held["enabled"], &held["disabled_reason"]), (&json!(false), &json!("failing")));
        let delivery = admin.deliveries(&path, "").await.remove(0);
        let retry = format!("{path}/deliveries/{}/retry", delivery["id"].as_str().unwrap());
        admin.post(&retry, &json!({})).await.expect_problem(409, "protected");
        let enabled = admin.patch(&path, &json!({ "enabled": true })).await.document(200);
        assert!(enabled.get("failing_since").is_none() && enabled.get("disabled_reason").is_none());
        receiver.answers("200 OK");
        admin.post(&retry, &json!({})).await.document(200);
        app.tell_webhooks().await;
        assert_eq!(json!(receiver.take_one().id()), delivery["message_id"]);
        admin.post(&format!("{path}/deliveries/{NOTHING}/retry"), &json!({})).await.expect_problem(404, "not-found");
    }

    async fn a_receiver_that_is_gone_is_left(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let (receiver, other) = (Receiver::start().await, Receiver::start().await);
        let (path, _) = admin.make_webhook(&receiver).await;
        admin.make_webhook(&other).await;
        receiver.answers("410 Gone");
        admin.make_user("grace").await;
        app.tell_webhooks().await;
        receiver.take_one();
        let held = admin.get(&path).await.document(200);
        assert_eq!((&held["enabled"], &held["disabled_reason"]), (&json!(false), &json!("gone")));
        assert_eq!(admin.deliveries(&path, "state=failed").await.len(), 1);
        let disabled = trail(&app, &acme.tenant).await.pop().unwrap();
        assert_eq!((disabled.0.as_str(), disabled.1.as_str()), ("webhook.disabled", held["id"].as_str().unwrap()));
        app.tell_webhooks().await;
        let mut told: Vec<_> = other.take().iter().map(Received::kind).collect();
        told.sort();
        assert_eq!(told, ["user.changed", "webhook.disabled"], "other webhooks are told");
        admin.make_user("ada2").await;
        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0);
        // A replacement that says nothing of it does not enable it.
        let put = admin.put(&path, &json!({ "url": receiver.url, "events": ["user"] })).await.document(200);
        assert_eq!(put["enabled"], false);
        admin.post(&format!("{path}/test"), &json!({})).await.expect_problem(409, "protected");
        let range = json!({ "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z" });
        admin.post(&format!("{path}/replay"), &range).await.expect_problem(409, "protected");
        // What happened meanwhile is not told afterwards.
        receiver.answers("200 OK");
        admin.patch(&path, &json!({ "enabled": true })).await.document(200);
        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0);
    }

    async fn the_secret_of_before_signs_for_a_while(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, first) = admin.make_webhook(&receiver).await;
        let rotate = async |wanted: Value| admin.post(&format!("{path}/rotate-secret"), &wanted).await;
        let rotated = rotate(json!({ "overlap": 60 })).await.document(200);
        let second = rotated["secret"].as_str().unwrap().to_owned();
        assert_ne!(first, second);
        let test = async || {
            let sent = admin.post(&format!("{path}/test"), &json!({})).await.document(200);
            app.tell_webhooks().await;
            let told = receiver.take_one();
            assert_eq!((told.kind().as_str(), json!(told.id())), ("webhook.test", sent["message_id"].clone()));
            told
        };
        let told = test().await;
        assert_eq!(told.signature(), told.signed_with(&[&second, &first]));
        app.clock.advance(60);
        let told = test().await;
        assert_eq!(told.signature(), told.signed_with(&[&second]));
        let third = rotate(json!({ "overlap": 0 })).await.document(200)["secret"].as_str().unwrap().to_owned();
        let told = test().await;
        assert_eq!(told.signature(), told.signed_with(&[&third]));
        rotate(json!({ "overlap": 2_592_001 })).await.expect_invalid(&["/overlap"]);
        for _ in 0..4 {
            rotate(json!({})).await.document(200);
        }
        rotate(json!({})).await.expect_problem(409, "protected");
    }

    async fn a_replay_sends_with_the_same_identifier(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        admin.make_user("before").await;
        let (path, _) = admin.make_webhook(&receiver).await;
        admin.make_user("grace").await;
        app.tell_webhooks().await;
        let first = receiver.take_one();
        let replay = format!("{path}/replay");
        let range = |from: &str, to: &str| json!({ "from": from, "to": to });
        for (wanted, pointer) in [
            (range("yesterday", "2100-01-01T00:00:00Z"), "/from"),
            (range("2020-01-01T00:00:00Z", "2020-01-01"), "/to"),
            (range("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"), "/to"),
        ] {
            admin.post(&replay, &wanted).await.expect_invalid(&[pointer]);
        }
        let nothing = admin.post(&replay, &range("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")).await;
        assert_eq!(nothing.document(200)["replaying"], false);
        let all = range("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
        assert_eq!(admin.post(&replay, &all).await.document(200)["replaying"], true);
        admin.post(&replay, &all).await.expect_problem(409, "protected");
        app.tell_webhooks().await;
        let told = receiver.take();
        let names: Vec<_> = told.iter().map(|told| told.json()["data"]["after"]["username"].clone()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names.contains(&json!("before")), "also what no delivery was made of");
        let again = told.iter().find(|told| told.id() == first.id()).unwrap();
        assert_eq!(again.body, first.body);
        assert_eq!(admin.get(&path).await.document(200)["replaying"], false);
        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0);
    }

    /// Nothing leaves while the tenant is suspended, and nothing is lost.
    async fn a_suspended_tenant_tells_later(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, _) = admin.make_webhook(&receiver).await;
        admin.post(&format!("{path}/test"), &json!({})).await.document(200);
        admin.make_user("grace").await;
        admin.post("/tenants/acme/suspend", &json!({})).await.document(200);
        admin.make_user("ada2").await;
        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0);
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        let tenant = app.app.any_tenant("acme").await.unwrap().tenant.id;
        assert!(!app.app.work_on_webhook(tenant, id).await.unwrap());
        assert_eq!(receiver.take().len(), 0);
        admin.post("/tenants/acme/resume", &json!({})).await.document(200);
        app.tell_webhooks().await;
        let mut kinds: Vec<_> = receiver.take().iter().map(Received::kind).collect();
        kinds.sort();
        assert_eq!(kinds, ["user.changed", "user.changed", "webhook.test"]);
    }

    async fn one_tenants_events_are_not_anothers(app: TestApp) {
        app.acme().await;
        let other = app.other().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, _) = admin.make_webhook(&receiver).await;
        assert_eq!(admin.post("/tenants/other/users", &json!({ "username": "grace" })).await.status, 201);
        app.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0);
        let id = path.rsplit('/').next().unwrap();
        let owner = app.tenant_api(&other.tenant, "tenant-owner").await;
        for path in [path.clone(), format!("/tenants/other/webhooks/{id}")] {
            owner.get(&path).await.expect_problem(404, "not-found");
            owner.post(&format!("{path}/test"), &json!({})).await.expect_problem(404, "not-found");
            owner.get(&format!("{path}/deliveries")).await.expect_problem(404, "not-found");
        }
        assert!(!app.app.work_on_webhook(other.tenant.id, id.parse().unwrap()).await.unwrap());
    }

    /// RFC 6890: only to where anybody may be sent, and nowhere else from there.
    async fn only_what_may_be_reached_is(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        for url in [
            "",
            "http://hooks.example/",
            "ftp://hooks.example/",
            "https://user:password@hooks.example/",
            "https://169.254.169.254/latest",
            "https://hooks.example:22/",
            "https://hooks.example/#fragment",
        ] {
            admin.post(HOOKS, &json!({ "url": url })).await.expect_invalid(&["/url"]);
        }
        let events = json!({ "url": "https://hooks.example/", "events": ["user", "nothing", "*", "client.change"] });
        admin.post(HOOKS, &events).await.expect_invalid(&["/events/1", "/events/2", "/events/3"]);

        let (receiver, inside) = (Receiver::start().await, Receiver::start().await);
        let (path, _) = admin.make_webhook(&receiver).await;
        let location = format!("302 Found\r\nLocation: {}", inside.url);
        receiver.answers(location.leak());
        admin.make_user("grace").await;
        app.tell_webhooks().await;
        assert_eq!((receiver.take().len(), inside.take().len()), (1, 0));
        let delivery = admin.deliveries(&path, "state=pending").await.remove(0);
        assert!(delivery["last_error"].as_str().unwrap().contains("redirect"), "{delivery}");
        assert!(!delivery.to_string().contains(&inside.url), "{delivery}");

        // The address was fine when the webhook was made, and is not any more.
        let strict = app.second_node_in_public_networks().await;
        app.clock.advance(6);
        strict.tell_webhooks().await;
        assert_eq!(receiver.take().len(), 0);
        let delivery = admin.deliveries(&path, "state=pending").await.remove(0);
        assert_eq!((&delivery["attempts"], delivery.get("last_status")), (&json!(2), None));
        assert!(delivery["last_error"].as_str().unwrap().contains("https://"), "{delivery}");
    }

    /// Two nodes at the same time send each event once.
    async fn nodes_do_not_tell_twice(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let node = app.second_node().await;
        let receiver = Receiver::start().await;
        admin.make_webhook(&receiver).await;
        for number in 0..20 {
            admin.make_user(&format!("user{number}")).await;
        }
        while !app.app.webhooks_at_work().await.unwrap().is_empty() {
            tokio::join!(app.tell_webhooks(), node.tell_webhooks());
        }
        let mut ids: Vec<_> = receiver.take().iter().map(|told| told.id().to_owned()).collect();
        assert_eq!(ids.len(), 20);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 20);
    }

    /// The server finds by itself what there is to do, and ends what it has begun.
    async fn a_running_server_tells(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let receiver = Receiver::start().await;
        let (path, _) = admin.make_webhook(&receiver).await;
        let (stop, stopped) = watch::channel(false);
        let jobs = grantor::jobs::start(&app.app, &stopped);
        admin.make_user("grace").await;
        receiver.arrived(1).await;
        admin.post(&format!("{path}/test"), &json!({})).await.document(200);
        receiver.arrived(2).await;
        stop.send_replace(true);
        jobs.finish().await;
        let kinds: Vec<_> = receiver.take().iter().map(Received::kind).collect();
        assert_eq!(kinds, ["user.changed", "webhook.test"]);
        assert_eq!(admin.deliveries(&path, "state=delivered").await.len(), 2);
    }

    /// Whoever may not read the trail does not get it sent.
    async fn the_trail_goes_to_those_who_may_read_it(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let role = json!({ "permissions": [{ "resource": "webhook", "action": "*" }] });
        assert_eq!(admin.put("/tenants/acme/roles/clerk", &role).await.status, 201);
        let api = app.tenant_api(&acme.tenant, "clerk").await;
        let hook = json!({ "url": "https://hooks.example/" });
        api.post(HOOKS, &hook).await.expect_problem(403, "forbidden");
        let path = admin.post(HOOKS, &hook).await.created_at();
        api.patch(&path, &json!({ "url": "https://mine.example/" })).await.expect_problem(403, "forbidden");
        assert_eq!(api.get(&path).await.status, 200);
        for _ in 1..20 {
            assert_eq!(admin.post(HOOKS, &hook).await.status, 201);
        }
        admin.post(HOOKS, &hook).await.expect_invalid(&["/url"]);
        let page = admin.get(&format!("{HOOKS}?limit=15")).await.document(200);
        let rest = admin.get(&format!("{HOOKS}?limit=15&cursor={}", page["next"].as_str().unwrap())).await;
        assert_eq!(rest.document(200)["items"].as_array().unwrap().len(), 5);
        assert_eq!(api.delete(&path).await.status, 204);
        admin.get(&path).await.expect_problem(404, "not-found");
    }
}
