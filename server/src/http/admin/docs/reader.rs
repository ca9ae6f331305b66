//! The description as its page shows it.

use serde_json::{Map, Value};

const REFERENCE: &str = "#/components/schemas/";

/// What the page shows: all of the description, or the operations that somebody searches for.
pub struct Reader {
    pub title: String,
    pub paragraphs: Vec<String>,
    pub server: String,
    pub groups: Vec<Group>,
    pub schemas: Vec<Schema>,
}

/// The operations on one kind of thing.
pub struct Group {
    pub name: String,
    pub anchor: String,
    pub description: String,
    pub operations: Vec<Operation>,
}

pub struct Operation {
    /// Its identifier, which is its anchor as well.
    pub id: String,
    pub method: String,
    pub path: String,
    pub summary: String,
    pub paragraphs: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub body: Option<Content>,
    pub successes: Vec<Answer>,
    pub errors: Vec<Answer>,
}

pub struct Parameter {
    pub name: String,
    /// `path`, `query` or `header`.
    pub place: String,
    pub is_required: bool,
    pub kind: Kind,
    pub notes: Vec<String>,
    pub description: String,
}

pub struct Answer {
    pub status: String,
    pub description: String,
    pub headers: Vec<String>,
    pub content: Option<Content>,
}

/// A document that is sent one way or the other.
pub struct Content {
    pub media_types: Vec<String>,
    pub kind: Kind,
    pub example: String,
}

/// What kind of value it is: a schema of its own, or something simple.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// `list of` and the like.
    pub prefix: &'static str,
    pub name: String,
    /// Whether the name is that of a schema on the page.
    pub is_schema: bool,
}

pub struct Schema {
    pub name: String,
    pub description: String,
    /// What it can be, if it is one of several words.
    pub values: Vec<String>,
    pub members: Vec<Member>,
}

pub struct Member {
    pub name: String,
    pub kind: Kind,
    pub is_required: bool,
    pub notes: Vec<String>,
    pub description: String,
}

