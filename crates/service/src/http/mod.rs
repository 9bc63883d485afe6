//! The only place that knows the web framework's details: extractors, problems, routes, middleware, the server.

pub(crate) mod arrival;
pub mod body;
pub mod conditional;
mod cors;
pub mod docs;
pub mod failures;
pub mod idempotency;
pub mod language;
pub mod limits;
mod middleware;
pub mod openapi;
pub mod page;
pub mod path;
pub mod permit;
pub(crate) mod places;
pub mod problem;
pub mod query;
pub mod server;
mod tree;
pub mod upload;

pub use body::{Body, Json, Parse};
pub use failures::Errors;
pub use idempotency::IdempotencyKey;
pub use language::{Spoken, SpokenView};
pub use page::{Named, Page, PageQuery, PageRequest, Paged, PagedBeside};
pub use path::{PathId, PathIds};
pub use permit::{Caller, Permit};
pub use problem::{Problem, ProblemKind};
pub use query::Query;

#[cfg(test)]
mod tests;
