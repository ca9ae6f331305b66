//! What an answer of the admin API means to the console.

use serde::{Deserialize, de::DeserializeOwned};

/// Why the admin API gave no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is no session, or it has ended: the person has to sign in.
    SignedOut,
    /// Anything else, to be shown as it is.
    Refused(Refusal),
}

/// A failure in words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One or two plain sentences.
    pub message: String,
    /// Finds the server's log line, when the server sent one.
    pub correlation_id: Option<String>,
}

/// The members of an RFC 9457 problem document that the console shows.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    correlation_id: Option<String>,
}

/// Reads the data out of a successful answer.
///
/// # Errors
/// [`Failure::SignedOut`] for status 401, else [`Failure::Refused`] with the problem document's words
/// (RFC 9457 §3.1) where the body is one.
pub fn read<T: DeserializeOwned>(status: u16, body: &str) -> Result<T, Failure> {
    match status {
        200..=299 => serde_json::from_str(body).map_err(|_| {
            refused(
                "The server's answer was not understood. It may just have been updated: load the page again.",
                None,
            )
        }),
        401 => Err(Failure::SignedOut),
        _ => {
            let problem = serde_json::from_str::<Problem>(body).unwrap_or_default();
            let message = problem
                .detail
                .or(problem.title)
                .unwrap_or_else(|| format!("The server answered with status {status}."));
            Err(refused(&message, problem.correlation_id))
        }
    }
}

/// The failure to show when no answer came at all.
#[must_use]
pub fn unreachable() -> Failure {
    refused("The server could not be reached. Check your connection and try again.", None)
}

fn refused(message: &str, correlation_id: Option<String>) -> Failure {
    Failure::Refused(Refusal { message: message.to_owned(), correlation_id })
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor_api::Me;

    #[test]
    fn a_successful_answer_is_the_data() {
        let body =
            r#"{"subject":"u1","name":"Ada","email":null,"tenant":"system","roles":[],"csrf_token":"t"}"#;
        let me = read::<Me>(200, body).unwrap();
        assert_eq!((me.name.as_str(), me.csrf_token.as_deref()), ("Ada", Some("t")));
    }

    #[test]
    fn no_session_means_sign_in_whatever_the_body_says() {
        assert_eq!(read::<Me>(401, r#"{"title":"Unauthorized"}"#), Err(Failure::SignedOut));
    }

    #[test]
    fn a_problem_document_is_shown_with_its_correlation_id() {
        let body = r#"{"type":"about:blank","title":"Internal error","detail":"The database is away.","correlation_id":"c-7"}"#;
        let Err(Failure::Refused(refusal)) = read::<Me>(503, body) else { panic!("not a refusal") };
        assert_eq!(refusal.message, "The database is away.");
        assert_eq!(refusal.correlation_id.as_deref(), Some("c-7"));
    }

    #[test]
    fn an_answer_that_is_no_problem_document_still_says_something() {
        let Err(Failure::Refused(refusal)) = read::<Me>(502, "<html>bad gateway</html>") else {
            panic!("not a refusal")
        };
        assert_eq!(refusal.message, "The server answered with status 502.");
        assert_eq!(refusal.correlation_id, None);
    }

    #[test]
    fn data_of_another_version_is_a_refusal_and_not_a_sign_out() {
        assert!(matches!(read::<Me>(200, "{}"), Err(Failure::Refused(_))));
    }
}
