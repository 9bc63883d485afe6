//! `POST /v1/organisers`: the installation's operator founds an organiser with the municipalities it serves.

use std::collections::HashSet;

use actix_web::{HttpResponse, post, web};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::identifiers::{BusinessId, MunicipalityCode};
use valinta_domain::policy::Target;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::text::NAME_CHARS_MAX;
use valinta_domain::{Currency, Localized};
use valinta_persistence::organisers::{Municipality, Organiser};
use valinta_persistence::{Conn, organisers};

use super::geo::{LATITUDE_MAX, LONGITUDE_MAX, degrees_e6};
use super::view::OrganiserView;
use crate::app::{App, Reply};
use crate::clock::new_uuid;
use crate::cx::Cx;
use crate::http::permit::OrganisersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};

/// An organiser to be founded.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateOrganiser {
    /// A code of one's own choice, unique in this installation: letters, digits, hyphens and underscores.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]{1,64}$", example = "satakunta")]
    code: String,
    /// Its name, at most 200 characters in each language.
    name: Localized,
    /// Its business id.
    #[validate(length(min = 1, max = 9))]
    #[schema(min_length = 9, max_length = 9, example = "0201256-6")]
    business_id: String,
    /// The currency of its values, prices and ledgers.
    currency: Currency,
    /// The time zone in which its days begin and end, by its IANA name.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, example = "Europe/Helsinki")]
    time_zone: String,
    /// The municipalities it serves from today on.
    #[validate(length(max = 400), nested)]
    #[schema(max_items = 400)]
    municipalities: Vec<ServedMunicipality>,
}

/// A municipality that an organiser serves.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServedMunicipality {
    /// Official code. What is said below of one that is known already is not stored again.
    #[validate(length(min = 1, max = 3))]
    #[schema(min_length = 3, max_length = 3, example = "609")]
    code: String,
    /// Finnish name.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name_fi: String,
    /// Swedish name.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name_sv: String,
    /// Latitude of a point in it (WGS 84), in decimal degrees.
    #[validate(length(min = 1, max = 12))]
    #[schema(min_length = 1, max_length = 12, pattern = r"^-?[0-9]{1,2}(\.[0-9]{1,6})?$", example = "61.4851")]
    latitude: String,
    /// Longitude of that point.
    #[validate(length(min = 1, max = 12))]
    #[schema(min_length = 1, max_length = 12, pattern = r"^-?[0-9]{1,3}(\.[0-9]{1,6})?$", example = "21.7974")]
    longitude: String,
}

/// Which organiser is to be founded.
#[derive(Debug, Clone)]
pub(crate) struct CreateCommand {
    pub(crate) code: String,
    pub(crate) name: Localized,
    pub(crate) business_id: BusinessId,
    pub(crate) currency: Currency,
    pub(crate) time_zone: Tz,
    pub(crate) municipalities: Vec<Municipality>,
}

impl Parse for CreateOrganiser {
    type Into = CreateCommand;

    fn parse(&self, errors: &mut Errors) -> Option<CreateCommand> {
        let code = errors.take("/code", code(&self.code));
        let name = errors.text("/name", &self.name, NAME_CHARS_MAX);
        let business_id = errors.take("/business_id", self.business_id.parse::<BusinessId>());
        let time_zone = self.time_zone.parse::<Tz>();
        let time_zone = errors.take("/time_zone", time_zone.map_err(|_| "there is no such IANA time zone"));
        let municipalities = errors.each("/municipalities", &self.municipalities, municipality);
        let mut seen = HashSet::new();
        for (i, municipality) in self.municipalities.iter().enumerate() {
            if !seen.insert(municipality.code.as_str()) {
                errors.fail(&format!("/municipalities/{i}/code"), "duplicate", "the municipality is listed twice");
            }
        }
        Some(CreateCommand {
            code: code?,
            name: name?,
            business_id: business_id?,
            currency: self.currency,
            time_zone: time_zone?,
            municipalities: municipalities?,
        })
    }
}

