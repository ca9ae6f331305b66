//! A tenant's tables and their rows, whatever the database and whatever the columns.
//!
//! Tables are described by the types that `schema.rs` makes, so that a column which is added there
//! is exported, imported and deleted without another word. A table has to be listed here; a test
//! compares the list with `schema.rs`.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, QueryableByName};
use diesel::row::{Field, NamedRow, Row};
use diesel::sql_types::{BigInt, Binary, Bool, Jsonb, Nullable, Text};
use diesel::{Column as DieselColumn, Expression, Table as DieselTable};
use grantor_protocol::model::TenantId;
use serde_json::{Map, Value};

use crate::schema;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Binary,
    Text,
    BigInt,
    Bool,
    Jsonb,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub nullable: bool,
}

/// A table with rows of tenants.
#[derive(Debug)]
pub(crate) struct Table {
    pub name: &'static str,
    pub columns: Vec<Column>,
    /// The primary key, the tenant included.
    pub key: Vec<Column>,
    /// Why its rows stay behind when a tenant moves; None for those that go with it.
    pub left_out: Option<&'static str>,
}

impl Table {
    /// The column that says whose a row is.
    pub fn owner(&self) -> &'static str {
        self.key.first().map_or("tenant_id", |column| column.name)
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }
}

macro_rules! tables {
    ($($name:ident $(: $left_out:literal)?,)+) => {
        vec![$(Table {
            name: stringify!($name),
            columns: <schema::$name::table as DieselTable>::AllColumns::described(),
            key: <schema::$name::table as Keyed>::key(),
            left_out: [$($left_out)?].first().copied(),
        }),+]
    };
}

/// Every table with rows of tenants, each after those that its rows belong to. Rows of `tenants` come
/// first and leave last.
pub(crate) static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    tables! {
        tenants,
        domains,
        signing_keys,
        users,
        clients,
        protected_resources,
        initial_access_tokens,
        roles,
        role_assignments,
        passkeys,
        totp_authenticators,
        recovery_codes,
        known_browsers,
        ceremonies: "live minutes, each bound to a page or a session",
        identity_providers,
        identity_links,
        upstream_sign_ins: "wait for minutes, bound to a browser and to the master key",
        sessions,
        grants,
        consents,
        refresh_tokens,
        authorization_codes: "lives a minute",
        access_tokens,
        access_token_revocations,
        spent_assertions,
        interactions: "pages that somebody is just looking at, bound to a browser and to the master key",
        pushed_authorization_requests: "live ten minutes at most",
        device_authorizations: "wait for minutes, under codes that are hashed with the master key",
        attempts: "counted for minutes",
        one_time_links: "lead to this installation",
        messages: "are on their way from this installation, sealed with its master key",
        console_sessions: "are the installation's, whose console it is",
        idempotency_keys: "are kept for a day, for requests to this installation",
        tenant_counts,
        stats,
        webhooks,
        webhook_deliveries,
        audit_chains,
        audit_events,
    }
});

/// The table of this name, if its rows move with a tenant.
pub(crate) fn exported(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name && table.left_out.is_none())
}

trait Described {
    fn described() -> Vec<Column>;
}

trait Keyed {
    fn key() -> Vec<Column>;
}

impl<T> Keyed for T
where
    T: DieselTable<PrimaryKey: KeyColumns>,
{
    fn key() -> Vec<Column> {
        T::PrimaryKey::columns()
    }
}

trait KeyColumns {
    fn columns() -> Vec<Column>;
}

impl KeyColumns for schema::tenants::id {
    fn columns() -> Vec<Column> {
        vec![column::<Self>()]
    }
}

impl KeyColumns for schema::audit_chains::tenant_id {
    fn columns() -> Vec<Column> {
        vec![column::<Self>()]
    }
}

fn column<C>() -> Column
where
    C: DieselColumn + Expression<SqlType: Stored>,
{
    Column { name: C::NAME, kind: C::SqlType::KIND, nullable: C::SqlType::NULLABLE }
}

