//! Forms that only the browser they were made for can send (RFC 9700 §4.7).

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::Secret;

use super::Fault;

/// Makes and checks the hidden field `csrf` of our forms: a keyed hash of a cookie that the form's
/// browser has and other sites cannot read.
pub struct FormKey(hmac::Key);

impl FormKey {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The field's value for the browser with this cookie.
    pub fn token(&self, cookie: &Secret) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, cookie.expose().as_bytes()))
    }

    /// Whether a form came from the browser that it was made for.
    ///
    /// # Errors
    /// [`Fault::ForgedForm`].
    pub fn check(&self, cookie: Option<&Secret>, token: &str) -> Result<(), Fault> {
        let cookie = cookie.ok_or(Fault::ForgedForm("the browser sent no cookie"))?;
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| Fault::ForgedForm("malformed"))?;
        hmac::verify(&self.0, cookie.expose().as_bytes(), &token)
            .map_err(|_| Fault::ForgedForm("made for another browser"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_belongs_to_one_browser() {
        let key = FormKey::new(&[1; 32]);
        let cookie = Secret::presented("gbr_1");
        let token = key.token(&cookie);
        assert!(key.check(Some(&cookie), &token).is_ok());
        assert!(key.check(Some(&Secret::presented("gbr_2")), &token).is_err());
        assert!(key.check(None, &token).is_err());
        assert!(key.check(Some(&cookie), "").is_err());
        assert!(FormKey::new(&[2; 32]).check(Some(&cookie), &token).is_err());
    }
}
