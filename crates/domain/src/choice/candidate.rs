//! An offering as clients compare it, and whether it can be chosen on a day. Knows nothing of lists.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::distance::Place;
use crate::approval::Approved;
use crate::id::{Id, kind};
use crate::identifiers::MunicipalityCode;
use crate::offering::OfferPrice;
use crate::provider::{Sector, ServiceMode};
use crate::quality::QualityFacts;
use crate::rulebook::RulebookTerms;
use crate::rules::{FactValue, Facts, Findings, examine};
use crate::text::Language;
use crate::time::{Day, Period, Timeline};

/// An offering with the facts a client compares. Stored as it is, so that any list can be made again: what is added later
/// needs a value for what was stored before. What pages show of it they share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The offering.
    pub offering: Id<kind::Offering>,
    /// Who offers.
    pub provider: Id<kind::Provider>,
    /// The provider's name.
    pub provider_name: Arc<str>,
    /// The provider's sector by day.
    pub sectors: Timeline<Sector>,
    /// Which unit serves.
    pub unit: Id<kind::ServiceUnit>,
    /// The unit's name.
    pub unit_name: Arc<str>,
    /// Street address.
    pub street_address: Arc<str>,
    /// Postal code and place.
    pub postal_address: Arc<str>,
    /// The unit's municipality.
    pub municipality: MunicipalityCode,
    /// Other municipalities it serves.
    pub service_area: Vec<MunicipalityCode>,
    /// Latitude and longitude in millionths of a degree (WGS 84), if known.
    pub coordinates_e6: Option<(i32, i32)>,
    /// Languages of service.
    pub languages: Arc<[Language]>,
    /// How it serves.
    pub modes: Arc<[ServiceMode]>,
    /// Whether the unit can be entered by wheelchair.
    pub step_free: Option<bool>,
    /// When the unit may be chosen for the voucher type, and by whom: its approvals without their interruptions.
    pub approvals: Vec<Approved>,
    /// When it is approved, but takes no new choices.
    pub interruptions: Vec<Period>,
    /// Whether new clients are taken.
    pub accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once.
    pub earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    pub queue: Option<u32>,
    /// The first day on which a place is free again, where all are taken; none where one is, or places are not limited.
    pub places_taken_until: Option<Day>,
    /// Its prices by day.
    pub prices: Timeline<OfferPrice>,
    /// What is told of how it has served. No order and no criterion asks for it.
    pub quality: QualityFacts,
}

/// Why an offering cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotChoosable {
    /// The unit is not approved for the voucher type on the day.
    NotApproved,
    /// The unit is approved, but takes no new choices on the day.
    Interrupted,
    /// The unit is approved for residents of other municipalities.
    NotInArea,
    /// No price is in force on the day.
    NoPrice,
    /// No new clients are taken.
    NotTakingClients,
    /// All places are taken on the day.
    Full,
}

impl Candidate {
    /// The sector and price at which the offering can be chosen on a day by a resident of a municipality, where that is
    /// known, or why it cannot.
    ///
    /// # Errors
    /// See [`NotChoosable`].
    pub fn choosable_on(
        &self,
        day: Day,
        home: Option<&MunicipalityCode>,
    ) -> Result<(Sector, Period, &OfferPrice), NotChoosable> {
        self.approved_on(day, home)?;
        let sector = self.sectors.as_of(day).ok_or(NotChoosable::NotApproved)?;
        let (period, price) =
            self.prices.entries().iter().find(|(period, _)| period.contains(day)).ok_or(NotChoosable::NoPrice)?;
        if !self.accepts_new_clients {
            return Err(NotChoosable::NotTakingClients);
        }
        if self.is_full_on(day) {
            return Err(NotChoosable::Full);
        }
        Ok((*sector, *period, price))
    }

    /// Lets the unit be chosen on a day by a resident of a municipality, where that is known, as far as its approval goes.
    ///
    /// # Errors
    /// It is not approved, interrupted, or approved for others.
    pub fn approved_on(&self, day: Day, home: Option<&MunicipalityCode>) -> Result<(), NotChoosable> {
        if self.approvals.iter().any(|approved| approved.covers(day, home)) {
            return Ok(());
        }
        let elsewhere = self.approvals.iter().any(|approved| approved.covers(day, None));
        let interrupted = self.interruptions.iter().any(|period| period.contains(day));
        Err(match (elsewhere, interrupted) {
            (true, _) => NotChoosable::NotInArea,
            (false, true) => NotChoosable::Interrupted,
            (false, false) => NotChoosable::NotApproved,
        })
    }

