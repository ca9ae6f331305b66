use std::path::Path;

use super::*;

fn load(toml: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let mut sources = Sources::default();
    let variables = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    sources
        .add_toml(toml, Path::new("grantor.toml"))
        .and_then(|()| sources.add_environment(variables))
        .and_then(|()| Config::from_sources(&sources))
        .map_err(|error| error.to_string())
}

#[test]
fn has_the_contracts_defaults() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.public_url.as_str(), "http://localhost:8080");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.management_listen.to_string(), "127.0.0.1:9090");
    assert_eq!(config.database_url, "sqlite://./grantor-data/grantor.db");
    assert!(config.tls.is_none());
    assert_eq!(config.trusted_proxies, TrustedProxies::default());
    assert!(!config.allow_private_network);
    assert_eq!(config.mail.from.to_string(), "no-reply@localhost");
    assert!(matches!(config.mail.way, MailWay::Files(path) if path == Path::new("./grantor-data/mail")));
    assert!(
        matches!(config.master_key, MasterKeySource::DataDirectory(path) if path.ends_with("master.key"))
    );
}

#[test]
fn the_environment_is_stronger_than_the_file() {
    let config = load(
        "listen = '127.0.0.1:1'\npublic_url = 'https://a.example/'",
        &[("GRANTOR_LISTEN", "127.0.0.1:2")],
    );
    let config = config.unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.public_url.as_str(), "https://a.example");
}

#[test]
fn names_what_is_wrong_and_where() {
    for (toml, environment, message) in [
        ("lissten = 1", vec![], "lissten in grantor.toml is not a setting; did you mean listen?"),
        (
            "",
            vec![("GRANTOR_PUBLIK_URL", "x")],
            "GRANTOR_PUBLIK_URL is not a setting; did you mean GRANTOR_PUBLIC_URL?",
        ),
        ("", vec![("GRANTOR_LISTEN", "here")], "listen from GRANTOR_LISTEN: invalid socket address syntax"),
        ("log_format = 'xml'", vec![], "log_format in grantor.toml: must be text or json"),
        ("mail_from = 'nobody'", vec![], "mail_from in grantor.toml: is not an email address"),
        (
            "",
            vec![("GRANTOR_SMTP_URL", "smtp://me:secret@mail.example.com")],
            "smtp_url from GRANTOR_SMTP_URL: would send the password in clear: use smtps:// or add ?tls=required",
        ),
        ("admin_email = 'a@b.example'", vec![], "admin_email is set and admin_password is not"),
        ("tls_key = 'k.pem'", vec![], "tls_key is set and tls_cert is not"),
        ("tls_client_auth = 'required'", vec![], "tls_client_auth in grantor.toml: must be none or optional"),
        (
            "",
            vec![("GRANTOR_TLS_CLIENT_AUTH", "optional")],
            "tls_client_auth from GRANTOR_TLS_CLIENT_AUTH: certificates come from a listener with tls_cert and tls_key, \
             or from trusted_proxies: set one of them",
        ),
        (
            "",
            vec![("GRANTOR_TRUSTED_PROXIES", "10.0.0.1,proxy.example")],
            "trusted_proxies from GRANTOR_TRUSTED_PROXIES: proxy.example is neither an IP address nor a network \
             such as 10.0.0.0/8",
        ),
        (
            "allow_private_network = 'maybe'",
            vec![],
            "allow_private_network in grantor.toml: must be true or false",
        ),
        (
            "database_url = 'mysql://x'\nmaster_key = 'x'",
            vec![],
            "database_url in grantor.toml: must start with sqlite:// or postgres://",
        ),
    ] {
        assert_eq!(load(toml, &environment).unwrap_err(), message);
    }
}

#[test]
fn a_public_address_in_clear_is_refused_with_the_reason() {
    let refused = load("public_url = 'http://id.example'", &[]).unwrap_err();
    assert!(refused.contains("must be https: tokens and passwords would be sent in clear"), "{refused}");
    for url in
        ["ftp://a.example", "https://a.example/path", "https://a.example?q", "https://A.example", "nonsense"]
    {
        assert!(load(&format!("public_url = '{url}'"), &[]).is_err(), "{url}");
    }
}

