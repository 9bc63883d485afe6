//! What is asked of a list of choices, and what is answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::candidate::Candidate;
use super::distance::Place;
use super::entitlement::{Entitlement, NOTHING_KNOWN};
use super::lot::Lot;
use super::stand::Why;
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::offering::OfferPrice;
use crate::provider::{Sector, ServiceMode};
use crate::quantity::Quantity;
use crate::rules::Facts;
use crate::service_event::Charges;
use crate::text::Language;
use crate::time::{Day, Period};

/// In what order options are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderKind)]
pub enum Order {
    /// A keyed shuffle, the same for one voucher all the time and different between vouchers.
    #[default]
    Neutral,
    /// By price or full unit cost, lowest first.
    Price,
    /// By what the client pays per unit, lowest first.
    CoPayment,
    /// By the unit's name.
    Name,
    /// By the distance from a place, nearest first; what has no place comes last.
    Distance,
    /// By the earliest day on which it can start.
    EarliestStart,
}

/// What is asked of the list.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// For which voucher type.
    pub voucher_type: Id<kind::VoucherType>,
    /// As of which day: the first on which a choice could begin.
    pub day: Day,
    /// On which days a choice could begin at all, where that is bounded.
    pub validity: Option<Period>,
    /// What the client is entitled to.
    pub entitlement: &'a Entitlement<'a>,
    /// Offerings that keep a place for the client already: they are not full for it.
    pub own: &'a [Id<kind::Offering>],
    /// The granted quantity, where known.
    pub quantity: Option<Quantity>,
    /// What the criteria for offerings may ask of the client, where a client is known: language and municipality.
    pub client: &'a Facts,
    /// Only units that are in or serve a municipality.
    pub municipality: Option<&'a MunicipalityCode>,
    /// Only a sector.
    pub sector: Option<Sector>,
    /// Only with a language of service.
    pub language: Option<Language>,
    /// Only with a mode of service.
    pub mode: Option<ServiceMode>,
    /// Only those known to be entered without steps.
    pub step_free: bool,
    /// Only those that can start by a day.
    pub starts_by: Option<Day>,
    /// From where distances are told.
    pub near: Option<Near>,
    /// The order.
    pub order: Order,
    /// The lot that is drawn where nothing else decides.
    pub lot: &'a Lot,
    /// Whether it is counted what there is by sector, municipality, language and mode.
    pub counts: bool,
    /// Only what comes after this place, whether or not anything stands there still.
    pub after: Option<&'a SortKey>,
    /// At most so many.
    pub limit: usize,
}

impl<'a> Query<'a> {
    /// Everything that can be chosen for a voucher type on a day, in the neutral order, on one page.
    pub fn all(voucher_type: Id<kind::VoucherType>, day: Day, client: &'a Facts, lot: &'a Lot) -> Self {
        Self {
            voucher_type,
            day,
            validity: None,
            entitlement: &NOTHING_KNOWN,
            own: &[],
            quantity: None,
            client,
            municipality: None,
            sector: None,
            language: None,
            mode: None,
            step_free: false,
            starts_by: None,
            near: None,
            order: Order::Neutral,
            lot,
            counts: false,
            after: None,
            limit: usize::MAX,
        }
    }
}

/// A place that something is to be near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Near {
    /// The place.
    pub place: Place,
    /// Within how many metres, if that is bounded. What has no place is not within any.
    pub within_m: Option<u32>,
}

/// One line of the list.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    /// The offering and its facts.
    pub candidate: &'a Candidate,
    /// The provider's sector on the first day.
    pub sector: Sector,
    /// The price on the first day: the day of the list, or the later one on which the offering can begin.
    pub price: &'a OfferPrice,
    /// The days on which that price holds.
    pub price_period: Period,
    /// The first day of a choice of it that is made now.
    pub first_day: Day,
    /// How many metres it is from where that was asked for, if the unit has a place.
    pub distance_m: Option<u32>,
    /// Who pays what of one unit, where the value is known.
    pub per_unit: Option<Charges>,
    /// Who pays what of the granted quantity, where both are known.
    pub for_quantity: Option<Charges>,
}

/// A page of the list.
#[derive(Debug, Default)]
pub struct Listing<'a> {
    /// The lines.
    pub lines: Vec<Listed<'a>>,
    /// How many there are in all pages.
    pub total: usize,
    /// How many there would be with each value of a filter, all other filters being as they are; where that was asked.
    pub counts: Option<Counts>,
    /// The place to go on after, if there is more.
    pub next: Option<SortKey>,
}

/// An offering that cannot be chosen.
#[derive(Debug, Clone)]
pub struct Refused<'a> {
    /// The offering and its facts.
    pub candidate: &'a Candidate,
    /// The first day of a choice of it that would be made now.
    pub first_day: Day,
    /// The provider's sector on that day, if it has one.
    pub sector: Option<Sector>,
    /// How many metres it is from where that was asked for, if the unit has a place.
    pub distance_m: Option<u32>,
    /// Why it cannot be chosen: one reason at least.
    pub why: Vec<Why>,
}

/// A page of what cannot be chosen.
#[derive(Debug, Default)]
pub struct RefusedPage<'a> {
    /// The offerings.
    pub lines: Vec<Refused<'a>>,
    /// How many there are in all pages.
    pub total: usize,
    /// The place to go on after, if there is more.
    pub next: Option<SortKey>,
}

/// An offering that was asked for by name: as the list shows it, or why it is not there.
#[derive(Debug, Clone)]
pub enum Shown<'a> {
    /// It can be chosen.
    Listed(Listed<'a>),
    /// It cannot.
    Refused(Refused<'a>),
}

impl<'a> Shown<'a> {
    /// The offering and its facts.
    pub const fn candidate(&self) -> &'a Candidate {
        match self {
            Self::Listed(listed) => listed.candidate,
            Self::Refused(refused) => refused.candidate,
        }
    }
}

/// How many options there are with each value of a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By sector.
    pub sectors: BTreeMap<Sector, usize>,
    /// By the municipality that units are in or serve.
    pub municipalities: BTreeMap<MunicipalityCode, usize>,
    /// By language of service.
    pub languages: BTreeMap<Language, usize>,
    /// By mode of service.
    pub modes: BTreeMap<ServiceMode, usize>,
}

/// A place in a list, by what the list is sorted by. It stands between the same neighbours whether or not the offering
/// that it was taken from is still listed.
// The fields are compared from first to last. The offering is the last of them: should two lots ever be the same,
// the order of rows decides nothing still.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SortKey {
    pub(super) figure: Option<i64>,
    pub(super) name: String,
    pub(super) drawn: [u8; 16],
    pub(super) offering: Id<kind::Offering>,
}
