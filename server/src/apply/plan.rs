//! From what files want and what there is to the steps between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use http::Method;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use serde::Serialize;
use serde_json::Value;

use super::differences::{Difference, differences};
use super::files::{Configuration, Fault, Place, Wanted};
use super::noun::{Address, NOUNS, Noun, TENANT};
use crate::app::admin::keep;

/// A thing as the server has it.
#[derive(Clone, Debug)]
pub struct Held {
    pub key: String,
    /// Its path within the admin API.
    pub path: String,
    pub document: Value,
    pub etag: String,
}

/// What the server has of what matters to a plan: whatever files describe and, where the rest is to be
/// deleted, all of the collections that they list members of.
#[derive(Default)]
pub struct Current(BTreeMap<(String, &'static str, String), Held>);

impl Current {
    pub fn add(&mut self, noun: &Noun, tenant: &str, held: Held) {
        self.0.insert((tenant.to_owned(), noun.collection, noun.identity(&held.key)), held);
    }

    pub fn get(&self, noun: &Noun, tenant: &str, key: &str) -> Option<&Held> {
        self.0.get(&(tenant.to_owned(), noun.collection, noun.identity(key)))
    }

    fn of<'a>(&'a self, noun: &'a Noun, tenant: &'a str) -> impl Iterator<Item = &'a Held> {
        let first = (tenant.to_owned(), noun.collection, String::new());
        let rest = self.0.range(first..);
        rest.take_while(move |(key, _)| key.0 == tenant && key.1 == noun.collection).map(|(_, held)| held)
    }
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Create,
    Change,
    Delete,
}

/// One request to the admin API.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub action: Action,
    /// What kind of thing it is.
    pub kind: &'static str,
    pub tenant: String,
    pub key: String,
    /// By member; none where the thing is deleted.
    pub differences: Vec<Difference>,
    #[serde(skip)]
    pub request: Request,
    /// Where a file describes the thing.
    #[serde(skip)]
    pub place: Option<Place>,
}

/// A request to the admin API.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    /// Within the admin API, with a query where there is one.
    pub path: String,
    pub precondition: Option<(HeaderName, String)>,
    pub document: Option<Value>,
}

impl Request {
    pub fn get(path: String) -> Self {
        Self { method: Method::GET, path, precondition: None, document: None }
    }
}

/// What would be done, in this order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Plan {
    pub steps: Vec<Step>,
}

/// Where the platform's own administrators and service accounts are: nothing in it is deleted for want of a
/// file that mentions it.
const NEVER_PRUNED: &str = "system";

/// Plans what leads from `current` to what the files want. With `prune`, what is in a collection that files
/// list members of, and is in no file, is deleted.
///
/// # Errors
/// A tenant that there is not and that no file describes.
pub fn plan(configuration: &Configuration, current: &Current, prune: bool) -> Result<Plan, Fault> {
    for (slug, mentioned) in &configuration.tenants {
        if !mentioned.is_described && current.get(&TENANT, slug, slug).is_none() {
            return Err(mentioned
                .place
                .fault("", format!("there is no tenant {slug}, and no file describes it")));
        }
    }
    let mut steps: Vec<_> =
        configuration.wanted.iter().filter_map(|wanted| needed(wanted, current)).collect();
    if prune {
        steps.extend(unmentioned(configuration, current));
    }
    Ok(Plan { steps })
}

/// What a thing needs to become what a file says, if anything.
fn needed(wanted: &Wanted, current: &Current) -> Option<Step> {
    let Wanted { noun, tenant, key, given, place, .. } = wanted;
    let (differences, action, request) = match current.get(noun, tenant, key) {
        None => {
            let found =
                differences(&Value::Object(serde_json::Map::new()), &given.clone().into(), noun.secret);
            (found, Action::Create, creation(wanted))
        }
        Some(held) => {
            let found = differences(&comparable(&held.document, noun), &expected(wanted, held), noun.secret);
            if found.is_empty() {
                return None;
            }
            let precondition = Some((IF_MATCH, held.etag.clone()));
            let document = Some(given.clone().into());
            let request = Request { method: Method::PUT, path: held.path.clone(), precondition, document };
            (found, Action::Change, request)
        }
    };
    Some(Step {
        action,
        kind: noun.title,
        tenant: tenant.clone(),
        key: key.clone(),
        differences,
        request,
        place: Some(place.clone()),
    })
}

