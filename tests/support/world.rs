//! A service in this process: on a free port, a database of its own and a clock that stands until it is set.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Helsinki;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;
use valinta_domain::policy::{Role, Scope};
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::testing::faults::Faults;
use valinta_persistence::{DatabaseUrl, Db, audit, ledger_check, offering_states};
use valinta_service::app::App;
use valinta_service::clock::{Clock, new_uuid};
use valinta_service::http::server::server;
use valinta_service::keys::Keys;
use valinta_service::openid::Provider;
use valinta_service::storage::Folder;
use valinta_service::tokens::{Grant, Tokens};
use valinta_service::webhooks::{WebhookCaller, WebhookNetworks};

use super::api::{Api, User};

/// Whose tokens the tests' services trust.
pub(crate) const ISSUER: &str = "https://id.test.example";
/// Whom they are for.
pub(crate) const AUDIENCE: &str = "valinta-under-test";

/// The day on which a world begins: a Wednesday, ten in the morning in Finland.
const BEGINS: &str = "2026-11-11T08:00:00Z";

/// A running service and what it takes to be let in: wherever it runs.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) api: Api,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
}

impl Site {
    /// Today, in Finland.
    pub(crate) fn today(&self) -> Day {
        Day::new(self.clock.now().utc().with_timezone(&Helsinki).date_naive())
    }

    /// A caller with all that the role can hold.
    pub(crate) fn user(&self, role: Role, subject: &str, organiser: Option<&str>, person: Option<&str>) -> User {
        self.user_with(role, subject, organiser, person, role.scopes())
    }

    /// A caller with these scopes.
    pub(crate) fn user_with(
        &self,
        role: Role,
        subject: &str,
        organiser: Option<&str>,
        person: Option<&str>,
        scopes: Vec<Scope>,
    ) -> User {
        let grant = Grant {
            subject: subject.to_owned(),
            role,
            organiser: organiser.map(|id| id.parse().unwrap()),
            person: person.map(|id| id.parse().unwrap()),
            scopes,
            lifetime: TimeDelta::hours(24),
            client_id: "acceptance".to_owned(),
        };
        self.api.with_token(self.tokens.mint(&grant, self.clock.now()))
    }

    /// The operator of the installation.
    pub(crate) fn operator(&self) -> User {
        self.user(Role::Operator, "operator", None, None)
    }

    /// An id of nothing that there is.
    pub(crate) fn unknown_id(&self) -> String {
        let id: Id<()> = Id::new(new_uuid(self.clock.now()));
        id.to_string()
    }
}

/// A service in this process. It is stopped, and its database removed, with this value.
pub(crate) struct World {
    pub(crate) site: Site,
    /// The service's own view of its database, for tests that are about what is stored.
    pub(crate) db: Option<Db>,
    /// The services in this process, in the order in which they were started: for what they do by themselves.
    pub(crate) apps: Vec<App>,
    /// Where the services keep files.
    pub(crate) files: TempDir,
    /// How the service that was started first, or last anew, can be made to die.
    pub(crate) faults: Faults,
    keys: Keys,
    running: Vec<(ServerHandle, JoinHandle<()>)>,
    /// Whether a test has changed the tables of the registry behind the service's back.
    was_tampered_with: AtomicBool,
    // Last, so that everything that uses it is gone before.
    pub(crate) database: TestDatabase,
}

impl Deref for World {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl World {
    /// Starts a service on an empty database.
    pub(crate) fn start() -> Self {
        Self::on(TestDatabase::create().unwrap(), Keys::generate())
    }

    /// Starts a service on an empty database that trusts the tokens of some OpenID providers.
    pub(crate) fn trusting(providers: Vec<Provider>) -> Self {
        Self::on_trusting(TestDatabase::create().unwrap(), Keys::generate(), providers)
    }

    /// Starts a service on a database that was written with these keys.
    pub(crate) fn on(database: TestDatabase, keys: Keys) -> Self {
        Self::on_trusting(database, keys, Vec::new())
    }

    fn on_trusting(database: TestDatabase, keys: Keys, providers: Vec<Provider>) -> Self {
        let faults = Faults::install(database.url());
        let db = database.open().unwrap();
        let tokens = Tokens::new(ISSUER, AUDIENCE, &keys, None).unwrap().trusting(providers);
        let begins: DateTime<Utc> = BEGINS.parse().unwrap();
        let clock = Clock::fixed(Moment::new(begins));
        let files = tempfile::tempdir().unwrap();
        let app = app_of(db.clone(), &tokens, &clock, &keys, &files);
        let (site, running) = serve(app.clone(), tokens, clock);
        Self {
            site,
            db: Some(db),
            apps: vec![app],
            files,
            faults,
            keys,
            running: vec![running],
            was_tampered_with: AtomicBool::new(false),
            database,
        }
    }

