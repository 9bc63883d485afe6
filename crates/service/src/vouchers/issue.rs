//! `POST /v1/vouchers`: a case worker's system issues a voucher. One call decides, grants and posts.

use actix_web::{HttpResponse, post, web};
use getrandom::fill;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::choice::home_of;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::grant::{GrantError, GrantRequest, Granting, Quantities, grant};
use valinta_domain::id::kind;
use valinta_domain::identifiers::{AccountingCode, VoucherNumber};
use valinta_domain::ledger::{EntryKind, Posting};
use valinta_domain::policy::{Action, Target};
use valinta_domain::rules::{Facts, Standing};
use valinta_domain::text::TEXT_CHARS_MAX;
use valinta_domain::voucher::{Voucher, VoucherState};
use valinta_domain::{Day, Id, Localized, Period, Quantity};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{NewEntry, Occasion};
use valinta_persistence::voucher_types::{Rulebook, VoucherType};
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, clients, decisions, service_events, voucher_types, vouchers};

use super::view::{VoucherView, view_of_new};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::VouchersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};

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
        Some(IssueCommand { client: self.client, voucher_type: self.voucher_type, request, accounting_code })
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
#[utoipa::path(
    tag = "vouchers",
    params(IdempotencyKey),
    responses((status = 201, description = "Decided.", body = IssuedVoucher)),
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
    let organiser = cx.own_organiser(c)?;
    let (_, person) = clients::find_owner(c, command.client)?
        .filter(|(of, _)| *of == organiser.id)
        .ok_or_else(|| Problem::unknown("/client", "the organiser has no such client"))?;
    let target = Target { organiser: Some(organiser.id), provider: None, person: Some(person) };
    cx.require(Action::ServeClient, &target)?;
    let voucher_type = voucher_types::find(c, command.voucher_type)?
        .filter(|voucher_type| voucher_type.organiser == organiser.id)
        .ok_or_else(|| Problem::unknown("/voucher_type", "the organiser has no such voucher type"))?;
    let today = cx.today(&organiser)?;
    let rulebook = voucher_types::rulebook_in_force(c, voucher_type.id, today)?
        .ok_or_else(|| Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force today."))?;
    let granting = grant(&rulebook.terms, voucher_type.unit, &command.request, today)?;
    let case = Case { organiser, person, voucher_type, rulebook, today };
    match granting {
        Granting::Refused { reason, steps } => refuse(c, cx, command, &case, &target, &reason, steps),
        Granting::Granted { value, allotments, steps } => {
            let voucher = Voucher {
                id: cx.id(),
                organiser: case.organiser.id,
                client: command.client,
                person,
                voucher_type: case.voucher_type.id,
                rulebook: case.rulebook.id,
                number: random_number()?,
                state: VoucherState::Offered,
                value,
                facts: command.request.facts.clone(),
                unit: case.voucher_type.unit,
                measure: case.rulebook.terms.grant.measure,
                unused: case.rulebook.terms.grant.unused,
                free_of_charge: case.rulebook.terms.free_of_charge.is_some(),
                validity: command.request.validity,
                raises: Vec::new(),
            };
            let decision = decide(c, cx, command, &case, DecisionOutcome::Granted, voucher.id.uuid(), steps.clone())?;
            let stored = StoredVoucher {
                voucher,
                quantities: Quantities::issued(command.request.quantity),
                accounting_code: accounting_code(c, command, &case)?,
                replaces: None,
                per: case.rulebook.terms.grant.per,
                decision,
                issued_at: cx.now(),
                version: 1,
            };
            let parts: Vec<StoredAllotment> =
                allotments.into_iter().map(|allotment| StoredAllotment { id: cx.id(), allotment }).collect();
            store(c, cx, &stored, &parts, &case)?;
            let id = stored.voucher.id;
            cx.audit(
                "issue_voucher",
                ("voucher", id.uuid()),
                &target,
                json!({"decision": decision, "value": stored.voucher.value, "quantity": command.request.quantity}),
            );
            cx.tell("voucher.offered", ("voucher", id.uuid()), target.organiser, json!({"voucher": id}));
            let voucher = view_of_new(c, cx, &stored, (&case.organiser, case.today), &parts)?;
            let outcome = DecisionOutcome::Granted;
            let body = IssuedVoucher { outcome, decision, reason: None, steps, voucher: Some(voucher) };
            Ok(Reply::created(format!("/v1/vouchers/{id}"), body))
        }
    }
}

/// What a decision is made on.
struct Case {
    organiser: Organiser,
    person: Id<kind::Person>,
    voucher_type: VoucherType,
    rulebook: Rulebook,
    today: Day,
}

