//! A tenant's signing keys: whatever is done to them, it can sign.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Api, trail};
use crate::support::{Answer, TestApp, TestTenant};

const KEYS: &str = "/tenants/acme/keys";

/// `kid` and state of the keys of ES256, oldest first.
async fn states(api: &Api<'_>) -> Vec<(String, String)> {
    let listed = api.get(&format!("{KEYS}?algorithm=ES256")).await.document(200);
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    listed["items"].as_array().unwrap().iter().map(|key| (text(key, "kid"), text(key, "state"))).collect()
}

/// The one key of ES256 in a state.
async fn only(api: &Api<'_>, state: &str) -> String {
    let of_state: Vec<_> = states(api).await.into_iter().filter(|(_, held)| held == state).collect();
    let [(kid, _)] = of_state.as_slice() else { panic!("{state}: {of_state:?}") };
    kid.clone()
}

fn kid(answer: &Answer) -> String {
    answer.document(200)["kid"].as_str().unwrap().to_owned()
}

async fn published(app: &TestApp, acme: &TestTenant) -> Vec<String> {
    let jwks = app.get(&acme.path("/jwks")).await.json();
    let keys = jwks["keys"].as_array().unwrap().iter().filter(|key| key["alg"] == "ES256");
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn signed_with(tokens: &Value) -> String {
    grantor_jose::Header::peek(tokens["access_token"].as_str().unwrap()).unwrap().kid.unwrap()
}

fn rotation(at_once: bool) -> Value {
    json!({ "algorithm": "ES256", "at_once": at_once })
}

crate::on_both! {
    /// The key that signs is gone from the JWKS at once, what it signed counts no more, and another one
    /// signs: there is no moment without.
    async fn the_only_key_is_revoked(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let tokens = acme.confidential_tokens(&app).await;
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(acme.introspect(&app, token).await["active"], true);
        let old = only(&admin, "active").await;
        assert_eq!(signed_with(&tokens), old);

        let revoked = admin.post(&format!("{KEYS}/{old}/revoke"), &json!({})).await.document(200);
        assert_eq!((&revoked["state"], revoked.get("retires_at")), (&json!("removed"), None));
        assert_eq!(revoked["revoked_at"], revoked["removed_at"]);
        let new = only(&admin, "active").await;
        assert_eq!(published(&app, &acme).await, [new.as_str()]);
        assert_eq!(acme.introspect(&app, token).await, json!({ "active": false }));
        acme.userinfo(&app, token).await.expect_error(401, "invalid_token");
        // Refresh tokens are not signed.
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        let refreshed = app.post_as(("web", &acme.secret), &acme.path("/token"), &form).await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        assert_eq!(signed_with(&refreshed.json()), new);

        let events = trail(&app, &acme.tenant).await;
        let of_keys: Vec<_> = events.iter().filter(|(kind, ..)| kind == "key.changed").collect();
        let told = |kid: &str| of_keys.iter().filter(|(_, target, _)| target == kid).map(|(.., detail)| detail).next_back().unwrap();
        assert_eq!((&told(&old)["revoked"], &told(&old)["after"]["state"]), (&json!(true), &json!("removed")));
        assert_eq!((&told(&new)["actor_tenant"], &told(&new)["after"]["state"]), (&json!("system"), &json!("active")));
        // Once more changes nothing.
        let again = admin.post(&format!("{KEYS}/{old}/revoke"), &json!({})).await.document(200);
        assert_eq!(again, revoked);
        assert_eq!(trail(&app, &acme.tenant).await.len(), events.len());
        assert_eq!(admin.get(&format!("{KEYS}/{old}")).await.document(200), revoked);
    }

    /// A waiting successor takes over, and is not passed by.
    async fn a_revoked_key_is_followed_by_the_published_one(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        let next = kid(&admin.post(&format!("{KEYS}/rotate"), &rotation(false)).await);
        let old = only(&admin, "active").await;
        assert_eq!(admin.post(&format!("{KEYS}/{old}/revoke"), &json!({})).await.status, 200);
        assert_eq!(states(&admin).await, [(old, "removed".to_owned()), (next, "active".to_owned())]);
    }

    /// Signing and waiting key go at the same moment, both at once and twice: one signs after all.
    async fn everything_is_revoked_at_once(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let next = kid(&admin.post(&format!("{KEYS}/rotate"), &rotation(false)).await);
        let old = only(&admin, "active").await;
        let paths = [&old, &next, &old, &next].map(|kid| format!("{KEYS}/{kid}/revoke"));
        let nothing = json!({});
        for answer in join_all(paths.iter().map(|path| admin.post(path, &nothing))).await {
            assert_eq!(answer.document(200)["state"], "removed");
        }
        let signing = only(&admin, "active").await;
        assert!(signing != old && signing != next);
        assert_eq!(published(&app, &acme).await, [signing.as_str()]);
        assert_eq!(signed_with(&acme.tokens(&app).await), signing);
    }

    async fn rotations_at_once_are_one(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let first = only(&admin, "active").await;
        let path = format!("{KEYS}/rotate");
        let (later, now) = (rotation(false), rotation(true));
        let answers = join_all((0..4).map(|_| admin.post(&path, &later))).await;
        let kids: Vec<_> = answers.iter().map(kid).collect();
        assert!(kids.iter().all(|kid| *kid == kids[0]), "{kids:?}");
        assert_eq!(published(&app, &acme).await, [first.clone(), kids[0].clone()]);
        assert_eq!(signed_with(&acme.tokens(&app).await), first);

        // The one that waits, for all of them.
        let answers = join_all((0..4).map(|_| admin.post(&path, &now))).await;
        assert!(answers.iter().any(|answer| kid(answer) == kids[0]));
        let active = only(&admin, "active").await;
        assert_eq!(signed_with(&acme.tokens(&app).await), active);
        let retired = admin.get(&format!("{KEYS}/{first}")).await.document(200);
        assert_eq!(retired["state"], "retired");
        assert!(published(&app, &acme).await.contains(&first), "what it signed counts");
    }

    async fn a_keys_timeline(app: TestApp) {
        let acme = app.acme().await;
        let admin = app.platform("platform-admin").await;
        let first = admin.get(&format!("{KEYS}/{}", only(&admin, "active").await)).await.document(200);
        assert_eq!((&first["use"], &first["algorithm"]), (&json!("sig"), &json!("ES256")));
        assert_eq!((&first["activates_at"], &first["created_at"]), (&first["created_at"], &json!("2027-01-15T08:00:00.000Z")));
        // 90 days, and one more of its successor's publication.
        assert_eq!(first["retires_at"], "2027-04-16T08:00:00.000Z");
        assert!(first["public_jwk"]["x"].is_string() && first["public_jwk"].get("d").is_none());

        let document = json!({ "algorithm": "ES256" });
        let created = admin.post(KEYS, &document).await;
        let path = created.created_at();
        let successor = created.document(201);
        assert_eq!(path, format!("{KEYS}/{}", successor["kid"].as_str().unwrap()));
        assert_eq!((&successor["state"], &successor["activates_at"]), (&json!("published"), &json!("2027-01-16T08:00:00.000Z")));
        assert_eq!(admin.get(&path).await.document(200), successor);
        admin.post(KEYS, &document).await.expect_problem(409, "taken");
        let first_path = format!("{KEYS}/{}", first["kid"].as_str().unwrap());
        assert_eq!(admin.get(&first_path).await.json()["retires_at"], successor["activates_at"]);

        app.clock.advance(60);
        admin.post(&format!("{path}/retire"), &json!({})).await.expect_problem(409, "protected");
        let active = admin.post(&format!("{path}/activate"), &json!({})).await.document(200);
        assert_eq!((&active["state"], &active["activates_at"]), (&json!("active"), &json!("2027-01-15T08:01:00.000Z")));
        assert_eq!(admin.post(&format!("{path}/activate"), &json!({})).await.document(200), active);
        let retired = admin.get(&first_path).await.document(200);
        assert_eq!((&retired["state"], &retired["retires_at"]), (&json!("retired"), &active["activates_at"]));
        // 10 minutes for the last token, 5 for caches of the JWKS.
        assert_eq!(retired["removed_at"], "2027-01-15T08:16:00.000Z");
        admin.post(&format!("{first_path}/activate"), &json!({})).await.expect_problem(409, "protected");
        assert_eq!(signed_with(&acme.tokens(&app).await), active["kid"]);

        // Nobody waits, so a new key signs.
        assert_eq!(admin.post(&format!("{path}/retire"), &json!({})).await.document(200)["state"], "retired");
        let third = only(&admin, "active").await;
        assert_eq!(signed_with(&acme.tokens(&app).await), third);
        app.clock.advance(15 * 60);
        crate::oauth::key_life::take_due_steps(&app).await;
        assert_eq!(published(&app, &acme).await, [third.as_str()]);
        let removed = app.platform("platform-auditor").await.get(&first_path).await.document(200);
        assert_eq!((&removed["state"], removed.get("revoked_at")), (&json!("removed"), None));
        assert_eq!(removed["removed_at"], retired["removed_at"]);
    }

    async fn what_is_no_key(app: TestApp) {
        app.acme().await;
        let admin = app.platform("platform-admin").await;
        for path in [format!("{KEYS}/x"), format!("{KEYS}/0198c5a0-0000-7000-8000-00000000000a")] {
            admin.get(&path).await.expect_problem(404, "not-found");
            for step in ["activate", "retire", "revoke"] {
                admin.post(&format!("{path}/{step}"), &json!({})).await.expect_problem(404, "not-found");
            }
        }
        admin.post(KEYS, &json!({ "algorithm": "HS256" })).await.expect_invalid(&["/algorithm"]);
        admin.post(KEYS, &json!({})).await.expect_invalid(&["/algorithm"]);
        admin.post(&format!("{KEYS}/rotate"), &json!({ "algorithm": "ES256", "now": true })).await.expect_invalid(&["/now"]);
        admin.get(&format!("{KEYS}?state=lost")).await.expect_problem(400, "invalid-request");
    }
}