    /// Starts another service on the same database, as another process would be: it shares nothing else but the clock.
    pub(crate) fn start_another(&mut self) -> Site {
        self.start_with(self.tokens.clone())
    }

    /// As [`World::start_another`], one that also trusts the tokens of some OpenID providers.
    pub(crate) fn start_trusting(&mut self, providers: Vec<Provider>) -> Site {
        self.start_with(self.tokens.clone().trusting(providers))
    }

    fn start_with(&mut self, tokens: Tokens) -> Site {
        let db = Db::open(self.database.url()).unwrap();
        let app = app_of(db, &tokens, &self.clock, &self.keys, &self.files);
        let (site, running) = serve(app.clone(), tokens, self.clock.clone());
        self.apps.push(app);
        self.running.push(running);
        site
    }

    /// The service as another process has it that answers nobody: for what it does by itself.
    pub(crate) fn process(&self) -> App {
        let db = Db::open(self.database.url()).unwrap();
        App::new(db, self.tokens.clone(), self.clock.clone(), &self.keys).unwrap()
    }

    /// Lets the service die where it is, and starts one on the same database, as another process would: it knows nothing but
    /// what was committed. It does not look by itself what the day has brought, so that a test says when that is.
    pub(crate) fn restart(&mut self) {
        self.faults.die();
        self.end();
        self.db = None;
        let quiet = quiet(&self.database, (&self.site.tokens, &self.site.clock, &self.keys), &self.files);
        self.site = quiet.site;
        self.faults = quiet.faults;
        self.db = Some(quiet.app.db().clone());
        self.apps.push(quiet.app);
        self.running.push(quiet.running);
    }

    /// Ends all services. What is in the database then, and the keys that it was written with; nothing, where it is no file.
    pub(crate) fn end_and_copy(mut self) -> Option<(Vec<u8>, Keys)> {
        self.end();
        self.db = None;
        let DatabaseUrl::Sqlite(file) = self.database.url() else { return None };
        // Whoever closes it last leaves nothing beside it.
        let is_whole = !file.with_extension("db-wal").exists();
        is_whole.then(|| (std::fs::read(file).unwrap(), self.keys.clone()))
    }

    /// Starts a service on a copy. It does not look by itself what the day has brought.
    pub(crate) fn on_copy((content, keys): &(Vec<u8>, Keys)) -> Self {
        let database = TestDatabase::sqlite().unwrap();
        let DatabaseUrl::Sqlite(file) = database.url() else { unreachable!("it is a SQLite") };
        std::fs::write(file, content).unwrap();
        let tokens = Tokens::new(ISSUER, AUDIENCE, keys, None).unwrap();
        let begins: DateTime<Utc> = BEGINS.parse().unwrap();
        let files = tempfile::tempdir().unwrap();
        let quiet = quiet(&database, (&tokens, &Clock::fixed(Moment::new(begins)), keys), &files);
        Self {
            site: quiet.site,
            db: Some(quiet.app.db().clone()),
            apps: vec![quiet.app],
            files,
            faults: quiet.faults,
            keys: keys.clone(),
            running: vec![quiet.running],
            was_tampered_with: AtomicBool::new(false),
            database,
        }
    }

    fn end(&mut self) {
        for (handle, serving) in self.running.drain(..) {
            // The command is sent at once; what comes back only waits for its end.
            drop(handle.stop(false));
            let _ = serving.join();
        }
        self.apps.clear();
    }

    /// Changes what the registry's tables say, as no command would: how offerings stand is not noted with it.
    pub(crate) fn tamper(&self, sql: &str) {
        self.was_tampered_with.store(true, Ordering::Relaxed);
        self.database.tamper(sql).unwrap();
    }

    /// Tokens signed by the service's own key, for an issuer and an audience of any name.
    pub(crate) fn tokens_of(&self, issuer: &str, audience: &str) -> Tokens {
        Tokens::new(issuer, audience, &self.keys, None).unwrap()
    }

    /// A caller with a token of these claims, whatever they are, besides those that every token has.
    pub(crate) fn bearer(&self, claims: &Value) -> User {
        self.api.with_token(self.signed(ISSUER, claims))
    }

    /// A token of these claims, signed by the service's own key.
    pub(crate) fn signed(&self, issuer: &str, claims: &Value) -> String {
        let (now_s, key) = (self.clock.now().utc().timestamp(), &self.keys.token_keys()[0]);
        let header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": key.kid});
        let mut all = json!({
            "iss": issuer,
            "aud": AUDIENCE,
            "client_id": "portal",
            "iat": now_s,
            "exp": now_s + 86_400,
            "jti": self.unknown_id(),
        });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(&all));
        let signature = SigningKey::from_bytes(&key.seed).sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// Lets it be another moment. Tokens made before may have expired by then.
    pub(crate) fn set_moment(&self, moment: &str) {
        let moment: DateTime<Utc> = moment.parse().unwrap();
        self.clock.set(Moment::new(moment));
    }

