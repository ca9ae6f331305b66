use std::fmt;

use serde::{Deserialize, Serialize};

/// A secret in clear.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(
    feature = "openapi",
    derive(poem_openapi::NewType),
    oai(from_parameter = false, from_multipart = false, to_header = false)
)]
pub struct SecretText(String);

impl SecretText {
    /// `Debug` does not print it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The clear text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(..)")
    }
}