    /// Lets new clients be taken on a day on which a choice would begin if the unit could start at once. Where it starts
    /// later, an interruption that is over by then is one all the same: the unit is not chosen while it holds. An approval
    /// that is to begin later is no interruption.
    ///
    /// # Errors
    /// [`NotChoosable::Interrupted`].
    pub fn takes_on(&self, day: Day) -> Result<(), NotChoosable> {
        let interrupted = self.approved_on(day, None) == Err(NotChoosable::Interrupted);
        if interrupted { Err(NotChoosable::Interrupted) } else { Ok(()) }
    }

    /// Whether all places are taken on a day. From the day on which one is free, one stays free until somebody takes it.
    pub fn is_full_on(&self, day: Day) -> bool {
        self.places_taken_until.is_some_and(|free_from| day < free_from)
    }

    /// Where the unit is, if that is known.
    pub fn place(&self) -> Option<Place> {
        self.coordinates_e6.map(|(latitude_e6, longitude_e6)| Place { latitude_e6, longitude_e6 })
    }

    /// The first day of a choice of it that could begin on a day: that day, or the earliest on which it can start.
    pub fn begins_on(&self, day: Day) -> Day {
        self.earliest_start.map_or(day, |start| start.max(day))
    }

    /// How the rulebook's criteria for offerings come out, for a client of whom the facts of [`client_facts`] are known.
    pub fn examine(&self, sector: Sector, terms: &RulebookTerms, client: &Facts) -> Findings {
        let criteria = &terms.eligibility.offering;
        if criteria.is_empty() {
            return Findings::of(Vec::new());
        }
        let unit = UnitFacts {
            sector: Some(sector),
            languages: &self.languages,
            modes: &self.modes,
            municipality: &self.municipality,
            service_area: &self.service_area,
            step_free: self.step_free,
        };
        let takes = ("accepts_new_clients".to_owned(), FactValue::Flag(self.accepts_new_clients));
        examine(criteria, &unit.facts().with(&Facts::new([takes])).with(client))
    }

    /// Whether the unit is in a municipality or serves it.
    pub fn serves(&self, municipality: &MunicipalityCode) -> bool {
        self.municipality == *municipality || self.service_area.contains(municipality)
    }
}

/// What the registry knows of a unit, as the facts that criteria ask for.
#[derive(Debug, Clone, Copy)]
pub struct UnitFacts<'a> {
    /// Whose production it is.
    pub sector: Option<Sector>,
    /// Languages of service.
    pub languages: &'a [Language],
    /// How it serves.
    pub modes: &'a [ServiceMode],
    /// Its municipality.
    pub municipality: &'a MunicipalityCode,
    /// Other municipalities it serves.
    pub service_area: &'a [MunicipalityCode],
    /// Whether it can be entered without steps, if known.
    pub step_free: Option<bool>,
}

impl UnitFacts<'_> {
    /// The facts by name.
    pub fn facts(self) -> Facts {
        let words = |words: Vec<&str>| FactValue::Words(words.into_iter().map(str::to_owned).collect());
        let area = self.service_area.iter().chain([self.municipality]).map(MunicipalityCode::as_str).collect();
        let known = [
            ("languages", words(self.languages.iter().map(|language| language.code()).collect())),
            ("modes", words(self.modes.iter().map(|mode| mode.code()).collect())),
            ("municipality", FactValue::Word(self.municipality.as_str().to_owned())),
            ("service_area", words(area)),
        ];
        let sector = self.sector.map(|sector| ("sector", FactValue::Word(sector.code().to_owned())));
        let step_free = self.step_free.map(|step_free| ("step_free", FactValue::Flag(step_free)));
        Facts::new(known.into_iter().chain(sector).chain(step_free).map(|(name, value)| (name.to_owned(), value)))
    }
}

/// What criteria for offerings may ask of a client.
pub fn client_facts(language: Language, municipality: &MunicipalityCode) -> Facts {
    Facts::new([
        ("client_language".to_owned(), FactValue::Word(language.code().to_owned())),
        ("client_municipality".to_owned(), FactValue::Word(municipality.as_str().to_owned())),
    ])
}

/// The municipality of a client of whom the facts of [`client_facts`] are known.
pub fn home_of(client: &Facts) -> Option<MunicipalityCode> {
    match client.get("client_municipality") {
        Some(FactValue::Word(code)) => code.parse().ok(),
        _ => None,
    }
}
