//! Codes and tokens. Their client is their grant's, so their rows do not repeat it.

use diesel::dsl::{exists, select};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use grantor_protocol::claims::{AccessTokenClaims, Confirmation};
use grantor_protocol::model::{
    AuthorizationCode, ClientId, Grant, GrantId, OpaqueAccessToken, RefreshToken, TenantId, TokenId,
};
use grantor_protocol::pkce::CodeChallenge;
use grantor_protocol::{SecretHash, Timestamp};

use crate::apply::guarded;
use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::grant::GrantRow;
use crate::schema::{
    access_token_revocations, access_tokens, authorization_codes, grants, refresh_tokens, spent_assertions,
};
use crate::statement::Kept;
use crate::value::{Bytes, Time, document, from_document};
use crate::{ApplyError, Error, TenantStore};

/// What the store knows against a JWT access token (RFC 7662 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessTokenState {
    /// The token itself was revoked.
    pub revoked: bool,
    /// Its grant was revoked or is gone; false for a token without one.
    pub grant_revoked: bool,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = authorization_codes, treat_none_as_default_value = false)]
struct CodeRow {
    tenant_id: Bytes<16>,
    hash: Bytes<32>,
    grant_id: Bytes<16>,
    redirect_uri: String,
    code_challenge: Option<String>,
    issued_at: Time,
    expires_at: Time,
    consumed_at: Option<Time>,
    dpop_jkt: Option<String>,
}

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
pub(crate) struct RefreshTokenRow {
    tenant_id: Bytes<16>,
    hash: Bytes<32>,
    grant_id: Bytes<16>,
    issued_at: Time,
    expires_at: Time,
    rotated_at: Option<Time>,
    confirmation: Option<serde_json::Value>,
}

impl CodeRow {
    fn new(code: &AuthorizationCode) -> Self {
        Self {
            tenant_id: code.tenant_id.into(),
            hash: code.hash.into(),
            grant_id: code.grant_id.into(),
            redirect_uri: code.redirect_uri.clone(),
            code_challenge: code.code_challenge.as_ref().map(|challenge| challenge.as_str().to_owned()),
            issued_at: code.issued_at.into(),
            expires_at: code.expires_at.into(),
            consumed_at: code.consumed_at.map(Into::into),
            dpop_jkt: code.dpop_jkt.clone(),
        }
    }

    fn into_code(self, client_id: ClientId) -> AuthorizationCode {
        AuthorizationCode {
            tenant_id: self.tenant_id.into(),
            hash: self.hash.into(),
            grant_id: self.grant_id.into(),
            client_id,
            redirect_uri: self.redirect_uri,
            code_challenge: self.code_challenge.map(CodeChallenge::from_stored),
            issued_at: self.issued_at.into(),
            expires_at: self.expires_at.into(),
            consumed_at: self.consumed_at.map(Into::into),
            dpop_jkt: self.dpop_jkt,
        }
    }
}

impl RefreshTokenRow {
    fn new(token: &RefreshToken) -> Result<Self, Error> {
        let confirmation = token.confirmation.as_ref();
        Ok(Self {
            tenant_id: token.tenant_id.into(),
            hash: token.hash.into(),
            grant_id: token.grant_id.into(),
            issued_at: token.issued_at.into(),
            expires_at: token.expires_at.into(),
            rotated_at: token.rotated_at.map(Into::into),
            confirmation: confirmation.map(|held| document(CONFIRMATION, held)).transpose()?,
        })
    }

    fn into_refresh_token(mut self, client_id: ClientId) -> Result<RefreshToken, Error> {
        Ok(RefreshToken {
            confirmation: self.confirmation()?,
            tenant_id: self.tenant_id.into(),
            hash: self.hash.into(),
            grant_id: self.grant_id.into(),
            client_id,
            issued_at: self.issued_at.into(),
            expires_at: self.expires_at.into(),
            rotated_at: self.rotated_at.map(Into::into),
        })
    }

    /// Takes what the token is bound to out of the row.
    pub(crate) fn confirmation(&mut self) -> Result<Option<Confirmation>, Error> {
        self.confirmation.take().map(|held| from_document(CONFIRMATION, held)).transpose()
    }
}

const CONFIRMATION: &str = "refresh_tokens.confirmation";

pub(crate) const CLAIMS: &str = "access_tokens.claims";

