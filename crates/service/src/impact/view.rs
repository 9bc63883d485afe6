//! How an impact is shown.

use std::collections::BTreeMap;

use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::impact::{
    BeforeAfter, Bucket, Impact, LeftOut, OfferingRefused, SectorImpact, TOLD_FROM, VoucherImpact,
};
use valinta_domain::provider::Sector;
use valinta_domain::{Currency, Day, Id, Money};
use valinta_persistence::rulebooks::Rulebook;

/// Offerings that are listed one by one.
const OFFERINGS_LISTED_MAX: usize = 200;

/// What a draft would change: what if everything were under it.
///
/// Counts of one to four people are null, and the object that they are in says `suppressed`. Others that they would follow
/// from are null too: where a sum is told, the parts of it that are not are at least two, and of at least five people.
/// Amounts are told of those rows of which the number of clients is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImpactView {
    /// Of which rulebook version.
    rulebook: Id<kind::Rulebook>,
    /// Its number.
    number: i32,
    /// Of which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// As of which day: vouchers and offerings are those of this day.
    day: Day,
    /// Services of this day and later were valued anew.
    events_from: Day,
    /// Counts of people below this are kept back.
    told_from: u64,
    /// What it comes to in each sector.
    #[schema(max_items = 3)]
    sectors: Vec<SectorImpactView>,
    /// What it comes to in all.
    total: SectorImpactView,
    /// Services that could not be valued under the draft and are in no sum, before or after, by reason.
    #[schema(max_items = 10)]
    left_out: Vec<LeftOutView>,
    /// Services among the valued ones whose purse had run out. It is taken to run out at the same sum again.
    purse_ran_out: CountView,
    /// Vouchers that can still be used, by what a unit would be worth.
    vouchers: VoucherImpactView,
    /// Clients with such a voucher who have a provider to choose today and would have none.
    clients_without_provider: CountView,
    /// Offerings whose price is allowed today and would not be.
    offerings: OfferingsImpactView,
}

/// A count of people, or of what is theirs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CountView {
    /// How many; null if that is kept back.
    count: Option<u64>,
    /// Whether it is kept back.
    suppressed: bool,
}

/// What it comes to in a sector.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SectorImpactView {
    /// Which sector; absent where it is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector: Option<Sector>,
    /// Whether something is kept back.
    suppressed: bool,
    /// Clients who were served.
    clients: Option<u64>,
    /// Services that were valued anew.
    events: Option<u64>,
    /// Of these, services whose price is above what the draft allows. They are valued at the highest price that it does.
    events_over_ceiling: Option<u64>,
    /// What the organiser pays to providers.
    organiser_cost: Option<BeforeAfterView>,
    /// What clients pay: co-payments, and client fees of public units.
    client_pays: Option<BeforeAfterView>,
    /// Clients who pay less in the window.
    gain: Option<u64>,
    /// Clients who pay the same.
    unchanged: Option<u64>,
    /// Clients who pay more.
    lose: Option<u64>,
    /// How much less or more, from much less to much more.
    #[schema(max_items = 9)]
    changes: Vec<BucketView>,
}

/// A figure as recorded, and under the draft.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BeforeAfterView {
    /// As recorded.
    before: Money,
    /// Under the draft.
    after: Money,
}

/// Clients whose payments in the window change by so much. A change of the size of an edge is in the bucket further from
/// nothing; the bucket from nothing to nothing is of those who pay the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BucketView {
    /// The lower edge; null below the lowest.
    from: Option<Money>,
    /// The upper edge; null above the highest.
    to: Option<Money>,
    /// How many; null if that is kept back.
    clients: Option<u64>,
}

/// Services that could not be valued, for one reason.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LeftOutView {
    /// Why.
    reason: LeftOut,
    /// How many; null if that is kept back.
    events: Option<u64>,
    /// Whether it is kept back.
    suppressed: bool,
}

/// Vouchers that can still be used.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VoucherImpactView {
    /// Whether something is kept back.
    suppressed: bool,
    /// How many there are.
    live: Option<u64>,
    /// Those whose value per unit would be higher.
    rise: Option<u64>,
    /// Those whose value per unit would be lower.
    fall: Option<u64>,
    /// Those whose value per unit would be the same.
    unchanged: Option<u64>,
    /// Those that the draft would not have granted.
    not_eligible: Option<u64>,
    /// Those whose facts do not fit the draft.
    facts_do_not_fit: Option<u64>,
}

