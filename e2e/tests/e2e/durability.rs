//! A power cut in the middle of a storm of refreshes.

use crate::acme::{Acme, person, public_client};
use anyhow::{Context, bail, ensure};
use grantor_e2e::{Admin, Client, Database, Installation, Server, wait};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::task::JoinSet;

on_both_databases!(no_acknowledged_rotation_is_lost_and_none_is_accepted_twice);

const CHAINS: usize = 32;
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// Rotations that were acknowledged when the power goes.
const ROTATIONS: usize = 10 * CHAINS;

/// The refresh tokens of one grant in their order. The last is the last that an answer was received for.
type Chain = Vec<String>;

async fn no_acknowledged_rotation_is_lost_and_none_is_accepted_twice(
    database: Database,
) -> anyhow::Result<()> {
    let acme = Acme::start(database).await?;
    let mut metadata = public_client(REDIRECT_URI);
    metadata["skip_consent"] = json!(true);
    acme.admin.put_client("acme", "planner", metadata).await?;
    let chains = begin_chains(&acme).await?;
    let Acme { installation, server, admin, .. } = acme;
    let endpoint = format!("{}/token", installation.issuer("acme"));

    let chains = storm(&endpoint, chains, server).await?;
    let rotations: usize = chains.iter().map(|chain| chain.len() - 1).sum();
    ensure!(rotations >= ROTATIONS, "only {rotations} rotations");
    let _server = installation.start().await?;
    let successors = nothing_is_lost(&endpoint, &chains).await?;
    no_retries_from_now_on(&installation, &admin).await?;
    nothing_is_accepted_twice(&endpoint, &chains, &successors).await
}

/// One person signs in once, and is authorized again and again.
async fn begin_chains(acme: &Acme) -> anyhow::Result<Vec<Chain>> {
    let mut person = person();
    let mut chains = Vec::new();
    for _ in 0..CHAINS {
        let extra = [("scope", "openid offline_access")];
        let request = acme.authorization_request("planner", REDIRECT_URI, &extra)?;
        let landed = person.authorize(&request).await?;
        let code = landed.query_pairs().find(|(name, _)| name == "code").context("no code")?.1.into_owned();
        let tokens = acme.exchange("planner", REDIRECT_URI, &code).await?;
        chains.push(vec![tokens["refresh_token"].as_str().context("no refresh_token")?.to_owned()]);
    }
    Ok(chains)
}

/// All chains refresh as fast as they can until the server is killed under them.
async fn storm(endpoint: &str, chains: Vec<Chain>, server: Server) -> anyhow::Result<Vec<Chain>> {
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for mut chain in chains {
        let (endpoint, acknowledged) = (endpoint.to_owned(), Arc::clone(&acknowledged));
        tasks.spawn(async move {
            // The one that is not answered any more may have been carried out or not.
            while let Some(token) = chain.last()
                && let Ok(answer) = present(&endpoint, token).await
            {
                chain.push(refreshed(&answer)?);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(chain)
        });
    }
    wait::until("the storm", async || {
        if let Some(ended) = tasks.try_join_next() {
            bail!("a chain ended before the server did: {:?}", ended?);
        }
        Ok((acknowledged.load(Ordering::Relaxed) >= ROTATIONS).then_some(()))
    })
    .await?;
    server.kill()?;
    tasks.join_all().await.into_iter().collect()
}

/// The last token of every chain is good, and gives what will be its successor for ever.
async fn nothing_is_lost(endpoint: &str, chains: &[Chain]) -> anyhow::Result<Vec<String>> {
    let mut successors = Vec::new();
    for chain in chains {
        let last = chain.last().context("an empty chain")?;
        let successor =
            refreshed(&present(endpoint, last).await?).context("an acknowledged rotation is lost")?;
        let again = refreshed(&present(endpoint, last).await?)?;
        ensure!(successor == again, "a refresh token has two successors");
        successors.push(successor);
    }
    Ok(successors)
}

/// Ends the time within which a rotated token may come again.
async fn no_retries_from_now_on(installation: &Installation, admin: &Admin) -> anyhow::Result<()> {
    let settings = json!({ "settings": { "lifetimes": { "refresh_retry_window": 0 } } });
    let changed = admin.call(Method::PATCH, "tenants/acme", &settings).await?;
    ensure!(
        changed.status().is_success(),
        "{}: {}\n{}",
        changed.status(),
        changed.text(),
        installation.said()
    );
    Ok(())
}

/// The token before the last was spent before the power went: it is refused, and ends its grant.
async fn nothing_is_accepted_twice(
    endpoint: &str,
    chains: &[Chain],
    successors: &[String],
) -> anyhow::Result<()> {
    for (chain, successor) in chains.iter().zip(successors) {
        let spent = chain.iter().rev().nth(1).context("a chain without a rotation")?;
        for token in [spent, successor] {
            let refused = present(endpoint, token).await?.expect(StatusCode::BAD_REQUEST)?;
            ensure!(refused["error"] == "invalid_grant", "{refused}");
        }
    }
    Ok(())
}

async fn present(endpoint: &str, token: &str) -> anyhow::Result<grantor_e2e::Answer> {
    let fields = [("grant_type", "refresh_token"), ("client_id", "planner"), ("refresh_token", token)];
    Client.form(endpoint, &[], &fields).await
}

fn refreshed(answer: &grantor_e2e::Answer) -> anyhow::Result<String> {
    let tokens: Value = answer.expect(StatusCode::OK)?;
    Ok(tokens["refresh_token"].as_str().context("no refresh_token")?.to_owned())
}
