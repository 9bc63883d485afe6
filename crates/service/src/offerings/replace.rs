//! `PUT /v1/offerings/{id}`: a provider says whom an offering takes, from when, in what languages and how.

use actix_web::{HttpResponse, put, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::offering::OfferingDetails;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::ServiceMode;
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::{Day, Id, Language};
use valinta_persistence::offerings::Offering;
use valinta_persistence::{Conn, approvals, offerings, organisers, providers};

use super::details::check_details;
use super::view::{OfferingView, view_of};
use crate::app::App;
use crate::cx::{Cx, found};
use crate::http::conditional::{IfMatch, tag_of_version, with_tag};
use crate::http::openapi::StateProblems;
use crate::http::permit::OfferingsWrite;
use crate::http::{Json, PathId, Permit, Problem, ProblemKind};
use crate::parse_as_is;

/// What an offering is to say of itself: what is left out is no longer said.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceOffering {
    /// Whether new clients are taken.
    accepts_new_clients: bool,
    /// The earliest day a new client can start, if it is not at once: today or later.
    earliest_start: Option<Day>,
    /// How many are waiting, if that is known.
    #[validate(range(max = 1_000_000))]
    #[schema(maximum = 1_000_000)]
    queue: Option<u32>,
    /// How many clients it serves at once, where that is limited. Fewer than have chosen it send nobody away.
    #[validate(range(min = 1, max = 100_000))]
    #[schema(minimum = 1, maximum = 100_000)]
    places: Option<u32>,
    /// Languages of this service, where they are not all of the unit's.
    #[schema(min_items = 1, max_items = 3)]
    languages: Option<Vec<Language>>,
    /// How this service is given, where it is not in all of the unit's ways.
    #[schema(min_items = 1, max_items = 3)]
    modes: Option<Vec<ServiceMode>>,
}
parse_as_is!(ReplaceOffering);

impl From<ReplaceOffering> for OfferingDetails {
    fn from(asked: ReplaceOffering) -> Self {
        let ReplaceOffering { accepts_new_clients, earliest_start, queue, places, languages, modes } = asked;
        Self { accepts_new_clients, earliest_start, queue, places, languages, modes }
    }
}

/// Replaces what an offering says of itself besides its prices. Who has chosen it already is served as before. Each version
/// is kept. Only an approved unit says so: what has ended stands as it was.
#[utoipa::path(
    tag = "offerings",
    params(IfMatch),
    responses(
        (
            status = 200,
            description = "Replaced.",
            body = OfferingView,
            headers(("ETag" = String, description = "Its version.")),
        ),
        StateProblems,
    ),
    security(("bearer" = ["offerings:write"])),
)]
#[put("/v1/offerings/{id}")]
pub(crate) async fn replace_offering(
    permit: Permit<OfferingsWrite>,
    app: web::Data<App>,
    path: PathId<kind::Offering>,
    precondition: IfMatch,
    body: Json<ReplaceOffering>,
) -> Result<HttpResponse, Problem> {
    let (id, details) = (path.id(), OfferingDetails::from(body.into_inner()));
    let (view, version) =
        app.write(permit.into_caller(), move |c, cx| replace(c, cx, id, &precondition, details.clone())).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(version)).json(view))
}

/// Replaces what an offering says of itself. What it is now, and its version.
fn replace(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Offering>,
    precondition: &IfMatch,
    details: OfferingDetails,
) -> Result<(OfferingView, i64), Problem> {
    let offering = found(offerings::take(c, id)?)?;
    let target = Target { organiser: Some(offering.organiser), provider: Some(offering.provider), person: None };
    cx.require(Action::ManageProvider, &target)?;
    // Taking it has counted its version up.
    precondition.check(offering.version - 1)?;
    let organiser = found(organisers::find(c, offering.organiser)?)?;
    let today = cx.today(&organiser)?;
    refuse_unapproved(c, &offering, today)?;
    let unit = found(providers::find_unit(c, offering.unit)?)?;
    check_details(&details, &unit, today)?;
    let offering = offering.with(details);
    offerings::update_details(c, &offering)?;
    offerings::keep_version(c, &offering, (&cx.actor().subject, cx.now()))?;
    let version = offering.version;
    let noted = json!({"offering": id, "version": version, "details": offering.details()});
    cx.audit("replace_offering", ("offering", id.uuid()), &target, noted.clone());
    cx.tell(EventKind::OfferingReplaced, ("offering", id.uuid()), &target, noted);
    cx.registry_changed(RegistryChange::offering(id, Some(organiser.id)));
    Ok((view_of(c, offering, cx.now())?, version))
}

/// A unit that is no longer approved, and will not be by what has been decided, has nothing to say of new clients.
fn refuse_unapproved(c: &mut Conn, offering: &Offering, today: Day) -> Result<(), Problem> {
    let approved = approvals::of_unit(c, offering.unit, offering.voucher_type)?
        .into_iter()
        .any(|approval| approval.period().is_some_and(|period| period.last_day() >= today));
    if approved {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::WrongState, "The unit is no longer approved for the voucher type."))
}