    /// Lets it be another day, ten in the morning in Finland.
    pub(crate) fn set_day(&self, day: Day) {
        self.set_moment(&format!("{day}T08:00:00Z"));
    }

    /// How many rows the audit trail has; it must be whole.
    pub(crate) fn audit_rows(&self) -> u64 {
        let checked = self.db.as_ref().unwrap().read_blocking(audit::verify).unwrap();
        assert!(checked.first_break.is_none(), "the audit trail is broken: {:?}", checked.first_break);
        checked.rows
    }

    /// That every balance and every event agrees with its ledger entries.
    pub(crate) fn ledger_balances(&self) {
        let faults = self.db.as_ref().unwrap().read_blocking(ledger_check::verify);
        assert!(faults.as_ref().is_ok_and(Vec::is_empty), "{faults:?}");
    }
}

/// Has a service in this process serve a database for a while, at a moment that stands.
pub(crate) fn served_at<T>(database: &TestDatabase, keys: &Keys, moment: &str, during: impl FnOnce(&Site) -> T) -> T {
    let tokens = Tokens::new(ISSUER, AUDIENCE, keys, None).unwrap();
    let moment: DateTime<Utc> = moment.parse().unwrap();
    let clock = Clock::fixed(Moment::new(moment));
    let files = tempfile::tempdir().unwrap();
    let app = app_of(database.open().unwrap(), &tokens, &clock, keys, &files);
    let (site, (handle, serving)) = serve(app, tokens, clock);
    let outcome = during(&site);
    drop(handle.stop(false));
    let _ = serving.join();
    outcome
}

fn app_of(db: Db, tokens: &Tokens, clock: &Clock, keys: &Keys, files: &TempDir) -> App {
    let app = App::new(db, tokens.clone(), clock.clone(), keys).unwrap();
    calling_this_machine(app.with_files(Arc::new(Folder::new(files.path().join("files")))))
}

/// Lets a service call webhooks on this machine, where the tests' receivers are.
pub(crate) fn calling_this_machine(app: App) -> App {
    let this_machine = || vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    let networks = WebhookNetworks { of_organisers: this_machine(), of_providers: this_machine() };
    app.with_webhooks(WebhookCaller::new(networks))
}

/// A service that does nothing by itself, but for what follows the registry.
struct Quiet {
    app: App,
    site: Site,
    running: (ServerHandle, JoinHandle<()>),
    faults: Faults,
}

fn quiet(database: &TestDatabase, (tokens, clock, keys): (&Tokens, &Clock, &Keys), files: &TempDir) -> Quiet {
    let closed = Faults::install(database.url());
    let app = app_of(Db::open(database.url()).unwrap(), tokens, clock, keys, files);
    app.refresh_blocking().unwrap();
    // As long as it cannot open, it does nothing; and what it would do then, it does again after minutes alone.
    closed.die();
    let (site, running) = served(app.clone(), tokens.clone(), clock.clone(), true);
    let faults = Faults::install(database.url());
    while !app.open_up().unwrap_or(false) {
        thread::sleep(Duration::from_millis(1));
    }
    Quiet { app, site, running, faults }
}

/// Serves on a free port from a thread of its own.
fn serve(app: App, tokens: Tokens, clock: Clock) -> (Site, (ServerHandle, JoinHandle<()>)) {
    app.refresh_blocking().unwrap();
    served(app, tokens, clock, false)
}

/// As [`serve`], with the choices that are loaded; where it is waited for, all that the service does by itself has begun.
fn served(app: App, tokens: Tokens, clock: Clock, waits: bool) -> (Site, (ServerHandle, JoinHandle<()>)) {
    let (told, hear) = mpsc::channel();
    let serving = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            actix_web::rt::spawn(app.clone().follow_registry());
            let (server, address) = server(app, "127.0.0.1:0".parse().unwrap(), Some(1)).unwrap();
            let handle = server.handle();
            if waits {
                // After what was spawned before: tasks take turns in that order.
                actix_web::rt::spawn(async move { told.send((address, handle)).unwrap() });
            } else {
                told.send((address, handle)).unwrap();
            }
            server.await.unwrap();
        });
    });
    let (address, handle) = hear.recv().expect("the service starts");
    (Site { api: Api::at(format!("http://{address}")), tokens, clock }, (handle, serving))
}

impl Drop for World {
    fn drop(&mut self) {
        self.end();
        // Whatever a test has done: every change of an offering was noted with it.
        if let Some(db) = self.db.take()
            && !thread::panicking()
            && !self.was_tampered_with.load(Ordering::Relaxed)
            && let Ok(unnoted) = db.read_blocking(offering_states::not_as_noted)
        {
            assert!(unnoted.is_empty(), "these offerings do not stand as is noted of them: {unnoted:?}");
        }
    }
}
