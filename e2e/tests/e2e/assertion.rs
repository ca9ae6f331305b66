//! private_key_jwt (RFC 7523) and the verification of access tokens (RFC 9068), both with the `jsonwebtoken` crate.

use crate::acme::Acme;
use anyhow::{Context, ensure};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use grantor_e2e::{Answer, Client, Database};
use http::StatusCode;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    get_current_timestamp,
    jwk::{Jwk, JwkSet},
};
use oauth2::CsrfToken;
use serde_json::{Value, json};

on_both_databases!(client_proves_itself_with_a_signed_assertion);

const CLIENT_ID: &str = "nightly-report";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn client_proves_itself_with_a_signed_assertion(database: Database) -> anyhow::Result<()> {
    let acme = Acme::start(database).await?;
    let (own, foreign) = (key()?, key()?);
    let metadata = json!({
        "client_name": "Nightly report",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": "profile",
        "jwks": { "keys": [Jwk::from_encoding_key(&own, Algorithm::ES256)?] },
    });
    let client = acme.admin.put_client("acme", CLIENT_ID, metadata).await?;
    ensure!(client["client_secret"].is_null(), "{client}");

    for audience in [acme.issuer.clone(), format!("{}/token", acme.issuer)] {
        let token = present(&acme, &assertion(&own, &claims(&audience))?).await?.expect(StatusCode::OK)?;
        verify_access_token(&acme, token["access_token"].as_str().context("no access_token")?).await?;
    }

    let good = claims(&acme.issuer);
    let mut expired = good.clone();
    expired["exp"] = json!(get_current_timestamp() - 600);
    let mut unnamed = good.clone();
    unnamed["iss"] = json!("somebody-else");
    let spent = assertion(&own, &claims(&acme.issuer))?;
    present(&acme, &spent).await?.expect(StatusCode::OK)?;
    let system = claims(&acme.installation.issuer("system"));
    for (why, assertion) in [
        ("used twice", spent),
        ("another key", assertion(&foreign, &good)?),
        ("expired", assertion(&own, &expired)?),
        ("for another tenant", assertion(&own, &system)?),
        ("of another issuer", assertion(&own, &unnamed)?),
    ] {
        let refused = present(&acme, &assertion).await?.expect(StatusCode::UNAUTHORIZED).context(why)?;
        ensure!(refused["error"] == "invalid_client", "{why}: {refused}");
    }
    Ok(())
}

fn key() -> anyhow::Result<EncodingKey> {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
    Ok(EncodingKey::from_ec_der(pkcs8.as_ref()))
}

fn claims(audience: &str) -> Value {
    json!({
        "iss": CLIENT_ID,
        "sub": CLIENT_ID,
        "aud": audience,
        "exp": get_current_timestamp() + 60,
        "iat": get_current_timestamp(),
        "jti": CsrfToken::new_random().secret(),
    })
}

fn assertion(key: &EncodingKey, claims: &Value) -> anyhow::Result<String> {
    Ok(encode(&Header::new(Algorithm::ES256), claims, key)?)
}

async fn present(acme: &Acme, assertion: &str) -> anyhow::Result<Answer> {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    acme.token(&fields).await
}

/// As a resource server does it, with nothing but the issuer's address.
async fn verify_access_token(acme: &Acme, token: &str) -> anyhow::Result<()> {
    let keys = Client.get(&format!("{}/jwks", acme.issuer)).await?.expect(StatusCode::OK)?;
    let keys: JwkSet = serde_json::from_value(keys)?;
    let header = decode_header(token)?;
    ensure!(header.typ.as_deref() == Some("at+jwt"), "{header:?}");
    let key = header.kid.as_deref().and_then(|id| keys.find(id)).context("the key is not in the JWKS")?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[&acme.issuer]);
    validation.validate_aud = false;
    let claims = decode::<Value>(token, &DecodingKey::from_jwk(key)?, &validation)?.claims;
    ensure!(claims["client_id"] == CLIENT_ID && claims["sub"] == CLIENT_ID, "{claims}");
    ensure!(
        claims["scope"] == "profile" && claims["jti"].is_string() && !claims["aud"].is_null(),
        "{claims}"
    );
    Ok(())
}
