use std::time::Duration;

/// Buckets per power of two: a quantile is at most 1/32 too large.
const BUCKETS: usize = 32;

/// Latencies, counted in buckets that are made beforehand.
pub struct Histogram {
    counts: Box<[u32]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS * 60].into(), total: 0 }
    }
}

impl Histogram {
    pub fn record(&mut self, latency: Duration) {
        let nanoseconds = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(nanoseconds)) {
            *count += 1;
            self.total += 1;
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// The latency that this share of all (0 to 1) does not exceed; zero if there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let rank = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= rank
        });
        Duration::from_nanos(found.map_or(0, largest_of))
    }
}

fn bucket(nanoseconds: u64) -> usize {
    let shift = nanoseconds.max(1).ilog2().saturating_sub(BUCKETS.ilog2());
    shift as usize * BUCKETS + (nanoseconds >> shift) as usize
}

fn largest_of(bucket: usize) -> u64 {
    let shift = (bucket / BUCKETS).saturating_sub(1);
    let leading = (bucket - shift * BUCKETS) as u64;
    ((leading + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_at_most_a_thirty_second_wide() {
        for nanoseconds in [0, 1, 31, 32, 63, 64, 1_000, 123_456, 5_000_000, 60_000_000_000] {
            let largest = largest_of(bucket(nanoseconds));
            assert!(largest >= nanoseconds, "{nanoseconds}: {largest}");
            assert!(largest - nanoseconds <= nanoseconds / 32, "{nanoseconds}: {largest}");
        }
    }

    #[test]
    fn quantiles_count_from_the_smallest() {
        let (mut all, mut slow) = (Histogram::default(), Histogram::default());
        for _ in 0..98 {
            all.record(Duration::from_micros(100));
        }
        slow.record(Duration::from_millis(3));
        slow.record(Duration::from_millis(3));
        all.merge(&slow);
        assert!(all.quantile(0.5) < Duration::from_micros(104));
        assert!(all.quantile(0.98) < Duration::from_micros(104));
        assert!(all.quantile(0.99) >= Duration::from_millis(3));
        assert_eq!(Histogram::default().quantile(0.5), Duration::ZERO);
    }
}