/// Offerings whose price would not be allowed. They are public, and nothing of them is kept back.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OfferingsImpactView {
    /// How many.
    total: usize,
    /// How many in each sector.
    by_sector: BTreeMap<Sector, usize>,
    /// The first of them.
    #[schema(max_items = 200)]
    items: Vec<OfferingImpactView>,
}

/// An offering whose price would not be allowed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OfferingImpactView {
    /// Which offering.
    offering: Id<kind::Offering>,
    /// Whose.
    provider: Id<kind::Provider>,
    /// Of which sector.
    sector: Sector,
    /// Why, as a code.
    #[schema(max_length = 64, example = "price_over_ceiling")]
    code: String,
    /// Why, in words.
    #[schema(max_length = 400)]
    detail: String,
}

impl ImpactView {
    pub(super) fn of(impact: Impact, rulebook: &Rulebook, day: Day, events_from: Day, currency: Currency) -> Self {
        Self {
            rulebook: rulebook.id,
            number: rulebook.number,
            voucher_type: rulebook.voucher_type,
            day,
            events_from,
            told_from: TOLD_FROM,
            sectors: impact.sectors.into_iter().map(|row| SectorImpactView::of(row, currency)).collect(),
            total: SectorImpactView::of(impact.total, currency),
            left_out: impact
                .left_out
                .into_iter()
                .map(|(reason, events)| LeftOutView { reason, events, suppressed: events.is_none() })
                .collect(),
            purse_ran_out: CountView::of(impact.purse_ran_out),
            vouchers: VoucherImpactView::of(impact.vouchers),
            clients_without_provider: CountView::of(impact.clients_without_provider),
            offerings: OfferingsImpactView::of(&impact.offerings),
        }
    }
}

impl CountView {
    fn of(count: Option<u64>) -> Self {
        Self { count, suppressed: count.is_none() }
    }
}

impl SectorImpactView {
    fn of(row: SectorImpact, currency: Currency) -> Self {
        // Where it is kept back how many there are, it would be told of each of them by what nobody else is in.
        let told = |count: Option<u64>| row.clients.and(count);
        let money = |figure: BeforeAfter| BeforeAfterView {
            before: figure.before.of(currency),
            after: figure.after.of(currency),
        };
        let bucket = |bucket: &Bucket| BucketView {
            from: bucket.from.map(|edge| edge.of(currency)),
            to: bucket.to.map(|edge| edge.of(currency)),
            clients: told(bucket.clients),
        };
        Self {
            sector: row.sector,
            suppressed: row.is_suppressed(),
            clients: row.clients,
            events: row.events,
            events_over_ceiling: told(row.events_over_ceiling),
            organiser_cost: row.organiser_cost.map(money),
            client_pays: row.client_pays.map(money),
            gain: told(row.gain),
            unchanged: told(row.unchanged),
            lose: told(row.lose),
            changes: row.changes.iter().map(bucket).collect(),
        }
    }
}

impl VoucherImpactView {
    fn of(vouchers: VoucherImpact) -> Self {
        let VoucherImpact { live, .. } = vouchers;
        let [rise, fall, unchanged, not_eligible, facts_do_not_fit] =
            [vouchers.rise, vouchers.fall, vouchers.unchanged, vouchers.not_eligible, vouchers.facts_do_not_fit]
                .map(|count| live.and(count));
        let all = [live, rise, fall, unchanged, not_eligible, facts_do_not_fit];
        Self { suppressed: all.contains(&None), live, rise, fall, unchanged, not_eligible, facts_do_not_fit }
    }
}

impl OfferingsImpactView {
    fn of(refused: &[OfferingRefused]) -> Self {
        let mut by_sector: BTreeMap<Sector, usize> = Sector::ALL.into_iter().map(|sector| (sector, 0)).collect();
        for offering in refused {
            *by_sector.entry(offering.sector).or_default() += 1;
        }
        let items = refused.iter().take(OFFERINGS_LISTED_MAX).map(|offering| OfferingImpactView {
            offering: offering.offering,
            provider: offering.provider,
            sector: offering.sector,
            code: offering.refused.code().to_owned(),
            detail: offering.refused.to_string(),
        });
        Self { total: refused.len(), by_sector, items: items.collect() }
    }
}
