//! The command `valinta`. Everything it does is in the library, where the tests can reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    valinta_service::cli::run()
}
