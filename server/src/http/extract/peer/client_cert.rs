//! `Client-Cert` and `Client-Cert-Chain` (RFC 9440).

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use poem::http::HeaderMap;

use crate::app::ClientCertificate;
use crate::app::peer::MalformedCertificate;

const CLIENT_CERT: &str = "client-cert";
const CLIENT_CERT_CHAIN: &str = "client-cert-chain";

/// As forgiving about padding as RFC 8941 §4.2.7 asks.
const BYTE_SEQUENCE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The certificate that a proxy forwards. An empty field is what some proxies send where there is none; a chain
/// without a certificate means nothing (RFC 9440 §2.3).
///
/// # Errors
/// A field that is not as RFC 9440 §2 says, or that holds no certificate.
pub(super) fn certificate(
    headers: &HeaderMap,
) -> Result<Option<Arc<ClientCertificate>>, MalformedCertificate> {
    let leaf = match lines(headers, CLIENT_CERT)?[..] {
        [] | [""] => return Ok(None),
        [leaf] => leaf,
        // The proxy replaces what a client sent (RFC 9440 §2.4): one of them would be the client's own.
        _ => return Err(MalformedCertificate("Client-Cert comes twice")),
    };
    let mut chain = vec![byte_sequence(leaf)?];
    // RFC 8941 §4.2: a list may come in several lines.
    for line in lines(headers, CLIENT_CERT_CHAIN)?.into_iter().filter(|line| !line.is_empty()) {
        for member in line.split(',') {
            chain.push(byte_sequence(member.trim_matches([' ', '\t']))?);
        }
    }
    ClientCertificate::parse(chain).map(|certificate| Some(Arc::new(certificate)))
}

fn lines<'a>(headers: &'a HeaderMap, name: &str) -> Result<Vec<&'a str>, MalformedCertificate> {
    let lines = headers.get_all(name).iter();
    lines
        .map(|line| line.to_str().map(|line| line.trim_matches(' ')))
        .collect::<Result<_, _>>()
        .map_err(|_| MalformedCertificate("not ASCII"))
}

/// RFC 8941 §3.3.5: base64 between colons. There are no parameters (RFC 9440 §2.1).
fn byte_sequence(item: &str) -> Result<Vec<u8>, MalformedCertificate> {
    let encoded = item
        .strip_prefix(':')
        .and_then(|item| item.strip_suffix(':'))
        .ok_or(MalformedCertificate("not a byte sequence between colons"))?;
    BYTE_SEQUENCE.decode(encoded).map_err(|_| MalformedCertificate("not base64"))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;
    use poem::http::HeaderValue;
    use rcgen::{CertifiedKey, generate_simple_self_signed};

    use super::*;

    fn der() -> Vec<u8> {
        let CertifiedKey { cert, .. } = generate_simple_self_signed(["client.example".to_owned()]).unwrap();
        cert.der().to_vec()
    }

    fn item(der: &[u8]) -> String {
        format!(":{}:", general_purpose::STANDARD.encode(der))
    }

    fn read(fields: &[(&'static str, &str)]) -> Result<Option<Arc<ClientCertificate>>, MalformedCertificate> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        certificate(&headers)
    }

    #[test]
    fn reads_a_certificate_with_its_chain() {
        let (leaf, issuer, root) = (der(), der(), der());
        let alone = read(&[("client-cert", &item(&leaf))]).unwrap().unwrap();
        assert_eq!(alone.chain(), std::slice::from_ref(&leaf));
        assert_eq!(alone.names().dns, ["client.example"]);
        let expected = [leaf.clone(), issuer.clone(), root.clone()];
        let (leaf, issuer, root) = (item(&leaf), item(&issuer), item(&root));
        for chain in [
            vec![format!("{issuer},\t{root}")],
            vec![issuer.clone(), root.clone()],
            vec![format!(" {issuer} , {root} "), String::new()],
        ] {
            let mut fields = vec![("client-cert", leaf.as_str())];
            fields.extend(chain.iter().map(|line| ("client-cert-chain", line.as_str())));
            assert_eq!(read(&fields).unwrap().unwrap().chain(), expected, "{fields:?}");
        }
    }

    #[test]
    fn padding_may_be_missing() {
        let der = der();
        let unpadded = item(&der).replace('=', "");
        assert_eq!(read(&[("client-cert", &unpadded)]).unwrap().unwrap().chain(), [der]);
    }

    #[test]
    fn nothing_is_no_certificate() {
        let chain = item(&der());
        for fields in [&[][..], &[("client-cert", "")], &[("client-cert-chain", &chain)]] {
            assert_eq!(read(fields), Ok(None), "{fields:?}");
        }
    }

    /// Each is refused as the certificate, and in the chain, too, unless it is well-formed there: the chain's
    /// certificates are read when a path is built of them.
    #[test]
    fn malformed_fields_are_no_certificate() {
        let good = item(&der());
        let bare = good.trim_matches(':');
        for (malformed, is_list) in [
            (bare.to_owned(), false),
            (item(&der()[..40]), true),
            (item(&[der(), vec![0]].concat()), true),
            (item(&vec![0x30; 17 * 1024]), false),
            (format!("{good}, {good}"), true),
            (format!("{good},"), false),
            (format!("{good};a=1"), false),
            (good[..good.len() / 2].to_owned(), false),
            (good[1..].to_owned(), false),
            (format!(":{}-_:", &bare[..40]), false),
            (format!(":{bare} :"), false),
            (format!("-----BEGIN CERTIFICATE-----%0A{bare}"), false),
            ("::".to_owned(), true),
            (":".to_owned(), false),
            (":AAAA:".to_owned(), true),
            (":*:".to_owned(), false),
            ("\"quoted\"".to_owned(), false),
            ("?1".to_owned(), false),
            ("müller".to_owned(), false),
        ] {
            assert!(read(&[("client-cert", &malformed)]).is_err(), "{malformed}");
            let in_chain = [("client-cert", good.as_str()), ("client-cert-chain", malformed.as_str())];
            assert_eq!(read(&in_chain).is_ok(), is_list, "{malformed}");
        }
    }

    #[test]
    fn a_second_certificate_beside_the_proxys_is_refused() {
        let (one, other) = (item(&der()), item(&der()));
        for second in [&one, &other, ""] {
            assert!(read(&[("client-cert", &one), ("client-cert", second)]).is_err(), "{second}");
        }
    }

    #[test]
    fn long_chains_are_refused() {
        let leaf = item(&der());
        for (length, accepted) in [(9, true), (10, false)] {
            let chain = vec![leaf.as_str(); length].join(",");
            let read = read(&[("client-cert", &leaf), ("client-cert-chain", &chain)]);
            assert_eq!(read.is_ok(), accepted, "{length}");
        }
    }
}