trait Stored {
    const KIND: Kind;
    const NULLABLE: bool = false;
}

macro_rules! stored {
    ($($kind:ident),+) => {$(
        impl Stored for $kind {
            const KIND: Kind = Kind::$kind;
        }
    )+};
}

stored!(Binary, Text, BigInt, Bool, Jsonb);

impl<T: Stored + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>> Stored
    for Nullable<T>
{
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
}

macro_rules! tuples {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<$first, $($rest),*> Described for ($first, $($rest,)*)
        where
            $first: DieselColumn + Expression<SqlType: Stored>,
            $($rest: DieselColumn + Expression<SqlType: Stored>,)*
        {
            fn described() -> Vec<Column> {
                vec![column::<$first>(), $(column::<$rest>()),*]
            }
        }

        impl<$first, $($rest),*> KeyColumns for ($first, $($rest,)*)
        where
            Self: Described,
        {
            fn columns() -> Vec<Column> {
                Self::described()
            }
        }

        tuples!($($rest)*);
    };
}

tuples!(A B C D E F G H I J K L M N O P Q R S T U V W X);

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Bytes(Vec<u8>),
    Text(String),
    Integer(i64),
    Boolean(bool),
    Json(Value),
}

/// A row of a tenant's on its way from one database to another.
#[derive(Clone, PartialEq)]
pub struct PortableRow {
    pub(crate) table: &'static Table,
    pub(crate) cells: Vec<Cell>,
}

/// Why a document is no row of the tenant's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRow {
    #[error("there is no table {0}, or none that moves with a tenant")]
    UnknownTable(String),
    #[error("{table} has no column {column}")]
    UnknownColumn { table: &'static str, column: String },
    #[error("{table}.{column} has to be {expected}")]
    Value { table: &'static str, column: &'static str, expected: &'static str },
    #[error("a row of {0} belongs to another tenant")]
    ForeignTenant(&'static str),
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Rows hold secrets: only the table is told.
impl std::fmt::Debug for PortableRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PortableRow({})", self.table.name)
    }
}

impl PortableRow {
    /// The name of the row's table.
    pub fn table(&self) -> &'static str {
        self.table.name
    }

    /// A column's value; None if the table has no such column.
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        self.table.position(column).and_then(|position| self.cells.get(position))
    }

    /// [`Self::cell`] to change it.
    pub fn cell_mut(&mut self, column: &str) -> Option<&mut Cell> {
        self.table.position(column).and_then(|position| self.cells.get_mut(position))
    }

    /// The row as a JSON object: binary columns in base64url, those that are NULL absent.
    pub fn document(&self) -> Value {
        let members = self.table.columns.iter().zip(&self.cells).filter_map(|(column, cell)| {
            let value = match cell {
                Cell::Null => return None,
                Cell::Bytes(bytes) => URL_SAFE_NO_PAD.encode(bytes).into(),
                Cell::Text(text) => text.as_str().into(),
                Cell::Integer(number) => (*number).into(),
                Cell::Boolean(value) => (*value).into(),
                Cell::Json(value) => value.clone(),
            };
            Some((column.name.to_owned(), value))
        });
        Value::Object(members.collect())
    }

    /// The row that a document is. Columns that it does not name are NULL, where they may be.
    ///
    /// # Errors
    /// [`InvalidRow`]; nothing but rows of `tenant` is taken.
    pub fn parse(table: &str, document: Map<String, Value>, tenant: TenantId) -> Result<Self, InvalidRow> {
        let table = exported(table).ok_or_else(|| InvalidRow::UnknownTable(table.to_owned()))?;
        let mut cells = vec![Cell::Null; table.columns.len()];
        for (name, value) in document {
            let position = table.position(&name);
            let (Some(column), Some(cell)) = (
                position.and_then(|position| table.columns.get(position)),
                position.and_then(|position| cells.get_mut(position)),
            ) else {
                return Err(InvalidRow::UnknownColumn { table: table.name, column: name });
            };
            *cell = parse_cell(column, value).map_err(|expected| InvalidRow::Value {
                table: table.name,
                column: column.name,
                expected,
            })?;
        }
        for (column, cell) in table.columns.iter().zip(&cells) {
            if !column.nullable && *cell == Cell::Null {
                return Err(InvalidRow::Value { table: table.name, column: column.name, expected: "there" });
            }
        }
        let row = Self { table, cells };
        match row.cell(table.owner()) {
            Some(Cell::Bytes(owner)) if owner.as_slice() == tenant.as_bytes() => Ok(row),
            _ => Err(InvalidRow::ForeignTenant(table.name)),
        }
    }
}

