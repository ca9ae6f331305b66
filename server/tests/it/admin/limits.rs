//! Quotas, rate limits of the admin API, and who may change them.

use futures_util::future::join_all;
use grantor_protocol::model::{Quotas, RateKind, RegistrationMode, TenantSettings};
use poem::http::Method;
use serde_json::{Value, json};

use super::trail;
use crate::support::{Answer, Browser, TestApp, TestTenant};

/// Tenant `acme`, open to registration, with these quotas.
async fn with_quotas(app: &TestApp, quotas: Quotas) -> TestTenant {
    let mut settings = TenantSettings::default();
    settings.registration.mode = Some(RegistrationMode::Open);
    settings.quotas = quotas;
    // It has one user and two clients.
    let mut acme = settings.clone();
    acme.quotas = Quotas::default();
    let acme = app.tenant_with("acme", acme).await;
    acme.change_tenant(app, |tenant| tenant.settings = settings).await;
    acme
}

fn pointers(answer: &Answer) -> Vec<Value> {
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors.into_iter().map(|error| error["pointer"].clone()).collect()
}

async fn register(app: &TestApp, number: usize) -> Answer {
    let document = json!({ "redirect_uris": [format!("https://app.example/{number}")] });
    app.send_json(Method::POST, "/t/acme/register", None, &document).await
}

