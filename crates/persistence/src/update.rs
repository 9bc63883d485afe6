//! Updates that every command makes. Diesel prepares an update that it writes itself anew each time it is run, and for a
//! statement with triggers that takes longer than running it; these have a text that does not change, and are prepared once.
//! Owns how they are put together; what they say stands where they are made.

use diesel::backend::Backend;
use diesel::expression::Expression;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Integer, Nullable, Text};

use crate::types::{DbId, SqlId};

/// What is bound.
pub(crate) enum Bind<'a> {
    Id(DbId),
    MaybeId(Option<DbId>),
    Integer(i32),
    BigInt(i64),
    Text(&'a str),
    MaybeText(Option<&'a str>),
    Bytes(&'a [u8]),
}

/// An update: pieces of its text, each with what is bound behind it. Never of what anybody has sent.
pub(crate) struct Update<'a, const N: usize>(pub(crate) [(&'static str, Bind<'a>); N]);

/// An update that gives columns of what it has changed.
pub(crate) struct Returning<'a, C, const N: usize>(pub(crate) Update<'a, N>, pub(crate) C);

// They are known by their text.
impl<const N: usize> QueryId for Update<'_, N> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<C, const N: usize> QueryId for Returning<'_, C, N> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: Connection, const N: usize> RunQueryDsl<C> for Update<'_, N> {}
impl<C: Connection, Columns, const N: usize> RunQueryDsl<C> for Returning<'_, Columns, N> {}

impl<C: Expression, const N: usize> Query for Returning<'_, C, N> {
    type SqlType = C::SqlType;
}

impl<DB, const N: usize> QueryFragment<DB> for Update<'_, N>
where
    DB: Backend + HasSqlType<SqlId>,
    DbId: ToSql<SqlId, DB>,
    i32: ToSql<Integer, DB>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        for (text, bound) in &self.0 {
            out.push_sql(text);
            match bound {
                Bind::Id(id) => out.push_bind_param::<SqlId, _>(id)?,
                Bind::MaybeId(id) => out.push_bind_param::<Nullable<SqlId>, _>(id)?,
                Bind::Integer(number) => out.push_bind_param::<Integer, _>(number)?,
                Bind::BigInt(number) => out.push_bind_param::<BigInt, _>(number)?,
                Bind::Text(text) => out.push_bind_param::<Text, str>(text)?,
                Bind::MaybeText(text) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                Bind::Bytes(bytes) => out.push_bind_param::<Binary, [u8]>(bytes)?,
            }
        }
        Ok(())
    }
}

impl<'a, DB: Backend, C: QueryFragment<DB>, const N: usize> QueryFragment<DB> for Returning<'a, C, N>
where
    Update<'a, N>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING ");
        self.1.walk_ast(out)
    }
}
