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
        ("admin_email = 'a@b.example'", vec![], "admin_email is set and admin_password is not"),
        ("tls_key = 'k.pem'", vec![], "tls_key is set and tls_cert is not"),
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
