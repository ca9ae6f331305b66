use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use grantor_protocol::Timestamp;
use grantor_protocol::model::MessageId;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::{MailConfig, MailWay};

/// How long a mail server has to take a message, from the connection to its last answer. The claim of a
/// message lasts four times as long.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a mail server answers where the recipient is at fault, or the message: trying again changes nothing (RFC
/// 5321 §4.2.3). Other refusals may be about us, which the operator can mend.
const FINAL: [u16; 4] = [550, 551, 553, 554];

/// Takes messages to a mail server, or into files where there is none.
pub struct Mailer {
    from: Address,
    way: Way,
}

enum Way {
    Files(PathBuf),
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

/// A message to one person.
pub struct Letter<'a> {
    /// Names the message to those who carry it, however often it is sent.
    pub id: MessageId,
    /// What its sender is called.
    pub from: &'a str,
    pub to: &'a str,
    pub date: Timestamp,
    pub subject: &'a str,
    pub plain: String,
    pub html: String,
}

/// Why a message was not sent. Says nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It cannot be sent, now or later.
    #[error("{0}")]
    Refused(String),
    /// It may be taken later.
    #[error("{0}")]
    Failed(String),
}

impl Mailer {
    /// Nothing is connected to yet.
    ///
    /// # Errors
    /// An address of a mail server that cannot be used.
    pub fn new(config: &MailConfig) -> Result<Self, String> {
        let way = match &config.way {
            MailWay::Files(directory) => Way::Files(directory.clone()),
            MailWay::Smtp(url) => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose());
                // The error could quote the address, which has a password.
                let transport = transport.map_err(|_| "smtp_url cannot be used".to_owned())?;
                let name = ClientId::Domain(config.from.domain().to_owned());
                Way::Smtp(Box::new(transport.hello_name(name).timeout(Some(TIMEOUT)).build()))
            }
        };
        Ok(Self { from: config.from.clone(), way })
    }

    /// Says where messages go, after trying whether they could.
    ///
    /// # Errors
    /// A mail server that does not answer, a directory that cannot be written to.
    pub async fn check(&self) -> Result<String, String> {
        match &self.way {
            Way::Files(directory) => {
                let existing = directory.ancestors().find(|directory| directory.exists());
                match existing.map(|existing| existing.metadata()) {
                    Some(Ok(found)) if found.is_dir() && !found.permissions().readonly() => {
                        Ok(format!("no smtp_url: messages are written to {}", directory.display()))
                    }
                    _ => Err(format!("{} cannot be made", directory.display())),
                }
            }
            Way::Smtp(transport) => match tokio::time::timeout(TIMEOUT, transport.test_connection()).await {
                Ok(Ok(true)) => Ok(format!("the mail server answers, messages are from {}", self.from)),
                Ok(Ok(false)) => Err("the mail server closed the connection".to_owned()),
                Ok(Err(error)) => Err(reason(&error)),
                Err(_) => Err("the mail server does not answer".to_owned()),
            },
        }
    }

    /// Sends a message, or writes it down.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, letter: Letter<'_>) -> Result<(), SendError> {
        let id = letter.id;
        let message = self.message(letter)?;
        match &self.way {
            Way::Files(directory) => {
                let path = directory.join(format!("{id}.eml"));
                let written = tokio::task::spawn_blocking(move || write(&path, &message.formatted())).await;
                let written = written.map_err(|error| SendError::Failed(error.to_string()))?;
                written.map_err(|error| {
                    SendError::Failed(format!("the message cannot be written down: {error}"))
                })
            }
            Way::Smtp(transport) => match tokio::time::timeout(TIMEOUT, transport.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(match error.status().map(u16::from) {
                    Some(status) if FINAL.contains(&status) => SendError::Refused(reason(&error)),
                    _ => SendError::Failed(reason(&error)),
                }),
                Err(_) => Err(SendError::Failed("the mail server does not answer".to_owned())),
            },
        }
    }

    fn message(&self, letter: Letter<'_>) -> Result<Message, SendError> {
        let refused = |error: &dyn std::fmt::Display| SendError::Refused(format!("not a message: {error}"));
        let to: Address = letter.to.parse().map_err(|error| refused(&error))?;
        let microseconds = u64::try_from(letter.date.unix_microseconds()).unwrap_or_default();
        Message::builder()
            .from(Mailbox::new(Some(letter.from.to_owned()), self.from.clone()))
            .to(Mailbox::new(None, to))
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(microseconds))
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.domain())))
            .subject(letter.subject)
            // RFC 3834 §5: nobody's holiday notice answers it.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(letter.plain, letter.html))
            .map_err(|error| refused(&error))
    }
}

/// What went wrong without the server's words, which quote addresses.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(status) => format!("the mail server answered {status}"),
        None if error.is_timeout() => "the mail server does not answer".to_owned(),
        None if error.is_tls() => "the mail server and we agree on no TLS".to_owned(),
        None => {
            let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            format!("the mail server cannot be talked to: {cause}")
        }
    }
}

/// What is in a message is its reader's alone.
fn write(path: &Path, message: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let options = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).to_owned();
    let mut file = options.open(path)?;
    file.write_all(message)?;
    file.sync_all()
}
