//! `POST /v1/providers/{id}/changes`: an admin asks for a change of the name, the sector or the account.
//!
//! Why these three: a client chooses by the name, and a decision names it; the sector decides what a client pays and in
//! whose statistics the provider is; and whoever alone can change an account can have every payment sent to themselves.
//! [`valinta_domain::provider::AgreedField`] says it of each.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::{AgreedField, AgreedValue, ChangeState, Iban, Sector, waits};
use valinta_domain::{Day, Id};
use valinta_persistence::provider_changes::{self, ProviderChange};
use valinta_persistence::{Conn, DbError, providers};

use super::change_view::ProviderChangeView;
use super::changes::{ValueRefused, check_value, put_in_force};
use super::fields::not_blank;
use super::view::registry_day;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::ProvidersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// A change of what two people must agree on.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposeChange {
    /// What of.
    field: AgreedField,
    /// The name as its register has it, the account's IBAN, or the sector: `public`, `company` or `ngo`.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "ngo")]
    value: String,
    /// The first day of a sector, today or later; today where it is left out. Not for anything else.
    valid_from: Option<Day>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct ProposeCommand {
    value: AgreedValue,
    valid_from: Option<Day>,
}

impl Parse for ProposeChange {
    type Into = ProposeCommand;

    fn parse(&self, errors: &mut Errors) -> Option<ProposeCommand> {
        let value = match self.field {
            AgreedField::Name => errors.take("/value", not_blank(&self.value)).map(AgreedValue::Name),
            AgreedField::Iban => errors.take("/value", self.value.parse::<Iban>()).map(AgreedValue::Iban),
            AgreedField::Sector => {
                let sector = Sector::from_code(&self.value).ok_or("a sector is public, company or ngo");
                errors.take("/value", sector).map(AgreedValue::Sector)
            }
        };
        if self.valid_from.is_some() && self.field != AgreedField::Sector {
            errors.fail("/valid_from", "not_applicable", "a name and an account change when the change is confirmed");
        }
        Some(ProposeCommand { value: value?, valid_from: self.valid_from })
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProposalOutcome {
    /// Done: nobody relies on the provider yet.
    InForce,
    /// A second person is asked.
    Waiting,
}

/// A change that was asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProposedChange {
    /// What came of it.
    outcome: ProposalOutcome,
    /// The change that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<ProviderChangeView>,
}

/// Asks for a change of a provider's name, sector or account.
///
/// While the provider has handed in no application to anyone it
/// is made at once; after that a second person must agree: an officer of an organiser where it is approved or has an application under way,
/// who compares it with the register, or for an account also another admin of the provider.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses(
        (status = 201, description = "It waits for a second person.", body = ProposedChange),
        (status = 200, description = "Made at once.", body = ProposedChange),
        StateProblems,
    ),
    security(("bearer" = ["providers:write"])),
)]
#[post("/v1/providers/{id}/changes")]
pub(crate) async fn propose_provider_change(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    key: IdempotencyKey,
    body: Json<ProposeChange>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| propose(c, cx, id, &command);
    app.command(permit.into_caller(), "propose_provider_change", &key, &bytes, run).await
}

/// Asks for a change, or makes it where nobody need agree.
fn propose(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Provider>,
    command: &ProposeCommand,
) -> Result<Reply<ProposedChange>, Problem> {
    let target = Target { provider: Some(id), ..Target::default() };
    cx.require(Action::ProposeProviderChange, &target)?;
    let provider = found(providers::lock(c, id)?)?;
    let today = registry_day(cx.now());
    let days = (command.valid_from.unwrap_or(today), today);
    let field = command.value.field();
    check_value(c, cx, &provider, &command.value, days).map_err(ValueRefused::of_request)?;
    if !waits(providers::has_handed_in(c, id)?) {
        put_in_force(c, cx, id, &command.value, days).map_err(ValueRefused::of_request)?;
        let noted = json!({"provider": id, "field": field, "valid_from": days.0});
        cx.audit("change_provider", ("provider", id.uuid()), &target, noted.clone());
        cx.tell(EventKind::ProviderChanged, ("provider", id.uuid()), &target, noted);
        return Ok(Reply::ok(ProposedChange { outcome: ProposalOutcome::InForce, change: None }));
    }
    let change = ProviderChange {
        id: cx.id(),
        provider: id,
        value: command.value.clone(),
        valid_from: days.0,
        state: ChangeState::Waiting,
        reason: None,
        proposed_by: cx.actor().subject.clone(),
        proposed_at: cx.now(),
        decided: None,
    };
    provider_changes::insert(c, cx.vault(), &change).map_err(waits_already)?;
    let noted = json!({"provider": id, "change": change.id, "field": field, "valid_from": days.0});
    cx.audit("propose_provider_change", ("provider_change", change.id.uuid()), &target, noted.clone());
    // Officers look at their own county's messages.
    for organiser in providers::organisers_related_to(c, id, today)? {
        let about = ("provider_change", change.id.uuid());
        cx.tell(EventKind::ProviderChangeProposed, about, Hearers::both(organiser, id), noted.clone());
    }
    let change = Some(ProviderChangeView::of(cx, change));
    let waiting = ProposedChange { outcome: ProposalOutcome::Waiting, change };
    Ok(Reply::created(format!("/v1/providers/{id}/changes"), waiting))
}

fn waits_already(error: DbError) -> Problem {
    if error.is_unique("provider_changes_open") {
        let why = "take back the one that waits, or wait until it is decided";
        Problem::new(ProblemKind::Duplicate, "A change of the same waits already.").at("/field", "waiting", why)
    } else {
        error.into()
    }
}
