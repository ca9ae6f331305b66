use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::{Id, Timestamp};

use crate::value::{Bytes, Time};

/// What part of a collection is wanted.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Most items to give; 0 gives none.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
    /// Only what has a name or identifier that starts so, without regard to case. What is found comes in
    /// the order of what it was found by, and not in that of `sort`: first identifiers, then names.
    pub q: Option<String>,
    pub sort: Sort,
}

/// In what order a collection comes: the oldest first, unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    pub by: SortKey,
    pub descending: bool,
}

/// What a collection is sorted by; rows that are alike in it come in order of their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    CreatedAt,
    /// The name that identifies an item, without regard to case.
    Key,
    /// The name that people see, without regard to case.
    Name,
}

/// One page of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Where the next page begins, if there is more.
    pub next: Option<Cursor>,
}

/// A place in a collection: after the item with this value and this key, in this order. It stays right
/// while items come and go, that one included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    order: Order,
    value: Vec<u8>,
    key: Vec<u8>,
}

/// The order that a place is one in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Sorted(Sort),
    /// What a search finds by the noun's n-th name and by none before it, in order of that name.
    Found(u8),
}

/// The text is not a cursor that this server gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this server")]
pub struct MalformedCursor;

/// All text that starts in one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefix {
    pub(crate) from: String,
    pub(crate) below: String,
}

/// Orders as bytes: a search's begin here.
const FOUND: u8 = 16;

impl Order {
    const SORTED: [SortKey; 3] = [SortKey::CreatedAt, SortKey::Key, SortKey::Name];

    fn to_byte(self) -> u8 {
        match self {
            Self::Sorted(Sort { by, descending }) => 2 * by as u8 + u8::from(descending),
            Self::Found(name) => FOUND + name,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        if let Some(name) = byte.checked_sub(FOUND) {
            return Some(Self::Found(name));
        }
        let by = *Self::SORTED.get(usize::from(byte / 2))?;
        Some(Self::Sorted(Sort { by, descending: byte % 2 == 1 }))
    }

    /// The place after the item with this value.
    pub(crate) fn after(self, value: &str, key: &[u8]) -> Cursor {
        Cursor { order: self, value: value.as_bytes().to_vec(), key: key.to_vec() }
    }

    /// The place after the item made at this time.
    pub(crate) fn after_time(self, created_at: Timestamp, key: &[u8]) -> Cursor {
        let value = created_at.unix_microseconds().to_be_bytes().to_vec();
        Cursor { order: self, value, key: key.to_vec() }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = u16::try_from(self.value.len()).unwrap_or(u16::MAX);
        let mut bytes = vec![self.order.to_byte()];
        bytes.extend(length.to_be_bytes());
        bytes.extend(&self.value);
        bytes.extend(&self.key);
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = MalformedCursor;

    fn from_str(text: &str) -> Result<Self, MalformedCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedCursor)?;
        let (&[order, high, low], rest) = bytes.split_first_chunk().ok_or(MalformedCursor)?;
        let order = Order::from_byte(order).ok_or(MalformedCursor)?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (value, key) = rest.split_at_checked(length).ok_or(MalformedCursor)?;
        let is_time = matches!(order, Order::Sorted(Sort { by: SortKey::CreatedAt, .. }));
        if is_time && value.len() != size_of::<i64>() {
            return Err(MalformedCursor);
        }
        Ok(Self { order, value: value.to_vec(), key: key.to_vec() })
    }
}

impl Cursor {
    /// A place in a collection whose oldest comes first.
    pub(crate) fn new(created_at: Timestamp, key: &[u8]) -> Self {
        Order::Sorted(Sort::default()).after_time(created_at, key)
    }

    /// Whether it is a place in a collection that comes in this order.
    pub fn is_sorted(&self, sort: Sort) -> bool {
        self.order == Order::Sorted(sort)
    }

    /// Whether it is a place in what a search found.
    pub fn is_found(&self) -> bool {
        matches!(self.order, Order::Found(_))
    }

    pub(crate) fn time(&self) -> Time {
        self.created_at().into()
    }

    pub(crate) fn created_at(&self) -> Timestamp {
        let bytes = self.value.as_slice().try_into().unwrap_or_default();
        Timestamp::from_unix_microseconds(i64::from_be_bytes(bytes))
    }

    /// The key of a collection whose keys are identifiers. A cursor of another collection gives
    /// whatever lies after its time.
    pub(crate) fn id(&self) -> Bytes<16> {
        let bytes = self.key.as_slice().try_into().unwrap_or_default();
        Id::<()>::from_bytes(bytes).into()
    }

    /// The key of a collection whose keys are an identifier and text after it.
    pub(crate) fn id_and_text(&self) -> (Bytes<16>, String) {
        let (id, text) = self.key.split_first_chunk().unwrap_or((&[0; 16], &[]));
        (Id::<()>::from_bytes(*id).into(), readable(text))
    }

    /// A place among events that may have the same time: their number in a chain tells them apart, and
    /// where they have none their identifier.
    pub(crate) fn of_event(at: Timestamp, sequence: i64, id: &[u8; 16]) -> Self {
        Self::new(at, &[sequence.to_be_bytes().as_slice(), id].concat())
    }

    /// Number and identifier of [`Self::of_event`].
    pub(crate) fn event(&self) -> (i64, Bytes<16>) {
        let (sequence, id) = self.key.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let id = <[u8; 16]>::try_from(id).unwrap_or_default();
        (i64::from_be_bytes(*sequence), Id::<()>::from_bytes(id).into())
    }

    /// The key of a collection whose keys are text. A stranger can put anything into a cursor;
    /// PostgreSQL takes no NUL in text, and no key has one.
    pub(crate) fn text(&self) -> String {
        readable(&self.key)
    }

