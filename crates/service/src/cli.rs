//! The command line: what `valinta` can be told to do, and how each of it begins and ends.

mod demo;
mod keys;
mod token;
mod verify;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use clap::{Args, Parser, Subcommand};
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use valinta_persistence::{DatabaseUrl, Db, OpenError};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, DemoWish, KeysAt, environment};
use crate::console::{complain, say};
use crate::deadlines;
use crate::demo as demo_county;
use crate::http::openapi;
use crate::http::server::server_on;
use crate::keys::{Keys, KeysError};
use crate::openid::Provider;
use crate::sending::OutgoingFolder;
use crate::telemetry;
use crate::tokens::{Tokens, TrustedKeysError};
use crate::webhooks::WebhookCaller;

/// Service vouchers and the client's choice of provider.
#[derive(Debug, Parser)]
#[command(name = "valinta", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API; what happens when nothing is said.
    Serve(ServeArgs),
    /// Walks a resident's journey over HTTP and tells it as a story.
    Demo {
        /// A running service with the demo county; without it, one is started on a throw-away database.
        #[arg(long)]
        url: Option<String>,
    },
    /// Prints a fresh token: for the demo county, or for an organiser or subject that is named.
    Token {
        /// resident, provider, case-worker, officer, finance, auditor or operator.
        role: String,
        /// The organiser's code, for county staff.
        #[arg(long)]
        organiser: Option<String>,
        /// Whom the token names.
        #[arg(long)]
        subject: Option<String>,
    },
    /// Makes keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Brings the database's tables up to date.
    Migrate,
    /// Prints the OpenAPI document.
    Openapi,
    /// Asks the service that listens at VALINTA_LISTEN whether it can answer.
    Health,
    /// Checks the data: the chain of the audit trail and the balances of the ledgers.
    Verify,
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Starts without the demo county; keys, issuer and audience must be set.
    #[arg(long, conflicts_with = "demo")]
    empty: bool,
    /// Loads the demo county into an empty database, also on PostgreSQL.
    #[arg(long)]
    demo: bool,
}

impl ServeArgs {
    fn wish(&self) -> DemoWish {
        match (self.empty, self.demo) {
            (true, _) => DemoWish::No,
            (false, true) => DemoWish::Yes,
            (false, false) => DemoWish::Unsaid,
        }
    }
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Writes new random keys to a file that does not exist yet.
    New {
        /// The file.
        path: PathBuf,
    },
    /// Lets another key sign tokens: from ten minutes from now on, when every process that runs has read it.
    Rotate {
        /// The file.
        path: PathBuf,
    },
}

/// Why a command did not do what it was told.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error("{database} exists, but not its keys {keys}; put them back, or remove the database to begin anew")]
    KeysGone { database: PathBuf, keys: PathBuf },
    #[error("{path}: {source}")]
    TrustedKeys { path: PathBuf, source: TrustedKeysError },
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error("cannot serve at {listen}: {source} (VALINTA_LISTEN=127.0.0.1:0 picks a free port)")]
    Listen { listen: SocketAddr, source: io::Error },
    #[error("the server failed: {0}")]
    Server(io::Error),
    #[error("{0}")]
    Refused(String),
}

/// Does what the command line says. The process ends with what comes back: 0 only if it was done.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match execute(cli.command.unwrap_or(Command::Serve(cli.serve))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(format_args!("valinta: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<(), CliError> {
    match command {
        Command::Serve(args) => serve(&args),
        Command::Demo { url } => demo::demo(url.as_deref()),
        Command::Token { role, organiser, subject } => print_token(&role, organiser.as_deref(), subject),
        Command::Verify => verify(),
        Command::Keys(KeysCommand::New { path }) => keys::new(&path),
        Command::Keys(KeysCommand::Rotate { path }) => keys::rotate(&path),
        Command::Migrate => migrate(),
        Command::Openapi => print_openapi(),
        Command::Health => ask_health(),
    }
}

fn print_token(role: &str, organiser: Option<&str>, subject: Option<String>) -> Result<(), CliError> {
    // The demo's issuer and audience hold where no others are set.
    let config = Config::from_env(&environment(), DemoWish::Yes)?;
    let app = open_as_it_is(&config)?;
    token::print(&app, role, organiser, subject)
}

fn verify() -> Result<(), CliError> {
    let (database, _) = Config::database_from_env(&environment())?;
    verify::verify(&open_database_as_it_is(&database)?)
}

