use serde_json::json;

use super::trail;
use crate::support::{Browser, TestApp};

const USERS: &str = "/tenants/acme/users";

crate::on_both! {
    async fn a_users_life(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let document = json!({
            "username": "grace", "email": "grace@acme.example", "email_verified": true,
            "profile": { "name": "Grace Hopper", "website": "https://grace.example" },
        });
        let created = admin.post(USERS, &document).await;
        let user = created.document(201);
        let path = format!("{USERS}/{}", user["id"].as_str().unwrap());
        assert_eq!(created.created_at(), path);
        assert_eq!((&user["status"], &user["has_password"]), (&json!("active"), &json!(false)));
        assert_eq!(user["profile"], json!({ "name": "Grace Hopper", "website": "https://grace.example" }));
        let read = admin.get(&path).await;
        assert_eq!((read.document(200), read.etag()), (user, created.etag()));

        let patch = json!({ "profile": { "website": null, "nickname": "Amazing" }, "email_verified": null });
        let patched = admin.patch(&path, &patch).await.document(200);
        assert_eq!(patched["profile"], json!({ "name": "Grace Hopper", "nickname": "Amazing" }));
        assert_eq!((&patched["email_verified"], &patched["email"]), (&json!(false), &json!("grace@acme.example")));
        let gone = admin.patch(&path, &json!({ "email": null })).await.document(200);
        assert!(gone.get("email").is_none());

        let found = admin.get(&format!("{USERS}?q=GRACE")).await.document(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        assert_eq!(admin.delete(&path).await.status, 204);
        admin.get(&path).await.expect_problem(404, "not-found");
    }

    async fn put_is_idempotent(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let path = format!("{USERS}/0198c5a0-0000-7000-8000-00000000000a");
        let document = json!({ "username": "grace", "profile": { "name": "Grace" } });
        let created = admin.put(&path, &document).await;
        assert_eq!(created.created_at(), path);
        app.clock.advance(60);
        let again = admin.put(&path, &document).await;
        assert_eq!((again.document(200), again.etag()), (created.document(201), created.etag()));
        assert_eq!(admin.put(&path, &created.json()).await.etag(), created.etag());
        assert_eq!(admin.patch(&path, &json!({ "status": "locked" })).await.status, 200);
        let replaced = admin.put(&path, &json!({ "username": "grace" })).await.document(200);
        assert_eq!((&replaced["status"], &replaced["profile"]), (&json!("locked"), &json!({})));
        let stale = admin.send(poem::http::Method::PUT, &path, &[("if-match", &created.etag())], Some(&document)).await;
        stale.expect_problem(412, "precondition-failed");
    }

    /// NIST SP 800-63B-4 §3.1.1.2: length, and nothing that everybody would try.
    async fn passwords_are_as_the_tenant_wants_them(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let policy = json!({ "settings": { "password_policy": { "min_length": 20, "forbidden_words": ["rocket"] } } });
        admin.patch("/tenants/acme", &policy).await.document(200);
        let ada = format!("/tenants/acme/users/{}", acme.user.id);
        for (password, status) in [
            ("nineteen characters", 400),
            ("a ROCKET among many words", 400),
            ("one among a great many words", 200),
        ] {
            let answer = admin.post(&format!("{ada}/password"), &json!({ "password": password })).await;
            assert_eq!(answer.status, status, "{password}: {answer:?}");
        }
        let named = json!({ "username": "lovelace", "password": "the Lovelace family and all" });
        admin.patch(&ada, &named).await.expect_invalid(&["/password"]);
        admin.post("/tenants/acme/users", &named).await.expect_invalid(&["/password"]);
        for policy in [json!({ "min_length": 7 }), json!({ "min_length": 65 })] {
            let answer = admin.patch("/tenants/acme", &json!({ "settings": { "password_policy": policy } })).await;
            answer.expect_invalid(&["/settings/password_policy/min_length"]);
        }
        let word = json!({ "settings": { "password_policy": { "forbidden_words": ["long enough", "abc"] } } });
        admin
            .patch("/tenants/acme", &word)
            .await
            .expect_invalid(&["/settings/password_policy/forbidden_words/1"]);
        let words = vec!["word"; 101];
        let many = json!({ "settings": { "password_policy": { "forbidden_words": words } } });
        admin.patch("/tenants/acme", &many).await.expect_invalid(&["/settings/password_policy/forbidden_words"]);
    }

    async fn people_sign_in_with_what_the_tenant_says(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.tenant_api(&acme.tenant, "tenant-owner").await;
        let ada = format!("/tenants/acme/users/{}", acme.user.id);
        let email = admin.patch(&ada, &json!({ "email": "lovelace@mail.example" })).await.document(200);
        let (name, email) = (acme.user.username.as_str(), email["email"].as_str().unwrap().to_owned());
        for (identifier, label, by_name, by_email) in [
            ("username_or_email", "Email or username", true, true),
            ("username", "Username", true, false),
            ("email", "Email", false, true),
        ] {
            let policy = json!({ "settings": { "sign_in": { "identifier": identifier } } });
            admin.patch("/tenants/acme", &policy).await.document(200);
            for (typed, taken) in [(name, by_name), (email.as_str(), by_email)] {
                let mut browser = Browser::default();
                let begun = browser.get(&app, "/t/acme/login").await;
                let page = browser.follow(&app, &begun).await;
                assert!(page.body.contains(&format!(">{label}</label>")), "{identifier}");
                let form = [
                    ("csrf", page.field("csrf")),
                    ("interaction", page.field("interaction")),
                    ("username", typed.to_owned()),
                    ("password", crate::support::PASSWORD.to_owned()),
                ];
                let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let answer = browser.post(&app, "/t/acme/login", &form).await;
                assert_eq!(answer.status.is_redirection(), taken, "{identifier} {typed}: {answer:?}");
            }
        }
    }

    /// A password is taken and never given back; the person signs in with it from then on.
    async fn passwords_go_one_way(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let path = format!("{USERS}/{}", acme.user.id);
        let before = admin.get(&path).await;
        let document = json!({ "username": "ada", "password": "another password", "profile": { "name": "Ada L." } });
        let changed = admin.put(&path, &document).await;
        let user = changed.document(200);
        assert!(user.get("password").is_none());
        assert_eq!((&user["has_password"], &user["profile"]["name"]), (&json!(true), &json!("Ada L.")));
        assert_ne!(changed.etag(), before.etag());
        assert_eq!(admin.get(&path).await.etag(), changed.etag());

        let mut browser = Browser::default();
        let authorize = acme.authorize(&acme.authorization("app"));
        let answer = browser.get(&app, &authorize).await;
        let page = browser.follow(&app, &answer).await;
        let old = acme.sign_in(&app, &mut browser, &page).await;
        assert!(old.header("location").is_none(), "the old password is over: {old:?}");
        assert_eq!(admin.patch(&path, &json!({ "password": crate::support::PASSWORD })).await.status, 200);
        let answer = browser.get(&app, &authorize).await;
        let page = browser.follow(&app, &answer).await;
        assert!(acme.sign_in(&app, &mut browser, &page).await.header("location").is_some());
    }

    /// Who is locked has nothing left, and cannot get anything.
    async fn locking_ends_what_the_user_has(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let tokens = acme.tokens(&app).await;
        let path = format!("{USERS}/{}", acme.user.id);
        let locked = admin.patch(&path, &json!({ "status": "locked" })).await;
        assert_eq!(locked.document(200)["status"], "locked");
        let refreshed = acme.refresh(&app, tokens["refresh_token"].as_str().unwrap()).await;
        refreshed.expect_error(400, "invalid_grant");
        let mut browser = Browser::default();
        let answer = browser.get(&app, &acme.authorize(&acme.authorization("app"))).await;
        let page = browser.follow(&app, &answer).await;
        assert!(acme.sign_in(&app, &mut browser, &page).await.header("location").is_none());
    }

    async fn what_cannot_be_is_named(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let post = async |document| admin.post(USERS, &document).await;
        post(json!({})).await.expect_invalid(&["/username"]);
        post(json!({ "username": " x" })).await.expect_invalid(&["/username"]);
        post(json!({ "username": "x", "pasword": "y" })).await.expect_invalid(&["/pasword"]);
        post(json!({ "username": "x", "password": "short" })).await.expect_invalid(&["/password"]);
        post(json!({ "username": "x", "email": "nobody" })).await.expect_invalid(&["/email"]);
        post(json!({ "username": "x", "email_verified": true })).await.expect_invalid(&["/email_verified"]);
        post(json!({ "username": "x", "status": "gone" })).await.expect_invalid(&["/status"]);
        post(json!({ "username": "x", "profile": { "picture": "javascript:x", "name": "a\nb" } }))
            .await
            .expect_invalid(&["/profile/name", "/profile/picture"]);
        post(json!({ "username": "x", "profile": { "nmae": "y" } })).await.expect_invalid(&["/profile/nmae"]);
        let taken = post(json!({ "username": "ADA" })).await;
        taken.expect_problem(409, "taken");
        assert_eq!(taken.json()["errors"][0]["pointer"], "/username");
        let taken = post(json!({ "username": "x", "email": "Ada@acme.example" })).await;
        taken.expect_problem(409, "taken");
        assert_eq!(taken.json()["errors"][0]["pointer"], "/email");
        let grace = post(json!({ "username": "grace" })).await.created_at();
        admin.patch(&grace, &json!({ "username": "ada" })).await.expect_problem(409, "taken");
        admin.patch(&grace, &json!({ "id": acme.user.id.to_string() })).await.expect_invalid(&["/id"]);
        admin.put(&format!("{USERS}/grace"), &json!({ "username": "x" })).await.expect_problem(400, "invalid-request");
        admin.get(&format!("{USERS}/grace")).await.expect_problem(404, "not-found");
    }

    async fn changes_are_in_the_trail(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let path = format!("{USERS}/{}", acme.user.id);
        let patch = json!({ "username": "countess", "password": "another password" });
        assert_eq!(admin.patch(&path, &patch).await.status, 200);
        let events = trail(&app, &acme.tenant).await;
        let details: Vec<_> =
            events.iter().filter(|(kind, ..)| kind == "user.changed").map(|(.., detail)| detail.clone()).collect();
        assert!(details.contains(&json!({
            "before": { "username": "ada" }, "after": { "username": "countess" }, "actor_tenant": "system",
        })));
        assert!(details.contains(&json!({ "password_changed": true, "actor_tenant": "system" })));
    }
}
