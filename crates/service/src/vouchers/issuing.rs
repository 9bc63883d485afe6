//! Deciding on vouchers and storing what was decided: of one, or of many together. [`decide`] writes nothing, so that what is
//! only tried is decided in the same way; [`store`] writes decisions, vouchers, ledger and notes of all that it is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use getrandom::fill;
use serde_json::json;
use uuid::Uuid;
use valinta_domain::choice::home_of;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::event::EventKind;
use valinta_domain::explain::Step;
use valinta_domain::grant::{Granting, Quantities, grant};
use valinta_domain::id::kind;
use valinta_domain::identifiers::{AccountingCode, VoucherNumber};
use valinta_domain::ledger::{EntryKind, Posting};
use valinta_domain::policy::{Action, Target};
use valinta_domain::rules::Standing;
use valinta_domain::voucher::{Voucher, VoucherState};
use valinta_domain::{Day, Id, Localized};
use valinta_persistence::issue_references::{self, IssueReference};
use valinta_persistence::organisers::Organiser;
use valinta_persistence::service_events::{NewEntry, Occasion};
use valinta_persistence::voucher_types::{Rulebook, VoucherType};
use valinta_persistence::vouchers::{StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, clients, decisions, ledger, voucher_types, vouchers};

use super::issue::IssueCommand;
use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// What an organiser decides by today: read once for all that are decided on together.
pub(crate) struct Grounds {
    pub(crate) organiser: Organiser,
    pub(crate) today: Day,
    types: BTreeMap<Id<kind::VoucherType>, Arc<Rules>>,
}

/// A voucher type with its rulebook of the day.
struct Rules {
    voucher_type: VoucherType,
    rulebook: Rulebook,
}

impl Grounds {
    /// Those of the caller's organiser.
    pub(crate) fn of(c: &mut Conn, cx: &Cx) -> Result<Self, Problem> {
        let organiser = cx.own_organiser(c)?;
        let today = cx.today(&organiser)?;
        Ok(Self { organiser, today, types: BTreeMap::new() })
    }

    fn rules(&mut self, c: &mut Conn, id: Id<kind::VoucherType>) -> Result<Arc<Rules>, Problem> {
        if let Some(known) = self.types.get(&id) {
            return Ok(Arc::clone(known));
        }
        let voucher_type = voucher_types::find(c, id)?
            .filter(|voucher_type| voucher_type.organiser == self.organiser.id)
            .ok_or_else(|| Problem::unknown("/voucher_type", "the organiser has no such voucher type"))?;
        let rulebook = voucher_types::rulebook_in_force(c, id, self.today)?
            .ok_or_else(|| Problem::new(ProblemKind::WrongState, "The voucher type has no rulebook in force today."))?;
        let rules = Arc::new(Rules { voucher_type, rulebook });
        self.types.insert(id, Arc::clone(&rules));
        Ok(rules)
    }
}

/// What was decided on what somebody asked for, and is not stored yet.
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    /// Why none is granted: the code of a criterion or of the value rule.
    pub(crate) reason: Option<String>,
    pub(crate) granted: Option<Granted>,
    target: Target,
    reference: Option<IssueReference>,
}

/// A voucher that is granted.
pub(crate) struct Granted {
    pub(crate) stored: StoredVoucher,
    pub(crate) parts: Vec<StoredAllotment>,
}

