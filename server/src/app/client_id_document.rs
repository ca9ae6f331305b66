//! Clients whose `client_id` is the address of their metadata document
//! (draft-ietf-oauth-client-id-metadata-document).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use grantor_outbound::{Fetched, Refusal, Wanted};
use grantor_protocol::client_id_document::{self as document, FRESHNESS, GRACE, MAX_BYTES};
use grantor_protocol::model::{
    Actor, AuditEvent, AuditKind, Client, ClientId, ClientMetadata, ClientOrigin, Metric, RateKind, TenantId,
};
use grantor_protocol::{Error, ErrorCode, Lifetime};
use grantor_store::{Change, ChangeKind, WriteError};
use serde_json::json;

use super::{ATTEMPTS, App, Fault, LoadedClient, TenantContext};

/// Clients give us ten seconds in all.
const WANTED: Wanted =
    Wanted { accept: "application/json", max_bytes: MAX_BYTES, timeout: Duration::from_secs(5) };

/// At whose cost a document is fetched. Strangers name what is not known, as often as they like: that
/// must keep nobody from the documents of known clients, and neither of them from clients' keys, which
/// are fetched at the tenant's own.
#[derive(Clone, Copy)]
enum Budget {
    KnownDocuments,
    UnknownDocuments,
}

impl Budget {
    /// The tenant's identifier but for one bit: it is a UUID, whose variant bits (RFC 9562 §4.1) no other
    /// tenant's differs in.
    fn key(self, tenant_id: TenantId) -> [u8; 16] {
        let mut key = *tenant_id.as_bytes();
        key[8] ^= match self {
            Self::KnownDocuments => 0x40,
            Self::UnknownDocuments => 0x80,
        };
        key
    }
}

/// Why there is no document.
enum Unread {
    /// Nobody answered: what was read before may serve a while longer (RFC 9111 §4.2.4).
    Silence(Error),
    /// The answer is that there is no such client (any more).
    Refused(Error),
}

impl App {
    /// The client that a request names: one that the tenant knows, or one that introduces itself by a
    /// document at its `client_id`, if the tenant takes such. `address` is where the request came from: who
    /// names clients that are not known yet is counted like who registers them.
    ///
    /// # Errors
    /// `invalid_client` that tells what is wrong with address or document; [`Fault::TooMany`]; a fault of
    /// the store.
    pub async fn named_client(
        &self,
        context: &TenantContext,
        client_id: &ClientId,
        address: Option<IpAddr>,
    ) -> Result<Option<Arc<LoadedClient>>, Fault> {
        let held = self.client(context.tenant.id, client_id).await?;
        if !document::is_address(client_id.as_str()) {
            return Ok(held);
        }
        let fresh_until = match held.as_ref().map(|held| &held.client.origin) {
            None => None,
            Some(ClientOrigin::MetadataDocument { fresh_until, .. }) => Some(*fresh_until),
            // An administrator answers for it, whatever it is called.
            Some(_) => return Ok(held),
        };
        if !context.policy.client_id_metadata_documents {
            return Ok(None);
        }
        document::check_address(client_id.as_str(), &context.policy)?;
        let disabled = held.as_ref().is_some_and(|held| !held.client.enabled);
        if disabled || fresh_until.is_some_and(|fresh_until| self.now() < fresh_until) {
            return Ok(held);
        }
        let budget = if held.is_some() {
            Budget::KnownDocuments
        } else {
            self.limit(context, RateKind::Registration, || address)?;
            Budget::UnknownDocuments
        };
        // Boxed, as every request looks for a client and few read a document.
        match Box::pin(self.read_document(context, client_id, budget)).await {
            Ok((metadata, lifetime)) => {
                Box::pin(self.keep_document(context, client_id, metadata, lifetime)).await.map(Some)
            }
            Err(Unread::Silence(error))
                if fresh_until.is_some_and(|fresh_until| self.now() < fresh_until + GRACE) =>
            {
                tracing::warn!(%error, %client_id, "a client's document serves on though it is not fresh");
                Ok(held)
            }
            Err(Unread::Silence(error) | Unread::Refused(error)) => Err(error.into()),
        }
    }

