//! Files as people write them: read, checked, and every fault with its file and member.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::noun::{NOUNS, Noun, TENANT};
use crate::app::admin::{AdminFault, escaped};

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: PathBuf,
    /// Counted from one, in files that can hold several documents.
    pub document: Option<usize>,
    /// A JSON Pointer (RFC 6901) within the document.
    pub pointer: String,
}

impl Place {
    fn within(&self, pointer: &str) -> Self {
        Self { pointer: format!("{}{pointer}", self.pointer), ..self.clone() }
    }

    fn member(&self, name: &str) -> Self {
        self.within(&format!("/{}", escaped(name)))
    }

    /// A fault of the thing that is written here.
    pub fn fault(&self, pointer: &str, detail: impl fmt::Display) -> Fault {
        Fault(format!("{}: {detail}", self.within(pointer)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(number) = self.document {
            write!(formatter, " (document {number})")?;
        }
        match self.pointer.as_str() {
            "" => Ok(()),
            pointer => write!(formatter, ": {pointer}"),
        }
    }
}

/// What is wrong with a file, in one line that names it and the member.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// One thing that a file describes.
#[derive(Clone)]
pub struct Wanted {
    pub noun: &'static Noun,
    pub tenant: String,
    pub key: String,
    /// As the file has it.
    pub given: Map<String, Value>,
    /// With the members that it leaves to their defaults.
    pub whole: Value,
    pub place: Place,
}

/// A tenant that files are about.
#[derive(Clone, Debug)]
pub struct Mentioned {
    /// Where it is mentioned first.
    pub place: Place,
    /// Whether a file describes the tenant, or all of them name it only.
    pub is_described: bool,
    /// The collections that files list members of.
    pub collections: BTreeSet<&'static str>,
}

/// All that the files want.
#[derive(Default)]
pub struct Configuration {
    pub tenants: BTreeMap<String, Mentioned>,
    /// Tenants first, and then in the order of [`NOUNS`].
    pub wanted: Vec<Wanted>,
    /// Collection, tenant and identity of everything wanted, to find what is described twice.
    places: BTreeMap<(&'static str, String, String), Place>,
}

const EXTENSIONS: [&str; 3] = ["toml", "yaml", "yml"];

/// Reads a file, or all files of a folder and of those within it.
///
/// # Errors
/// The first file that cannot be read or taken.
pub fn read(path: &Path) -> Result<Configuration, Fault> {
    let mut files = vec![];
    find(path, &mut files)?;
    files.sort();
    if files.is_empty() {
        return Err(unreadable(path, "holds no .toml, .yaml or .yml file"));
    }
    let mut documents = vec![];
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, error))?;
        documents.extend(parse(&file, &text)?);
    }
    Configuration::of(documents)
}

fn unreadable(path: &Path, why: impl fmt::Display) -> Fault {
    Fault(format!("{}: {why}", path.display()))
}

fn find(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Fault> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(|error| unreadable(path, error))? {
        let entry = entry.map_err(|error| unreadable(path, error))?.path();
        let is_ours = extension(&entry).is_some_and(|extension| EXTENSIONS.contains(&extension));
        if entry.is_dir() || is_ours {
            find(&entry, files)?;
        }
    }
    Ok(())
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str())
}

