//! Why an offering can be chosen with a voucher, or cannot: what the registry, the voucher and the law ask, each as a
//! finding beside the rulebook's own criteria. Explains; what is chosen is decided where it is chosen.

use valinta_domain::choice::{Candidate, NotChoosable, home_of};
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{Facts, Finding, Findings, Standing};
use valinta_domain::valuation::{Valuation, Worth};
use valinta_domain::voucher::Voucher;
use valinta_domain::{Amount, Day, Localized, Period, Quantity};

use valinta_domain::choice::Listed;
use valinta_domain::service_event::charge;

/// An offering held against a voucher, as of the first day of a choice of it.
pub(super) struct Facing<'a> {
    pub(super) voucher: &'a Voucher,
    pub(super) candidate: &'a Candidate,
    /// The rulebook's terms of that day, if one is in force.
    pub(super) terms: Option<&'a RulebookTerms>,
    /// What units are worth on that day, unless nothing is granted.
    pub(super) valuation: Option<&'a Valuation<'a>>,
    /// What criteria may ask of the client.
    pub(super) client: &'a Facts,
    pub(super) day: Day,
    /// The day on which the choice would begin if the unit could start at once.
    pub(super) at_once: Day,
}

impl<'a> Facing<'a> {
    fn sector(&self) -> Option<Sector> {
        self.candidate.sectors.as_of(self.day).copied()
    }

    fn price(&self) -> Option<&'a (Period, OfferPrice)> {
        self.candidate.prices.entries().iter().find(|(period, _)| period.contains(self.day))
    }

    /// Everything that was looked at, and whether the offering can be chosen by it. What cannot be said stands in the
    /// way of nothing where it is the rulebook's criterion.
    pub(super) fn findings(&self) -> (bool, Vec<Finding>) {
        let mut findings = self.asked_of_all();
        let criteria = self.criteria();
        let choosable =
            findings.iter().all(|finding| finding.standing == Standing::Met) && criteria.standing != Standing::NotMet;
        findings.extend(criteria.findings);
        (choosable, findings)
    }

    fn asked_of_all(&self) -> Vec<Finding> {
        let home = home_of(self.client);
        let standing = self.candidate.approved_on(self.day, home.as_ref());
        let is = |refused| standing != Err(refused);
        let uninterrupted = is(NotChoosable::Interrupted) && self.candidate.takes_on(self.at_once).is_ok();
        let approved = is(NotChoosable::NotApproved) && self.sector().is_some();
        let mut findings = vec![
            finding("approved", known(approved), &APPROVED, "569/2009 § 5"),
            finding("not_interrupted", known(uninterrupted), &NOT_INTERRUPTED, "569/2009 § 5"),
            finding("in_area", known(is(NotChoosable::NotInArea)), &IN_AREA, ""),
            finding("priced", known(self.price().is_some()), &PRICED, "569/2009 § 4"),
            finding("price_allowed", self.price_allowed(), &PRICE_ALLOWED, "569/2009 § 7"),
            finding("takes_clients", known(self.candidate.accepts_new_clients), &TAKES_CLIENTS, ""),
            finding("has_place", known(!self.candidate.is_full_on(self.day)), &HAS_PLACE, ""),
            finding("within_validity", known(self.voucher.validity.contains(self.day)), &WITHIN_VALIDITY, ""),
        ];
        if self.voucher.free_of_charge {
            let law =
                self.terms.and_then(|terms| terms.free_of_charge.as_ref()).map_or("", |free| free.source.as_str());
            findings.push(finding("free_by_law", self.costs_nothing(), &FREE_BY_LAW, law));
        }
        findings
    }

    fn price_allowed(&self) -> Result<bool, &'static str> {
        let (_, price) = self.price().ok_or("price")?;
        let terms = self.terms.ok_or("rulebook")?;
        let sector = self.sector().ok_or("sector")?;
        let valuation = self.valuation.ok_or("value")?;
        Ok(self.voucher.check_price(price, sector, terms, valuation).is_ok() && self.worth().is_ok())
    }

    /// What a unit is worth at the offering's price; what is missing where that cannot be said.
    fn worth(&self) -> Result<Worth, &'static str> {
        let (_, price) = self.price().ok_or("price")?;
        let terms = self.terms.ok_or("rulebook")?;
        let per_unit = price.of_item(None).per_voucher_unit(terms.price_unit).ok_or("price")?;
        let valuation = self.valuation.ok_or("value")?;
        valuation.at_price(per_unit.price()).map_err(|_| "value")
    }

    fn costs_nothing(&self) -> Result<bool, &'static str> {
        let listed = self.listed(None).ok_or("price")?;
        let charges = listed.per_unit.ok_or("value")?;
        Ok(charges.co_payment == Amount::ZERO && charges.client_fee == Amount::ZERO)
    }

    /// What the rulebook asks of an offering for this client.
    fn criteria(&self) -> Findings {
        match (self.terms, self.sector()) {
            (Some(terms), Some(sector)) => self.candidate.examine(sector, terms, self.client),
            _ => Findings::of(Vec::new()),
        }
    }

    /// The offering as it would stand in the list of choices, with what it would cost.
    pub(super) fn listed(&self, quantity: Option<Quantity>) -> Option<Listed<'a>> {
        let (price_period, price) = self.price()?;
        let per_unit = price.of_item(None).per_voucher_unit(self.terms?.price_unit)?;
        let worth = self.worth().ok();
        Some(Listed {
            candidate: self.candidate,
            sector: self.sector()?,
            price,
            price_period: *price_period,
            first_day: self.day,
            distance_m: None,
            per_unit: worth.and_then(|worth| charge(worth, per_unit, Quantity::ONE)),
            for_quantity: worth.zip(quantity).and_then(|(worth, quantity)| charge(worth, per_unit, quantity)),
        })
    }
}

const fn known(met: bool) -> Result<bool, &'static str> {
    Ok(met)
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
    "Yksikkö on hyväksytty palvelusetelin tuottajaksi.",
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
const PRICE_ALLOWED: [&str; 3] = [
    "Hinta on sääntökirjan ja setelin mukainen.",
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
    "Palvelu voi alkaa setelin voimassaoloaikana.",
    "Tjänsten kan börja under sedelns giltighetstid.",
    "The service can begin while the voucher is valid.",
];
const FREE_BY_LAW: [&str; 3] = [
    "Laissa maksuttomaksi säädetystä palvelusta asiakas ei maksa mitään.",
    "För en tjänst som enligt lag är avgiftsfri ska klienten inte betala något.",
    "A service that is free of charge by law leaves nothing for the client to pay.",
];
