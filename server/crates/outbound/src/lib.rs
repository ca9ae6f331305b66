//! The one way in which Grantor fetches what a stranger names: `jwks_uri`, `request_uri`,
//! `sector_identifier_uri`, client id metadata documents and logos; and in which it sends to where a stranger
//! wants it: webhooks; and in which it asks other providers who somebody is.
//!
//! Whoever can name a URL can make the server send a request, from inside the operator's network. So a request
//! goes over TLS to an address of the public internet that was checked before it is connected to, follows no
//! redirect, carries nothing of ours that is not meant for it, and is bounded in bytes, time and number (RFC 6890, RFC 9101 §10.4 and
//! draft-ietf-oauth-client-id-metadata-document).
//!
//! Fetching: [`Fetcher::get`]. Sending: [`Fetcher::post`]. Asking with credentials: [`Fetcher::ask`]. The rules of URLs alone, to refuse one when a client is registered:
//! [`check_url`]. What is answered is the caller's to judge: media type, JSON and how long to keep it.

mod address;
mod budget;
mod exchange;
mod fetched;
mod fetcher;
mod flights;
mod network;
mod post;
mod refusal;
mod target;
mod txt;

pub use fetched::{Fetched, Freshness};
pub use fetcher::{Fetcher, LONGEST_TIMEOUT, Limits, Options, Wanted};
pub use network::{Network, Stream, SystemNetwork};
pub use post::{Answered, Ask, Post, Reply};
pub use refusal::{Detail, Error, Refusal};
pub use target::{MAX_URL_LENGTH, check_url};
pub use txt::{SystemTxtRecords, TxtLookup, TxtRecords, TxtRefusal};