impl TenantStore<'_> {
    /// An authorization code and its grant; consumed and expired ones included, so that a replay
    /// is seen.
    #[compiled_here]
    pub async fn code_with_grant(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<(AuthorizationCode, Grant)>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let grant = (grants::tenant_id.eq(authorization_codes::tenant_id))
                .and(grants::id.eq(authorization_codes::grant_id));
            let rows: Option<(CodeRow, GrantRow)> = dual!(&mut conn, c => authorization_codes::table
                .inner_join(grants::table.on(grant))
                .filter(authorization_codes::tenant_id.eq(key.0))
                .filter(authorization_codes::hash.eq(key.1))
                .select((CodeRow::as_select(), GrantRow::as_select())).get_result(c).await.optional())?;
            let Some((code, grant)) = rows else { return Ok(None) };
            let grant = grant.into_grant()?;
            Ok(Some((code.into_code(grant.client_id.clone()), grant)))
        };
        self.store.read(work).await
    }

    /// A refresh token and its grant; rotated and expired ones included, so that a replay is seen.
    #[compiled_here]
    pub async fn refresh_token_with_grant(
        &self,
        hash: &SecretHash,
    ) -> Result<Option<(RefreshToken, Grant)>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let grant = (grants::tenant_id.eq(refresh_tokens::tenant_id))
                .and(grants::id.eq(refresh_tokens::grant_id));
            let rows: Option<(RefreshTokenRow, GrantRow)> = dual!(&mut conn, c => refresh_tokens::table
                .inner_join(grants::table.on(grant))
                .filter(refresh_tokens::tenant_id.eq(key.0))
                .filter(refresh_tokens::hash.eq(key.1))
                .select((RefreshTokenRow::as_select(), GrantRow::as_select())).get_result(c).await.optional())?;
            let Some((token, grant)) = rows else { return Ok(None) };
            let grant = grant.into_grant()?;
            Ok(Some((token.into_refresh_token(grant.client_id.clone())?, grant)))
        };
        self.store.read(work).await
    }

    /// The claims of an opaque access token, expired ones included.
    #[compiled_here]
    pub async fn opaque_access_token(&self, hash: &SecretHash) -> Result<Option<AccessTokenClaims>, Error> {
        let key = (Bytes::from(self.id), Bytes::from(*hash));
        let work = async move |mut conn: Conn<'_>| {
            let claims: Option<serde_json::Value> = dual!(&mut conn, c => access_tokens::table.find(key)
                .select(access_tokens::claims).get_result(c).await.optional())?;
            claims.map(|claims| from_document(CLAIMS, claims)).transpose()
        };
        self.store.read(work).await
    }

    /// Whether this very token was revoked; its grant is another question, see
    /// [`access_token_state`](Self::access_token_state).
    #[compiled_here]
    pub async fn is_access_token_revoked(&self, id: TokenId) -> Result<bool, Error> {
        Ok(self.access_token_state(id, None).await?.revoked)
    }

    /// All that introspection of a JWT must ask the database, in one read.
    #[compiled_here]
    pub async fn access_token_state(
        &self,
        id: TokenId,
        grant: Option<GrantId>,
    ) -> Result<AccessTokenState, Error> {
        let (tenant, id) = (Bytes::from(self.id), Bytes::from(id));
        let work = async move |mut conn: Conn<'_>| {
            let note = access_token_revocations::table.find((tenant, id));
            let Some(grant) = grant.map(Bytes::from) else {
                let revoked = dual!(&mut conn, c => select(exists(note)).get_result(c).await)?;
                return Ok(AccessTokenState { revoked, grant_revoked: false });
            };
            let live = grants::table.find((tenant, grant)).filter(grants::revoked_at.is_null());
            let (revoked, live): (bool, bool) =
                dual!(&mut conn, c => select((exists(note), exists(live))).get_result(c).await)?;
            Ok(AccessTokenState { revoked, grant_revoked: !live })
        };
        self.store.read(work).await
    }

    /// Whether the client has used an assertion with this `jti` before (RFC 7523 §3). A caller that
    /// acts on the answer must also spend it: only that is safe against a race.
    #[compiled_here]
    pub async fn is_assertion_spent(&self, client_id: &ClientId, jti: &SecretHash) -> Result<bool, Error> {
        self.is_spent(client_id.to_string(), jti).await
    }

    /// Whether a DPoP proof with this `jti` was used with the key before (RFC 9449 §11.1). As with
    /// assertions, only spending it is safe against a race.
    #[compiled_here]
    pub async fn is_proof_spent(&self, key: &str, jti: &SecretHash) -> Result<bool, Error> {
        self.is_spent(minted_by_key(key), jti).await
    }

    async fn is_spent(&self, minted_by: String, jti: &SecretHash) -> Result<bool, Error> {
        let key = (Bytes::from(self.id), minted_by, Bytes::from(*jti));
        let work = async move |mut conn: Conn<'_>| {
            let spent = spent_assertions::table.find(key);
            Ok(dual!(&mut conn, c => select(exists(spent)).get_result(c).await)?)
        };
        self.store.read(work).await
    }
}

