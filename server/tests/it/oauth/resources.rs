//! Protected resources: whom tokens are for, and what they then carry (RFC 8707).

use grantor_protocol::model::{
    AccessTokenFormat, AuthenticationMethod, ClientOrigin, GrantType, ProtectedResource, ResourceSettings,
    ScopeDescription,
};
use grantor_protocol::{Scope, SecretHash};
use grantor_store::ChangeKind;
use serde_json::{Value, json};

use crate::on_both;
use crate::support::{Answer, Browser, TestApp, TestTenant};

/// Takes JWTs and understands `notes:read` and `notes:write`.
pub const API: &str = "https://api.example";
/// Takes JWTs and understands `back:read`.
pub const BACK: &str = "https://back.example";
/// Takes opaque tokens and understands `vault:open`.
pub const VAULT: &str = "https://vault.example";
const ADMIN_API: &str = "https://id.example/admin/v1";

/// The tenant `acme` with three protected resources, and clients that may name them all.
pub struct World {
    pub acme: TestTenant,
    /// The secret of every resource server: `api`, `back`, `vault`.
    pub secrets: [String; 3],
}

impl World {
    pub async fn new(app: &TestApp) -> Self {
        Self::of(app, app.acme().await).await
    }

    pub async fn of(app: &TestApp, mut acme: TestTenant) -> Self {
        for (identifier, scopes, access_token_format) in [
            (API, &["notes:read", "notes:write"][..], AccessTokenFormat::Jwt),
            (BACK, &["back:read"], AccessTokenFormat::Jwt),
            (VAULT, &["vault:open"], AccessTokenFormat::Opaque),
        ] {
            let scope = |name: &&str| ScopeDescription {
                name: (*name).to_owned(),
                description: format!("do what {name} allows"),
            };
            let resource = ProtectedResource {
                tenant_id: acme.tenant.id,
                identifier: identifier.to_owned(),
                settings: ResourceSettings {
                    name: format!("Named {}", &identifier[8..]),
                    scopes: scopes.iter().map(scope).collect(),
                    access_token_format,
                },
                version: 1,
                created_at: acme.tenant.created_at,
                updated_at: acme.tenant.created_at,
            };
            let store = app.app.store.tenant(acme.tenant.id);
            store.create_protected_resource(&resource, vec![]).await.unwrap();
        }
        acme.changed(app, ChangeKind::Tenant);
        let mut secrets = vec![];
        for client_id in ["api", "back", "vault"] {
            secrets
                .push(acme.add_secret_client(app, client_id, AuthenticationMethod::ClientSecretBasic).await);
        }
        let world = Self { acme, secrets: secrets.try_into().unwrap() };
        for client_id in ["web", "app"] {
            world.may_name(app, client_id, &[API, BACK, VAULT]).await;
        }
        world.may_name(app, "api", &[API, BACK]).await;
        world.may_name(app, "back", &[BACK, VAULT]).await;
        world.may_name(app, "vault", &[VAULT]).await;
        world
    }

    async fn may_name(&self, app: &TestApp, client_id: &str, resources: &[&str]) {
        let scope = "openid profile email notes:read notes:write back:read vault:open";
        self.acme
            .change_client(app, client_id, |client| {
                client.metadata.resources = resources.iter().copied().map(str::to_owned).collect();
                client.metadata.scope = Scope::parse(scope).unwrap();
                client.metadata.grant_types.push(GrantType::TokenExchange);
            })
            .await;
    }

    fn request<'a>(
        &self,
        client_id: &'static str,
        scope: &'a str,
        resources: &[&'a str],
    ) -> Vec<(&'a str, &'a str)> {
        let mut request: Vec<(&str, &str)> = self.acme.authorization(client_id);
        request.retain(|(name, _)| *name != "scope");
        request.push(("scope", scope));
        request.extend(resources.iter().map(|resource| ("resource", *resource)));
        request
    }

    /// What the authorization endpoint answers in the end.
    async fn authorized(&self, app: &TestApp, scope: &str, resources: &[&str]) -> Answer {
        let request = self.request("web", scope, resources);
        self.acme.authorized(app, &mut Browser::default(), &request).await
    }

