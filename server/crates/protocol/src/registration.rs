//! What client metadata may say (RFC 7591 §2, OpenID Connect Dynamic Client Registration §2), whoever
//! registers the client.

mod authorization;

use std::fmt;

use crate::certificate::ExpectedSubject;
use crate::model::{AuthenticationMethod, ClientMetadata, GrantType};
use crate::{Policy, redirect_uri};

/// What is wrong with one member of the metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMetadata {
    /// The member's name, as RFC 7591 §2 has it.
    pub field: &'static str,
    /// Which element of the member, where it is a list.
    pub index: Option<usize>,
    /// For the person who registers the client.
    pub detail: String,
}

impl fmt::Display for InvalidMetadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            None => write!(formatter, "{}: {}", self.field, self.detail),
            Some(index) => write!(formatter, "{}[{index}]: {}", self.field, self.detail),
        }
    }
}

/// Longest name, in characters.
const MAX_NAME_LENGTH: usize = 255;

/// Longest URI, in bytes.
const MAX_URI_LENGTH: usize = 2048;

/// Longest email address, in bytes (RFC 5321 §4.5.3.1.3 less its angle brackets).
const MAX_CONTACT_LENGTH: usize = 254;

const MAX_CONTACTS: usize = 16;

/// Most elements of any other list.
const MAX_ELEMENTS: usize = 64;

/// Checks that a client with this metadata could work and is safe to have. The keys in `jwks` are for
/// whoever can parse keys to check.
///
/// # Errors
/// Everything that is wrong, not only the first of it.
pub fn check(metadata: &ClientMetadata, policy: &Policy) -> Result<(), Vec<InvalidMetadata>> {
    let mut found = Findings::default();
    found.name(metadata);
    found.redirect_uris(metadata);
    found.post_logout_redirect_uris(metadata);
    found.grant_types(metadata);
    found.authorization(metadata, policy);
    found.authentication(metadata, policy);
    found.scope(metadata, policy);
    found.resources(metadata, policy);
    found.web_pages(metadata);
    found.contacts(metadata);
    if found.0.is_empty() { Ok(()) } else { Err(found.0) }
}

#[derive(Default)]
struct Findings(Vec<InvalidMetadata>);

impl Findings {
    fn add(&mut self, field: &'static str, detail: impl Into<String>) {
        self.0.push(InvalidMetadata { field, index: None, detail: detail.into() });
    }

    fn add_at(&mut self, field: &'static str, index: usize, detail: impl Into<String>) {
        self.0.push(InvalidMetadata { field, index: Some(index), detail: detail.into() });
    }

    fn name(&mut self, metadata: &ClientMetadata) {
        if let Err(detail) = check_name(&metadata.client_name) {
            self.add("client_name", detail);
        }
    }

    /// OAuth 2.1 §2.3: redirect-based flows need registered redirect URIs.
    fn redirect_uris(&mut self, metadata: &ClientMetadata) {
        const FIELD: &str = "redirect_uris";
        let uris = &metadata.redirect_uris;
        self.addresses(FIELD, uris);
        for grant_type in [GrantType::AuthorizationCode, GrantType::Implicit] {
            if uris.is_empty() && metadata.grant_types.contains(&grant_type) {
                self.add(FIELD, format!("the grant type {} needs at least one", grant_type.as_str()));
            }
        }
    }

    /// OpenID Connect RP-Initiated Logout §3.1; held to what redirect URIs are held to.
    fn post_logout_redirect_uris(&mut self, metadata: &ClientMetadata) {
        self.addresses("post_logout_redirect_uris", &metadata.post_logout_redirect_uris);
    }

    fn addresses(&mut self, field: &'static str, uris: &[String]) {
        self.list(field, uris, MAX_ELEMENTS);
        for (index, uri) in uris.iter().enumerate() {
            if uri.len() > MAX_URI_LENGTH {
                self.add_at(field, index, format!("has more than {MAX_URI_LENGTH} bytes"));
            } else if let Err(detail) = redirect_uri::check_registration(uri) {
                self.add_at(field, index, detail);
            }
        }
    }

    fn grant_types(&mut self, metadata: &ClientMetadata) {
        const FIELD: &str = "grant_types";
        let holds = |grant_type| metadata.grant_types.contains(&grant_type);
        self.list(FIELD, &metadata.grant_types, MAX_ELEMENTS);
        let gives_refresh_tokens = metadata.grant_types.iter().any(|held| held.gives_refresh_tokens());
        if holds(GrantType::RefreshToken) && !gives_refresh_tokens {
            self.add(FIELD, "refresh_token needs a grant type that gives refresh tokens: authorization_code or device_code");
        }
        // RFC 6749 §4.4: the client credentials grant is for confidential clients only. RFC 8693 §5: so
        // is token exchange, lest a token that leaks be turned into more of them.
        for (grant_type, name) in [
            (GrantType::ClientCredentials, "client_credentials"),
            (GrantType::TokenExchange, "token exchange"),
        ] {
            if holds(grant_type) && metadata.token_endpoint_auth_method == AuthenticationMethod::None {
                self.add(FIELD, format!("{name} is not for clients that do not authenticate"));
            }
        }
    }