#[test]
fn the_host_of_the_public_address_has_no_port() {
    for (url, host) in [
        ("https://id.example", "id.example"),
        ("https://id.example:8443/", "id.example"),
        ("http://localhost:8080", "localhost"),
        ("http://[::1]:8080", "[::1]"),
        ("http://[::1]", "[::1]"),
    ] {
        assert_eq!(load(&format!("public_url = '{url}'"), &[]).unwrap().public_url.host(), host);
    }
}

#[test]
fn client_certificates_are_asked_for_where_there_is_tls() {
    let files = "tls_cert = 'c.pem'\ntls_key = 'k.pem'\n";
    for (client_auth, expected) in [
        ("", TlsClientAuth::None),
        ("tls_client_auth = 'none'", TlsClientAuth::None),
        ("tls_client_auth = 'optional'", TlsClientAuth::Optional),
    ] {
        let config = load(&format!("{files}{client_auth}"), &[]).unwrap();
        assert_eq!(config.tls_client_auth, expected, "{client_auth}");
    }
    let proxied = "trusted_proxies = ['10.0.0.1']\n";
    for (client_auth, expected) in [("", false), ("tls_client_auth = 'optional'", true)] {
        let config = load(&format!("{proxied}{client_auth}"), &[]).unwrap();
        // Whoever is trusted for addresses is not yet trusted for certificates.
        assert_eq!(config.capabilities().client_certificates, expected, "{client_auth}");
    }
}

#[test]
fn proxies_are_a_list_in_the_file_and_in_the_environment() {
    let expected: TrustedProxies = "10.0.0.0/8,2001:db8::1".parse().unwrap();
    let file = load("trusted_proxies = ['10.0.0.0/8', '2001:db8::1']", &[]).unwrap();
    assert_eq!(file.trusted_proxies, expected);
    let environment = load("", &[("GRANTOR_TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::1")]).unwrap();
    assert_eq!(environment.trusted_proxies, expected);
}

#[test]
fn private_networks_are_for_those_who_ask() {
    assert!(load("allow_private_network = true", &[]).unwrap().allow_private_network);
    assert!(load("", &[("GRANTOR_ALLOW_PRIVATE_NETWORK", "true")]).unwrap().allow_private_network);
    assert!(!load("allow_private_network = false", &[]).unwrap().allow_private_network);
}

#[test]
fn rate_limits_have_defaults_and_can_be_off() {
    let limits = |toml: &str, environment: &[(&str, &str)]| load(toml, environment).unwrap().rate_limits;
    let defaults = limits("", &[]);
    assert_eq!(defaults, default_rate_limits());
    assert_eq!(defaults.failed_sign_in, "10/minute burst 30".parse().ok());
    // A load test of one tenant's tokens finds the server's limit and not ours.
    assert_eq!((defaults.token, defaults.introspection, defaults.authorize), (None, None, None));
    let chosen = limits(
        "limits_token = '100/second burst 500'",
        &[("GRANTOR_LIMITS_ADMIN", "off"), ("GRANTOR_LIMITS_SIGN_IN", "5/minute")],
    );
    assert_eq!(chosen.token, "100/second burst 500".parse().ok());
    assert_eq!((chosen.admin, chosen.sign_in), (None, "5/minute".parse().ok()));
    assert_eq!(
        load("limits_token = 'many'", &[]).unwrap_err(),
        "limits_token in grantor.toml: must be a rate such as 100/second, 10/minute burst 30 or 600/hour, or off"
    );
    let unknown = load("", &[("GRANTOR_LIMITS_TOKENS", "1/second")]).unwrap_err();
    assert!(unknown.ends_with("did you mean GRANTOR_LIMITS_TOKEN?"), "{unknown}");
}

#[test]
fn postgres_demands_a_master_key() {
    let refused = load("database_url = 'postgres://localhost/grantor'", &[]).unwrap_err();
    assert!(refused.starts_with("PostgreSQL needs a master key"), "{refused}");
}

#[test]
fn secrets_are_not_printed() {
    let config = load(
        "admin_email = 'a@b.example'\nadmin_password = 'correct horse battery'\nmaster_key = 'topsecret'",
        &[],
    );
    let printed = format!("{:?}", config.unwrap());
    assert!(!printed.contains("correct horse") && !printed.contains("topsecret"), "{printed}");
}
