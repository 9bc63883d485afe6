//! The settings: read from the environment once, all mistakes told together. Opens no file and reads no secret.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use valinta_persistence::DatabaseUrl;

use crate::openid::Provider;
use crate::storage::{FilesAt, S3Settings};
use crate::telemetry::LogFormat;
use crate::webhooks::WebhookNetworks;

/// The variables that are settings, by name.
pub type Environment = BTreeMap<String, String>;

/// All variables that are settings, with what they mean.
pub const SETTINGS: [(&str, &str); 16] = [
    (DATABASE_URL, "sqlite://path/to/file.db or postgres://user:password@host:5432/name; sqlite://valinta.db if unset"),
    (LISTEN, "address and port to listen on, 127.0.0.1:8080 if unset; port 0 picks a free one"),
    (LOG, "what to log, such as info or warn,valinta_service=debug; info if unset"),
    (LOG_FORMAT, "text or json; text if unset"),
    (KEYS, "path of the keys file, made by `valinta keys new PATH`"),
    (ISSUER, "who issues the tokens: the URL in their claim iss"),
    (AUDIENCE, "whom the tokens are for: the name in their claim aud"),
    (TRUSTED_JWKS, "path of a JWK set with further keys that sign tokens of the same issuer; none if unset"),
    (
        OPENID_ISSUERS,
        "OpenID providers whose access tokens are trusted, by their issuers, with commas between; none if unset",
    ),
    (
        FILES,
        "where files are kept: a folder, or s3://bucket/prefix; beside the SQLite file if unset, nowhere on PostgreSQL",
    ),
    (S3_ENDPOINT, "address of the S3 store, such as https://s3.example; needed where VALINTA_FILES begins with s3://"),
    (S3_REGION, "region of the S3 store; us-east-1 if unset"),
    (S3_ACCESS_KEY, "id of the key to the S3 store; needed where VALINTA_FILES begins with s3://"),
    (S3_SECRET_KEY, "secret of the key to the S3 store; needed where VALINTA_FILES begins with s3://"),
    (OUTGOING, "path of the folder from which others take invoices and payments; if unset, these wait"),
    (
        WEBHOOK_NETWORKS,
        "networks where webhooks of organisers are called though they are not public, also by http, with commas between, \
         such as 10.20.0.0/16; if unset, none, and this machine in the demo",
    ),
];

const DATABASE_URL: &str = "DATABASE_URL";
const LISTEN: &str = "VALINTA_LISTEN";
const LOG: &str = "VALINTA_LOG";
const LOG_FORMAT: &str = "VALINTA_LOG_FORMAT";
const KEYS: &str = "VALINTA_KEYS";
const ISSUER: &str = "VALINTA_ISSUER";
const AUDIENCE: &str = "VALINTA_AUDIENCE";
const TRUSTED_JWKS: &str = "VALINTA_TRUSTED_JWKS";
const OPENID_ISSUERS: &str = "VALINTA_OPENID_ISSUERS";
const FILES: &str = "VALINTA_FILES";
const S3_ENDPOINT: &str = "VALINTA_S3_ENDPOINT";
const S3_REGION: &str = "VALINTA_S3_REGION";
const S3_ACCESS_KEY: &str = "VALINTA_S3_ACCESS_KEY";
const S3_SECRET_KEY: &str = "VALINTA_S3_SECRET_KEY";
const OUTGOING: &str = "VALINTA_OUTGOING";
const WEBHOOK_NETWORKS: &str = "VALINTA_WEBHOOK_NETWORKS";

const S3_SCHEME: &str = "s3://";
const S3_REGION_DEFAULT: &str = "us-east-1";

/// Where the demo is found if nobody says where it listens, so that what it says of its token endpoint is right.
const DEMO_ISSUER: &str = "http://127.0.0.1:8080";
/// This machine.
const DEMO_WEBHOOK_NETWORKS: &str = "127.0.0.0/8,::1/128";
const DEMO_AUDIENCE: &str = "valinta";
const NAME_CHARS_MAX: usize = 200;

/// Whether the demo county was asked for on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DemoWish {
    /// Nothing was said: the demo on SQLite, none on PostgreSQL.
    #[default]
    Unsaid,
    /// `--demo`.
    Yes,
    /// `--empty`.
    No,
}

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysAt {
    /// In a file that must exist.
    File(PathBuf),
    /// In a file of the demo, made if it does not exist.
    DemoFile(PathBuf),
}