pub(crate) async fn store_code(conn: &mut Conn<'_>, code: &AuthorizationCode) -> Result<(), ApplyError> {
    let row = CodeRow::new(code);
    dual!(conn, c => diesel::insert_into(authorization_codes::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn consume_code(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    hash: SecretHash,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(hash));
    guarded(dual!(conn, c => Kept(diesel::update(authorization_codes::table.find(key))
        .filter(authorization_codes::consumed_at.is_null())
        .set(authorization_codes::consumed_at.eq(Time::from(at))))
        .execute(c).await)?)
}

pub(crate) async fn store_refresh_token(conn: &mut Conn<'_>, token: &RefreshToken) -> Result<(), ApplyError> {
    let row = RefreshTokenRow::new(token)?;
    dual!(conn, c => diesel::insert_into(refresh_tokens::table).values(row).execute(c).await)?;
    Ok(())
}

pub(crate) async fn rotate_refresh_token(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    hash: SecretHash,
    at: Timestamp,
) -> Result<(), ApplyError> {
    let key = (Bytes::from(tenant), Bytes::from(hash));
    guarded(dual!(conn, c => Kept(diesel::update(refresh_tokens::table.find(key))
        .filter(refresh_tokens::rotated_at.is_null())
        .set(refresh_tokens::rotated_at.eq(Time::from(at))))
        .execute(c).await)?)
}

pub(crate) async fn store_access_token(
    conn: &mut Conn<'_>,
    token: &OpaqueAccessToken,
) -> Result<(), ApplyError> {
    let row = (
        access_tokens::tenant_id.eq(Bytes::from(token.tenant_id)),
        access_tokens::hash.eq(Bytes::from(token.hash)),
        access_tokens::claims.eq(document(CLAIMS, &token.claims)?),
        access_tokens::expires_at.eq(Time::from(token.expires_at)),
    );
    dual!(conn, c => diesel::insert_into(access_tokens::table).values(row).execute(c).await)?;
    Ok(())
}

/// To revoke a token again changes nothing.
pub(crate) async fn revoke_access_token(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: TokenId,
    expires_at: Timestamp,
) -> Result<(), ApplyError> {
    let row = (
        access_token_revocations::tenant_id.eq(Bytes::from(tenant)),
        access_token_revocations::id.eq(Bytes::from(id)),
        access_token_revocations::expires_at.eq(Time::from(expires_at)),
    );
    dual!(conn, c => diesel::insert_into(access_token_revocations::table).values(row)
        .on_conflict_do_nothing().execute(c).await)?;
    Ok(())
}

pub(crate) async fn spend_assertion(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    client_id: &ClientId,
    jti: SecretHash,
    expires_at: Timestamp,
) -> Result<(), ApplyError> {
    spend(conn, tenant, client_id.as_str(), jti, expires_at).await
}

pub(crate) async fn spend_proof(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    key: &str,
    jti: SecretHash,
    expires_at: Timestamp,
) -> Result<(), ApplyError> {
    spend(conn, tenant, &minted_by_key(key), jti, expires_at).await
}

/// The column `client_id` says who minted the `jti`. DEL stands in no client_id (RFC 6749 Appendix A.1), so
/// no client has the name of a key.
fn minted_by_key(thumbprint: &str) -> String {
    format!("\u{7f}{thumbprint}")
}

async fn spend(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    minted_by: &str,
    jti: SecretHash,
    expires_at: Timestamp,
) -> Result<(), ApplyError> {
    let row = (
        spent_assertions::tenant_id.eq(Bytes::from(tenant)),
        spent_assertions::client_id.eq(minted_by),
        spent_assertions::jti.eq(Bytes::from(jti)),
        spent_assertions::expires_at.eq(Time::from(expires_at)),
    );
    guarded(dual!(conn, c => diesel::insert_into(spent_assertions::table).values(row)
        .on_conflict_do_nothing().execute(c).await)?)
}
