//! `POST /v1/service-events/{id}/withdraw`, `/credit` and `/resolve`: a service is taken back, before it is settled or
//! afterwards, or what is contested of it is settled.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::policy::Action;
use valinta_domain::service_event::account::{ActKind, Figures, TakenBack};
use valinta_domain::{Amount, Quantity};

use super::act::{Note, act};
use super::reasons::{REASON_CHARS_MAX, may_be_said, said};
use super::view::ServiceEventView;
use crate::app::App;
use crate::http::openapi::StateProblems;
use crate::http::permit::{ServiceEventsCorrect, ServiceEventsReview};
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// Why a service does not count, or not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CorrectionReason {
    /// It was not given.
    NotGiven,
    /// It was recorded twice.
    RecordedTwice,
    /// It was recorded for another client, day or item.
    RecordedWrongly,
    /// Less was given.
    LessGiven,
    /// Another provider gave it.
    OtherProvider,
    /// It was not as it was agreed.
    NotAsAgreed,
    /// Something else, which the words say.
    Other,
}

impl CorrectionReason {
    const fn code(self) -> &'static str {
        match self {
            Self::NotGiven => "not_given",
            Self::RecordedTwice => "recorded_twice",
            Self::RecordedWrongly => "recorded_wrongly",
            Self::LessGiven => "less_given",
            Self::OtherProvider => "other_provider",
            Self::NotAsAgreed => "not_as_agreed",
            Self::Other => "other",
        }
    }
}

/// A withdrawal.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawServiceEvent {
    /// Why.
    reason_code: CorrectionReason,
    /// The same in words; wanted where the code is `other`.
    #[validate(length(min = 1, max = "REASON_CHARS_MAX"))]
    #[schema(min_length = 1, max_length = 2000)]
    #[serde(default)]
    reason: Option<String>,
}

/// Why, as it is noted.
#[derive(Debug, Clone)]
pub(crate) struct Why {
    code: CorrectionReason,
    words: Option<String>,
}

impl Why {
    fn parse(errors: &mut Errors, code: CorrectionReason, words: Option<&str>) -> Option<Self> {
        let words = may_be_said(errors, "/reason", words)?;
        if code == CorrectionReason::Other && words.is_none() {
            errors.fail("/reason", "missing_field", "the reason `other` wants words");
            return None;
        }
        Some(Self { code, words })
    }

    fn note(&self, action: Action, kind: ActKind) -> Note {
        Note { action, kind, reason_code: Some(self.code.code().to_owned()), reason: self.words.clone() }
    }
}

impl Parse for WithdrawServiceEvent {
    type Into = Why;

    fn parse(&self, errors: &mut Errors) -> Option<Why> {
        Why::parse(errors, self.reason_code, self.reason.as_deref())
    }
}

/// A credit. Where nothing is said of how much, all that counts is taken back. Where a quantity is given alone, its share of
/// the amounts is taken back with it.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditServiceEvent {
    /// Why.
    reason_code: CorrectionReason,
    /// The same in words, as the provider and the client read them.
    #[validate(length(min = 1, max = "REASON_CHARS_MAX"))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// How much service, in the voucher's unit.
    #[serde(default)]
    quantity: Option<Quantity>,
    /// Of what the organiser pays.
    #[serde(default)]
    organiser_pays: Option<Amount>,
    /// Of what the client pays to the provider.
    #[serde(default)]
    co_payment: Option<Amount>,
    /// Of what the client is charged by the organiser.
    #[serde(default)]
    client_fee: Option<Amount>,
}

impl Parse for CreditServiceEvent {
    type Into = (Why, TakenBack);

    fn parse(&self, errors: &mut Errors) -> Option<(Why, TakenBack)> {
        let words = said(errors, "/reason", &self.reason);
        let back = TakenBack {
            quantity: self.quantity,
            organiser_pays: self.organiser_pays,
            co_payment: self.co_payment,
            client_fee: self.client_fee,
        };
        Some((Why { code: self.reason_code, words: Some(words?) }, back))
    }
}

/// How what is contested or asked about comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Resolution {
    /// The service counts as it is.
    Dismissed,
    /// It does not count, or not all of it.
    Upheld,
}