fn serve(args: &ServeArgs) -> Result<(), CliError> {
    let config = Config::from_env(&environment(), args.wish())?;
    telemetry::start(config.log.env_filter(), config.log.format);
    telemetry::log_panics();
    // Before anything is made: an address that is taken should leave nothing behind.
    let listen = config.listen;
    let listener = TcpListener::bind(listen).map_err(|source| CliError::Listen { listen, source })?;
    let app = open(&config)?;
    if config.demo {
        must_be_migrated(app.db())?;
        welcome(&app)?;
    } else if app.is_open() {
        demo_county::never_load(&app).map_err(|error| CliError::Refused(error.to_string()))?;
    }
    if let Err(error) = app.refresh_blocking() {
        tracing::warn!(%error, "the choices could not be loaded; the service goes on trying");
    }
    let (KeysAt::File(keys) | KeysAt::DemoFile(keys)) = config.keys;
    serve_until_stopped(app, listener, config.listen, keys)
}

/// Loads the demo county where there is nothing yet, and says where to go.
fn welcome(app: &App) -> Result<(), CliError> {
    if demo_county::load_if_empty(app).map_err(|error| CliError::Refused(error.to_string()))? {
        say("the demo county has been loaded: everyone and everything in it is fictional");
    }
    if !demo_county::is_here(app).map_err(|error| CliError::Refused(error.to_string()))? {
        say("this database is in use without the demo county, which is not loaded");
        return Ok(());
    }
    say("a token for each role, for twelve hours (`valinta token ROLE` prints a fresh one):");
    for (role, token) in token::demo_tokens(app)? {
        say(format_args!("\n{}\n{token}", role.code()));
    }
    say("");
    Ok(())
}

/// Opens what is there already, and changes nothing.
fn open_as_it_is(config: &Config) -> Result<App, CliError> {
    let db = open_database_as_it_is(&config.database)?;
    let keys = read_keys(config)?;
    let tokens = tokens(config, &keys)?;
    App::new(db, tokens, Clock::system(), &keys).map_err(CliError::Refused)
}

fn open_database_as_it_is(url: &DatabaseUrl) -> Result<Db, CliError> {
    if let DatabaseUrl::Sqlite(file) = url
        && !file.exists()
    {
        return Err(CliError::Refused(format!("there is no database {}: start `valinta` first", file.display())));
    }
    let db = Db::open(url)?;
    must_be_migrated(&db)?;
    Ok(db)
}

fn must_be_migrated(db: &Db) -> Result<(), CliError> {
    if db.pending_migrations()?.is_empty() {
        Ok(())
    } else {
        Err(CliError::Refused("the database waits for `valinta migrate`".to_owned()))
    }
}

/// Opens everything that the settings name. A SQLite file is brought up to date; a PostgreSQL is not touched.
pub(crate) fn open(config: &Config) -> Result<App, CliError> {
    let keys = read_keys(config)?;
    let tokens = tokens(config, &keys)?;
    let db = Db::open(&config.database)?;
    if !db.is_postgres() {
        db.migrate()?;
    } else if !db.pending_migrations()?.is_empty() {
        tracing::warn!("the database waits for `valinta migrate`; until then the service is not ready");
    }
    let app = App::new(db, tokens, Clock::system(), &keys).map_err(CliError::Refused)?;
    let app = with_outgoing(app, config).with_webhooks(WebhookCaller::new(config.webhook_networks.clone()));
    match &config.files {
        Some(files) => {
            Ok(app.with_files(files.open().map_err(|error| CliError::Refused(format!("VALINTA_FILES: {error}")))?))
        }
        None => {
            tracing::warn!("VALINTA_FILES is not set: no files can be handed in");
            Ok(app)
        }
    }
}

/// Tells the app where what leaves the house is handed over, if that is said.
fn with_outgoing(app: App, config: &Config) -> App {
    let Some(path) = &config.outgoing else {
        if !config.demo {
            tracing::warn!("VALINTA_OUTGOING is not set: invoices and payments of statements that are sent wait");
        }
        return app;
    };
    let folder = OutgoingFolder::new(path.clone());
    if !folder.is_there() {
        // It may come yet, as a disk of the network does. It is not made: then files would be where nobody looks.
        tracing::error!("the folder of VALINTA_OUTGOING is not there: until it is, nothing leaves the house");
    }
    app.with_outgoing(vec![Arc::new(folder)])
}

