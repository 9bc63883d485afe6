//! `POST /v1/vouchers`: a case worker's system issues a voucher. One call decides, grants and posts.

use std::slice;

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::decision::{Decision, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::grant::{GrantError, GrantRequest};
use valinta_domain::id::kind;
use valinta_domain::identifiers::AccountingCode;
use valinta_domain::rules::Facts;
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::{Day, Id, Localized, Period, Quantity};
use valinta_persistence::issue_references::{self, IssueReference};
use valinta_persistence::{Conn, vouchers};

use super::issuing::{Decided, Granted, Grounds, decide, decided_before, store};
use super::view::{VoucherView, view_of, view_of_new};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::VouchersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};
use crate::providers::not_blank;

/// What a voucher is asked to be.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueVoucher {
    /// For which client of the organiser.
    client: Id<kind::Client>,
    /// For what.
    voucher_type: Id<kind::VoucherType>,
    /// The client's facts that the rulebook asks for.
    #[serde(default)]
    facts: Facts,
    /// Granted per period of the rulebook: units of service, or money where the rulebook grants a purse.
    quantity: Quantity,
    /// First day on which services can be delivered under it.
    valid_from: Day,
    /// Last day.
    valid_until: Day,
    /// By what its costs are known in the organiser's ledgers; where nothing is said, by the rulebook's own rule.
    #[serde(default)]
    accounting_code: Option<AccountingCode>,
    /// What whoever asks calls it: what is asked for again by the same reference is not issued twice.
    #[serde(default)]
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "2026-004711")]
    reference: Option<String>,
    /// That the client is to have another voucher of the type for days for which there is one already. Without it, such a
    /// voucher is refused.
    #[serde(default)]
    duplicate: bool,
    /// Why, in the words of the decision. Needed where a value is set individually; where nothing is said, the rulebook's
    /// own words stand in the decision.
    #[serde(default)]
    reasons: Option<Localized>,
}

/// What is to be issued.
#[derive(Debug, Clone)]
pub(crate) struct IssueCommand {
    pub(crate) client: Id<kind::Client>,
    pub(crate) voucher_type: Id<kind::VoucherType>,
    pub(crate) request: GrantRequest,
    pub(crate) accounting_code: Option<AccountingCode>,
    /// What whoever asks calls it.
    pub(crate) reference: Option<String>,
    /// Whether the client may have one already for some of the days.
    pub(crate) duplicate: bool,
}

impl Parse for IssueVoucher {
    type Into = IssueCommand;

    fn parse(&self, errors: &mut Errors) -> Option<IssueCommand> {
        let period = Period::new(self.valid_from, Some(self.valid_until.plus_days(1)));
        let validity =
            errors.take("/valid_until", period.map_err(|_| "the last day is not before the first day of validity"));
        let reasons = match &self.reasons {
            Some(reasons) => Some(errors.text("/reasons", reasons, TEXT_CHARS_MAX)?),
            None => None,
        };
        let request = GrantRequest { facts: self.facts.clone(), quantity: self.quantity, validity: validity?, reasons };
        let accounting_code = self.accounting_code.clone();
        let reference = match &self.reference {
            Some(reference) => Some(errors.take("/reference", not_blank(reference))?),
            None => None,
        };
        let duplicate = self.duplicate;
        Some(IssueCommand {
            client: self.client,
            voucher_type: self.voucher_type,
            request,
            accounting_code,
            reference,
            duplicate,
        })
    }
}

/// What came of asking for a voucher.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IssuedVoucher {
    /// Whether it was granted. Refusing is a decision, too.
    pub(crate) outcome: DecisionOutcome,
    /// The decision.
    pub(crate) decision: Id<kind::Decision>,
    /// Why not, if it was refused: the code of a criterion or of the value rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub(crate) reason: Option<String>,
    /// How the outcome came about.
    #[schema(max_items = 400)]
    pub(crate) steps: Vec<Step>,
    /// The voucher, if it was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) voucher: Option<VoucherView>,
}