crate::on_both! {
    /// A tenant cannot give itself more than the platform gave it.
    async fn quotas_and_limits_are_the_platforms(app: TestApp) {
        let acme = with_quotas(&app, Quotas { users: Some(5), ..Quotas::default() }).await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let before = owner.get("/tenants/acme").await.document(200);
        assert_eq!(before["settings"]["quotas"], json!({ "users": 5 }));
        let rate = json!({ "requests": 1_000_000, "burst": 1_000_000 });
        for (settings, at_fault) in [
            (json!({ "quotas": { "users": 6 } }), vec!["/settings/quotas"]),
            (json!({ "quotas": { "users": 4 } }), vec!["/settings/quotas"]),
            (json!({ "quotas": { "users": null } }), vec!["/settings/quotas"]),
            (json!({ "quotas": null }), vec!["/settings/quotas"]),
            (json!({ "rate_limits": { "sign_in": rate } }), vec!["/settings/rate_limits"]),
            (
                json!({ "rate_limits": { "admin": rate }, "quotas": { "clients": 9 } }),
                vec!["/settings/rate_limits", "/settings/quotas"],
            ),
        ] {
            let refused = owner.patch("/tenants/acme", &json!({ "settings": settings })).await;
            refused.expect_problem(403, "forbidden");
            assert_eq!(pointers(&refused), at_fault, "{settings}");
        }
        owner.patch("/tenants/acme", &json!({ "settings": null })).await.expect_problem(403, "forbidden");
        assert_eq!(owner.get("/tenants/acme").await.document(200), before);
        // What is not said stays, and what is said as it is changes nothing.
        let put = owner.put("/tenants/acme", &json!({ "name": "Acme" })).await.document(200);
        assert_eq!(put["settings"]["quotas"], json!({ "users": 5 }));
        assert_eq!(put["settings"]["registration"]["mode"], Value::Null);
        let same = json!({ "settings": { "quotas": { "users": 5 }, "lifetimes": { "session": 3600 } } });
        assert_eq!(owner.patch("/tenants/acme", &same).await.status, 200);

        let admin = app.platform("platform-admin").await;
        let wanted = json!({ "settings": {
            "quotas": { "users": 1, "registrations_per_day": 0 },
            "rate_limits": { "token": { "requests": 5, "per": "minute", "burst": 7 } },
        } });
        let changed = admin.patch("/tenants/acme", &wanted).await.document(200);
        for member in ["quotas", "rate_limits"] {
            assert_eq!(changed["settings"][member], wanted["settings"][member]);
        }
        let (_, _, detail) = trail(&app, &acme.tenant).await.pop().unwrap();
        assert_eq!(detail["before"]["settings"]["quotas"], json!({ "users": 5 }));
        let zero = json!({ "settings": { "rate_limits": { "token": { "requests": 0, "burst": 1_000_001 } } } });
        let token = "/settings/rate_limits/token";
        admin
            .patch("/tenants/acme", &zero)
            .await
            .expect_invalid(&[&format!("{token}/requests"), &format!("{token}/burst")]);
    }

    async fn over_the_quota_nothing_is_made(app: TestApp) {
        let acme = with_quotas(&app, Quotas { users: Some(3), clients: Some(4), ..Quotas::default() }).await;
        let admin = app.platform("platform-admin").await;
        let user = |number: usize| json!({ "username": format!("u{number}") });
        let users: Vec<_> = (0..10).map(user).collect();
        let answers = join_all(users.iter().map(|user| admin.post("/tenants/acme/users", user))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
        let refused = answers.iter().find(|answer| answer.status != 201).unwrap();
        refused.expect_problem(409, "quota-exceeded");
        assert_eq!(pointers(refused), [""]);
        assert!(refused.json()["detail"].as_str().unwrap().contains("settings.quotas.users"));
        assert_eq!(admin.get("/tenants/acme/users").await.document(200)["items"].as_array().unwrap().len(), 3);
        let made = answers.iter().find(|answer| answer.status == 201).unwrap();
        assert_eq!(admin.delete(&made.created_at()).await.status, 204);
        assert_eq!(admin.post("/tenants/acme/users", &user(99)).await.status, 201);

        for number in 0..2 {
            assert_eq!(register(&app, number).await.status, 201);
        }
        register(&app, 2).await.expect_error(400, "access_denied");
        admin
            .post("/tenants/acme/clients", &json!({ "redirect_uris": ["https://c.example/cb"] }))
            .await
            .expect_problem(409, "quota-exceeded");
        // What is there can be changed, and has the same answer when it registers again.
        assert_eq!(admin.patch("/tenants/acme/clients/web", &json!({ "client_name": "W" })).await.status, 200);
        assert_eq!(acme.client_count(&app).await, 4);
    }

    async fn registrations_of_a_day(app: TestApp) {
        with_quotas(&app, Quotas { registrations_per_day: Some(2), ..Quotas::default() }).await;
        // The tests' day begins at eight.
        app.clock.advance(15 * 3600 + 3599);
        for number in 0..2 {
            assert_eq!(register(&app, number).await.status, 201);
        }
        let refused = register(&app, 2).await;
        refused.expect_error(429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), Some("1"));
        app.clock.advance(1);
        assert_eq!(register(&app, 3).await.status, 201);
    }

    /// The callers' tenant is counted, whatever tenant they ask about, and nobody who has no token of it.
    async fn calls_are_limited_by_the_callers_tenant(app: TestApp) {
        let acme = app.acme().await;
        let other = app.other().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let neighbour = app.tenant_api(&other.tenant, "tenant-owner").await;
        acme.change_tenant(&app, |tenant| {
            *tenant.settings.rate_limits.of_mut(RateKind::Admin) = "1/minute burst 3".parse().ok();
        })
        .await;
        for _ in 0..9 {
            app.api_with("nonsense").get("/tenants/acme").await.expect_problem(401, "unauthenticated");
            assert_eq!(neighbour.get("/tenants/acme").await.status, 404);
        }
        for _ in 0..3 {
            assert_eq!(owner.get("/tenants/other").await.status, 404);
        }
        let refused = owner.get("/tenants/acme").await;
        refused.expect_problem(429, "rate-limited");
        assert_eq!(refused.header("retry-after"), Some("60"));
        assert_eq!(neighbour.get("/tenants/other").await.status, 200);
        app.clock.advance(60);
        assert_eq!(owner.get("/tenants/acme").await.status, 200);
    }

    /// Whoever signs in at a tenant has a token of it, and cannot keep its administrators out with that.
    async fn tokens_for_others_use_nothing_of_the_limit_up(app: TestApp) {
        let acme = app.acme().await;
        let owner = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let tokens = acme.tokens(&app).await;
        let of_a_user = app.api_with(tokens["access_token"].as_str().unwrap());
        acme.change_tenant(&app, |tenant| {
            *tenant.settings.rate_limits.of_mut(RateKind::Admin) = "1/minute burst 1".parse().ok();
        })
        .await;
        for _ in 0..4 {
            of_a_user.get("/tenants/acme").await.expect_problem(401, "unauthenticated");
        }
        assert_eq!(owner.get("/tenants/acme").await.status, 200);
        owner.get("/tenants/acme").await.expect_problem(429, "rate-limited");
    }

    async fn statistics_tell_what_happened(app: TestApp) {
        let acme = with_quotas(&app, Quotas::default()).await;
        let other = app.other().await;
        let stats = async |path: &str| {
            app.app.write_counts().await.unwrap();
            app.platform("platform-auditor").await.get(path).await.document(200)
        };
        acme.tokens(&app).await;
        other.tokens(&app).await;
        let mut browser = Browser::default();
        let begun = browser.get(&app, "/t/acme/login").await;
        let page = browser.follow(&app, &begun).await;
        let (csrf, interaction) = (page.field("csrf"), page.field("interaction"));
        let form = |password| {
            [("csrf", csrf.as_str()), ("interaction", &interaction), ("username", "ada"), ("password", password)]
        };
        assert_eq!(browser.post(&app, "/t/acme/login", &form("wrong")).await.status, 422);
        app.clock.advance(3600);
        let refused = app.post_as(("web", "wrong"), "/t/acme/token", &[("grant_type", "client_credentials")]).await;
        assert_eq!(refused.status, 401);
        for _ in 0..3 {
            let form = [("grant_type", "client_credentials")];
            assert_eq!(app.post_as(("web", &acme.secret), "/t/acme/token", &form).await.status, 200);
        }
        assert_eq!(register(&app, 1).await.status, 201);

        let read = stats("/tenants/acme/stats").await;
        assert_eq!((&read["from"], &read["to"]), (&json!("2027-01-14T10:00:00.000Z"), &json!("2027-01-15T10:00:00.000Z")));
        let points = read["points"].as_array().unwrap();
        assert_eq!(points.len(), 24);
        assert_eq!(points[22]["at"], "2027-01-15T08:00:00.000Z");
        assert_eq!(points[22]["counts"], json!({
            "tokens": { "authorization_code": 1 }, "sign_ins": 1, "failed_sign_ins": 1, "registrations": 0,
            "devices_approved": 0, "limited": 0,
        }));
        assert_eq!(points[23]["counts"], json!({
            "tokens": { "client_credentials": 3 }, "sign_ins": 0, "failed_sign_ins": 0, "registrations": 1,
            "devices_approved": 0, "limited": 0,
        }));
        assert_eq!(read["total"]["tokens"], json!({ "authorization_code": 1, "client_credentials": 3 }));
        assert_eq!((&read["present"]["users"], &read["present"]["clients"]), (&json!(1), &json!(3)));
        assert_eq!(read["present"].get("tenants"), None);
        let day = "/tenants/acme/stats?resolution=day&from=2027-01-15T00:00:00Z";
        assert_eq!(stats(day).await["points"].as_array().unwrap().len(), 1);
        assert_eq!(stats(day).await["points"][0]["counts"], read["total"]);
        let earlier = stats("/tenants/acme/stats?to=2027-01-15T08:00:00Z").await;
        assert_eq!(earlier["total"]["sign_ins"], 0);

        let platform = stats("/stats").await;
        assert_eq!(platform["points"][22]["counts"]["tokens"], json!({ "authorization_code": 2 }));
        assert_eq!(platform["points"][22]["counts"]["sign_ins"], 2);
        assert_eq!(platform["present"]["tenants"], 3);
        assert_eq!(platform["present"]["users"], 2);
        // What was counted last counts until the job counts anew.
        let present = platform["present"].clone();
        app.tenant_with("third", TenantSettings::default()).await;
        assert_eq!(stats("/stats").await["present"], present);
        app.app.count_platform().await.unwrap();
        assert_eq!(stats("/stats").await["present"]["tenants"], 4);

        let admin = app.platform("platform-admin").await;
        for query in ["from=yesterday", "from=2027-01-16T00:00:00Z", "from=2020-01-01T00:00:00Z", "resolution=week"] {
            admin.get(&format!("/stats?{query}")).await.expect_problem(400, "invalid-request");
        }
    }

    /// Devices that wait and requests that were refused are told too.
    async fn statistics_of_devices_and_refusals(app: TestApp) {
        let acme = TestTenant::with_devices(&app, grantor_protocol::model::DeviceApproval::Admin).await;
        acme.change_tenant(&app, |tenant| {
            *tenant.settings.rate_limits.of_mut(RateKind::Device) = "1/hour burst 2".parse().ok();
        })
        .await;
        acme.device(&app).await;
        acme.device(&app).await;
        for _ in 0..3 {
            let form = [("client_id", "app"), ("scope", "openid")];
            assert_eq!(app.post("/t/acme/device_authorization", &form).await.status, 429);
        }
        let admin = app.platform("platform-admin").await;
        let queue = admin.get("/tenants/acme/device-authorizations").await.document(200);
        let device = queue["items"][0]["id"].as_str().unwrap();
        let path = format!("/tenants/acme/device-authorizations/{device}/approve");
        assert_eq!(admin.post(&path, &json!({ "username": "ada" })).await.status, 200);
        app.app.write_counts().await.unwrap();
        let read = admin.get("/tenants/acme/stats").await.document(200);
        assert_eq!((&read["total"]["limited"], &read["total"]["devices_approved"]), (&json!(3), &json!(1)));
        assert_eq!(read["present"]["devices_waiting"], 1);
    }
}

impl TestTenant {
    async fn client_count(&self, app: &TestApp) -> u64 {
        app.app.store.tenant(self.tenant.id).counts(app.app.clock.now()).await.unwrap().clients
    }
}
