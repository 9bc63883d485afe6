//! A unit of a provider as a row of a file.

use serde_json::Value;
use valinta_domain::identifiers::{MunicipalityCode, Oid};
use valinta_domain::provider::{
    AccessibilityFacts, OpeningHours, SelfMonitoringPlan, ServiceMode, SoteriRegistration, SoteriState, UnitDetails,
    Weekday,
};

use super::cells::{Cells, language, list, or_null};
use super::read::{Record, with_id};
use super::report::RowErrors;
use crate::organisers::{LATITUDE_MAX, LONGITUDE_MAX, degrees_e6};

/// A unit as a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct UnitRecord {
    pub(crate) source_id: String,
    /// Whose it is: the provider's business id, or what the source calls it.
    pub(crate) provider: String,
    pub(crate) details: UnitDetails,
}

const WEEKDAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "monday"),
    (Weekday::Tuesday, "tuesday"),
    (Weekday::Wednesday, "wednesday"),
    (Weekday::Thursday, "thursday"),
    (Weekday::Friday, "friday"),
    (Weekday::Saturday, "saturday"),
    (Weekday::Sunday, "sunday"),
];

const SOTERI_STATES: [(SoteriState, &str); 3] = [
    (SoteriState::Registered, "registered"),
    (SoteriState::PendingMayOperate, "pending_may_operate"),
    (SoteriState::Refused, "refused"),
];

fn of_code<T: Copy>(codes: &[(T, &str)], code: &str) -> Option<T> {
    codes.iter().find(|(_, known)| *known == code).map(|(value, _)| *value)
}

fn code_of<'c, T: PartialEq>(codes: &[(T, &'c str)], value: &T) -> &'c str {
    codes.iter().find(|(known, _)| known == value).map_or("", |(_, code)| *code)
}

impl Record for UnitRecord {
    const COLUMNS: &'static [&'static str] = &[
        "source_id",
        "provider",
        "name",
        "oid",
        "street_address",
        "postal_code",
        "postal_place",
        "municipality",
        "latitude",
        "longitude",
        "languages",
        "modes",
        "service_area",
        "step_free",
        "accessible_toilet",
        "lift",
        "accessible_parking",
        "induction_loop",
        "sign_language",
        "opening_hours",
        "soteri_state",
        "soteri_services",
        "soteri_valid_from",
        "soteri_valid_until",
        "self_monitoring_address",
        "self_monitoring_published_on",
        "self_monitoring_followed_up_on",
        "closed_from",
    ];
    const NEEDED: &'static [&'static str] = &[
        "source_id",
        "provider",
        "name",
        "street_address",
        "postal_code",
        "postal_place",
        "municipality",
        "languages",
        "modes",
    ];
    const EXPORT_COLUMNS: &'static [&'static str] = &with_id::<29>(Self::COLUMNS);

    fn read(cells: &Cells, errors: &mut RowErrors) -> Option<Self> {
        let source_id = cells.source_id(errors);
        let provider = cells.reference(errors, "provider");
        let details = details(cells, errors);
        let record = Self { source_id: source_id?, provider: provider?, details: details? };
        // What the facts must be together is the domain's.
        let faults = record.details.check();
        for fault in &faults {
            errors.fail(&column_of(&fault.pointer), fault.code, &fault.detail);
        }
        faults.is_empty().then_some(record)
    }

    fn source_id(&self) -> &str {
        &self.source_id
    }

    fn values(&self) -> Vec<Value> {
        let details = &self.details;
        let facts = &details.accessibility;
        let flag = |known: Option<bool>| known.map_or(Value::Null, Value::Bool);
        let hours: Vec<String> = details.opening_hours.iter().map(hours_text).collect();
        let (soteri, plan) = (details.soteri.as_ref(), details.self_monitoring.as_ref());
        vec![
            self.source_id.clone().into(),
            self.provider.clone().into(),
            details.name.clone().into(),
            or_null(details.oid.as_ref()),
            details.street_address.clone().into(),
            details.postal_code.clone().into(),
            details.postal_place.clone().into(),
            details.municipality.as_str().into(),
            or_null(details.latitude_e6.map(degrees)),
            or_null(details.longitude_e6.map(degrees)),
            list(details.languages.iter().map(|language| language.code())),
            list(details.modes.iter().map(|mode| mode.code())),
            list(details.service_area.iter().map(MunicipalityCode::as_str)),
            flag(details.step_free),
            flag(facts.accessible_toilet),
            flag(facts.lift),
            flag(facts.accessible_parking),
            flag(facts.induction_loop),
            flag(facts.sign_language),
            list(hours.iter().map(String::as_str)),
            or_null(soteri.map(|soteri| code_of(&SOTERI_STATES, &soteri.state))),
            list(soteri.iter().flat_map(|soteri| &soteri.services).map(String::as_str)),
            or_null(soteri.map(|soteri| soteri.valid_from)),
            or_null(soteri.and_then(|soteri| soteri.valid_until)),
            or_null(plan.map(|plan| &plan.address)),
            or_null(plan.map(|plan| plan.published_on)),
            or_null(plan.and_then(|plan| plan.followed_up_on)),
            or_null(details.closed_from),
        ]
    }
}

