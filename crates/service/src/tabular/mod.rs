//! Lists as JSON, CSV and NDJSON from one address, by what the caller accepts.
