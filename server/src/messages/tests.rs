//! What holds for all messages, read from the files and from the sources that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use grantor_protocol::Lifetime;

use super::*;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The messages of a language with their variables, by file.
fn messages(tag: &str) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder("messages").join(tag)).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut found = BTreeMap::<String, BTreeSet<String>>::new();
        let mut id = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_alphabetic()))
            {
                id = name.to_owned();
                assert!(found.insert(id.clone(), BTreeSet::new()).is_none(), "{tag}: {id} is there twice");
            }
            let names = line.split('$').skip(1).map(|rest| {
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>()
            });
            found.entry(id.clone()).or_default().extend(names);
        }
        found.remove("");
        files.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), found);
    }
    files
}

fn all(tag: &str) -> BTreeMap<String, BTreeSet<String>> {
    messages(tag).into_values().flatten().collect()
}

/// Templates and sources that name messages.
fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![folder("templates"), folder("src")];
    let mut found = vec![];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                folders.push(path);
            } else if name != "tests.rs" && (name.ends_with(".rs") || name.ends_with(".html")) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn the_languages_are_those_of_the_metadata() {
    assert_eq!(LANGUAGES.each_ref().map(|language| language.tag), UI_LOCALES);
}

#[test]
fn every_language_says_the_same_in_the_same_files() {
    let english = messages("en");
    for tag in UI_LOCALES {
        assert_eq!(messages(tag), english, "{tag}");
    }
    let code = include_str!("mod.rs");
    for file in english.keys() {
        assert!(code.contains(&format!("\"/{file}\"")), "{file} is not embedded");
    }
}

#[test]
fn every_message_is_formatted() {
    for language in LANGUAGES.iter() {
        for (id, variables) in all(language.tag) {
            for count in [0, 1, 2, 7, 1000] {
                let mut args = FluentArgs::new();
                for variable in &variables {
                    args.set(variable.clone(), count);
                }
                let pattern =
                    language.bundle.get_message(&id).unwrap_or_else(|| panic!("{}: {id}", language.tag));
                let mut errors = vec![];
                let text = language.bundle.format_pattern(pattern.value().unwrap(), Some(&args), &mut errors);
                assert!(errors.is_empty(), "{}: {id}: {errors:?}", language.tag);
                assert!(!text.trim().is_empty() && !text.contains('{'), "{}: {id}: {text}", language.tag);
            }
        }
    }
}

#[test]
fn no_message_is_unused_and_none_is_missing() {
    let (known, sources) = (all("en"), sources());
    for id in known.keys() {
        let quoted = format!("\"{id}\"");
        assert!(sources.iter().any(|(_, text)| text.contains(&quoted)), "nothing says {id}");
    }
    let speaks = |path: &Path| {
        path.extension().is_some_and(|x| x == "html")
            || ["http", "messages"].iter().any(|room| path.starts_with(folder("src").join(room)))
    };
    for (path, text) in sources.iter().filter(|(path, _)| speaks(path)) {
        for call in [".text(\"", ".with(\"", ".named(\""] {
            for id in text.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(known.contains_key(id), "{}: {id}", path.display());
            }
        }
    }
}

/// Names of classes that templates give to the layout.
const SIZES: [&str; 2] = ["card-consent", "card-account"];

#[test]
fn templates_have_no_text_of_their_own() {
    for (path, text) in
        sources().into_iter().filter(|(path, _)| path.extension().is_some_and(|x| x == "html"))
    {
        // The reader of the admin API's description is in the description's language.
        if path.ends_with("templates/docs.html") {
            continue;
        }
        let mut words = String::new();
        // What a class is called is no text.
        let text = text.replace(SIZES[0], "").replace(SIZES[1], "");
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(['<', '{']) {
            words.push_str(before);
            let opened = rest.as_bytes()[before.len()];
            let end = match (opened, after.as_bytes().first()) {
                (b'<', _) => ">",
                (_, Some(b'{')) => "}}",
                (_, Some(b'%')) => "%}",
                (_, Some(b'#')) => "#}",
                _ => "",
            };
            // A tag may have expressions in its attributes, and they may compare.
            let mut length = 0;
            if end == ">" {
                let mut depth = 0_i32;
                for (at, character) in after.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        '>' if depth == 0 => {
                            length = at + 1;
                            break;
                        }
                        _ => {}
                    }
                }
            } else if let Some(at) = after.find(end) {
                length = at + end.len();
            }
            rest = &after[length..];
        }
        words.push_str(rest);
        assert!(!words.contains(char::is_alphabetic), "{}: {}", path.display(), words.trim());
    }
}

#[test]
fn names_stay_names() {
    let german = known("de").unwrap();
    let named = german.named("sign-in-to-continue", &[("client", "<b>\"Ö\" & \u{e000}")]);
    assert_eq!(named.to_string(), "um mit <bdi>&#60;b&#62;&#34;Ö&#34; &#38; \u{e000}</bdi> fortzufahren");
    assert_eq!(german.with("form-post-title", &[("client", "{ $x }")]), "Zurück zu { $x }");
}

#[test]
fn tells_how_long_ago() {
    let then = Timestamp::from_unix_seconds(1_800_000_000);
    for (seconds, english, german) in [
        (0, "just now", "gerade eben"),
        (60, "1 minute ago", "vor 1 Minute"),
        (7200, "2 hours ago", "vor 2 Stunden"),
        (90_000, "1 day ago", "vor 1 Tag"),
        (31_536_000, "1 year ago", "vor 1 Jahr"),
        (63_072_000, "2 years ago", "vor 2 Jahren"),
    ] {
        let now = then + Lifetime::from_seconds(seconds);
        assert_eq!(Messages::english().ago(then, now), english);
        assert_eq!(known("de").unwrap().ago(then, now), german);
    }
}

#[tokio::test]
async fn who_says_it_first_is_heard() {
    let tag = |ui_locales, tenant| Messages::for_request(ui_locales, tenant).tag();
    assert_eq!(tag(None, None), "en");
    assert_eq!(tag(None, Some("de")), "de");
    assert_eq!(tag(Some("fr de-CH en"), Some("en")), "de");
    wanted::within(Some("de"), async {
        assert_eq!(tag(None, Some("en")), "de");
        assert_eq!(tag(Some("en-US"), None), "en");
        assert_eq!(tag(Some("fr"), None), "de");
        assert_eq!(tokio::spawn(async move { tag(None, None) }).await.unwrap(), "en", "not carried");
        assert_eq!(tokio::spawn(wanted::carried(async move { tag(None, None) })).await.unwrap(), "de");
    })
    .await;
    assert_eq!(Messages::for_person(Some("de-AT"), None).tag(), "de");
    assert_eq!(Messages::for_person(Some("fr"), Some("de")).tag(), "de");
    assert_eq!(Messages::for_person(None, None).tag(), "en");
}
