//! What providers answer: their configuration, their tokens, and what they say of people. Everything goes through
//! the fetcher for what strangers name.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use grantor_jose::Algorithm;
use grantor_outbound::{Ask, Refusal, Wanted};
use grantor_protocol::model::{IdentityProvider, TenantId};
use grantor_protocol::upstream::{
    Answered, ClientAuthentication, Expected, FlowSecrets, ProviderMetadata, answered, check_id_token,
    configuration_address,
};
use grantor_protocol::{Lifetime, Params, Secret, Timestamp};
use grantor_store::{Change, ChangeKind};
use http::HeaderValue;
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Problem, redirect_uri};
use crate::app::{App, Fault, TenantContext};

/// Configurations that are kept, of all tenants together.
const PROVIDERS: usize = 10_000;

/// A configuration is used without another look for as long as its server says, within these bounds.
const SHORTEST_LIFE: Lifetime = Lifetime::from_seconds(300);
const LONGEST_LIFE: Lifetime = Lifetime::from_seconds(86_400);

/// One that cannot be fetched again is used for so long after it was fetched.
const LONGEST_USE: Lifetime = Lifetime::from_seconds(86_400);

const JSON: Wanted =
    Wanted { accept: "application/json", max_bytes: 64 * 1024, timeout: Duration::from_secs(5) };

/// Token and UserInfo requests, which somebody waits for.
const ASKED: Wanted =
    Wanted { accept: "application/json", max_bytes: 128 * 1024, timeout: Duration::from_secs(8) };

/// What ID tokens may be signed with: only what nobody but the provider can make. An HMAC under the client's
/// secret could be made by whoever else has that.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Providers' configurations.
pub struct Providers(Cache<(TenantId, String), Arc<Held>>);

struct Held {
    metadata: Arc<ProviderMetadata>,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
}

impl Default for Providers {
    fn default() -> Self {
        Self(Cache::new(PROVIDERS))
    }
}

impl Providers {
    /// Forgets what a change may have been made for: whoever puts a provider right wants it read again.
    pub fn forget(&self, change: &Change) {
        if let Change::In { tenant_id, kind: ChangeKind::Tenant } = change {
            self.0.retain(|(owner, _), _| owner != tenant_id);
        }
    }
}

/// A token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
    token_type: String,
}

/// What a provider vouches for.
pub(super) struct Vouched {
    pub subject: String,
    /// Those of the ID token.
    pub claims: Map<String, Value>,
    access_token: Secret,
    userinfo_endpoint: Option<String>,
}

/// Why a provider's word cannot be had or believed.
pub(super) enum Unvouched {
    Problem(Problem),
    /// For the log.
    Because(String),
    Fault(Fault),
}

impl From<String> for Unvouched {
    fn from(reason: String) -> Self {
        Self::Because(reason)
    }
}

impl From<&'static str> for Unvouched {
    fn from(reason: &'static str) -> Self {
        Self::Because(reason.to_owned())
    }
}

impl App {
    /// The provider's configuration, as it is kept or fetched.
    ///
    /// # Errors
    /// Why there is none, for the log.
    pub(super) async fn provider_metadata(
        &self,
        provider: &IdentityProvider,
    ) -> Result<Arc<ProviderMetadata>, String> {
        let key = (provider.tenant_id, provider.settings.issuer.clone());
        let held = self.providers.0.get(&key);
        if let Some(held) = held.as_ref().filter(|held| self.now() < held.fresh_until) {
            return Ok(Arc::clone(&held.metadata));
        }
        let (tenant_id, issuer) = &key;
        let address = configuration_address(issuer);
        let fetched = self.fetcher.get(budget(*tenant_id, &provider.name), &address, JSON).await;
        let read = fetched.map_err(|refusal| in_full(&refusal)).and_then(|fetched| {
            let metadata = ProviderMetadata::read(issuer, &fetched.body)?;
            Ok((metadata, u32::try_from(fetched.freshness.max_age.as_secs()).unwrap_or(u32::MAX)))
        });
        let now = self.now();
        match (read, held) {
            (Ok((metadata, seconds)), _) => {
                let metadata = Arc::new(metadata);
                let life = Lifetime::from_seconds(seconds).clamp(SHORTEST_LIFE, LONGEST_LIFE);
                let held = Held { metadata: Arc::clone(&metadata), fetched_at: now, fresh_until: now + life };
                self.providers.0.insert(key, Arc::new(held));
                Ok(metadata)
            }
            (Err(reason), Some(held)) if now < held.fetched_at + LONGEST_USE => {
                tracing::warn!(
                    provider = provider.name,
                    reason,
                    "an identity provider's configuration is old"
                );
                Ok(Arc::clone(&held.metadata))
            }
            (Err(reason), _) => Err(reason),
        }
    }

