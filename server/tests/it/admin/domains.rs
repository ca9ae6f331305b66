use poem::http::Method;
use serde_json::{Value, json};

use super::{Api, trail};
use crate::support::{Answer, TestApp};

const DOMAINS: &str = "/tenants/acme/domains";
const PATH: &str = "/tenants/acme/domains/login.acme.example";
const RECORD: &str = "_grantor-challenge.login.acme.example";

/// Adds a domain and gives its challenge's value.
pub async fn add(admin: &Api<'_>, path: &str) -> String {
    let document = admin.put(path, &json!({})).await.document(201);
    document["challenge"]["value"].as_str().unwrap().to_owned()
}

/// Adds a domain, publishes its challenge and verifies it.
pub async fn verified(app: &TestApp, admin: &Api<'_>, path: &str) -> Answer {
    let value = add(admin, path).await;
    let domain = path.rsplit('/').next().unwrap();
    app.names.publish(&format!("_grantor-challenge.{domain}"), &[&value]);
    let answer = admin.post(&format!("{path}/verify"), &json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

async fn verify(admin: &Api<'_>, path: &str) -> Answer {
    admin.post(&format!("{path}/verify"), &json!({})).await
}

async fn issuer(admin: &Api<'_>, tenant: &str) -> Value {
    admin.get(&format!("/tenants/{tenant}")).await.document(200)["issuer"].clone()
}

crate::on_both! {
    async fn a_domains_life(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let created = admin.post(DOMAINS, &json!({ "domain": "login.acme.example" })).await;
        assert_eq!(created.created_at(), PATH);
        let document = created.document(201);
        assert_eq!((&document["state"], &document["primary"]), (&json!("pending"), &json!(false)));
        assert_eq!((&document["challenge"]["type"], &document["challenge"]["name"]), (&json!("TXT"), &json!(RECORD)));
        let value = document["challenge"]["value"].as_str().unwrap();
        assert!(value.len() >= 43, "{value}");
        admin.post(DOMAINS, &json!({ "domain": "login.acme.example" })).await.expect_problem(409, "taken");
        assert_eq!(admin.get(PATH).await.document(200), document);
        assert_eq!(admin.put(PATH, &document).await.etag(), created.etag());

        // What is found instead of the record, and nothing of what it says.
        let expect_absent = async |told: &str| {
            let refused = verify(&admin, PATH).await;
            refused.expect_problem(409, "domain-not-verified");
            let detail = refused.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with(RECORD) && detail.contains(told), "{detail}");
            assert!(!detail.contains("v=spf1") && !detail.contains("192.0.2.53"), "{detail}");
        };
        expect_absent("no TXT record").await;
        app.names.publish(RECORD, &["v=spf1 -all"]);
        expect_absent("not with the challenge's value").await;
        app.names.publish(RECORD, &["v=spf1 -all", &value[1..]]);
        expect_absent("2 TXT records").await;
        app.names.silence(RECORD);
        expect_absent("do not answer").await;
        assert_eq!(admin.get(PATH).await.document(200), document);

        app.clock.advance(5);
        app.names.publish(RECORD, &["v=spf1 -all", value]);
        let verified = verify(&admin, PATH).await.document(200);
        assert_eq!((&verified["state"], &verified["challenge"]), (&json!("verified"), &Value::Null));
        assert_eq!(verified["verified_at"], verified["updated_at"]);
        // It stays so whatever becomes of the record.
        app.names.publish(RECORD, &[]);
        assert_eq!(verify(&admin, PATH).await.document(200), verified);

        let before = admin.get("/tenants/acme").await;
        let primary = admin.patch(PATH, &json!({ "primary": true })).await;
        assert_eq!(primary.document(200)["primary"], true);
        assert_eq!(issuer(&admin, "acme").await, "https://login.acme.example");
        assert_ne!(admin.get("/tenants/acme").await.etag(), before.etag());
        // A replacement that says nothing of it moves no issuer.
        assert_eq!(admin.put(PATH, &json!({})).await.etag(), primary.etag());
        assert_eq!(admin.put(PATH, &json!({ "primary": false })).await.document(200)["primary"], false);
        assert_eq!(issuer(&admin, "acme").await, acme.tenant.issuer);

        let stale = [("If-Match", primary.etag())].map(|(name, value)| (name, value.leak() as &str));
        admin.send(Method::DELETE, PATH, &stale, None).await.expect_problem(412, "precondition-failed");
        assert_eq!(admin.patch(PATH, &json!({ "primary": true })).await.status, 200);
        assert_eq!(admin.delete(PATH).await.status, 204);
        assert_eq!(issuer(&admin, "acme").await, acme.tenant.issuer);
        admin.get(PATH).await.expect_problem(404, "not-found");
        verify(&admin, PATH).await.expect_problem(404, "not-found");
        let trail = trail(&app, &acme.tenant).await;
        let of_domains: Vec<_> = trail.iter().filter(|(kind, _, _)| kind == "domain.changed").collect();
        assert_eq!(of_domains.len(), 6, "{trail:?}");
        assert!(of_domains.iter().all(|(_, target, _)| target == "login.acme.example"));
        let verification = &of_domains[1].2;
        assert_eq!((&verification["before"]["state"], &verification["after"]["state"]), (&json!("pending"), &json!("verified")));
        // Another one of the same name begins anew, with another challenge.
        let again = admin.put(PATH, &json!({})).await.document(201);
        assert_eq!(again["state"], "pending");
        assert_ne!(again["challenge"]["value"], value);
    }

    async fn what_cannot_be_is_named(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        for domain in
            ["", "acme", "Login.acme.example", "b\u{fc}cher.example", "192.0.2.1", "acme.example:443", "id.example", "a.id.example", "acme.localhost"]
        {
            admin.post(DOMAINS, &json!({ "domain": domain })).await.expect_invalid(&["/domain"]);
        }
        for segment in ["%00", "x", "LOGIN.acme.example", "login.acme.example.", "id.example"] {
            let path = format!("{DOMAINS}/{segment}");
            admin.get(&path).await.expect_problem(404, "not-found");
            admin.put(&path, &json!({})).await.expect_invalid(&["/domain"]);
            verify(&admin, &path).await.expect_problem(404, "not-found");
        }
        for (document, pointer) in [
            (json!({ "primary": true }), "/primary"),
            (json!({ "domain": "other.example" }), "/domain"),
            (json!({ "primary": "yes" }), "/primary"),
            (json!({ "verified": true }), "/verified"),
        ] {
            admin.put(PATH, &document).await.expect_invalid(&[pointer]);
        }
        // What only the server decides is ignored: nobody verifies a domain by saying that it is.
        let claimed = json!({ "state": "verified", "verified_at": "2026-01-01T00:00:00Z" });
        assert_eq!(admin.put(PATH, &claimed).await.document(201)["state"], "pending");
        for document in [json!({ "primary": true }), json!({ "state": "verified", "primary": true })] {
            admin.patch(PATH, &document).await.expect_invalid(&["/primary"]);
            admin.put(PATH, &document).await.expect_invalid(&["/primary"]);
        }
        let system = admin.put("/tenants/system/domains/login.system.example", &json!({})).await;
        system.expect_problem(409, "protected");
        for number in 1..20 {
            assert_eq!(admin.put(&format!("{DOMAINS}/d{number}.example"), &json!({})).await.status, 201);
        }
        admin.put(&format!("{DOMAINS}/d20.example"), &json!({})).await.expect_invalid(&["/domain"]);
        let page = admin.get(&format!("{DOMAINS}?limit=15")).await.document(200);
        let rest = admin.get(&format!("{DOMAINS}?limit=15&cursor={}", page["next"].as_str().unwrap())).await.document(200);
        assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (15, 5));
        let found = admin.get(&format!("{DOMAINS}?q=Login")).await.document(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
    }

    /// Anybody may want a domain; who shows that it is theirs has it alone.
    async fn one_tenant_has_a_domain(app: TestApp) {
        app.acme().await;
        app.other().await;
        let admin = app.platform("platform-admin").await;
        let theirs = "/tenants/other/domains/login.acme.example";
        let (ours, foreign) = (add(&admin, PATH).await, add(&admin, theirs).await);
        assert_ne!(ours, foreign);
        // One tenant's record is no proof for another.
        app.names.publish(RECORD, &[&ours]);
        verify(&admin, theirs).await.expect_problem(409, "domain-not-verified");
        assert_eq!(verify(&admin, PATH).await.document(200)["state"], "verified");
        app.names.publish(RECORD, &[&ours, &foreign]);
        verify(&admin, theirs).await.expect_problem(409, "taken");
        assert_eq!(admin.get(theirs).await.document(200)["state"], "pending");
        admin.patch(theirs, &json!({ "primary": true })).await.expect_invalid(&["/primary"]);
        assert_eq!(admin.delete(PATH).await.status, 204);
        assert_eq!(verify(&admin, theirs).await.document(200)["state"], "verified");
        assert_eq!(admin.patch(theirs, &json!({ "primary": true })).await.status, 200);
        assert_eq!(issuer(&admin, "other").await, "https://login.acme.example");
    }

    /// Both have a record at the same moment, and ask at the same moment.
    async fn of_two_who_verify_at_once_one_does(app: TestApp) {
        app.acme().await;
        app.other().await;
        let admin = app.platform("platform-admin").await;
        for number in 0..10 {
            let domain = format!("d{number}.example");
            let paths = ["acme", "other"].map(|tenant| format!("/tenants/{tenant}/domains/{domain}"));
            let values = [add(&admin, &paths[0]).await, add(&admin, &paths[1]).await];
            app.names.publish(&format!("_grantor-challenge.{domain}"), &[&values[0], &values[1]]);
            let (one, other) = tokio::join!(verify(&admin, &paths[0]), verify(&admin, &paths[1]));
            let mut statuses = [one.status.as_u16(), other.status.as_u16()];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409], "{one:?} {other:?}");
            let loser = if one.status == 200 { other } else { one };
            loser.expect_problem(409, "taken");
        }
    }

    async fn a_tenant_is_at_one_domain(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let second = format!("{DOMAINS}/id.acme.example");
        verified(&app, &admin, PATH).await;
        verified(&app, &admin, &second).await;
        let first = admin.patch(PATH, &json!({ "primary": true })).await;
        app.clock.advance(1);
        assert_eq!(admin.patch(&second, &json!({ "primary": true })).await.document(200)["primary"], true);
        assert_eq!(issuer(&admin, "acme").await, "https://id.acme.example");
        // The first one changed with it, and whoever saw it primary is told so.
        let now = admin.get(PATH).await;
        assert_eq!(now.document(200)["primary"], false);
        assert_ne!(now.etag(), first.etag());
        // To take away what another has is no change.
        assert_eq!(admin.put(PATH, &json!({ "primary": false })).await.etag(), now.etag());
        assert_eq!(admin.delete(PATH).await.status, 204);
        assert_eq!(issuer(&admin, "acme").await, "https://id.acme.example");
    }

    /// A token for a resource must never be one for the issuer's own endpoints.
    async fn no_protected_resource_is_an_issuer(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        verified(&app, &admin, PATH).await;
        let resource = json!({ "identifier": "https://login.acme.example" });
        let created = admin.post("/tenants/acme/resources", &resource).await.created_at();
        admin.patch(PATH, &json!({ "primary": true })).await.expect_problem(409, "protected");
        assert_eq!(issuer(&admin, "acme").await, acme.tenant.issuer);
        assert_eq!(admin.delete(&created).await.status, 204);
        assert_eq!(admin.patch(PATH, &json!({ "primary": true })).await.status, 200);
        for identifier in ["https://login.acme.example", &acme.tenant.issuer] {
            let refused = admin.post("/tenants/acme/resources", &json!({ "identifier": identifier })).await;
            refused.expect_invalid(&["/identifier"]);
        }
    }
}