/// The documents of a file: one in TOML, any number in YAML.
///
/// # Errors
/// What is no TOML or YAML.
pub fn parse(file: &Path, text: &str) -> Result<Vec<(Place, Value)>, Fault> {
    let place = Place { file: file.to_owned(), document: None, pointer: String::new() };
    if extension(file) == Some("toml") {
        let document = toml::from_str(text).map_err(|error| place.fault("", one_line(&error.to_string())))?;
        return Ok(vec![(place, document)]);
    }
    // `no` is a language and `on` a name: what YAML 1.2 does not call a boolean is text.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| place.fault("", one_line(&error.to_string())))?;
    let several = documents.len() > 1;
    let numbered =
        |(index, document)| (Place { document: several.then_some(index + 1), ..place.clone() }, document);
    Ok(documents.into_iter().enumerate().map(numbered).collect())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Configuration {
    /// # Errors
    /// The first document that cannot be taken, or what two of them describe.
    pub fn of(documents: Vec<(Place, Value)>) -> Result<Self, Fault> {
        let mut configuration = Self::default();
        for (place, document) in documents {
            configuration.add(&place, document)?;
        }
        let order = |wanted: &Wanted| {
            NOUNS.iter().position(|noun| noun.collection == wanted.noun.collection).map_or(0, |at| at + 1)
        };
        configuration.wanted.sort_by_key(order);
        Ok(configuration)
    }

    fn add(&mut self, place: &Place, document: Value) -> Result<(), Fault> {
        let Value::Object(mut members) = document else {
            return Err(place.fault("", "a document is a table with `tenant` and what the tenant has"));
        };
        let (tenant, is_described) = match members.remove(TENANT.title) {
            Some(Value::String(slug)) => (slug, false),
            Some(described @ Value::Object(_)) => {
                let place = place.member(TENANT.title);
                let slug = described[TENANT.key].as_str().unwrap_or_default().to_owned();
                self.want(&TENANT, &slug, described, place)?;
                (slug, true)
            }
            _ => return Err(place.fault("/tenant", "is needed: the tenant, or its slug alone")),
        };
        let mentioned = self.tenants.entry(tenant.clone()).or_insert_with(|| Mentioned {
            place: place.member(TENANT.title),
            is_described: false,
            collections: BTreeSet::new(),
        });
        mentioned.is_described |= is_described;
        for (name, things) in members {
            let place = place.member(&name);
            let Some(noun) = Noun::of(&name) else {
                let known: Vec<_> = NOUNS.iter().map(|noun| noun.collection).collect();
                return Err(place.fault("", format!("is unknown; known are tenant, {}", known.join(", "))));
            };
            let Value::Array(things) = things else { return Err(place.fault("", "must be a list")) };
            if let Some(mentioned) = self.tenants.get_mut(&tenant) {
                mentioned.collections.insert(noun.collection);
            }
            for (index, thing) in things.into_iter().enumerate() {
                self.want(noun, &tenant, thing, place.within(&format!("/{index}")))?;
            }
        }
        Ok(())
    }

    fn want(&mut self, noun: &'static Noun, tenant: &str, given: Value, place: Place) -> Result<(), Fault> {
        let Value::Object(given) = given else { return Err(place.fault("", "must be a table")) };
        if let Some(name) = given.keys().find(|name| noun.secret.contains(&name.as_str())) {
            return Err(place.member(name).fault("", "secrets do not belong into files"));
        }
        if let Some(name) = given.keys().find(|name| noun.server_set.contains(&name.as_str())) {
            return Err(place.member(name).fault("", "is the server's to say"));
        }
        let key = match given.get(noun.key).and_then(Value::as_str) {
            Some(key) if !key.is_empty() => key.to_owned(),
            _ => {
                return Err(place
                    .member(noun.key)
                    .fault("", format!("is needed: it names the {}", noun.title)));
            }
        };
        let whole = (noun.whole)(Value::Object(given.clone())).map_err(|fault| refused(&place, &fault))?;
        let identity = (noun.collection, tenant.to_owned(), noun.identity(&key));
        if let Some(first) = self.places.insert(identity, place.clone()) {
            return Err(place.fault("", format!("{} {key} is at {first} already", noun.title)));
        }
        self.wanted.push(Wanted { noun, tenant: tenant.to_owned(), key, given, whole, place });
        Ok(())
    }
}

/// What is wrong with the members of a document.
fn refused(place: &Place, fault: &AdminFault) -> Fault {
    match fault {
        AdminFault::Invalid(faults) => {
            let lines = faults.iter().map(|fault| place.fault(&fault.pointer, &fault.detail).0);
            Fault(lines.collect::<Vec<_>>().join("\n"))
        }
        fault => place.fault("", fault),
    }
}

#[cfg(test)]
mod tests;
