//! An application built on the `oauth2` crate: OAuth without OpenID Connect, its secret in the form.

use crate::acme::{Acme, http, sign_in_and_allow};
use anyhow::{Context, ensure};
use grantor_e2e::{Browser, Client, Database, Landing};
use http::StatusCode;
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, IntrospectionUrl, PkceCodeChallenge, RedirectUrl, Scope, TokenIntrospectionResponse,
    TokenResponse, TokenUrl, basic::BasicClient,
};
use serde_json::{Value, json};

on_both_databases!(confidential_client_with_its_secret_in_the_form);

type Application = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointNotSet, EndpointSet>;

async fn confidential_client_with_its_secret_in_the_form(database: Database) -> anyhow::Result<()> {
    let acme = Acme::start(database).await?;
    let landing = Landing::start().await?;
    let metadata = json!({
        "client_name": "Back Office",
        "redirect_uris": [landing.redirect_uri()],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": "client_secret_post",
        "scope": "profile offline_access",
    });
    let secret = acme.admin.create_confidential_client("acme", "back-office", metadata).await?;
    let application = configure(&acme, &landing, "back-office", &secret).await?;

    let own = application.exchange_client_credentials().request_async(&http).await?;
    ensure!(own.refresh_token().is_none(), "client_credentials gives no refresh token (RFC 6749 §4.4.3)");
    let about = application.introspect(own.access_token()).request_async(&http).await?;
    ensure!(about.active() && about.client_id().map(|id| id.as_str()) == Some("back-office"));

    let (access_token, refresh_token) = authorize(&application, &landing).await?;
    let about = application.introspect(&access_token).request_async(&http).await?;
    ensure!(about.active() && about.sub().is_some(), "{about:?}");
    ensure!(about.scopes().is_some_and(|scopes| scopes.iter().any(|scope| scope.as_str() == "profile")));
    let refresh_token = AccessToken::new(refresh_token);
    ensure!(application.introspect(&refresh_token).request_async(&http).await?.active());

    revoke(&acme, &secret, refresh_token.secret()).await?;
    ensure!(!application.introspect(&refresh_token).request_async(&http).await?.active());
    ensure!(
        !application.introspect(&access_token).request_async(&http).await?.active(),
        "the access token's grant is revoked"
    );
    Ok(())
}

async fn configure(
    acme: &Acme,
    landing: &Landing,
    client_id: &str,
    secret: &str,
) -> anyhow::Result<Application> {
    let metadata = Client.get(&format!("{}/.well-known/oauth-authorization-server", acme.issuer)).await?;
    let metadata: Value = metadata.expect(StatusCode::OK)?;
    let endpoint =
        |name: &str| metadata[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
    Ok(BasicClient::new(ClientId::new(client_id.to_owned()))
        .set_client_secret(ClientSecret::new(secret.to_owned()))
        .set_auth_type(AuthType::RequestBody)
        .set_auth_uri(AuthUrl::new(endpoint("authorization_endpoint")?)?)
        .set_token_uri(TokenUrl::new(endpoint("token_endpoint")?)?)
        .set_introspection_url(IntrospectionUrl::new(endpoint("introspection_endpoint")?)?)
        .set_redirect_uri(RedirectUrl::new(landing.redirect_uri().to_owned())?))
}

/// A person's access token and refresh token.
async fn authorize(application: &Application, landing: &Landing) -> anyhow::Result<(AccessToken, String)> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = application
        .authorize_url(CsrfToken::new_random)
        .add_scopes(["profile", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let browser = Browser::start().await?;
    sign_in_and_allow(&browser, url.as_str()).await?;
    let landed = landing.next().await?;
    browser.driver.quit().await?;
    ensure!(landed.require("state")? == state.secret());
    let code = AuthorizationCode::new(landed.require("code")?.to_owned());
    let tokens = application.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await?;
    let refresh_token = tokens.refresh_token().context("no refresh_token")?.secret().clone();
    Ok((tokens.access_token().clone(), refresh_token))
}

/// By hand: the library revokes over https only.
async fn revoke(acme: &Acme, secret: &str, token: &str) -> anyhow::Result<()> {
    let fields = [("token", token), ("client_id", "back-office"), ("client_secret", secret)];
    let answer = Client.form(&format!("{}/revoke", acme.issuer), &[], &fields).await?;
    ensure!(answer.status() == StatusCode::OK, "{} {}", answer.status(), answer.text());
    Ok(())
}
