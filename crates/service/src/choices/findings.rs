//! Why an offering can be chosen with a voucher, or cannot: what the registry, the voucher and the law ask, each as a
//! finding beside the rulebook's own criteria. Explains; what is chosen is decided where it is chosen.

use valinta_domain::choice::{Candidate, Chooser, Entitlement, Listed, Reason, Stand, Why, home_of};
use valinta_domain::offering::PriceCheck;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{Facts, Finding, Standing};
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Localized, Quantity};

/// An offering held against a voucher, as of the first day of a choice of it.
pub(super) struct Facing<'a> {
    /// Whether the voucher was granted free of charge by law.
    free_of_charge: bool,
    /// The rulebook's terms of that day, if one is in force.
    terms: Option<&'a RulebookTerms>,
    stand: Stand<'a>,
}

impl<'a> Facing<'a> {
    /// Holds an offering against a voucher. The terms and the entitlement are those of the first day of a choice of it,
    /// `client` is what criteria may ask of the client, and `at_once` the day on which the choice would begin if the unit
    /// could start at once.
    pub(super) fn new(
        voucher: &Voucher,
        candidate: &'a Candidate,
        terms: Option<&'a RulebookTerms>,
        entitlement: &Entitlement<'_>,
        client: &Facts,
        at_once: Day,
    ) -> Self {
        let home = home_of(client);
        let chooser = Chooser {
            day: at_once,
            validity: Some(voucher.validity),
            home: home.as_ref(),
            client: Some(client),
            entitlement,
            // What is looked at knows of a place that the holder has.
            own: &[],
        };
        let stand = candidate.stand(terms.map(PriceCheck::under).as_ref(), &chooser);
        Self { free_of_charge: voucher.free_of_charge, terms, stand }
    }

    /// Whether the offering can be chosen.
    pub(super) fn is_choosable(&self) -> bool {
        self.stand.is_choosable()
    }

    /// Why it cannot be chosen, as the lists tell it.
    pub(super) fn why(&self) -> Vec<Why> {
        self.stand.why()
    }

    /// Everything that was looked at; where the offering cannot be chosen, something is not met. What cannot be said stands
    /// in the way of nothing where it is the rulebook's criterion.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.asked_of_all();
        findings.extend(self.stand.criteria.findings.iter().cloned());
        findings
    }

    fn asked_of_all(&self) -> Vec<Finding> {
        let is_not = |reason: Reason| Ok(!self.stand.reasons.contains(&reason));
        let mut findings = vec![
            finding("approved", is_not(Reason::NotApproved), &APPROVED, "569/2009 § 5"),
            finding("not_interrupted", is_not(Reason::Interrupted), &NOT_INTERRUPTED, "569/2009 § 5"),
            finding("in_area", is_not(Reason::NotInArea), &IN_AREA, ""),
            finding("priced", is_not(Reason::NoPrice), &PRICED, "569/2009 § 4"),
            finding("rulebook", is_not(Reason::NoRulebook), &RULEBOOK, "569/2009 § 4"),
            finding("granted", is_not(Reason::NothingGranted), &GRANTED, ""),
            finding("price_allowed", self.price_allowed(), &PRICE_ALLOWED, "569/2009 § 7"),
            finding("takes_clients", is_not(Reason::NotTakingClients), &TAKES_CLIENTS, ""),
            finding("has_place", is_not(Reason::Full), &HAS_PLACE, ""),
            finding("within_validity", is_not(Reason::OutsideValidity), &WITHIN_VALIDITY, ""),
        ];
        if self.free_of_charge {
            let law =
                self.terms.and_then(|terms| terms.free_of_charge.as_ref()).map_or("", |free| free.source.as_str());
            findings.push(finding("free_by_law", self.costs_nothing(), &FREE_BY_LAW, law));
        }
        findings
    }

    fn price_allowed(&self) -> Result<bool, &'static str> {
        let refused = [Reason::PriceNotAllowed, Reason::NotFree];
        if refused.iter().any(|reason| self.stand.reasons.contains(reason)) {
            return Ok(false);
        }
        self.is_known().map(|()| true)
    }

    fn costs_nothing(&self) -> Result<bool, &'static str> {
        if self.stand.reasons.contains(&Reason::NotFree) {
            return Ok(false);
        }
        self.is_known()?;
        self.stand.worth.map(|_| true).ok_or("value")
    }

    /// What is missing, where it cannot be said what the offering would cost.
    fn is_known(&self) -> Result<(), &'static str> {
        self.stand.price.ok_or("price")?;
        self.terms.ok_or("rulebook")?;
        self.stand.sector.ok_or("sector")?;
        if self.stand.reasons.contains(&Reason::NothingGranted) { Err("value") } else { Ok(()) }
    }

    /// The offering as it would stand in the list of choices, with what it would cost.
    pub(super) fn listed(&self, quantity: Option<Quantity>) -> Option<Listed<'a>> {
        self.stand.listed(quantity, None)
    }
}

