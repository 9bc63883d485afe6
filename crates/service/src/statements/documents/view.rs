//! How a statement is answered in JSON.

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::identifiers::BusinessId;
use valinta_domain::statement::{
    Breakdown, LineKind, LineReason, Party, Statement, StatementLine, StatementNumber, VatTreatment,
};
use valinta_domain::{Amount, Currency, Day, Id, Localized, Money, Quantity, Unit};

/// What one organiser owes one provider for one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StatementView {
    /// Its number.
    number: StatementNumber,
    /// Who pays.
    organiser: StatementPartyView,
    /// Who is paid.
    provider: StatementPartyView,
    /// The month, by its first day.
    month: Day,
    /// The day it was made on.
    issued_on: Day,
    /// The day it is paid on.
    due_on: Day,
    /// By which the organiser's accounting finds where it belongs.
    #[schema(max_length = 300)]
    buyer_reference: String,
    /// What earlier months left, zero or below.
    carried_in: Money,
    /// The sum of the lines, with tax.
    total: Money,
    /// What is paid: total and what was carried in, if they come to more than nothing.
    payable: Money,
    /// What is left for later months: total and what was carried in, if they come to less than nothing.
    carried_out: Money,
    /// What the lines come to by how value added tax treats them.
    #[schema(max_items = 100)]
    by_vat: Vec<VatSumView>,
    /// What the lines come to by accounting code.
    #[schema(max_items = 100_000)]
    by_accounting_code: Vec<CodeSumView>,
    /// What the lines come to by month of service, earliest first.
    #[schema(max_items = 1_000)]
    by_month: Vec<MonthSumView>,
    /// The lines.
    #[schema(max_items = 100_000)]
    lines: Vec<StatementLineView>,
}

/// Who pays or is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct StatementPartyView {
    /// The name it is registered by.
    #[schema(max_length = 200)]
    name: String,
    /// Its business id.
    business_id: BusinessId,
    /// Its number for value added tax, where it is registered for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 15, example = "FI12345671")]
    vat_id: Option<String>,
    /// Where electronic documents to it go: a scheme's code, a colon, an address.
    #[schema(max_length = 55, example = "0216:003712345671")]
    electronic_address: String,
    /// The last four characters of its account's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4, example = "0785")]
    account_last_four: Option<String>,
}

/// What lines of one treatment come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct VatSumView {
    /// The treatment.
    treatment: VatTreatment,
    /// The treatment in words.
    text: Localized,
    /// What tax is reckoned on.
    taxable: Money,
    /// The tax on it.
    tax: Money,
    /// The cent by which the sum differs from both together, where no amount and its tax come to it.
    rounding: Money,
    /// With tax: what is paid.
    sum: Money,
}

/// What lines of one accounting code come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct CodeSumView {
    /// The code; absent for lines that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    accounting_code: Option<String>,
    /// Their sum, with tax.
    sum: Money,
}

/// What lines of one month of service come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct MonthSumView {
    /// The month of service, by its first day.
    month_of_service: Day,
    /// Their sum, with tax.
    sum: Money,
}

/// What is settled of one service event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct StatementLineView {
    /// Its place, from 1.
    number: u32,
    /// What the line is.
    kind: LineKind,
    /// The event.
    service_event: Id<kind::ServiceEvent>,
    /// The name of the voucher's type.
    voucher_type: Localized,
    /// What of a price list was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    item: Option<String>,
    /// The day of service.
    service_day: Day,
    /// The month of service, by its first day.
    month_of_service: Day,
    /// How much; below zero what is taken back, and zero where only the money changes.
    #[schema(value_type = String, pattern = r"^-?[0-9]{1,7}(\.[0-9]{1,4})?$", max_length = 20, example = "-1.25")]
    quantity: Quantity,
    /// What is counted.
    unit: Unit,
    /// What the organiser pays for a unit, with tax, where that is the same for all of the quantity.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_price: Option<Money>,
    /// What the organiser pays, with tax; below zero what it gets back.
    organiser_pays: Money,
    /// The part of it without tax. Those of a treatment add up to what tax is reckoned on.
    net: Money,
    /// How value added tax treats it.
    vat: VatTreatment,
    /// Why something was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<LineReason>,
    /// The organiser's accounting code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    accounting_code: Option<String>,
}

impl StatementView {
    /// A statement, whole.
    pub fn of(statement: &Statement) -> Self {
        let (head, sums, breakdown) = (statement.head(), statement.sums(), statement.breakdown());
        let money = |amount: Amount| amount.of(head.currency);
        Self {
            number: head.number.clone(),
            organiser: StatementPartyView::of(&head.organiser),
            provider: StatementPartyView::of(&head.provider),
            month: head.month,
            issued_on: head.issued_on,
            due_on: head.due_on,
            buyer_reference: head.buyer_reference.clone(),
            carried_in: money(statement.carried_in()),
            total: money(sums.total),
            payable: money(sums.payable),
            carried_out: money(sums.carried_out),
            by_vat: by_vat(breakdown, head.currency),
            by_accounting_code: breakdown
                .accounting_codes
                .iter()
                .map(|(code, sum)| CodeSumView { accounting_code: code.clone(), sum: money(*sum) })
                .collect(),
            by_month: breakdown
                .months
                .iter()
                .map(|(month, sum)| MonthSumView { month_of_service: *month, sum: money(*sum) })
                .collect(),
            lines: statement
                .lines_with_net()
                .map(|(line, net)| StatementLineView::of(line, net, head.currency))
                .collect(),
        }
    }
}

fn by_vat(breakdown: &Breakdown, currency: Currency) -> Vec<VatSumView> {
    let sums = breakdown.vat.iter().map(|(treatment, sums)| VatSumView {
        treatment: *treatment,
        text: treatment.text(),
        taxable: sums.taxable.of(currency),
        tax: sums.tax.of(currency),
        rounding: sums.left().unwrap_or(Amount::ZERO).of(currency),
        sum: sums.gross.of(currency),
    });
    sums.collect()
}

impl StatementPartyView {
    fn of(party: &Party) -> Self {
        Self {
            name: party.name.clone(),
            business_id: party.business_id.clone(),
            vat_id: party.vat_id.as_ref().map(|vat_id| vat_id.as_str().to_owned()),
            electronic_address: party.electronic_address.to_string(),
            account_last_four: party.iban.as_ref().map(|iban| iban.last_four().to_owned()),
        }
    }
}

impl StatementLineView {
    fn of(line: &StatementLine, net: Amount, currency: Currency) -> Self {
        Self {
            number: line.number,
            kind: line.kind,
            service_event: line.service_event,
            voucher_type: line.voucher_type.clone(),
            item: line.item.clone(),
            service_day: line.service_day,
            month_of_service: line.month_of_service,
            quantity: line.quantity,
            unit: line.unit,
            unit_price: line.unit_price.map(|price| price.of(currency)),
            organiser_pays: line.organiser_pays.of(currency),
            net: net.of(currency),
            vat: line.vat,
            reason: line.reason.clone(),
            accounting_code: line.accounting_code.clone(),
        }
    }
}
