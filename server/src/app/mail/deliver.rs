use futures_util::StreamExt;
use futures_util::future::join_all;
use grantor_protocol::message::retry_after;
use grantor_protocol::model::{
    Actor, AskedIn, AuditEvent, AuditKind, EventOrigin, Message, MessageKind, OneTimeLink, SignInIdentifier,
    TenantId, User, UserStatus,
};
use grantor_protocol::{Effect, Timestamp, message};
use grantor_store::ApplyError;
use serde_json::json;

use super::texts::{self, Text, Words};
use super::{Content, Counted, Letter, SendError};
use crate::app::{App, Fault, TenantContext};

/// Tenants that are looked for in one go.
const TENANTS: u32 = 1000;

/// Tenants whose messages are sent at a time: one that sends many keeps the others waiting for one turn of it.
const TENANTS_AT_ONCE: usize = 4;

/// Messages of one tenant that are under way at a time.
const AT_ONCE: u32 = 4;

/// A message that can be sent.
struct Composed {
    address: String,
    text: Text,
    link: String,
}

impl App {
    /// Sends some of what is due. Gives whether there may be more.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn deliver_mail(&self) -> Result<bool, Fault> {
        let tenants = self.store.tenants_with_messages_due(self.now(), TENANTS).await?;
        let turns = futures_util::stream::iter(tenants).map(async |tenant| {
            self.deliver_mail_of(tenant).await.unwrap_or_else(|fault| {
                tracing::error!(%fault, %tenant, "messages could not be sent");
                false
            })
        });
        let turns: Vec<bool> = turns.buffer_unordered(TENANTS_AT_ONCE).collect().await;
        Ok(turns.into_iter().any(|more| more))
    }

    async fn deliver_mail_of(&self, tenant_id: TenantId) -> Result<bool, Fault> {
        let Some(tenant) = self.store.tenants().by_id(tenant_id).await? else { return Ok(false) };
        let context = self.tenant(&tenant.slug).await?;
        let claimed = self.store.tenant(tenant_id).claim_messages(self.now(), AT_ONCE).await?;
        let delivered = join_all(claimed.iter().map(|message| self.deliver_message(&context, message))).await;
        for (message, delivered) in claimed.iter().zip(delivered) {
            if let Err(fault) = delivered {
                // It comes up again when the claim has run out.
                tracing::error!(%fault, message = %message.id, "a message could not be made");
            }
        }
        Ok(claimed.len() >= AT_ONCE as usize)
    }

    async fn deliver_message(&self, context: &TenantContext, message: &Message) -> Result<(), Fault> {
        if message.expires_at <= self.now() {
            return self.give_up_message(message, "it could not be delivered in time").await;
        }
        let store = self.store.tenant(message.tenant_id);
        let Some(Composed { address, text, link }) = self.compose(context, message).await? else {
            store.finish_message(message, vec![]).await?;
            return Ok(());
        };
        let (plain, html) = texts::render(context, &text, &link).map_err(Fault::internal)?;
        let letter = Letter {
            id: message.id,
            from: &context.tenant.name,
            to: &address,
            date: message.created_at,
            subject: &text.subject,
            plain,
            html,
        };
        match self.mailer.send(letter).await {
            Ok(()) => {
                store.finish_message(message, vec![]).await?;
                Ok(())
            }
            Err(SendError::Refused(reason)) => self.give_up_message(message, &reason).await,
            Err(SendError::Failed(reason)) => {
                let (id, attempts) = (message.id, message.attempts);
                tracing::warn!(message = %id, attempts, reason, "a message was not sent and is tried again");
                store.put_off_message(message, self.now() + retry_after(attempts)).await?;
                Ok(())
            }
        }
    }

    async fn give_up_message(&self, message: &Message, reason: &str) -> Result<(), Fault> {
        let user = match self.content_of(message) {
            Ok(Content::User { user } | Content::Notice { user, .. }) => Some(user),
            Ok(Content::Whoever { .. }) => {
                let link = self.stored_link(message).await?;
                link.map(|link| link.user_id)
            }
            Err(_) => None,
        };
        let (id, kind) = (message.id, message.kind.as_str());
        tracing::error!(message = %id, kind, reason, attempts = message.attempts, "a message was given up");
        let target = user.map_or_else(|| "unknown".to_owned(), |user| user.to_string());
        let event = AuditEvent {
            detail: json!({ "message": kind, "attempts": message.attempts, "reason": reason }),
            ..self.event(AuditKind::MessageFailed, Actor::System, target)
        };
        self.store.tenant(message.tenant_id).finish_message(message, vec![event]).await?;
        Ok(())
    }

    /// None if there is nobody to send it to, or nothing to say any more.
    async fn compose(&self, context: &TenantContext, message: &Message) -> Result<Option<Composed>, Fault> {
        let store = self.store.tenant(message.tenant_id);
        match self.content_of(message)? {
            Content::User { user } => {
                let (link, user) = (self.stored_link(message).await?, store.user(user).await?);
                Ok(link.zip(user).and_then(|(link, user)| self.linked(context, message, &link, &user)))
            }
            Content::Whoever { typed, asked_in, origin } => {
                if let Some(link) = self.stored_link(message).await? {
                    let user = store.user(link.user_id).await?;
                    return Ok(user.and_then(|user| self.linked(context, message, &link, &user)));
                }
                let Some(user) = self.whoever(context, message.kind, &typed).await? else { return Ok(None) };
                let link = self.fulfil(message, &user, (asked_in, origin)).await?;
                Ok(link.and_then(|link| self.linked(context, message, &link, &user)))
            }
            Content::Notice { user, address, origin } => {
                let subject = self.links.subject(Counted::Messages, message.kind, &address);
                if message.attempts == 1 {
                    match self.apply(message.tenant_id, vec![self.counted(subject)]).await {
                        Err(ApplyError::Conflict) => return Ok(None),
                        other => other?,
                    }
                }
                let Some(user) = store.user(user).await? else { return Ok(None) };
                let words = Words::of(context, &user);
                let text = texts::new_sign_in(&words, &origin, message.created_at);
                let link = format!("{}/{}", context.policy.issuer, texts::path_of(message.kind));
                Ok(Some(Composed { address, text, link }))
            }
        }
    }

    /// A message with a link that is still good. The link is made of the issuer, which no request can change.
    fn linked(
        &self,
        context: &TenantContext,
        message: &Message,
        link: &OneTimeLink,
        user: &User,
    ) -> Option<Composed> {
        if !message::is_open(link, message.kind, user, self.now()) {
            return None;
        }
        let words = Words::of(context, user);
        let text = texts::with_link(message.kind, &words);
        let secret = self.links.secret(message.tenant_id, message.id);
        let (issuer, path) = (&context.policy.issuer, texts::path_of(message.kind));
        let link_address = format!("{issuer}/{path}?link={}", secret.expose());
        Some(Composed { address: link.address.clone(), text, link: link_address })
    }

    async fn stored_link(&self, message: &Message) -> Result<Option<OneTimeLink>, Fault> {
        let hash = self.links.secret(message.tenant_id, message.id).hash();
        Ok(self.store.tenant(message.tenant_id).one_time_link(hash).await?)
    }

    /// The user for whom somebody wishes a link of this kind, if they can have one.
    async fn whoever(
        &self,
        context: &TenantContext,
        kind: MessageKind,
        typed: &str,
    ) -> Result<Option<User>, Fault> {
        let policy = &context.tenant.settings.sign_in;
        let (offered, identifier) = match kind {
            MessageKind::PasswordReset => (policy.password_reset, SignInIdentifier::Email),
            MessageKind::MagicLink => (policy.magic_link, policy.identifier),
            MessageKind::Verification | MessageKind::Invitation | MessageKind::NewSignIn => return Ok(None),
        };
        if !offered {
            return Ok(None);
        }
        let user = self.store.tenant(context.tenant.id).user_by_login(typed, identifier).await?;
        // Who has no password has forgotten none: they sign in in another way, which a password would weaken.
        let can = |user: &User| {
            user.status == UserStatus::Active
                && user.email.is_some()
                && (kind != MessageKind::PasswordReset || user.password.is_some())
        };
        Ok(user.filter(can))
    }

    /// Stores the link that somebody wished for; None if the address got enough of these.
    async fn fulfil(
        &self,
        message: &Message,
        user: &User,
        (asked_in, origin): (Option<AskedIn>, Option<EventOrigin>),
    ) -> Result<Option<OneTimeLink>, Fault> {
        let Some(address) = user.email.clone() else { return Ok(None) };
        let kind = message.kind;
        let subject = self.links.subject(Counted::Messages, kind, &address);
        let created_at: Timestamp = message.created_at;
        let link = OneTimeLink {
            tenant_id: message.tenant_id,
            hash: self.links.secret(message.tenant_id, message.id).hash(),
            kind,
            user_id: user.id,
            address,
            asked_in,
            created_at,
            expires_at: created_at + kind.lifetime(),
            consumed_at: None,
        };
        let event = self.wish_event(kind, user.id, origin);
        let effects = vec![
            self.counted(subject),
            Effect::StoreOneTimeLink(Box::new(link.clone())),
            Effect::RecordAudit(Box::new(event)),
        ];
        match self.apply(message.tenant_id, effects).await {
            Ok(()) => Ok(Some(link)),
            // Enough, or another node has just stored it and sends it.
            Err(ApplyError::Conflict) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