    async fn read_document(
        &self,
        context: &TenantContext,
        client_id: &ClientId,
        budget: Budget,
    ) -> Result<(ClientMetadata, Lifetime), Unread> {
        let address = client_id.as_str();
        let fetched = self.fetcher.get(budget.key(context.tenant.id), address, WANTED).await;
        let fetched = fetched.map_err(|refusal| {
            let silent = match &refusal {
                Refusal::Unresolvable(_)
                | Refusal::Unreachable(_)
                | Refusal::Tls(_)
                | Refusal::TimedOut
                | Refusal::Broken(_)
                | Refusal::Busy => true,
                Refusal::Status(status) => *status >= 500 || *status == 429,
                _ => false,
            };
            let error = unfetched(&refusal);
            if silent { Unread::Silence(error) } else { Unread::Refused(error) }
        })?;
        let refused = |error: Error| Unread::Refused(error);
        if !is_json(&fetched) {
            return Err(refused(refuse("has a document whose content type is not application/json")));
        }
        let metadata = document::metadata(address, &fetched.body, &context.policy).map_err(refused)?;
        self.check_named_elsewhere(context, &metadata).await.map_err(|error| {
            refused(refuse(&format!("has a document that cannot be taken: {}", error.description)))
        })?;
        Ok((metadata, lifetime(&fetched)))
    }

    /// Writes down what the document says, so that grants can refer to the client.
    async fn keep_document(
        &self,
        context: &TenantContext,
        client_id: &ClientId,
        metadata: ClientMetadata,
        lifetime: Lifetime,
    ) -> Result<Arc<LoadedClient>, Fault> {
        let (tenant_id, now) = (context.tenant.id, self.now());
        let store = self.store.tenant(tenant_id);
        let origin = ClientOrigin::MetadataDocument { fetched_at: now, fresh_until: now + lifetime };
        for _ in 0..ATTEMPTS {
            let held = self.stored_client(tenant_id, client_id).await?;
            let is_new = held.is_none();
            let written = match held {
                None => {
                    let client = self.self_made(context, client_id.clone(), metadata.clone(), origin.clone());
                    let event = self.event_of_document(&client, AuditKind::ClientRegistered);
                    let dies_at = now + context.policy.registration.unused_lifetime;
                    store.register_client(&client, dies_at, None, vec![event]).await
                }
                Some(held) => match held.origin {
                    ClientOrigin::MetadataDocument { fetched_at, .. } if fetched_at < now => {
                        let metadata = metadata.clone().administered_as(&held.metadata);
                        let origin = origin.clone();
                        let is_changed = held.metadata != metadata;
                        let updated_at = if is_changed { now } else { held.updated_at };
                        let client = Client { metadata, origin, updated_at, ..held };
                        let event = self.event_of_document(&client, AuditKind::ClientChanged);
                        let events = if is_changed { vec![event] } else { vec![] };
                        store.replace_client(&client, Some(client.version), events).await.map(|_| ())
                    }
                    // Somebody was faster.
                    _ => Ok(()),
                },
            };
            match written {
                Ok(()) => {
                    let kind = ChangeKind::Client(client_id.clone());
                    self.changed(&Change::In { tenant_id, kind });
                    if is_new {
                        self.count(tenant_id, Metric::Registrations);
                    }
                    if let Some(loaded) = self.client(tenant_id, client_id).await? {
                        return Ok(loaded);
                    }
                }
                Err(WriteError::Store(error)) => return Err(error.into()),
                Err(WriteError::QuotaExceeded { quota }) => return Err(self.over_quota(quota)),
                Err(_) => {}
            }
        }
        Err(Fault::Busy("the client's document is being read elsewhere"))
    }

    fn event_of_document(&self, client: &Client, kind: AuditKind) -> AuditEvent {
        let detail = json!({
            "client_name": client.metadata.client_name,
            "redirect_uris": client.metadata.redirect_uris,
            "metadata_document": true,
        });
        AuditEvent { detail, ..self.event(kind, Actor::System, client.client_id.to_string()) }
    }
}

/// As long as HTTP says (RFC 9111 §4.2), within our own bounds.
fn lifetime(fetched: &Fetched) -> Lifetime {
    let (shortest, longest) = FRESHNESS;
    let told = if fetched.freshness.storable { fetched.freshness.max_age.as_secs() } else { 0 };
    Lifetime::from_seconds(u32::try_from(told).unwrap_or(u32::MAX)).clamp(shortest, longest)
}

fn is_json(fetched: &Fetched) -> bool {
    let media_type = fetched.content_type.as_deref().and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| {
        let media_type = media_type.trim().to_ascii_lowercase();
        media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    })
}

fn unfetched(refusal: &Refusal) -> Error {
    let error = refuse(&format!("has a document that cannot be fetched: {refusal}"));
    match refusal.detail() {
        Some(detail) => error.because(detail),
        None => error,
    }
}

fn refuse(detail: &str) -> Error {
    Error::new(ErrorCode::InvalidClient, format!("client_id {detail}"))
}