    fn authentication(&mut self, metadata: &ClientMetadata, policy: &Policy) {
        let method = metadata.token_endpoint_auth_method;
        if !policy.token_endpoint_auth_methods.contains(&method) {
            let without_authorities =
                method == AuthenticationMethod::TlsClientAuth && policy.client_certificates;
            self.add(
                "token_endpoint_auth_method",
                match without_authorities {
                    true => "needs the tenant's client_certificate_authorities, and there are none",
                    false => "is not offered here",
                },
            );
        }
        if let Some(algorithm) = &metadata.token_endpoint_auth_signing_alg
            && !method.assertion_algorithms().contains(&algorithm.as_str())
        {
            self.add(
                "token_endpoint_auth_signing_alg",
                "is not an algorithm of the client's authentication method",
            );
        }
        if metadata.tls_client_certificate_bound_access_tokens && !policy.client_certificates {
            const FIELD: &str = "tls_client_certificate_bound_access_tokens";
            self.add(FIELD, "client certificates do not reach this server");
        }
        self.keys(metadata);
        self.certificate_subject(metadata);
    }

    fn keys(&mut self, metadata: &ClientMetadata) {
        let method = metadata.token_endpoint_auth_method;
        if let Some(Err(detail)) = metadata.jwks_uri.as_deref().map(check_web_page) {
            self.add("jwks_uri", detail);
        }
        match (&metadata.jwks, &metadata.jwks_uri) {
            // RFC 7591 §2.
            (Some(_), Some(_)) => self.add("jwks_uri", "excludes jwks: leave one of them out"),
            (None, None) if method.uses_keys() => {
                let detail =
                    format!("{} needs the client's public keys, here or at jwks_uri", method.as_str());
                self.add("jwks", detail);
            }
            _ => {}
        }
    }

    /// RFC 8705 §2.1.2.
    fn certificate_subject(&mut self, metadata: &ClientMetadata) {
        let mut count = 0;
        for (field, value) in certificate_subjects(metadata) {
            count += 1;
            if let Err(error) = ExpectedSubject::parse(field, value) {
                self.add(field, error.to_string());
            } else if count > 1 {
                self.add(field, "is one too many: a certificate is known by one subject");
            }
        }
        if count == 0 && metadata.token_endpoint_auth_method == AuthenticationMethod::TlsClientAuth {
            self.add(
                "tls_client_auth_subject_dn",
                "tls_client_auth needs this or one of tls_client_auth_san_*",
            );
        }
    }

    fn scope(&mut self, metadata: &ClientMetadata, policy: &Policy) {
        for token in metadata.scope.without(&policy.scopes).iter() {
            self.add("scope", format!("scope {token} is not known here"));
        }
        let offline = metadata.scope.contains("offline_access");
        if offline && !metadata.grant_types.contains(&GrantType::RefreshToken) {
            self.add("scope", "offline_access needs the grant type refresh_token");
        }
    }

    fn resources(&mut self, metadata: &ClientMetadata, policy: &Policy) {
        const FIELD: &str = "resources";
        self.list(FIELD, &metadata.resources, MAX_ELEMENTS);
        for (index, resource) in metadata.resources.iter().enumerate() {
            if policy.resources.iter().all(|known| known.identifier != *resource) {
                self.add_at(FIELD, index, "is not a protected resource of this tenant");
            }
        }
    }

    fn web_pages(&mut self, metadata: &ClientMetadata) {
        let pages = [
            ("client_uri", &metadata.client_uri),
            ("logo_uri", &metadata.logo_uri),
            ("policy_uri", &metadata.policy_uri),
            ("tos_uri", &metadata.tos_uri),
        ];
        for (field, uri) in pages {
            if let Some(Err(detail)) = uri.as_deref().map(check_web_page) {
                self.add(field, detail);
            }
        }
    }

    fn contacts(&mut self, metadata: &ClientMetadata) {
        const FIELD: &str = "contacts";
        self.list(FIELD, &metadata.contacts, MAX_CONTACTS);
        for (index, contact) in metadata.contacts.iter().enumerate() {
            if !contact.contains('@') || contact.chars().any(char::is_control) {
                self.add_at(FIELD, index, "is not an email address");
            } else if contact.len() > MAX_CONTACT_LENGTH {
                self.add_at(FIELD, index, format!("has more than {MAX_CONTACT_LENGTH} bytes"));
            }
        }
    }

