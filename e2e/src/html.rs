//! As much of HTML as it takes to send a form.

/// One start tag and its attributes.
struct Tag<'a> {
    name: &'a str,
    attributes: Vec<(&'a str, String)>,
}

/// A form as it stands on a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Form {
    pub action: String,
    /// Every field with its value, in order; buttons are no fields.
    pub fields: Vec<(String, String)>,
    /// Name and value of every button that has a name.
    pub buttons: Vec<(String, String)>,
}

impl Form {
    #[must_use]
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(held, _)| held == name)
    }

    /// Fills in a field that the form has.
    pub fn set(&mut self, name: &str, value: &str) {
        for (_, held) in self.fields.iter_mut().filter(|(held, _)| held == name) {
            value.clone_into(held);
        }
    }
}

/// The forms of a page.
#[must_use]
pub fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for tag in page.split('<').filter_map(parse_tag) {
        let attribute = |name: &str| {
            let found = tag.attributes.iter().find(|(held, _)| *held == name);
            found.map(|(_, value)| value.clone())
        };
        let pair = || attribute("name").map(|name| (name, attribute("value").unwrap_or_default()));
        match (tag.name, forms.last_mut()) {
            ("form", _) => forms.push(Form {
                action: attribute("action").unwrap_or_default(),
                fields: Vec::new(),
                buttons: Vec::new(),
            }),
            ("input", Some(form)) => form.fields.extend(pair()),
            ("button", Some(form)) => form.buttons.extend(pair()),
            _ => {}
        }
    }
    forms
}

/// Reads what follows a `<`.
fn parse_tag(text: &str) -> Option<Tag<'_>> {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric())?;
    let (name, mut rest) = text.split_at(end);
    let mut attributes = Vec::new();
    if name.is_empty() {
        return None;
    }
    loop {
        rest = rest.trim_start();
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-')?;
        let (attribute, after) = rest.split_at(end);
        if attribute.is_empty() {
            return Some(Tag { name, attributes });
        }
        rest = match after.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"')?;
                attributes.push((attribute, unescape(value)));
                after
            }
            None => {
                attributes.push((attribute, String::new()));
                after
            }
        };
    }
}

fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').unwrap_or((part, ""));
        match character(entity) {
            Some(letter) => plain.push(letter),
            None => plain.push_str(entity),
        }
        plain.push_str(rest);
    }
    plain
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        _ => char::from_u32(entity.strip_prefix('#')?.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_forms_with_their_fields_and_buttons() {
        let page = r#"<input name="outside"><form class="stack" method="post" action="/login?a=1&#38;b=2">
            <input type="hidden" name="csrf" value="a&#34;b">
            <input id="username" name="username" required autofocus>
            <button type="submit">Go</button><button name="decision" value="deny">No</button></form><form></form>"#;
        let forms = forms(page);
        assert_eq!(forms.len(), 2);
        assert_eq!(forms[0].action, "/login?a=1&b=2");
        assert_eq!(
            forms[0].fields,
            [("csrf".to_owned(), "a\"b".to_owned()), ("username".to_owned(), String::new())]
        );
        assert_eq!(forms[0].buttons, [("decision".to_owned(), "deny".to_owned())]);
    }
}