fn details(cells: &Cells, errors: &mut RowErrors) -> Option<UnitDetails> {
    let name = cells.name(errors, "name", 200);
    let oid = cells.optional(errors, "oid", |text| text.trim().parse::<Oid>());
    let street_address = cells.name(errors, "street_address", 300);
    let postal_code = cells.required(errors, "postal_code", |text| {
        let plain = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
        if plain { Ok(text.to_owned()) } else { Err("a postal code is five digits") }
    });
    let postal_place = cells.name(errors, "postal_place", 200);
    let municipality = cells.required(errors, "municipality", |text| text.trim().parse::<MunicipalityCode>());
    let latitude = cells.optional(errors, "latitude", |text| degrees_e6(text.trim(), LATITUDE_MAX));
    let longitude = cells.optional(errors, "longitude", |text| degrees_e6(text.trim(), LONGITUDE_MAX));
    if let (Some(latitude), Some(longitude)) = (latitude, longitude)
        && latitude.is_some() != longitude.is_some()
    {
        let column = if latitude.is_some() { "longitude" } else { "latitude" };
        errors.fail(column, "missing", "latitude and longitude are given together");
    }
    let languages = cells.codes(errors, "languages", language);
    let modes = cells.codes(errors, "modes", ServiceMode::from_code);
    for (column, is_empty) in [
        ("languages", languages.as_ref().is_some_and(Vec::is_empty)),
        ("modes", modes.as_ref().is_some_and(Vec::is_empty)),
    ] {
        if is_empty {
            errors.fail(column, "missing", "at least one is wanted");
        }
    }
    let service_area = cells.items(errors, "service_area", str::parse::<MunicipalityCode>);
    if service_area.as_ref().is_some_and(|area| area.len() > 100) {
        errors.fail("service_area", "length", "at most 100 municipalities are wanted");
    }
    let step_free = cells.flag(errors, "step_free");
    let accessibility = accessibility(cells, errors);
    let opening_hours = cells.items(errors, "opening_hours", hours);
    let soteri = soteri(cells, errors);
    let self_monitoring = plan(cells, errors);
    let closed_from = cells.day(errors, "closed_from");
    Some(UnitDetails {
        name: name?,
        oid: oid?,
        street_address: street_address?,
        postal_code: postal_code?,
        postal_place: postal_place?,
        municipality: municipality?,
        latitude_e6: latitude?,
        longitude_e6: longitude?,
        languages: languages?,
        modes: modes?,
        service_area: service_area?,
        step_free: step_free?,
        accessibility: accessibility?,
        opening_hours: opening_hours?,
        soteri: soteri?,
        self_monitoring: self_monitoring?,
        closed_from: closed_from?,
    })
}

