//! `POST /v1/providers/{id}/units`: a member adds a unit to its provider.

use std::collections::HashSet;
use std::hash::Hash;

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{MunicipalityCode, Oid};
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::{AccessibilityFacts, ServiceMode, UnitDetails};
use valinta_domain::registry_change::{RegistryChange, RegistryKind};
use valinta_domain::{Id, Language};
use valinta_persistence::providers::ServiceUnit;
use valinta_persistence::registry_versions::keep;
use valinta_persistence::{Conn, organisers, providers};

use super::register::not_blank;
use super::view::ServiceUnitView;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::ProvidersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};
use crate::organisers::GeoPoint;

/// Most units of one provider.
const UNITS_MAX: i64 = 1_000;

/// A unit to be added.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddServiceUnit {
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
    #[schema(max_items = 100)]
    service_area: Vec<String>,
    /// Whether it can be entered without steps.
    step_free: Option<bool>,
}

impl Parse for AddServiceUnit {
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
            accessibility: AccessibilityFacts::default(),
            opening_hours: Vec::new(),
            soteri: None,
            self_monitoring: None,
            closed_from: None,
        })
    }
}

fn postal_code(text: &str) -> Result<String, &'static str> {
    let plain = text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    if plain { Ok(text.to_owned()) } else { Err("a postal code is five digits") }
}

/// Notes a failure at everything that is listed again.
fn each_once<T: Eq + Hash>(errors: &mut Errors, pointer: &str, items: &[T]) {
    let mut seen = HashSet::new();
    for (i, item) in items.iter().enumerate() {
        if !seen.insert(item) {
            errors.fail(&format!("{pointer}/{i}"), "duplicate", "it is listed twice");
        }
    }
}

/// Adds a unit to a provider of the caller's.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses((status = 201, description = "Added.", body = ServiceUnitView)),
    security(("bearer" = ["providers:write"])),
)]
#[post("/v1/providers/{id}/units")]
pub(crate) async fn add_service_unit(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    key: IdempotencyKey,
    body: Json<AddServiceUnit>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let command = body.into_inner();
    app.command(permit.into_caller(), "add_service_unit", &key, &bytes, move |c, cx| add_unit(c, cx, id, &command))
        .await
}

/// Adds a unit.
pub(crate) fn add_unit(
    c: &mut Conn,
    cx: &Cx,
    provider: Id<kind::Provider>,
    details: &UnitDetails,
) -> Result<Reply<ServiceUnitView>, Problem> {
    let target = Target { provider: Some(provider), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    check_municipalities(c, details)?;
    if let Some(oid) = &details.oid
        && providers::oid_is_taken(c, oid)?
    {
        let problem = Problem::new(ProblemKind::Duplicate, "There is a unit of this OID.");
        return Err(problem.at("/oid", "duplicate", "another unit has this OID"));
    }
    if providers::count_units(c, provider)? >= UNITS_MAX {
        return Err(Problem::new(ProblemKind::Conflict, format!("A provider has at most {UNITS_MAX} units.")));
    }
    let unit = ServiceUnit { id: cx.id(), provider, details: details.clone(), version: 1, created_at: cx.now() };
    providers::insert_unit(c, &unit)?;
    keep(c, (RegistryKind::ServiceUnit, unit.id.uuid()), 1, details, (&cx.actor().subject, cx.now()))?;
    let id = unit.id;
    cx.audit("add_service_unit", ("service_unit", id.uuid()), &target, json!({"provider": provider}));
    cx.tell("service_unit.added", ("service_unit", id.uuid()), None, json!({"provider": provider, "unit": id}));
    cx.registry_changed(RegistryChange::service_unit(id, None));
    Ok(Reply::created(format!("/v1/providers/{provider}"), ServiceUnitView::of(unit)))
}

fn check_municipalities(c: &mut Conn, details: &UnitDetails) -> Result<(), Problem> {
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
    use super::*;

    fn failed(change: impl FnOnce(&mut AddServiceUnit)) -> Vec<(String, String)> {
        let mut shape = AddServiceUnit {
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
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_service_area_has_at_most_a_hundred_municipalities() {
        let told = failed(|shape| shape.service_area = (0..300).map(|n| format!("{n:03}")).collect());
        assert_eq!(told, [("/service_area".to_owned(), "length".to_owned())]);
    }
}
