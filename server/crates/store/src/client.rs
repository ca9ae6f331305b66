use diesel::dsl::{exists, not, select, sql};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;
use grantor_protocol::model::{AuditEvent, Client, ClientId, ClientOrigin, GrantType, TenantId};

use crate::compiled_here;
use crate::conn::{Conn, dual};
use crate::grant::client_id;
use crate::page::{Order, in_order, starts_with};
use crate::schema::{clients, spent_assertions};
use crate::tenant_count::{self, Noun};
use crate::value::{Bytes, Time, document, from_document};
use crate::{ChangeKind, Error, Listing, Page, Sort, SortKey, Subject, TenantStore, WriteError};
use crate::{audit, role_assignment};

#[derive(Insertable, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = clients, treat_none_as_default_value = false)]
pub(crate) struct ClientRow {
    tenant_id: Bytes<16>,
    client_id: String,
    client_id_lower: String,
    client_name: String,
    client_name_lower: String,
    enabled: bool,
    metadata: serde_json::Value,
    secrets: serde_json::Value,
    version: i64,
    created_at: Time,
    updated_at: Time,
    /// Absent for a client that an administrator made.
    origin: Option<serde_json::Value>,
    registration_fingerprint: Option<Bytes<32>>,
}

impl ClientRow {
    pub(crate) fn new(client: &Client) -> Result<Self, Error> {
        let (origin, registration_fingerprint) = match &client.origin {
            ClientOrigin::Administrator | ClientOrigin::BuiltIn => (None, None),
            ClientOrigin::Registration { fingerprint, .. } => {
                (Some(&client.origin), fingerprint.map(Into::into))
            }
            ClientOrigin::MetadataDocument { .. } => (Some(&client.origin), None),
        };
        Ok(Self {
            tenant_id: client.tenant_id.into(),
            client_id: client.client_id.to_string(),
            client_id_lower: client.client_id.as_str().to_lowercase(),
            client_name: client.metadata.client_name.clone(),
            client_name_lower: client.metadata.client_name.to_lowercase(),
            enabled: client.enabled,
            metadata: document("clients.metadata", &client.metadata)?,
            secrets: document("clients.secrets", &client.secrets)?,
            version: client.version,
            created_at: client.created_at.into(),
            updated_at: client.updated_at.into(),
            origin: origin.map(|origin| document("clients.origin", origin)).transpose()?,
            registration_fingerprint,
        })
    }

    pub(crate) fn into_client(self) -> Result<Client, Error> {
        Ok(Client {
            tenant_id: self.tenant_id.into(),
            client_id: client_id("clients.client_id", &self.client_id)?,
            enabled: self.enabled,
            metadata: from_document("clients.metadata", self.metadata)?,
            secrets: from_document("clients.secrets", self.secrets)?,
            origin: self
                .origin
                .map(|origin| from_document("clients.origin", origin))
                .transpose()?
                .unwrap_or_default(),
            version: self.version,
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }
}

/// Which clients a listing wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientFilter {
    pub enabled: Option<bool>,
    /// Those that made themselves, or those that administrators made.
    pub self_made: Option<bool>,
    pub grant_type: Option<GrantType>,
}

/// The beginning of a condition on the client's grant types, to be followed by one and a parenthesis.
fn holds_grant_type(conn: &Conn<'_>) -> &'static str {
    match conn {
        Conn::Sqlite(_) => {
            "EXISTS (SELECT 1 FROM json_each(clients.metadata, '$.grant_types') AS held WHERE held.value = "
        }
        Conn::Postgres(_) => "jsonb_exists(clients.metadata -> 'grant_types', ",
    }
}

impl TenantStore<'_> {
    /// A client, disabled ones included.
    #[compiled_here]
    pub async fn client(&self, client_id: &ClientId) -> Result<Option<Client>, Error> {
        let key = (Bytes::from(self.id), client_id.to_string());
        let work = async move |mut conn: Conn<'_>| {
            let row = dual!(&mut conn, c => clients::table.find(key)
                .select(ClientRow::as_select()).get_result(c).await.optional())?;
            row.map(ClientRow::into_client).transpose()
        };
        self.store.read(work).await
    }

