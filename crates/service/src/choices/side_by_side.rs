//! A few offerings side by side: each as the list shows it, in what they differ, and the public service beside them. Says of
//! nothing that it is better.

use std::collections::BTreeSet;

use serde::Serialize;
use valinta_domain::choice::{Listed, Order, Query, Shown, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::rulebook::{GrantPeriod, PublicService};
use valinta_domain::{Amount, Currency, Day, Id, Localized, Money, Quantity, Unit};

use super::differences::{DifferenceView, differences};
use super::page::RefusedView;
use super::view::{DrawnBy, OptionView, OrderedView};
use crate::http::{Errors, Problem, Spoken, SpokenView};

/// Most offerings that are compared.
pub(super) const COMPARED_MAX: u64 = 5;

/// Notes the offerings that are named again. Of a list that is too long that is said already.
pub(super) fn each_once(errors: &mut Errors, offerings: &[Id<kind::Offering>]) {
    let mut seen = BTreeSet::new();
    for (n, offering) in offerings.iter().take(usize::try_from(COMPARED_MAX).unwrap_or_default()).enumerate() {
        if !seen.insert(offering) {
            errors.fail(&format!("/offerings/{n}"), "duplicate", "the offering is named twice");
        }
    }
}

/// Some offerings side by side.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Compared {
    /// Of which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// With which voucher, if with one.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher: Option<Id<kind::Voucher>>,
    /// What a unit is worth, where that is known and the rules of the day grant something. Without a voucher it is an estimate: a decision is made on facts that are
    /// checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Money>,
    /// What services are counted in.
    unit: Unit,
    /// The unit that prices are given for, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_unit: Option<Unit>,
    /// As of which day.
    day: Day,
    /// For what the totals `for_quantity` are reckoned.
    totals: TotalsView,
    /// How the co-payment comes about and what it does not count towards.
    #[schema(max_length = 4000)]
    co_payment_basis: String,
    /// The rule by which the offerings are ordered, in whatever order they were named.
    ordered: OrderedView,
    /// Revision of the registry that is shown.
    revision: i64,
    /// The language of the texts.
    language: SpokenView,
    /// The offerings.
    #[schema(max_items = 5)]
    items: Vec<ComparedView>,
    /// In what they differ. What is the same of all is not named.
    #[schema(max_items = 20)]
    differences: Vec<DifferenceView>,
    /// The corresponding service of the organiser's own.
    public_service: PublicServiceView,
}

impl Compared {
    /// The offerings, in the order in which they stand.
    pub(super) fn offerings(&self) -> Vec<Id<kind::Offering>> {
        self.items.iter().map(|item| item.offering).collect()
    }
}

/// An offering among others.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ComparedOffering)]
pub(crate) struct ComparedView {
    /// Its id.
    offering: Id<kind::Offering>,
    /// As the list of choices shows it, where it can be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<OptionView>,
    /// Why it cannot be chosen, where it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_choosable: Option<RefusedView>,
}

/// For what totals are reckoned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TotalsView {
    /// Whose quantity it is, and for what time.
    basis: TotalsBasis,
    /// The quantity, in the voucher type's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<Quantity>,
    /// The same in words.
    #[schema(max_length = 500)]
    text: String,
}

/// What totals are reckoned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TotalsBasis {
    /// All that is granted for a month.
    GrantedPerMonth,
    /// All that is granted for a quarter.
    GrantedPerQuarter,
    /// All that is granted for a year.
    GrantedPerYear,
    /// All that is granted for the voucher's whole validity; it is not spread over months.
    GrantedInAll,
    /// The quantity that was given.
    Given,
    /// None: money is granted and no quantity.
    Purse,
    /// None: no quantity was given.
    NotGiven,
}

impl TotalsBasis {
    pub(super) const fn granted(per: GrantPeriod) -> Self {
        match per {
            GrantPeriod::Month => Self::GrantedPerMonth,
            GrantPeriod::Quarter => Self::GrantedPerQuarter,
            GrantPeriod::Year => Self::GrantedPerYear,
            GrantPeriod::Voucher => Self::GrantedInAll,
        }
    }

