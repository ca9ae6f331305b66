use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::{SecretHash, Timestamp};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::schema::{installation, setup_tokens};
use crate::value::{Bytes, Time};
use crate::{Error, Store};

/// What belongs to no tenant: the check value of the master key, and the one-time setup links.
pub struct Installation<'a> {
    store: &'a Store,
}

const MASTER_KEY_CHECK: &str = "master_key_check";

impl<'a> Installation<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// The value by which a master key is recognised as this installation's, once there is one.
    #[compiled_here]
    pub async fn master_key_check(&self) -> Result<Option<Vec<u8>>, Error> {
        let work = async move |mut conn: Conn<'_>| {
            let row = installation::table.find(MASTER_KEY_CHECK).select(installation::value);
            Ok(dual!(&mut conn, c => row.get_result(c).await.optional())?)
        };
        self.store.read(work).await
    }

    /// Keeps the check value if there is none, and says whether there was none. A node that is told
    /// no must read the value that another wrote.
    #[compiled_here]
    pub async fn put_master_key_check(&self, value: Vec<u8>) -> Result<bool, Error> {
        let work = async move |mut conn: Conn<'_>| {
            let row = (installation::name.eq(MASTER_KEY_CHECK), installation::value.eq(value));
            let inserted = dual!(&mut conn, c => diesel::insert_into(installation::table).values(row)
                .on_conflict_do_nothing().execute(c).await)?;
            Ok(inserted > 0)
        };
        self.store.write_statement(work).await
    }

    /// Opens one more way to set the installation up.
    #[compiled_here]
    pub async fn put_setup_token(&self, hash: SecretHash, expires_at: Timestamp) -> Result<(), Error> {
        let work = async move |mut conn: Conn<'_>| {
            let row = (
                setup_tokens::hash.eq(Bytes::from(hash)),
                setup_tokens::expires_at.eq(Time::from(expires_at)),
            );
            dual!(&mut conn, c => diesel::insert_into(setup_tokens::table).values(row).execute(c).await)?;
            Ok(())
        };
        self.store.write_statement(work).await
    }

    /// Uses a setup token, and says whether it was there to be used. Of all who try exactly one is
    /// told yes, and then every other token is closed too.
    #[compiled_here]
    pub async fn consume_setup_token(&self, hash: SecretHash, now: Timestamp) -> Result<bool, Error> {
        let work = async move |mut conn: Conn<'_>| {
            let token = setup_tokens::table.find(Bytes::from(hash));
            let used = dual!(&mut conn, c => diesel::delete(token)
                .filter(setup_tokens::expires_at.gt(Time::from(now))).execute(c).await)?;
            if used > 0 {
                dual!(&mut conn, c => diesel::delete(setup_tokens::table).execute(c).await)?;
            }
            Ok(used > 0)
        };
        self.store.write(work).await
    }

    /// Whether some setup token is open at `now`.
    #[compiled_here]
    pub async fn has_open_setup_token(&self, now: Timestamp) -> Result<bool, Error> {
        let work = async move |mut conn: Conn<'_>| {
            let open = setup_tokens::table.filter(setup_tokens::expires_at.gt(Time::from(now)));
            Ok(dual!(&mut conn, c => select(exists(open)).get_result(c).await)?)
        };
        self.store.read(work).await
    }

    /// Whether this setup token can still be used.
    #[compiled_here]
    pub async fn is_setup_token_open(&self, hash: SecretHash, now: Timestamp) -> Result<bool, Error> {
        let work = async move |mut conn: Conn<'_>| {
            let open = setup_tokens::table
                .find(Bytes::from(hash))
                .filter(setup_tokens::expires_at.gt(Time::from(now)));
            Ok(dual!(&mut conn, c => select(exists(open)).get_result(c).await)?)
        };
        self.store.read(work).await
    }
}