    /// A page of the tenant's clients; `q` is searched in identifiers and names.
    #[compiled_here]
    pub async fn list_clients(&self, page: &Page, filter: ClientFilter) -> Result<Listing<Client>, Error> {
        let (tenant, wanted) = (Bytes::from(self.id), page.clone());
        let work = async move |mut conn: Conn<'_>| {
            let holds_grant_type = holds_grant_type(&conn);
            let mut found: Vec<(Order, Client)> = vec![];
            for order in wanted.orders(2) {
                let missing = wanted.rows_missing(found.len());
                if missing == 0 {
                    break;
                }
                let rows = dual!(&mut conn, c => {
                    let mut query = clients::table.filter(clients::tenant_id.eq(tenant))
                        .select(ClientRow::as_select()).into_boxed();
                    if let Some(enabled) = filter.enabled {
                        query = query.filter(clients::enabled.eq(enabled));
                    }
                    match filter.self_made {
                        Some(true) => query = query.filter(clients::origin.is_not_null()),
                        Some(false) => query = query.filter(clients::origin.is_null()),
                        None => {}
                    }
                    if let Some(grant_type) = filter.grant_type {
                        query = query.filter(sql::<Bool>(holds_grant_type)
                            .bind::<Text, _>(grant_type.as_str()).sql(")"));
                    }
                    let after = wanted.after(order);
                    let by_time = after.map(|cursor| (cursor.time(), cursor.text()));
                    let by_name = after.map(|cursor| (cursor.value(), cursor.text()));
                    let (prefix, seek) = (wanted.prefix().unwrap_or_default(), wanted.seek(order));
                    let query = match order {
                        Order::Sorted(Sort { by: SortKey::CreatedAt, descending }) => {
                            in_order!(query, descending, (clients::created_at, clients::client_id), by_time)
                        }
                        Order::Sorted(Sort { by: SortKey::Key, descending }) => {
                            in_order!(query, descending, (clients::client_id_lower, clients::client_id), by_name)
                        }
                        Order::Sorted(Sort { by: SortKey::Name, descending }) => {
                            let name = (clients::client_name_lower, clients::client_id);
                            in_order!(query, descending, (name.0, name.1), by_name)
                        }
                        Order::Found(0) => {
                            let query = query.filter(starts_with!(clients::client_id_lower, seek));
                            in_order!(query, false, (clients::client_id_lower, clients::client_id), by_name)
                        }
                        Order::Found(_) => {
                            let query = query.filter(starts_with!(clients::client_name_lower, seek))
                                .filter(not(starts_with!(clients::client_id_lower, prefix)));
                            in_order!(query, false, (clients::client_name_lower, clients::client_id), by_name)
                        }
                    };
                    query.limit(missing).load(c).await
                })?;
                for row in rows {
                    found.push((order, ClientRow::into_client(row)?));
                }
            }
            Ok(found)
        };
        let clients = self.store.read(work).await?;
        Ok(page.ordered_listing(clients, |order, client: &Client| {
            let (client_id, name) = (client.client_id.as_str(), &client.metadata.client_name);
            match order {
                Order::Sorted(Sort { by: SortKey::CreatedAt, .. }) => {
                    order.after_time(client.created_at, client_id.as_bytes())
                }
                Order::Sorted(Sort { by: SortKey::Key, .. }) | Order::Found(0) => {
                    order.after(&client_id.to_lowercase(), client_id.as_bytes())
                }
                Order::Sorted(_) | Order::Found(_) => order.after(&name.to_lowercase(), client_id.as_bytes()),
            }
        }))
    }

    /// Adds a client with the version and times that it has. One that is built in counts against no quota;
    /// where it is read, it is one of an administrator's.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] naming `client_id`; [`WriteError::QuotaExceeded`];
    /// [`WriteError::NotFound`] if there is no such tenant.
    #[compiled_here]
    pub async fn create_client(&self, client: &Client, audit: Vec<AuditEvent>) -> Result<(), WriteError> {
        self.own(client.tenant_id)?;
        let (tenant, row) = (self.id, ClientRow::new(client)?);
        let counts = client.origin != ClientOrigin::BuiltIn;
        let change = self.change(ChangeKind::Client(client.client_id.clone()));
        self.store
            .write_change(change, async move |conn: &mut Conn<'_>| {
                dual!(conn, c => diesel::insert_into(clients::table).values(row).execute(c).await)?;
                if counts {
                    tenant_count::add(conn, tenant, Noun::Clients).await?;
                }
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }

    /// Replaces what can change of a client, which is all but its identifier and creation time, and
    /// counts its version up. Gives the client as it is now.
    ///
    /// # Errors
    /// [`WriteError::VersionMismatch`] if a version is expected and the client has another;
    /// [`WriteError::Protected`] where it disables the last administrator of the platform.
    #[compiled_here]
    pub async fn replace_client(
        &self,
        client: &Client,
        expected_version: Option<i64>,
        audit: Vec<AuditEvent>,
    ) -> Result<Client, WriteError> {
        self.own(client.tenant_id)?;
        let (tenant, row) = (self.id, ClientRow::new(client)?);
        let change = self.change(ChangeKind::Client(client.client_id.clone()));
        self.store
            .write_change(change, async move |conn: &mut Conn<'_>| {
                let key = (row.tenant_id, row.client_id.clone());
                let changes = (
                    clients::client_name.eq(row.client_name),
                    clients::client_name_lower.eq(row.client_name_lower),
                    clients::enabled.eq(row.enabled),
                    clients::metadata.eq(row.metadata),
                    clients::secrets.eq(row.secrets),
                    clients::origin.eq(row.origin),
                    clients::registration_fingerprint.eq(row.registration_fingerprint),
                    clients::updated_at.eq(row.updated_at),
                    clients::version.eq(clients::version + 1),
                );
                let replaced = dual!(conn, c => diesel::update(clients::table.find(key.clone()))
                    .filter(is_expected(expected_version)).set(changes)
                    .returning(ClientRow::as_returning()).get_result(c).await.optional())?;
                let Some(replaced) = replaced else { return Err(why_missed(conn, key).await) };
                let client = replaced.into_client()?;
                if !client.enabled {
                    let subject = Subject::Client(client.client_id.clone());
                    role_assignment::keep_administrator_besides(conn, tenant, &subject).await?;
                }
                audit::record(conn, tenant, audit).await?;
                Ok(client)
            })
            .await
    }

    /// Deletes a client with its grants, codes, tokens, consents and role assignments.
    ///
    /// # Errors
    /// As [`replace_client`](Self::replace_client); the last administrator of the platform stays.
    #[compiled_here]
    pub async fn delete_client(
        &self,
        client_id: &ClientId,
        expected_version: Option<i64>,
        audit: Vec<AuditEvent>,
    ) -> Result<(), WriteError> {
        let (tenant, client_id) = (self.id, client_id.clone());
        let mut changes = self.change(ChangeKind::Client(client_id.clone()));
        changes.extend(self.change(ChangeKind::RoleAssignments));
        self.store
            .write_change(changes, async move |conn: &mut Conn<'_>| {
                let key = (Bytes::from(tenant), client_id.to_string());
                let deleted = dual!(conn, c => diesel::delete(clients::table.find(key.clone()))
                        .filter(is_expected(expected_version)).execute(c).await)?;
                if deleted == 0 {
                    return Err(why_missed(conn, key).await);
                }
                forget(conn, tenant, client_id).await?;
                Ok(audit::record(conn, tenant, audit).await?)
            })
            .await
    }
}

/// Deletes what does not leave with a client's row by itself, and counts the client no more.
pub(crate) async fn forget(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    client_id: ClientId,
) -> Result<(), WriteError> {
    dual!(conn, c => diesel::delete(spent_assertions::table)
        .filter(spent_assertions::tenant_id.eq(Bytes::from(tenant)))
        .filter(spent_assertions::client_id.eq(client_id.as_str())).execute(c).await)?;
    role_assignment::unassign_all(conn, tenant, &Subject::Client(client_id)).await?;
    tenant_count::remove(conn, tenant, Noun::Clients).await
}

/// The row has the expected version, or none is expected.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_expected(version: Option<i64>) -> _ {
    let any: bool = version.is_none();
    let expected: i64 = version.unwrap_or_default();
    clients::version.eq(expected).or(any.into_sql::<Bool>())
}

/// Why a conditional write touched nothing.
async fn why_missed(conn: &mut Conn<'_>, key: (Bytes<16>, String)) -> WriteError {
    match dual!(conn, c => select(exists(clients::table.find(key))).get_result(c).await) {
        Ok(true) => WriteError::VersionMismatch,
        Ok(false) => WriteError::NotFound,
        Err(error) => error.into(),
    }
}
