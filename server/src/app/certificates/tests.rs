use grantor_jose::{Algorithm, SigningKey};
use grantor_protocol::certificate::ExpectedSubject;
use rcgen::string::BmpString;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    DnValue, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, NameConstraints, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SanType, date_time_ymd,
};
use serde_json::json;

use super::*;

/// 2027-01-15
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn parameters(common_name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    parameters
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = parameters(name);
    parameters.extended_key_usages = vec![];
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

fn root(name: &str) -> Issuer {
    CertifiedIssuer::self_signed(authority(name), KeyPair::generate().unwrap()).unwrap()
}

fn intermediate(parameters: CertificateParams, issuer: &Issuer) -> Issuer {
    CertifiedIssuer::signed_by(parameters, KeyPair::generate().unwrap(), issuer).unwrap()
}

fn issued(parameters: &CertificateParams, issuer: &Issuer) -> Vec<u8> {
    parameters.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap().der().to_vec()
}

fn self_signed(parameters: &CertificateParams) -> (ClientCertificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (read(vec![parameters.self_signed(&key).unwrap().der().to_vec()]), key)
}

fn read(chain: Vec<Vec<u8>>) -> ClientCertificate {
    ClientCertificate::parse(chain).unwrap()
}

fn refusal(anchors: &Issuer, chain: Vec<Vec<u8>>) -> String {
    let anchors = TrustAnchors::parse(&anchors.pem()).unwrap();
    anchors.verify(&read(chain), NOW).unwrap_err().to_string()
}

#[test]
fn a_certificate_of_a_trusted_authority_is_trusted() {
    let (root, other) = (root("root"), root("other"));
    let middle = intermediate(authority("middle"), &root);
    let direct = read(vec![issued(&parameters("client"), &root)]);
    let leaf = issued(&parameters("client"), &middle);
    let over_middle = read(vec![leaf, middle.der().to_vec()]);
    for pem in [root.pem(), format!("{}{}", other.pem(), root.pem())] {
        let anchors = TrustAnchors::parse(&pem).unwrap();
        anchors.verify(&direct, NOW).unwrap();
        anchors.verify(&over_middle, NOW).unwrap();
    }
    TrustAnchors::parse(&middle.pem()).unwrap().verify(&over_middle, NOW).unwrap();
}

#[test]
fn a_usage_is_not_demanded_and_what_is_there_must_be_client_authentication() {
    let root = root("root");
    let anchors = TrustAnchors::parse(&root.pem()).unwrap();
    for (usages, trusted) in [
        (vec![], true),
        (vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth], true),
        (vec![ExtendedKeyUsagePurpose::ServerAuth], false),
        (vec![ExtendedKeyUsagePurpose::CodeSigning], false),
    ] {
        let mut parameters = parameters("client");
        parameters.extended_key_usages = usages;
        let certificate = read(vec![issued(&parameters, &root)]);
        assert_eq!(
            anchors.verify(&certificate, NOW).is_ok(),
            trusted,
            "{:?}",
            parameters.extended_key_usages
        );
    }
}

#[test]
fn other_authorities_and_missing_links_are_refused() {
    let (anchor, other) = (root("root"), root("root"));
    let middle = intermediate(authority("middle"), &anchor);
    let leaf = issued(&parameters("client"), &middle);
    // Of the same name, with another key.
    assert!(refusal(&other, vec![issued(&parameters("client"), &anchor)]).contains("BadSignature"));
    assert!(refusal(&other, vec![leaf.clone(), middle.der().to_vec()]).contains("BadSignature"));
    assert!(refusal(&anchor, vec![leaf.clone()]).contains("UnknownIssuer"));
    assert!(refusal(&anchor, vec![leaf, b"garbage".to_vec()]).contains("BadEncoding"));
    let (itself, _) = self_signed(&parameters("root"));
    assert!(refusal(&anchor, itself.chain().to_vec()).contains("BadSignature"));
    // One that the client brings along is no anchor.
    let own = root("own");
    let chain = vec![issued(&parameters("client"), &own), own.der().to_vec()];
    assert!(refusal(&anchor, chain).contains("UnknownIssuer"));
}

