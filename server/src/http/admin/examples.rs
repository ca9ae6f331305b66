//! Examples of documents, composed of their schemas and of one table of samples, so that a document has an
//! example as soon as it is described.

use serde_json::{Map, Value, json};

/// What a document is an example of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// What a caller sends: what it must say and what is worth saying.
    Request,
    /// What the server tells.
    Answer,
    /// What the server tells when it has just made the thing, secrets included.
    Created,
}

/// Told once, by the answer to the request that made them.
const ONCE: [&str; 2] = ["client_secret", "token"];

/// What an example of a patch changes: the first that there is.
const PATCHED: [&str; 4] = ["name", "client_name", "email", "description"];

const REFERENCE: &str = "#/components/schemas/";

/// Composes examples.
pub struct Examples<'a> {
    schemas: &'a Map<String, Value>,
}

impl<'a> Examples<'a> {
    pub const fn new(schemas: &'a Map<String, Value>) -> Self {
        Self { schemas }
    }

    /// An example of what a schema describes.
    pub fn of(&self, schema: &Value, purpose: Use) -> Value {
        self.value(schema, purpose)
    }

    fn value(&self, schema: &Value, purpose: Use) -> Value {
        let (name, schema) = self.resolved(schema);
        if let Some(first) = schema["enum"].get(0) {
            return first.clone();
        }
        match schema["type"].as_str() {
            Some("object") => self.object(name, schema, purpose),
            Some("array") => json!([self.value(&schema["items"], purpose)]),
            Some("integer" | "number") => {
                schema["minimum"].as_f64().map_or(json!(1), |least| json!(least as i64))
            }
            Some("boolean") => json!(false),
            Some(_) => json!("text"),
            None => json!({}),
        }
    }

    /// The schema itself, of a reference or of one that is refined, and its name.
    fn resolved(&self, schema: &'a Value) -> (&'a str, &'a Value) {
        let inner = schema["allOf"].get(0).unwrap_or(schema);
        let name = inner["$ref"].as_str().and_then(|path| path.strip_prefix(REFERENCE));
        match name.and_then(|name| self.schemas.get_key_value(name)) {
            Some((name, schema)) => (name, schema),
            None => ("", inner),
        }
    }

    fn object(&self, name: &str, schema: &Value, purpose: Use) -> Value {
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        if let Some(whole) = name.strip_suffix("Patch") {
            let changed = PATCHED.iter().find(|member| properties.contains_key(**member));
            let changed = changed.copied().or_else(|| properties.keys().next().map(String::as_str));
            let member = |name: &str| (name.to_owned(), self.member(whole, name, &properties[name], purpose));
            return Value::Object(changed.map(member).into_iter().collect());
        }
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let shown = |(member, property): &(&String, &Value)| {
            let is = |annotation: &str| property[annotation] == true;
            let is_needed = required.iter().any(|name| name == member.as_str());
            let is_worth_saying = sample(name, member).is_some();
            let is_due = purpose == Use::Created || !ONCE.contains(&member.as_str());
            match purpose {
                Use::Request => !is("readOnly") && (is_needed || is_worth_saying),
                Use::Answer | Use::Created => {
                    let (part, whole) = self.resolved(property);
                    let is_part = !part.is_empty() && whole["type"] == "object";
                    let is_told = is_needed || is_worth_saying || is_part || !property["default"].is_null();
                    !is("writeOnly") && is_told && is_due
                }
            }
        };
        let member = |(member, property): (&String, &Value)| {
            (member.clone(), self.member(name, member, property, purpose))
        };
        Value::Object(properties.iter().filter(shown).map(member).collect())
    }

    fn member(&self, owner: &str, member: &str, property: &Value, purpose: Use) -> Value {
        if let Some(sample) = sample(owner, member) {
            return sample;
        }
        match &property["default"] {
            Value::Null => {}
            default => return default.clone(),
        }
        let (name, schema) = self.resolved(property);
        if name.is_empty() && schema["type"] == "string" && schema["enum"].is_null() {
            return by_name(member);
        }
        self.value(property, purpose)
    }
}

/// A text for a member that the table does not have.
fn by_name(member: &str) -> Value {
    const UUID: &str = "0198c5a0-1f2e-7c3d-9a4b-5e6f7a8b9c0d";
    match member {
        "id" => json!(UUID),
        _ if member.ends_with("_id") || member.ends_with("_by") => json!(UUID),
        _ if member.ends_with("_at") || member == "at" || member == "from" || member == "to" => {
            json!("2026-03-01T09:30:00Z")
        }
        _ if member.ends_with("_uri") || member.ends_with("url") => json!("https://shop.acme.example/"),
        _ => json!("text"),
    }
}

