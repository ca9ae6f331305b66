use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

use crate::jwe::ContentEncryption;

/// The content encryption key of ECDH-ES in direct key agreement: the Concat KDF with SHA-256 (RFC 7518 §4.6.2),
/// of which one round gives all the bits that are needed.
pub(crate) fn derive(
    shared_secret: &[u8],
    encryption: ContentEncryption,
    party_u: &[u8],
    party_v: &[u8],
) -> Zeroizing<Vec<u8>> {
    let mut hash = Context::new(&SHA256);
    hash.update(&1_u32.to_be_bytes());
    hash.update(shared_secret);
    for information in [encryption.as_str().as_bytes(), party_u, party_v] {
        // Every one of these is bounded by the length of a token.
        hash.update(&(information.len() as u32).to_be_bytes());
        hash.update(information);
    }
    hash.update(&(encryption.key_length() as u32 * 8).to_be_bytes());
    Zeroizing::new(hash.finish().as_ref()[..encryption.key_length()].to_vec())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
    use serde_json::json;

    use super::derive;
    use crate::encoding::{base64url, decode_base64url};
    use crate::jwe::ContentEncryption;
    use crate::{Error, PublicJwk};

    #[test]
    fn concat_kdf_is_that_of_rfc_7518_appendix_c() {
        let alice = decode_base64url("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap();
        let alice = PrivateKey::from_private_key(&ECDH_P256, &alice).unwrap();
        let bob = PublicJwk::parse(&json!({
            "kty": "EC", "crv": "P-256",
            "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
            "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"
        }))
        .unwrap();
        let bob = UnparsedPublicKey::new(&ECDH_P256, bob.parameters.point().unwrap());
        let key = agree(&alice, bob, Error::DecryptionFailed, |secret| {
            assert_eq!(secret[..4], [158, 86, 217, 29]);
            Ok(derive(secret, ContentEncryption::A128GCM, b"Alice", b"Bob"))
        });
        assert_eq!(base64url(&key.unwrap()), "VqqN6vgjbSBcIijNcacQGg");
    }
}
