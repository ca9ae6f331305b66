//! Columns and the values of the model: what several nouns need to map rows both ways.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Binary};
use grantor_protocol::{Id, Scope, SecretHash, Timestamp};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A binary column of a fixed length: an identifier (16) or a hash (32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub(crate) struct Bytes<const N: usize>([u8; N]);

/// A time column: microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
pub(crate) struct Time(i64);

impl<const N: usize> Bytes<N> {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Time {
    /// Since the Unix epoch.
    pub(crate) fn microseconds(self) -> i64 {
        self.0
    }
}

impl<DB: Backend, const N: usize> ToSql<Binary, DB> for Bytes<N>
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<DB: Backend, const N: usize> FromSql<Binary, DB> for Bytes<N>
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        let length = bytes.len();
        bytes.try_into().map(Self).map_err(|_| format!("{length} bytes where {N} are expected").into())
    }
}

impl<DB: Backend> ToSql<BigInt, DB> for Time
where
    i64: ToSql<BigInt, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for Time
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        i64::from_sql(bytes).map(Self)
    }
}

impl<Kind> From<Id<Kind>> for Bytes<16> {
    fn from(id: Id<Kind>) -> Self {
        Self(*id.as_bytes())
    }
}

impl<Kind> From<Bytes<16>> for Id<Kind> {
    fn from(bytes: Bytes<16>) -> Self {
        Self::from_bytes(bytes.0)
    }
}

impl From<SecretHash> for Bytes<32> {
    fn from(hash: SecretHash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl From<Bytes<32>> for SecretHash {
    fn from(bytes: Bytes<32>) -> Self {
        Self::from_bytes(bytes.0)
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at.unix_microseconds())
    }
}

impl From<Time> for Timestamp {
    fn from(time: Time) -> Self {
        Self::from_unix_microseconds(time.0)
    }
}

/// A value as the document that a Jsonb column holds.
pub(crate) fn document(column: &'static str, value: &impl Serialize) -> Result<serde_json::Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::corrupt(column, error))
}

/// The value that a Jsonb column's document says.
pub(crate) fn from_document<T: DeserializeOwned>(
    column: &'static str,
    document: serde_json::Value,
) -> Result<T, Error> {
    serde_json::from_value(document).map_err(|error| Error::corrupt(column, error))
}

/// The variant that a text column names as serde names it.
pub(crate) fn from_name<'de, T: Deserialize<'de>>(column: &'static str, name: &'de str) -> Result<T, Error> {
    let name: StrDeserializer<'de, serde::de::value::Error> = name.into_deserializer();
    T::deserialize(name).map_err(|error| Error::corrupt(column, error))
}

/// The scope that a text column holds.
pub(crate) fn scope(column: &'static str, text: &str) -> Result<Scope, Error> {
    Scope::parse(text).map_err(|error| Error::corrupt(column, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor_protocol::model::{
        DeliveryState, DeviceState, KeyState, RevocationReason, SigningAlgorithm, TenantStatus, UserStatus,
        WebhookDisabled,
    };

    /// Columns are written with `as_str` and read with serde: the two must agree.
    #[test]
    fn names_are_read_as_they_are_written() {
        for state in [KeyState::Published, KeyState::Active, KeyState::Retired, KeyState::Removed] {
            assert_eq!(from_name::<KeyState>("", state.as_str()).unwrap(), state);
        }
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(from_name::<SigningAlgorithm>("", algorithm.as_str()).unwrap(), algorithm);
        }
        for reason in RevocationReason::ALL {
            assert_eq!(from_name::<RevocationReason>("", reason.as_str()).unwrap(), reason);
        }
        for state in DeliveryState::ALL {
            assert_eq!(from_name::<DeliveryState>("", state.as_str()).unwrap(), state);
        }
        for why in WebhookDisabled::ALL {
            assert_eq!(from_name::<WebhookDisabled>("", why.as_str()).unwrap(), why);
        }
        for state in DeviceState::ALL {
            assert_eq!(from_name::<DeviceState>("", state.as_str()).unwrap(), state);
        }
        for status in [TenantStatus::Active, TenantStatus::Suspended] {
            assert_eq!(from_name::<TenantStatus>("", status.as_str()).unwrap(), status);
        }
        for status in [UserStatus::Active, UserStatus::Locked] {
            assert_eq!(from_name::<UserStatus>("", status.as_str()).unwrap(), status);
        }
        let error = from_name::<KeyState>("signing_keys.state", "lost").unwrap_err();
        assert!(error.to_string().contains("signing_keys.state"), "{error}");
    }
}
