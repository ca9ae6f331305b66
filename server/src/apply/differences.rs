//! What differs between two documents, member by member.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::admin::escaped;

/// One member that is not as it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The member, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// None: there was none.
    pub before: Option<Value>,
    /// None: there will be none.
    pub after: Option<Value>,
}

/// Stands for a secret in a plan.
const HIDDEN: &str = "(secret)";

/// The members that differ, in the order of their names. Lists are compared as a whole: their order counts.
/// The values of `secret` members are not repeated.
pub fn differences(before: &Value, after: &Value, secret: &[&str]) -> Vec<Difference> {
    let mut found = vec![];
    compare(String::new(), Some(before), Some(after), &mut found);
    for difference in &mut found {
        if difference.pointer.split('/').any(|segment| secret.contains(&segment)) {
            let hide = |value: &mut Option<Value>| {
                if let Some(value) = value {
                    *value = HIDDEN.into();
                }
            };
            hide(&mut difference.before);
            hide(&mut difference.after);
        }
    }
    found
}

fn compare(pointer: String, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let members = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
    let (old, new) = (members(before), members(after));
    // Both may be objects, or one of them and the other not there at all.
    let descend = (old.is_some() || before.is_none()) && (new.is_some() || after.is_none());
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    if !descend || (old.is_empty() && new.is_empty()) {
        found.push(Difference { pointer, before: before.cloned(), after: after.cloned() });
        return;
    }
    for name in names(&old, &new) {
        compare(format!("{pointer}/{}", escaped(name)), old.get(name), new.get(name), found);
    }
}

fn names<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> Vec<&'a String> {
    let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_that_differ_are_named_and_others_are_not() {
        let found = |before: Value, after: Value| -> Vec<String> {
            let line = |difference: Difference| {
                let side = |value: Option<Value>| value.map_or_else(|| "-".to_owned(), |it| it.to_string());
                format!("{} {} {}", difference.pointer, side(difference.before), side(difference.after))
            };
            differences(&before, &after, &["password"]).into_iter().map(line).collect()
        };
        for (before, after, expected) in [
            (json!({}), json!({}), vec![]),
            (json!({ "a": 1, "b": 2 }), json!({ "b": 2, "a": 1 }), vec![]),
            (json!({ "a": 1 }), json!({ "a": 2 }), vec!["/a 1 2"]),
            (json!({ "a": 1 }), json!({}), vec!["/a 1 -"]),
            (json!({}), json!({ "a/b~": 1 }), vec!["/a~1b~0 - 1"]),
            (json!({ "a": [1, 2] }), json!({ "a": [2, 1] }), vec!["/a [1,2] [2,1]"]),
            (json!({ "a": { "b": 1, "c": 1 } }), json!({ "a": { "b": 2, "c": 1 } }), vec!["/a/b 1 2"]),
            (json!({}), json!({ "a": { "b": 2 } }), vec!["/a/b - 2"]),
            (json!({}), json!({ "a": {} }), vec!["/a - {}"]),
            (json!({ "a": { "b": 1 } }), json!({ "a": 3 }), vec![r#"/a {"b":1} 3"#]),
            (
                json!({ "password": "x" }),
                json!({ "password": "y" }),
                vec![r#"/password "(secret)" "(secret)""#],
            ),
        ] {
            assert_eq!(found(before, after), expected);
        }
    }
}