#[test]
fn a_client_cannot_be_an_authority_for_others() {
    let root = root("root");
    let client = intermediate(parameters("client"), &root);
    let forged = vec![issued(&parameters("victim"), &client), client.der().to_vec()];
    assert!(refusal(&root, forged).contains("EndEntityUsedAsCa"));
    let middle = intermediate(authority("middle"), &root);
    assert!(refusal(&root, vec![middle.der().to_vec()]).contains("CaUsedAsEndEntity"));
}

#[test]
fn names_that_an_authority_may_not_give_are_refused() {
    let root = root("root");
    let mut constrained = authority("middle");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
        excluded_subtrees: vec![],
    });
    let middle = intermediate(constrained, &root);
    let anchors = TrustAnchors::parse(&root.pem()).unwrap();
    for (name, trusted) in [("a.example.com", true), ("a.example.org", false)] {
        let mut parameters = parameters("client");
        parameters.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
        let certificate = read(vec![issued(&parameters, &middle), middle.der().to_vec()]);
        assert_eq!(anchors.verify(&certificate, NOW).is_ok(), trusted, "{name}");
    }
}

#[test]
fn validity_is_that_of_the_given_time() {
    let root = root("root");
    let anchors = TrustAnchors::parse(&root.pem()).unwrap();
    let mut parameters = parameters("client");
    parameters.not_before = date_time_ymd(2027, 1, 1);
    parameters.not_after = date_time_ymd(2027, 2, 1);
    let certificate = read(vec![issued(&parameters, &root)]);
    let at = |seconds| anchors.verify(&certificate, Timestamp::from_unix_seconds(seconds));
    let (first, last) = (parameters.not_before.unix_timestamp(), parameters.not_after.unix_timestamp());
    at(first).unwrap();
    at(last).unwrap();
    assert!(at(first - 1).unwrap_err().to_string().contains("not valid yet"));
    assert!(at(last + 1).unwrap_err().to_string().contains("expired"));
    assert!(at(-1).unwrap_err().to_string().contains("not valid yet"));
    // The authority between them, too.
    let mut expired = authority("middle");
    expired.not_after = date_time_ymd(2026, 1, 1);
    let middle = intermediate(expired, &root);
    let chain = read(vec![issued(&parameters, &middle), middle.der().to_vec()]);
    assert!(anchors.verify(&chain, NOW).unwrap_err().to_string().contains("expired"));
}

#[test]
fn a_tampered_certificate_is_refused() {
    let root = root("root");
    let leaf = issued(&parameters("client"), &root);
    let name = leaf.windows(6).position(|bytes| bytes == b"client").unwrap();
    for position in [name, leaf.len() - 1] {
        let mut tampered = leaf.clone();
        tampered[position] ^= 1;
        assert!(refusal(&root, vec![tampered]).contains("BadSignature"), "{position}");
    }
}

