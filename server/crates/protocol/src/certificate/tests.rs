use proptest::prelude::*;

use super::*;

/// An attribute as a UTF8String.
fn attribute(attribute_type: &str, text: &str) -> SubjectAttribute {
    let mut encoded = vec![0x0c, u8::try_from(text.len()).unwrap()];
    encoded.extend(text.bytes());
    SubjectAttribute { attribute_type: attribute_type.to_owned(), text: Some(text.to_owned()), encoded }
}

fn names() -> CertificateNames {
    CertificateNames {
        subject: vec![
            vec![attribute("2.5.4.6", "DE")],
            vec![attribute("2.5.4.10", "Example, Co")],
            vec![attribute("2.5.4.3", "client"), attribute("0.9.2342.19200300.100.1.1", "7")],
        ],
        dns: vec!["client.example".to_owned(), "*.wild.example".to_owned()],
        uris: vec!["spiffe://example/client".to_owned()],
        addresses: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
        emails: vec!["Client@example.com".to_owned()],
    }
}

fn matches(parameter: &str, value: &str) -> bool {
    ExpectedSubject::parse(parameter, value).unwrap().matches(&names())
}

const DN: &str = "tls_client_auth_subject_dn";

#[test]
fn one_name_in_many_spellings() {
    for spelling in [
        r"CN=client+UID=7,O=Example\, Co,C=DE",
        r"UID=7+CN=client,O=Example\, Co,C=DE",
        r"cn=CLIENT+uid=7,o=example\, co,c=de",
        r"CN = client + UID = 7 , O = Example\, Co , C = DE",
        r"CN=client+UID=7,O=Example\2C Co,C=DE",
        r"CN=\63\6c\69\65\6E\74+UID=7,O=Example\2c\20\20Co,C=DE",
        r"CN=client+UID=7,O=\ Example\,   Co\ ,C=DE",
        r"2.5.4.3=client+0.9.2342.19200300.100.1.1=7,2.5.4.10=Example\, Co,2.5.4.6=DE",
        r"commonName=client+userId=7,organizationName=Example\, Co,countryName=DE",
        r"CN=#0C06636c69656e74+UID=7,O=Example\, Co,2.5.4.6=#0c024445",
    ] {
        assert!(matches(DN, spelling), "{spelling}");
    }
}

#[test]
fn another_name_is_another_client() {
    for other in [
        // In the certificate's order, as OpenSSL prints it.
        r"C=DE,O=Example\, Co,CN=client+UID=7",
        // A part of the name, or more than it.
        r"CN=client+UID=7",
        r"O=Example\, Co,C=DE",
        r"CN=client,O=Example\, Co,C=DE",
        r"CN=client+UID=7,O=Example\, Co,C=DE,C=DE",
        r"CN=client,UID=7,O=Example\, Co,C=DE",
        r"CN=client+UID=7+OU=x,O=Example\, Co,C=DE",
        // Other values and types.
        r"CN=client+UID=8,O=Example\, Co,C=DE",
        r"CN=clienta+UID=7,O=Example\, Co,C=DE",
        r"CN=clien+UID=7,O=Example\, Co,C=DE",
        r"CN=7+UID=client,O=Example\, Co,C=DE",
        r"OU=client+UID=7,O=Example\, Co,C=DE",
        r"CN=client+UID=7,O=Example\,Co,C=DE",
        // A PrintableString where the certificate has a UTF8String.
        r"CN=#1306636c69656e74+UID=7,O=Example\, Co,C=DE",
        // One value that looks like several names.
        r"CN=client\+UID=7\,O=Example\, Co\,C=DE",
    ] {
        assert!(!matches(DN, other), "{other}");
    }
}

#[test]
fn a_certificate_without_readable_names_is_nobodys() {
    let nameless = CertificateNames::default();
    let mut unreadable = names();
    for attribute in unreadable.subject.iter_mut().flatten() {
        attribute.text = None;
    }
    for (parameter, value) in [
        (DN, r"CN=client+UID=7,O=Example\, Co,C=DE"),
        ("tls_client_auth_san_dns", "client.example"),
        ("tls_client_auth_san_uri", "spiffe://example/client"),
        ("tls_client_auth_san_ip", "192.0.2.1"),
        ("tls_client_auth_san_email", "Client@example.com"),
    ] {
        let expected = ExpectedSubject::parse(parameter, value).unwrap();
        assert!(expected.matches(&names()), "{parameter}");
        assert!(!expected.matches(&nameless), "{parameter}");
        assert_eq!(expected.matches(&unreadable), parameter != DN, "{parameter}");
    }
}

#[test]
fn an_attribute_twice_in_the_certificate_does_not_stand_for_two() {
    let expected = ExpectedSubject::parse(DN, "CN=a+OU=b").unwrap();
    let subject = vec![vec![attribute("2.5.4.3", "a"), attribute("2.5.4.3", "a")]];
    assert!(!expected.matches(&CertificateNames { subject, ..CertificateNames::default() }));
}

