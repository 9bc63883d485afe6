//! The release binary as a process of its own: started, asked by hand, and stopped.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Outcome;

/// What names the service's database.
pub const DATABASE_VARIABLE: &str = "DATABASE_URL";
/// The longest wait for anything.
const WAIT_MAX: Duration = Duration::from_secs(120);
/// How often it is looked whether the service has come.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A process that ends with its handle.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub url: String,
    /// From its start until it said that it was ready.
    pub ready_after: Duration,
}

/// Where the service is told where its keys are.
const KEYS_VARIABLE: &str = "VALINTA_KEYS";

/// The headers of an answer, and its body.
pub type Received = (Vec<(String, String)>, Vec<u8>);

impl Process {
    /// Starts the service in a folder with no settings but a free port, and waits until it is ready.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn service(binary: &Path, folder: &Path) -> Outcome<Self> {
        Self::start(&mut in_folder(binary, folder), folder, "/health/ready")
    }

    /// Starts the service with the demo county on a PostgreSQL that has nothing in it yet, or that one.
    ///
    /// # Errors
    /// It is never ready.
    pub fn service_on(binary: &Path, folder: &Path, url: &str) -> Outcome<Self> {
        let migrated = in_folder(binary, folder).arg("migrate").env(DATABASE_VARIABLE, url).output()?;
        if !migrated.status.success() {
            return Err(String::from_utf8_lossy(&migrated.stderr).into());
        }
        let mut command = in_folder(binary, folder);
        command.args(["serve", "--demo"]).env(DATABASE_VARIABLE, url).env(KEYS_VARIABLE, keys_in(binary, folder)?);
        Self::start(&mut command, folder, "/health/ready")
    }

    /// Starts the service on a database without the demo county.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn empty_service(binary: &Path, folder: &Path) -> Outcome<Self> {
        let mut command = in_folder(binary, folder);
        command.args(["serve", "--empty"]).env(KEYS_VARIABLE, keys_in(binary, folder)?);
        command.env("VALINTA_ISSUER", "https://id.example").env("VALINTA_AUDIENCE", "valinta");
        Self::start(&mut command, folder, "/health/ready")
    }

    /// Starts a command that says where it listens, and waits until a path answers.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn start(command: &mut Command, folder: &Path, path: &str) -> Outcome<Self> {
        let files = [folder.join("log"), folder.join("errors")];
        let began = Instant::now();
        let mut child = command
            .env("VALINTA_LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(fs::File::create(&files[0])?)
            .stderr(fs::File::create(&files[1])?)
            .spawn()?;
        while began.elapsed() < WAIT_MAX && child.try_wait()?.is_none() {
            let url = files.iter().find_map(|file| address_in(file));
            if let Some(url) = url
                && ureq::get(format!("{url}{path}")).call().is_ok()
            {
                return Ok(Self { child, url, ready_after: began.elapsed() });
            }
            thread::sleep(LOOK_EVERY);
        }
        let _ = child.kill();
        let _ = child.wait();
        Err(format!("it is never ready: {}", fs::read_to_string(&files[1])?).into())
    }

    /// Asks once.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn get(&self, path: &str, token: Option<&str>) -> Outcome<Received> {
        let mut request = ureq::get(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut answer =
            request.config().http_status_as_error(false).build().header("accept-encoding", "identity").call()?;
        let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        let (status, body) = (answer.status(), answer.body_mut().read_to_vec()?);
        if status.is_success() {
            Ok((headers, body))
        } else {
            Err(format!("{path} answers {status}: {}", String::from_utf8_lossy(&body)).into())
        }
    }

    /// Asks with a body, of what changes nothing.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Outcome<Value> {
        self.send(method, path, token.unwrap_or_default(), "", body)
    }

    /// Sends a command and gives its answer.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn send(&self, method: &str, path: &str, token: &str, key: &str, body: &Value) -> Outcome<Value> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", "application/json");
        let request =
            if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
        let request =
            if key.is_empty() { request } else { request.header("idempotency-key", key).header("if-match", "*") };
        let request = request.body(body.to_string())?;
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut answer = agent.run(request)?;
        let (status, body) = (answer.status(), answer.body_mut().read_to_string()?);
        if status.is_success() {
            Ok(serde_json::from_str(&body)?)
        } else {
            Err(format!("{method} {path} answers {status}: {body}").into())
        }
    }

    /// The most memory that the process has held, as the system knows it.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn peak_megabytes(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: u64 = line.and_then(|line| line.split_whitespace().next()).ok_or("no peak")?.parse()?;
        Ok(kilobytes / 1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // In order, so that the database is left whole and alone.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// A command that runs in a folder and has none of the caller's settings.
pub fn in_folder(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(folder).env_clear().env("HOME", folder);
    command
}

/// The file of keys in a folder, made if there is none.
fn keys_in(binary: &Path, folder: &Path) -> Outcome<PathBuf> {
    let keys = folder.join("keys.json");
    if !keys.exists() {
        in_folder(binary, folder).args(["keys", "new"]).arg(&keys).output()?;
    }
    Ok(keys)
}

/// A token of one of the demo county's people, as the command line gives it.
///
/// # Errors
/// There is none of that name.
pub fn token(binary: &Path, folder: &Path, whose: &[&str]) -> Outcome<String> {
    token_on(binary, folder, None, whose)
}

/// [`token`], of the county in a database that is named.
///
/// # Errors
/// There is none of that name.
pub fn token_on(binary: &Path, folder: &Path, url: Option<&str>, whose: &[&str]) -> Outcome<String> {
    let mut command = in_folder(binary, folder);
    if let Some(url) = url {
        // On SQLite the demo has keys of its own.
        command.env(DATABASE_VARIABLE, url).env(KEYS_VARIABLE, keys_in(binary, folder)?);
    }
    let output = command.arg("token").args(whose).output()?;
    if !output.status.success() {
        return Err(format!("no token of {whose:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Copies what the service keeps beside its database.
///
/// # Errors
/// What went wrong on the way, in words.
pub fn copy_folder(from: &Path, to: &Path) -> Outcome<PathBuf> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(to.to_owned())
}

fn address_in(log: &Path) -> Option<String> {
    let lines = BufReader::new(fs::File::open(log).ok()?).lines().map_while(Result::ok);
    lines.into_iter().find_map(|line| {
        let (_, after) = line.split_once("http://127.0.0.1:")?;
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        // What follows must be there already: else the port may have been read by half.
        (!port.is_empty() && after.len() > port.len()).then(|| format!("http://127.0.0.1:{port}"))
    })
}