    fn in_words(self) -> Localized {
        let [fi, sv, en] = match self {
            Self::GrantedPerMonth => [
                "Yhteissummat ovat kuukaudelta, kun koko kuukaudeksi myönnetty määrä käytetään.",
                "Summorna gäller en månad då hela den mängd som beviljats per månad används.",
                "The totals are for a month in which all that is granted for a month is used.",
            ],
            Self::GrantedPerQuarter => [
                "Yhteissummat ovat neljännesvuodelta, kun koko neljännesvuodeksi myönnetty määrä käytetään.",
                "Summorna gäller ett kvartal då hela den mängd som beviljats per kvartal används.",
                "The totals are for a quarter in which all that is granted for a quarter is used.",
            ],
            Self::GrantedPerYear => [
                "Yhteissummat ovat vuodelta, kun koko vuodeksi myönnetty määrä käytetään.",
                "Summorna gäller ett år då hela den mängd som beviljats per år används.",
                "The totals are for a year in which all that is granted for a year is used.",
            ],
            Self::GrantedInAll => [
                "Yhteissummat ovat palvelusetelin koko voimassaoloajalta, kun koko myönnetty määrä käytetään; niitä ei ole jaettu kuukausille.",
                "Summorna gäller servicesedelns hela giltighetstid då hela den beviljade mängden används; de är inte fördelade på månader.",
                "The totals are for the voucher's whole validity, when all that is granted is used; they are not spread over months.",
            ],
            Self::Given => [
                "Yhteissummat ovat pyynnössä annetulta määrältä.",
                "Summorna gäller den mängd som angavs i begäran.",
                "The totals are for the quantity that was given in the request.",
            ],
            Self::Purse => [
                "Palveluseteli on myönnetty rahamääränä eikä palvelun määränä, joten yhteissummia ei lasketa.",
                "Servicesedeln har beviljats som ett belopp och inte som en mängd tjänster, så inga summor beräknas.",
                "The voucher grants money and no quantity of service, so that no totals are reckoned.",
            ],
            Self::NotGiven => [
                "Määrää ei ole annettu, joten yhteissummia ei lasketa.",
                "Ingen mängd har angetts, så inga summor beräknas.",
                "No quantity was given, so that no totals are reckoned.",
            ],
        };
        Localized::new(fi, sv, en)
    }
}

/// The corresponding service of the organiser's own.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ComparedPublicService)]
pub(crate) struct PublicServiceView {
    /// Client fee per unit: the client's own where a voucher is compared with, else a typical one.
    client_fee: Money,
    /// Client fee of the quantity that totals are reckoned for.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_fee_for_quantity: Option<Money>,
    /// How the fee is set.
    #[schema(max_length = 4000)]
    basis: String,
}

/// What offerings are compared by, besides what the list of choices is asked.
pub(super) struct Beside<'a> {
    pub(super) voucher: Option<Id<kind::Voucher>>,
    pub(super) value: Option<Amount>,
    pub(super) unit: Unit,
    pub(super) price_unit: Option<Unit>,
    pub(super) currency: Currency,
    pub(super) totals: TotalsBasis,
    pub(super) co_payment_basis: &'a Localized,
    pub(super) public_service: &'a PublicService,
    pub(super) client_fee: Amount,
    pub(super) spoken: &'a Spoken,
}

impl Beside<'_> {
    /// The offerings side by side.
    ///
    /// # Errors
    /// One of them is not offered for the voucher type, or is not public.
    pub(super) fn compare(
        &self,
        snapshot: &Snapshot,
        query: &Query<'_>,
        offerings: &[Id<kind::Offering>],
    ) -> Result<Compared, Problem> {
        let shown = snapshot.side_by_side(query, offerings);
        let is_shown = |id: &Id<kind::Offering>| shown.iter().any(|one| offering_of(one) == *id);
        let mut unknown = (0..).zip(offerings).filter(|(_, id)| !is_shown(id)).map(|(n, _)| format!("/offerings/{n}"));
        if let Some(first) = unknown.next() {
            let why = "there is no such offering for this voucher type";
            return Err(unknown.fold(Problem::unknown(&first, why), |problem, at| problem.at(&at, "unknown", why)));
        }
        let spoken = self.spoken;
        let listed = |one: &Listed<'_>| OptionView::of(one, self.currency);
        let drawn_by = if self.voucher.is_some() { DrawnBy::Voucher } else { DrawnBy::Day };
        let items = shown.iter().map(|one| match one {
            Shown::Listed(one) => {
                ComparedView { offering: one.candidate.offering, option: Some(listed(one)), not_choosable: None }
            }
            Shown::Refused(one) => ComparedView {
                offering: one.candidate.offering,
                option: None,
                not_choosable: Some(RefusedView::of(one, spoken)),
            },
        });
        let for_quantity = query.quantity.and_then(|quantity| self.client_fee.times(quantity));
        Ok(Compared {
            voucher_type: query.voucher_type,
            voucher: self.voucher,
            value: self.value.map(|value| value.of(self.currency)),
            unit: self.unit,
            price_unit: self.price_unit,
            day: query.day,
            totals: TotalsView {
                basis: self.totals,
                quantity: query.quantity,
                text: spoken.say(&self.totals.in_words()),
            },
            co_payment_basis: spoken.say(self.co_payment_basis),
            ordered: OrderedView::of(Order::Neutral, drawn_by, spoken),
            revision: snapshot.revision(),
            language: spoken.view(),
            items: items.collect(),
            differences: differences(&shown),
            public_service: PublicServiceView {
                client_fee: self.client_fee.of(self.currency),
                client_fee_for_quantity: for_quantity.map(|fee| fee.of(self.currency)),
                basis: spoken.say(&self.public_service.basis),
            },
        })
    }
}

fn offering_of(shown: &Shown<'_>) -> Id<kind::Offering> {
    match shown {
        Shown::Listed(one) => one.candidate.offering,
        Shown::Refused(one) => one.candidate.offering,
    }
}
