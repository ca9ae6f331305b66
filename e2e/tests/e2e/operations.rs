//! What an operator sees: health, metrics and logs.

use crate::acme::{Acme, CODE_VERIFIER, USERNAME, person, public_client};
use anyhow::{Context, ensure};
use grantor_e2e::{
    Client, Database, Installation, Person,
    admin::USER_PASSWORD,
    client::{basic, bearer},
    server::ADMIN_PASSWORD,
};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

on_both_databases!(health_and_metrics_have_a_listener_of_their_own, logs_hold_no_secret);

const REDIRECT_URI: &str = "http://127.0.0.1/callback";

async fn health_and_metrics_have_a_listener_of_their_own(database: Database) -> anyhow::Result<()> {
    let (installation, _server) = Installation::running(database).await?;
    Client.get(&format!("{}/.well-known/openid-configuration", installation.issuer("system"))).await?;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = Client.get(&format!("{}{path}", installation.management_url)).await?;
        ensure!(answer.status() == StatusCode::OK, "{path}: {} {}", answer.status(), answer.text());
        let public = Client.get(&format!("{}{path}", installation.public_url)).await?;
        ensure!(
            public.status() == StatusCode::NOT_FOUND,
            "{path} is public: {} {}",
            public.status(),
            public.text()
        );
    }
    let metrics = Client.get(&format!("{}/metrics", installation.management_url)).await?.text();
    let counted = metrics.lines().any(|line| !line.starts_with('#') && line.contains("metadata"));
    ensure!(counted, "the request for metadata is not counted:\n{metrics}");
    for path in ["/t/system/jwks", "/admin/v1/me", "/console/"] {
        let answer = Client.get(&format!("{}{path}", installation.management_url)).await?;
        ensure!(answer.status() == StatusCode::NOT_FOUND, "{path} is on the management listener");
    }
    Ok(())
}

async fn logs_hold_no_secret(database: Database) -> anyhow::Result<()> {
    let mut installation = Installation::new(database).await?;
    installation.set("RUST_LOG", "debug");
    installation.set("GRANTOR_LOG_FORMAT", "json");
    let server = installation.migrate_and_start(database).await?;
    let acme = Acme::of(installation, server).await?;
    let mut secrets = vec![acme.admin.client_secret.clone(), acme.admin.access_token.clone()];
    secrets.extend([ADMIN_PASSWORD, USER_PASSWORD, CODE_VERIFIER].map(str::to_owned));
    secrets.extend(use_a_public_client(&acme).await?);
    secrets.extend(use_a_confidential_client(&acme).await?);
    secrets.extend(be_refused(&acme).await?);

    let logs = acme.installation.logged()?;
    check_log_lines(&logs)?;
    for secret in &secrets {
        ensure!(secret.len() > 10, "too short to look for: {secret}");
        // A part of it would be a secret, too; the parts of a JWT are looked for one by one.
        for part in secret.split('.').filter(|part| part.len() > 10 && !part.starts_with("eyJ")) {
            let line = logs.lines().find(|line| line.contains(part));
            ensure!(line.is_none(), "a secret is in the logs: {part} in {line:?}");
        }
    }
    Ok(())
}

/// Every line is a document, and those of a request say which request and which tenant.
fn check_log_lines(logs: &str) -> anyhow::Result<()> {
    let mut requests = 0;
    for line in logs.lines() {
        let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        if line["path"].as_str().is_some_and(|path| path.starts_with("/t/acme/")) {
            let span = &line["span"];
            ensure!(
                span["tenant"] == "acme" && span["id"].as_str().is_some_and(|id| !id.is_empty()),
                "{line}"
            );
            requests += 1;
        }
    }
    ensure!(requests > 0, "no request was logged:\n{logs}");
    Ok(())
}

