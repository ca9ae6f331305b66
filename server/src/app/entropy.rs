use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use grantor_protocol::Entropy;

/// The operating system's randomness, through the cryptographic library's own generator, which
/// costs no system call a token.
#[derive(Debug)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SystemEntropy {
    #[expect(clippy::panic, reason = "without randomness every secret could be guessed; nothing may go on")]
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            panic!("the system has no randomness");
        }
    }
}
