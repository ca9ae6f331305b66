use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// A NumericDate (RFC 7519 §2): seconds since 1970-01-01T00:00:00Z. Read from an integer or from a fraction,
/// which is cut down to the whole second; written as an integer.
///
/// Values beyond ±2^53, which JSON cannot carry exactly, are refused, so that adding a leeway cannot overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NumericDate(pub i64);

const LIMIT: i64 = 1 << 53;

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumericDate, D::Error> {
        deserializer.deserialize_any(NumericDateVisitor)
    }
}

struct NumericDateVisitor;

impl Visitor<'_> for NumericDateVisitor {
    type Value = NumericDate;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number of seconds since 1970")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<NumericDate, E> {
        if (-LIMIT..=LIMIT).contains(&seconds) {
            Ok(NumericDate(seconds))
        } else {
            Err(E::custom("a date out of range"))
        }
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        // The cast saturates, and NaN would become zero: it has to go first.
        if seconds.is_nan() {
            return Err(E::custom("a date that is no number"));
        }
        self.visit_i64(seconds.floor() as i64)
    }
}