impl Reader {
    /// The whole of a description, or what of it has all words of `q` in it.
    pub fn of(description: &Value, q: &str) -> Self {
        let words: Vec<_> = q.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let found = |text: String| {
            let text = text.to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        let mut groups: Vec<_> = list(&description["tags"]).iter().map(group).collect();
        for (path, methods) in members(&description["paths"]) {
            for (method, operation) in members(methods) {
                let operation_of = operation["tags"][0].as_str().unwrap_or_default();
                let shown = found(searchable(path, method, operation));
                if let Some(group) = groups.iter_mut().find(|group| shown && group.name == operation_of) {
                    group.operations.push(self::operation(path, method, operation));
                }
            }
        }
        groups.retain(|group| !group.operations.is_empty());
        let schemas = members(&description["components"]["schemas"]);
        let schemas =
            schemas.filter(|(name, schema)| found(format!("{name} {}", text(schema, "description"))));
        Self {
            title: text(&description["info"], "title"),
            paragraphs: paragraphs(&description["info"]),
            server: text(&description["servers"][0], "url"),
            groups,
            schemas: schemas.map(|(name, schema)| self::schema(name, schema)).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.schemas.is_empty()
    }
}

fn searchable(path: &str, method: &str, operation: &Value) -> String {
    let words = ["summary", "description", "operationId"].map(|member| text(operation, member));
    format!("{method} {path} {}", words.join(" "))
}

fn group(tag: &Value) -> Group {
    let name = text(tag, "name");
    let anchor = format!("tag-{}", name.to_lowercase().replace(' ', "-"));
    Group { anchor, description: text(tag, "description"), operations: vec![], name }
}

fn operation(path: &str, method: &str, operation: &Value) -> Operation {
    let answers = members(&operation["responses"]).map(|(status, response)| answer(status, response));
    let (successes, mut errors): (Vec<_>, Vec<_>) =
        answers.partition(|answer| answer.status.starts_with('2'));
    errors.sort_by(|one, other| one.status.cmp(&other.status));
    Operation {
        id: text(operation, "operationId"),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(operation, "summary"),
        paragraphs: paragraphs(operation),
        parameters: list(&operation["parameters"]).iter().map(parameter).collect(),
        body: content(&operation["requestBody"]),
        successes,
        errors,
    }
}

fn parameter(parameter: &Value) -> Parameter {
    Parameter {
        name: text(parameter, "name"),
        place: text(parameter, "in"),
        is_required: parameter["required"] == true,
        kind: kind(&parameter["schema"]),
        notes: notes(&parameter["schema"]),
        description: text(parameter, "description"),
    }
}

fn answer(status: &str, response: &Value) -> Answer {
    Answer {
        status: status.to_owned(),
        description: text(response, "description"),
        headers: members(&response["headers"]).map(|(name, _)| name.clone()).collect(),
        content: content(response),
    }
}

fn content(holder: &Value) -> Option<Content> {
    let media_types: Vec<_> = members(&holder["content"]).map(|(name, _)| name.clone()).collect();
    let (_, first) = members(&holder["content"]).next()?;
    Some(Content { media_types, kind: kind(&first["schema"]), example: format!("{:#}", first["example"]) })
}

fn schema(name: &str, schema: &Value) -> Schema {
    let required = list(&schema["required"]);
    let member = |(name, property): (&String, &Value)| Member {
        name: name.clone(),
        kind: kind(property),
        is_required: property["readOnly"] != true && required.iter().any(|held| held == name.as_str()),
        notes: notes(property),
        description: text(property, "description"),
    };
    Schema {
        name: name.to_owned(),
        description: text(schema, "description"),
        values: list(&schema["enum"]).iter().map(told).collect(),
        members: members(&schema["properties"]).map(member).collect(),
    }
}

fn kind(schema: &Value) -> Kind {
    let inner = schema["allOf"].get(0).unwrap_or(schema);
    if let Some(name) = inner["$ref"].as_str().and_then(|path| path.strip_prefix(REFERENCE)) {
        return Kind { prefix: "", name: name.to_owned(), is_schema: true };
    }
    match inner["type"].as_str() {
        Some("array") => Kind { prefix: "list of ", ..kind(&inner["items"]) },
        Some(simple) => Kind { name: simple.to_owned(), ..Kind::default() },
        None => Kind { name: "any".to_owned(), ..Kind::default() },
    }
}

/// What else is to be known of a value, in a few words each.
fn notes(schema: &Value) -> Vec<String> {
    let limits = [
        ("minLength", "at least", "characters"),
        ("maxLength", "at most", "characters"),
        ("maxItems", "at most", "items"),
        ("minimum", "from", ""),
        ("maximum", "to", ""),
    ];
    let limit = |(name, before, after): (&str, &str, &str)| {
        schema[name].as_f64().map(|limit| format!("{before} {limit} {after}").trim_end().to_owned())
    };
    let flags =
        [("readOnly", "set by the server"), ("writeOnly", "never given back"), ("nullable", "or null")];
    let flags = flags.into_iter().filter(|(name, _)| schema[*name] == true).map(|(_, note)| note.to_owned());
    let default = match &schema["default"] {
        Value::Null | Value::Object(_) => None,
        Value::Array(items) if items.is_empty() => None,
        Value::String(text) if text.is_empty() => None,
        default => Some(format!("default {}", told(default))),
    };
    flags.chain(limits.into_iter().filter_map(limit)).chain(default).collect()
}

/// A value in words.
fn told(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(told).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn text(holder: &Value, member: &str) -> String {
    holder[member].as_str().unwrap_or_default().replace('\n', " ")
}

fn paragraphs(holder: &Value) -> Vec<String> {
    let text = holder["description"].as_str().unwrap_or_default();
    text.split("\n\n").filter(|text| !text.is_empty()).map(|text| text.replace('\n', " ")).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
