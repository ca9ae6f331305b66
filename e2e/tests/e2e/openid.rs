//! A relying party built on the `openidconnect` crate, and a person in a real browser, all over TLS: the library
//! revokes in no other way.

use crate::acme::{Acme, USER_NAME, USERNAME, http, public_client, sign_in_and_allow};
use anyhow::{Context, bail, ensure};
use grantor_e2e::{Browser, Database, Landing};
use oauth2::{
    EndpointMaybeSet, EndpointNotSet, EndpointSet, RequestTokenError, basic::BasicErrorResponseType,
};
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, ProviderMetadata, RedirectUrl, RefreshToken,
    RevocationUrl, Scope, TokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
        CoreClientAuthMethod, CoreGrantType, CoreIdTokenClaims, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;

on_both_databases!(
    public_client_signs_in_refreshes_and_revokes,
    confidential_client_signs_in_refreshes_and_revokes
);

/// What the library does not read from metadata by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Revocation {
    revocation_endpoint: String,
}

impl AdditionalProviderMetadata for Revocation {}

type Provider = ProviderMetadata<
    Revocation,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type RelyingParty =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointMaybeSet, EndpointMaybeSet>;

async fn public_client_signs_in_refreshes_and_revokes(database: Database) -> anyhow::Result<()> {
    let acme = Acme::start_with_tls(database).await?;
    let landing = Landing::start().await?;
    acme.create_public_client("planner", landing.redirect_uri()).await?;
    let client = discover(&acme, &landing, "planner", None).await?;
    let signed_in = sign_in(&acme, &client, &landing).await?;

    let first = signed_in.refresh_token().context("no refresh_token")?;
    let second = refresh(&client, first).await?.refresh_token().context("no refresh_token")?.clone();
    ensure!(second.secret() != first.secret(), "a public client's refresh token must be replaced");
    let again = refresh(&client, first).await?;
    let again = again.refresh_token().context("no refresh_token")?.secret();
    ensure!(again == second.secret(), "a retry must get the same successor");

    revoke(&client, second).await
}

async fn confidential_client_signs_in_refreshes_and_revokes(database: Database) -> anyhow::Result<()> {
    let acme = Acme::start_with_tls(database).await?;
    let landing = Landing::start().await?;
    let mut metadata = public_client(landing.redirect_uri());
    metadata["token_endpoint_auth_method"] = json!("client_secret_basic");
    let secret = acme.admin.create_confidential_client("acme", "web shop", metadata).await?;
    let client = discover(&acme, &landing, "web shop", Some(&secret)).await?;
    let signed_in = sign_in(&acme, &client, &landing).await?;

    let held = signed_in.refresh_token().context("no refresh_token")?.clone();
    let refreshed = refresh(&client, &held).await?;
    let next = refreshed.refresh_token().unwrap_or(&held);
    ensure!(next.secret() == held.secret(), "a confidential client's refresh token stays");

    let wrong = discover(&acme, &landing, "web shop", Some("gcs_wrong")).await?;
    ensure!(refusal(&wrong, &held).await? == BasicErrorResponseType::InvalidClient);
    revoke(&client, held).await
}

async fn discover(
    acme: &Acme,
    landing: &Landing,
    client_id: &str,
    secret: Option<&str>,
) -> anyhow::Result<RelyingParty> {
    let provider = Provider::discover_async(IssuerUrl::new(acme.issuer.clone())?, &http).await?;
    let revocation = provider.additional_metadata().revocation_endpoint.clone();
    let secret = secret.map(|secret| ClientSecret::new(secret.to_owned()));
    let client = CoreClient::from_provider_metadata(provider, ClientId::new(client_id.to_owned()), secret)
        .set_redirect_uri(RedirectUrl::new(landing.redirect_uri().to_owned())?)
        .set_revocation_url(RevocationUrl::new(revocation)?);
    Ok(client)
}

/// From the authorization request to claims that the library has verified.
async fn sign_in(acme: &Acme, client: &RelyingParty, landing: &Landing) -> anyhow::Result<CoreTokenResponse> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let scopes = ["profile", "email", "offline_access"].map(|scope| Scope::new(scope.to_owned()));
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(scopes)
        .set_pkce_challenge(challenge)
        .url();

    let browser = Browser::start().await?;
    sign_in_and_allow(&browser, url.as_str()).await?;
    let landed = landing.next().await?;
    browser.driver.quit().await?;
    ensure!(landed.require("state")? == state.secret());
    ensure!(landed.require("iss")? == acme.issuer, "iss must be the issuer (RFC 9207)");

    let code = AuthorizationCode::new(landed.require("code")?.to_owned());
    let tokens = client.exchange_code(code)?.set_pkce_verifier(verifier).request_async(&http).await?;
    let claims = verified_claims(client, &tokens, &nonce)?;
    ensure!(claims.preferred_username().is_none_or(|name| name.as_str() == USERNAME));

    let userinfo = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?;
    let userinfo: CoreUserInfoClaims = userinfo.request_async(&http).await?;
    let name = userinfo.name().and_then(|name| name.get(None)).context("no name")?;
    ensure!(name.as_str() == USER_NAME);
    ensure!(userinfo.email().is_some_and(|email| email.as_str() == "ada@example.com"));
    ensure!(userinfo.email_verified() == Some(true));
    Ok(tokens)
}

/// The ID token's claims: the library checks signature, issuer, audience, expiry and nonce.
fn verified_claims(
    client: &RelyingParty,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
) -> anyhow::Result<CoreIdTokenClaims> {
    let id_token = tokens.id_token().context("no id_token")?;
    let verifier = client.id_token_verifier();
    let claims = id_token.claims(&verifier, nonce)?;
    let algorithm = id_token.signing_alg()?;
    ensure!(
        *algorithm == CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        "the default is RS256, not {algorithm:?}"
    );
    if let Some(expected) = claims.access_token_hash() {
        let key = id_token.signing_key(&verifier)?;
        ensure!(AccessTokenHash::from_token(tokens.access_token(), algorithm, key)? == *expected);
    }
    Ok(claims.clone())
}

async fn refresh(client: &RelyingParty, token: &RefreshToken) -> anyhow::Result<CoreTokenResponse> {
    let refreshed = client.exchange_refresh_token(token)?.request_async(&http).await?;
    if let Some(id_token) = refreshed.id_token() {
        let without_nonce = |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |nonce| Err(format!("{nonce:?}")));
        id_token.claims(&client.id_token_verifier(), without_nonce)?;
    }
    Ok(refreshed)
}

/// Revokes, after which nothing can be refreshed.
async fn revoke(client: &RelyingParty, token: RefreshToken) -> anyhow::Result<()> {
    client.revoke_token(token.clone().into())?.request_async(&http).await?;
    ensure!(refusal(client, &token).await? == BasicErrorResponseType::InvalidGrant);
    // Revoking what is revoked is no error (RFC 7009 §2.2).
    Ok(client.revoke_token(token.into())?.request_async(&http).await?)
}

/// The error that a refresh ends with.
async fn refusal(client: &RelyingParty, token: &RefreshToken) -> anyhow::Result<BasicErrorResponseType> {
    match client.exchange_refresh_token(token)?.request_async(&http).await {
        Err(RequestTokenError::ServerResponse(response)) => Ok(response.error().clone()),
        Err(error) => Err(error.into()),
        Ok(_) => bail!("the refresh token still works"),
    }
}
