//! Documents as they arrive: read with the member at fault named, merged, compared for the trail.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::AdminFault;

/// Two functions between an enum of the admin API's and the model's enum of the same name and variants.
macro_rules! twins {
    ($to_model:ident, $to_document:ident, $name:ident { $($variant:ident),+ $(,)? }) => {
        pub(in crate::app::admin) const fn $to_model(document: grantor_api::$name) -> $name {
            match document {
                $(grantor_api::$name::$variant => $name::$variant),+
            }
        }

        pub(in crate::app::admin) const fn $to_document(model: $name) -> grantor_api::$name {
            match model {
                $($name::$variant => grantor_api::$name::$variant),+
            }
        }
    };
}
pub(super) use twins;

/// A document and what it is meant to do.
#[derive(Clone, Debug)]
pub enum Write {
    /// Be the whole from now on (PUT).
    Replace(Value),
    /// Change some members (JSON Merge Patch, RFC 7396).
    Merge(Value),
}

impl Write {
    /// The whole document that the write leads to. A replacement without one of `lasting` keeps
    /// what is there of it; a member of an object in the document is named as `object/member`.
    ///
    /// # Errors
    /// [`AdminFault::Invalid`].
    pub(super) fn onto<T: Serialize + DeserializeOwned>(
        self,
        current: Option<&T>,
        lasting: &[&str],
    ) -> Result<T, AdminFault> {
        let current = current.map_or_else(|| Value::Object(Map::new()), document);
        let whole = match self {
            Self::Merge(patch @ Value::Object(_)) => merged(current, patch),
            Self::Replace(Value::Object(mut whole)) => {
                for path in lasting {
                    keep(&mut whole, &current, path);
                }
                Value::Object(whole)
            }
            Self::Merge(_) | Self::Replace(_) => {
                return Err(AdminFault::invalid("", "must be a JSON object"));
            }
        };
        read(whole)
    }
}

/// Gives a document the member of `current` that it says nothing of; a member of an object in it is
/// named as `object/member`.
pub fn keep(whole: &mut Map<String, Value>, current: &Value, path: &str) {
    match path.split_once('/') {
        None => {
            if let (false, Some(value)) = (whole.contains_key(path), current.get(path)) {
                whole.insert(path.to_owned(), value.clone());
            }
        }
        Some((object, rest)) => {
            let inner = whole.entry(object).or_insert_with(|| Value::Object(Map::new()));
            if let (Value::Object(inner), Some(current)) = (inner, current.get(object)) {
                keep(inner, current, rest);
            }
        }
    }
}

/// Reads a document.
///
/// # Errors
/// [`AdminFault::Invalid`] with a pointer to the member that cannot be read.
pub fn read<T: DeserializeOwned>(document: Value) -> Result<T, AdminFault> {
    // serde would take an array for the members in order.
    if !document.is_object() {
        return Err(AdminFault::invalid("", "must be a JSON object"));
    }
    serde_path_to_error::deserialize(document).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                serde_path_to_error::Segment::Map { key } => push(&mut pointer, key),
                serde_path_to_error::Segment::Seq { index } => push(&mut pointer, &index.to_string()),
                serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
            }
        }
        let detail = error.into_inner().to_string();
        // The path leads to the object that lacks it.
        let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
        if let Some((name, _)) = missing {
            push(&mut pointer, name);
        }
        AdminFault::invalid(pointer, detail)
    })
}

fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&escaped(key));
}

/// A member's name as a part of a JSON Pointer (RFC 6901 §3).
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The document of a value of ours, which always has one.
pub(super) fn document(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// RFC 7396 §2.
fn merged(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut target = match target {
        Value::Object(target) => target,
        _ => Map::new(),
    };
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            value => {
                let merged = merged(target.remove(&name).unwrap_or_default(), value);
                target.insert(name, merged);
            }
        }
    }
    Value::Object(target)
}