#[test]
fn letters_beyond_ascii_are_compared_without_case() {
    let subject = vec![vec![attribute("2.5.4.10", "Müller  ÅB")]];
    let names = CertificateNames { subject, ..CertificateNames::default() };
    for (spelling, same) in [("O=müller åb", true), (r"O=M\C3\9CLLER ÅB", true), ("O=Muller AB", false)] {
        assert_eq!(ExpectedSubject::parse(DN, spelling).unwrap().matches(&names), same, "{spelling}");
    }
}

#[test]
fn what_is_no_distinguished_name_is_refused() {
    for text in [
        "",
        ",",
        "client",
        "CN",
        "CN=",
        "CN= ",
        "=client",
        "CN=a,",
        ",CN=a",
        "CN=a,,C=DE",
        "CN=a+",
        "CN=a;C=DE",
        "CN=\"a\"",
        "CN=a<b",
        "CN=a\0b",
        r"CN=a\",
        r"CN=a\4",
        r"CN=a\zz",
        r"CN=\ff",
        "CN=#",
        "CN=#0",
        "CN=#0g",
        "CN=#0c0161x",
        "2.5.04.3=a",
        "2..5=a",
        "2=a",
        "CN=a+CN=b",
        "CN=a+2.5.4.3=b",
        "nickname=a",
        "*=a",
    ] {
        assert!(ExpectedSubject::parse(DN, text).is_err(), "{text}");
    }
}

#[test]
fn alternative_names_are_compared_as_their_kind_asks() {
    for (parameter, value, expected) in [
        ("tls_client_auth_san_dns", "CLIENT.example", true),
        ("tls_client_auth_san_dns", "*.wild.example", true),
        ("tls_client_auth_san_dns", "a.wild.example", false),
        ("tls_client_auth_san_dns", "example", false),
        ("tls_client_auth_san_dns", "a.client.example", false),
        ("tls_client_auth_san_uri", "spiffe://example/client", true),
        ("tls_client_auth_san_uri", "spiffe://example/client/", false),
        ("tls_client_auth_san_uri", "spiffe://example/Client", false),
        ("tls_client_auth_san_ip", "192.0.2.1", true),
        ("tls_client_auth_san_ip", "::ffff:192.0.2.1", false),
        ("tls_client_auth_san_ip", "2001:0db8:0000::0001", true),
        ("tls_client_auth_san_ip", "2001:db8::2", false),
        ("tls_client_auth_san_email", "Client@EXAMPLE.com", true),
        ("tls_client_auth_san_email", "client@example.com", false),
        ("tls_client_auth_san_email", "Client@a.example.com", false),
    ] {
        assert_eq!(matches(parameter, value), expected, "{parameter} {value}");
    }
}

#[test]
fn one_kind_of_name_does_not_stand_for_another() {
    let elsewhere = CertificateNames {
        subject: vec![vec![attribute("2.5.4.3", "client.example")]],
        uris: vec!["client.example".to_owned()],
        emails: vec!["client.example".to_owned()],
        ..CertificateNames::default()
    };
    assert!(
        !ExpectedSubject::parse("tls_client_auth_san_dns", "client.example").unwrap().matches(&elsewhere)
    );
}

#[test]
fn malformed_alternative_names_are_refused() {
    for (parameter, value) in [
        ("tls_client_auth_san_dns", ""),
        ("tls_client_auth_san_dns", "a..b"),
        ("tls_client_auth_san_dns", "a.*.b"),
        ("tls_client_auth_san_dns", "a b"),
        ("tls_client_auth_san_dns", "a\0.example"),
        ("tls_client_auth_san_dns", "müller.example"),
        ("tls_client_auth_san_uri", ""),
        ("tls_client_auth_san_uri", "/path"),
        ("tls_client_auth_san_uri", "https://a.example/ü"),
        ("tls_client_auth_san_ip", "192.0.2.1/32"),
        ("tls_client_auth_san_ip", "192.0.2.01"),
        ("tls_client_auth_san_ip", "client.example"),
        ("tls_client_auth_san_email", "client"),
        ("tls_client_auth_san_email", "@example.com"),
        ("tls_client_auth_san_email", "a b@example.com"),
        ("tls_client_auth_san_email", "a@"),
        ("tls_client_auth", "a"),
    ] {
        assert!(ExpectedSubject::parse(parameter, value).is_err(), "{parameter} {value}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_name_or_an_error(text in ".*") {
        for parameter in ExpectedSubject::PARAMETERS {
            if let Ok(expected) = ExpectedSubject::parse(parameter, &text) {
                prop_assert!(!expected.matches(&CertificateNames::default()));
            }
        }
    }

    #[test]
    fn every_value_can_be_written_in_escapes(value in "[^ \\s].{0,20}[^ \\s]") {
        let escaped: String = value.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let expected = ExpectedSubject::parse(DN, &format!("CN={escaped}")).unwrap();
        let subject = vec![vec![attribute("2.5.4.3", &value)]];
        let names = CertificateNames { subject, ..CertificateNames::default() };
        prop_assert!(expected.matches(&names));
    }
}