    /// No list is endless, and none says the same twice.
    fn list<T: PartialEq>(&mut self, field: &'static str, elements: &[T], most: usize) {
        if elements.len() > most {
            self.add(field, format!("has more than {most} elements"));
            return;
        }
        for (index, element) in elements.iter().enumerate() {
            if elements[..index].contains(element) {
                self.add_at(field, index, "comes twice");
            }
        }
    }
}

/// The members that say whose certificate `tls_client_auth` takes (RFC 8705 §2.1.2), those that are there.
pub fn certificate_subjects(metadata: &ClientMetadata) -> impl Iterator<Item = (&'static str, &str)> {
    let [subject_dn, san_dns, san_uri, san_ip, san_email] = ExpectedSubject::PARAMETERS;
    [
        (subject_dn, &metadata.tls_client_auth_subject_dn),
        (san_dns, &metadata.tls_client_auth_san_dns),
        (san_uri, &metadata.tls_client_auth_san_uri),
        (san_ip, &metadata.tls_client_auth_san_ip),
        (san_email, &metadata.tls_client_auth_san_email),
    ]
    .into_iter()
    .filter_map(|(parameter, value)| Some((parameter, value.as_deref()?)))
}

/// Whether people can be shown this name.
///
/// # Errors
/// What is wrong with it.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.chars().count() > MAX_NAME_LENGTH {
        return Err(format!("has more than {MAX_NAME_LENGTH} characters"));
    }
    if name.chars().any(char::is_control) {
        return Err("must not hold control characters".to_owned());
    }
    Ok(())
}