    /// The text that the collection is sorted by.
    pub(crate) fn value(&self) -> String {
        readable(&self.value)
    }
}

/// A stranger can put anything into a cursor; PostgreSQL takes no NUL in text, and no name has one.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "")
}

impl Page {
    /// The part of a whole collection that is at hand, for those that are small: `place` is what orders
    /// it, the time and then the key.
    pub fn cut<T>(&self, mut items: Vec<T>, place: impl Fn(&T) -> (Timestamp, &str)) -> Listing<T> {
        if let Some(cursor) = &self.cursor {
            let (at, key) = (cursor.created_at(), cursor.text());
            items.retain(|item| place(item) > (at, key.as_str()));
        }
        items.sort_by(|one, other| place(one).cmp(&place(other)));
        self.listing(items, |item| {
            let (at, key) = place(item);
            Cursor::new(at, key.as_bytes())
        })
    }

    /// One more than the page holds, to know whether there is more.
    pub(crate) fn rows_to_load(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// What is missing of [`rows_to_load`](Self::rows_to_load) when so many are loaded.
    pub(crate) fn rows_missing(&self, loaded: usize) -> i64 {
        (self.rows_to_load() - i64::try_from(loaded).unwrap_or(i64::MAX)).max(0)
    }

    /// The names that `q` is searched in, if it says something: all that start so, in lower case.
    pub(crate) fn prefix(&self) -> Option<Prefix> {
        let from = self.q.as_deref().filter(|q| !q.is_empty())?.to_lowercase();
        // The last code point of all, which no name has.
        let below = format!("{from}\u{10ffff}");
        Some(Prefix { from, below })
    }

    /// Where a search in this order begins to look: names before the place to go on from are not read again.
    pub(crate) fn seek(&self, order: Order) -> Prefix {
        let Some(mut prefix) = self.prefix() else { return Prefix::default() };
        if let Some(cursor) = self.after(order) {
            prefix.from = prefix.from.max(cursor.value());
        }
        prefix
    }

    /// The orders in which the page's items are to be looked for, one after the other: that of `sort`, or
    /// those of a search in this many names, from the one that the cursor is in.
    pub(crate) fn orders(&self, names: u8) -> Vec<Order> {
        if self.prefix().is_none() {
            return vec![Order::Sorted(self.sort)];
        }
        let first = match self.cursor {
            Some(Cursor { order: Order::Found(name), .. }) => name,
            _ => 0,
        };
        (first..names).map(Order::Found).collect()
    }

    /// Where in this order to go on.
    pub(crate) fn after(&self, order: Order) -> Option<&Cursor> {
        self.cursor.as_ref().filter(|cursor| cursor.order == order)
    }

    /// [`listing`](Self::listing) of items with the orders that they were found in.
    pub(crate) fn ordered_listing<T>(
        &self,
        found: Vec<(Order, T)>,
        cursor: impl FnOnce(Order, &T) -> Cursor,
    ) -> Listing<T> {
        let Listing { items, next } = self.listing(found, |(order, item)| cursor(*order, item));
        Listing { items: items.into_iter().map(|(_, item)| item).collect(), next }
    }

    pub(crate) fn listing<T>(&self, mut items: Vec<T>, cursor: impl FnOnce(&T) -> Cursor) -> Listing<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Listing { items, next }
    }
}

/// Puts a query in the order of a column, rows alike in it in that of their key, from a place on. The
/// condition on the column alone is what an index can seek.
macro_rules! in_order {
    ($query:expr, $descending:expr, ($column:expr, $key:expr), $after:expr) => {{
        let (query, after) = ($query, $after);
        match ($descending, after) {
            (false, None) => query.order(($column.asc(), $key.asc())),
            (false, Some((value, key))) => query
                .filter($column.ge(value.to_owned()).and($column.gt(value).or($key.gt(key))))
                .order(($column.asc(), $key.asc())),
            (true, None) => query.order(($column.desc(), $key.desc())),
            (true, Some((value, key))) => query
                .filter($column.le(value.to_owned()).and($column.lt(value).or($key.lt(key))))
                .order(($column.desc(), $key.desc())),
        }
    }};
}
pub(crate) use in_order;

/// The condition that a column starts with a prefix, as an index can seek it.
macro_rules! starts_with {
    ($column:expr, $prefix:expr) => {
        $column.ge($prefix.from.to_owned()).and($column.lt($prefix.below.to_owned()))
    };
}
pub(crate) use starts_with;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let time = Timestamp::from_unix_microseconds(-5);
        for by in Order::SORTED {
            for descending in [false, true] {
                let order = Order::Sorted(Sort { by, descending });
                let cursor = match by {
                    SortKey::CreatedAt => order.after_time(time, b"client"),
                    SortKey::Key | SortKey::Name => order.after("a name", b"client"),
                };
                assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }
        let found = Order::Found(2).after("", b"");
        assert_eq!(found.to_string().parse(), Ok(found));
        assert_eq!(Cursor::new(time, b"k").created_at(), time);
        for text in ["", "AAA", "AAAIAAAA", "CAAA", "not base64!"] {
            assert_eq!(text.parse::<Cursor>(), Err(MalformedCursor), "{text:?}");
        }
    }

    #[test]
    fn a_search_takes_its_characters_literally() {
        let page = Page { q: Some("50%_Off\\".to_owned()), ..Page::default() };
        let prefix = page.prefix().unwrap();
        let found = |text: &str| prefix.from.as_str() <= text && text < prefix.below.as_str();
        assert!(found("50%_off\\") && found("50%_off\\ today") && found("50%_off\\\u{1f980}"));
        assert!(!found("50%_of") && !found("50%_offer") && !found("50"));
        assert_eq!(Page { q: Some(String::new()), ..Page::default() }.prefix(), None);
    }
}
