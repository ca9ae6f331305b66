//! Logos of clients (RFC 7591 §2, `logo_uri`) and of tenants, fetched on behalf of the people who look at them. A
//! browser that fetched one itself would tell its publisher who looks, and from where
//! (draft-ietf-oauth-client-id-metadata-document).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use grantor_outbound::{Fetched, Wanted};
use grantor_protocol::model::{Client, ClientId, TenantId};
use grantor_protocol::{Lifetime, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tracing::Instrument;

use super::{App, Fault, TenantContext};

/// Longest life of a logo, whatever its server says.
const LONGEST: Lifetime = Lifetime::from_seconds(24 * 60 * 60);

/// Shortest life, also of what no cache may keep: a fetch for every look would tell when somebody looks.
const SHORTEST: Lifetime = Lifetime::from_seconds(60 * 60);

/// How long it is remembered that there is nothing to be had.
const FAILURE: Lifetime = Lifetime::from_seconds(60);

/// Memory for all logos together, in bytes. That of one shard of the cache is many times the largest logo.
const CAPACITY: u64 = 64 * 1024 * 1024;

const ESTIMATED_LOGOS: usize = 1024;

const WANTED: Wanted = Wanted {
    accept: "image/png, image/webp, image/jpeg, image/gif",
    max_bytes: 256 * 1024,
    timeout: Duration::from_secs(10),
};

/// A media type with the test for what files of it begin with.
type Format = (&'static str, fn(&[u8]) -> bool);

/// No SVG: it is a document that can hold scripts and fetch more.
const FORMATS: [Format; 4] = [
    ("image/png", |body| body.starts_with(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", |body| body.starts_with(b"\xff\xd8\xff")),
    ("image/gif", |body| body.starts_with(b"GIF87a") || body.starts_with(b"GIF89a")),
    ("image/webp", |body| body.starts_with(b"RIFF") && body.get(8..12) == Some(b"WEBP")),
];

/// An image of one of the formats that are shown.
#[derive(Debug)]
pub struct Logo {
    pub body: Bytes,
    /// What the server said that it is, and what it begins like.
    pub media_type: &'static str,
    /// A strong validator (RFC 9110 §8.8.3), quoted.
    pub etag: String,
    pub fresh_until: Timestamp,
}

/// Logos kept in memory, and the key that makes their addresses.
pub(super) struct Logos {
    key: hmac::Key,
    cache: Cache<(TenantId, String), Kept, Bytewise>,
}

/// A logo, or that there was none to be had.
#[derive(Clone)]
struct Kept {
    logo: Option<Arc<Logo>>,
    until: Timestamp,
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<(TenantId, String), Kept> for Bytewise {
    fn weight(&self, (_, uri): &(TenantId, String), kept: &Kept) -> u64 {
        let body = kept.logo.as_ref().map_or(0, |logo| logo.body.len());
        (256 + uri.len() + body) as u64
    }
}

impl Logos {
    pub fn new(key: &[u8; 32]) -> Self {
        let cache = Cache::with_weighter(ESTIMATED_LOGOS, CAPACITY, Bytewise);
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), cache }
    }
}

impl Logo {
    /// # Errors
    /// What its publisher must change.
    fn of(fetched: Fetched, now: Timestamp) -> Result<Self, &'static str> {
        let sent = fetched.content_type.as_deref().unwrap_or_default();
        let sent = sent.split(';').next().unwrap_or_default().trim();
        let (media_type, is_one) = FORMATS
            .into_iter()
            .find(|(media_type, _)| sent.eq_ignore_ascii_case(media_type))
            .ok_or("its Content-Type is not image/png, image/jpeg, image/webp or image/gif")?;
        if !is_one(&fetched.body) {
            return Err("it is no image of the kind that its Content-Type says");
        }
        let fresh = u32::try_from(fetched.freshness.max_age.as_secs()).unwrap_or(u32::MAX);
        let fresh = fresh.clamp(SHORTEST.seconds(), LONGEST.seconds());
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&fetched.body)[..12]));
        Ok(Self { body: fetched.body, media_type, etag, fresh_until: now + Lifetime::from_seconds(fresh) })
    }
}

