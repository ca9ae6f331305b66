//! The little of Markdown that descriptions use.

/// A run of text in one face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    Plain(String),
    Code(String),
    Strong(String),
}

/// The spans of one paragraph. A mark without its partner is text.
pub fn spans(text: impl AsRef<str>) -> Vec<Span> {
    let mut spans = vec![];
    let mut rest = text.as_ref();
    let mut plain = String::new();
    while let Some(at) = rest.find(['`', '*']) {
        let (before, marked) = rest.split_at(at);
        plain.push_str(before);
        let mark = if marked.starts_with('`') { "`" } else { "**" };
        let inner = marked.strip_prefix(mark).and_then(|inner| inner.split_once(mark));
        match inner.filter(|(inner, _)| !inner.is_empty()) {
            Some((inner, after)) => {
                if !plain.is_empty() {
                    spans.push(Span::Plain(std::mem::take(&mut plain)));
                }
                let inner = inner.to_owned();
                spans.push(if mark == "`" { Span::Code(inner) } else { Span::Strong(inner) });
                rest = after;
            }
            None => {
                plain.push_str(&marked[..1]);
                rest = &marked[1..];
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        spans.push(Span::Plain(plain));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_that_have_a_partner_change_the_face() {
        let plain = |text: &str| Span::Plain(text.to_owned());
        let code = |text: &str| Span::Code(text.to_owned());
        let strong = |text: &str| Span::Strong(text.to_owned());
        for (text, expected) in [
            ("", vec![]),
            ("a", vec![plain("a")]),
            ("`a` b", vec![code("a"), plain(" b")]),
            ("**a**: `*`", vec![strong("a"), plain(": "), code("*")]),
            ("`*` means **all**", vec![code("*"), plain(" means "), strong("all")]),
            ("2 * 3 and `", vec![plain("2 * 3 and `")]),
            ("``", vec![plain("``")]),
            ("<b>`<i>`", vec![plain("<b>"), code("<i>")]),
        ] {
            assert_eq!(spans(text), expected, "{text}");
        }
    }
}
