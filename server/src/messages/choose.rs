//! Which language is meant by language tags (BCP 47).

use super::{LANGUAGES, Messages};

/// More of them say nothing, and are not looked at.
const MOST_RANGES: usize = 32;

/// The language that a tag or range means: the tag itself, or it without its last subtags (RFC 4647 §3.4).
pub fn known(range: &str) -> Option<Messages> {
    let mut range = range;
    loop {
        if let Some(language) = LANGUAGES.iter().find(|language| language.tag.eq_ignore_ascii_case(range)) {
            return Some(Messages(language));
        }
        range = range.rsplit_once('-')?.0;
        // A single letter or digit says what the subtags after it are, and means nothing without them.
        if let Some((rest, [_])) = range.rsplit_once('-').map(|(rest, last)| (rest, last.as_bytes())) {
            range = rest;
        }
    }
}

/// The first language that there is, of tags in the order in which they are wanted.
pub(super) fn first<'a>(ranges: impl IntoIterator<Item = &'a str>) -> Option<Messages> {
    ranges.into_iter().take(MOST_RANGES).find_map(known)
}

/// The language that the field `Accept-Language` wants most (RFC 9110 §12.5.4). `*` wants any, which is for
/// whoever has a preference to say.
pub(super) fn accepted(field: &str) -> Option<Messages> {
    let mut ranges: Vec<(&str, u16)> = field
        .split(',')
        .take(MOST_RANGES)
        .filter_map(|item| {
            let (range, weight) =
                item.split_once(';').map_or((item, None), |(range, weight)| (range, Some(weight)));
            let weight = weight.map_or(Some(1000), quality)?;
            (weight > 0).then_some((range.trim(), weight))
        })
        .collect();
    // Those that are wanted alike stay in their order.
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    first(ranges.into_iter().map(|(range, _)| range))
}

/// The thousandths of a weight, `q=0.8` (RFC 9110 §12.4.2).
fn quality(weight: &str) -> Option<u16> {
    let (name, value) = weight.split_once('=')?;
    let value: f32 = value.trim().parse().ok()?;
    let is_weight = name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&value);
    // It is between 0 and 1000.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    is_weight.then_some((value * 1000.0) as u16)
}

/// Whether this looks like a language tag (RFC 5646 §2.1): subtags of one to eight letters or digits, of which the
/// first has letters only.
pub fn is_language_tag(text: &str) -> bool {
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let first = text.split('-').next().unwrap_or_default();
    text.len() <= 35 && text.split('-').all(is_subtag) && first.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(found: Option<Messages>) -> Option<&'static str> {
        found.map(Messages::tag)
    }

    /// RFC 4647 §3.4.
    #[test]
    fn looks_up_a_language_by_leaving_subtags_out() {
        for (range, found) in [
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("de-Latn-DE-1996", Some("de")),
            ("de-DE-u-co-phonebk", Some("de")),
            ("de-x-private", Some("de")),
            ("en-GB-oed", Some("en")),
            ("fr-CA", None),
            ("deu", None),
            ("*", None),
            ("", None),
            ("-de", None),
            ("x-de", None),
        ] {
            assert_eq!(tag(known(range)), found, "{range}");
        }
    }

    /// RFC 9110 §12.5.4.
    #[test]
    fn the_browsers_weights_count() {
        for (field, found) in [
            ("de-DE,de;q=0.9,en;q=0.8", Some("de")),
            ("fr, en;q=0.5, de;q=0.7", Some("de")),
            ("de;q=0.5, en;q=0.5", Some("de")),
            ("de;q=0, en;q=0.1", Some("en")),
            ("de;q=0", None),
            ("de;q=2, en", Some("en")),
            ("de;v=1, en", Some("en")),
            ("de ; Q=1.0 , en;q=0.999", Some("de")),
            ("*", None),
            ("fr", None),
            (";;;,,,q=1", None),
            ("", None),
        ] {
            assert_eq!(tag(accepted(field)), found, "{field}");
        }
        let long = format!("{}de", "fr,".repeat(MOST_RANGES));
        assert_eq!(tag(accepted(&long)), None, "the end of a long list is not looked at");
    }

    #[test]
    fn tells_language_tags() {
        assert!(["de", "de-AT", "zh-Hant-TW", "es-419"].into_iter().all(is_language_tag));
        assert!(
            !["", "-", "de-", "1de", "deutschland-de", "de AT", "d\u{e9}"].into_iter().any(is_language_tag)
        );
    }
}
