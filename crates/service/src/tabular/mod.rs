//! Lists as JSON, CSV and NDJSON from one address, by what the caller accepts. Knows neither what is listed nor who asks.

pub(crate) mod csv_cell;
mod format;
mod listing;
mod stream;
mod writer;

pub(crate) use format::Format;
pub(crate) use listing::{Ask, Listing, Look, answer, answer_whole, read_these, tag_of};
pub(crate) use stream::{Begin, stream, stream_tagged};
pub(crate) use writer::{Row, joined, word};
