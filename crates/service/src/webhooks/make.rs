//! `POST /v1/webhooks`: somebody is to be called when something happens.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::{EventKind, Position};
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role};
use valinta_domain::webhook::{WEBHOOKS_MAX, WebhookState};
use valinta_persistence::Conn;
use valinta_persistence::machine_clients::ActsFor;
use valinta_persistence::webhooks::{self, Webhook};

use super::address::checked;
use super::call::WebhookCaller;
use super::rotate::new_secret;
use super::view::WebhookWithSecret;
use super::whose::{note, target_of};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::events::{Place, place_of};
use crate::http::permit::WebhooksWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};
use crate::providers::not_blank;

/// An address that is to be called.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeWebhook {
    /// Where: by https, and on the public network unless the installation has named others. It is looked up and checked with
    /// each call, and redirects are not followed.
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000, example = "https://county.example/valinta/events")]
    url: String,
    /// What it is called, for people.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Client information system")]
    description: Option<String>,
    /// What it is told; everything that the caller's token can read if it is left out.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_items = 1, max_items = 200)]
    types: Option<Vec<EventKind>>,
    /// For which provider, where the caller acts for one.
    #[serde(default)]
    provider: Option<Id<kind::Provider>>,
    /// After which event it is told: `next` of a page of events, `0` for all, or `now`, as if it is left out.
    #[serde(default)]
    #[validate(length(min = 1, max = 18))]
    #[schema(min_length = 1, max_length = 18, example = "now")]
    after: Option<String>,
}

/// What is to be made.
#[derive(Debug, Clone)]
pub(crate) struct MakeCommand {
    url: String,
    description: Option<String>,
    kinds: Option<Vec<EventKind>>,
    provider: Option<Id<kind::Provider>>,
    after: Place,
}

impl Parse for MakeWebhook {
    type Into = MakeCommand;

    fn parse(&self, errors: &mut Errors) -> Option<MakeCommand> {
        let description = errors.take_optional("/description", self.description.as_deref().map(not_blank));
        let after = errors.take_optional("/after", self.after.as_deref().map(str::parse::<Place>));
        Some(MakeCommand {
            url: self.url.clone(),
            description: description?,
            kinds: self.types.clone(),
            provider: self.provider,
            after: after?.unwrap_or(Place::Now),
        })
    }
}

/// Makes a webhook: its receiver is called with each event, in order, one after the other, within seconds.
///
/// A call is a POST of the event as `GET /v1/events` shows it, signed as Standard Webhooks 1.0 has it: `webhook-id`,
/// `webhook-timestamp` and `webhook-signature`, by the secret that is shown here once. A status of 200 to 299 within ten
/// seconds says that it was heard. What fails is told again, later each time and at least once an hour; the event after it
/// waits meanwhile, so that nothing is lost while the receiver is away. What the receiver refuses five times (400 to 499) is
/// passed over. A webhook of which no call was heard for three days, or that answers 410, is turned off, which is told as
/// `webhook.disabled`. The same event may be told twice: its id is the same.
#[utoipa::path(
    tag = "webhooks",
    params(IdempotencyKey),
    responses((status = 201, description = "Made.", body = WebhookWithSecret)),
    security(("bearer" = ["webhooks:write"])),
)]
#[post("/v1/webhooks")]
pub(crate) async fn make_webhook(
    permit: Permit<WebhooksWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<MakeWebhook>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    let caller = app.webhook_caller();
    let token = permit.into_caller();
    let told = EventKind::told_by(&token.scopes);
    let run = move |c: &mut Conn, cx: &Cx| make(c, cx, &command, (&told, &caller));
    app.command(token, "make_webhook", &key, &bytes, run).await
}

fn make(
    c: &mut Conn,
    cx: &Cx,
    command: &MakeCommand,
    (told, caller): (&[EventKind], &WebhookCaller),
) -> Result<Reply<WebhookWithSecret>, Problem> {
    let owner = owner(cx, command.provider)?;
    let url = checked(&command.url, caller.networks_of(owner));
    let url = url.map_err(|why| Problem::invalid(Vec::new()).at("/url", "not_called", format!("the address {why}")))?;
    let target = target_of(owner);
    cx.require(Action::ManageWebhooks, &target)?;
    let role = cx.actor().role;
    let kinds = kinds(command, role, told)?;
    if webhooks::list(c, &[owner], i64::MAX)?.len() >= WEBHOOKS_MAX {
        let why = format!("There are {WEBHOOKS_MAX} webhooks already: end one first.");
        return Err(Problem::new(ProblemKind::Conflict, why));
    }
    let heard: Position = place_of(c, command.after, "/after")?;
    let webhook = Webhook {
        id: cx.id(),
        owner,
        role,
        url,
        description: command.description.clone(),
        kinds,
        state: WebhookState::Active,
        heard,
        tries: 0,
        due_at: cx.now(),
        failing_since: None,
        calls: 0,
        made_by: cx.actor().subject.clone(),
        made_at: cx.now(),
        disabled_at: None,
        ended_at: None,
    };
    webhooks::insert(c, &webhook)?;
    let secret = new_secret(c, cx, webhook.id)?;
    note(cx, "make_webhook", &webhook, &target);
    let place = format!("/v1/webhooks/{}", webhook.id);
    Ok(Reply::created(place, WebhookWithSecret::of(webhook, &secret)))
}

/// What it is told: what is named, or what the caller's token can read. None for all that the role can be told of, also of
/// what there is not yet.
fn kinds(command: &MakeCommand, role: Role, told: &[EventKind]) -> Result<Option<Vec<EventKind>>, Problem> {
    let Some(named) = &command.kinds else {
        return Ok((told != EventKind::told_to(role)).then(|| told.to_vec()));
    };
    match named.iter().enumerate().find(|(_, kind)| !told.contains(kind)) {
        None => Ok(Some(named.clone())),
        Some((place, kind)) => {
            let why = format!("it is told to tokens with the scope {}", kind.scope().code());
            Err(Problem::invalid(Vec::new()).at(&format!("/types/{place}"), "not_for_it", why))
        }
    }
}

/// Whose it is to be: the caller's organiser's, or the named one's of the caller's providers.
fn owner(cx: &Cx, provider: Option<Id<kind::Provider>>) -> Result<ActsFor, Problem> {
    let refused = |code, why| Err(Problem::invalid(Vec::new()).at("/provider", code, why));
    match (cx.actor().role == Role::Provider, provider) {
        (true, Some(provider)) => Ok(ActsFor::Provider(provider)),
        (true, None) => refused("required", "say for which provider"),
        (false, Some(_)) => refused("not_for_it", "it is for those who act for a provider"),
        (false, None) => Ok(ActsFor::Organiser(found(cx.actor().organiser)?)),
    }
}
