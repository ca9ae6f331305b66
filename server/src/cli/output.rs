use clap::ValueEnum;
use serde::Serialize;

use super::Failure;

/// How a command prints data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

impl Format {
    /// Prints `data`, as JSON or as `text` says it.
    pub fn print<T: Serialize>(self, data: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        match self {
            Self::Text => println!("{}", text(data)),
            Self::Json => println!("{}", serde_json::to_string_pretty(data).map_err(Failure::because)?),
        }
        Ok(())
    }
}
