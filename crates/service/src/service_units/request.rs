//! A unit as it is sent: whole, whether it is added or replaced.

use serde::Deserialize;
use validator::Validate;
use valinta_domain::identifiers::{MunicipalityCode, Oid};
use valinta_domain::provider::{
    AccessibilityFacts, OpeningHours, SelfMonitoringPlan, ServiceMode, SoteriRegistration, UnitDetails,
    check_unit_facts,
};
use valinta_domain::{Day, Language};
use valinta_persistence::{Conn, organisers};

use crate::http::{Errors, Parse, Problem};
use crate::organisers::GeoPoint;
use crate::providers::{each_once, not_blank};

/// A unit, whole.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitRequest {
    /// Its name.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Its OID, if it has one.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "1.2.246.10.2012566.10.1")]
    oid: Option<String>,
    /// Street address.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    street_address: String,
    /// Postal code, five digits.
    #[validate(length(min = 5, max = 5))]
    #[schema(min_length = 5, max_length = 5, pattern = "^[0-9]{5}$", example = "28100")]
    postal_code: String,
    /// Postal place.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    postal_place: String,
    /// Code of the municipality it is in.
    #[validate(length(min = 1, max = 3))]
    #[schema(min_length = 3, max_length = 3, example = "609")]
    municipality: String,
    /// Where it is.
    #[validate(nested)]
    coordinates: Option<GeoPoint>,
    /// Languages of service, each once.
    #[validate(length(min = 1, max = 3))]
    #[schema(min_items = 1, max_items = 3)]
    languages: Vec<Language>,
    /// How it serves, each mode once.
    #[validate(length(min = 1, max = 3))]
    #[schema(min_items = 1, max_items = 3)]
    modes: Vec<ServiceMode>,
    /// Codes of the municipalities it serves besides its own.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(max_items = 100, value_type = Vec<MunicipalityCode>)]
    service_area: Vec<String>,
    /// Whether it can be entered without steps.
    step_free: Option<bool>,
    /// Further facts of accessibility. What is not said is not known.
    #[serde(default)]
    accessibility: AccessibilityFacts,
    /// When it is open; empty where it is by agreement. Hours of one day do not overlap.
    #[serde(default)]
    #[schema(max_items = 50)]
    opening_hours: Vec<OpeningHours>,
    /// Its registration in Soteri, the national register of service units (741/2023). It becomes evidence of the unit's.
    soteri: Option<SoteriRegistration>,
    /// Its self-monitoring plan (741/2023 § 27), at an address that begins with https.
    self_monitoring: Option<SelfMonitoringPlan>,
    /// The first day on which it is no longer open: those who have chosen it are served until then. An admin's to say.
    closed_from: Option<Day>,
}

impl Parse for UnitRequest {
    type Into = UnitDetails;

    fn parse(&self, errors: &mut Errors) -> Option<UnitDetails> {
        let name = errors.take("/name", not_blank(&self.name));
        let oid = errors.take_optional("/oid", self.oid.as_deref().map(str::parse::<Oid>));
        let street_address = errors.take("/street_address", not_blank(&self.street_address));
        let postal_code = errors.take("/postal_code", postal_code(&self.postal_code));
        let postal_place = errors.take("/postal_place", not_blank(&self.postal_place));
        let municipality = errors.take("/municipality", self.municipality.parse::<MunicipalityCode>());
        let coordinates_e6 = match &self.coordinates {
            None => Some(None),
            Some(point) => errors.within("/coordinates", |errors| point.e6(errors)).map(Some),
        };
        each_once(errors, "/languages", &self.languages);
        each_once(errors, "/modes", &self.modes);
        // A bounded number is looked at, whatever the length.
        let area = self.service_area.get(..self.service_area.len().min(100)).unwrap_or_default();
        let service_area = errors.each("/service_area", area, |code, errors| errors.take("", code.parse()));
        each_once(errors, "/service_area", area);
        for fault in check_unit_facts(&self.opening_hours, self.soteri.as_ref(), self.self_monitoring.as_ref()) {
            errors.fail(&fault.pointer, fault.code, fault.detail);
        }
        Some(UnitDetails {
            name: name?,
            oid: oid?,
            street_address: street_address?,
            postal_code: postal_code?,
            postal_place: postal_place?,
            municipality: municipality?,
            latitude_e6: coordinates_e6?.map(|(latitude, _)| latitude),
            longitude_e6: coordinates_e6?.map(|(_, longitude)| longitude),
            languages: self.languages.clone(),
            modes: self.modes.clone(),
            service_area: service_area?,
            step_free: self.step_free,
            accessibility: self.accessibility,
            opening_hours: self.opening_hours.clone(),
            soteri: self.soteri.clone(),
            self_monitoring: self.self_monitoring.clone(),
            closed_from: self.closed_from,
        })
    }
}