/// Issues a voucher.
///
/// Decides by the rulebook in force today, explains the value, and stores decision, voucher and ledger together. Where
/// the rulebook grants none, the refusal is stored as a decision and answered with `outcome: refused`.
///
/// What has a `reference` is decided on once: the same again answers what was decided (200), whatever key it has, and
/// something else by the same reference is refused. Where the client has a voucher of the type for some of the days already,
/// another one is issued only if `duplicate` says so.
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses(
        (status = 201, description = "Decided.", body = IssuedVoucher),
        (status = 200, description = "Decided before, by the same reference.", body = IssuedVoucher),
    ),
    security(("bearer" = ["vouchers:write"])),
)]
#[post("/v1/vouchers")]
pub(crate) async fn issue_voucher(
    permit: Permit<VouchersWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<IssueVoucher>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "issue_voucher", &key, &bytes, move |c, cx| issue(c, cx, &command)).await
}

/// Decides on a voucher, and issues it if it is granted.
pub(crate) fn issue(c: &mut Conn, cx: &Cx, command: &IssueCommand) -> Result<Reply<IssuedVoucher>, Problem> {
    let mut grounds = Grounds::of(c, cx)?;
    if let Some(reference) = &command.reference
        && let Some(before) = issue_references::find(c, grounds.organiser.id, &[reference])?.remove(reference)
    {
        return repeated(c, cx, command, &before);
    }
    let decided = decide(c, cx, &mut grounds, command)?;
    store(c, cx, &grounds, slice::from_ref(&decided))?;
    let Decided { decision, reason, granted, .. } = decided;
    let (outcome, steps) = (decision.outcome, decision.steps);
    let (place, voucher) = match &granted {
        None => (format!("/v1/decisions/{}", decision.id), None),
        Some(Granted { stored, parts }) => {
            let view = view_of_new(c, cx, stored, (&grounds.organiser, grounds.today), parts)?;
            (format!("/v1/vouchers/{}", stored.voucher.id), Some(view))
        }
    };
    Ok(Reply::created(place, IssuedVoucher { outcome, decision: decision.id, reason, steps, voucher }))
}

/// What was decided before by the same reference, as it stands now.
fn repeated(
    c: &mut Conn,
    cx: &Cx,
    command: &IssueCommand,
    before: &IssueReference,
) -> Result<Reply<IssuedVoucher>, Problem> {
    let (decision, target) = decided_before(c, cx, command, before)?;
    cx.audit("show_decision", ("decision", decision.id.uuid()), &target, json!({"reference": before.reference}));
    let voucher = match before.voucher {
        Some(id) => {
            let stored = found(vouchers::find(c, id)?)?;
            Some(view_of(c, cx, &stored)?)
        }
        None => None,
    };
    let Decision { id, outcome, steps, .. } = decision;
    Ok(Reply::ok(IssuedVoucher { outcome, decision: id, reason: before.reason.clone(), steps, voucher }))
}

impl From<Vec<GrantError>> for Problem {
    fn from(errors: Vec<GrantError>) -> Self {
        let by_facts = |error: &GrantError| matches!(error, GrantError::Facts(_) | GrantError::FactMissing { .. });
        let kind = if errors.iter().all(by_facts) { ProblemKind::RuleError } else { ProblemKind::InvalidInput };
        errors.iter().fold(Self::new(kind, "No voucher can be decided on; see errors."), |problem, error| {
            let (pointer, code) = match error {
                GrantError::NoQuantity => ("/quantity".to_owned(), "zero"),
                GrantError::NotAStep { .. } => ("/quantity".to_owned(), "not_a_step"),
                GrantError::QuantityOverMaximum { .. } => ("/quantity".to_owned(), "over_maximum"),
                GrantError::StartsInPast { .. } => ("/valid_from".to_owned(), "in_the_past"),
                GrantError::ValidTooLong { .. } => ("/valid_until".to_owned(), "too_long"),
                GrantError::Facts(unfit) => {
                    (unfit.fact().map_or_else(|| "/facts".to_owned(), |fact| format!("/facts/{fact}")), "unfit")
                }
                GrantError::FactMissing { fact, .. } => (format!("/facts/{fact}"), "fact_missing"),
                GrantError::ReasonsNeeded => ("/reasons".to_owned(), "missing_field"),
            };
            problem.at(&pointer, code, error)
        })
    }
}
