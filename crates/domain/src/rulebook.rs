//! The terms of a rulebook (*sääntökirja*): everything a voucher type is decided by, as one document.

mod accounting;
mod check;
mod choosing;
mod missed;
mod recording;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::evidence::EvidenceKind;
use crate::money::Amount;
use crate::quantity::{Quantity, Unit};
use crate::rules::{Criterion, FactTerm, FactTerms, Facts, Given, Occasion, ValueRule, evaluate, facts_asked_for};
use crate::statement::VatTreatment;
use crate::text::Localized;

pub use accounting::{ACCOUNTING_RULES_MAX, AccountingRule, AccountingTerms};
pub use choosing::{ANSWER_DAYS_MAX, CHANGE_NOTICE_DAYS_MAX, ChoosingTerms};
pub use missed::{MISSED_REASONS_MAX, MissedCharge, MissedReason, MissedShare, MissedTerms, NOTICE_HOURS_MAX};
pub use recording::{
    AcceptanceTerms, CONTEST_DAYS_MAX, DRAFT_REMINDERS_MAX, DaysAhead, RecordingTerms, draft_remind_days,
};

/// Longest validity of a voucher, in days: five years.
pub const VALIDITY_DAYS_MAX: u16 = 1830;
/// Most requirements of one rulebook.
pub const REQUIREMENTS_MAX: usize = 50;

/// The terms of one rulebook version. Money is in the organiser's currency, per unit of the voucher type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulebookTerms {
    /// Facts that the rules ask for, besides those that every county asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub facts: Vec<FactTerm>,
    /// Items of the price list, where a provider may have more than one price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub items: Vec<Item>,
    /// How the value per unit is found.
    pub value: ValueRule,
    /// What the client pays per unit, where the organiser fixes it: then the price is value and co-payment together, and
    /// a provider's own price has no part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub co_payment: Option<ValueRule>,
    /// The unit that prices are given for, if it is not the voucher type's: `day` where that is a month. A month's
    /// price is a day's × 365 / 12 (FIELD §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_unit: Option<Unit>,
    /// What a provider may ask at most.
    pub price_ceiling: Option<PriceCeiling>,
    /// Set where an act makes the service free of charge to the client: then no co-payment may arise (569/2009 § 7).
    /// A co-payment that happens to be zero is another thing.
    pub free_of_charge: Option<FreeOfCharge>,
    /// What the client would pay for the corresponding public service.
    pub public_service: PublicService,
    /// Who and what is eligible, besides the requirements of approval.
    #[serde(default, skip_serializing_if = "Eligibility::is_empty")]
    pub eligibility: Eligibility,
    /// How much may be granted.
    pub grant: GrantTerms,
    /// What becomes of vouchers that were issued under an earlier version.
    #[serde(default)]
    pub issued_vouchers: IssuedVouchers,
    /// By when a service event is recorded, and who looks at it.
    pub recording: RecordingTerms,
    /// What a provider's unit must show before it is approved (569/2009 § 5).
    #[schema(max_items = 50)]
    pub requirements: Vec<Requirement>,
    /// When and how a provider may change its prices.
    #[serde(default, skip_serializing_if = "PriceChangeTerms::is_default")]
    pub price_changes: PriceChangeTerms,
    /// How a provider is chosen and left.
    #[serde(default, skip_serializing_if = "ChoosingTerms::is_default")]
    pub choosing: ChoosingTerms,
    /// By which accounting code a voucher's costs are known.
    #[serde(default, skip_serializing_if = "AccountingTerms::is_default")]
    pub accounting: AccountingTerms,
    /// How approved units are supervised.
    #[serde(default, skip_serializing_if = "SupervisionTerms::is_default")]
    pub supervision: SupervisionTerms,
    /// How value added tax treats the services. Where nothing is said, they are exempt as social welfare.
    #[serde(default, skip_serializing_if = "VatTreatment::is_default")]
    pub vat: VatTreatment,
    /// Conditions that people read and follow, and software does not check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub clauses: Vec<Clause>,
    /// What the client is told.
    pub texts: RulebookTexts,
    /// Where the figures come from. Says so where they are fictional.
    #[schema(max_items = 20, value_type = Vec<crate::text::LineText>)]
    pub sources: Vec<String>,
}

/// An item of the price list: a service, or a time of the week, that may have a price of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its code within the rulebook, such as `sunday`.
    #[schema(max_length = 64)]
    pub code: String,
    /// What people call it.
    pub text: Localized,
}

/// The highest price a provider may ask, per unit that prices are given for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceCeiling {
    /// Highest price per unit.
    pub amount: Amount,
    /// Highest prices of items that have a ceiling of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub items: Vec<ItemCeiling>,
    /// Whether the ceiling holds for the whole price or for what the organiser pays of it.
    #[serde(default)]
    pub co_payment: CoPaymentIn,
}

