//! The admin API with a service account, as automation uses it.

use crate::{
    client::{Answer, Client, basic, bearer},
    server::Installation,
};
use anyhow::{Context, ensure};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use url::form_urlencoded;

/// The password of every user that [`Admin::create_user`] makes.
pub const USER_PASSWORD: &str = "seven ships sail at dawn";

#[derive(Clone, Debug)]
pub struct Admin {
    base: String,
    /// The service account, for those who look for its secret where it must not be.
    pub client_secret: String,
    pub access_token: String,
}

impl Admin {
    /// Makes a service account on the command line and gets its access token.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn of(installation: &Installation) -> anyhow::Result<Self> {
        let printed =
            installation.run(&["admin", "create-service-account", "--name", "e2e", "--output", "json"])?;
        let account: Value = serde_json::from_str(&printed).with_context(|| printed.clone())?;
        let part = |name: &str| account[name].as_str().with_context(|| format!("no {name} in {printed}"));
        let (client_id, client_secret) = (part("client_id")?, part("client_secret")?);

        let endpoint = format!("{}/token", installation.issuer("system"));
        let credentials = [(header::AUTHORIZATION, basic(client_id, client_secret))];
        let credentials = credentials.each_ref().map(|(name, value)| (name.clone(), value.as_str()));
        let answer = Client.form(&endpoint, &credentials, &[("grant_type", "client_credentials")]).await?;
        let token = answer.expect(StatusCode::OK)?;
        Ok(Self {
            base: format!("{}/admin/v1", installation.public_url),
            client_secret: client_secret.to_owned(),
            access_token: token["access_token"].as_str().context("no access_token")?.to_owned(),
        })
    }

    /// # Errors
    /// When it is refused.
    pub async fn create_tenant(&self, slug: &str, settings: Value) -> anyhow::Result<Value> {
        let mut tenant = json!({ "slug": slug, "name": "Acme Works" });
        if !settings.is_null() {
            tenant["settings"] = settings;
        }
        self.call(Method::POST, "tenants", &tenant).await?.expect(StatusCode::CREATED)
    }

    /// Creates or replaces a client and gives what the API says of it.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn put_client(&self, tenant: &str, client_id: &str, metadata: Value) -> anyhow::Result<Value> {
        let encoded: String = form_urlencoded::byte_serialize(client_id.as_bytes()).collect();
        // In a path a plus is a plus.
        let path = format!("tenants/{tenant}/clients/{}", encoded.replace('+', "%20"));
        let answer = self.call(Method::PUT, &path, &metadata).await?;
        ensure!(answer.status().is_success(), "PUT {path}: {} {}", answer.status(), answer.text());
        answer.json()
    }

    /// Creates or replaces a protected resource with one scope of its own.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn put_resource(
        &self,
        tenant: &str,
        identifier: &str,
        (scope, description): (&str, &str),
    ) -> anyhow::Result<()> {
        let encoded: String = form_urlencoded::byte_serialize(identifier.as_bytes()).collect();
        let path = format!("tenants/{tenant}/resources/{encoded}");
        let scopes = json!([{ "name": scope, "description": description }]);
        let answer = self.call(Method::PUT, &path, &json!({ "name": "Notes", "scopes": scopes })).await?;
        ensure!(answer.status().is_success(), "PUT {path}: {} {}", answer.status(), answer.text());
        Ok(())
    }

    /// Creates a client that authenticates with a secret, and gives the secret.
    ///
    /// # Errors
    /// When it is refused or there is no secret.
    pub async fn create_confidential_client(
        &self,
        tenant: &str,
        client_id: &str,
        metadata: Value,
    ) -> anyhow::Result<String> {
        let client = self.put_client(tenant, client_id, metadata).await?;
        Ok(client["client_secret"]
            .as_str()
            .with_context(|| format!("no client_secret: {client}"))?
            .to_owned())
    }

    /// Creates a user whose password is [`USER_PASSWORD`].
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create_user(&self, tenant: &str, username: &str, name: &str) -> anyhow::Result<Value> {
        let user = json!({
            "username": username,
            "email": format!("{username}@example.com"),
            "email_verified": true,
            "password": USER_PASSWORD,
            "profile": { "name": name },
        });
        self.call(Method::POST, &format!("tenants/{tenant}/users"), &user).await?.expect(StatusCode::CREATED)
    }

    /// Any request with the service account's access token.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn call(&self, method: Method, path: &str, document: &Value) -> anyhow::Result<Answer> {
        let (url, authorization) = (format!("{}/{path}", self.base), bearer(&self.access_token));
        Client.json(method, &url, &[(header::AUTHORIZATION, &authorization)], document).await
    }
}
