//! What a page keeps in its address beside the path: ranges, filters, what is open.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
};

use crate::address::{parse_query, query};

/// Leads to an address.
type Navigate = Box<dyn Fn(&str, NavigateOptions) + Send + Sync>;

/// The query of the page's address.
#[derive(Clone, Copy)]
pub struct Params {
    pairs: Memo<Vec<(String, String)>>,
    path: Memo<String>,
    navigate: StoredValue<Navigate>,
}

/// To be called while a page is made. The router's own map of the query stays behind: to the one route that it
/// has, another path is no other view.
#[must_use]
pub fn params() -> Params {
    let (location, navigate) = (use_location(), use_navigate());
    let pairs = Memo::new(move |_| parse_query(&location.search.get()));
    let navigate: Navigate = Box::new(move |address, options| navigate(address, options));
    Params { pairs, path: location.pathname, navigate: StoredValue::new(navigate) }
}

impl Params {
    /// A parameter's value; empty where it is not there.
    #[must_use]
    pub fn get(self, name: &str) -> String {
        self.pairs.with(|pairs| {
            pairs.iter().find(|(held, _)| held == name).map(|(_, value)| value.clone()).unwrap_or_default()
        })
    }

    /// The page's address with other values of these parameters; an empty one is left out.
    #[must_use]
    pub fn address(self, changes: &[(&str, &str)]) -> String {
        let mut pairs = self.pairs.get();
        for (name, value) in changes {
            match pairs.iter_mut().find(|(held, _)| held == name) {
                Some((_, held)) => (*value).clone_into(held),
                None => pairs.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        format!("{}{}", self.path.get(), query(&pairs))
    }

    /// Puts values into the address, in a view of its own in the history.
    pub fn put(self, changes: &[(&str, &str)]) {
        self.go(changes, false);
    }

    /// Puts values into the address in place of the view that is in the history.
    pub fn replace(self, changes: &[(&str, &str)]) {
        self.go(changes, true);
    }

    fn go(self, changes: &[(&str, &str)], replace: bool) {
        let address = untrack(|| self.address(changes));
        let options = NavigateOptions { replace, scroll: false, ..NavigateOptions::default() };
        self.navigate.with_value(|navigate| navigate(&address, options));
    }
}