/// How it comes out.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveServiceEvent {
    /// Whether the service counts.
    outcome: Resolution,
    /// Why, as the client and the provider read it.
    #[validate(length(min = 1, max = "REASON_CHARS_MAX"))]
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// Why it does not count, where it does not.
    #[serde(default)]
    reason_code: Option<CorrectionReason>,
    /// How much of the service does not count, in the voucher's unit; all of it, where nothing is said.
    #[serde(default)]
    quantity: Option<Quantity>,
    /// Of what the organiser pays.
    #[serde(default)]
    organiser_pays: Option<Amount>,
    /// Of what the client pays to the provider.
    #[serde(default)]
    co_payment: Option<Amount>,
    /// Of what the client is charged by the organiser.
    #[serde(default)]
    client_fee: Option<Amount>,
}

/// What is found.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    Dismissed(String),
    Upheld(Why, TakenBack),
}

impl Parse for ResolveServiceEvent {
    type Into = Found;

    fn parse(&self, errors: &mut Errors) -> Option<Found> {
        let words = said(errors, "/reason", &self.reason);
        let back = TakenBack {
            quantity: self.quantity,
            organiser_pays: self.organiser_pays,
            co_payment: self.co_payment,
            client_fee: self.client_fee,
        };
        match (self.outcome, self.reason_code) {
            (Resolution::Dismissed, None) if back == TakenBack::default() => Some(Found::Dismissed(words?)),
            (Resolution::Dismissed, _) => {
                errors.fail("/outcome", "contradiction", "of what counts as it is nothing is taken back");
                None
            }
            (Resolution::Upheld, Some(code)) => Some(Found::Upheld(Why { code, words: Some(words?) }, back)),
            (Resolution::Upheld, None) => {
                errors.fail("/reason_code", "missing_field", "what does not count has a code that says why");
                None
            }
        }
    }
}

/// Withdraws a service event that was not settled yet: it does not count, and the voucher gets back what it had used. What
/// was settled is credited instead.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Withdrawn.", body = ServiceEventView), StateProblems),
    security(("bearer" = ["service-events:correct"])),
)]
#[post("/v1/service-events/{id}/withdraw")]
pub(crate) async fn withdraw_service_event(
    permit: Permit<ServiceEventsCorrect>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
    key: IdempotencyKey,
    body: Json<WithdrawServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let why = body.into_inner();
    app.command(permit.into_caller(), "withdraw_service_event", &key, &bytes, move |c, cx| {
        let note = why.note(Action::CorrectServiceEvent, ActKind::Withdrawn);
        act(c, cx, id, note, |account, _| Ok(account.withdraw()))
    })
    .await
}

/// Credits a service event that was settled, or a part of it. The month that it was settled with stays as it is; the next
/// one takes the difference.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Credited.", body = ServiceEventView), StateProblems),
    security(("bearer" = ["service-events:correct"])),
)]
#[post("/v1/service-events/{id}/credit")]
pub(crate) async fn credit_service_event(
    permit: Permit<ServiceEventsCorrect>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
    key: IdempotencyKey,
    body: Json<CreditServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let (why, back) = body.into_inner();
    app.command(permit.into_caller(), "credit_service_event", &key, &bytes, move |c, cx| {
        let note = why.note(Action::CorrectServiceEvent, ActKind::Credited);
        act(c, cx, id, note, |account, _| Ok(account.credit(&back)))
    })
    .await
}

/// Settles what is contested or asked about: the service counts as it is, or some of it is taken back.
#[utoipa::path(
    tag = "service-events",
    params(IdempotencyKey),
    responses((status = 200, description = "Settled.", body = ServiceEventView), StateProblems),
    security(("bearer" = ["service-events:review"])),
)]
#[post("/v1/service-events/{id}/resolve")]
pub(crate) async fn resolve_service_event(
    permit: Permit<ServiceEventsReview>,
    app: web::Data<App>,
    path: PathId<kind::ServiceEvent>,
    key: IdempotencyKey,
    body: Json<ResolveServiceEvent>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let found = body.into_inner();
    app.command(permit.into_caller(), "resolve_service_event", &key, &bytes, move |c, cx| match &found {
        Found::Dismissed(words) => {
            let note = Note {
                action: Action::ReviewServiceEvent,
                kind: ActKind::Dismissed,
                reason_code: None,
                reason: Some(words.clone()),
            };
            act(c, cx, id, note, |account, _| Ok(account.dismiss().map(|account| (account, Figures::ZERO))))
        }
        Found::Upheld(why, back) => {
            let note = why.note(Action::ReviewServiceEvent, ActKind::Upheld);
            act(c, cx, id, note, |account, _| Ok(account.uphold(back)))
        }
    })
    .await
}
