use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantor_protocol::{Id, Timestamp};

use crate::value::{Bytes, Time};

/// What part of a collection is wanted, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Most items to give; 0 gives none.
    pub limit: u32,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
    /// Only what has a name or identifier that starts so, without regard to case.
    pub q: Option<String>,
}

/// One page of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    pub items: Vec<T>,
    /// Where the next page begins, if there is more.
    pub next: Option<Cursor>,
}

/// A place in a collection: after the item made at this time with this key. It stays right while
/// items come and go, that one included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    created_at: Timestamp,
    key: Vec<u8>,
}

/// The text is not a cursor that this server gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this server")]
pub struct MalformedCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.created_at.unix_microseconds().to_be_bytes().to_vec();
        bytes.extend(&self.key);
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = MalformedCursor;

    fn from_str(text: &str) -> Result<Self, MalformedCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedCursor)?;
        let (created_at, key) = bytes.split_first_chunk().ok_or(MalformedCursor)?;
        let created_at = Timestamp::from_unix_microseconds(i64::from_be_bytes(*created_at));
        Ok(Self { created_at, key: key.to_vec() })
    }
}

impl Cursor {
    pub(crate) fn new(created_at: Timestamp, key: &[u8]) -> Self {
        Self { created_at, key: key.to_vec() }
    }

    pub(crate) fn time(&self) -> Time {
        self.created_at.into()
    }

    pub(crate) fn created_at(&self) -> Timestamp {
        self.created_at
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
        (Id::<()>::from_bytes(*id).into(), String::from_utf8_lossy(text).replace('\0', ""))
    }

    /// A place among events that may have the same time: their number in a chain tells them apart, and
    /// where they have none their identifier.
    pub(crate) fn of_event(at: Timestamp, sequence: i64, id: &[u8; 16]) -> Self {
        Self { created_at: at, key: [sequence.to_be_bytes().as_slice(), id].concat() }
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
        String::from_utf8_lossy(&self.key).replace('\0', "")
    }
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

    /// `q` as a LIKE pattern with `\` as its escape character.
    pub(crate) fn pattern(&self) -> Option<String> {
        let q = self.q.as_deref().filter(|q| !q.is_empty())?;
        let mut pattern = String::with_capacity(q.len() + 1);
        for character in q.to_lowercase().chars() {
            if matches!(character, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern.push('%');
        Some(pattern)
    }

    pub(crate) fn listing<T>(&self, mut items: Vec<T>, cursor: impl FnOnce(&T) -> Cursor) -> Listing<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Listing { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let cursor = Cursor { created_at: Timestamp::from_unix_microseconds(-5), key: b"client".to_vec() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "short", "not base64!"] {
            assert_eq!(text.parse::<Cursor>(), Err(MalformedCursor), "{text:?}");
        }
    }

    #[test]
    fn a_search_takes_its_characters_literally() {
        let page = Page { q: Some("50%_Off\\".to_owned()), ..Page::default() };
        assert_eq!(page.pattern().as_deref(), Some("50\\%\\_off\\\\%"));
        assert_eq!(Page { q: Some(String::new()), ..Page::default() }.pattern(), None);
    }
}
