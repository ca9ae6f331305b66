use serde_json::Value;

/// JSON that is the same text for the same value: without white space, the members of objects in the order
/// of their names' bytes, strings as serde_json escapes them, numbers without exponent or needless digits.
/// Databases keep JSON in forms of their own, and give back the value but not its text.
///
/// Audit trails and exported tenants that exist are made of it: what it gives may never change.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_bytes());
            text.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Number(number) if number.is_f64() => {
            // Adding zero takes the sign from a negative one.
            text.push_str(&(number.as_f64().unwrap_or_default() + 0.0).to_string());
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        for (written, expected) in [
            (r#"{"b":1,"a":{"d":[],"c":"\u00e9\n"}}"#, "{\"a\":{\"c\":\"\u{e9}\\n\",\"d\":[]},\"b\":1}"),
            (
                r#"{"b":[1,null,true],"a":{"\u00fc":"\"\u0001"}}"#,
                "{\"a\":{\"\u{fc}\":\"\\\"\\u0001\"},\"b\":[1,null,true]}",
            ),
            ("[1.0, -0.0, 1e2, -5.0, 1.5, 18446744073709551615]", "[1,0,100,-5,1.5,18446744073709551615]"),
            ("[-20.0, -0.5, 1e16, 0.5, -1]", "[-20,-0.5,10000000000000000,0.5,-1]"),
            (r#"[true, null, "", [], {}]"#, r#"[true,null,"",[],{}]"#),
        ] {
            let value: Value = serde_json::from_str(written).unwrap();
            assert_eq!(canonical_json(&value), expected);
            let again: Value = serde_json::from_str(expected).unwrap();
            assert_eq!(canonical_json(&again), expected);
        }
        let text = |json: &str| canonical_json(&serde_json::from_str(json).unwrap());
        assert_ne!(text(r#"{"a":"1"}"#), text(r#"{"a":1}"#));
        assert_ne!(text(r#"{"a":null}"#), text("{}"));
    }
}
