//! The product's own main, as a program that the tests may kill. Does nothing of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    valinta_service::cli::run()
}