#[test]
fn what_names_no_authority_is_refused() {
    let root = root("root");
    let pem = root.pem();
    let cut = pem[..pem.len() / 2].to_owned();
    let key = root.key().serialize_pem();
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    for text in
        [String::new(), "root".to_owned(), cut, key.clone(), format!("{pem}{key}"), format!("{pem}{garbage}")]
    {
        assert!(TrustAnchors::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn names_are_read_from_the_certificate() {
    let mut parameters = parameters("client");
    parameters.distinguished_name = DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CountryName, DnValue::PrintableString("DE".try_into().unwrap()));
    let organization = BmpString::try_from("Müller, Söhne").unwrap();
    parameters.distinguished_name.push(DnType::OrganizationName, DnValue::BmpString(organization));
    parameters.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), "PSDDE-BAFIN-1");
    parameters.distinguished_name.push(DnType::CommonName, "client");
    parameters.subject_alt_names = vec![
        SanType::DnsName("client.example".try_into().unwrap()),
        SanType::URI("spiffe://example/client".try_into().unwrap()),
        SanType::Rfc822Name("client@example.com".try_into().unwrap()),
        SanType::IpAddress("192.0.2.1".parse().unwrap()),
        SanType::IpAddress("2001:db8::1".parse().unwrap()),
    ];
    let (certificate, _) = self_signed(&parameters);
    for (parameter, value, expected) in [
        (
            "tls_client_auth_subject_dn",
            r"CN=client,organizationIdentifier=PSDDE-BAFIN-1,O=müller\, söhne,C=de",
            true,
        ),
        (
            "tls_client_auth_subject_dn",
            r"CN=client,2.5.4.97=#0c0d50534444452d424146494e2d31,O=Müller\, Söhne,2.5.4.6=#13024445",
            true,
        ),
        ("tls_client_auth_subject_dn", "CN=client", false),
        ("tls_client_auth_san_dns", "client.example", true),
        ("tls_client_auth_san_dns", "client", false),
        ("tls_client_auth_san_uri", "spiffe://example/client", true),
        ("tls_client_auth_san_email", "client@example.com", true),
        ("tls_client_auth_san_ip", "192.0.2.1", true),
        ("tls_client_auth_san_ip", "2001:db8:0::1", true),
        ("tls_client_auth_san_ip", "192.0.2.2", false),
    ] {
        let subject = ExpectedSubject::parse(parameter, value).unwrap();
        assert_eq!(subject.matches(certificate.names()), expected, "{parameter} {value}");
    }
}

/// Which of the two would count is not for us to choose.
#[test]
fn alternative_names_twice_are_refused() {
    let mut parameters = parameters("client");
    parameters.subject_alt_names = vec![SanType::DnsName("client.example".try_into().unwrap())];
    let mut second = vec![0x30, 16, 0x82, 14];
    second.extend(b"victim.example");
    parameters.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], second)];
    assert!(ClientCertificate::parse(vec![issued(&parameters, &root("root"))]).is_err());
    parameters.subject_alt_names.clear();
    assert_eq!(read(vec![issued(&parameters, &root("root"))]).names().dns, ["victim.example"]);
}

#[test]
fn the_thumbprint_is_of_the_certificate_in_der() {
    let chain = vec![issued(&parameters("client"), &root("root"))];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &chain[0]);
    let expected = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
    assert_eq!(read(chain).thumbprint(), expected);
}

/// The key in a certificate as a JWK, made by another hand: from what the key pair says of itself.
fn jwk(key: &KeyPair) -> Value {
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let point = key.public_key_raw();
    let (crv, half) = match point.len() {
        32 => return json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(point) }),
        65 => ("P-256", 33),
        _ => ("P-384", 49),
    };
    json!({ "kty": "EC", "crv": crv, "x": encode(&point[1..half]), "y": encode(&point[half..]) })
}

#[test]
fn a_registered_key_is_its_owners() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let [key, other] = [(); 2].map(|()| KeyPair::generate_for(algorithm).unwrap());
        let certificate = read(vec![parameters("client").self_signed(&key).unwrap().der().to_vec()]);
        assert!(self_signed_matches(&certificate, &json!({ "keys": [jwk(&other), jwk(&key)] })));
        assert!(!self_signed_matches(&certificate, &json!({ "keys": [jwk(&other)] })));
        // A new certificate for the same key.
        let renewed = read(vec![parameters("renewed").self_signed(&key).unwrap().der().to_vec()]);
        assert!(self_signed_matches(&renewed, &json!({ "keys": [jwk(&key)] })));
    }
}