/// Whether this may be linked to from a page, or shown on one: https, or http of this machine.
///
/// # Errors
/// What is wrong with it.
pub fn check_web_page(uri: &str) -> Result<(), String> {
    if uri.len() > MAX_URI_LENGTH {
        return Err(format!("has more than {MAX_URI_LENGTH} bytes"));
    }
    let (page, _fragment) = uri.split_once('#').unwrap_or((uri, ""));
    let web = ["https://", "http://"].iter().any(|scheme| page.starts_with(scheme));
    let printable = !uri.chars().any(|character| character.is_control() || character.is_whitespace());
    if web && printable && redirect_uri::check_registration(page).is_ok() {
        Ok(())
    } else {
        Err("must be an https address, or an http address of this machine".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scope, testing};

    pub(super) fn metadata() -> ClientMetadata {
        let mut metadata = testing::client().metadata;
        metadata.grant_types.retain(|grant_type| *grant_type != GrantType::Implicit);
        metadata
    }

    pub(super) fn fields(metadata: &ClientMetadata) -> Vec<String> {
        let found = check(metadata, &testing::policy()).err().unwrap_or_default();
        found
            .iter()
            .map(|invalid| match invalid.index {
                None => invalid.field.to_owned(),
                Some(index) => format!("{}[{index}]", invalid.field),
            })
            .collect()
    }

    #[test]
    fn takes_what_works() {
        assert_eq!(check(&metadata(), &testing::policy()), Ok(()));
        let page = Some("http://localhost:8080/about#us".to_owned());
        let complete = ClientMetadata {
            client_uri: page.clone(),
            logo_uri: Some("https://a.example/logo.svg".to_owned()),
            policy_uri: page.clone(),
            tos_uri: page,
            contacts: vec!["ops@a.example".to_owned()],
            ..metadata()
        };
        assert_eq!(check(&complete, &testing::policy()), Ok(()));
        let introspects_only =
            ClientMetadata { grant_types: vec![], redirect_uris: vec![], ..ClientMetadata::default() };
        assert_eq!(check(&introspects_only, &testing::policy()), Ok(()));
    }

    /// RFC 8705: nobody is registered for what cannot reach us.
    #[test]
    fn certificates_need_a_listener_that_asks_for_them() {
        let by_certificate = ClientMetadata {
            token_endpoint_auth_method: AuthenticationMethod::TlsClientAuth,
            tls_client_auth_san_dns: Some("a.example".to_owned()),
            tls_client_certificate_bound_access_tokens: true,
            ..metadata()
        };
        assert_eq!(check(&by_certificate, &testing::policy()), Ok(()));
        let settings = crate::model::TenantSettings::default();
        let found = check(&by_certificate, &testing::policy_of(&settings)).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].detail.contains("client_certificate_authorities"), "{found:?}");
        let policy = Policy::compile(testing::ISSUER, &settings, vec![], crate::Capabilities::default());
        let without = ClientMetadata { resources: vec![], ..by_certificate };
        let found = check(&without, &policy).unwrap_err();
        let fields: Vec<_> = found.iter().map(|invalid| invalid.field).collect();
        assert_eq!(fields, ["token_endpoint_auth_method", "tls_client_certificate_bound_access_tokens"]);
    }

    #[test]
    fn names_what_does_not() {
        type Case = (&'static [&'static str], fn(&mut ClientMetadata));
        let cases: [Case; 32] = [
            (&["client_name"], |client| client.client_name = "a\nb".to_owned()),
            (&["client_name"], |client| client.client_name = "\u{e4}".repeat(MAX_NAME_LENGTH + 1)),
            (&["redirect_uris"], |client| client.redirect_uris = vec![]),
            (&["redirect_uris[1]"], |client| client.redirect_uris.push("http://a.example".to_owned())),
            (&["redirect_uris[1]"], |client| client.redirect_uris.push(client.redirect_uris[0].clone())),
            (&["redirect_uris[1]"], |client| {
                client.redirect_uris.push(format!("https://a.example/{}", "x".repeat(MAX_URI_LENGTH)));
            }),
            (&["redirect_uris"], |client| {
                client.redirect_uris = (0..=MAX_ELEMENTS).map(|n| format!("https://a.example/{n}")).collect();
            }),
            (&["post_logout_redirect_uris[0]"], |client| {
                client.post_logout_redirect_uris = vec!["javascript:alert(1)".to_owned()];
            }),
            (&["post_logout_redirect_uris[1]"], |client| {
                client.post_logout_redirect_uris = vec!["https://a.example/bye".to_owned(); 2];
            }),
            (&["grant_types"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::None;
                client.grant_types = vec![GrantType::ClientCredentials];
                client.scope = Scope::default();
            }),
            (&["grant_types"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::None;
                client.grant_types = vec![GrantType::TokenExchange];
                client.scope = Scope::default();
            }),
            (&["grant_types"], |client| client.grant_types = vec![GrantType::RefreshToken]),
            (&["jwks"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::PrivateKeyJwt;
                client.jwks = None;
            }),
            (&["jwks"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::SelfSignedTlsClientAuth;
            }),
            (&["jwks_uri"], |client| {
                client.jwks = Some(serde_json::json!({ "keys": [] }));
                client.jwks_uri = Some("https://a.example/jwks".to_owned());
            }),
            (&["jwks_uri"], |client| client.jwks_uri = Some("http://a.example/jwks".to_owned())),
            (&["token_endpoint_auth_signing_alg"], |client| {
                client.token_endpoint_auth_signing_alg = Some("ES256".to_owned());
            }),
            (&["token_endpoint_auth_signing_alg"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::ClientSecretJwt;
                client.token_endpoint_auth_signing_alg = Some("HS512".to_owned());
            }),
            (&["token_endpoint_auth_signing_alg"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::PrivateKeyJwt;
                client.jwks_uri = Some("https://a.example/jwks".to_owned());
                client.token_endpoint_auth_signing_alg = Some("HS256".to_owned());
            }),
            (&["tls_client_auth_subject_dn"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::TlsClientAuth;
            }),
            (&["tls_client_auth_san_dns"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::TlsClientAuth;
                client.tls_client_auth_subject_dn = Some("CN=a".to_owned());
                client.tls_client_auth_san_dns = Some("a.example".to_owned());
            }),
            (&["tls_client_auth_san_ip"], |client| {
                client.token_endpoint_auth_method = AuthenticationMethod::TlsClientAuth;
                client.tls_client_auth_san_ip = Some("a.example".to_owned());
            }),
            (&["tls_client_auth_san_uri"], |client| client.tls_client_auth_san_uri = Some("a".to_owned())),
            (&["tls_client_auth_san_email"], |client| {
                client.tls_client_auth_san_email = Some("nobody".to_owned());
            }),
            (&["scope"], |client| client.scope = Scope::parse("openid unheard-of").unwrap()),
            (&["scope"], |client| {
                client.scope = Scope::parse("offline_access").unwrap();
                client.grant_types = vec![GrantType::AuthorizationCode];
            }),
            (&["resources[0]"], |client| client.resources = vec!["https://nowhere.example".to_owned()]),
            (&["client_uri"], |client| client.client_uri = Some("javascript:alert(1)".to_owned())),
            (&["client_uri"], |client| client.client_uri = Some("https://a.example/#\0".to_owned())),
            (&["logo_uri"], |client| client.logo_uri = Some("http://a.example/logo.svg".to_owned())),
            (&["policy_uri", "tos_uri"], |client| {
                client.policy_uri = Some("com.example:/x".to_owned());
                client.tos_uri = Some(String::new());
            }),
            (&["contacts[0]"], |client| client.contacts = vec!["nobody".to_owned()]),
        ];
        for (number, (expected, change)) in cases.into_iter().enumerate() {
            let mut metadata = metadata();
            change(&mut metadata);
            assert_eq!(fields(&metadata), expected, "case {number}");
        }
    }
}
