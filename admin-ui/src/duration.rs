//! Seconds as people write them.

/// Units from the longest to the shortest: seconds, name, name of several.
pub const UNITS: [(u64, &str); 4] = [(86_400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds")];

/// The longest unit that the time is a whole number of, as an index of [`UNITS`].
#[must_use]
pub fn unit_of(seconds: u64) -> usize {
    UNITS.iter().position(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit)).unwrap_or(UNITS.len() - 1)
}

/// A time in words, in the longest unit that it is a whole number of: `90 minutes`, `1 day`.
#[must_use]
pub fn in_words(seconds: u64) -> String {
    let (unit, name) = UNITS[unit_of(seconds)];
    let number = seconds / unit;
    if number == 1 { format!("1 {}", name.trim_end_matches('s')) } else { format!("{number} {name}") }
}

/// How far a moment is from now, roughly: `3 minutes ago`, `in 2 days`, `just now`.
#[must_use]
pub fn from_now(seconds: i64) -> String {
    let distance = seconds.unsigned_abs();
    let (unit, name) = match distance {
        0..45 => return "just now".to_owned(),
        45..3600 => (60, "minute"),
        3600..86_400 => (3600, "hour"),
        _ => (86_400, "day"),
    };
    let number = (distance + unit / 2) / unit;
    let plural = if number == 1 { "" } else { "s" };
    if seconds < 0 { format!("{number} {name}{plural} ago") } else { format!("in {number} {name}{plural}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_longest_whole_unit() {
        for (seconds, words) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "90 seconds"),
            (600, "10 minutes"),
            (5400, "90 minutes"),
            (3600, "1 hour"),
            (86_400, "1 day"),
            (30 * 86_400, "30 days"),
        ] {
            assert_eq!(in_words(seconds), words);
        }
    }

    #[test]
    fn distances_are_rough() {
        for (seconds, words) in [
            (0, "just now"),
            (-30, "just now"),
            (-60, "1 minute ago"),
            (-3540, "59 minutes ago"),
            (7300, "in 2 hours"),
            (-86_400, "1 day ago"),
            (20 * 86_400, "in 20 days"),
        ] {
            assert_eq!(from_now(seconds), words);
        }
    }
}
