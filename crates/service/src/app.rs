//! The running service: what every request finds, how a request becomes one transaction, and the list of all routes.

mod keyed;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use chrono::TimeDelta;
use serde::Serialize;
use uuid::Uuid;
use valinta_domain::Moment;
use valinta_domain::choice::Snapshot;
use valinta_persistence::idempotency;
use valinta_persistence::vault::Vault;
use valinta_persistence::{Conn, Db, DbError};

use self::keyed::{Answer, Keyed};
use crate::choices::SentPages;
use crate::clock::{Clock, new_uuid};
use crate::cx::Cx;
use crate::http::limits::{FILES_AT_ONCE_MAX, FILES_OF_ONE_MAX};
use crate::http::openapi::Route;
use crate::http::places::Places;
use crate::http::{Caller, IdempotencyKey, Problem, ProblemKind};
use crate::imports::ImportPlaces;
use crate::keys::Keys;
use crate::latest::Latest;
use crate::noting::Noting;
use crate::sending::Adapter;
use crate::storage::Storage;
use crate::telemetry;
use crate::tokens::Tokens;
use crate::webhooks::WebhookCaller;
use crate::{
    applications, approvals, attachments, audit, changes, choice_requests, choices, clients, decisions, desk,
    estimates, events, evidence, exports, health, impact, imports, jobs, machine_clients, mandates, me, oauth,
    offerings, openid, organisers, providers, routes, rulebooks, sending, service_events, service_units, settlements,
    statements, supervision, value_rules, voucher_batches, voucher_types, vouchers, webhooks,
};

/// How often a process looks whether another one has changed the registry.
const REFRESH_EVERY: Duration = Duration::from_millis(250);

/// For how long the answer to a command is kept, to be given again to a repetition.
const ANSWERS_KEPT: TimeDelta = TimeDelta::days(7);
/// How often old answers are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(3_600);

/// The running service. Clones are cheap and share everything.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: Db,
    tokens: Tokens,
    clock: Clock,
    vault: Arc<Vault>,
    order_key: [u8; 32],
    latest: Latest,
    pages: SentPages,
    noting: Arc<Noting>,
    opened: AtomicBool,
    files: OnceLock<Arc<dyn Storage>>,
    outgoing: OnceLock<Vec<Arc<dyn Adapter>>>,
    webhook_caller: OnceLock<Arc<WebhookCaller>>,
    uploads: Places,
    imports: ImportPlaces,
}

/// The answer to a command.
#[derive(Debug)]
pub struct Reply<B> {
    status: StatusCode,
    location: Option<String>,
    body: B,
}

impl<B> Reply<B> {
    /// Something was made, and is found at the location.
    pub fn created(location: String, body: B) -> Self {
        Self { status: StatusCode::CREATED, location: Some(location), body }
    }

    /// Something has begun, and is looked at by the location.
    pub fn accepted(location: String, body: B) -> Self {
        Self { status: StatusCode::ACCEPTED, location: Some(location), body }
    }

    /// Something was done.
    pub fn ok(body: B) -> Self {
        Self { status: StatusCode::OK, location: None, body }
    }

    /// What is answered.
    pub fn into_body(self) -> B {
        self.body
    }
}

impl App {
    /// A service from its parts. It is open if the database has all its tables.
    ///
    /// # Errors
    /// The keys are not usable, or not those of the data; or the database cannot be asked.
    pub fn new(db: Db, tokens: Tokens, clock: Clock, keys: &Keys) -> Result<Self, String> {
        let vault = keys.vault().map_err(|e| e.to_string())?;
        let imports = ImportPlaces::on(&db);
        let app = Self(Arc::new(Inner {
            db,
            tokens,
            clock,
            vault: Arc::new(vault),
            order_key: *keys.order_key(),
            latest: Latest::default(),
            pages: SentPages::default(),
            noting: Arc::default(),
            opened: AtomicBool::new(false),
            files: OnceLock::new(),
            outgoing: OnceLock::new(),
            webhook_caller: OnceLock::new(),
            uploads: Places::new(FILES_AT_ONCE_MAX, FILES_OF_ONE_MAX),
            imports,
        }));
        app.open_up()?;
        Ok(app)
    }

    /// The same service, which keeps files there. Where they are kept is said once; what is said later changes nothing.
    #[must_use]
    pub fn with_files(self, files: Arc<dyn Storage>) -> Self {
        let _ = self.0.files.set(files);
        self
    }

    /// Where files are kept.
    ///
    /// # Errors
    /// The service keeps none (503).
    pub fn files(&self) -> Result<Arc<dyn Storage>, Problem> {
        let none = || Problem::new(ProblemKind::Unavailable, "This service has not been given a place to keep files.");
        self.0.files.get().map(Arc::clone).ok_or_else(none)
    }

    /// Places for files that are handed in.
    pub(crate) fn upload_places(&self) -> &Places {
        &self.0.uploads
    }

