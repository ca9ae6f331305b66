//! Statements that are prepared once.
//!
//! To read the row of a unique key, `get_result` and not `first`: that adds `LIMIT ?`, and SQLite
//! prepares a statement with a bound limit afresh for every value.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// An UPDATE whose prepared statement is kept. diesel keeps none, because a changeset may have any
/// number of shapes; ours have one. On PostgreSQL that saves a round trip for each.
pub(crate) struct Kept<Statement>(pub(crate) Statement);

impl<Statement, DB> QueryFragment<DB> for Kept<Statement>
where
    DB: Backend,
    Statement: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Kept by its text.
impl<Statement> QueryId for Kept<Statement> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Statement: Query> Query for Kept<Statement> {
    type SqlType = Statement::SqlType;
}
