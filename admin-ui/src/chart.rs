//! The geometry of charts: scales, ticks, and the paths of stacked bars. What it gives is in per cent of the
//! plot, so that a chart fits every width without being measured.

use std::fmt::Write as _;

/// One of the things that a bar is stacked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub name: String,
    /// Which of the colours it has.
    pub colour: usize,
    /// One for each point of time.
    pub values: Vec<u64>,
}

impl Series {
    #[must_use]
    pub fn total(&self) -> u64 {
        self.values.iter().sum()
    }
}

/// The height of the highest bar.
#[must_use]
pub fn highest(series: &[Series]) -> u64 {
    let points = series.iter().map(|series| series.values.len()).max().unwrap_or_default();
    (0..points).map(|index| height(series, index)).max().unwrap_or_default()
}

/// The height of one point's bar.
#[must_use]
pub fn height(series: &[Series], index: usize) -> u64 {
    series.iter().map(|series| series.values.get(index).copied().unwrap_or_default()).sum()
}

/// The values that the axis is marked at: whole numbers from 0 with even steps of 1, 2 or 5 times a power of
/// ten, about four of them, the last not lower than `highest`.
#[must_use]
pub fn value_ticks(highest: u64) -> Vec<u64> {
    let highest = highest.max(1);
    let wanted = highest.div_ceil(4);
    let power = 10_u64.pow(wanted.ilog10());
    let step =
        [1, 2, 5].into_iter().map(|factor| factor * power).find(|step| *step >= wanted).unwrap_or(power * 10);
    (0..=highest.div_ceil(step)).map(|tick| tick * step).collect()
}

/// The points that the axis of time is marked at, at most so many: round hours, or midnights. `local` has for
/// every point its seconds since 1970 as the clocks of the viewer's zone show them, so that a change of
/// those clocks does no harm.
#[must_use]
pub fn time_ticks(local: &[i64], most: usize) -> Vec<usize> {
    const HOURS: [i64; 12] = [1, 2, 3, 6, 12, 24, 48, 72, 120, 168, 336, 720];
    let at = |step: i64| -> Vec<usize> {
        let round = |seconds: &i64| seconds.div_euclid(3600) % step == 0;
        local.iter().enumerate().filter(|(_, seconds)| round(seconds)).map(|(index, _)| index).collect()
    };
    HOURS.iter().map(|step| at(*step)).find(|ticks| ticks.len() <= most).unwrap_or_default()
}

/// Where a point's bar begins and how wide its room is, in per cent of the width.
#[must_use]
pub fn room(index: usize, points: usize) -> (f64, f64) {
    let width = 100.0 / decimal(points.max(1) as u64);
    (decimal(index as u64) * width, width)
}

/// How high a value is, in per cent of the plot.
#[must_use]
pub fn share(value: u64, top: u64) -> f64 {
    100.0 * decimal(value) / decimal(top.max(1))
}

/// The path (SVG) of one series' part of the bars, in a plot of 100 by 100.
#[must_use]
pub fn bars(series: &[Series], which: usize, top: u64) -> String {
    let Some(drawn) = series.get(which) else { return String::new() };
    let points = drawn.values.len();
    // Bars that are few stand apart, bars that are many would be all gap.
    let gap = match points {
        0..=31 => 0.2,
        32..=200 => 0.1,
        _ => 0.0,
    };
    let mut path = String::new();
    for (index, value) in drawn.values.iter().enumerate().filter(|(_, value)| **value > 0) {
        let below: u64 = series[..which].iter().filter_map(|series| series.values.get(index)).sum();
        let (left, width) = room(index, points);
        let (left, width) = (left + width * gap / 2.0, width * (1.0 - gap));
        let (y, tall) = (100.0 - share(below, top), share(*value, top));
        // Writing into a string does not fail.
        let _written = write!(path, "M{left:.3} {y:.3}v{:.3}h{width:.3}v{tall:.3}z", -tall);
    }
    path
}

/// A number as people read it: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits")]
fn decimal(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[u64]) -> Series {
        Series { name: String::new(), colour: 0, values: values.to_vec() }
    }

    #[test]
    fn the_axis_has_few_round_values_and_ends_above_the_highest() {
        for (highest, ticks) in [
            (0, vec![0, 1]),
            (1, vec![0, 1]),
            (3, vec![0, 1, 2, 3]),
            (5, vec![0, 2, 4, 6]),
            (32, vec![0, 10, 20, 30, 40]),
            (70, vec![0, 20, 40, 60, 80]),
            (1999, vec![0, 500, 1000, 1500, 2000]),
        ] {
            assert_eq!(value_ticks(highest), ticks, "{highest}");
        }
        for highest in 1..5000 {
            let ticks = value_ticks(highest);
            assert!(
                (2..=6).contains(&ticks.len()) && *ticks.last().unwrap() >= highest,
                "{highest}: {ticks:?}"
            );
        }
    }

    #[test]
    fn time_is_marked_at_round_hours_and_midnights_of_the_viewer() {
        let hours = |first: i64, count: i64| (0..count).map(|hour| (first + hour) * 3600).collect::<Vec<_>>();
        assert_eq!(time_ticks(&hours(1, 24), 8), [2, 5, 8, 11, 14, 17, 20, 23]);
        // A week that begins at 22 o'clock is marked at its midnights.
        assert_eq!(time_ticks(&hours(22, 168), 8), [2, 26, 50, 74, 98, 122, 146]);
        // A zone that is half an hour off has its marks in the hour.
        let half: Vec<_> = hours(1, 24).iter().map(|second| second + 1800).collect();
        assert_eq!(time_ticks(&half, 8).len(), 8);
        let days: Vec<_> = (0..30).map(|day| day * 86_400).collect();
        assert!((4..=8).contains(&time_ticks(&days, 8).len()));
        assert!(time_ticks(&[], 8).is_empty());
    }

    #[test]
    fn bars_stand_on_those_below() {
        let series = [series(&[1, 0]), series(&[3, 2])];
        assert_eq!(highest(&series), 4);
        assert_eq!(bars(&series, 0, 4), "M5.000 100.000v-25.000h40.000v25.000z");
        assert_eq!(
            bars(&series, 1, 4),
            "M5.000 75.000v-75.000h40.000v75.000zM55.000 100.000v-50.000h40.000v50.000z"
        );
        assert_eq!(bars(&series, 2, 4), "");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