    /// Places for files that are brought in.
    pub(crate) fn import_places(&self) -> &ImportPlaces {
        &self.0.imports
    }

    /// By what webhooks are called, once it is said.
    pub(crate) fn webhook_caller_cell(&self) -> &OnceLock<Arc<WebhookCaller>> {
        &self.0.webhook_caller
    }

    /// What hands over what leaves the house, if it has been said.
    pub(crate) fn outgoing(&self) -> &OnceLock<Vec<Arc<dyn Adapter>>> {
        &self.0.outgoing
    }

    pub(crate) fn opened(&self) -> &AtomicBool {
        &self.0.opened
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// Who verifies and mints tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What keeps personal data sealed.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.0.vault
    }

    /// The secret of the neutral order.
    pub fn order_key(&self) -> &[u8] {
        &self.0.order_key
    }

    /// Everything that can be chosen, as of the last refresh.
    ///
    /// # Errors
    /// It has not been loaded yet (503).
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, Problem> {
        let unready = || Problem::new(ProblemKind::Unavailable, "The choices have not been loaded yet.");
        self.0.latest.snapshot().ok_or_else(unready)
    }

    /// Pages of the anonymous list as they were sent.
    pub(crate) fn pages(&self) -> &SentPages {
        &self.0.pages
    }

    /// For how long this process has not known whether the registry has changed: what is listed is no older than that.
    pub fn age_of_choices(&self) -> Option<Duration> {
        self.0.latest.age()
    }