/// What is logged where nothing is said: the web framework's own start-up chatter is not.
const LOG_DEFAULT: &str = "info,actix_server=warn";

/// The service's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the data is kept.
    pub database: DatabaseUrl,
    /// Where to listen.
    pub listen: SocketAddr,
    /// How to log.
    pub log: LogConfig,
    /// Where the keys are.
    pub keys: KeysAt,
    /// Who issues the tokens.
    pub issuer: String,
    /// Whom the tokens are for.
    pub audience: String,
    /// Further keys of the same issuer.
    pub trusted_jwks: Option<PathBuf>,
    /// The issuers of the OpenID providers that are trusted.
    pub openid_issuers: Vec<String>,
    /// Where files are kept, if they are: without a place none can be handed in.
    pub files: Option<FilesAt>,
    /// The folder for what leaves the house, if there is one: without it that waits.
    pub outgoing: Option<PathBuf>,
    /// The networks where webhooks are called though they are not public.
    pub webhook_networks: WebhookNetworks,
    /// Whether an empty database gets the demo county.
    pub demo: bool,
}

/// How to log.
#[derive(Debug, Clone, Default)]
pub struct LogConfig {
    /// A filter that `EnvFilter` takes.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
}

impl LogConfig {
    /// The filter, made for the log.
    pub fn env_filter(&self) -> EnvFilter {
        // INVARIANT: the filter was tried when the settings were read; the default holds in the place of any other.
        EnvFilter::try_new(&self.filter).unwrap_or_else(|_| EnvFilter::new(LOG_DEFAULT))
    }
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// One sentence each.
    pub mistakes: Vec<String>,
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings are not right:")?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl Config {
    /// Reads the settings of a service.
    ///
    /// # Errors
    /// All mistakes in them.
    pub fn from_env(env: &Environment, wish: DemoWish) -> Result<Self, ConfigError> {
        let mut read = Reader::new(env);
        let database = read.database();
        // Whether there is a demo decides what must be set; of an unreadable database nothing follows.
        let demo = match (wish, &database) {
            (DemoWish::Yes, _) | (DemoWish::Unsaid, Some(DatabaseUrl::Sqlite(_)) | None) => true,
            (DemoWish::No, _) | (DemoWish::Unsaid, Some(DatabaseUrl::Postgres(_))) => false,
        };
        let listen = read.listen();
        let log = read.log();
        let keys = match (read.text(KEYS), &database) {
            (Some(path), _) => Some(KeysAt::File(PathBuf::from(path))),
            (None, Some(DatabaseUrl::Sqlite(file))) if demo => Some(KeysAt::DemoFile(beside(file))),
            (None, None) if demo => None,
            (None, _) => read.missing(KEYS),
        };
        let issuer = read.issuer(demo);
        let audience = read.audience(demo);
        let trusted_jwks = read.text(TRUSTED_JWKS).map(PathBuf::from);
        let openid_issuers = read.openid_issuers(issuer.as_deref());
        let files = read.files(database.as_ref());
        let outgoing = read.outgoing();
        let webhook_networks = read.webhook_networks(demo);
        let config = (|| {
            Some(Self {
                database: database?,
                listen: listen?,
                log: log?,
                keys: keys?,
                issuer: issuer?,
                audience: audience?,
                trusted_jwks,
                openid_issuers: openid_issuers?,
                files: files?,
                outgoing: outgoing?,
                webhook_networks: webhook_networks?,
                demo,
            })
        })();
        read.finish(config)
    }

    /// Reads what a command on the database alone needs.
    ///
    /// # Errors
    /// All mistakes in it.
    pub fn database_from_env(env: &Environment) -> Result<(DatabaseUrl, LogConfig), ConfigError> {
        let mut read = Reader::new(env);
        let settings = read.database().zip(read.log());
        read.finish(settings)
    }

    /// Reads where the service listens.
    ///
    /// # Errors
    /// It is no address.
    pub fn listen_from_env(env: &Environment) -> Result<SocketAddr, ConfigError> {
        let mut read = Reader::new(env);
        let listen = read.listen();
        read.finish(listen)
    }
}

/// The process's variables that are settings, or look as if they were meant to be.
pub fn environment() -> Environment {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name == DATABASE_URL || name.starts_with("VALINTA_"))
        .collect()
}

/// `valinta.db` keeps its demo's keys in `valinta.keys.json`.
fn beside(database: &Path) -> PathBuf {
    database.with_extension("keys.json")
}