fn parse_cell(column: &Column, value: Value) -> Result<Cell, &'static str> {
    const NUL: char = '\0';
    Ok(match (column.kind, value) {
        (_, Value::Null) if column.nullable => Cell::Null,
        (Kind::Binary, Value::String(text)) => {
            Cell::Bytes(URL_SAFE_NO_PAD.decode(text).map_err(|_| "base64url")?)
        }
        (Kind::Text, Value::String(text)) if !text.contains(NUL) => Cell::Text(text),
        (Kind::BigInt, Value::Number(number)) => {
            Cell::Integer(number.as_i64().ok_or("an integer of 64 bits")?)
        }
        (Kind::Bool, Value::Bool(value)) => Cell::Boolean(value),
        (Kind::Jsonb, value) if !mentions_nul(&value) => Cell::Json(value),
        (Kind::Binary, _) => return Err("base64url"),
        (Kind::Text, _) => return Err("text without NUL"),
        (Kind::BigInt, _) => return Err("an integer"),
        (Kind::Bool, _) => return Err("true or false"),
        (Kind::Jsonb, _) => return Err("JSON without NUL in its text"),
    })
}

/// PostgreSQL has no NUL in text, in JSON neither.
fn mentions_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(mentions_nul),
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.contains('\0') || mentions_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The cells of a row that [`Table::selection`] selected.
pub(crate) struct Cells(pub Vec<Cell>);

impl Table {
    /// What to select of a row: every column under a name that begins with the letter of its kind,
    /// for a row does not know it.
    pub fn selection(&self) -> String {
        let columns = self.columns.iter().enumerate();
        let selected = columns.map(|(position, column)| {
            let letter = match column.kind {
                Kind::Binary => 'b',
                Kind::Text => 't',
                Kind::BigInt => 'i',
                Kind::Bool => 'o',
                Kind::Jsonb => 'j',
            };
            format!("{} AS {letter}{position}", column.name)
        });
        selected.collect::<Vec<_>>().join(", ")
    }
}