/// What is worth showing of a member: of this schema's, or of all with its name.
fn sample(owner: &str, member: &str) -> Option<Value> {
    let owner = owner.strip_suffix("Request").unwrap_or(owner);
    let sample = match (owner, member) {
        ("DeviceApprovalAnswer" | "DeviceAuthorization", "username") | ("User", "username") => json!("ada"),
        ("InitialAccessToken", "name") => json!("Build pipeline"),
        ("InitialAccessToken", "expires_in") => json!(86_400),
        ("InitialAccessToken", "uses_left") => json!(10),
        ("InitialAccessToken", "token") => json!("gis_7bQ2xWn0cT5kVhRzYpLmAe3uJfGdSo8i1NqKw4rBtXy"),
        ("ProtectedResource", "identifier") => json!("https://api.acme.example"),
        ("ProtectedResource", "name") => json!("Acme API"),
        ("ProtectedResource", "scopes") => {
            json!([{ "name": "orders:read", "description": "read your orders" }])
        }
        ("ScopeDescription", "name") => json!("orders:read"),
        ("ScopeDescription", "description") => json!("read your orders"),
        ("Client", "redirect_uris") => json!(["https://shop.acme.example/callback"]),
        ("Client", "grant_types") => json!(["authorization_code", "refresh_token"]),
        ("Client", "scope") => json!("openid profile offline_access"),
        ("DeviceAuthorization", "scope") => json!("openid orders:read"),
        ("DeviceAuthorization", "state") => json!("awaiting_administrator"),
        ("DeviceAuthorization", "requested_from" | "entered_from") => json!("203.0.113.7"),
        ("DeviceAuthorization", "client_id") | ("Client", "client_id") => json!("shop"),
        ("DeviceAuthorization", "client_name") | ("Client", "client_name") => json!("Acme Shop"),
        ("DeviceAuthorization", "resources") => json!(["https://api.acme.example"]),
        ("Client", "client_secret") => json!("gcs_4kVhRzYpLmAe3uJfGdSo8i1NqKw7bQ2xWn0cT5rBtXy"),
        ("HeldRole", "role") => json!("tenant-admin"),
        ("Me", "name") | ("UserProfile", "name") => json!("Ada Lovelace"),
        (_, "slug" | "tenant") => json!("acme"),
        ("AuditEvent", "kind") | ("WebhookDelivery", "kind") => json!("client.changed"),
        ("AuditEvent", "target") => json!("client:shop"),
        ("Domain", "domain") => json!("login.acme.example"),
        ("DomainChallenge", "type") => json!("TXT"),
        ("DomainChallenge", "name") => json!("_grantor-challenge.login.acme.example"),
        ("DomainChallenge", "value") => json!("7bQ2xWn0cT5kVhRzYpLmAe3uJfGdSo8i1NqKw4rBtXy"),
        ("Grant", "client_name") => json!("Acme Shop"),
        ("Grant", "resources") => json!(["https://api.acme.example"]),
        ("Grant", "scope") => json!("openid orders:read"),
        ("Permission", "action") => json!("read"),
        ("Permission", "resource") => json!("client"),
        ("Role", "name") | ("RoleAssignment", "role") => json!("support"),
        ("Role", "description") => json!("Answers customers' questions"),
        ("Role", "permissions") => json!([{ "action": "read", "resource": "client" }]),
        ("RoleAssignment", "id") => json!("support:client:acme:shop"),
        ("RoleAssignment", "subject_type") => json!("client"),
        ("RoleAssignment", "subject") => json!("shop"),
        ("Session", "amr") => json!(["pwd"]),
        ("IdentityProvider", "name") | ("IdentityLink", "provider") => json!("company"),
        ("IdentityProvider", "display_name") => json!("Acme staff"),
        ("IdentityProvider", "issuer") => json!("https://login.acme.example"),
        ("IdentityProvider", "client_id") => json!("grantor"),
        ("IdentityProvider", "redirect_uri") => json!("https://id.example.com/t/acme/login/callback"),
        ("IdentityProvider", "domains") => json!(["acme.example"]),
        ("IdentityLink", "subject") => json!("248289761001"),
        ("Key", "kid") => json!("Yl5D3vTz0yqG7cWk"),
        ("Tenant", "name") => json!("Acme Works"),
        ("Webhook", "url") => json!("https://hooks.acme.example/grantor"),
        ("Webhook", "description") => json!("Tells the chat room"),
        ("Webhook", "events") => json!(["client", "sign_in.failed"]),
        (_, "passphrase") => json!("correct horse battery staple"),
        ("NewPassword", "password") => json!("a long and quiet sentence"),
        (_, "username") => json!("ada"),
        ("Tenant", "issuer") => json!("https://id.example.com/t/acme"),
        ("User" | "Me", "email") => json!("ada@acme.example"),
        ("Me", "subject") => json!("0198c5a0-1f2e-7c3d-9a4b-5e6f7a8b9c0d"),
        ("User", "profile") => json!({ "name": "Ada Lovelace" }),
        (page, "next") if page.ends_with("Page") => json!("AZjFoB8ufD2aS15veouckA"),
        _ => return None,
    };
    Some(sample)
}
