//! A throw-away PostgreSQL from the system's binaries, for as long as one piece of work. Owns where the binaries are
//! found, which user the server runs as (it refuses root) and that it is always stopped; knows nothing of the product.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use crate::process::{self, Result, capture, exit_code, in_path, is_root};

/// What the tests read.
pub(crate) const URL_VARIABLE: &str = "TEST_DATABASE_URL";

/// Looks after the server, so that it ends even if this process is killed.
const KEEPER: &str = include_str!("pg.sh");

/// A port may be taken between the moment it is found free and the server's start.
const STARTS_MAX: usize = 3;

/// Whether what is written would outlive a loss of power.
#[derive(Clone, Copy)]
pub(crate) enum Writes {
    /// As in service: what is measured has to wait for the disk.
    Durable,
    /// No test can pull the plug, so none waits for the disk: most of a run would be waiting.
    Fast,
}

impl Writes {
    /// The word that the server's keeper knows it by.
    fn word(self) -> &'static str {
        match self {
            Self::Durable => "durable",
            Self::Fast => "fast",
        }
    }
}

/// Runs a command against a throw-away server for tests and gives on its exit status.
pub(crate) fn run(command: &[OsString]) -> Result<ExitCode> {
    let [program, arguments @ ..] = command else {
        return Err("name the command to run".to_owned());
    };
    with_server(&binaries()?, Writes::Fast, |url| {
        let mut command = Command::new(program);
        command.args(arguments).env(URL_VARIABLE, url);
        process::status(&mut command).map(exit_code)
    })
}

/// Does the work with a server's URL; the server is stopped and its files are removed whatever the outcome.
pub(crate) fn with_server<T>(binaries: &Path, writes: Writes, work: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let server = Server::start(binaries, writes)?;
    let done = work(&server.url);
    server.stop()?;
    done
}

/// The folder that holds `postgres`, `initdb` and `pg_ctl`.
pub(crate) fn binaries() -> Result<PathBuf> {
    let in_path = in_path("postgres")
        .and_then(|found| found.canonicalize().ok())
        .and_then(|found| found.parent().map(Path::to_path_buf));
    let told = told_by_pg_config();
    in_path
        .into_iter()
        .chain(told)
        .chain(newest_first(debian_folders()))
        .find(|folder| ["postgres", "initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file()))
        .ok_or_else(|| {
            "no PostgreSQL server here: looked in PATH, where pg_config says, and in /usr/lib/postgresql. \
             Install it (on Debian: `apt-get install postgresql`)"
                .to_owned()
        })
}

/// Installs Debian's package; only root can.
pub(crate) fn install() -> Result<()> {
    process::install("postgresql")
}

fn told_by_pg_config() -> Option<PathBuf> {
    let config = in_path("pg_config")?;
    let folder = capture(Command::new(config).arg("--bindir")).ok()?;
    Some(PathBuf::from(folder.trim()))
}

fn debian_folders() -> Vec<PathBuf> {
    fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default()
}

/// Orders `…/<version>/bin` by version; a folder without one comes last.
fn newest_first(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    folders.sort_by_key(|folder| {
        let version = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let numbers: Option<Vec<u32>> = version.and_then(|v| v.split('.').map(|n| n.parse().ok()).collect());
        std::cmp::Reverse(numbers)
    });
    folders
}

struct Server {
    keeper: Child,
    url: String,
}

impl Server {
    fn start(binaries: &Path, writes: Writes) -> Result<Self> {
        let mut outcome = Err("it was not tried".to_owned());
        for _ in 0..STARTS_MAX {
            outcome = Self::start_once(binaries, writes);
            if outcome.is_ok() {
                break;
            }
        }
        outcome.map_err(|e| format!("PostgreSQL of {} did not start: {e}", binaries.display()))
    }

    fn start_once(binaries: &Path, writes: Writes) -> Result<Self> {
        let port = free_port()?;
        let password = random_password()?;
        let mut keeper = as_unprivileged()?
            .args(["sh", "-c", KEEPER, "pg.sh"])
            .arg(binaries)
            .arg(port.to_string())
            .arg(writes.word())
            // The unprivileged user may not be able to stand where we stand.
            .current_dir("/")
            // Ctrl-C reaches a whole process group: the keeper outlives it and then stops the server in order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let told = keeper.stdin.as_mut().map(|input| writeln!(input, "{password}"));
        let mut answer = String::new();
        if let (Some(Ok(())), Some(output)) = (told, keeper.stdout.as_mut()) {
            BufReader::new(output).read_line(&mut answer).map_err(|e| e.to_string())?;
        }
        let server = Self { keeper, url: format!("postgres://valinta:{password}@127.0.0.1:{port}/postgres") };
        if answer.trim() == "ready" {
            Ok(server)
        } else {
            server.stop()?;
            Err("its messages are above".to_owned())
        }
    }

    /// Ends the keeper's input, which makes it stop the server, and waits for both.
    fn stop(mut self) -> Result<()> {
        drop(self.keeper.stdin.take());
        self.keeper.wait().map(|_| ()).map_err(|e| e.to_string())
    }
}

/// The start of a command that does not run as root: the server refuses to.
fn as_unprivileged() -> Result<Command> {
    if !is_root()? {
        return Ok(Command::new("env"));
    }
    let known = |user: &&str| Command::new("id").arg(user).output().is_ok_and(|o| o.status.success());
    let user = ["postgres", "nobody"]
        .into_iter()
        .find(known)
        .ok_or("PostgreSQL does not run as root, and there is no user postgres or nobody")?;
    if in_path("setpriv").is_some() {
        let group = capture(Command::new("id").args(["-g", user]))?;
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", group.trim(), "--init-groups", "--"]);
        return Ok(command);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--"]);
    Ok(command)
}

fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|e| format!("no free port: {e}"))
}

/// The machine may have other users, and the server's superuser can run programs.
fn random_password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(|e| format!("no random bytes: {e}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::newest_first;
    use std::path::PathBuf;

    #[test]
    fn the_newest_version_is_tried_first() {
        let folders = ["9.6", "15", "common", "17"].map(|v| PathBuf::from(format!("/pg/{v}/bin")));
        let ordered = newest_first(folders.to_vec());
        let expected = ["17", "15", "9.6", "common"].map(|v| PathBuf::from(format!("/pg/{v}/bin")));
        assert_eq!(ordered, expected);
    }
}