fn refuse(
    c: &mut Conn,
    cx: &Cx,
    command: &IssueCommand,
    case: &Case,
    target: &Target,
    reason: &str,
    steps: Vec<Step>,
) -> Result<Reply<IssuedVoucher>, Problem> {
    let subject = command.client.uuid();
    let decision = decide(c, cx, command, case, DecisionOutcome::Refused, subject, steps.clone())?;
    cx.audit("issue_voucher", ("client", subject), target, json!({"decision": decision, "refused": reason}));
    cx.tell("voucher.not_granted", ("decision", decision.uuid()), target.organiser, json!({"decision": decision}));
    let reason = Some(reason.to_owned());
    let body = IssuedVoucher { outcome: DecisionOutcome::Refused, decision, reason, steps, voucher: None };
    Ok(Reply::created(format!("/v1/decisions/{decision}"), body))
}

fn decide(
    c: &mut Conn,
    cx: &Cx,
    command: &IssueCommand,
    case: &Case,
    outcome: DecisionOutcome,
    subject: uuid::Uuid,
    steps: Vec<Step>,
) -> Result<Id<kind::Decision>, Problem> {
    let reasons = command.request.reasons.clone().unwrap_or_else(|| reasons_of(&steps));
    let validity = command.request.validity;
    let decision = Decision {
        id: cx.id(),
        organiser: case.organiser.id,
        kind: DecisionKind::GrantVoucher,
        outcome,
        subject,
        provider: None,
        person: Some(case.person),
        rulebook: Some(case.rulebook.id),
        inputs: json!({
            "client": command.client,
            "voucher_type": case.voucher_type.id,
            "rulebook": case.rulebook.id,
            "facts": command.request.facts,
            "quantity": command.request.quantity,
            "valid_from": validity.from(),
            "valid_until": validity.last_day(),
            "decided_on": case.today,
            "value_rule": case.rulebook.terms.value,
            "criteria": case.rulebook.terms.eligibility.client,
        }),
        steps,
        reasons,
        appeal: case.rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    };
    decisions::insert(c, &decision)?;
    Ok(decision.id)
}

/// Where nobody gave reasons, the rulebook's are: the criterion that is not met, or the last turn of its rule.
fn reasons_of(steps: &[Step]) -> Localized {
    let unmet = steps.iter().find(|step| step.code == Standing::NotMet.code());
    match unmet.or(steps.last()) {
        Some(step) => step.text.clone(),
        None => Localized::new("Sääntökirjan mukaan.", "Enligt regelboken.", "By the rulebook."),
    }
}

/// By what a voucher's costs are known: as it was asked for, or by the rulebook's rule.
fn accounting_code(c: &mut Conn, command: &IssueCommand, case: &Case) -> Result<Option<AccountingCode>, Problem> {
    let rule = &case.rulebook.terms.accounting;
    if command.accounting_code.is_some() || rule.is_default() {
        return Ok(command.accounting_code.clone());
    }
    let client = found(clients::find_service_facts(c, command.client)?)?;
    Ok(rule.code_of(home_of(&client).as_ref()).cloned())
}

fn store(c: &mut Conn, cx: &Cx, stored: &StoredVoucher, parts: &[StoredAllotment], case: &Case) -> Result<(), Problem> {
    vouchers::insert(c, stored, parts)?;
    let occasion = Occasion {
        organiser: case.organiser.id,
        voucher: stored.voucher.id,
        voucher_version: stored.version,
        service_event: None,
        decision: Some(stored.decision),
        day: case.today,
        at: cx.now(),
    };
    let entries: Vec<NewEntry> = parts
        .iter()
        .map(|part| NewEntry {
            id: cx.id(),
            allotment: Some(part.id),
            posting: Posting::of_quantity(EntryKind::Granted, part.allotment.granted),
        })
        .collect();
    service_events::post(c, &occasion, &entries)?;
    Ok(())
}

pub(super) fn random_number() -> Result<VoucherNumber, Problem> {
    let (mut random, mut places) = ([0u8; 15], 0);
    while places < random.len() {
        let mut bytes = [0u8; 16];
        fill(&mut bytes).map_err(|e| Problem::internal(format!("no randomness: {e}")))?;
        // A byte of 248 or more would make the first symbols likelier than the others: another is taken.
        let even = bytes.into_iter().filter(|byte| *byte < 248);
        for (place, byte) in random.iter_mut().skip(places).zip(even) {
            *place = byte;
            places += 1;
        }
    }
    Ok(VoucherNumber::from_random(random))
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