/// Decides on what is asked for, and stores nothing.
pub(crate) fn decide(c: &mut Conn, cx: &Cx, grounds: &mut Grounds, command: &IssueCommand) -> Result<Decided, Problem> {
    let target = target_of(c, cx, grounds.organiser.id, command)?;
    let rules = grounds.rules(c, command.voucher_type)?;
    let terms = &rules.rulebook.terms;
    let granting = grant(terms, rules.voucher_type.unit, &command.request, grounds.today)?;
    // What is wrong with the request itself is told first.
    if !command.duplicate {
        refuse_duplicate(c, command)?;
    }
    let (outcome, reason, steps, grants) = match granting {
        Granting::Refused { reason, steps } => (DecisionOutcome::Refused, Some(reason), steps, None),
        Granting::Granted { value, allotments, steps } => {
            (DecisionOutcome::Granted, None, steps, Some((value, allotments)))
        }
    };
    let voucher = grants.is_some().then(|| cx.id::<kind::Voucher>());
    let subject = voucher.map_or_else(|| command.client.uuid(), Id::uuid);
    let decision = decision_of(cx, command, (grounds, &rules, &target), (outcome, subject, steps));
    let granted = match voucher.zip(grants) {
        None => None,
        Some((id, (value, allotments))) => {
            let voucher = Voucher {
                id,
                organiser: grounds.organiser.id,
                client: command.client,
                person: found(target.person)?,
                voucher_type: rules.voucher_type.id,
                rulebook: rules.rulebook.id,
                number: random_number()?,
                state: VoucherState::Offered,
                value,
                facts: command.request.facts.clone(),
                unit: rules.voucher_type.unit,
                measure: terms.grant.measure,
                unused: terms.grant.unused,
                free_of_charge: terms.free_of_charge.is_some(),
                validity: command.request.validity,
                raises: Vec::new(),
            };
            let stored = StoredVoucher {
                voucher,
                quantities: Quantities::issued(command.request.quantity),
                accounting_code: accounting_code(c, command, &rules.rulebook)?,
                replaces: None,
                per: terms.grant.per,
                decision: decision.id,
                issued_at: cx.now(),
                version: 1,
            };
            let part = |allotment| StoredAllotment { id: cx.id(), allotment };
            Some(Granted { stored, parts: allotments.into_iter().map(part).collect() })
        }
    };
    let reference = command.reference.as_ref().map(|reference| IssueReference {
        organiser: grounds.organiser.id,
        reference: reference.clone(),
        asked_hash: hash_of(cx, command),
        decision: decision.id,
        voucher,
        reason: reason.clone(),
    });
    Ok(Decided { decision, reason, granted, target, reference })
}

/// Whose the voucher would be, where the caller may decide on it.
fn target_of(c: &mut Conn, cx: &Cx, organiser: Id<kind::Organiser>, command: &IssueCommand) -> Result<Target, Problem> {
    // Who looks whether the client has such a voucher looks alone: of two who ask at once, the second sees what the first got.
    let owner = if command.duplicate {
        clients::find_owner(c, command.client)?
    } else {
        clients::take_owner(c, command.client)?
    };
    let (_, person) = owner
        .filter(|(of, _)| *of == organiser)
        .ok_or_else(|| Problem::unknown("/client", "the organiser has no such client"))?;
    let target = Target { organiser: Some(organiser), provider: None, person: Some(person) };
    cx.require(Action::ServeClient, &target)?;
    Ok(target)
}

fn refuse_duplicate(c: &mut Conn, command: &IssueCommand) -> Result<(), Problem> {
    let IssueCommand { client, voucher_type, request, .. } = command;
    let Some(other) = vouchers::held_in(c, *client, *voucher_type, request.validity)? else { return Ok(()) };
    let why =
        format!("the client has voucher {other} of this type for some of the days; duplicate: true issues another");
    Err(Problem::new(ProblemKind::Duplicate, "The client has such a voucher already.").at(
        "/duplicate",
        "duplicate",
        why,
    ))
}