    /// Redeems what the browser brought back and proves the ID token (OpenID Connect Core §3.1.3).
    pub(super) async fn vouched(
        &self,
        context: &TenantContext,
        provider: &IdentityProvider,
        (params, secrets): (&Params, &FlowSecrets),
        max_age: Option<u32>,
    ) -> Result<Vouched, Unvouched> {
        let metadata = self.provider_metadata(provider).await?;
        let code = match answered(params, &metadata)? {
            Answered::Code(code) => code,
            Answered::Error(error) => {
                tracing::warn!(provider = provider.name, error, "an identity provider let nobody in");
                return Err(Unvouched::Problem(Problem::Denied));
            }
        };
        let tokens = self.redeem(context, (provider, &metadata), &code, secrets).await?;
        let keys = (provider.tenant_id, provider.name.as_str(), metadata.jwks_uri.as_str());
        let verified =
            self.verify_by_provider::<Map<String, Value>>(keys, &tokens.id_token, &ALGORITHMS).await;
        let verified = verified.map_err(|error| format!("the ID token is not proven: {error}"))?;
        let expected = Expected {
            issuer: &metadata.issuer,
            client_id: &provider.settings.client_id,
            nonce: &secrets.nonce,
            algorithm: verified.header.algorithm.as_str(),
            access_token: &tokens.access_token,
            max_age,
        };
        let subject = check_id_token(&verified.claims, expected, self.now());
        let subject = subject.map_err(|error| error.to_string())?.to_owned();
        let userinfo_endpoint =
            metadata.userinfo_endpoint.clone().filter(|_| tokens.token_type.eq_ignore_ascii_case("bearer"));
        let access_token = Secret::presented(tokens.access_token);
        Ok(Vouched { subject, claims: verified.claims, access_token, userinfo_endpoint })
    }

    /// The token request (OpenID Connect Core §3.1.3.1, RFC 7636 §4.5).
    async fn redeem(
        &self,
        context: &TenantContext,
        (provider, metadata): (&IdentityProvider, &ProviderMetadata),
        code: &Secret,
        secrets: &FlowSecrets,
    ) -> Result<Tokens, Unvouched> {
        let secret = self.upstream_client_secret(provider).map_err(Unvouched::Fault)?;
        let client_id = provider.settings.client_id.as_str();
        let redirect_uri = redirect_uri(context);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", redirect_uri.as_str()),
            ("code_verifier", secrets.code_verifier.expose()),
        ];
        let mut authorization = None;
        match (metadata.client_authentication(secret.is_some())?, &secret) {
            (ClientAuthentication::Basic, Some(secret)) => authorization = Some(basic(client_id, secret)?),
            (ClientAuthentication::Post, Some(secret)) => {
                form.extend([("client_id", client_id), ("client_secret", secret.expose())]);
            }
            _ => form.push(("client_id", client_id)),
        }
        let ask = Ask { form: Some(encoded(&form).into()), authorization, wanted: ASKED };
        let key = budget(provider.tenant_id, &provider.name);
        let reply = self.fetcher.ask(key, &metadata.token_endpoint, ask).await;
        let reply = reply.map_err(|refusal| format!("the token endpoint: {}", in_full(&refusal)))?;
        if reply.status != 200 {
            // RFC 6749 §5.2. The description may repeat what was sent.
            let error = serde_json::from_slice::<Map<String, Value>>(&reply.body).ok();
            let error = error.and_then(|body| body.get("error").and_then(Value::as_str).map(str::to_owned));
            let error = error.unwrap_or_default().chars().take(100).collect::<String>();
            return Err(format!("the token endpoint answered {} {error:?}", reply.status).into());
        }
        serde_json::from_slice(&reply.body).map_err(|_| "the token response is none".into())
    }

    /// Adds what the UserInfo endpoint says to the claims of the ID token, which count where both say something. Its
    /// `sub` has to be the same (OpenID Connect Core §5.3.2): a token could be another person's.
    pub(super) async fn add_userinfo(
        &self,
        provider: &IdentityProvider,
        vouched: &mut Vouched,
    ) -> Result<(), Unvouched> {
        let Some(endpoint) = &vouched.userinfo_endpoint else { return Ok(()) };
        let bearer = HeaderValue::from_str(&format!("Bearer {}", vouched.access_token.expose()));
        let bearer = bearer.map_err(|_| "the access token fits in no header")?;
        let ask = Ask { form: None, authorization: Some(bearer), wanted: ASKED };
        let reply = self.fetcher.ask(budget(provider.tenant_id, &provider.name), endpoint, ask).await;
        let reply = reply.map_err(|refusal| format!("the UserInfo endpoint: {}", in_full(&refusal)))?;
        if reply.status != 200 {
            return Err(format!("the UserInfo endpoint answered {}", reply.status).into());
        }
        let told: Map<String, Value> =
            serde_json::from_slice(&reply.body).map_err(|_| "the UserInfo response is no JSON object")?;
        if told.get("sub").and_then(Value::as_str) != Some(vouched.subject.as_str()) {
            return Err("the UserInfo response is about somebody else".into());
        }
        for (name, value) in told {
            vouched.claims.entry(name).or_insert(value);
        }
        Ok(())
    }
}

fn encoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// HTTP Basic with both parts form-encoded (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &Secret) -> Result<HeaderValue, &'static str> {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
    let value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)));
    value.map_err(|_| "the client secret fits in no header")
}

/// Whose budget it is: the provider's own, so that a slow one stalls neither others nor what else is fetched for
/// the tenant.
fn budget(tenant_id: TenantId, provider: &str) -> [u8; 16] {
    let of = [b"identity provider".as_slice(), tenant_id.as_bytes(), provider.as_bytes()].concat();
    let mut budget = [0; 16];
    budget.copy_from_slice(&Sha256::digest(of)[..16]);
    budget
}

fn in_full(refusal: &Refusal) -> String {
    match refusal.detail() {
        None => refusal.to_string(),
        Some(detail) => format!("{refusal} ({detail})"),
    }
}
