//! Messages to people. They are queued in the transaction of what they tell of and sent by a job, which makes
//! their text and their link: what is stored opens nothing.

mod deliver;
mod mailer;
mod texts;

use aws_lc_rs::hmac;
use grantor_protocol::message::{self, FLOOD_MOST, FLOOD_PERIOD};
use grantor_protocol::model::{
    Actor, AskedIn, AuditEvent, AuditKind, EventOrigin, Message, MessageId, MessageKind, OneTimeLink,
    RequestOrigin, Session, TenantId, User, UserId,
};
use grantor_protocol::{Effect, Id, Secret, SecretHash, SecretKind};
use grantor_store::ApplyError;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{App, Fault, TenantContext, origin};

pub use mailer::{Letter, Mailer, SendError};

/// Makes the secrets of links: the same for the same message, so that nothing of them has to be kept until the
/// message is sent, and a message that is sent twice has one link.
pub struct LinkKey(hmac::Key);

impl LinkKey {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn secret(&self, tenant: TenantId, message: MessageId) -> Secret {
        Secret::from_bytes(
            SecretKind::OneTimeLink,
            &self.hash(&[b"link", tenant.as_bytes(), message.as_bytes()]),
        )
    }

    /// What the messages of a kind to an address are counted under, or the wishes for them.
    fn subject(&self, counted: Counted, kind: MessageKind, address: &str) -> SecretHash {
        let counted = match counted {
            Counted::Wishes => b"wish",
            Counted::Messages => b"sent",
        };
        let address = address.to_lowercase();
        SecretHash::from_bytes(self.hash(&[counted, kind.as_str().as_bytes(), b" ", address.as_bytes()]))
    }

    fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&self.0, &parts.concat()).as_ref());
        hash
    }
}

#[derive(Clone, Copy)]
enum Counted {
    /// For whatever somebody typed, whether anybody has it or not.
    Wishes,
    Messages,
}

/// What a message needs to say, sealed.
#[derive(Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
enum Content {
    /// The link to this user is stored already.
    User { user: UserId },
    /// Whoever signs in with what somebody typed, if anybody does: that is found out when it is sent, so that the
    /// answer to whoever typed it takes the same time.
    Whoever { typed: String, asked_in: Option<AskedIn>, origin: Option<EventOrigin> },
    /// Of a sign-in from a new browser.
    Notice { user: UserId, address: String, origin: RequestOrigin },
}

impl App {
    /// A link to a user in a message. An administrator or the user asked for it.
    ///
    /// # Errors
    /// [`Fault::TooMany`]: the address got many of these.
    pub(super) async fn send_link(
        &self,
        kind: MessageKind,
        (user, address): (&User, &str),
        mut event: AuditEvent,
    ) -> Result<(), Fault> {
        let now = self.now();
        let message = self.message(user.tenant_id, kind, &Content::User { user: user.id })?;
        let link = OneTimeLink {
            tenant_id: user.tenant_id,
            hash: self.links.secret(user.tenant_id, message.id).hash(),
            kind,
            user_id: user.id,
            address: address.to_owned(),
            asked_in: None,
            created_at: now,
            expires_at: now + kind.lifetime(),
            consumed_at: None,
        };
        describe(&mut event, kind);
        let subject = self.links.subject(Counted::Messages, kind, address);
        let mut effects = vec![self.counted(subject)];
        effects.extend(message::send(link, message, event));
        match self.apply(user.tenant_id, effects).await {
            Err(ApplyError::Conflict) => {
                let store = self.store.tenant(user.tenant_id);
                let until = store.attempts_exhausted_until(&[subject], FLOOD_MOST, now).await?.unwrap_or(now);
                Err(Fault::TooMany {
                    what: "messages to this address",
                    retry_after: until.seconds_since(now).max(1),
                })
            }
            other => Ok(other?),
        }
    }

    /// Notes that somebody wants a link for whoever signs in with what they typed. Nothing tells whether anybody
    /// does, nor whether there were too many wishes.
    pub(super) async fn wish_for_link(
        &self,
        context: &TenantContext,
        kind: MessageKind,
        typed: &str,
        asked_in: Option<AskedIn>,
    ) -> Result<(), Fault> {
        let content = Content::Whoever { typed: typed.to_owned(), asked_in, origin: origin::current() };
        let message = self.message(context.tenant.id, kind, &content)?;
        let effects = vec![
            self.counted(self.links.subject(Counted::Wishes, kind, typed)),
            Effect::QueueMessage(Box::new(message)),
        ];
        match self.apply(context.tenant.id, effects).await {
            Ok(()) | Err(ApplyError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells a user of a sign-in from a browser that they did not use before, if the tenant wants that and the
    /// address is known to be theirs: what is to be written together with the session.
    ///
    /// # Errors
    /// A fault of the cryptographic library.
    pub fn notice_of_sign_in(
        &self,
        context: &TenantContext,
        user: &User,
        session: &Session,
    ) -> Result<Option<Effect>, Fault> {
        let address = user.email.as_ref().filter(|_| user.email_verified);
        let Some(address) = address.filter(|_| context.tenant.settings.sign_in.new_sign_in_notice) else {
            return Ok(None);
        };
        let content =
            Content::Notice { user: user.id, address: address.clone(), origin: session.origin.clone() };
        let message = self.message(context.tenant.id, MessageKind::NewSignIn, &content)?;
        Ok(Some(Effect::QueueMessage(Box::new(message))))
    }

    fn counted(&self, subject: SecretHash) -> Effect {
        let at = self.now();
        Effect::CountAttempt { subject, most: FLOOD_MOST, at, expires_at: at + FLOOD_PERIOD }
    }

    fn message(&self, tenant_id: TenantId, kind: MessageKind, content: &Content) -> Result<Message, Fault> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let id = Id::generate(now, entropy);
        let mut nonce = [0; grantor_jose::NONCE_LENGTH];
        entropy.fill(&mut nonce);
        let plain = serde_json::to_vec(content).map_err(Fault::internal)?;
        Ok(Message {
            tenant_id,
            id,
            kind,
            content: self.master.seal(nonce, &associated_data(tenant_id, id), &plain)?,
            attempts: 0,
            due_at: now,
            created_at: now,
            expires_at: message::delivered_until(kind, now),
        })
    }

    fn content_of(&self, message: &Message) -> Result<Content, Fault> {
        let data = associated_data(message.tenant_id, message.id);
        let plain = self.master.open(&data, &message.content)?;
        serde_json::from_slice(plain.expose()).map_err(Fault::internal)
    }

    /// The event that tells of a message to a user whom nobody named but by typing.
    fn wish_event(&self, kind: MessageKind, user: UserId, origin: Option<EventOrigin>) -> AuditEvent {
        let mut event = self.event(AuditKind::MessageRequested, Actor::Anonymous, user.to_string());
        event.origin = origin;
        describe(&mut event, kind);
        event
    }
}

/// Says in an event which kind of message it is about.
fn describe(event: &mut AuditEvent, kind: MessageKind) {
    match event.detail.as_object_mut() {
        Some(detail) => drop(detail.insert("message".to_owned(), kind.as_str().into())),
        None => event.detail = json!({ "message": kind.as_str() }),
    }
}

/// What sealed content is bound to: moved to another message it does not open.
fn associated_data(tenant: TenantId, message: MessageId) -> Vec<u8> {
    [b"grantor message".as_slice(), tenant.as_bytes(), message.as_bytes()].concat()
}
