//! Token exchange (RFC 8693): `web` calls the resource server `api` for a person, which goes on to
//! `back`, which goes on to `vault`.

use grantor_protocol::model::{
    AccessTokenFormat, AuditKind, AuthenticationMethod, TenantSettings, TokenExchange,
};
use serde_json::{Value, json};

use super::dpop::Holder;
use super::resources::{API, BACK, VAULT, World, access_token, claims};
use crate::on_both;
use crate::support::{Answer, Browser, TestApp};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

const SCOPE: &str = "openid notes:read back:read vault:open";

impl World {
    /// The tenant whose resource servers may act for others, under their own names.
    async fn delegating(app: &TestApp) -> Self {
        let world = Self::new(app).await;
        for client_id in ["api", "back"] {
            world.allow(app, client_id, false, true).await;
        }
        let jwt = Some(AccessTokenFormat::Jwt);
        world.acme.change_client(app, "web", |client| client.metadata.access_token_format = jwt).await;
        world
    }

    pub(super) async fn allow(&self, app: &TestApp, client_id: &str, impersonation: bool, delegation: bool) {
        let allowed = TokenExchange { impersonation, delegation };
        self.acme.change_client(app, client_id, |client| client.metadata.token_exchange = allowed).await;
    }

    /// An exchange of a resource server's.
    pub(super) async fn exchange(
        &self,
        app: &TestApp,
        client_id: &str,
        token: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let position = ["api", "back", "vault"].iter().position(|held| *held == client_id);
        let secret = position.map_or(&self.acme.secret, |position| &self.secrets[position]);
        let mut form =
            vec![("grant_type", GRANT_TYPE), ("subject_token", token), ("subject_token_type", ACCESS_TOKEN)];
        form.extend(more);
        app.post_as((client_id, secret), &self.acme.path("/token"), &form).await
    }
}

async fn own_token(world: &World, app: &TestApp, client_id: &str, secret: &str, resource: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("resource", resource)];
    let answer = app.post_as((client_id, secret), &world.acme.path("/token"), &form).await;
    access_token(&answer.json()).to_owned()
}

fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

