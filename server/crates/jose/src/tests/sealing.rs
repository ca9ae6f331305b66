use crate::{Error, MasterKey};

#[test]
fn what_is_sealed_opens_with_the_same_associated_data_only() {
    let key = MasterKey::new([7; 32]).unwrap();
    for plaintext in [&b""[..], b"private key"] {
        let sealed = key.seal([1; 12], b"tenant a", plaintext).unwrap();
        assert_eq!(key.open(b"tenant a", &sealed).unwrap().expose(), plaintext);
        assert_eq!(key.open(b"tenant b", &sealed).unwrap_err(), Error::DecryptionFailed);
        assert_eq!(key.open(b"", &sealed).unwrap_err(), Error::DecryptionFailed);
    }
}

#[test]
fn another_master_key_is_told_apart_from_tampering() {
    let sealed = MasterKey::new([7; 32]).unwrap().seal([1; 12], b"", b"private key").unwrap();
    let other = MasterKey::new([8; 32]).unwrap();
    assert_eq!(other.open(b"", &sealed).unwrap_err(), Error::WrongMasterKey);
}

#[test]
fn a_change_in_any_byte_and_any_cut_is_noticed() {
    let key = MasterKey::new([7; 32]).unwrap();
    let sealed = key.seal([1; 12], b"", b"private key").unwrap();
    for index in 0..sealed.len() {
        let mut tampered = sealed.clone();
        tampered[index] ^= 1;
        let expected = match index {
            0 => Error::Malformed("not a sealed value"),
            1..5 => Error::WrongMasterKey,
            _ => Error::DecryptionFailed,
        };
        assert_eq!(key.open(b"", &tampered).unwrap_err(), expected, "byte {index}");
        assert!(key.open(b"", &sealed[..index]).is_err(), "cut at {index}");
    }
}

#[test]
fn the_nonce_decides_the_ciphertext() {
    let key = MasterKey::new([7; 32]).unwrap();
    let sealed = |nonce| key.seal([nonce; 12], b"", b"private key").unwrap();
    assert_eq!(sealed(1), sealed(1));
    assert_ne!(sealed(1)[17..], sealed(2)[17..]);
}

#[test]
fn a_derived_key_depends_on_master_key_and_label() {
    let key = MasterKey::new([7; 32]).unwrap();
    assert_eq!(key.derive("csrf"), MasterKey::new([7; 32]).unwrap().derive("csrf"));
    assert_ne!(key.derive("csrf"), key.derive("refresh"));
    assert_ne!(key.derive("csrf"), MasterKey::new([8; 32]).unwrap().derive("csrf"));
}

#[test]
fn debug_shows_the_identifier_alone() {
    let key = MasterKey::new([7; 32]).unwrap();
    assert_eq!(format!("{key:?}"), format!("MasterKey {{ id: {:?}, .. }}", key.id()));
}
