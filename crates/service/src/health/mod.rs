//! Whether the process runs, and whether it can serve: for whoever restarts or routes to it.

pub mod live;
pub mod ready;