/// `valinta.db` keeps its files in `valinta-files`.
fn files_beside(database: &Path) -> PathBuf {
    let name = database.file_stem().map_or_else(|| "valinta".to_owned(), |name| name.to_string_lossy().into_owned());
    database.with_file_name(format!("{name}-files"))
}

struct Reader<'a> {
    env: &'a Environment,
    mistakes: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(env: &'a Environment) -> Self {
        let is_setting = |name: &str| SETTINGS.iter().any(|(setting, _)| *setting == name);
        let known = SETTINGS.map(|(name, _)| name).join(", ");
        let unknown = env.keys().filter(|name| name.starts_with("VALINTA_") && !is_setting(name));
        let mistakes = unknown.map(|name| format!("{name} is not a setting; the settings are {known}")).collect();
        Self { env, mistakes }
    }

    /// A variable's value. One that is set to nothing is not set.
    fn text(&self, name: &str) -> Option<&'a str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    fn missing<T>(&mut self, name: &str) -> Option<T> {
        let meaning = SETTINGS.iter().find(|(setting, _)| *setting == name).map_or("", |(_, meaning)| meaning);
        self.mistakes.push(format!("{name} must be set: {meaning}"));
        None
    }

    fn parsed<T: FromStr>(&mut self, name: &str, default: &str) -> Option<T>
    where
        T::Err: Display,
    {
        match self.text(name).unwrap_or(default).parse() {
            Ok(value) => Some(value),
            Err(error) => {
                // The value is not repeated: it may hold a password.
                self.mistakes.push(format!("{name}: {error}"));
                None
            }
        }
    }

    fn database(&mut self) -> Option<DatabaseUrl> {
        self.parsed(DATABASE_URL, "sqlite://valinta.db")
    }

    fn listen(&mut self) -> Option<SocketAddr> {
        self.parsed(LISTEN, "127.0.0.1:8080")
    }

    fn log(&mut self) -> Option<LogConfig> {
        let filter = self.text(LOG).unwrap_or(LOG_DEFAULT).to_owned();
        let is_filter = match EnvFilter::try_new(&filter) {
            Ok(_) => true,
            Err(error) => {
                self.mistakes.push(format!("{LOG}: {error}"));
                false
            }
        };
        let format = match self.text(LOG_FORMAT) {
            None | Some("text") => Some(LogFormat::Text),
            Some("json") => Some(LogFormat::Json),
            Some(_) => {
                self.mistakes.push(format!("{LOG_FORMAT} is text or json"));
                None
            }
        };
        format.filter(|_| is_filter).map(|format| LogConfig { filter, format })
    }

    fn issuer(&mut self, demo: bool) -> Option<String> {
        let issuer = self.name(ISSUER, demo.then_some(DEMO_ISSUER))?;
        if issuer.starts_with("https://") || issuer.starts_with("http://") {
            return Some(issuer);
        }
        self.mistakes.push(format!("{ISSUER} begins with https:// or http://"));
        None
    }

    /// The providers that are trusted besides the service itself.
    fn openid_issuers(&mut self, own: Option<&str>) -> Option<Vec<String>> {
        let stated = self.text(OPENID_ISSUERS).unwrap_or_default();
        let issuers: Vec<String> = stated.split(',').map(|issuer| issuer.trim().to_owned()).collect();
        if stated.is_empty() {
            return Some(Vec::new());
        }
        let before = self.mistakes.len();
        for (place, issuer) in issuers.iter().enumerate() {
            if let Err(error) = Provider::new(issuer) {
                self.mistakes.push(format!("{OPENID_ISSUERS}: {error}"));
            }
            if issuers.iter().take(place).any(|earlier| earlier == issuer) {
                self.mistakes.push(format!("{OPENID_ISSUERS} names {issuer} twice"));
            }
            if own == Some(issuer.as_str()) {
                self.mistakes.push(format!("{OPENID_ISSUERS} names {ISSUER}, which issues the service's own tokens"));
            }
        }
        (self.mistakes.len() == before).then_some(issuers)
    }

    fn audience(&mut self, demo: bool) -> Option<String> {
        self.name(AUDIENCE, demo.then_some(DEMO_AUDIENCE))
    }

    /// Where files are kept; `None` where that is not right, `Some(None)` where nothing is said and nothing follows.
    fn files(&mut self, database: Option<&DatabaseUrl>) -> Option<Option<FilesAt>> {
        let stated = self.text(FILES);
        if let Some(place) = stated.and_then(|text| text.strip_prefix(S3_SCHEME)) {
            return self.s3(place).map(|settings| Some(FilesAt::S3(settings)));
        }
        let unused: Vec<&str> = [S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY, S3_SECRET_KEY]
            .into_iter()
            .filter(|name| self.text(name).is_some())
            .collect();
        for name in &unused {
            self.mistakes.push(format!("{name} is of use only where {FILES} begins with {S3_SCHEME}"));
        }
        if stated.is_some_and(|text| text.contains("://")) {
            self.mistakes.push(format!("{FILES} is the path of a folder, or s3://bucket/prefix"));
            return None;
        }
        let folder = match (stated, database) {
            (Some(path), _) => Some(PathBuf::from(path)),
            (None, Some(DatabaseUrl::Sqlite(file))) => Some(files_beside(file)),
            (None, Some(DatabaseUrl::Postgres(_)) | None) => None,
        };
        unused.is_empty().then_some(folder.map(FilesAt::Folder))
    }

    /// The folder for what leaves the house; `None` where what is said is none, `Some(None)` where nothing is said.
    fn outgoing(&mut self) -> Option<Option<PathBuf>> {
        let stated = self.text(OUTGOING);
        if stated.is_some_and(|text| text.contains("://")) {
            self.mistakes.push(format!("{OUTGOING} is the path of a folder"));
            return None;
        }
        Some(stated.map(PathBuf::from))
    }

    /// The networks where webhooks are called though they are not public: those that are named for organisers, and in a trial
    /// this machine for everyone.
    fn webhook_networks(&mut self, demo: bool) -> Option<WebhookNetworks> {
        let of_machine = demo.then_some(DEMO_WEBHOOK_NETWORKS);
        Some(WebhookNetworks {
            of_organisers: self.networks(self.text(WEBHOOK_NETWORKS).or(of_machine))?,
            of_providers: self.networks(of_machine)?,
        })
    }

    fn networks(&mut self, stated: Option<&str>) -> Option<Vec<IpNet>> {
        let networks: Result<Vec<IpNet>, _> =
            stated.into_iter().flat_map(|all| all.split(',')).map(|network| network.trim().parse()).collect();
        let what = || format!("{WEBHOOK_NETWORKS} names networks, such as 10.20.0.0/16, with commas between");
        networks.map_err(|_| self.mistakes.push(what())).ok()
    }

    fn s3(&mut self, place: &str) -> Option<S3Settings> {
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let bucket = self.s3_names(bucket, prefix);
        let region = self.name(S3_REGION, Some(S3_REGION_DEFAULT));
        let endpoint = self.name(S3_ENDPOINT, None).and_then(|endpoint| {
            if endpoint.starts_with("https://") || endpoint.starts_with("http://") {
                return Some(endpoint);
            }
            self.mistakes.push(format!("{S3_ENDPOINT} begins with https:// or http://"));
            None
        });
        let access_key = self.name(S3_ACCESS_KEY, None);
        let secret_key = self.name(S3_SECRET_KEY, None);
        let (bucket, prefix) = bucket?;
        Some(S3Settings {
            endpoint: endpoint?,
            region: region?,
            bucket,
            prefix,
            access_key: access_key?,
            secret_key: secret_key?,
        })
    }

    fn s3_names(&mut self, bucket: &str, prefix: &str) -> Option<(String, String)> {
        let prefix = prefix.trim_end_matches('/');
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let is_bucket = (3..=63).contains(&bucket.len()) && plain(bucket);
        let is_prefix = prefix.is_empty()
            || prefix.len() <= NAME_CHARS_MAX
                && prefix.split('/').all(|part| plain(part) && !part.chars().all(|c| c == '.'));
        if is_bucket && is_prefix {
            return Some((bucket.to_owned(), prefix.to_owned()));
        }
        self.mistakes.push(format!(
            "{FILES}: after s3:// come the name of a bucket and perhaps a prefix, of letters, digits, dots, hyphens and \
             underscores"
        ));
        None
    }

    fn name(&mut self, name: &str, default: Option<&str>) -> Option<String> {
        let Some(value) = self.text(name).or(default) else { return self.missing(name) };
        if value.chars().count() > NAME_CHARS_MAX || value.contains(char::is_whitespace) {
            self.mistakes.push(format!("{name} has at most {NAME_CHARS_MAX} characters and no spaces"));
            return None;
        }
        Some(value.to_owned())
    }

    fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.mistakes.is_empty() => Ok(value),
            _ => Err(ConfigError { mistakes: self.mistakes }),
        }
    }
}

#[cfg(test)]
mod tests;