/// A code that a caller gives to something.
pub(crate) fn code(text: &str) -> Result<String, &'static str> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain && (1..=64).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("a code is 1 to 64 letters without accents, digits, hyphens and underscores")
    }
}

fn municipality(shape: &ServedMunicipality, errors: &mut Errors) -> Option<Municipality> {
    let code = errors.take("/code", shape.code.parse::<MunicipalityCode>());
    let latitude = errors.take("/latitude", degrees_e6(&shape.latitude, LATITUDE_MAX));
    let longitude = errors.take("/longitude", degrees_e6(&shape.longitude, LONGITUDE_MAX));
    Some(Municipality {
        code: code?,
        name_fi: shape.name_fi.clone(),
        name_sv: shape.name_sv.clone(),
        latitude_e6: latitude?,
        longitude_e6: longitude?,
    })
}

/// Founds an organiser.
///
/// Municipalities that are not known yet are added. A municipality belongs to one organiser at a time.
#[utoipa::path(
    tag = "organisers",
    params(IdempotencyKey),
    responses((status = 201, description = "Founded.", body = OrganiserView)),
    security(("bearer" = ["organisers:write"])),
)]
#[post("/v1/organisers")]
pub(crate) async fn create_organiser(
    permit: Permit<OrganisersWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<CreateOrganiser>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "create_organiser", &key, &bytes, move |c, cx| create(c, cx, &command)).await
}

/// Founds an organiser. It belongs to no one before, so that the operator's scope alone permits it.
pub(crate) fn create(c: &mut Conn, cx: &Cx, command: &CreateCommand) -> Result<Reply<OrganiserView>, Problem> {
    let organiser = Organiser {
        id: cx.id(),
        code: command.code.clone(),
        name: command.name.clone(),
        business_id: command.business_id.clone(),
        currency: command.currency,
        time_zone: command.time_zone.name().to_owned(),
        created_at: cx.now(),
    };
    let today = cx.today(&organiser)?;
    let mut taken = Vec::new();
    if organisers::find_by_code(c, &organiser.code)?.is_some() {
        taken.push(("/code".to_owned(), "another organiser has this code"));
    }
    if organisers::find_by_business_id(c, &organiser.business_id)?.is_some() {
        taken.push(("/business_id".to_owned(), "another organiser has this business id"));
    }
    for (i, municipality) in command.municipalities.iter().enumerate() {
        if organisers::is_served_from(c, &municipality.code, today)? {
            taken.push((format!("/municipalities/{i}/code"), "another organiser serves this municipality"));
        }
    }
    if !taken.is_empty() {
        let problem = Problem::new(ProblemKind::Duplicate, "Something of it is another organiser's; see errors.");
        return Err(taken.iter().fold(problem, |problem, (pointer, why)| problem.at(pointer, "duplicate", why)));
    }
    organisers::insert(c, &organiser)?;
    for municipality in &command.municipalities {
        if organisers::find_municipality(c, &municipality.code)?.is_none() {
            organisers::insert_municipality(c, municipality)?;
        }
        organisers::serve_municipality(c, new_uuid(cx.now()), organiser.id, &municipality.code, today)?;
    }
    let codes: Vec<&MunicipalityCode> = command.municipalities.iter().map(|municipality| &municipality.code).collect();
    let target = Target { organiser: Some(organiser.id), ..Target::default() };
    cx.audit("create_organiser", ("organiser", organiser.id.uuid()), &target, json!({"municipalities": codes}));
    cx.registry_changed(RegistryChange::organiser(organiser.id, Some(organiser.id)));
    Ok(Reply::created(format!("/v1/organisers/{}", organiser.id), OrganiserView::of(organiser)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_plain_and_short() {
        let long = "c".repeat(65);
        assert_eq!(code("Home-care_2"), Ok("Home-care_2".to_owned()));
        for bad in ["", "home care", "kötihoito", "a/b", &long] {
            assert!(code(bad).is_err(), "{bad}");
        }
    }
}