/// The ceiling of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemCeiling {
    /// The item's code.
    #[schema(max_length = 64)]
    pub item: String,
    /// Highest price per unit.
    pub amount: Amount,
}

/// What a price ceiling counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoPaymentIn {
    /// The whole price, co-payment included.
    #[default]
    Included,
    /// The price without the fixed co-payment, which comes on top.
    Excluded,
}

impl PriceCeiling {
    /// The ceiling of an item, or that of everything without a ceiling of its own.
    pub fn of_item(&self, item: Option<&str>) -> Amount {
        let own = item.and_then(|item| self.items.iter().find(|ceiling| ceiling.item == item));
        own.map_or(self.amount, |ceiling| ceiling.amount)
    }
}

/// Criteria of eligibility, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// What must hold of a client, by the facts of the request.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub client: Vec<Criterion>,
    /// What must hold of a provider's unit before it is approved, by the facts that the registry has of it.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub unit: Vec<Criterion>,
    /// What must hold of an offering for a voucher, by the facts that the registry has of the unit and its client.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub offering: Vec<Criterion>,
}

impl Eligibility {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.client.is_empty() && self.unit.is_empty() && self.offering.is_empty()
    }
}

/// What becomes of vouchers that were issued under an earlier version, for services from this version's first day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssuedVouchers {
    /// They keep the value rule that they were issued under.
    #[default]
    Keep,
    /// Their value is found by this version's rule, on the facts that they were issued on.
    Move,
}

/// A condition in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its code within the rulebook.
    #[schema(max_length = 64)]
    pub code: String,
    /// The condition.
    pub text: Localized,
    /// Act and section, or the organiser's own condition.
    #[schema(max_length = 300)]
    pub source: String,
}

/// Why a service costs the client nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FreeOfCharge {
    /// Act and section.
    #[schema(max_length = 300, example = "734/1992 § 4")]
    pub source: String,
}

/// The corresponding service of the organiser's own, for comparison (569/2009 § 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicService {
    /// Client fee per unit; where it depends on the client, a typical one.
    pub client_fee: Amount,
    /// How the fee is found for a client, where it depends on the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_fee_rule: Option<ValueRule>,
    /// How that fee is set.
    pub basis: Localized,
}

/// Bounds of what one voucher grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantTerms {
    /// Over what time what is granted may be used.
    pub per: GrantPeriod,
    /// What is granted: a quantity of service, or money to be spent at the providers' prices (a purse).
    #[serde(default)]
    pub measure: Measure,
    /// What becomes of what is left at the end of that time.
    #[serde(default)]
    pub unused: Unused,
    /// Most per that time: of the quantity, or of the money.
    pub quantity_max: Quantity,
    /// Longest validity, in days.
    #[schema(minimum = 1, maximum = 1830)]
    pub validity_days_max: u16,
    /// How many days before the decision a validity, or a raise or a reduction, may begin; none where nothing is said.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(minimum = 0, maximum = 366)]
    pub retroactive_days_max: u16,
    /// How many days before a voucher's last day its holder is reminded of it; never where it is 0.
    #[serde(default = "expiry_remind_days", skip_serializing_if = "is_usual_reminder")]
    #[schema(minimum = 0, maximum = 366)]
    pub expiry_remind_days: u16,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_zero(days: &u16) -> bool {
    *days == 0
}

const fn expiry_remind_days() -> u16 {
    30
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_usual_reminder(days: &u16) -> bool {
    *days == expiry_remind_days()
}

/// The time within which what is granted is usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantPeriod {
    /// Each calendar month anew.
    Month,
    /// Each quarter of the calendar year anew.
    Quarter,
    /// Each calendar year anew.
    Year,
    /// The voucher's whole validity.
    Voucher,
}

/// What a voucher grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VoucherMeasure)]
pub enum Measure {
    /// So many units of service.
    #[default]
    Quantity,
    /// So much money: the organiser's shares are taken out of it, and what it does not cover is the client's.
    Money,
}

/// What becomes of what is left of a period's grant at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unused {
    /// It lapses.
    #[default]
    Lapses,
    /// It is carried over to the periods that follow, to the end of the voucher's validity.
    CarriesOver,
}