fn creation(wanted: &Wanted) -> Request {
    let Wanted { noun, tenant, key, given, .. } = wanted;
    let document = Some(given.clone().into());
    match noun.address {
        Address::Key => Request {
            method: Method::PUT,
            path: noun.path(tenant, key),
            precondition: Some((IF_NONE_MATCH, "*".to_owned())),
            document,
        },
        Address::Identifier(_) => {
            Request { method: Method::POST, path: noun.collection_path(tenant), precondition: None, document }
        }
    }
}

/// The document without what only the server sets.
fn comparable(document: &Value, noun: &Noun) -> Value {
    let mut document = document.clone();
    if let Some(members) = document.as_object_mut() {
        members.retain(|name, _| !noun.server_set.contains(&name.as_str()));
    }
    document
}

/// What the document is to be, if what a file does not mention and lasts is left as it is.
fn expected(wanted: &Wanted, held: &Held) -> Value {
    let mut given = wanted.given.clone();
    for path in wanted.noun.lasting {
        keep(&mut given, &held.document, path);
    }
    // A server of another version may have what this one cannot read.
    let whole = (wanted.noun.whole)(given.into()).unwrap_or_else(|_| wanted.whole.clone());
    comparable(&whole, wanted.noun)
}

/// Deletions of what is in collections that files list members of, and in no file: in the reverse of the
/// order in which such things are made.
fn unmentioned(configuration: &Configuration, current: &Current) -> Vec<Step> {
    let mentioned: BTreeSet<_> = configuration
        .wanted
        .iter()
        .map(|wanted| (wanted.tenant.as_str(), wanted.noun.collection, wanted.noun.identity(&wanted.key)))
        .collect();
    let mut steps = vec![];
    for noun in NOUNS.iter().rev() {
        for (tenant, listed) in &configuration.tenants {
            if tenant == NEVER_PRUNED || !listed.collections.contains(noun.collection) {
                continue;
            }
            let extra = current.of(noun, tenant).filter(|held| {
                (noun.prunable)(&held.document)
                    && !mentioned.contains(&(tenant.as_str(), noun.collection, noun.identity(&held.key)))
            });
            steps.extend(extra.map(|held| deletion(noun, tenant, held)));
        }
    }
    steps
}

fn deletion(noun: &Noun, tenant: &str, held: &Held) -> Step {
    Step {
        action: Action::Delete,
        kind: noun.title,
        tenant: tenant.to_owned(),
        key: held.key.clone(),
        differences: vec![],
        request: Request {
            method: Method::DELETE,
            path: held.path.clone(),
            precondition: Some((IF_MATCH, held.etag.clone())),
            document: None,
        },
        place: None,
    }
}

impl Plan {
    pub fn count(&self, action: Action) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            Action::Create => '+',
            Action::Change => '~',
            Action::Delete => '-',
        };
        write!(formatter, "{sign} {} ", self.kind)?;
        if self.kind != TENANT.title {
            write!(formatter, "{}/", self.tenant)?;
        }
        write!(formatter, "{}", self.key)?;
        for Difference { pointer, before, after } in &self.differences {
            write!(formatter, "\n    {pointer}: ")?;
            match (before, after) {
                (Some(before), Some(after)) => write!(formatter, "{before} -> {after}")?,
                (Some(before), None) => write!(formatter, "{before} -> nothing")?,
                (None, Some(after)) => write!(formatter, "{after}")?,
                (None, None) => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return formatter.write_str("Everything is as the files say.");
        }
        for step in &self.steps {
            writeln!(formatter, "{step}")?;
        }
        let [create, change, delete] =
            [Action::Create, Action::Change, Action::Delete].map(|action| self.count(action));
        write!(formatter, "{create} to create, {change} to change, {delete} to delete.")
    }
}

#[cfg(test)]
mod tests;
