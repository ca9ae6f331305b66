use serde_json::json;

use super::*;

fn configuration(files: &[(&str, &str)]) -> Result<Configuration, Fault> {
    let documents = files.iter().map(|(name, text)| parse(Path::new(name), text));
    Configuration::of(documents.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The fault of one file with this text.
fn fault(name: &str, text: &str) -> String {
    configuration(&[(name, text)]).err().map_or_else(String::new, |fault| fault.0)
}

#[test]
fn both_languages_say_the_same() {
    let toml = r#"
        [tenant]
        slug = "acme"
        name = "Acme"
        [[clients]]
        client_id = "web"
        redirect_uris = ["https://app.example/callback"]
        [[users]]
        username = "ada"
        profile.locale = "no"
    "#;
    let yaml = "tenant: { slug: acme, name: Acme }\n\
                clients:\n  - client_id: web\n    redirect_uris: [https://app.example/callback]\n\
                users:\n  - username: ada\n    profile: { locale: no }\n";
    let told = |configuration: Configuration| -> Vec<_> {
        let one = |wanted: Wanted| (wanted.noun.title, wanted.tenant, wanted.key, wanted.given);
        configuration.wanted.into_iter().map(one).collect()
    };
    let from_toml = told(configuration(&[("a.toml", toml)]).unwrap());
    assert_eq!(from_toml, told(configuration(&[("a.yml", yaml)]).unwrap()));
    let titles: Vec<_> = from_toml.iter().map(|(title, ..)| *title).collect();
    assert_eq!(titles, ["tenant", "client", "user"]);
}

#[test]
fn what_a_file_leaves_out_has_its_default() {
    let read = configuration(&[("a.toml", "tenant = \"acme\"\n[[clients]]\nclient_id = \"web\"")]).unwrap();
    assert_eq!(read.wanted[0].whole["grant_types"], json!(["authorization_code"]));
    assert_eq!(read.wanted[0].given.len(), 1);
    assert!(!read.tenants["acme"].is_described);
}

#[test]
fn a_tenant_may_be_in_several_documents() {
    let read = configuration(&[
        ("a.yaml", "tenant: { slug: acme, name: Acme }\n---\ntenant: acme\nusers: []\n"),
        (
            "b.yaml",
            "tenant: acme\nclients: [{ client_id: a }]\nresources: [{ identifier: 'urn:a:b', name: A }]",
        ),
    ]);
    let read = read.unwrap();
    assert!(read.tenants["acme"].is_described);
    assert_eq!(
        read.tenants["acme"].collections.iter().collect::<Vec<_>>(),
        [&"clients", &"resources", &"users"]
    );
    let titles: Vec<_> = read.wanted.iter().map(|wanted| wanted.noun.title).collect();
    assert_eq!(titles, ["tenant", "resource", "client"]);
}

#[test]
fn a_fault_names_file_and_member() {
    for (name, text, expected) in [
        ("a.toml", "tenant = 1", "a.toml: /tenant: is needed: the tenant, or its slug alone"),
        ("a.toml", "", "a.toml: /tenant: is needed: the tenant, or its slug alone"),
        ("a.yaml", "[]", "a.yaml: a document is a table with `tenant` and what the tenant has"),
        ("a.yaml", "tenant: { name: Acme }", "a.yaml: /tenant/slug: is needed: it names the tenant"),
        ("a.yaml", "tenant: { slug: acme }", "a.yaml: /tenant/name: missing field `name`"),
        (
            "a.yaml",
            "tenant: acme\ncleints: []",
            "a.yaml: /cleints: is unknown; known are tenant, domains, resources, clients, users, roles, identity-providers, webhooks",
        ),
        ("a.yaml", "tenant: acme\nclients: {}", "a.yaml: /clients: must be a list"),
        ("a.yaml", "tenant: acme\nclients: [1]", "a.yaml: /clients/0: must be a table"),
        (
            "a.yaml",
            "tenant: acme\nclients: [{}]",
            "a.yaml: /clients/0/client_id: is needed: it names the client",
        ),
        (
            "a.yaml",
            "tenant: acme\nusers: [{ username: ada, password: x }]",
            "a.yaml: /users/0/password: secrets do not belong into files",
        ),
        (
            "a.yaml",
            "tenant: acme\nclients: [{ client_id: a, version: 1 }]",
            "a.yaml: /clients/0/version: is the server's to say",
        ),
        (
            "a.yaml",
            "tenant: acme\nusers: [{ username: Ada }, { username: ada }]",
            "a.yaml: /users/1: user ada is at a.yaml: /users/0 already",
        ),
        (
            "a.yaml",
            "tenant: acme\n---\ntenant: acme\nclients: [{ client_id: a }, { client_id: a }]",
            "a.yaml (document 2): /clients/1: client a is at a.yaml (document 2): /clients/0 already",
        ),
    ] {
        assert_eq!(fault(name, text), expected);
    }
    let unknown = fault("a.yaml", "tenant: acme\nclients: [{ client_id: a, redirect_uri: x }]");
    assert!(unknown.starts_with("a.yaml: /clients/0/redirect_uri: unknown field"), "{unknown}");
    let wrong = fault("a.yaml", "tenant: acme\nclients: [{ client_id: a, scope: [a] }]");
    assert!(wrong.starts_with("a.yaml: /clients/0/scope: invalid type"), "{wrong}");
    for (name, text) in [("a.toml", "tenant = "), ("a.yaml", "tenant: [")] {
        let fault = fault(name, text);
        assert!(fault.starts_with(&format!("{name}: ")) && !fault.contains('\n'), "{fault}");
    }
    let twice = fault("a.yaml", "tenant: acme\ntenant: acme\n");
    assert!(twice.contains("tenant"), "a member that is there twice is no document: {twice}");
}

#[test]
fn a_folder_is_read_with_those_in_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    assert!(read(folder.path()).is_err_and(|fault| fault.0.ends_with("holds no .toml, .yaml or .yml file")));
    std::fs::create_dir(folder.path().join("more")).unwrap();
    write("a.toml", "tenant = \"acme\"");
    write("more/b.yml", "tenant: other");
    write("notes.txt", "tenant");
    let tenants = read(folder.path()).unwrap().tenants;
    assert_eq!(tenants.keys().collect::<Vec<_>>(), ["acme", "other"]);
    assert!(read(&folder.path().join("none.toml")).is_err());
}