fn postal_code(text: &str) -> Result<String, &'static str> {
    let plain = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    if plain { Ok(text.to_owned()) } else { Err("a postal code is five digits") }
}

/// Goes on if every municipality that a unit names exists.
pub(crate) fn check_municipalities(c: &mut Conn, details: &UnitDetails) -> Result<(), Problem> {
    let mut named = details.service_area.clone();
    named.push(details.municipality.clone());
    let unknown = organisers::unknown_municipalities(c, &named)?;
    let mut errors = Errors::new();
    if unknown.contains(&details.municipality) {
        errors.fail("/municipality", "unknown", "there is no such municipality");
    }
    for (i, code) in details.service_area.iter().enumerate() {
        if unknown.contains(code) {
            errors.fail(&format!("/service_area/{i}"), "unknown", "there is no such municipality");
        }
    }
    errors.finish()
}

#[cfg(test)]
mod tests {
    use valinta_domain::provider::Weekday;

    use super::*;

    fn failed(change: impl FnOnce(&mut UnitRequest)) -> Vec<(String, String)> {
        let mut shape = UnitRequest {
            name: "Kotihoito Kaisla".into(),
            oid: None,
            street_address: "Rantatie 1".into(),
            postal_code: "28100".into(),
            postal_place: "Pori".into(),
            municipality: "609".into(),
            coordinates: None,
            languages: vec![Language::Fi],
            modes: vec![ServiceMode::AtHome],
            service_area: vec!["684".into()],
            step_free: None,
            accessibility: AccessibilityFacts::default(),
            opening_hours: vec![],
            soteri: None,
            self_monitoring: None,
            closed_from: None,
        };
        change(&mut shape);
        let mut errors = Errors::new();
        errors.validated(shape.validate());
        let parsed = shape.parse(&mut errors);
        match errors.finish() {
            Ok(()) => {
                assert!(parsed.is_some());
                Vec::new()
            }
            Err(problem) => problem.failures().iter().map(|f| (f.pointer.clone(), f.code.clone())).collect(),
        }
    }

    #[test]
    fn a_unit_is_read_and_everything_wrong_with_it_is_told_at_once() {
        assert_eq!(failed(|_| {}), []);
        let told = failed(|shape| {
            shape.name = "  ".into();
            shape.postal_code = "2810x".into();
            shape.municipality = "Por".into();
            shape.languages.push(Language::Fi);
            shape.modes.clear();
            shape.service_area = vec!["684".into(), "x".into(), "684".into()];
            let never = OpeningHours { day: Weekday::Monday, from: "16:00".into(), until: "08:00".into() };
            shape.opening_hours.push(never);
        });
        let told: Vec<_> = told.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
        let expected = [
            ("/modes", "length"),
            ("/name", "invalid"),
            ("/postal_code", "invalid"),
            ("/municipality", "invalid"),
            ("/languages/1", "duplicate"),
            ("/service_area/1", "invalid"),
            ("/service_area/2", "duplicate"),
            ("/opening_hours/0/until", "order"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_service_area_has_at_most_a_hundred_municipalities() {
        let told = failed(|shape| shape.service_area = (0..300).map(|n| format!("{n:03}")).collect());
        assert_eq!(told, [("/service_area".to_owned(), "length".to_owned())]);
    }
}