impl App {
    /// What the address of the client's logo must carry, none where the client has none: a keyed hash that
    /// changes with `logo_uri`. Only pages of ours know it, so that nobody else can make us fetch. A self-made
    /// client has none to show: it could be anybody's logo.
    pub fn logo_proof(&self, client: &Client) -> Option<String> {
        let uri = client.metadata.logo_uri.as_ref().filter(|_| !client.origin.is_self_made())?;
        Some(URL_SAFE_NO_PAD.encode(hmac::sign(&self.logos.key, &proven(client, uri))))
    }

    /// The logo of an enabled client, for whoever has its [`Self::logo_proof`]; none where there is none to show.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn logo(
        &self,
        context: &TenantContext,
        client_id: &ClientId,
        proof: &str,
    ) -> Result<Option<Arc<Logo>>, Fault> {
        let Some(loaded) = self.client(context.tenant.id, client_id).await? else { return Ok(None) };
        let client = &loaded.client;
        let Some(uri) = client.metadata.logo_uri.as_ref().filter(|_| client.enabled) else { return Ok(None) };
        let proof = URL_SAFE_NO_PAD.decode(proof).unwrap_or_default();
        if hmac::verify(&self.logos.key, &proven(client, uri), &proof).is_err() {
            return Ok(None);
        }
        self.kept_logo((context.tenant.id, uri.clone()), client_id.to_string()).await
    }

    /// The tenant's own logo; none where there is none to show.
    ///
    /// # Errors
    /// A fault of ours.
    pub async fn tenant_logo(&self, context: &TenantContext) -> Result<Option<Arc<Logo>>, Fault> {
        let Some(uri) = context.tenant.settings.branding.logo_uri.clone() else { return Ok(None) };
        self.kept_logo((context.tenant.id, uri), context.tenant.slug.clone()).await
    }

    async fn kept_logo(&self, key: (TenantId, String), whose: String) -> Result<Option<Arc<Logo>>, Fault> {
        match self.logos.cache.get(&key) {
            Some(kept) if self.now() < kept.until => Ok(kept.logo),
            _ => self.fetch_logo(key, whose).await,
        }
    }

    /// Fetches to the end and remembers what came of it even when whoever asked has hung up: otherwise everybody
    /// who does not wait for a slow server would cost it another request.
    async fn fetch_logo(&self, key: (TenantId, String), whose: String) -> Result<Option<Arc<Logo>>, Fault> {
        let Some(app) = self.this.upgrade() else { return Ok(None) };
        let fetch = async move {
            let (tenant_id, uri) = &key;
            let fetched = app.fetcher.get(*tenant_id.as_bytes(), uri, WANTED).await;
            let now = app.now();
            let logo = match fetched {
                Ok(fetched) => Logo::of(fetched, now).map_err(|reason| (reason.to_owned(), None)),
                Err(refusal) => Err((refusal.to_string(), refusal.detail().map(str::to_owned))),
            };
            let logo = logo.map(Arc::new).inspect_err(|(reason, detail)| {
                tracing::warn!(%tenant_id, whose, uri, reason, detail, "a logo cannot be had");
            });
            let until = logo.as_ref().map_or(now + FAILURE, |logo| logo.fresh_until);
            let logo = logo.ok();
            app.logos.cache.insert(key, Kept { logo: logo.clone(), until });
            logo
        };
        tokio::spawn(fetch.in_current_span()).await.map_err(Fault::internal)
    }
}

/// What a proof is of. No client identifier holds the byte that ends it.
fn proven(client: &Client, uri: &str) -> Vec<u8> {
    [client.tenant_id.as_bytes(), client.client_id.as_str().as_bytes(), b"\0", uri.as_bytes()].concat()
}