impl<DB> QueryableByName<DB> for Cells
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
    String: FromSql<Text, DB>,
    i64: FromSql<BigInt, DB>,
    bool: FromSql<Bool, DB>,
    Value: FromSql<Jsonb, DB>,
{
    fn build<'a>(row: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        let cells = (0..row.field_count()).map(|index| {
            let kind = Row::get(row, index)
                .and_then(|field| field.field_name().and_then(|name| name.chars().next()))
                .ok_or("a column without a name")?;
            let cell = match kind {
                'b' => row.get_value::<Nullable<Binary>, Option<Vec<u8>>, _>(index)?.map(Cell::Bytes),
                't' => row.get_value::<Nullable<Text>, Option<String>, _>(index)?.map(Cell::Text),
                'i' => row.get_value::<Nullable<BigInt>, Option<i64>, _>(index)?.map(Cell::Integer),
                'o' => row.get_value::<Nullable<Bool>, Option<bool>, _>(index)?.map(Cell::Boolean),
                _ => row.get_value::<Nullable<Jsonb>, Option<Value>, _>(index)?.map(Cell::Json),
            };
            Ok(cell.unwrap_or(Cell::Null))
        });
        cells.collect::<deserialize::Result<Vec<_>>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use diesel::QueryableByName;
    use diesel::sql_types::Text;
    use diesel_async::RunQueryDsl;

    use super::*;
    use crate::conn::{Conn, dual};
    use crate::{Error, on_both_databases};

    /// Tables that belong to no tenant.
    const OF_THE_INSTALLATION: [&str; 4] = ["installation", "setup_tokens", "platform_stats", "jobs"];

    #[derive(QueryableByName)]
    struct Reference {
        #[diesel(sql_type = Text)]
        child: String,
        #[diesel(sql_type = Text)]
        parent: String,
    }

    async fn references(mut conn: Conn<'_>) -> Result<Vec<Reference>, Error> {
        let sql = match conn {
            Conn::Sqlite(_) => {
                "SELECT tables.name AS child, keys.\"table\" AS parent \
                 FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys \
                 WHERE tables.type = 'table'"
            }
            Conn::Postgres(_) => {
                "SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent \
                 FROM pg_constraint WHERE contype = 'f'"
            }
        };
        Ok(dual!(&mut conn, c => diesel::sql_query(sql).load(c).await)?)
    }

    /// Whoever adds a table decides whether its rows move with a tenant; either way they are deleted
    /// with it.
    #[test]
    fn every_table_is_listed() {
        let schema = include_str!("schema.rs").split("#[cfg(test)]").next().unwrap();
        let declared = schema.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(") {"));
        let mut found = 0;
        for declared in declared {
            let (table, key) = declared.split_once(" (").unwrap();
            if OF_THE_INSTALLATION.contains(&table) {
                continue;
            }
            found += 1;
            let listed = TABLES.iter().find(|listed| listed.name == table);
            let listed = listed.unwrap_or_else(|| panic!("{table} is not in the list of portable.rs"));
            let names: Vec<_> = listed.key.iter().map(|column| column.name).collect();
            assert_eq!(names.join(", "), key, "{table}");
            assert!(!listed.key.is_empty() && (table == "tenants" || names[0] == "tenant_id"), "{table}");
        }
        assert_eq!(found, TABLES.len());
    }

    on_both_databases! {
        /// Rows are written in this order and deleted in the opposite one.
        async fn what_rows_belong_to_comes_before_them(database: TestDatabase) {
            let references = database.store().read(async |conn: Conn<'_>| references(conn).await).await.unwrap();
            assert!(references.len() > 10);
            let position = |name: &str| TABLES.iter().position(|table| table.name == name).unwrap();
            for Reference { child, parent } in references {
                assert!(position(&parent) < position(&child), "{child} belongs to {parent}");
            }
        }
    }

    #[test]
    fn nothing_but_rows_of_the_tenant_is_taken() {
        let tenant = TenantId::from_bytes([1; 16]);
        let row = |document: Value| {
            let Value::Object(members) = document else { panic!("an object") };
            PortableRow::parse("access_token_revocations", members, tenant)
        };
        let (own, other) = ("AQEBAQEBAQEBAQEBAQEBAQ", "AgICAgICAgICAgICAgICAg");
        let good = serde_json::json!({ "tenant_id": own, "id": other, "expires_at": 5 });
        let parsed = row(good.clone()).unwrap();
        assert_eq!(parsed.document(), good);
        assert_eq!(format!("{parsed:?}"), "PortableRow(access_token_revocations)");
        for (name, value, expected) in [
            ("tenant_id", other.into(), "belongs to another tenant"),
            ("tenant_id", Value::Null, "has to be base64url"),
            ("id", "not base64url!".into(), "has to be base64url"),
            ("expires_at", "5".into(), "has to be an integer"),
            ("expires_at", 1.5.into(), "has to be an integer"),
            ("surprise", 1.into(), "has no column surprise"),
        ] {
            let mut document = good.clone();
            document[name] = value;
            let error = row(document).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
        let missing = serde_json::json!({ "tenant_id": own, "id": other });
        assert!(row(missing).unwrap_err().to_string().contains("has to be there"));
        for table in ["jobs", "interactions", "sqlite_schema", "users; DROP TABLE users"] {
            let unknown = PortableRow::parse(table, Map::new(), tenant);
            assert_eq!(unknown.unwrap_err(), InvalidRow::UnknownTable(table.to_owned()));
        }
    }
}