fn finding(code: &str, met: Result<bool, &'static str>, text: &[&str; 3], source: &str) -> Finding {
    let [fi, sv, en] = *text;
    let (standing, missing) = match met {
        Ok(true) => (Standing::Met, Vec::new()),
        Ok(false) => (Standing::NotMet, Vec::new()),
        Err(missing) => (Standing::Unknown, vec![missing.to_owned()]),
    };
    Finding { code: code.to_owned(), standing, missing, text: Localized::new(fi, sv, en), source: source.to_owned() }
}

const APPROVED: [&str; 3] = [
    "Yksikkö on hyväksytty palvelusetelipalvelun tuottajaksi.",
    "Enheten är godkänd som serviceproducent för servicesedeln.",
    "The unit is approved for the voucher type.",
];
const NOT_INTERRUPTED: [&str; 3] = [
    "Yksikön hyväksyminen ei ole keskeytynyt valintahetkellä eikä palvelun alkaessa.",
    "Enhetens godkännande är inte avbrutet vid valet och inte heller när tjänsten börjar.",
    "The unit's approval is interrupted neither at the choice nor when the service begins.",
];
const IN_AREA: [&str; 3] = [
    "Yksikkö on hyväksytty kotikuntasi asukkaille.",
    "Enheten är godkänd för invånarna i din hemkommun.",
    "The unit is approved for residents of your municipality.",
];
const PRICED: [&str; 3] = [
    "Palvelulle on ilmoitettu hinta ensimmäiselle päivälle.",
    "Ett pris har uppgetts för tjänsten för den första dagen.",
    "The offering has a price on the first day.",
];
const RULEBOOK: [&str; 3] = [
    "Palvelusetelillä on voimassa oleva sääntökirja ensimmäisenä päivänä.",
    "Servicesedeln har en gällande regelbok den första dagen.",
    "The voucher type has a rulebook in force on the first day.",
];
const GRANTED: [&str; 3] = [
    "Palveluseteli kattaa palvelua ensimmäisen päivän sääntökirjan mukaan.",
    "Servicesedeln täcker tjänsten enligt den regelbok som gäller den första dagen.",
    "Under the rulebook of the first day the voucher covers the service.",
];
const PRICE_ALLOWED: [&str; 3] = [
    "Hinta on sääntökirjan ja palvelusetelin mukainen.",
    "Priset överensstämmer med regelboken och servicesedeln.",
    "The price is one that the rulebook and the voucher allow.",
];
const TAKES_CLIENTS: [&str; 3] =
    ["Yksikkö ottaa uusia asiakkaita.", "Enheten tar emot nya klienter.", "The unit takes new clients."];
const HAS_PLACE: [&str; 3] = [
    "Yksikössä on vapaa paikka, kun palvelu alkaa.",
    "Enheten har en ledig plats när tjänsten börjar.",
    "The unit has a free place when the service begins.",
];
const WITHIN_VALIDITY: [&str; 3] = [
    "Palvelu voi alkaa palvelusetelin voimassaoloaikana.",
    "Tjänsten kan börja under servicesedelns giltighetstid.",
    "The service can begin while the voucher is valid.",
];
const FREE_BY_LAW: [&str; 3] = [
    "Laissa maksuttomaksi säädetystä palvelusta asiakas ei maksa mitään.",
    "För en tjänst som enligt lag är avgiftsfri ska klienten inte betala något.",
    "A service that is free of charge by law leaves nothing for the client to pay.",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use valinta_domain::rules::Findings;

    use super::*;

    fn candidate() -> Candidate {
        let id = "01990000-0000-7000-8000-000000000000";
        let candidate = json!({
            "offering": id, "provider": id, "provider_name": "Provider", "sectors": [], "unit": id, "unit_name": "Unit",
            "street_address": "Street 1", "postal_address": "28100 Pori", "municipality": "609", "service_area": [],
            "coordinates_e6": null, "languages": [], "modes": [], "step_free": null, "approvals": [],
            "interruptions": [], "accepts_new_clients": true, "earliest_start": null, "queue": null,
            "places_taken_until": null, "prices": [], "quality": {},
        });
        serde_json::from_value(candidate).unwrap()
    }

    #[test]
    fn what_cannot_be_chosen_has_something_that_is_not_met() {
        let candidate = candidate();
        let stand = candidate.stand::<RulebookTerms>(None, &Chooser::somebody(Day::ymd(2026, 7, 1).unwrap()));
        for reason in Reason::ALL {
            for free_of_charge in [false, true] {
                let mut stand = Stand { reasons: BTreeSet::from([reason]), ..stand.clone() };
                if reason == Reason::Criteria {
                    stand.criteria = Findings::of(vec![finding("own_language", Ok(false), &APPROVED, "")]);
                }
                let facing = Facing { free_of_charge, terms: None, stand };
                let unmet = facing.findings().into_iter().filter(|finding| finding.standing == Standing::NotMet);
                assert!(unmet.count() > 0 && !facing.is_choosable(), "{reason:?}");
            }
        }
    }
}