fn decision_of(
    cx: &Cx,
    command: &IssueCommand,
    (grounds, rules, target): (&Grounds, &Rules, &Target),
    (outcome, subject, steps): (DecisionOutcome, Uuid, Vec<Step>),
) -> Decision {
    let (validity, rulebook) = (command.request.validity, &rules.rulebook);
    Decision {
        id: cx.id(),
        organiser: grounds.organiser.id,
        kind: DecisionKind::GrantVoucher,
        outcome,
        subject,
        provider: None,
        person: target.person,
        rulebook: Some(rulebook.id),
        inputs: json!({
            "client": command.client,
            "voucher_type": rules.voucher_type.id,
            "rulebook": rulebook.id,
            "facts": command.request.facts,
            "quantity": command.request.quantity,
            "valid_from": validity.from(),
            "valid_until": validity.last_day(),
            "decided_on": grounds.today,
            "value_rule": rulebook.terms.value,
            "criteria": rulebook.terms.eligibility.client,
        }),
        reasons: command.request.reasons.clone().unwrap_or_else(|| reasons_of(&steps)),
        steps,
        appeal: rulebook.terms.texts.appeal.clone(),
        decided_by: cx.actor().subject.clone(),
        decided_at: cx.now(),
    }
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
fn accounting_code(
    c: &mut Conn,
    command: &IssueCommand,
    rulebook: &Rulebook,
) -> Result<Option<AccountingCode>, Problem> {
    let rule = &rulebook.terms.accounting;
    if command.accounting_code.is_some() || rule.is_default() {
        return Ok(command.accounting_code.clone());
    }
    let client = found(clients::find_service_facts(c, command.client)?)?;
    Ok(rule.code_of(home_of(&client).as_ref()).cloned())
}

/// Stores what was decided, and notes it. Once for each.
pub(crate) fn store(c: &mut Conn, cx: &Cx, grounds: &Grounds, all: &[Decided]) -> Result<(), Problem> {
    decisions::insert_all(c, all.iter().map(|decided| &decided.decision))?;
    let granted = || all.iter().filter_map(|decided| decided.granted.as_ref());
    vouchers::insert_all(c, granted().map(|granted| (&granted.stored, granted.parts.as_slice())))?;
    let posted: Vec<(Occasion, Vec<NewEntry>)> =
        granted().map(|granted| (granted.occasion(cx, grounds), granted.entries(cx))).collect();
    ledger::post_all(c, posted.iter().map(|(occasion, entries)| (occasion, entries.as_slice())))?;
    issue_references::keep(c, all.iter().filter_map(|decided| decided.reference.as_ref()))?;
    for decided in all {
        note(cx, decided);
    }
    Ok(())
}

fn note(cx: &Cx, decided: &Decided) {
    let Decided { decision: Decision { id: decision, subject, .. }, reason, granted, target, .. } = decided;
    match granted {
        None => {
            let details = json!({"decision": decision, "refused": reason});
            cx.audit("issue_voucher", ("client", *subject), target, details);
            let message = json!({"decision": decision});
            cx.tell(EventKind::VoucherNotGranted, ("decision", decision.uuid()), target, message);
        }
        Some(Granted { stored, .. }) => {
            let voucher = &stored.voucher;
            let quantity = stored.quantities.issued;
            let details = json!({"decision": decision, "value": voucher.value, "quantity": quantity});
            cx.audit("issue_voucher", ("voucher", *subject), target, details);
            cx.tell(EventKind::VoucherOffered, ("voucher", *subject), target, json!({"voucher": voucher.id}));
        }
    }
}

impl Granted {
    fn occasion(&self, cx: &Cx, grounds: &Grounds) -> Occasion {
        Occasion {
            organiser: grounds.organiser.id,
            voucher: self.stored.voucher.id,
            voucher_version: self.stored.version,
            service_event: None,
            decision: Some(self.stored.decision),
            day: grounds.today,
            at: cx.now(),
        }
    }

    fn entries(&self, cx: &Cx) -> Vec<NewEntry> {
        let entry = |part: &StoredAllotment| NewEntry {
            id: cx.id(),
            allotment: Some(part.id),
            posting: Posting::of_quantity(EntryKind::Granted, part.allotment.granted),
        };
        self.parts.iter().map(entry).collect()
    }
}

/// What was decided by a reference before: the same must be asked for again.
pub(crate) fn decided_before(
    c: &mut Conn,
    cx: &Cx,
    command: &IssueCommand,
    before: &IssueReference,
) -> Result<(Decision, Target), Problem> {
    let target = target_of(c, cx, before.organiser, command)?;
    if before.asked_hash != hash_of(cx, command) {
        let why = format!("something else was asked for by this reference: see decision {}", before.decision);
        let problem = Problem::new(ProblemKind::Duplicate, "Something else was asked for by this reference.");
        return Err(problem.at("/reference", "other_content", why));
    }
    Ok((found(decisions::find(c, before.decision)?)?, target))
}

/// By what it is known that the same is asked for. Keyed: of incomes there are few enough to try them all.
fn hash_of(cx: &Cx, command: &IssueCommand) -> Vec<u8> {
    let IssueCommand { client, voucher_type, request, accounting_code, .. } = command;
    let asked = json!({
        "client": client,
        "voucher_type": voucher_type,
        "facts": request.facts,
        "quantity": request.quantity,
        "valid_from": request.validity.from(),
        "valid_until": request.validity.last_day(),
        "accounting_code": accounting_code,
        "reasons": request.reasons,
    });
    cx.vault().digest("issue_reference", asked.to_string().as_bytes()).to_vec()
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