on_both! {
    /// RFC 8693 §2.2.1, §4.1: for less, for the same person, and saying who acts.
    async fn delegation_along_a_chain(app: TestApp) {
        let world = World::delegating(&app).await;
        let tokens = world.tokens(&app, SCOPE, &[API, BACK, VAULT]).await;
        let first = world.exchange(&app, "api", access_token(&tokens), &[("resource", BACK), ("scope", "back:read")]).await;
        assert_eq!(first.header("cache-control"), Some("no-store"));
        let first = first.json();
        assert_eq!(names(&first), ["access_token", "expires_in", "issued_token_type", "scope", "token_type"]);
        assert_eq!((&first["issued_token_type"], &first["scope"]), (&json!(ACCESS_TOKEN), &json!("back:read")));
        let told = claims(&first);
        assert_eq!((&told["aud"], &told["client_id"]), (&json!(BACK), &json!("api")));
        assert_eq!((&told["sub"], &told["act"]), (&json!(world.acme.user.id.to_string()), &json!({ "sub": "api" })));
        assert_eq!(told["grant_id"], claims(&tokens)["grant_id"]);
        let shown = world.introspect(&app, "back", access_token(&first)).await;
        assert_eq!((&shown["active"], &shown["act"]), (&json!(true), &json!({ "sub": "api" })));

        let wide = world.exchange(&app, "api", access_token(&tokens), &[]).await.json();
        assert_eq!(claims(&wide)["aud"], json!([API, BACK, world.acme.tenant.issuer]));
        // For what the first step left out there is no way back.
        let back = world.exchange(&app, "back", access_token(&first), &[("resource", VAULT)]).await;
        back.expect_error(400, "invalid_target");
        let second = world.exchange(&app, "back", access_token(&wide), &[("audience", BACK), ("requested_token_type", JWT)]).await.json();
        assert_eq!(second["issued_token_type"], JWT);
        assert_eq!(claims(&second)["act"], json!({ "sub": "back", "act": { "sub": "api" } }));
        assert_eq!(world.acme.audited(&app, AuditKind::TokenExchanged).await, 0);

        // A handle for a resource that wants handles; opaque subjects do as well.
        let handle = world.exchange(&app, "back", access_token(&tokens), &[("resource", VAULT), ("scope", "vault:open")]).await.json();
        assert!(access_token(&handle).starts_with("gat_"));
        assert_eq!(world.introspect(&app, "vault", access_token(&handle)).await["act"], json!({ "sub": "back" }));
        let again = world.exchange(&app, "back", access_token(&handle), &[]).await.json();
        let shown = world.introspect(&app, "vault", access_token(&again)).await;
        assert_eq!(shown["act"], json!({ "sub": "back", "act": { "sub": "back" } }));
        let jwt = [("requested_token_type", JWT)];
        world.exchange(&app, "back", access_token(&handle), &jwt).await.expect_error(400, "invalid_request");
    }

    /// RFC 8693 §1.1: an impersonation shows in the trail alone.
    async fn impersonation(app: TestApp) {
        let world = World::new(&app).await;
        world.allow(&app, "api", true, false).await;
        let tokens = world.tokens(&app, SCOPE, &[API, BACK]).await;
        let exchanged = world.exchange(&app, "api", access_token(&tokens), &[("resource", BACK)]).await.json();
        assert_eq!(claims(&exchanged).get("act"), None);
        assert_eq!(claims(&exchanged)["sub"], claims(&tokens)["sub"]);
        let events = app.app.store.tenant(world.acme.tenant.id).audit_events(10).await.unwrap();
        let event = events.iter().find(|event| event.kind == AuditKind::TokenExchanged).unwrap();
        assert_eq!(event.target, world.acme.user.id.to_string());
        assert_eq!(event.detail["access_token"]["jti"], claims(&exchanged)["jti"]);
        assert_eq!(event.detail["subject_token"]["client_id"], "web");
        assert!(!event.detail.to_string().contains(access_token(&exchanged)));
    }

    /// RFC 8693 §2.1: the actor by a token of its own.
    async fn an_actor_with_a_token(app: TestApp) {
        let mut world = World::delegating(&app).await;
        let method = grantor_protocol::model::AuthenticationMethod::ClientSecretBasic;
        let secret = world.acme.add_secret_client(&app, "robot", method).await;
        world.acme.change_client(&app, "robot", |client| client.metadata.resources = vec![API.to_owned(), VAULT.to_owned()]).await;
        let tokens = world.tokens(&app, SCOPE, &[API, BACK]).await;
        let exchange = async |actor: &str, type_: &str| {
            let more = [("resource", BACK), ("actor_token", actor), ("actor_token_type", type_)];
            world.exchange(&app, "api", access_token(&tokens), &more).await
        };
        let robot = own_token(&world, &app, "robot", &secret, API).await;
        assert_eq!(claims(&exchange(&robot, JWT).await.json())["act"], json!({ "sub": "robot" }));
        // One for somebody else is not the client's to show, and what is none counts for nothing.
        let elsewhere = own_token(&world, &app, "robot", &secret, VAULT).await;
        let acting = exchange(&robot, JWT).await.json();
        for actor in [&elsewhere, "x", access_token(&acting), tokens["id_token"].as_str().unwrap()] {
            exchange(actor, ACCESS_TOKEN).await.expect_error(400, "invalid_request");
        }
        exchange(&robot, "urn:ietf:params:oauth:token-type:id_token").await.expect_error(400, "invalid_request");
        world.allow(&app, "api", true, false).await;
        exchange(&robot, JWT).await.expect_error(400, "unauthorized_client");
    }

    /// The new token ends with the old one at the latest, and with the grant.
    async fn ends(app: TestApp) {
        let world = World::delegating(&app).await;
        let tokens = world.tokens(&app, SCOPE, &[API, BACK, VAULT]).await;
        app.clock.advance(500);
        let jwt = world.exchange(&app, "api", access_token(&tokens), &[("resource", BACK)]).await.json();
        assert_eq!((&jwt["expires_in"], &claims(&jwt)["exp"]), (&json!(100), &claims(&tokens)["exp"]));
        let handle = world.exchange(&app, "back", access_token(&tokens), &[("resource", VAULT)]).await.json();
        assert_eq!(world.introspect(&app, "vault", access_token(&handle)).await["exp"], claims(&tokens)["exp"]);
        assert_eq!(world.introspect(&app, "back", access_token(&jwt)).await["active"], true);

        let form = [("token", tokens["refresh_token"].as_str().unwrap())];
        app.post_as(("web", &world.acme.secret), &world.acme.path("/revoke"), &form).await;
        assert_eq!(world.introspect(&app, "back", access_token(&jwt)).await["active"], false);
        assert_eq!(world.introspect(&app, "vault", access_token(&handle)).await["active"], false);
        for (client_id, token) in [("api", &tokens), ("back", &jwt), ("back", &handle)] {
            let refused = world.exchange(&app, client_id, access_token(token), &[]).await;
            refused.expect_error(400, "invalid_request");
        }
        let tokens = world.tokens(&app, SCOPE, &[API]).await;
        app.clock.advance(600);
        world.exchange(&app, "api", access_token(&tokens), &[]).await.expect_error(400, "invalid_request");
    }

    /// RFC 8693 §2.2.2, RFC 8725 §2.8: nothing but a live access token of this tenant's for this client.
    async fn what_is_no_subject_token(app: TestApp) {
        let world = World::delegating(&app).await;
        let tokens = world.tokens(&app, SCOPE, &[API, BACK]).await;
        let other = World::of(&app, app.tenant_with("other", TenantSettings::default()).await).await;
        let foreign = other.tokens(&app, SCOPE, &[API, BACK]).await;
        let code = world.acme.code(&app, &mut Browser::default(), "app").await;
        let not_for_api = world.tokens(&app, "openid vault:open", &[VAULT]).await;
        let revoked = world.tokens(&app, SCOPE, &[API]).await;
        let form = [("token", access_token(&revoked))];
        app.post_as(("web", &world.acme.secret), &world.acme.path("/revoke"), &form).await;
        for (name, token) in [
            ("an ID token", tokens["id_token"].as_str().unwrap()),
            ("a refresh token", tokens["refresh_token"].as_str().unwrap()),
            ("a code", &code),
            ("a client secret", &world.secrets[0]),
            ("another tenant's", access_token(&foreign)),
            ("for another resource", access_token(&not_for_api)),
            ("revoked", access_token(&revoked)),
            ("no token", "x"),
            ("no handle", "gat_x"),
        ] {
            for type_ in [ACCESS_TOKEN, JWT] {
                let form = [("grant_type", GRANT_TYPE), ("subject_token", token), ("subject_token_type", type_)];
                let answer = app.post_as(("api", &world.secrets[0]), &world.acme.path("/token"), &form).await;
                answer.expect_error(400, "invalid_request");
                assert!(!answer.body.contains(token) || token == "x", "{name}");
            }
        }
        for name in ["id_token", "refresh_token", "saml2"] {
            let type_ = format!("urn:ietf:params:oauth:token-type:{name}");
            let form = [("grant_type", GRANT_TYPE), ("subject_token", access_token(&tokens)), ("subject_token_type", &type_)];
            let answer = app.post_as(("api", &world.secrets[0]), &world.acme.path("/token"), &form).await;
            answer.expect_error(400, "invalid_request");
        }
        // None of it harmed the tokens that were shown.
        assert_eq!(world.introspect(&app, "api", access_token(&tokens)).await["active"], true);
        assert_eq!(world.acme.redeem(&app, &code).await.status, 200);
    }

    /// RFC 9449 §5, §7.1: whoever has a bound token and not its key makes no other token of it.
    async fn a_bound_subject_token(app: TestApp) {
        let world = World::delegating(&app).await;
        let method = AuthenticationMethod::ClientSecretPost;
        world
            .acme
            .change_client(&app, "api", |client| client.metadata.token_endpoint_auth_method = method)
            .await;
        let (holder, thief) = (Holder::new(&app, &world.acme).await, Holder::new(&app, &world.acme).await);
        let (secret, path) = (world.secrets[0].as_str(), world.acme.path("/token"));
        let api = [("client_id", "api"), ("client_secret", secret)];
        let form = [&api[..], &[("grant_type", "client_credentials"), ("resource", BACK)]].concat();
        let bound = app.post_with_proofs(&[&holder.proof(&world.acme)], &path, &form).await.json();
        assert_eq!(bound["token_type"], "DPoP");

        let subject = [("subject_token", access_token(&bound)), ("subject_token_type", ACCESS_TOKEN)];
        let form = [&api[..], &subject, &[("grant_type", GRANT_TYPE)]].concat();
        app.post(&path, &form).await.expect_error(400, "invalid_request");
        let stolen = app.post_with_proofs(&[&thief.proof(&world.acme)], &path, &form).await;
        stolen.expect_error(400, "invalid_request");
        let exchanged = app.post_with_proofs(&[&holder.proof(&world.acme)], &path, &form).await.json();
        assert_eq!(exchanged["token_type"], "DPoP");
        assert_eq!(claims(&exchanged)["cnf"], claims(&bound)["cnf"]);
    }

    /// A right that an administrator gives, to clients that authenticate.
    async fn who_may_exchange(app: TestApp) {
        let world = World::new(&app).await;
        let tokens = world.tokens(&app, SCOPE, &[API, BACK]).await;
        world.exchange(&app, "api", access_token(&tokens), &[]).await.expect_error(400, "unauthorized_client");
        for client_id in ["api", "app", "vault"] {
            world.allow(&app, client_id, true, true).await;
        }
        let form = [
            ("grant_type", GRANT_TYPE),
            ("client_id", "app"),
            ("subject_token", access_token(&tokens)),
            ("subject_token_type", ACCESS_TOKEN),
        ];
        app.post(&world.acme.path("/token"), &form).await.expect_error(400, "unauthorized_client");
        app.post(&world.acme.path("/token"), &[("grant_type", GRANT_TYPE)]).await.expect_error(401, "invalid_client");
        world.exchange(&app, "vault", access_token(&tokens), &[]).await.expect_error(400, "invalid_request");
        assert_eq!(world.exchange(&app, "api", access_token(&tokens), &[]).await.status, 200);
        world
            .acme
            .change_client(&app, "api", |client| client.metadata.grant_types.retain(|held| held.as_str() != GRANT_TYPE))
            .await;
        world.exchange(&app, "api", access_token(&tokens), &[]).await.expect_error(400, "unauthorized_client");

        let admin = app.platform("platform-admin").await;
        let document = json!({ "token_endpoint_auth_method": "none", "grant_types": [GRANT_TYPE] });
        admin.put("/tenants/acme/clients/public", &document).await.expect_invalid(&["/grant_types"]);
    }

    /// RFC 8693 §2.1, §5: nobody gets more than was given, and chains end.
    async fn never_more(app: TestApp) {
        let world = World::delegating(&app).await;
        let tokens = world.tokens(&app, "notes:read back:read", &[API, BACK]).await;
        let ask = async |more: &[(&str, &str)]| world.exchange(&app, "api", access_token(&tokens), more).await;
        for scope in ["notes:write", "openid", "notes:read email", "offline_access", "\""] {
            ask(&[("scope", scope)]).await.expect_error(400, "invalid_scope");
        }
        for target in [VAULT, "https://unknown.example", "https://id.example/admin/v1", &world.acme.tenant.issuer] {
            for name in ["resource", "audience"] {
                ask(&[(name, target)]).await.expect_error(400, "invalid_target");
                ask(&[("resource", BACK), (name, target)]).await.expect_error(400, "invalid_target");
            }
        }
        for (name, value) in [
            ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("actor_token", "x"),
            ("actor_token_type", ACCESS_TOKEN),
            ("subject_token", "x"),
        ] {
            ask(&[(name, value)]).await.expect_error(400, "invalid_request");
        }
        let mut token = access_token(&tokens).to_owned();
        for _ in 0..5 {
            token = access_token(&world.exchange(&app, "api", &token, &[]).await.json()).to_owned();
        }
        world.exchange(&app, "api", &token, &[]).await.expect_error(400, "invalid_request");
        // Without openid no step leads to the person's claims.
        world.acme.userinfo(&app, &token).await.expect_error(401, "invalid_token");
    }
}