fn read_keys(config: &Config) -> Result<Keys, CliError> {
    match &config.keys {
        KeysAt::File(path) => Ok(Keys::read(path)?),
        KeysAt::DemoFile(path) if path.exists() => Ok(Keys::read(path)?),
        KeysAt::DemoFile(path) => {
            // New keys would make what the database holds about people unreadable for good.
            if let DatabaseUrl::Sqlite(file) = &config.database
                && file.exists()
            {
                return Err(CliError::KeysGone { database: file.clone(), keys: path.clone() });
            }
            let keys = Keys::generate();
            keys.write_new(path)?;
            Ok(keys)
        }
    }
}

fn tokens(config: &Config, keys: &Keys) -> Result<Tokens, CliError> {
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).map_err(|source| CliError::File { path: path.clone(), source });
    let set = config.trusted_jwks.as_ref().map(read).transpose()?;
    let tokens = Tokens::new(&config.issuer, &config.audience, keys, set.as_deref())
        .map_err(|source| CliError::TrustedKeys { path: config.trusted_jwks.clone().unwrap_or_default(), source })?;
    let providers: Result<Vec<_>, _> = config.openid_issuers.iter().map(|issuer| Provider::new(issuer)).collect();
    Ok(tokens.trusting(providers.map_err(|error| CliError::Refused(error.to_string()))?))
}

/// Serves until the process is told to stop by SIGTERM or SIGINT; what is under way is answered first.
fn serve_until_stopped(app: App, listener: TcpListener, listen: SocketAddr, keys_at: PathBuf) -> Result<(), CliError> {
    actix_web::rt::System::new().block_on(async move {
        // The signals are listened for before anyone is told that there is something to stop.
        let terminate = signal(SignalKind::terminate()).map_err(CliError::Server)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(CliError::Server)?;
        // What the service does by itself is the running process's alone: a test does it when it wants to.
        actix_web::rt::spawn(deadlines::follow_days(app.clone()));
        actix_web::rt::spawn(deadlines::follow_events(app.clone()));
        actix_web::rt::spawn(deadlines::follow_deliveries(app.clone()));
        actix_web::rt::spawn(keys::follow(app.clone(), keys_at));
        let (server, address) = server_on(app, listener, None).map_err(|source| CliError::Listen { listen, source })?;
        actix_web::rt::spawn(stop_on(terminate, interrupt, server.handle()));
        say(format_args!("listening on http://{address} (documentation at http://{address}/docs)"));
        server.await.map_err(CliError::Server)
    })
}

async fn stop_on(mut terminate: Signal, mut interrupt: Signal, server: ServerHandle) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    // Who asks a second time does not want to wait.
    let impatient = server.clone();
    actix_web::rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        impatient.stop(false).await;
    });
    server.stop(true).await;
}

fn migrate() -> Result<(), CliError> {
    let (database, log) = Config::database_from_env(&environment())?;
    telemetry::start(log.env_filter(), log.format);
    let names = Db::open(&database)?.migrate()?;
    if names.is_empty() {
        say(format_args!("{database} is up to date"));
    }
    for name in names {
        say(format_args!("migrated {name}"));
    }
    Ok(())
}

fn print_openapi() -> Result<(), CliError> {
    let json = openapi::document().to_pretty_json().map_err(|error| CliError::Refused(error.to_string()))?;
    say(json);
    Ok(())
}

fn ask_health() -> Result<(), CliError> {
    const WAIT_MAX: Duration = Duration::from_secs(5);
    let listen = Config::listen_from_env(&environment())?;
    let url = format!("http://{}/health/ready", reachable(listen));
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(WAIT_MAX)).proxy(None).build().into();
    agent.get(&url).call().map_err(|error| CliError::Refused(format!("{url}: {error}")))?;
    say("ok");
    Ok(())
}

/// An address at which a service that listens on all of them can be asked.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        let wish = |args: &[&str]| Cli::try_parse_from(args).map(|cli| cli.serve.wish());
        assert_eq!(wish(&["valinta"]).unwrap(), DemoWish::Unsaid);
        assert_eq!(wish(&["valinta", "--empty"]).unwrap(), DemoWish::No);
        assert!(wish(&["valinta", "--empty", "--demo"]).is_err());
        assert!(Cli::try_parse_from(["valinta", "keys", "new", "k.json"]).is_ok());
    }

    #[test]
    fn a_service_on_all_addresses_is_asked_at_the_local_one() {
        assert_eq!(reachable("0.0.0.0:80".parse().unwrap()).to_string(), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
        assert_eq!(reachable("10.0.0.7:80".parse().unwrap()).to_string(), "10.0.0.7:80");
    }
}
