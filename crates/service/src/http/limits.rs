//! How much of anything a request may bring. Every limit has its name here and is in force somewhere in `http`.

use std::time::Duration;

/// Largest request body.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Largest request body with many services to be recorded.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Largest body with vouchers that are asked for at once.
pub const VOUCHER_BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest file that is brought in, in `imports`.
pub const IMPORT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest time between such a request's head and the end of its file.
pub const IMPORT_DURATION_MAX: Duration = Duration::from_secs(120);
/// Longest time between a request's head and the end of its body.
pub const BODY_DURATION_MAX: Duration = Duration::from_secs(30);
/// Largest file that is handed in.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Longest time between a request's head and the end of a file.
pub const FILE_DURATION_MAX: Duration = Duration::from_secs(120);
/// Most files that come in at one time.
pub const FILES_AT_ONCE_MAX: usize = 16;
/// Most of them that are of one caller.
pub const FILES_OF_ONE_MAX: usize = 2;
/// Most files that are brought in, in `imports`, and wait for it. One source brings one in at a time.
pub const IMPORTS_AT_ONCE_MAX: usize = 4;
/// Longest time a client may take to send a request's head.
pub const HEAD_DURATION_MAX: Duration = Duration::from_secs(10);
/// Longest time an idle connection is kept.
pub const IDLE_DURATION_MAX: Duration = Duration::from_secs(30);
/// Longest time that requests under way are given when the service stops.
pub const STOP_SECONDS_MAX: u64 = 20;
/// Longest bearer token.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Most parameters in one query.
pub const QUERY_PARAMETERS_MAX: usize = 64;
/// Longest query.
pub const QUERY_BYTES_MAX: usize = 8 * 1024;
/// Most failures told of in one answer.
pub const FAILURES_MAX: usize = 100;
/// Longest text of one failure.
pub const DETAIL_CHARS_MAX: usize = 400;
/// Most items on one page.
pub const PAGE_ITEMS_MAX: u16 = 100;
/// Items on a page where the request does not say.
pub const PAGE_ITEMS_DEFAULT: u16 = 20;
/// Longest cursor: of a list in the order of names, one that names a unit of the longest name there can be.
pub const CURSOR_CHARS_MAX: usize = 2400;
/// Longest idempotency key.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Most entity tags in one precondition.
pub const ENTITY_TAGS_MAX: usize = 20;
