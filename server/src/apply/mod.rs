//! Configuration as code: files that describe tenants and what they have, a plan of what differs, and its
//! carrying out through the admin API.
//!
//! `files` reads and checks, `plan` compares and has no side effects, [`apply`] asks the server what there
//! is and does the plan's steps, each under the precondition that nothing changed since.

mod differences;
mod files;
mod http;
mod noun;
mod plan;

use std::fmt;

use serde_json::Value;

pub use differences::Difference;
pub use files::{Configuration, Fault, Place, Wanted, parse, read};
pub use http::{Credentials, Server};
pub use noun::{Address, NOUNS, Noun, TENANT};
pub use plan::{Action, Current, Held, Plan, Request, Step, plan};

/// The admin API, wherever it is.
pub trait AdminApi {
    /// Sends a request with credentials.
    ///
    /// # Errors
    /// Why there is no answer.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Answer, Fault>> + Send;
}

/// What the admin API answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    /// Null where there is none.
    pub document: Value,
}

impl Answer {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A secret that the server made and gives this once.
pub struct NewSecret {
    pub tenant: String,
    /// What has the secret: what kind of thing, its key, and its member.
    pub noun: &'static Noun,
    pub key: String,
    pub member: &'static str,
    pub secret: String,
}

/// Asks the server for all that a plan is about.
///
/// # Errors
/// What the server refuses.
pub async fn gather(
    api: &impl AdminApi,
    configuration: &Configuration,
    prune: bool,
) -> Result<Current, Fault> {
    let mut current = Current::default();
    for slug in configuration.tenants.keys() {
        if let Some(held) = read_one(api, &TENANT, TENANT.path(slug, slug)).await? {
            current.add(&TENANT, slug, held);
        }
    }
    for Wanted { noun, tenant, key, .. } in &configuration.wanted {
        if std::ptr::eq(*noun, &raw const TENANT) || current.get(&TENANT, tenant, tenant).is_none() {
            continue;
        }
        if let Some(held) = find(api, noun, tenant, key).await? {
            current.add(noun, tenant, held);
        }
    }
    for (tenant, mentioned) in configuration.tenants.iter().filter(|_| prune) {
        if current.get(&TENANT, tenant, tenant).is_none() {
            continue;
        }
        for noun in NOUNS.iter().filter(|noun| mentioned.collections.contains(noun.collection)) {
            add_all(api, noun, tenant, &mut current).await?;
        }
    }
    Ok(current)
}

async fn find(api: &impl AdminApi, noun: &Noun, tenant: &str, key: &str) -> Result<Option<Held>, Fault> {
    match noun.address {
        Address::Key => read_one(api, noun, noun.path(tenant, key)).await,
        Address::Identifier(member) => {
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("limit", "200"), ("q", key)])
                .finish();
            let mut cursor = None;
            loop {
                let page = list(api, noun, tenant, &query, cursor.as_deref()).await?;
                let is_it = |item: &&Value| {
                    item[noun.key].as_str().is_some_and(|held| noun.identity(held) == noun.identity(key))
                };
                if let Some(item) = items(&page).iter().find(is_it) {
                    let last = item[member].as_str().unwrap_or_default();
                    return read_one(api, noun, noun.path(tenant, last)).await;
                }
                match page["next"].as_str() {
                    Some(next) => cursor = Some(next.to_owned()),
                    None => return Ok(None),
                }
            }
        }
    }
}

/// Adds what is in the collection and not known yet.
async fn add_all(api: &impl AdminApi, noun: &Noun, tenant: &str, current: &mut Current) -> Result<(), Fault> {
    let mut cursor: Option<String> = None;
    loop {
        let page = list(api, noun, tenant, "limit=200", cursor.as_deref()).await?;
        for item in items(&page) {
            let text = |member: &str| item[member].as_str().unwrap_or_default();
            if current.get(noun, tenant, text(noun.key)).is_some() {
                continue;
            }
            let last = match noun.address {
                Address::Key => noun.key,
                Address::Identifier(member) => member,
            };
            if let Some(held) = read_one(api, noun, noun.path(tenant, text(last))).await? {
                current.add(noun, tenant, held);
            }
        }
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return Ok(()),
        }
    }
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

async fn list(
    api: &impl AdminApi,
    noun: &Noun,
    tenant: &str,
    query: &str,
    cursor: Option<&str>,
) -> Result<Value, Fault> {
    let mut path = format!("{}?{query}", noun.collection_path(tenant));
    if let Some(cursor) = cursor {
        path.push_str(&format!("&cursor={}", noun::segment(cursor)));
    }
    let request = Request::get(path);
    let answer = api.send(&request).await?;
    if answer.is_success() { Ok(answer.document) } else { Err(refused(&request, &answer)) }
}

/// The thing at a path; none if there is none that the caller may see.
async fn read_one(api: &impl AdminApi, noun: &Noun, path: String) -> Result<Option<Held>, Fault> {
    let request = Request::get(path);
    let answer = api.send(&request).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    if !answer.is_success() {
        return Err(refused(&request, &answer));
    }
    let key = answer.document[noun.key].as_str().unwrap_or_default().to_owned();
    let etag = answer.etag.ok_or_else(|| Fault(format!("{}: the answer has no ETag", request.path)))?;
    Ok(Some(Held { key, path: request.path, document: answer.document, etag }))
}

/// Does the steps of a plan, one after the other, and tells of each that is done. Secrets that the server
/// made on the way are handed over at once.
///
/// # Errors
/// The first step that is refused; those before it are done.
pub async fn carry_out(
    api: &impl AdminApi,
    plan: &Plan,
    mut done: impl FnMut(&Step, Option<NewSecret>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    for step in &plan.steps {
        let answer = api.send(&step.request).await?;
        if !answer.is_success() {
            return Err(match &step.place {
                Some(place) => refused_at(place, &answer),
                None => refused(&step.request, &answer),
            });
        }
        done(step, new_secret(step, &answer))?;
    }
    Ok(())
}

/// What only the answer to the request that made the thing has.
fn new_secret(step: &Step, answer: &Answer) -> Option<NewSecret> {
    let noun = NOUNS.iter().find(|noun| noun.title == step.kind)?;
    noun.secret.iter().find_map(|member| {
        let secret = answer.document[*member].as_str()?.to_owned();
        Some(NewSecret { tenant: step.tenant.clone(), noun, key: step.key.clone(), member, secret })
    })
}

/// A refusal of what a file says, with the members at fault (RFC 9457).
fn refused_at(place: &Place, answer: &Answer) -> Fault {
    let problem = &answer.document;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    if errors.is_empty() {
        return place.fault("", detail(answer));
    }
    let lines = errors.iter().map(|error| place.fault(&text(&error["pointer"]), text(&error["detail"])).0);
    Fault(lines.collect::<Vec<_>>().join("\n"))
}

fn refused(request: &Request, answer: &Answer) -> Fault {
    Fault(format!("{} {}: {}", request.method, request.path, detail(answer)))
}

fn detail(answer: &Answer) -> impl fmt::Display {
    let detail = answer.document["detail"].as_str().unwrap_or("the server says no more");
    format!("{detail} ({})", answer.status)
}
