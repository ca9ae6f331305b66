//! What of a page goes when one goes to another address.

use crate::address::parse_query;

/// Parameters that choose what is on the page; others narrow or order what is there.
const CHOOSING: [&str; 3] = ["tab", "kind", "from"];

/// How much of the page goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    Nothing,
    /// One of its parts, for another one.
    Part,
    Page,
}

/// What goes on the way from one address to another, both paths with their queries.
#[must_use]
pub fn leaving(here: &str, there: &str) -> Leaving {
    let parts = |address: &str| {
        let address = address.split('#').next().unwrap_or_default();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let mut chosen = parse_query(query);
        chosen.retain(|(name, _)| CHOOSING.contains(&name.as_str()));
        chosen.sort();
        (path.trim_end_matches('/').to_owned(), chosen)
    };
    let (here, there) = (parts(here), parts(there));
    if here.0 != there.0 {
        Leaving::Page
    } else if here.1 != there.1 {
        Leaving::Part
    } else {
        Leaving::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_path_is_another_page_and_another_choice_a_part_of_it() {
        for (there, left) in [
            ("/console/t/acme/users/1?tab=profile", Leaving::Nothing),
            ("/console/t/acme/users/1/?rows=200&tab=profile#end", Leaving::Nothing),
            ("/console/t/acme/users/1?tab=sessions", Leaving::Part),
            ("/console/t/acme/users/1", Leaving::Part),
            ("/console/t/other/users/1?tab=profile", Leaving::Page),
            ("/console/t/acme/users", Leaving::Page),
        ] {
            assert_eq!(leaving("/console/t/acme/users/1?tab=profile&q=a", there), left, "{there}");
        }
        assert_eq!(leaving("/console/t/acme/settings", "/console/t/acme/settings#limits"), Leaving::Nothing);
    }
}
