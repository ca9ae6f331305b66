//! Messages to people, which a server without a mail server writes as files.

use crate::{server::Installation, wait};
use anyhow::Context;
use std::path::{Path, PathBuf};

impl Installation {
    /// The address that a message leads its recipient to, as soon as there is one that begins like this. The message is
    /// taken away: another is waited for the next time.
    ///
    /// # Errors
    /// When none comes.
    pub async fn mailed(&self, to: &str, start: &str) -> anyhow::Result<String> {
        let directory = self.directory().join("mail");
        let what = format!("a message to {to} with {start}");
        let (path, address) = wait::until(&what, async || {
            let found = messages(&directory)?.into_iter().find_map(|(path, message)| {
                let address =
                    message.contains(&format!("To: {to}\r\n")).then(|| address(&message, start))??;
                Some((path, address))
            });
            Ok(found)
        })
        .await?;
        std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        Ok(address)
    }
}

/// Every message that was written, decoded.
fn messages(directory: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    // It is made with the first message.
    let Ok(entries) = std::fs::read_dir(directory) else { return Ok(vec![]) };
    let read = |path: PathBuf| Ok((path.clone(), decode(&std::fs::read_to_string(path)?)));
    entries.map(|entry| read(entry?.path())).collect()
}

/// The first whole address that begins like this: one that nothing follows is still being written.
fn address(message: &str, start: &str) -> Option<String> {
    let rest = &message[message.find(start)?..];
    Some(rest[..rest.find(char::is_whitespace)?].to_owned())
}

/// Text with its quoted-printable parts (RFC 2045 §6.7) in clear.
fn decode(message: &str) -> String {
    let message = message.replace("=\r\n", "");
    let mut parts = message.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).map(|digits| u8::from_str_radix(digits, 16)) {
            Some(Ok(byte)) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            _ => bytes.extend(format!("={part}").bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses_in_either_encoding() {
        let sent = "To: a@b.example\r\n\r\nGr=C3=BC=C3=9Fe:\r\nhttp://c/d?link=3Dgol_12=\r\n34\r\n";
        assert!(decode(sent).contains("Grüße"));
        for written in [sent, "http://c/d?link=gol_1234\r\n"] {
            let found = address(&decode(written), "http://c/d?link=");
            assert_eq!(found.as_deref(), Some("http://c/d?link=gol_1234"));
        }
        assert_eq!(address("http://c/d?link=gol_12", "http://c/"), None);
    }
}