fn accessibility(cells: &Cells, errors: &mut RowErrors) -> Option<AccessibilityFacts> {
    let mut fact = |column| cells.flag(errors, column);
    let (toilet, lift, parking) = (fact("accessible_toilet"), fact("lift"), fact("accessible_parking"));
    let (loop_, sign) = (fact("induction_loop"), fact("sign_language"));
    Some(AccessibilityFacts {
        accessible_toilet: toilet?,
        lift: lift?,
        accessible_parking: parking?,
        induction_loop: loop_?,
        sign_language: sign?,
    })
}

/// Where one of the columns is given, the ones that must be given with it are wanted too.
fn together(cells: &Cells, errors: &mut RowErrors, all: &[&str], needed: &[&str]) -> bool {
    let is_given = all.iter().any(|column| cells.get(column).is_some());
    for column in needed.iter().filter(|column| is_given && cells.get(column).is_none()) {
        errors.fail(column, "missing", "this must be given with the columns beside it");
    }
    is_given
}

fn soteri(cells: &Cells, errors: &mut RowErrors) -> Option<Option<SoteriRegistration>> {
    const NEEDED: [&str; 3] = ["soteri_state", "soteri_services", "soteri_valid_from"];
    let is_given = together(cells, errors, &[&NEEDED[..], &["soteri_valid_until"]].concat(), &NEEDED);
    let state = cells.code(errors, "soteri_state", |code| of_code(&SOTERI_STATES, code));
    let services = cells.items(errors, "soteri_services", |text| Ok::<_, &str>(text.to_owned()));
    let valid_from = cells.day(errors, "soteri_valid_from");
    let valid_until = cells.day(errors, "soteri_valid_until");
    if !is_given {
        return Some(None);
    }
    let (state, valid_from) = (state??, valid_from??);
    Some(Some(SoteriRegistration { state, services: services?, valid_from, valid_until: valid_until? }))
}

fn plan(cells: &Cells, errors: &mut RowErrors) -> Option<Option<SelfMonitoringPlan>> {
    const NEEDED: [&str; 2] = ["self_monitoring_address", "self_monitoring_published_on"];
    let is_given = together(cells, errors, &[&NEEDED[..], &["self_monitoring_followed_up_on"]].concat(), &NEEDED);
    let address = cells.text(errors, "self_monitoring_address", 300);
    let published_on = cells.day(errors, "self_monitoring_published_on");
    let followed_up_on = cells.day(errors, "self_monitoring_followed_up_on");
    if !is_given {
        return Some(None);
    }
    let (address, published_on) = (address??, published_on??);
    Some(Some(SelfMonitoringPlan { address, published_on, followed_up_on: followed_up_on? }))
}

/// Opening hours as `monday 08:00-16:00`.
fn hours(text: &str) -> Result<OpeningHours, &'static str> {
    const FORM: &str = "opening hours are written as monday 08:00-16:00";
    let (day, times) = text.split_once(' ').ok_or(FORM)?;
    let (from, until) = times.trim().split_once('-').ok_or(FORM)?;
    Ok(OpeningHours {
        day: of_code(&WEEKDAYS, day).ok_or(FORM)?,
        from: from.trim().to_owned(),
        until: until.trim().to_owned(),
    })
}

fn hours_text(hours: &OpeningHours) -> String {
    format!("{} {}-{}", code_of(&WEEKDAYS, &hours.day), hours.from, hours.until)
}

/// Millionths of a degree as decimal degrees.
fn degrees(e6: i32) -> String {
    let sign = if e6 < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", e6.unsigned_abs() / 1_000_000, e6.unsigned_abs() % 1_000_000)
}

/// The column that a place in a unit stands in.
fn column_of(pointer: &str) -> String {
    let mut parts = pointer.trim_start_matches('/').split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        (group @ ("soteri" | "self_monitoring"), Some(field)) => format!("{group}_{field}"),
        (column, _) => column.to_owned(),
    }
}
