//! The embedded county that a first run shows: its data, and how it is put into an empty database. No other module
//! may depend on it.

mod data;
