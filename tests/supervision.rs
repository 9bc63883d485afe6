//! Findings, measures and what becomes of vouchers in use, over HTTP.

mod ends;
mod findings;
mod ladder;
mod lapses;
mod races;
mod scene;
