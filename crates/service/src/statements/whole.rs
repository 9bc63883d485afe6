//! A stored statement with all its lines, as the documents are written from it.

use std::collections::BTreeMap;

use valinta_domain::id::kind;
use valinta_domain::statement::{
    LINES_MAX, LineKind, LineReason, Party, Statement, StatementHead, StatementLine, StatementRefused, Sums,
    VatTreatment, price_of_unit,
};
use valinta_domain::{Id, Localized};
use valinta_persistence::settlements::LineDetails;
use valinta_persistence::statements::Statement as Stored;
use valinta_persistence::{Conn, event_accounts, organisers, providers, settlements, voucher_types};

use crate::cx::{Cx, day_at, found};
use crate::http::{Problem, ProblemKind};

/// Lines that are read at once.
const PAGE: i64 = 500;

/// A statement with all its lines.
pub(crate) fn whole(c: &mut Conn, cx: &Cx, stored: &Stored) -> Result<Statement, Problem> {
    let head = without_lines(c, cx, stored)?;
    let mut known = Known::default();
    let mut lines = Vec::new();
    let mut after = None;
    loop {
        let page = settlements::details_of_statement(c, stored.id, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.line.event);
        for details in page {
            let number = u32::try_from(lines.len().saturating_add(1)).map_err(Problem::internal)?;
            lines.push(known.line(c, details, number)?);
        }
        if lines.len() > LINES_MAX {
            let why = format!("A document holds at most {LINES_MAX} lines; read the statement's lines instead.");
            return Err(Problem::new(ProblemKind::PayloadTooLarge, why));
        }
    }
    let sums = Sums { total: stored.sums.organiser_pays, payable: stored.payable, carried_out: stored.carried_out };
    Ok(Statement::stated(head, lines, stored.carried_in, sums)?)
}

/// What stands above a statement's lines.
pub(crate) fn without_lines(c: &mut Conn, cx: &Cx, stored: &Stored) -> Result<StatementHead, Problem> {
    let organiser = found(organisers::find(c, stored.organiser)?)?;
    let provider = found(providers::find(c, stored.provider)?)?;
    let made_at = stored.made_at.ok_or_else(Problem::not_found)?;
    let issued_on = day_at(made_at, &organiser)?;
    let settings = found(settlements::settings_on(c, organiser.id, issued_on)?)?.terms;
    let mut payer = Party::named(organiser.name.fi.clone(), organiser.business_id.clone());
    payer.iban = Some(settings.account().map_err(Problem::internal)?);
    payer.bic = settings.bank().map_err(Problem::internal)?;
    let mut payee = Party::named(provider.details.name, provider.business_id);
    payee.iban = providers::iban(c, cx.vault(), stored.provider)?;
    let number = stored.number.as_deref().unwrap_or_default();
    Ok(StatementHead {
        number: number.parse().map_err(Problem::internal)?,
        organiser: payer,
        provider: payee,
        month: stored.month,
        issued_on,
        due_on: issued_on.plus_days(i64::from(settings.payment_days)),
        currency: organiser.currency,
        buyer_reference: settings.buyer_reference,
    })
}

/// What is asked again for each line.
#[derive(Default)]
struct Known {
    names: BTreeMap<Id<kind::VoucherType>, Localized>,
    treatments: BTreeMap<Id<kind::Rulebook>, VatTreatment>,
}

impl Known {
    fn line(&mut self, c: &mut Conn, details: LineDetails, number: u32) -> Result<StatementLine, Problem> {
        let LineDetails { line, day, voucher_type, unit, rulebook, item, accounting_code } = details;
        let amount = line.figures.charges.organiser_pays;
        Ok(StatementLine {
            number,
            service_event: line.event,
            voucher_type: self.name(c, voucher_type)?,
            item,
            service_day: day,
            month_of_service: line.month,
            quantity: line.figures.quantity,
            unit,
            unit_price: price_of_unit(amount, line.figures.quantity),
            organiser_pays: amount,
            kind: line.kind,
            reason: if line.kind == LineKind::Credit { reason_of(c, line.event)? } else { None },
            accounting_code,
            vat: self.treatment(c, rulebook)?,
        })
    }

    fn name(&mut self, c: &mut Conn, id: Id<kind::VoucherType>) -> Result<Localized, Problem> {
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let name = found(voucher_types::find(c, id)?)?.name;
        self.names.insert(id, name.clone());
        Ok(name)
    }

    fn treatment(&mut self, c: &mut Conn, id: Id<kind::Rulebook>) -> Result<VatTreatment, Problem> {
        if let Some(treatment) = self.treatments.get(&id) {
            return Ok(*treatment);
        }
        let treatment = found(voucher_types::find_rulebook(c, id)?)?.terms.vat;
        self.treatments.insert(id, treatment);
        Ok(treatment)
    }
}

/// Why the latest that was taken back of an event was.
fn reason_of(c: &mut Conn, event: Id<kind::ServiceEvent>) -> Result<Option<LineReason>, Problem> {
    let acts = event_accounts::acts_of(c, event)?;
    let latest = acts.into_iter().rev().find_map(|act| Some((act.reason_code?, act.reason)));
    Ok(latest.map(|(code, text)| LineReason { text: text.unwrap_or_else(|| code.clone()), code }))
}

impl From<StatementRefused> for Problem {
    fn from(refused: StatementRefused) -> Self {
        Self::internal(format!("a stored statement is none: {refused}"))
    }
}
