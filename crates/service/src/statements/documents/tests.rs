//! Documents of examples and of statements made at random: what must hold of each, and what official schemas say.

mod csv;
mod generated;
mod pain;
mod printed;
pub(super) mod samples;
mod validated;

pub(super) use generated::statements;
