use std::fmt;

use serde::{Deserialize, Serialize};

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Always an argument, never read here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A length of time in whole seconds, as lifetimes are configured and sent (`expires_in`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lifetime(u32);

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_unix_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// From seconds since the Unix epoch (a JWT's NumericDate, RFC 7519 §2), saturating.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn unix_microseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Reads a time as RFC 3339 §5.6 writes it, with any offset; None if it is not one. Digits beyond
    /// microseconds do not count.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| -> Option<i64> {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| digits)
        };
        let at = |start: usize, end: usize| number(text.get(start..end)?);
        let separated = [(4, '-'), (7, '-'), (13, ':'), (16, ':')];
        let is_at =
            |(index, character): (usize, char)| text.get(index..)?.starts_with(character).then_some(());
        separated.into_iter().try_for_each(is_at)?;
        text.get(10..11).filter(|separator| ["T", "t", " "].contains(separator))?;
        let (year, month, day) = (at(0, 4)?, at(5, 7)?, at(8, 10)?);
        let (hour, minute, second) = (at(11, 13)?, at(14, 16)?, at(17, 19)?);
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let rest = text.get(19..)?;
        let (fraction, offset) = match rest.strip_prefix('.') {
            None => (0, rest),
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let fraction = rest.get(..digits).filter(|digits| !digits.is_empty())?;
                let microseconds = format!("{:0<6}", fraction.get(..6).unwrap_or(fraction));
                (number(&microseconds)?, rest.get(digits..)?)
            }
        };
        let offset = match (offset.as_bytes(), offset.get(1..3), offset.get(4..)) {
            ([b'Z' | b'z'], ..) => 0,
            ([sign @ (b'+' | b'-'), _, _, b':', _, _], Some(hours), Some(minutes)) => {
                let (hours, minutes) = (number(hours)?, number(minutes)?);
                let minutes = (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)?;
                if *sign == b'+' { minutes } else { -minutes }
            }
            _ => return None,
        };
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second;
        Some(Self(seconds * 1_000_000 + fraction))
    }

    /// Whole seconds from `earlier` to `self`, 0 if it lies ahead.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        (self.0.saturating_sub(earlier.0) / 1_000_000).max(0)
    }
}

impl std::ops::Add<Lifetime> for Timestamp {
    type Output = Self;

    fn add(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_add(lifetime.microseconds()))
    }
}

impl std::ops::Sub<Lifetime> for Timestamp {
    type Output = Self;

    fn sub(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_sub(lifetime.microseconds()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.unix_seconds();
        let milliseconds = self.0.rem_euclid(1_000_000) / 1000;
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let second_of_day = seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z"
        )
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Proleptic Gregorian date of a day count since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl Lifetime {
    /// This many seconds.
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// The length in seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    fn microseconds(self) -> i64 {
        i64::from(self.0) * 1_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_795_219_199, "2026-11-20T23:59:59.000Z"),
            (-1, "1969-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(Timestamp::from_unix_seconds(seconds).to_string(), text);
        }
    }

    #[test]
    fn reads_rfc_3339() {
        for (text, microseconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00.000Z", 951_782_400_000_000),
            ("2026-11-20T23:59:59+00:00", 1_795_219_199_000_000),
            ("2026-11-21t01:29:59.25+01:30", 1_795_219_199_250_000),
            ("2026-11-20 18:59:59.1234567-05:00", 1_795_219_199_123_456),
        ] {
            assert_eq!(Timestamp::parse(text), Some(Timestamp(microseconds)), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-11-20",
            "2026-11-20T23:59:59",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-20T24:00:00Z",
            "2026-11-20T00:60:00Z",
            "+026-11-20T00:00:00Z",
            "2026-11-20T00:00:00.Z",
            "2026-11-20T00:00:00+1:00",
            "2026-11-20T00:00:00+24:00",
            "2026-11-20T00:00:00Zz",
            "2026-11-20T00:00:ü0Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_unix_microseconds(i64::MAX);
        assert_eq!(end + Lifetime::from_seconds(u32::MAX), end);
        assert_eq!(Timestamp::default().seconds_since(end), 0);
    }
}
