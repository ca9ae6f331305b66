//! What was loaded so far of a list, and how more of it comes.

use std::sync::Arc;

use grantor_api::Page;
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;

use crate::address::{parse_query, query};
use crate::admin_api::{Access, get};
use crate::answer::Refusal;

/// Rows that are asked for at a time.
pub const PAGE: usize = 100;

/// The rows of a list.
pub struct Rows<T: 'static> {
    /// Each with a number of its own: what the page tells rows apart by.
    pub items: Vec<(u64, Arc<T>)>,
    numbered: u64,
    pub next: Option<String>,
    /// What is there is of before, and goes when the first answer has come: the page does not jump while
    /// one types.
    outdated: bool,
    pub loading: bool,
    pub refusal: Option<Refusal>,
}

impl<T> Rows<T> {
    /// Takes a page in; the cursor of the next one if fewer than `wanted` rows are there.
    fn take(&mut self, answer: Result<Page<T>, Refusal>, wanted: usize) -> Option<String> {
        if std::mem::take(&mut self.outdated) {
            self.items.clear();
        }
        self.loading = false;
        match answer {
            Ok(page) => {
                for item in page.items {
                    self.numbered += 1;
                    self.items.push((self.numbered, Arc::new(item)));
                }
                self.next.clone_from(&page.next);
                self.refusal = None;
                self.loading = page.next.is_some() && self.items.len() < wanted;
                page.next.filter(|_| self.loading)
            }
            Err(refusal) => {
                self.refusal = Some(refusal);
                None
            }
        }
    }
}

/// A list of the admin API while it is looked at.
pub struct List<T: 'static> {
    access: Access,
    path: Signal<String>,
    /// Search, order and filters, as the address has them.
    asked: Memo<Vec<(String, String)>>,
    /// There is one page.
    whole: bool,
    pub rows: RwSignal<Rows<T>>,
    /// Answers to questions of before do not count.
    turn: StoredValue<u32>,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T: DeserializeOwned + Send + Sync + 'static> List<T> {
    pub fn new(
        access: Access,
        path: Signal<String>,
        asked: Memo<Vec<(String, String)>>,
        whole: bool,
    ) -> Self {
        let rows =
            Rows { items: vec![], numbered: 0, next: None, outdated: true, loading: true, refusal: None };
        Self { access, path, asked, whole, rows: RwSignal::new(rows), turn: StoredValue::new(0) }
    }

    /// Loads the list from its beginning.
    pub fn restart(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.rows.update(|rows| rows.outdated = true);
        self.fetch(None, rows_in_address());
    }

    /// Loads the next page, if there is one and it is not on its way.
    pub fn more(self) {
        let next = self.rows.with_untracked(|rows| {
            let cursor = rows.next.clone().filter(|_| !rows.loading && rows.refusal.is_none())?;
            Some((cursor, rows.items.len() + PAGE))
        });
        if let Some((cursor, count)) = next {
            remember_rows(count);
            self.fetch(Some(cursor), 0);
        }
    }

    fn fetch(self, mut cursor: Option<String>, wanted: usize) {
        let (access, turn) = (self.access, self.turn.get_value());
        let limit = if self.whole { String::new() } else { PAGE.to_string() };
        let (path, asked) = (self.path.get_untracked(), self.asked.get_untracked());
        self.rows.update(|rows| rows.loading = true);
        spawn_local(async move {
            loop {
                let answer = get(access, &address(&path, &asked, &limit, cursor)).await;
                // The page may be gone by now.
                if self.turn.try_get_value() != Some(turn) {
                    return;
                }
                cursor = self.rows.try_update(|rows| rows.take(answer, wanted)).flatten();
                if cursor.is_none() {
                    return;
                }
            }
        });
    }
}

fn address(path: &str, asked: &[(String, String)], limit: &str, cursor: Option<String>) -> String {
    // What a search finds has an order of its own.
    let searches = asked.iter().any(|(name, _)| name == "q");
    let asked = asked.iter().filter(|(name, _)| !(searches && name == "sort")).cloned();
    let page = [("limit".to_owned(), limit.to_owned()), ("cursor".to_owned(), cursor.unwrap_or_default())];
    let query = query(&asked.chain(page).collect::<Vec<_>>());
    let query = if path.contains('?') { query.replacen('?', "&", 1) } else { query };
    format!("{path}{query}")
}

/// How many rows were there when the address was left.
fn rows_in_address() -> usize {
    let search = window().location().search().unwrap_or_default();
    let rows = parse_query(&search).into_iter().find(|(name, _)| name == "rows");
    rows.and_then(|(_, rows)| rows.parse().ok()).unwrap_or(PAGE)
}

/// Puts the number of rows into the address without a view of its own in the history, so that a reload
/// and the back button show as many.
fn remember_rows(count: usize) {
    let Ok(search) = window().location().search() else { return };
    let mut pairs = parse_query(&search);
    pairs.retain(|(name, _)| name != "rows");
    pairs.push(("rows".to_owned(), count.to_string()));
    let Ok(history) = window().history() else { return };
    let state = history.state().unwrap_or_default();
    if let Err(error) = history.replace_state_with_url(&state, "", Some(&query(&pairs))) {
        web_sys::console::error_1(&error);
    }
}
