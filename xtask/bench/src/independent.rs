//! Checks a token of the server with another library than the server's.

use anyhow::{Context, bail};
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Verifies a compact JWS with the key of a JWK Set that its header names, and gives its algorithm.
///
/// # Errors
/// A signature that is none, a key or an algorithm that is not understood.
pub fn verify(token: &str, jwks: &Value) -> anyhow::Result<String> {
    let (signed, signature) = token.rsplit_once('.').context("not a JWS")?;
    let signature = URL_SAFE_NO_PAD.decode(signature)?;
    let header = signed.split('.').next().unwrap_or_default();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
    let keys = jwks["keys"].as_array().context("no keys")?;
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).context("no such kid")?;
    let number = |name: &str| -> anyhow::Result<Vec<u8>> {
        Ok(URL_SAFE_NO_PAD.decode(key[name].as_str().with_context(|| format!("no {name}"))?)?)
    };
    let verified = match header["alg"].as_str() {
        Some("ES256") => {
            let point = [vec![4], number("x")?, number("y")?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature)
        }
        Some("RS256") => PublicKeyComponents { n: number("n")?, e: number("e")? }.verify(
            &RSA_PKCS1_2048_8192_SHA256,
            signed.as_bytes(),
            &signature,
        ),
        _ => bail!("alg is {}", header["alg"]),
    };
    verified.ok().context("the signature is wrong")?;
    Ok(header["alg"].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use grantor_jose::{Algorithm, SigningKey};
    use serde_json::json;

    #[test]
    fn takes_a_right_signature_only() {
        for algorithm in [Algorithm::ES256, Algorithm::RS256] {
            let (key, _) = SigningKey::generate(algorithm, "k").unwrap();
            let (other, _) = SigningKey::generate(algorithm, "k").unwrap();
            let jwks = json!({ "keys": [key.public_jwk()] });
            let token = key.sign("at+jwt", &json!({ "sub": "a" })).unwrap();
            assert_eq!(verify(&token, &jwks).unwrap(), algorithm.to_string());
            let forged = other.sign("at+jwt", &json!({ "sub": "a" })).unwrap();
            assert!(verify(&forged, &jwks).is_err());
        }
    }
}
