//! Opaque access tokens: handles that say nothing, for which we say everything (RFC 7662), and that end
//! at once (RFC 7009).

use grantor_protocol::Secret;
use grantor_protocol::model::{AccessTokenFormat, KeyState, TenantSettings};
use grantor_store::{ChangeKind, KeyChange};
use serde_json::{Value, json};

use super::resources::{API, VAULT, World, access_token, claims};
use crate::on_both;
use crate::support::TestApp;

const ADMIN_API: &str = "https://id.example/admin/v1";

fn inactive() -> Value {
    json!({ "active": false })
}

async fn all_opaque(world: &World, app: &TestApp) {
    world
        .acme
        .change_client(app, "web", |client| {
            client.metadata.access_token_format = Some(AccessTokenFormat::Opaque)
        })
        .await;
}

on_both! {
    /// The handle does all that a JWT does.
    async fn a_handle_is_a_token(app: TestApp) {
        let world = World::new(&app).await;
        let jwt = world.tokens(&app, "openid profile", &[API]).await;
        all_opaque(&world, &app).await;
        let tokens = world.tokens(&app, "openid profile", &[API]).await;
        let handle = access_token(&tokens);
        assert!(handle.starts_with("gat_") && handle.len() == 47, "{handle}");
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
        assert!(tokens["id_token"].is_string());
        let (mut of_jwt, mut of_handle) = (
            world.introspect(&app, "api", access_token(&jwt)).await,
            world.introspect(&app, "api", handle).await,
        );
        for of in [&mut of_jwt, &mut of_handle] {
            assert_eq!(of["active"], true);
            of.as_object_mut().unwrap().remove("jti");
        }
        assert_eq!(of_jwt, of_handle);
        let (of_jwt, of_handle) =
            (world.acme.userinfo(&app, access_token(&jwt)).await, world.acme.userinfo(&app, handle).await);
        assert_eq!((of_handle.status.as_u16(), of_handle.body), (200, of_jwt.body));

        // Nobody but its client and the resource's server learns of it.
        assert_eq!(world.introspect(&app, "vault", handle).await, inactive());
        assert_eq!(world.introspect(&app, "web", handle).await["client_id"], "web");

        // Its client alone ends it; the grant goes on.
        world.acme.revoke(&app, handle).await.expect_error(400, "invalid_grant");
        let form = [("token", handle), ("token_type_hint", "refresh_token")];
        for _ in 0..2 {
            let revoked = app.post_as(("web", &world.acme.secret), &world.acme.path("/revoke"), &form).await;
            assert_eq!(revoked.status, 200);
        }
        assert_eq!(world.introspect(&app, "api", handle).await, inactive());
        world.acme.userinfo(&app, handle).await.expect_error(401, "invalid_token");
        let refresh = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        let next = world.token(&app, &form).await.json();
        assert_eq!(world.introspect(&app, "api", access_token(&next)).await["active"], true);

        // The grant's end is the handle's.
        let form = [("token", refresh), ("token_type_hint", "access_token")];
        app.post_as(("web", &world.acme.secret), &world.acme.path("/revoke"), &form).await;
        assert_eq!(world.introspect(&app, "api", access_token(&next)).await, inactive());
        world.acme.userinfo(&app, access_token(&next)).await.expect_error(401, "invalid_token");
    }

    /// The resource may want it so, and then for whatever client.
    async fn a_resource_that_wants_handles(app: TestApp) {
        let world = World::new(&app).await;
        let tokens = world.tokens(&app, "vault:open", &[VAULT]).await;
        assert!(access_token(&tokens).starts_with("gat_"));
        assert_eq!(world.introspect(&app, "vault", access_token(&tokens)).await["aud"], VAULT);
        let form = [("grant_type", "client_credentials"), ("resource", VAULT), ("scope", "vault:open")];
        let own = world.token(&app, &form).await.json();
        assert!(access_token(&own).starts_with("gat_"));
        let told = world.introspect(&app, "vault", access_token(&own)).await;
        assert_eq!((&told["sub"], &told["scope"]), (&json!("web"), &json!("vault:open")));
        let both = world.tokens(&app, "vault:open notes:read", &[API, VAULT]).await;
        assert!(access_token(&both).starts_with("gat_"));
        // The client's own choice goes before.
        let jwt = Some(AccessTokenFormat::Jwt);
        world.acme.change_client(&app, "web", |client| client.metadata.access_token_format = jwt).await;
        assert_eq!(claims(&world.tokens(&app, "vault:open", &[VAULT]).await)["aud"], VAULT);
    }

    /// The admin API takes tokens of many issuers, and only a JWT says whose it is.
    async fn the_admin_api_takes_jwts(app: TestApp) {
        let world = World::new(&app).await;
        all_opaque(&world, &app).await;
        let resources = || vec![API.to_owned(), ADMIN_API.to_owned()];
        world.acme.change_client(&app, "web", |client| client.metadata.resources = resources()).await;
        for targets in [&[("resource", ADMIN_API)][..], &[("resource", API), ("resource", ADMIN_API)]] {
            let form: Vec<_> = [("grant_type", "client_credentials")].iter().chain(targets).copied().collect();
            let own = world.token(&app, &form).await.json();
            let me = app.api_with(access_token(&own)).get("/me").await;
            assert_eq!(me.document(200)["subject"], "web");
        }
        let handle = world.token(&app, &[("grant_type", "client_credentials"), ("resource", API)]).await.json();
        let refused = app.api_with(access_token(&handle)).get("/me").await;
        refused.expect_problem(401, "unauthenticated");
    }

    /// What is no handle, not any more, or another tenant's is nothing.
    async fn handles_that_are_none(app: TestApp) {
        let world = World::new(&app).await;
        all_opaque(&world, &app).await;
        let tokens = world.tokens(&app, "openid", &[API]).await;
        let handle = access_token(&tokens);
        let other = World::of(&app, app.tenant_with("other", TenantSettings::default()).await).await;
        assert_eq!(other.introspect(&app, "api", handle).await, inactive());
        other.acme.userinfo(&app, handle).await.expect_error(401, "invalid_token");
        let form = [("token", handle)];
        let revoked = app.post_as(("web", &other.acme.secret), &other.acme.path("/revoke"), &form).await;
        assert_eq!(revoked.status, 200, "as good as revoked");
        let upper = handle.to_uppercase();
        for unknown in ["gat_", "gat_x", &handle[..46], &format!("{handle}x"), &upper, &handle.replace("gat_", "grt_")] {
            assert_eq!(world.introspect(&app, "api", unknown).await, inactive(), "{unknown}");
            world.acme.userinfo(&app, unknown).await.expect_error(401, "invalid_token");
        }
        assert_eq!(world.introspect(&app, "api", handle).await["active"], true);

        app.clock.advance(600);
        assert_eq!(world.introspect(&app, "api", handle).await, inactive());
        world.acme.userinfo(&app, handle).await.expect_error(401, "invalid_token");
    }

    /// The database cannot give away a handle, and does not keep it when it is over.
    async fn what_is_kept(app: TestApp) {
        let world = World::new(&app).await;
        all_opaque(&world, &app).await;
        let tokens = world.tokens(&app, "openid", &[API]).await;
        let handle = access_token(&tokens);
        let store = app.app.store.tenant(world.acme.tenant.id);
        let hash = Secret::presented(handle).hash();
        let kept = serde_json::to_string(&store.opaque_access_token(&hash).await.unwrap().unwrap()).unwrap();
        assert!(!kept.contains(handle) && !kept.contains(&handle[4..]), "{kept}");
        app.clock.advance(601);
        app.app.store.sweep(app.app.clock.now(), 1000).await.unwrap();
        assert_eq!(store.opaque_access_token(&hash).await.unwrap(), None);
        assert_eq!(world.introspect(&app, "api", handle).await, inactive());
    }

    /// A signature that was verified before counts no longer than the key that made it.
    async fn a_key_that_is_removed(app: TestApp) {
        let world = World::new(&app).await;
        let tokens = world.tokens(&app, "openid", &[API]).await;
        for _ in 0..2 {
            assert_eq!(world.introspect(&app, "api", access_token(&tokens)).await["active"], true);
        }
        let store = app.app.store.tenant(world.acme.tenant.id);
        let kid = grantor_jose::Header::peek(access_token(&tokens)).unwrap().kid.unwrap();
        let (from, to) = (KeyState::Active, KeyState::Removed);
        let step = KeyChange { id: kid.parse().unwrap(), from, to, changes_at: None, at: app.app.clock.now(), revoked: false };
        store.change_keys(vec![step], None, vec![]).await.unwrap();
        world.acme.changed(&app, ChangeKind::Keys);
        for _ in 0..2 {
            assert_eq!(world.introspect(&app, "api", access_token(&tokens)).await, inactive());
        }
        world.acme.userinfo(&app, access_token(&tokens)).await.expect_error(401, "invalid_token");
    }

    /// Neither does it outlive its token, nor is a token that was changed taken for one that was not.
    async fn a_signature_that_was_verified_before(app: TestApp) {
        let world = World::new(&app).await;
        let tokens = world.tokens(&app, "openid", &[API]).await;
        let token = access_token(&tokens);
        assert_eq!(world.introspect(&app, "api", token).await["active"], true);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let turned: String = signature.chars().rev().collect();
        assert_eq!(world.introspect(&app, "api", &format!("{signed}.{turned}")).await, inactive());
        let other = World::of(&app, app.tenant_with("other", TenantSettings::default()).await).await;
        assert_eq!(other.introspect(&app, "api", token).await, inactive());
        app.clock.advance(599);
        assert_eq!(world.introspect(&app, "api", token).await["active"], true);
        app.clock.advance(1);
        for _ in 0..2 {
            assert_eq!(world.introspect(&app, "api", token).await, inactive());
        }
    }
}
