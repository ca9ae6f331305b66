/// Where random bytes come from: the operating system in the program, a seeded generator in tests.
pub trait Entropy: Send + Sync {
    /// Fills the whole of `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}
