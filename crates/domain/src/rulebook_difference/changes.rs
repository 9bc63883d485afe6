//! A version of the terms made from another one, by the members that change.

use serde::{Deserialize, Deserializer, Serialize};

use crate::quantity::Unit;
use crate::rulebook::{
    AccountingTerms, ChoosingTerms, Clause, Eligibility, FreeOfCharge, GrantTerms, IssuedVouchers, Item, PriceCeiling,
    PriceChangeTerms, PublicService, RecordingTerms, Requirement, RulebookTerms, RulebookTexts, SupervisionTerms,
};
use crate::rules::{FactTerm, ValueRule};
use crate::statement::VatTreatment;

/// The top-level members of the terms that another version has in place of those of the one that it is based on. A
/// member that is not named stays as it is, but for `issued_vouchers`, which is `keep` unless it is named: that a version
/// moves vouchers is said each time. A member that may be missing from the terms is taken away by null.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsChanges {
    /// Facts that the rules ask for.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub facts: Option<Vec<FactTerm>>,
    /// Items of the price list.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub items: Option<Vec<Item>>,
    /// How the value per unit is found.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueRule>,
    /// What the client pays per unit, where the organiser fixes it; null takes it away.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ValueRule>)]
    pub co_payment: Option<Option<ValueRule>>,
    /// The unit that prices are given for; null takes it away.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Unit>)]
    pub price_unit: Option<Option<Unit>>,
    /// What a provider may ask at most; null takes it away.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PriceCeiling>)]
    pub price_ceiling: Option<Option<PriceCeiling>>,
    /// The act by which the service is free of charge; null takes it away.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<FreeOfCharge>)]
    pub free_of_charge: Option<Option<FreeOfCharge>>,
    /// What the client would pay for the corresponding public service.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub public_service: Option<PublicService>,
    /// Who and what is eligible.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub eligibility: Option<Eligibility>,
    /// How much may be granted.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantTerms>,
    /// What becomes of vouchers that were issued under an earlier version.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub issued_vouchers: Option<IssuedVouchers>,
    /// How a provider is chosen and left.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub choosing: Option<ChoosingTerms>,
    /// How value added tax treats the services.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub vat: Option<VatTreatment>,
    /// By which accounting code a voucher's costs are known.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub accounting: Option<AccountingTerms>,
    /// By when a service event is recorded.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingTerms>,
    /// What a provider's unit must show before it is approved.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub requirements: Option<Vec<Requirement>>,
    /// When and how a provider may change its prices.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub price_changes: Option<PriceChangeTerms>,
    /// How approved units are supervised.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub supervision: Option<SupervisionTerms>,
    /// Conditions that people read and follow.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub clauses: Option<Vec<Clause>>,
    /// What the client is told.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub texts: Option<RulebookTexts>,
    /// Where the figures come from.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20, value_type = Option<Vec<crate::text::LineText>>)]
    pub sources: Option<Vec<String>>,
}

/// The members of the general part that replace those of every voucher type's rulebook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GeneralChanges {
    /// What a provider's unit must show before it is approved.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    pub requirements: Option<Vec<Requirement>>,
    /// By when a service event is recorded.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingTerms>,
    /// How approved units are supervised.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub supervision: Option<SupervisionTerms>,
    /// Conditions that people read and follow.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    pub clauses: Option<Vec<Clause>>,
    /// What the client is told.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub texts: Option<RulebookTexts>,
    /// Where the figures come from.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20, value_type = Option<Vec<crate::text::LineText>>)]
    pub sources: Option<Vec<String>>,
}

impl TermsChanges {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<GeneralChanges> for TermsChanges {
    fn from(general: GeneralChanges) -> Self {
        let GeneralChanges { requirements, recording, supervision, clauses, texts, sources } = general;
        Self { requirements, recording, supervision, clauses, texts, sources, ..Self::default() }
    }
}

impl RulebookTerms {
    /// These terms with the members that are named in place of their own. Whether they are consistent then is another
    /// question.
    #[must_use]
    pub fn with(&self, changes: &TermsChanges) -> Self {
        let base = self.clone();
        let changes = changes.clone();
        Self {
            facts: changes.facts.unwrap_or(base.facts),
            items: changes.items.unwrap_or(base.items),
            value: changes.value.unwrap_or(base.value),
            co_payment: changes.co_payment.unwrap_or(base.co_payment),
            price_unit: changes.price_unit.unwrap_or(base.price_unit),
            price_ceiling: changes.price_ceiling.unwrap_or(base.price_ceiling),
            free_of_charge: changes.free_of_charge.unwrap_or(base.free_of_charge),
            public_service: changes.public_service.unwrap_or(base.public_service),
            eligibility: changes.eligibility.unwrap_or(base.eligibility),
            grant: changes.grant.unwrap_or(base.grant),
            issued_vouchers: changes.issued_vouchers.unwrap_or(base.issued_vouchers),
            choosing: changes.choosing.unwrap_or(base.choosing),
            vat: changes.vat.unwrap_or(base.vat),
            accounting: changes.accounting.unwrap_or(base.accounting),
            recording: changes.recording.unwrap_or(base.recording),
            requirements: changes.requirements.unwrap_or(base.requirements),
            price_changes: changes.price_changes.unwrap_or(base.price_changes),
            supervision: changes.supervision.unwrap_or(base.supervision),
            clauses: changes.clauses.unwrap_or(base.clauses),
            texts: changes.texts.unwrap_or(base.texts),
            sources: changes.sources.unwrap_or(base.sources),
        }
    }
}

/// What is named is given, null included: whether that can be is for the member's own type to say.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
