//! The one place that writes to the terminal. What is for the operator's log goes through `tracing` instead.

/// Writes a line to standard output.
#[expect(clippy::print_stdout, reason = "commands answer on standard output")]
pub fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// Writes a line to standard error.
#[expect(clippy::print_stderr, reason = "commands complain on standard error")]
pub fn complain(line: impl std::fmt::Display) {
    eprintln!("{line}");
}
