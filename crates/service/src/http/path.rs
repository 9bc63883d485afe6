//! Identifiers in paths. What cannot be an identifier names nothing, so it is answered like what does not exist.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};
use valinta_domain::Id;

use super::problem::Problem;

/// The identifier that a path ends in or leads through: its parameter `{id}`.
#[derive(Debug)]
pub struct PathId<K>(pub Id<K>);

impl<K> PathId<K> {
    /// The identifier.
    pub fn id(&self) -> Id<K> {
        self.0
    }
}

impl<K> FromRequest for PathId<K> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(parameter(request, "id").map(Self))
    }
}

/// The two identifiers of a path with `{id}` and `{part_id}`.
#[derive(Debug)]
pub struct PathIds<K, P>(pub Id<K>, pub Id<P>);

impl<K, P> FromRequest for PathIds<K, P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(parameter(request, "id").and_then(|id| Ok(Self(id, parameter(request, "part_id")?))))
    }
}

fn parameter<K>(request: &HttpRequest, name: &str) -> Result<Id<K>, Problem> {
    let text = request.match_info().get(name).ok_or_else(|| Problem::internal("the path has no such parameter"))?;
    // One spelling each: two paths that name the same thing would be two things to a cache.
    let id: Id<K> = text.parse().map_err(|_| Problem::not_found())?;
    if id.to_string() == text { Ok(id) } else { Err(Problem::not_found()) }
}
