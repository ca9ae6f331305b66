use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Entropy, Timestamp};

/// A UUID (RFC 9562, version 7: ordered by creation time) that knows what it identifies, so that a
/// grant's identifier cannot be handed to something that wants a user's.
pub struct Id<Kind> {
    bytes: [u8; 16],
    kind: PhantomData<fn() -> Kind>,
}

impl<Kind> Id<Kind> {
    /// A new identifier, ordered after those of earlier milliseconds.
    pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let milliseconds = u64::try_from(now.unix_microseconds() / 1000).unwrap_or_default();
        let uuid = uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid();
        Self::from_bytes(*uuid.as_bytes())
    }

    /// The identifier that these 16 bytes are; the store keeps them so.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self { bytes, kind: PhantomData }
    }

    /// The 16 bytes of the identifier.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.bytes
    }
}

impl<Kind> Clone for Id<Kind> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Kind> Copy for Id<Kind> {}

impl<Kind> PartialEq for Id<Kind> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<Kind> Eq for Id<Kind> {}

impl<Kind> PartialOrd for Id<Kind> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<Kind> Ord for Id<Kind> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}

impl<Kind> Hash for Id<Kind> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl<Kind> fmt::Display for Id<Kind> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        uuid::Uuid::from_bytes(self.bytes).hyphenated().fmt(formatter)
    }
}

impl<Kind> fmt::Debug for Id<Kind> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<Kind> FromStr for Id<Kind> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        uuid::Uuid::try_parse(text).map(|uuid| Self::from_bytes(*uuid.as_bytes())).map_err(|_| NotAnId)
    }
}

/// The text is not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a UUID")
    }
}

impl std::error::Error for NotAnId {}

impl<Kind> Serialize for Id<Kind> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, Kind> Deserialize<'de> for Id<Kind> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
