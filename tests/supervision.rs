//! Findings, measures and what becomes of vouchers in use, over HTTP.