    /// Reads what everyone may read.
    ///
    /// # Errors
    /// What `f` refuses, or the database's.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.db().read(f).await
    }

    /// Reads for a caller what is nobody's personal data: nothing is written, and so nothing can be noted.
    ///
    /// # Errors
    /// What `f` refuses, or the database's.
    pub async fn read_as<T: Send + 'static>(
        &self,
        caller: Caller,
        f: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (now, request, vault) = self.moment();
        self.db()
            .read(move |c| {
                let cx = Cx::begin(c, &caller, now, request, Arc::clone(&vault))?;
                let value = f(c, &cx)?;
                if cx.has_notes() { Err(Problem::internal("a read has noted something to store")) } else { Ok(value) }
            })
            .await
    }

    /// Reads a person's data for a caller: in one transaction what is read, and in another, before it is answered, what is
    /// noted about it. So readers do not queue for the database's writer any longer than their notes take.
    ///
    /// # Errors
    /// What `f` refuses, or the database's: what could not be noted is not answered.
    pub async fn read_noted<T: Send + 'static>(
        &self,
        caller: Caller,
        f: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (now, request, vault) = self.moment();
        let (value, notes) = self
            .db()
            .read(move |c| {
                let cx = Cx::begin(c, &caller, now, request, Arc::clone(&vault))?;
                let value = f(c, &cx)?;
                Ok::<_, Problem>((value, cx.into_notes()))
            })
            .await?;
        if !notes.are_of_a_read() {
            return Err(Problem::internal("a read has noted something that only a command may"));
        }
        self.0.noting.store(self.db(), notes).await?;
        Ok(value)
    }

    /// Runs `f` in one transaction for a caller: what it does, its audit rows and its messages are stored together or
    /// not at all. Reading a person's data is such a transaction too, since it leaves an audit row.
    ///
    /// # Errors
    /// What `f` refuses, or the database's.
    pub async fn write<T: Send + 'static>(
        &self,
        caller: Caller,
        f: impl Fn(&mut Conn, &Cx) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> Result<T, Problem> {
        let (now, request, vault) = self.moment();
        let (value, registry_changed) = self
            .db()
            .write(move |c| {
                let cx = Cx::begin(c, &caller, now, request, Arc::clone(&vault))?;
                let value = f(c, &cx)?;
                Ok::<_, Problem>((value, cx.finish(c)?))
            })
            .await?;
        self.after_commit(registry_changed).await;
        Ok(value)
    }

    /// As [`App::write`], for commands that must not be run twice: the answer is kept in the same transaction under the
    /// caller's key, and given again to a repetition.
    ///
    /// # Errors
    /// What `f` refuses, or the database's; nothing is kept then.
    pub async fn command<B: Serialize + Send + 'static>(
        &self,
        caller: Caller,
        operation: &'static str,
        key: &IdempotencyKey,
        body: &[u8],
        f: impl Fn(&mut Conn, &Cx) -> Result<Reply<B>, Problem> + Send + Sync + 'static,
    ) -> Result<HttpResponse, Problem> {
        let keyed = Keyed::of(self, caller, operation, key, body);
        let (answer, registry_changed) = self.db().write(move |c| keyed.run(c, &f)).await?;
        self.after_commit(registry_changed).await;
        Ok(answer.response())
    }

    /// As [`App::command`], for what takes so long that nobody else is to wait for its commit.
    ///
    /// # Errors
    /// What `f` refuses, or the database's; nothing is kept then.
    pub(crate) async fn command_long<B: Serialize + Send + 'static>(
        &self,
        caller: Caller,
        operation: &'static str,
        key: &IdempotencyKey,
        body: &[u8],
        f: impl Fn(&mut Conn, &Cx) -> Result<Reply<B>, Problem> + Send + Sync + 'static,
    ) -> Result<HttpResponse, Problem> {
        let keyed = Keyed::of(self, caller, operation, key, body);
        let (answer, registry_changed) = self.db().write_long(move |c| keyed.run(c, &f)).await?;
        self.after_commit(registry_changed).await;
        Ok(answer.response())
    }

    /// The answer that a command of several transactions had before, if it was sent before with this key: its last
    /// transaction is an [`App::command`], and those before can be repeated.
    ///
    /// # Errors
    /// The key was used for another request; or the database's.
    pub(crate) async fn answered(
        &self,
        caller: Caller,
        operation: &'static str,
        key: &IdempotencyKey,
        body: &[u8],
    ) -> Result<Option<HttpResponse>, Problem> {
        let keyed = Keyed::of(self, caller, operation, key, body);
        Ok(self.db().write(move |c| keyed.look(c)).await?.map(Answer::response))
    }

    fn moment(&self) -> (Moment, Uuid, Arc<Vault>) {
        let now = self.clock().now();
        let request = telemetry::current_request_id().unwrap_or_else(|| new_uuid(now));
        (now, request, Arc::clone(self.vault()))
    }

    /// What is told after a commit: the caller sees its own change in the next list.
    async fn after_commit(&self, registry_changed: bool) {
        if registry_changed && let Err(problem) = self.refresh().await {
            // The change is stored; the list follows with the next look.
            tracing::warn!(cause = problem.cause(), "the choices could not be refreshed");
        }
    }

    /// Takes in what has changed of the registry, so that it is listed.
    ///
    /// # Errors
    /// The database's.
    pub async fn refresh(&self) -> Result<(), Problem> {
        Ok(self.0.latest.refresh(self.db(), self.clock().now()).await?)
    }

    /// As [`App::refresh`], for a thread that may block.
    ///
    /// # Errors
    /// The database's.
    pub fn refresh_blocking(&self) -> Result<(), DbError> {
        self.0.latest.refresh_blocking(self.db(), self.clock().now())
    }

    /// Forgets answers to commands that nobody repeats any more, every hour for as long as the service runs.
    pub async fn forget_old_answers(self) {
        loop {
            let before = Moment::new(self.clock().now().utc() - ANSWERS_KEPT);
            match self.db().write(move |c| idempotency::forget_before(c, before)).await {
                Ok(0) => {}
                Ok(forgotten) => tracing::info!(forgotten, "forgot old answers to repeated commands"),
                Err(error) => tracing::warn!(%error, "old answers to repeated commands could not be forgotten"),
            }
            tokio::time::sleep(FORGET_EVERY).await;
        }
    }

    /// Keeps the keys of OpenID providers as they are published, for as long as the service runs.
    pub async fn follow_providers(self) {
        while !self.tokens().providers().is_empty() {
            for provider in self.tokens().providers() {
                provider.fetch(self.clock().now()).await;
            }
            tokio::time::sleep(openid::FETCHED_EVERY).await;
        }
    }

    /// Follows the changes that other processes make to the registry, for as long as the service runs.
    pub async fn follow_registry(self) {
        loop {
            if !self.is_open() {
                let app = self.clone();
                match tokio::task::spawn_blocking(move || app.open_up()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(reason)) => tracing::error!(reason, "the service stays closed"),
                    Err(error) => tracing::error!(%error, "the service stays closed"),
                }
            } else if let Err(problem) = self.refresh().await {
                tracing::warn!(cause = problem.cause(), "the choices could not be refreshed");
            }
            tokio::time::sleep(REFRESH_EVERY).await;
        }
    }
}

/// Every operation that the service has.
pub fn routes() -> Vec<Route> {
    let mut all = routes![health::live::show_liveness, health::ready::show_readiness];
    for of_resource in [
        organisers::routes(),
        voucher_types::routes(),
        rulebooks::routes(),
        providers::routes(),
        applications::routes(),
        approvals::routes(),
        evidence::routes(),
        attachments::routes(),
        supervision::routes(),
        service_units::routes(),
        desk::routes(),
        imports::routes(),
        exports::routes(),
        changes::routes(),
        events::routes(),
        webhooks::routes(),
        offerings::routes(),
        clients::routes(),
        mandates::routes(),
        machine_clients::routes(),
        oauth::routes(),
        vouchers::routes(),
        voucher_batches::routes(),
        choices::routes(),
        choice_requests::routes(),
        service_events::routes(),
        settlements::routes(),
        statements::routes(),
        sending::routes(),
        jobs::routes(),
        decisions::routes(),
        me::routes(),
        value_rules::routes(),
        estimates::routes(),
        impact::routes(),
        audit::routes(),
    ] {
        all.extend(of_resource);
    }
    all
}