/// One condition of approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its code within the rulebook, such as `liability_insurance`.
    #[schema(max_length = 64)]
    pub code: String,
    /// What is asked.
    pub text: Localized,
    /// Act and section, or the organiser's own condition.
    #[schema(max_length = 300)]
    pub source: String,
    /// Whether evidence of it must name the day until which it is valid. From the day after, the unit takes no new
    /// choices until it is shown again.
    pub expires: bool,
    /// What kind of evidence shows it, by which evidence that a provider has given once is found for every organiser.
    /// Evidence of `other` is for this requirement's code alone.
    #[serde(default, skip_serializing_if = "EvidenceKind::is_other")]
    pub kind: EvidenceKind,
    /// For `soteri`: the services that the unit must be registered for, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50, value_type = Vec<crate::text::CodeText>)]
    pub services: Vec<String>,
    /// How old evidence may be when it is shown, in months from the day of its issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 120)]
    pub issued_within_months: Option<u16>,
}

/// When and how a provider may change its prices (FIELD §5.10). A price can be lowered at any time, from any day; what
/// is asked here is asked of a raise. The price ceiling holds for both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceChangeTerms {
    /// Most raises of one offering that take effect in one calendar year; as many as wanted where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 12)]
    pub raises_per_year: Option<u16>,
    /// The days of the year on which a raise can take effect, as `MM-DD`; every day where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 24, value_type = Vec<crate::text::CodeText>)]
    pub days: Vec<String>,
    /// How many days ahead a raise is told.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 366)]
    pub notice_days: u16,
    /// Whether a raise is given a reason.
    #[serde(default)]
    pub reason_needed: bool,
}

impl PriceChangeTerms {
    /// Whether nothing is asked.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How approved units are supervised (FIELD §5.18; 569/2009 §§ 4–5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupervisionTerms {
    /// How many days a provider has at least to be heard before a measure is decided (434/2003 § 34). Where clients are
    /// in danger, the measure comes first.
    #[serde(default = "hearing_days")]
    #[schema(minimum = 1, maximum = 90)]
    pub hearing_days: u16,
    /// How many months a step of the ladder (notice, warning, suspension, cancellation) leads to the next one.
    #[serde(default = "ladder_months")]
    #[schema(minimum = 1, maximum = 120)]
    pub ladder_months: u16,
    /// How many days ahead a provider says that it ends its approval.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 366)]
    pub end_notice_days: u16,
    /// How many days before evidence expires its provider is reminded, each once.
    #[serde(default = "remind_days")]
    #[schema(max_items = 5, value_type = Vec<DaysAhead>)]
    pub remind_days: Vec<u16>,
}

const fn hearing_days() -> u16 {
    7
}

const fn ladder_months() -> u16 {
    24
}

fn remind_days() -> Vec<u16> {
    vec![30, 7]
}

impl Default for SupervisionTerms {
    fn default() -> Self {
        Self {
            hearing_days: hearing_days(),
            ladder_months: ladder_months(),
            end_notice_days: 0,
            remind_days: remind_days(),
        }
    }
}

impl SupervisionTerms {
    /// Whether nothing but the usual is asked.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What the client is told, in three languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulebookTexts {
    /// What the voucher is for and what its holder's standing is.
    pub status: Localized,
    /// How the co-payment comes about and what it does not count towards.
    pub co_payment: Localized,
    /// Where a client who refuses the voucher is directed.
    pub alternatives: Localized,
    /// How to ask for a decision to be revised.
    pub appeal: Localized,
}

impl RulebookTerms {
    /// The names of the facts that what a unit is worth is found by.
    pub fn facts_of_worth(&self) -> BTreeSet<&str> {
        let rules = [Some(&self.value), self.co_payment.as_ref()];
        rules.into_iter().flatten().flat_map(facts_asked_for).collect()
    }

    /// The names of the facts that a request for a voucher may give: those of its worth, of the criteria for clients and
    /// of the client fee that is shown beside it.
    pub fn facts_of_request(&self) -> BTreeSet<&str> {
        let criteria = self.eligibility.client.iter().flat_map(|criterion| criterion.met_if.facts());
        let fee = self.public_service.client_fee_rule.iter().flat_map(facts_asked_for);
        self.facts_of_worth().into_iter().chain(criteria).chain(fee).collect()
    }

    /// The facts of these terms.
    pub fn fact_terms(&self) -> FactTerms<'_> {
        FactTerms::new(&self.facts)
    }

    /// The value as it is quoted to everyone: before there is a service, and without any fact of the client. `None` where
    /// it depends on the client.
    pub fn value_without_facts(&self) -> Option<Amount> {
        let terms = self.fact_terms();
        let of_client = |name: &&str| terms.find(name).is_none_or(|term| term.given == Given::WithRequest);
        if facts_asked_for(&self.value).iter().any(of_client) {
            return None;
        }
        evaluate(&self.value, terms, &Occasion::of(&Facts::default())).ok()?.value()
    }
}

#[cfg(test)]
mod tests;
