//! A service that a chore starts for itself: on a free port, in a folder that goes with it, with nothing of our environment.
//! Every wait is bounded; no process outlives a failure. Knows no chore.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Result, run as run_command};

const START_SECONDS_MAX: u64 = 60;
const ANSWER_SECONDS_MAX: u64 = 10;
const STOP_SECONDS_MAX: u64 = 15;

/// The binary with nothing of our environment but where programs are.
pub(crate) fn bare(binary: &Path, folder: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// It is stopped with this value.
pub(crate) struct Service {
    child: Child,
    /// Host and port.
    pub(crate) authority: String,
}

impl Service {
    /// Starts the binary, with its files in the folder and these settings, and waits until it tells its address.
    pub(crate) fn start(binary: &Path, folder: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let mut child = bare(binary, folder)
            .env("VALINTA_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{} did not start: {e}", binary.display()))?;
        let lines = lines(&mut child);
        let mut service = Self { child, authority: String::new() };
        let mut heard = Vec::new();
        let end = Instant::now().checked_add(Duration::from_secs(START_SECONDS_MAX));
        loop {
            let left = end.and_then(|end| end.checked_duration_since(Instant::now())).unwrap_or_default();
            match lines.recv_timeout(left) {
                Ok(line) => match authority(&line) {
                    Some(found) => {
                        service.authority = found;
                        return Ok(service);
                    }
                    None => heard.push(line),
                },
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("no address within {START_SECONDS_MAX} s. It said:\n{}", heard.join("\n")));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("it ended before it listened. It said:\n{}", heard.join("\n")));
                }
            }
        }
    }

    /// Waits until the service says that it is ready.
    pub(crate) fn ready(&self) -> Result<()> {
        let end = Instant::now().checked_add(Duration::from_secs(START_SECONDS_MAX));
        loop {
            let told = get(&self.authority, "/health/ready");
            match told {
                Ok((200, _)) => return Ok(()),
                _ if end.is_some_and(|end| Instant::now() < end) => thread::sleep(Duration::from_millis(100)),
                Ok((status, body)) => {
                    return Err(format!("/health/ready answers {status}: {body}"));
                }
                Err(why) => return Err(format!("/health/ready: {why}")),
            }
        }
    }

    /// Asks the service to stop as an operator's machine would.
    pub(crate) fn stop(mut self) -> Result<()> {
        run_command(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        match wait(&mut self.child, STOP_SECONDS_MAX) {
            Some(status) if status.code() == Some(0) => Ok(()),
            Some(status) => Err(format!("SIGTERM ended it with {status}, not exit status 0")),
            None => Err(format!("it did not stop within {STOP_SECONDS_MAX} s of SIGTERM")),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// What the child writes to either stream, also passed on to the console; reading on keeps the child from blocking.
fn lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(stream) = child.stdout.take() {
        pass_on(stream, sender.clone());
    }
    if let Some(stream) = child.stderr.take() {
        pass_on(stream, sender);
    }
    receiver
}

fn pass_on(stream: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(std::result::Result::ok) {
            println!("  | {line}");
            // Nobody listens once the address is known.
            let _ = sender.send(line);
        }
    });
}

/// The host and port of the first address of this machine that a line names.
fn authority(line: &str) -> Option<String> {
    let (_, after) = line.split_once("http://127.0.0.1:")?;
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    port.parse::<u16>().ok().filter(|port| *port != 0).map(|port| format!("127.0.0.1:{port}"))
}

/// Status and body of what a path answers.
pub(crate) fn get(authority: &str, path: &str) -> Result<(u16, String)> {
    let limit = Some(Duration::from_secs(ANSWER_SECONDS_MAX));
    let mut answer = String::new();
    let mut ask = || {
        let mut stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
        stream.read_to_string(&mut answer)
    };
    ask().map_err(|e| format!("GET {path}: {e}"))?;
    parse(&answer).ok_or_else(|| format!("GET {path}: the answer is not HTTP"))
}

/// Status and body.
fn parse(answer: &str) -> Option<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// How the child ended, if it did so in time.
pub(crate) fn wait(child: &mut Child, seconds_max: u64) -> Option<ExitStatus> {
    let end = Instant::now().checked_add(Duration::from_secs(seconds_max))?;
    while Instant::now() < end {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        thread::sleep(Duration::from_millis(20));
    }
    None
}

/// Ends a child that may already have ended.
pub(crate) fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// An empty folder that is removed in the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// Named after who wants it.
    pub(crate) fn new(whose: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("valinta-{whose}-{}", std::process::id()));
        fs::create_dir(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{authority, parse};

    #[test]
    fn the_address_is_found_in_a_line() {
        assert_eq!(authority("Open http://127.0.0.1:8123/docs now").as_deref(), Some("127.0.0.1:8123"));
    }

    #[test]
    fn a_line_without_a_real_port_is_not_an_address() {
        for line in ["listening", "http://127.0.0.1:0", "http://127.0.0.1:", "http://127.0.0.1:99999"] {
            assert_eq!(authority(line), None, "{line}");
        }
    }

    #[test]
    fn an_answer_is_status_and_body() {
        let answer = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n\r\n{}";
        assert_eq!(parse(answer), Some((503, "{}".to_owned())));
        assert_eq!(parse("nonsense"), None);
    }
}