/// What changed between two documents, for the audit trail: the members that differ, before and
/// after. Members that count or date the change itself say nothing.
pub(in crate::app) fn changes(before: Option<&impl Serialize>, after: Option<&impl Serialize>) -> Value {
    let members = |value: Value| match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let mut before = members(before.map(document).unwrap_or_default());
    let mut after = members(after.map(document).unwrap_or_default());
    for members in [&mut before, &mut after] {
        members.retain(|name, _| !["version", "created_at", "updated_at"].contains(&name.as_str()));
    }
    let same: Vec<_> = before
        .iter()
        .filter(|(name, value)| after.get(*name) == Some(*value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in same {
        before.remove(&name);
        after.remove(&name);
    }
    json!({ "before": before, "after": after })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        name: String,
        #[serde(default)]
        on: bool,
        #[serde(default)]
        parts: Vec<Part>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        size: u8,
    }

    fn pointer(document: Value) -> String {
        match read::<Thing>(document) {
            Err(AdminFault::Invalid(faults)) => faults[0].pointer.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_member_at_fault_is_named() {
        assert_eq!(pointer(json!({ "name": 1 })), "/name");
        assert_eq!(pointer(json!({})), "/name");
        assert_eq!(pointer(json!({ "name": "x", "nmae": 1 })), "/nmae");
        assert_eq!(
            pointer(json!({ "name": "x", "parts": [{ "size": 1 }, { "size": 256 }] })),
            "/parts/1/size"
        );
        assert_eq!(pointer(json!({ "name": "x", "parts": [{ "size": 1, "a/b~": 2 }] })), "/parts/0/a~1b~0");
        assert_eq!(pointer(json!({ "name": "x", "parts": [{}] })), "/parts/0/size");
        assert_eq!(pointer(json!([])), "");
    }

    /// RFC 7396 Appendix A.
    #[test]
    fn merges_as_rfc_7396_appendix_a() {
        for (target, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"b"}), json!(["c"]), json!(["c"])),
            (json!({"a":"foo"}), Value::Null, Value::Null),
            (json!({"a":"foo"}), json!("bar"), json!("bar")),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            assert_eq!(merged(target.clone(), patch.clone()), result, "{target} {patch}");
        }
    }

    #[test]
    fn a_replacement_keeps_only_what_lasts() {
        let current = Thing { name: "old".to_owned(), on: true, parts: vec![Part { size: 1 }] };
        let replaced = Write::Replace(json!({ "name": "new" })).onto(Some(&current), &["on"]).unwrap();
        assert_eq!(replaced, Thing { name: "new".to_owned(), on: true, parts: vec![] });
        let part = json!({ "name": "old", "more": { "kept": 1, "changed": 2 } });
        let more = |wanted: Value| Write::Replace(wanted).onto::<Value>(Some(&part), &["more/kept"]).unwrap();
        assert_eq!(more(json!({ "name": "new" })), json!({ "name": "new", "more": { "kept": 1 } }));
        assert_eq!(more(json!({ "more": { "changed": 3 } })), json!({ "more": { "kept": 1, "changed": 3 } }));
        assert_eq!(more(json!({ "more": { "kept": 4 } })), json!({ "more": { "kept": 4 } }));
        assert_eq!(more(json!({ "more": null })), json!({ "more": null }));
        let patched = Write::Merge(json!({ "on": null })).onto(Some(&current), &["on"]).unwrap();
        assert_eq!(patched, Thing { on: false, ..current });
        assert!(Write::Merge(json!(1)).onto::<Thing>(None, &[]).is_err());
    }

    #[test]
    fn the_trail_has_what_differs_and_nothing_else() {
        let before = json!({ "name": "a", "on": true, "version": 1 });
        let after = json!({ "name": "b", "on": true, "version": 2 });
        assert_eq!(
            changes(Some(&before), Some(&after)),
            json!({ "before": { "name": "a" }, "after": { "name": "b" } })
        );
        assert_eq!(
            changes(None::<&Value>, Some(&json!({ "on": true }))),
            json!({ "before": {}, "after": { "on": true } })
        );
    }
}
