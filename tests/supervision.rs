//! Findings, measures and what becomes of vouchers in use, over HTTP.

mod causes;
mod chain;
mod closing;
mod days;
mod ends;
mod findings;
mod ladder;
mod lapses;
mod races;
mod scene;
