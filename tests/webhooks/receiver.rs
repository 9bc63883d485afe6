//! Somebody on this machine who is called, answers as a test wants, and keeps what was said.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// The longest that a caller's words are waited for.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// What it answers.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    /// The line of the status, with headers after it, if any.
    pub(super) head: String,
    /// How long it lets the caller wait.
    pub(super) after: Duration,
    /// How often it says all of it.
    pub(super) times: usize,
}

impl Answers {
    /// With a status, at once.
    pub(super) fn with(head: &str) -> Self {
        Self { head: head.to_owned(), after: Duration::ZERO, times: 1 }
    }
}

/// A call, as it came in.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) line: String,
    /// By their names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Heard {
    /// The id by which the same event is known again.
    pub(super) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(super) fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What a verifier is asked.
    pub(super) fn with_secret(&self, secret: &str) -> Value {
        json!({"secret": secret, "headers": self.headers, "body": self.body})
    }
}

#[derive(Debug)]
struct State {
    /// In turn; the last of them from then on.
    answers: VecDeque<Answers>,
    heard: Vec<Heard>,
    ends: bool,
}

/// Who is called. They end with this.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) at: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// One that hears everything.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let answers = VecDeque::from([Answers::with("204 No Content")]);
        let state = Arc::new(Mutex::new(State { answers, heard: Vec::new(), ends: false }));
        let answering = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if answering.lock().unwrap().ends {
                    return;
                }
                let answering = Arc::clone(&answering);
                thread::spawn(move || stream.and_then(|stream| answer(stream, &answering)));
            }
        });
        Self { at, state }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hear", self.at)
    }

    /// Lets it answer otherwise from now on.
    pub(super) fn answers(&self, answers: Answers) {
        self.answers_in_turn([answers]);
    }

    /// Lets it answer these from now on, one to a call, and the last of them to all that come after.
    pub(super) fn answers_in_turn(&self, answers: impl IntoIterator<Item = Answers>) {
        self.state.lock().unwrap().answers = answers.into_iter().collect();
    }

    /// What was said to it since it was asked last.
    pub(super) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.state.lock().unwrap().heard)
    }

    /// The kinds of what was said to it since it was asked last.
    pub(super) fn kinds(&self) -> Vec<String> {
        self.heard().iter().map(|heard| heard.event()["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.state.lock().unwrap().ends = true;
        let _ = TcpStream::connect(self.at);
    }
}

/// Hears calls on one connection for as long as the caller keeps it.
fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(WAIT_MAX))?;
    let mut from = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut headers = BTreeMap::new();
        loop {
            let mut header = String::new();
            from.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        let body = String::from_utf8(body).unwrap();
        let answers = {
            let mut state = state.lock().unwrap();
            state.heard.push(Heard { line: line.trim_end().to_owned(), headers, body });
            if state.answers.len() > 1 { state.answers.pop_front().unwrap() } else { state.answers[0].clone() }
        };
        thread::sleep(answers.after);
        let whole = format!("HTTP/1.1 {}\r\nContent-Length: 0\r\n\r\n", answers.head);
        stream.write_all(whole.repeat(answers.times).as_bytes())?;
    }
}
