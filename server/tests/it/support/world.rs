use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use grantor::app::Clock;
use grantor_protocol::{Entropy, Lifetime, Timestamp};

/// When every test begins.
pub const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// A clock that moves when a test says so.
pub struct FrozenClock(AtomicI64);

impl Default for FrozenClock {
    fn default() -> Self {
        Self(AtomicI64::new(START.unix_microseconds()))
    }
}

impl FrozenClock {
    pub fn advance(&self, seconds: u32) {
        let later = self.now() + Lifetime::from_seconds(seconds);
        self.0.store(later.unix_microseconds(), Ordering::SeqCst);
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_microseconds(self.0.load(Ordering::SeqCst))
    }
}

/// The same bytes in every run, other ones at every call (SplitMix64).
#[derive(Default)]
pub struct SeededEntropy {
    state: AtomicU64,
    one_at_a_time: Mutex<()>,
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let _guard = self.one_at_a_time.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            let mut mixed = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
