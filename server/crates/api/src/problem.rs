use serde::{Deserialize, Serialize};

/// Why a request was refused (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Problem {
    /// `urn:grantor:problem:<name>`, the same for every occurrence of the problem.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", oai(rename = "type"))]
    pub kind: String,
    /// What kind of problem it is, in words.
    pub title: String,
    /// The HTTP status code.
    pub status: u16,
    /// What is wrong with this request and what to change.
    pub detail: String,
    /// The members of the request's document that are at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub errors: Vec<FieldProblem>,
    /// Finds the server's log line.
    pub correlation_id: String,
}

/// What is wrong with one member of the request's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct FieldProblem {
    /// The member, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}
