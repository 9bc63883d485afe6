//! A call: signed, to an address that was looked up and checked for it, without following anything that it points to.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use ipnet::IpNet;
use sha2::Sha256;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};
use valinta_domain::Moment;
use valinta_domain::webhook::CallOutcome;
use valinta_persistence::machine_clients::ActsFor;

use super::address::{AddressError, may_call};

/// The longest that a call may take.
pub(super) const CALL_MAX: Duration = Duration::from_secs(10);
/// The longest that it may take to be connected.
const CONNECT_MAX: Duration = Duration::from_secs(5);
const NOT_CONNECTED: &str = "no connection came about";

/// The networks that are called though they are not public, also by plain http. Those of the installation are its organisers'
/// own: a provider that had them called would learn from the answers what there is in them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookNetworks {
    /// For webhooks of organisers.
    pub of_organisers: Vec<IpNet>,
    /// For webhooks of providers.
    pub of_providers: Vec<IpNet>,
}

/// Calls webhooks.
#[derive(Debug)]
pub struct WebhookCaller {
    networks: WebhookNetworks,
    for_organisers: Agent,
    for_providers: Agent,
}

/// What is told in a call.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// Whose webhook it is.
    pub(super) owner: ActsFor,
    pub(super) url: &'a str,
    /// Its id: the same when it is told again.
    pub(super) id: String,
    pub(super) body: &'a str,
    /// With each of these it is signed.
    pub(super) secrets: &'a [Vec<u8>],
    pub(super) at: Moment,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Called {
    pub(super) outcome: CallOutcome,
    pub(super) status: Option<u16>,
    pub(super) said: Option<String>,
    pub(super) took: Duration,
}

impl WebhookCaller {
    /// Calls the public network, and these besides.
    pub fn new(networks: WebhookNetworks) -> Self {
        Self { for_organisers: agent(&networks.of_organisers), for_providers: agent(&networks.of_providers), networks }
    }

    /// The networks that are called for an owner though they are not public.
    pub(super) fn networks_of(&self, owner: ActsFor) -> &[IpNet] {
        match owner {
            ActsFor::Organiser(_) => &self.networks.of_organisers,
            ActsFor::Provider(_) => &self.networks.of_providers,
        }
    }

    /// Calls, and says what came of it. What the receiver writes is not read.
    pub(super) fn call(&self, told: &Told<'_>) -> Called {
        let began = Instant::now();
        let timestamp = told.at.utc().timestamp().to_string();
        let agent = match told.owner {
            ActsFor::Organiser(_) => &self.for_organisers,
            ActsFor::Provider(_) => &self.for_providers,
        };
        let answered = agent
            .post(told.url)
            .header("content-type", "application/json")
            .header("webhook-id", &told.id)
            .header("webhook-timestamp", &timestamp)
            .header("webhook-signature", signatures(told, &timestamp))
            .send(told.body);
        let took = began.elapsed();
        match answered {
            Ok(answer) => {
                let status = answer.status().as_u16();
                Called { outcome: CallOutcome::of_status(status), status: Some(status), said: said_of(status), took }
            }
            Err(error) => Called { outcome: CallOutcome::Failed, status: None, said: Some(why(error)), took },
        }
    }
}

fn agent(networks: &[IpNet]) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .timeout_connect(Some(CONNECT_MAX))
        .timeout_global(Some(CALL_MAX))
        .user_agent(concat!("valinta/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Checked { networks: networks.to_vec() })
}

fn said_of(status: u16) -> Option<String> {
    (300..400).contains(&status).then(|| "redirects are not followed".to_owned())
}

/// What is said of a call without an answer. It names no address.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add kinds; what is left is of what was answered")]
fn why(error: Error) -> String {
    match error {
        Error::Timeout(_) => "it took too long".to_owned(),
        Error::HostNotFound => "there is no such host".to_owned(),
        Error::ConnectionFailed => NOT_CONNECTED.to_owned(),
        Error::Io(error) if is_before_connected(error.kind()) => NOT_CONNECTED.to_owned(),
        Error::TooManyRedirects => "redirects are not followed".to_owned(),
        Error::Rustls(error) => format!("TLS: {error}"),
        Error::Io(error) => format!("the connection broke off: {}", error.kind()),
        Error::Other(error) => match error.downcast::<AddressError>() {
            Ok(refused) => format!("the address {refused}"),
            Err(_) => "the call came to nothing".to_owned(),
        },
        _ => "what was answered is not HTTP".to_owned(),
    }
}

fn is_before_connected(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable)
}

/// The signatures of `webhook-signature`, one for each secret that is good.
fn signatures(told: &Told<'_>, timestamp: &str) -> String {
    let signed = |secret: &Vec<u8>| {
        // INVARIANT: a key of any length will do.
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(format!("{}.{timestamp}.{}", told.id, told.body).as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    told.secrets.iter().filter_map(signed).collect::<Vec<_>>().join(" ")
}

/// Looks a name up and refuses what may not be called. What is connected to is what was looked up here.
#[derive(Debug)]
struct Checked {
    networks: Vec<IpNet>,
}

impl Resolver for Checked {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        for address in found.iter() {
            may_call(uri, address.ip(), &self.networks).map_err(|refused| Error::Other(Box::new(refused)))?;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use valinta_domain::Id;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the standard's own libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let told = Told {
            owner: ActsFor::Provider(Id::new(Uuid::nil())),
            url: "https://county.example/hear",
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(),
            body: r#"{"test": 2432232314}"#,
            secrets: &[secret.clone(), secret],
            at: Moment::from_micros(1_614_265_330_000_000).unwrap(),
        };
        let one = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signatures(&told, "1614265330"), format!("{one} {one}"));
    }

    #[test]
    fn what_is_not_public_is_not_even_connected_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (organiser, provider) = (ActsFor::Organiser(Id::new(Uuid::nil())), ActsFor::Provider(Id::new(Uuid::nil())));
        let of_organisers: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let nowhere = WebhookCaller::new(WebhookNetworks::default());
        let own = WebhookCaller::new(WebhookNetworks { of_organisers, of_providers: Vec::new() });
        for url in [
            format!("https://127.0.0.1:{port}/"),
            format!("https://localhost:{port}/"),
            format!("http://localhost:{port}/"),
        ] {
            for (caller, owner) in [(&nowhere, organiser), (&nowhere, provider), (&own, provider)] {
                let at = Moment::from_micros(0).unwrap();
                let called = caller.call(&Told { owner, url: &url, id: "1".to_owned(), body: "{}", secrets: &[], at });
                assert_eq!((called.outcome, called.status), (CallOutcome::Failed, None));
                assert!(called.said.unwrap().starts_with("the address"), "{url}");
            }
        }
        assert!(listener.accept().is_err(), "nobody came");
    }
}
