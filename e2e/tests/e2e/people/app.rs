//! An authenticator app (RFC 6238).

use anyhow::{Context, ensure};
use aws_lc_rs::hmac;
use grantor_e2e::wait;
use std::time::SystemTime;

/// Seconds that a code is shown for.
const STEP: u64 = 30;

pub struct AuthenticatorApp {
    key: hmac::Key,
    /// The last step whose code was given.
    used: u64,
}

impl AuthenticatorApp {
    /// The app with a secret as a page shows it: base 32 (RFC 4648 §6) in groups.
    pub fn new(secret: &str) -> anyhow::Result<Self> {
        let (mut bytes, mut bits, mut held) = (vec![], 0, 0_u32);
        for letter in secret.chars().filter(|letter| !letter.is_whitespace()) {
            let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).context("not base 32")?;
            held = (held << 5 | u32::try_from(value)?) & 0xfff;
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from(held >> bits & 0xff)?);
            }
        }
        ensure!(bytes.len() >= 16, "RFC 4226 §4 wants 128 bits at least: {secret}");
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes), used: 0 })
    }

    /// A code that was not given yet. Servers take that of the next step too, for clocks that are fast.
    pub async fn code(&mut self) -> anyhow::Result<String> {
        let next = self.used + 1;
        let step = wait::until("the next code", async || {
            let now = now()?;
            Ok((next <= now + 1).then(|| next.max(now)))
        });
        self.used = step.await?;
        self.at(self.used)
    }

    /// The code that was given last.
    pub fn used_code(&self) -> anyhow::Result<String> {
        self.at(self.used)
    }

    /// A code that is not shown about this time.
    pub fn wrong_code(&self) -> anyhow::Result<String> {
        let now = now()?;
        let right: Vec<_> = (now - 2..=now + 2).map(|step| self.at(step)).collect::<Result<_, _>>()?;
        let wrong = ["000000", "111111", "222222", "333333", "444444", "555555"];
        let wrong = wrong.into_iter().find(|code| !right.iter().any(|right| right == code));
        Ok(wrong.context("all of them are right")?.to_owned())
    }

    /// RFC 4226 §5.3.
    fn at(&self, step: u64) -> anyhow::Result<String> {
        let mac = hmac::sign(&self.key, &step.to_be_bytes());
        let mac = mac.as_ref();
        let offset = usize::from(mac.last().context("no MAC")? & 0xf);
        let bytes = mac.get(offset..offset + 4).context("a short MAC")?.try_into()?;
        Ok(format!("{:06}", (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 1_000_000))
    }
}

#[expect(clippy::disallowed_methods, reason = "the app is in somebody's hand")]
fn now() -> anyhow::Result<u64> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() / STEP)
}

/// RFC 6238 Appendix B, the last six digits.
#[test]
fn codes_of_the_specification() -> anyhow::Result<()> {
    let app = AuthenticatorApp::new("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ")?;
    for (time, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
        assert_eq!(app.at(time / STEP)?, code);
    }
    Ok(())
}
