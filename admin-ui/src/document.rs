//! JSON documents of the admin API while they are edited: members by pointer (RFC 6901), and what changed
//! as a merge patch (RFC 7396).

use serde_json::{Map, Value};

/// The member at a pointer; null where there is none.
#[must_use]
pub fn get(document: &Value, pointer: &str) -> Value {
    document.pointer(pointer).cloned().unwrap_or(Value::Null)
}

/// Sets the member at a pointer and makes the objects on the way to it. Items of an array are set where they are;
/// none is added.
pub fn set(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for name in pointer.split('/').skip(1) {
        let name = name.replace("~1", "/").replace("~0", "~");
        if let Some(index) = name.parse::<usize>().ok().filter(|index| place.get(index).is_some()) {
            place = &mut place[index];
            continue;
        }
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(members) = place.as_object_mut() else { return };
        place = members.entry(name).or_insert(Value::Null);
    }
    *place = value;
}

/// The merge patch that makes `after` of `before`; an empty object where they are the same.
#[must_use]
pub fn merge_patch(before: &Value, after: &Value) -> Value {
    let empty = Map::new();
    let (old, new) = (before.as_object().unwrap_or(&empty), after.as_object().unwrap_or(&empty));
    let mut patch = Map::new();
    for (name, value) in new {
        let was = old.get(name).unwrap_or(&Value::Null);
        if was == value {
            continue;
        }
        let change =
            if value.is_object() && was.is_object() { merge_patch(was, value) } else { value.clone() };
        patch.insert(name.clone(), change);
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// Carries a merge patch out (RFC 7396 §2).
pub fn apply(document: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(Map::new());
    }
    let Some(members) = document.as_object_mut() else { return };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            apply(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

/// Leaves out members that are null, at every depth: "not set" in a form is "absent" in a request.
#[must_use]
pub fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| (name, without_nulls(member)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_set_where_the_pointer_says() {
        let mut document = json!({ "name": "Acme" });
        set(&mut document, "/settings/branding/primary_color", json!("#123456"));
        set(&mut document, "/a~1b", json!(1));
        assert_eq!(get(&document, "/settings/branding/primary_color"), json!("#123456"));
        assert_eq!(document["a/b"], json!(1));
        set(&mut document, "/issuers", json!([{}, { "issuer": "a" }]));
        set(&mut document, "/issuers/1/issuer", json!("b"));
        assert_eq!(document["issuers"], json!([{}, { "issuer": "b" }]));
        assert_eq!(get(&document, "/nothing/here"), Value::Null);
    }

    #[test]
    fn a_patch_has_what_changed_and_makes_the_one_of_the_other() {
        let before =
            json!({ "name": "a", "gone": 1, "same": { "x": 1 }, "deep": { "x": 1, "y": 2, "list": [1] } });
        let after =
            json!({ "name": "b", "same": { "x": 1 }, "deep": { "x": 1, "list": [1, 2] }, "new": { "z": 1 } });
        let patch = merge_patch(&before, &after);
        assert_eq!(
            patch,
            json!({ "name": "b", "gone": null, "deep": { "y": null, "list": [1, 2] }, "new": { "z": 1 } })
        );
        let mut document = before.clone();
        apply(&mut document, &patch);
        assert_eq!(document, after);
        assert_eq!(merge_patch(&before, &before), json!({}));
    }

    #[test]
    fn what_is_not_set_is_left_out() {
        let value = json!({ "a": null, "b": { "c": null, "d": 1 }, "e": [null] });
        assert_eq!(without_nulls(value), json!({ "b": { "d": 1 }, "e": [null] }));
    }
}
