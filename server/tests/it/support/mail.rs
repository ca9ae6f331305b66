use std::path::PathBuf;

use super::{PUBLIC_URL, TestApp};

/// A message that was sent.
#[derive(Debug, PartialEq)]
pub struct Mail {
    pub text: String,
}

impl TestApp {
    /// Where messages are written to.
    pub fn mail_directory(&self) -> PathBuf {
        self.mail.path().join("mail")
    }

    /// Sends what is due, and takes the messages that were written.
    pub async fn mail(&self) -> Vec<Mail> {
        while self.app.deliver_mail().await.unwrap() {}
        let Ok(entries) = std::fs::read_dir(self.mail_directory()) else { return vec![] };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let take = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            Mail { text: decoded(&text) }
        };
        paths.into_iter().map(take).collect()
    }

    /// The one message that is due, beside what tells of sign-ins.
    pub async fn one_mail(&self) -> Mail {
        let mut mail = self.mail().await;
        mail.retain(|mail| !mail.header("subject").starts_with("New sign-in"));
        assert_eq!(mail.len(), 1, "{mail:?}");
        mail.remove(0)
    }
}

/// A message with its quoted-printable (RFC 2045 §6.7) parts in clear.
pub fn decoded(message: &str) -> String {
    let mut parts = message.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).map(|digits| u8::from_str_radix(digits, 16)) {
            Some(Ok(byte)) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            _ if part.starts_with("\r\n") => bytes.extend(&part.as_bytes()[2..]),
            _ => bytes.extend(format!("={part}").bytes()),
        }
    }
    String::from_utf8(bytes).unwrap()
}

impl Mail {
    /// A header of the message, unfolded.
    #[track_caller]
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let start = format!("{}: ", name.to_lowercase());
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&start));
        line.unwrap_or_else(|| panic!("no {name} in {head}"))[start.len()..].to_owned()
    }

    /// The path that the message's link leads to, at this server.
    #[track_caller]
    pub fn link(&self) -> String {
        let address = self.text.split_whitespace().find(|word| word.starts_with("https://"));
        let address = address.unwrap_or_else(|| panic!("no link in {}", self.text));
        address.strip_prefix(PUBLIC_URL).unwrap_or(address).to_owned()
    }

    /// The link's secret.
    #[track_caller]
    pub fn secret(&self) -> String {
        self.link().split_once("?link=").unwrap().1.to_owned()
    }
}
