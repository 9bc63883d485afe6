//! A provider on this machine that says of itself what a test wants, and counts how often it is asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// The longest that it waits for a request.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// What it answers.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) status: &'static str,
    pub(super) description: Value,
    pub(super) keys: Value,
}

#[derive(Debug)]
struct State {
    said: Said,
    asked_for_keys: usize,
    ends: bool,
}

/// The provider. It ends with this.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) issuer: String,
    at: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Published {
    /// One that publishes these keys.
    pub(super) fn of(keys: Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let issuer = format!("http://{at}");
        let description = json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")});
        let said = Said { status: "200 OK", description, keys };
        let state = Arc::new(Mutex::new(State { said, asked_for_keys: 0, ends: false }));
        let answering = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if answering.lock().unwrap().ends {
                    return;
                }
                let _ = stream.and_then(|stream| answer(stream, &answering));
            }
        });
        Self { issuer, at, state }
    }

    /// Lets it answer otherwise from now on.
    pub(super) fn says(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.state.lock().unwrap().said);
    }

    /// How often its keys were asked for.
    pub(super) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked_for_keys
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        self.state.lock().unwrap().ends = true;
        let _ = TcpStream::connect(self.at);
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(WAIT_MAX))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let asked = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let (status, body) = {
        let mut state = state.lock().unwrap();
        let for_keys = asked.starts_with("GET /keys ");
        state.asked_for_keys += usize::from(for_keys);
        let said = &state.said;
        (said.status, if for_keys { said.keys.to_string() } else { said.description.to_string() })
    };
    // Where a redirect leads is where nobody is to follow.
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}
