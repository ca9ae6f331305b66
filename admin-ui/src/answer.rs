//! What an answer of the admin API means to the console.

use grantor_api::FieldProblem;
use serde::{Deserialize, de::DeserializeOwned};

/// A failure in words for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status; 0 where no answer came.
    pub status: u16,
    /// One or two plain sentences.
    pub message: String,
    /// The members of the request's document that are at fault.
    pub errors: Vec<FieldProblem>,
    /// Finds the server's log line, when the server sent one.
    pub correlation_id: Option<String>,
}

/// The members of an RFC 9457 problem document that the console shows.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    errors: Vec<FieldProblem>,
    correlation_id: Option<String>,
}

impl Refusal {
    /// Whether what was asked for is not there, or not for this administrator to see.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status == 404
    }

    /// The same, said at a member of the document.
    #[must_use]
    pub fn at(self, pointer: &str, detail: &str) -> Self {
        let errors = vec![FieldProblem { pointer: pointer.to_owned(), detail: detail.to_owned() }];
        Self { errors, ..self }
    }

    /// Whether somebody else changed the document in between (RFC 9110 §13.1.1).
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.status == 412
    }
}

/// Reads the data out of an answer.
///
/// # Errors
/// What [`refusal`] makes of an answer that is no success; data of another version of the server's.
pub fn read<T: DeserializeOwned>(status: u16, body: &str) -> Result<T, Refusal> {
    if !(200..300).contains(&status) {
        return Err(refusal(status, body));
    }
    // An answer without content reads as null.
    let body = if body.is_empty() { "null" } else { body };
    serde_json::from_str(body).map_err(|_| Refusal {
        status,
        message:
            "The server's answer was not understood. It may just have been updated: load the page again."
                .to_owned(),
        ..Refusal::default()
    })
}

/// The problem document's words (RFC 9457 §3.1) where the body is one.
#[must_use]
pub fn refusal(status: u16, body: &str) -> Refusal {
    let problem = serde_json::from_str::<Problem>(body).unwrap_or_default();
    let message = problem
        .detail
        .filter(|detail| !detail.is_empty())
        .or(problem.title)
        .unwrap_or_else(|| format!("The server answered with status {status}."));
    Refusal { status, message, errors: problem.errors, correlation_id: problem.correlation_id }
}

/// The failure to show when no answer came at all.
#[must_use]
pub fn unreachable() -> Refusal {
    Refusal {
        message: "The server could not be reached. Check your connection and try again.".to_owned(),
        ..Refusal::default()
    }
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
        assert_eq!(read::<()>(204, ""), Ok(()));
    }

    #[test]
    fn a_problem_document_is_shown_with_its_correlation_id() {
        let body = r#"{"type":"about:blank","title":"Internal error","detail":"The database is away.","correlation_id":"c-7"}"#;
        let refusal = read::<Me>(503, body).unwrap_err();
        assert_eq!(refusal.message, "The database is away.");
        assert_eq!(refusal.correlation_id.as_deref(), Some("c-7"));
    }

    #[test]
    fn the_fields_at_fault_are_kept() {
        let body = r#"{"title":"Bad","detail":"Two things.","errors":[{"pointer":"/name","detail":"It is empty."}]}"#;
        let refusal = refusal(422, body);
        assert_eq!(refusal.errors[0].pointer, "/name");
        assert_eq!(refusal.errors[0].detail, "It is empty.");
    }

    #[test]
    fn an_answer_that_is_no_problem_document_still_says_something() {
        let refusal = read::<Me>(502, "<html>bad gateway</html>").unwrap_err();
        assert_eq!(refusal.message, "The server answered with status 502.");
        assert_eq!(refusal.correlation_id, None);
    }

    #[test]
    fn data_of_another_version_is_a_refusal() {
        assert!(read::<Me>(200, "{}").is_err());
    }
}
