//! Token buckets as one number each: the generic cell rate algorithm.
//!
//! A bucket's number is the time at which it will be full again. It is full when that has passed, a
//! request puts it off by what one request needs to come back, and a request is refused that would
//! put it off by more than the whole bucket holds.

use crate::Timestamp;
use crate::model::Rate;

/// A bucket that was never asked.
pub const FULL: i64 = i64::MIN;

/// The bucket is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// Whole seconds until it gives again, rounded up: a `Retry-After` (RFC 9110 §10.2.3).
    pub retry_after: i64,
}

/// Takes one from a bucket. Gives the bucket as it is then, also when nothing could be taken.
///
/// A clock that went backwards finds the bucket empty at worst, and it fills up from there: nobody is
/// locked out for as long as the clock was wrong.
pub fn take(bucket: i64, rate: Rate, now: Timestamp) -> (i64, Result<(), Exhausted>) {
    let now = nanoseconds(now);
    let latest = now.saturating_add(whole(rate));
    let bucket = bucket.clamp(now, latest);
    let taken = bucket.saturating_add(interval(rate));
    match taken.saturating_sub(latest) {
        ..=0 => (taken, Ok(())),
        // Rounded up: somebody who comes back in time must not find it empty again.
        missing => {
            let retry_after = missing.saturating_add(NANOSECONDS - 1) / NANOSECONDS;
            (bucket, Err(Exhausted { retry_after }))
        }
    }
}

/// Puts one back that was taken for nothing.
pub fn give_back(bucket: i64, rate: Rate) -> i64 {
    bucket.saturating_sub(interval(rate))
}

const NANOSECONDS: i64 = 1_000_000_000;

fn nanoseconds(at: Timestamp) -> i64 {
    at.unix_microseconds().saturating_mul(1000)
}

/// What one request needs to come back. At least a nanosecond, so a bucket of any rate can be emptied.
fn interval(rate: Rate) -> i64 {
    (i64::from(rate.per.seconds()) * NANOSECONDS / i64::from(rate.requests.get())).max(1)
}

fn whole(rate: Rate) -> i64 {
    interval(rate).saturating_mul(rate.burst.get().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Lifetime;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    /// How many of `asked` requests at one time are answered.
    fn answered(bucket: &mut i64, rate: Rate, now: Timestamp, asked: usize) -> usize {
        (0..asked).filter(|_| ask(bucket, rate, now).is_ok()).count()
    }

    fn ask(bucket: &mut i64, rate: Rate, now: Timestamp) -> Result<(), Exhausted> {
        let (after, outcome) = take(*bucket, rate, now);
        *bucket = after;
        outcome
    }

    #[test]
    fn a_full_bucket_gives_its_burst_and_then_its_rate() {
        let (mut bucket, rate) = (FULL, rate("3/second burst 10"));
        assert_eq!(answered(&mut bucket, rate, NOW, 100), 10);
        assert_eq!(ask(&mut bucket, rate, NOW), Err(Exhausted { retry_after: 1 }));
        assert_eq!(answered(&mut bucket, rate, NOW + Lifetime::from_seconds(1), 100), 3);
        assert_eq!(answered(&mut bucket, rate, NOW + Lifetime::from_seconds(60), 100), 10);
    }

    #[test]
    fn says_when_to_come_back_in_whole_seconds() {
        let (mut bucket, rate) = (FULL, rate("7/hour burst 1"));
        assert_eq!(answered(&mut bucket, rate, NOW, 2), 1);
        assert_eq!(ask(&mut bucket, rate, NOW), Err(Exhausted { retry_after: 515 }));
        assert!(ask(&mut bucket, rate, NOW + Lifetime::from_seconds(514)).is_err());
        assert!(ask(&mut bucket, rate, NOW + Lifetime::from_seconds(515)).is_ok());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (mut bucket, rate) = (FULL, rate("1/hour burst 2"));
        assert_eq!(answered(&mut bucket, rate, NOW, 2), 2);
        bucket = give_back(bucket, rate);
        assert_eq!(answered(&mut bucket, rate, NOW, 2), 1);
        // Nobody saves up by it.
        for _ in 0..10 {
            bucket = give_back(bucket, rate);
        }
        assert_eq!(answered(&mut bucket, rate, NOW, 10), 2);
        assert_eq!(give_back(FULL, rate), FULL);
    }

    #[test]
    fn a_clock_that_goes_backwards_locks_nobody_out() {
        let (mut bucket, rate) = (FULL, rate("1/second burst 5"));
        assert_eq!(answered(&mut bucket, rate, NOW, 5), 5);
        let before = NOW - Lifetime::from_seconds(86_400);
        assert_eq!(ask(&mut bucket, rate, before), Err(Exhausted { retry_after: 1 }));
        assert_eq!(answered(&mut bucket, rate, before + Lifetime::from_seconds(2), 9), 2);
        assert_eq!(answered(&mut bucket, rate, before + Lifetime::from_seconds(9), 9), 5);
        // And forwards again it gives no more than its burst.
        assert_eq!(answered(&mut bucket, rate, NOW, 9), 5);
    }

    #[test]
    fn a_lower_limit_counts_at_once() {
        let mut bucket = FULL;
        assert_eq!(answered(&mut bucket, rate("1/hour burst 1000"), NOW, 500), 500);
        assert_eq!(ask(&mut bucket, rate("1/second burst 5"), NOW), Err(Exhausted { retry_after: 1 }));
        assert_eq!(answered(&mut bucket, rate("1/second burst 5"), NOW + Lifetime::from_seconds(3), 9), 3);
    }

    #[test]
    fn extremes_do_not_overflow() {
        for at in [i64::MIN, -1, 0, 1, i64::MAX].map(Timestamp::from_unix_microseconds) {
            for mut bucket in [FULL, 0, i64::MAX] {
                for text in ["4294967295/second burst 4294967295", "1/hour burst 4294967295", "1/hour"] {
                    if let Err(exhausted) = ask(&mut bucket, rate(text), at) {
                        assert!(exhausted.retry_after > 0, "{text}");
                    }
                    bucket = give_back(bucket, rate(text));
                }
            }
        }
    }

    proptest! {
        /// Whatever comes when, no span of time has more than the burst and what its length gives.
        #[test]
        fn never_more_than_the_rate_and_the_burst(
            steps in prop::collection::vec(0_u32..3, 1..300), requests in 1_u32..20, burst in 1_u32..20,
        ) {
            let rate = rate(&format!("{requests}/second burst {burst}"));
            let (mut bucket, mut now, mut taken) = (FULL, NOW, 0_u32);
            for step in steps {
                now = now + Lifetime::from_seconds(step);
                taken += u32::from(ask(&mut bucket, rate, now).is_ok());
                let elapsed = u32::try_from(now.seconds_since(NOW)).unwrap();
                prop_assert!(taken <= burst + elapsed * requests + 1);
            }
        }
    }
}
