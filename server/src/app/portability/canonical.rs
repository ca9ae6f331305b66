use serde_json::Value;

/// JSON that is the same text for the same value, whichever database kept it: members in the order of
/// their names, whole numbers without a fraction. PostgreSQL keeps neither the order of members nor
/// how a number was written.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (number, (name, value)) in members.into_iter().enumerate() {
                if number > 0 {
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
            for (number, item) in items.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            // Between these a float is exactly the integer that it says.
            Some(float) if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
                // Minus zero is zero in PostgreSQL.
                text.push_str(&format!("{:.0}", if float == 0.0 { 0.0 } else { float }));
            }
            _ => text.push_str(&number.to_string()),
        },
        Value::String(_) | Value::Bool(_) | Value::Null => text.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        for (written, expected) in [
            (r#"{"b":1,"a":{"d":[],"c":"\u00e9\n"}}"#, "{\"a\":{\"c\":\"\u{e9}\\n\",\"d\":[]},\"b\":1}"),
            ("[1.0, -0.0, 1e2, -5.0, 1.5, 18446744073709551615]", "[1,0,100,-5,1.5,18446744073709551615]"),
            ("[-20.0, -0.5]", "[-20,-0.5]"),
            ("[true, null]", "[true,null]"),
        ] {
            let value: Value = serde_json::from_str(written).unwrap();
            assert_eq!(canonical(&value), expected);
            let again: Value = serde_json::from_str(expected).unwrap();
            assert_eq!(canonical(&again), expected);
        }
    }
}