async fn use_a_public_client(acme: &Acme) -> anyhow::Result<Vec<String>> {
    acme.create_public_client("planner", REDIRECT_URI).await?;
    let mut person = person();
    let request =
        acme.authorization_request("planner", REDIRECT_URI, &[("scope", "openid offline_access")])?;
    let landed = person.authorize(&request).await?;
    let code = landed.query_pairs().find(|(name, _)| name == "code").context("no code")?.1.into_owned();
    let tokens = acme.exchange("planner", REDIRECT_URI, &code).await?;
    let mut secrets = tokens_of(&tokens);
    let part = |name: &str| tokens[name].as_str().with_context(|| format!("no {name}"));

    let authorization = bearer(part("access_token")?);
    let userinfo = format!("{}/userinfo", acme.issuer);
    let headers = [(header::AUTHORIZATION, authorization.as_str())];
    Client.request(Method::GET, &userinfo, &headers, Default::default()).await?.expect(StatusCode::OK)?;
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "planner"),
        ("refresh_token", part("refresh_token")?),
    ];
    secrets.extend(tokens_of(&acme.token(&fields).await?.expect(StatusCode::OK)?));
    let fields = [("client_id", "planner"), ("token", part("refresh_token")?)];
    Client.form(&format!("{}/revoke", acme.issuer), &[], &fields).await?;
    secrets.push(code);
    secrets.extend(person.cookies().map(str::to_owned));
    Ok(secrets)
}

async fn use_a_confidential_client(acme: &Acme) -> anyhow::Result<Vec<String>> {
    let mut metadata = public_client(REDIRECT_URI);
    metadata["grant_types"] = json!(["client_credentials"]);
    metadata["scope"] = json!("profile");
    metadata["token_endpoint_auth_method"] = json!("client_secret_basic");
    let secret = acme.admin.create_confidential_client("acme", "report", metadata).await?;
    let authorization = basic("report", &secret);
    let headers = [(header::AUTHORIZATION, authorization.as_str())];
    let endpoint = format!("{}/token", acme.issuer);
    let tokens = Client.form(&endpoint, &headers, &[("grant_type", "client_credentials")]).await?;
    let mut secrets = tokens_of(&tokens.expect(StatusCode::OK)?);
    let token = secrets.first().context("no access_token")?.clone();
    Client.form(&format!("{}/introspect", acme.issuer), &headers, &[("token", &token)]).await?;
    secrets.extend([secret, authorization.replacen("Basic ", "", 1)]);
    Ok(secrets)
}

/// Errors are where secrets slip into logs.
async fn be_refused(acme: &Acme) -> anyhow::Result<Vec<String>> {
    const WRONG: [&str; 4] =
        ["a password that is wrong", "gac_0123456789wrong", "grt_0123456789wrong", "gcs_0123456789wrong"];
    let [password, code, refresh_token, client_secret] = WRONG;
    let request = acme.authorization_request("planner", REDIRECT_URI, &[])?;
    let refused = Person::new(USERNAME, password).authorize(&request).await;
    ensure!(refused.is_err(), "a wrong password works");
    let fields = [
        ("client_id", "planner"),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", CODE_VERIFIER),
        ("grant_type", "authorization_code"),
        ("code", code),
    ];
    acme.token(&fields).await?.expect(StatusCode::BAD_REQUEST)?;
    acme.token(&[&fields[..], &[("code", code)]].concat()).await?.expect(StatusCode::BAD_REQUEST)?;
    let fields =
        [("grant_type", "refresh_token"), ("client_id", "planner"), ("refresh_token", refresh_token)];
    acme.token(&fields).await?.expect(StatusCode::BAD_REQUEST)?;
    let fields =
        [("grant_type", "client_credentials"), ("client_id", "report"), ("client_secret", client_secret)];
    acme.token(&fields).await?.expect(StatusCode::UNAUTHORIZED)?;
    Ok(WRONG.map(str::to_owned).into())
}

fn tokens_of(answer: &Value) -> Vec<String> {
    let names = ["access_token", "refresh_token", "id_token"];
    names.iter().filter_map(|name| answer[name].as_str()).map(str::to_owned).collect()
}
