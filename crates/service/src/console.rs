//! The one place that writes to the terminal. What is for the operator's log goes through `tracing` instead.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// Writes a line to standard output. Whoever closed it does not want to hear: that is no reason to fail.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// Writes a line to standard error.
pub fn complain(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}
