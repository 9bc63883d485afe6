//! A closed loop of requests: so many connections, each of which asks again as soon as it is answered. All of it on one
//! thread, so that the generator leaves the server what it can.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};

use crate::Outcome;

/// The longest wait for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// Headers that an answer may have.
const HEADERS_MAX: usize = 40;

/// Requests as they are sent, whole: connections go through them in turn.
#[derive(Clone)]
pub struct Requests {
    address: SocketAddr,
    whole: Whole,
}

#[derive(Clone)]
enum Whole {
    /// So many, over and over.
    These(Rc<Vec<Vec<u8>>>),
    /// Each made when its turn comes, and never sent twice.
    Made(Rc<dyn Fn() -> Vec<u8>>),
}

/// A command: a path, a token, an idempotency key and a body.
pub type Command = (String, String, String, String);

impl Requests {
    /// Reads, of a server, each with its token if it needs one.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn get(url: &str, paths: &[(String, Option<String>)]) -> Outcome<Self> {
        let host = url.trim_start_matches("http://");
        let whole = |(path, token): &(String, Option<String>)| {
            let authorization = token.as_ref().map_or_else(String::new, |t| format!("authorization: Bearer {t}\r\n"));
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{authorization}\r\n").into_bytes()
        };
        Ok(Self { address: host.parse()?, whole: Whole::These(Rc::new(paths.iter().map(whole).collect())) })
    }
}

impl Requests {
    /// Commands to a server, each made when its turn comes.
    ///
    /// # Errors
    /// The server's address is none.
    pub fn post(url: &str, make: impl Fn() -> Command + 'static) -> Outcome<Self> {
        let host = url.trim_start_matches("http://").to_owned();
        let address = host.parse()?;
        let whole = move || {
            let (path, token, key, body) = make();
            let length = body.len();
            format!(
                "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\n\
                 content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
            )
            .into_bytes()
        };
        Ok(Self { address, whole: Whole::Made(Rc::new(whole)) })
    }

    /// The request of a number.
    fn of(&self, number: usize) -> Option<Cow<'_, [u8]>> {
        match &self.whole {
            Whole::These(these) => these.get(number.checked_rem(these.len())?).map(|whole| Cow::Borrowed(&whole[..])),
            Whole::Made(make) => Some(Cow::Owned(make())),
        }
    }
}

/// What a round came to.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Answers per second.
    pub per_second: f64,
    /// What half of them took at most.
    pub p50: Duration,
    /// What 95 of 100 took at most.
    pub p95: Duration,
    /// What 99 of 100 took at most.
    pub p99: Duration,
    /// What the slowest took.
    pub most: Duration,
}

impl Round {
    /// Of how long each took, within a time.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    #[expect(clippy::float_arithmetic, reason = "a rate for people to look at")]
    pub fn of(mut took: Vec<Duration>, within: Duration) -> Outcome<Self> {
        took.sort_unstable();
        let last = took.len().saturating_sub(1);
        let at =
            |percent: usize| took.get((took.len() * percent / 100).min(last)).copied().ok_or("nothing was answered");
        let answered = f64::from(u32::try_from(took.len())?);
        let per_second = answered / within.as_secs_f64();
        Ok(Self { per_second, p50: at(50)?, p95: at(95)?, p99: at(99)?, most: at(100)? })
    }

    /// The median of each figure, and the most of all.
    ///
    /// # Errors
    /// What went wrong on the way, in words.
    pub fn median(rounds: &[Self]) -> Outcome<Self> {
        let most = rounds.iter().map(|round| round.most).max().ok_or("no rounds")?;
        let of = |figure: fn(&Self) -> Duration| {
            let mut figures: Vec<_> = rounds.iter().map(figure).collect();
            figures.sort_unstable();
            figures.get(figures.len() / 2).copied().unwrap_or_default()
        };
        let mut rates: Vec<_> = rounds.iter().map(|round| round.per_second).collect();
        rates.sort_unstable_by(f64::total_cmp);
        let per_second = rates.get(rates.len() / 2).copied().unwrap_or_default();
        Ok(Self { per_second, p50: of(|r| r.p50), p95: of(|r| r.p95), p99: of(|r| r.p99), most })
    }
}

/// Asks for a while over so many connections. Every answer must tell of success.
///
/// # Errors
/// What went wrong on the way, in words.
pub fn run(requests: &Requests, connections: usize, lasting: Duration) -> Outcome<Round> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let began = Instant::now();
    let until = began + lasting;
    let took = LocalSet::new().block_on(&runtime, async {
        let asking: Vec<_> =
            (0..connections).map(|n| spawn_local(ask(requests.clone(), n, connections, until))).collect();
        let mut took = Vec::new();
        for one in asking {
            took.extend(one.await.map_err(|e| e.to_string())??);
        }
        Ok::<_, String>(took)
    })?;
    Round::of(took, began.elapsed())
}

/// One connection's requests, and how long each took.
async fn ask(requests: Requests, first: usize, step: usize, until: Instant) -> Result<Vec<Duration>, String> {
    let mut connection = Connection::open(requests.address).await?;
    let (mut took, mut next) = (Vec::with_capacity(1 << 16), first);
    while Instant::now() < until {
        let request = requests.of(next).ok_or("no requests")?;
        let asked = Instant::now();
        let status =
            tokio::time::timeout(ANSWER_MAX, connection.exchange(&request)).await.map_err(|e| e.to_string())??;
        took.push(asked.elapsed());
        if !(200..300).contains(&status) {
            let request = String::from_utf8_lossy(&request);
            let line = request.lines().next().unwrap_or_default();
            return Err(format!("{status} to {line}: {}", String::from_utf8_lossy(&connection.read)));
        }
        next += step;
    }
    Ok(took)
}

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        Ok(Self { stream, read: Vec::with_capacity(1 << 17) })
    }

    /// Sends a request and reads the answer whole. Its status.
    async fn exchange(&mut self, request: &[u8]) -> Result<u16, String> {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.stream.writable().await.map_err(|e| e.to_string())?
                }
                Err(e) => return Err(e.to_string()),
            }
        }
        self.read.clear();
        let mut expected = None;
        loop {
            match self.stream.try_read_buf(&mut self.read) {
                Ok(0) => return Err("the connection was closed".to_owned()),
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.stream.readable().await.map_err(|e| e.to_string())?;
                    continue;
                }
                Err(e) => return Err(e.to_string()),
            }
            if expected.is_none() {
                expected = head_of(&self.read)?;
            }
            if let Some((status, whole)) = expected
                && self.read.len() >= whole
            {
                return Ok(status);
            }
        }
    }
}

/// The status of an answer, and its length with its head; once the head is there.
fn head_of(read: &[u8]) -> Result<Option<(u16, usize)>, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = answer.parse(read).map_err(|e| e.to_string())? else { return Ok(None) };
    let length = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok());
    let (Some(status), Some(length)) = (answer.code, length) else {
        return Err("an answer does not tell its length".to_owned());
    };
    Ok(Some((status, head + length)))
}