#[test]
fn an_rsa_key_is_found_as_well() {
    let (key, pkcs8) = SigningKey::generate(Algorithm::RS256, "1").unwrap();
    let pair = KeyPair::try_from(pkcs8.expose()).unwrap();
    let certificate = read(vec![parameters("client").self_signed(&pair).unwrap().der().to_vec()]);
    let mut jwk = json!(key.public_jwk());
    assert!(self_signed_matches(&certificate, &json!({ "keys": [jwk] })));
    jwk["e"] = json!("Aw");
    assert!(!self_signed_matches(&certificate, &json!({ "keys": [jwk] })));
}

#[test]
fn a_registered_certificate_is_its_owners() {
    let (certificate, key) = self_signed(&parameters("client"));
    let (other, other_key) = self_signed(&parameters("client"));
    let x5c = |certificate: &ClientCertificate| STANDARD.encode(&certificate.chain()[0]);
    let set = |key: &KeyPair, x5c: Value| {
        let mut jwk = jwk(key);
        jwk["x5c"] = x5c;
        json!({ "keys": [jwk] })
    };
    assert!(self_signed_matches(&certificate, &set(&key, json!([x5c(&certificate)]))));
    // The set's own consistency is the client's business: either names the client.
    assert!(self_signed_matches(&certificate, &set(&other_key, json!([x5c(&certificate)]))));
    // A kind of key that no JWK here can be of.
    let p521 = json!({ "keys": [{ "kty": "EC", "crv": "P-521", "x5c": [x5c(&certificate)] }] });
    assert!(self_signed_matches(&certificate, &p521));
    for foreign in [
        json!([x5c(&other)]),
        // What follows the first is what it was issued by (RFC 7517 §4.7).
        json!([x5c(&other), x5c(&certificate)]),
        json!([]),
        json!(x5c(&certificate)),
        json!(["*"]),
        json!([7]),
    ] {
        assert!(!self_signed_matches(&certificate, &set(&other_key, foreign.clone())), "{foreign}");
    }
}

#[test]
fn sets_without_a_fitting_key_match_nobody() {
    let (certificate, key) = self_signed(&parameters("client"));
    let mut for_encryption = jwk(&key);
    for_encryption["use"] = json!("enc");
    let mut with_private_member = jwk(&key);
    with_private_member["d"] = json!("AA");
    let mut cut = jwk(&key);
    cut["x"] = json!("AA");
    for jwks in [
        json!({ "keys": [for_encryption] }),
        json!({ "keys": [with_private_member] }),
        json!({ "keys": [cut] }),
        json!({ "keys": [{}] }),
        json!({ "keys": ["key", null] }),
        json!({ "keys": [] }),
        json!({ "keys": jwk(&key) }),
        json!([jwk(&key)]),
        json!({}),
        json!(null),
    ] {
        assert!(!self_signed_matches(&certificate, &jwks), "{jwks}");
    }
    let mut for_signatures = jwk(&key);
    for_signatures["use"] = json!("sig");
    assert!(self_signed_matches(&certificate, &json!({ "keys": [for_signatures] })));
}

#[test]
fn an_issuers_key_is_not_its_clients() {
    let root = root("root");
    let certificate = read(vec![issued(&parameters("client"), &root), root.der().to_vec()]);
    let x5c = STANDARD.encode(root.der());
    let mut jwk = jwk(root.key());
    jwk["x5c"] = json!([x5c]);
    assert!(!self_signed_matches(&certificate, &json!({ "keys": [jwk] })));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let leaf = issued(&parameters("client"), &root("root"));
    for chain in [
        vec![],
        vec![vec![]],
        vec![b"garbage".to_vec(), leaf.clone()],
        vec![leaf[..leaf.len() - 1].to_vec()],
        vec![[&leaf[..], &[0]].concat()],
        vec![leaf.clone(), vec![0; 17 * 1024]],
        vec![leaf.clone(); 11],
    ] {
        assert!(ClientCertificate::parse(chain.clone()).is_err(), "{chain:?}");
    }
}