    /// A token request of the confidential client.
    pub async fn token(&self, app: &TestApp, form: &[(&str, &str)]) -> Answer {
        app.post_as(("web", &self.acme.secret), &self.acme.path("/token"), form).await
    }

    /// Tokens of the confidential client for these resources.
    pub async fn tokens(&self, app: &TestApp, scope: &str, resources: &[&str]) -> Value {
        let answer = self.authorized(app, scope, resources).await;
        let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:?}"));
        let answer = self.token(app, &self.acme.redemption("web", &code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn refresh(&self, app: &TestApp, tokens: &Value, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ];
        form.extend(more);
        self.token(app, &form).await
    }

    /// What a client is told of a token.
    pub async fn introspect(&self, app: &TestApp, client_id: &str, token: &str) -> Value {
        let position = ["api", "back", "vault"].iter().position(|held| *held == client_id);
        let secret = position.map_or(&self.acme.secret, |position| &self.secrets[position]);
        let form = [("token", token), ("token_type_hint", "refresh_token")];
        let answer = app.post_as((client_id, secret), &self.acme.path("/introspect"), &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }
}

pub fn access_token(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"))
}

pub fn claims(tokens: &Value) -> Value {
    grantor_jose::unverified_claims(access_token(tokens)).unwrap()
}

on_both! {
    /// RFC 8707 §2.2: every token for a part of what was granted, with the scopes of that part.
    async fn a_token_for_a_part(app: TestApp) {
        let world = World::new(&app).await;
        let issuer = world.acme.tenant.issuer.as_str();
        let scope = "openid notes:read back:read";
        let tokens = world.tokens(&app, scope, &[API, BACK]).await;
        assert_eq!(claims(&tokens)["aud"], json!([API, BACK, issuer]));
        assert_eq!(tokens["scope"], scope);

        let answer = world.authorized(&app, scope, &[API, BACK]).await;
        let code = answer.location_parameter("code").unwrap();
        let mut form = world.acme.redemption("web", &code);
        form.push(("resource", API));
        let narrow = world.token(&app, &form).await.json();
        assert_eq!(claims(&narrow)["aud"], json!([API, issuer]));
        assert_eq!((&narrow["scope"], &claims(&narrow)["scope"]), (&json!("openid notes:read"), &json!("openid notes:read")));

        // The refresh token is for all of it, whatever the first access token was for.
        for (resources, expected, aud) in [
            (&[("resource", BACK)][..], "openid back:read", json!([BACK, issuer])),
            (&[("resource", BACK), ("resource", API), ("resource", BACK)], scope, json!([BACK, API, issuer])),
            (&[], scope, json!([API, BACK, issuer])),
            (&[("resource", API), ("scope", "notes:read")], "notes:read", json!(API)),
        ] {
            let refreshed = world.refresh(&app, &narrow, resources).await.json();
            assert_eq!((&refreshed["scope"], &claims(&refreshed)["aud"]), (&json!(expected), &aud));
        }
        for resource in [VAULT, "https://unknown.example", ADMIN_API, issuer] {
            let refused = world.refresh(&app, &narrow, &[("resource", resource)]).await;
            refused.expect_error(400, "invalid_target");
        }
    }

    /// RFC 8707 §2: what is not known, or not this client's, is `invalid_target`.
    async fn unknown_targets(app: TestApp) {
        let world = World::new(&app).await;
        let mut browser = Browser::default();
        for resource in
            ["https://unknown.example", "https://api.example/", "HTTPS://api.example", ADMIN_API, "x", API.trim_end_matches('e')]
        {
            for resources in [&[resource][..], &[API, resource]] {
                let request = world.request("web", "openid", resources);
                let answer = browser.get(&app, &world.acme.authorize(&request)).await;
                answer.expect_redirected_error("invalid_target");
            }
            let form = [("grant_type", "client_credentials"), ("resource", resource)];
            world.token(&app, &form).await.expect_error(400, "invalid_target");
        }
        // A code is no way to more than was asked for.
        let code = world.authorized(&app, "notes:read", &[API]).await.location_parameter("code").unwrap();
        let mut form = world.acme.redemption("web", &code);
        form.push(("resource", BACK));
        world.token(&app, &form).await.expect_error(400, "invalid_target");
    }

    /// A resource that is gone gets no tokens any more, and those of the grant that are left do.
    async fn a_resource_that_is_deleted(app: TestApp) {
        let world = World::new(&app).await;
        let both = world.tokens(&app, "notes:read back:read", &[API, BACK]).await;
        let one = world.tokens(&app, "notes:read", &[API]).await;
        let store = app.app.store.tenant(world.acme.tenant.id);
        store.delete_protected_resource(API, None, vec![]).await.unwrap();
        world.acme.changed(&app, ChangeKind::Tenant);
        assert_eq!(claims(&world.refresh(&app, &both, &[]).await.json())["aud"], BACK);
        world.refresh(&app, &one, &[]).await.expect_error(400, "invalid_target");
        world.refresh(&app, &both, &[("resource", API)]).await.expect_error(400, "invalid_target");
        // Nor may a client go on with what an administrator took from it.
        world.acme.change_client(&app, "web", |client| client.metadata.resources.clear()).await;
        world.refresh(&app, &both, &[]).await.expect_error(400, "invalid_target");
    }

    /// A client that registered itself may name what the tenant's policy lets such clients name.
    async fn clients_that_made_themselves(app: TestApp) {
        let world = World::new(&app).await;
        world
            .acme
            .change_client(&app, "app", |client| {
                let hash = SecretHash::from_bytes([1; 32]);
                client.origin =
                    ClientOrigin::Registration { token: Some(hash), fingerprint: Some(hash), bounds: None, software_statement: None };
                client.metadata.resources = vec![ADMIN_API.to_owned()];
            })
            .await;
        let error = async |resource: &str| {
            let request = world.request("app", "openid", &[resource]);
            let answer = app.get(&world.acme.authorize(&request)).await;
            answer.location_parameter("error")
        };
        assert_eq!((error(API).await, error(BACK).await), (None, None));
        assert_eq!(error(ADMIN_API).await.as_deref(), Some("invalid_target"));
        world
            .acme
            .change_tenant(&app, |tenant| tenant.settings.registration.resources = Some(vec![BACK.to_owned(), ADMIN_API.to_owned()]))
            .await;
        assert_eq!(error(BACK).await, None);
        for resource in [API, ADMIN_API] {
            assert_eq!(error(resource).await.as_deref(), Some("invalid_target"));
        }
    }

    /// People read the resource's name and address, and its scopes in its own words.
    async fn what_people_are_asked(app: TestApp) {
        let world = World::new(&app).await;
        let mut browser = Browser::default();
        let request = world.request("web", "openid notes:read", &[API]);
        let begun = browser.get(&app, &world.acme.authorize(&request)).await;
        let page = browser.follow(&app, &begun).await;
        let signed_in = world.acme.sign_in(&app, &mut browser, &page).await;
        let consent = browser.follow(&app, &signed_in).await;
        for text in ["Named api.example (https://api.example)", "do what notes:read allows"] {
            assert!(consent.body.contains(text), "{text} in {}", consent.body);
        }
        assert!(!consent.body.contains("back.example"));
    }

    /// A change to a resource counts at once.
    async fn a_resource_that_changes(app: TestApp) {
        let world = World::new(&app).await;
        let admin = app.platform("platform-admin").await;
        let path = "/tenants/acme/resources/https%3A%2F%2Fapi.example";
        assert!(access_token(&world.tokens(&app, "notes:read", &[API]).await).contains('.'));
        assert_eq!(admin.patch(path, &json!({ "access_token_format": "opaque" })).await.status, 200);
        assert!(access_token(&world.tokens(&app, "notes:read", &[API]).await).starts_with("gat_"));
        let metadata = app.get(&world.acme.path("/.well-known/openid-configuration")).await.json();
        assert!(metadata["scopes_supported"].as_array().unwrap().contains(&json!("notes:read")));
        assert_eq!(admin.delete(path).await.status, 204);
        let metadata = app.get(&world.acme.path("/.well-known/openid-configuration")).await.json();
        assert!(!metadata["scopes_supported"].as_array().unwrap().contains(&json!("notes:read")));
    }
}
