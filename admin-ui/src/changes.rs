//! What is different between two documents, for people to read.

use std::collections::BTreeSet;

use serde_json::Value;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The member, with those that it is in: `settings.branding.logo_uri`.
    pub member: String,
    /// What was there; none where it was added.
    pub before: Option<Value>,
    /// What is there now; none where it was removed.
    pub after: Option<Value>,
}

/// All differences, member by member. Of lists, those of their items; what has only changed its place in a
/// list is no difference of an item, so then the lists stand whole.
#[must_use]
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = vec![];
    compare("", Some(before), Some(after), &mut found);
    found
}

fn compare(member: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    // Null is "not set" in every document of the admin API.
    let (before, after) = (before.filter(|value| !value.is_null()), after.filter(|value| !value.is_null()));
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Array(old)), Some(Value::Array(new))) => compare_items(member, old, new, found),
        (None, Some(Value::Array(new))) if !new.is_empty() => compare_items(member, &[], new, found),
        (Some(Value::Array(old)), None) if !old.is_empty() => compare_items(member, old, &[], found),
        (None | Some(Value::Object(_)), None | Some(Value::Object(_))) => {
            let members =
                |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
            let (old, new) = (members(before), members(after));
            if old.is_empty() && new.is_empty() && !member.is_empty() {
                push(member, before, after, found);
            }
            // Sorted: whether maps of JSON are depends on what else is built.
            let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            for name in names {
                let within = if member.is_empty() { name.clone() } else { format!("{member}.{name}") };
                compare(&within, old.get(name), new.get(name), found);
            }
        }
        (before, after) => push(member, before, after, found),
    }
}

fn compare_items(member: &str, old: &[Value], new: &[Value], found: &mut Vec<Difference>) {
    let mut added: Vec<&Value> = new.iter().collect();
    let mut removed = vec![];
    for item in old {
        match added.iter().position(|other| *other == item) {
            Some(index) => {
                added.remove(index);
            }
            None => removed.push(item),
        }
    }
    if added.is_empty() && removed.is_empty() {
        let whole = |items: &[Value]| Value::Array(items.to_vec());
        push(member, Some(&whole(old)), Some(&whole(new)), found);
    }
    for item in removed {
        push(member, Some(item), None, found);
    }
    for item in added {
        push(member, None, Some(item), found);
    }
}

fn push(member: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    found.push(Difference { member: member.to_owned(), before: before.cloned(), after: after.cloned() });
}

/// A value as people read it: text without quotes, the rest as JSON.
#[must_use]
pub fn readable(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Object(members)
            if members.values().all(|member| !member.is_object() && !member.is_array()) =>
        {
            let pairs: Vec<_> =
                members.iter().map(|(name, member)| format!("{name}: {}", readable(member))).collect();
            pairs.join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        differences(before, after)
            .into_iter()
            .map(|difference| (difference.member, difference.before, difference.after))
            .collect()
    }

    #[test]
    fn members_are_removed_added_and_changed() {
        assert_eq!(
            told(
                &json!({ "gone": 1, "name": "a", "same": [1], "deep": { "x": { "y": 1 }, "z": 2 } }),
                &json!({ "name": "b", "same": [1], "deep": { "x": { "y": 3 }, "z": 2 }, "new": true }),
            ),
            [
                ("deep.x.y".to_owned(), Some(json!(1)), Some(json!(3))),
                ("gone".to_owned(), Some(json!(1)), None),
                ("name".to_owned(), Some(json!("a")), Some(json!("b"))),
                ("new".to_owned(), None, Some(json!(true))),
            ]
        );
    }

    #[test]
    fn lists_are_compared_by_their_items() {
        assert_eq!(
            told(&json!({ "uris": ["a", "b", "b"] }), &json!({ "uris": ["b", "c"] })),
            [
                ("uris".to_owned(), Some(json!("a")), None),
                ("uris".to_owned(), Some(json!("b")), None),
                ("uris".to_owned(), None, Some(json!("c"))),
            ]
        );
        assert_eq!(
            told(&json!({ "order": [1, 2] }), &json!({ "order": [2, 1] })),
            [("order".to_owned(), Some(json!([1, 2])), Some(json!([2, 1])))]
        );
    }

    #[test]
    fn what_is_not_set_is_nothing() {
        assert_eq!(told(&json!({ "a": null }), &json!({})), []);
        assert_eq!(told(&json!(null), &json!({ "a": 1 })), [("a".to_owned(), None, Some(json!(1)))]);
        assert_eq!(told(&json!({ "a": "x" }), &json!({ "a": { "b": 1 } })).len(), 1);
        assert_eq!(told(&json!({}), &json!({ "a": ["x"] })), [("a".to_owned(), None, Some(json!("x")))]);
        assert_eq!(told(&json!({}), &json!({ "a": {} })), [("a".to_owned(), None, Some(json!({})))]);
    }

    #[test]
    fn values_are_readable() {
        for (value, text) in [
            (json!("https://a.example"), "https://a.example"),
            (json!(""), "\"\""),
            (json!(true), "yes"),
            (json!({ "action": "read", "resource": "user" }), "action: read, resource: user"),
            (json!([1, { "a": 1 }]), "[1,{\"a\":1}]"),
        ] {
            assert_eq!(readable(&value), text);
        }
    }
}
