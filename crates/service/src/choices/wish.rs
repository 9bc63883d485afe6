//! What is wished for of a list of choices: filters, order, from where distances are counted, as of which day. Both lists
//! take the same.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use validator::Validate;
use valinta_domain::choice::{Near, Order, Place, Query, centre_of};
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::{Day, Language};

use crate::http::{Errors, Parse, Problem};
use crate::organisers::{DegreesError, LATITUDE_MAX, LONGITUDE_MAX, degrees_e6};

/// How many days ahead a list can be shown.
pub(super) const DAYS_AHEAD_MAX: i64 = 366;
/// The farthest that anything can be wished to be near, in kilometres.
const WITHIN_KM_MAX: u16 = 200;
const METRES_PER_KM: u32 = 1_000;

/// What a list can be narrowed down to, and its order.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChoiceFilter {
    /// Only units that are in this municipality or serve it, by its code.
    #[validate(length(min = 1, max = 3))]
    #[param(min_length = 3, max_length = 3, example = "609")]
    municipality: Option<String>,
    /// Only this sector.
    #[param(inline)]
    sector: Option<Sector>,
    /// Only with this language of service.
    #[param(inline)]
    language: Option<Language>,
    /// Only with this mode of service.
    #[param(inline)]
    mode: Option<ServiceMode>,
    /// If true, only units that are known to be entered without steps.
    step_free: Option<bool>,
    /// Only what can start by this day.
    starts_by: Option<Day>,
    /// From where distances are counted: latitude and longitude in decimal degrees (WGS 84), with a comma between them.
    #[validate(length(min = 3, max = 24))]
    #[param(min_length = 3, max_length = 24, example = "61.4851,21.7974")]
    near: Option<String>,
    /// From where distances are counted: the centre of a municipality, by its code. Instead of `near`.
    #[validate(length(min = 1, max = 3))]
    #[param(min_length = 3, max_length = 3, example = "609")]
    near_municipality: Option<String>,
    /// Only units within so many kilometres of that place. Those whose place is not known are not within any.
    #[validate(range(min = 1, max = "WITHIN_KM_MAX"))]
    #[param(minimum = 1, maximum = 200)]
    within_km: Option<u16>,
    /// The order; neutral if nothing is said. By distance only where it is said from where.
    #[param(inline)]
    order: Option<Order>,
    /// If true, it is counted how many options there are of each sector, municipality, language and mode.
    counts: Option<bool>,
    /// The first day of a choice, as of which the list is shown: today or the earliest one if nothing is said, and at most
    /// 366 days ahead.
    day: Option<Day>,
    /// If true, the page is of what passes the filters and can not be chosen, with the reasons, in the neutral order.
    not_choosable: Option<bool>,
}

/// What is wanted of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    pub(crate) municipality: Option<MunicipalityCode>,
    pub(crate) sector: Option<Sector>,
    pub(crate) language: Option<Language>,
    pub(crate) mode: Option<ServiceMode>,
    pub(crate) step_free: bool,
    pub(crate) starts_by: Option<Day>,
    pub(crate) near: Option<Near>,
    pub(crate) order: Order,
    pub(crate) counts: bool,
    pub(crate) day: Option<Day>,
    pub(crate) not_choosable: bool,
}

impl Parse for ChoiceFilter {
    type Into = Wish;

    fn parse(&self, errors: &mut Errors) -> Option<Wish> {
        let municipality = self.municipality.as_deref().map(str::parse::<MunicipalityCode>);
        let municipality = errors.take_optional("/municipality", municipality);
        let place = place_of(self.near.as_deref(), self.near_municipality.as_deref(), errors);
        let order = self.order.unwrap_or_default();
        let (counts, not_choosable) = (self.counts.unwrap_or_default(), self.not_choosable.unwrap_or_default());
        if place == Some(None) {
            if self.within_km.is_some() {
                errors.fail(
                    "/within_km",
                    "no_place",
                    "it is not said from where: `near` or `near_municipality` is wanted",
                );
            }
            if order == Order::Distance {
                let why = "it is not said from where distances are counted: `near` or `near_municipality` is wanted";
                errors.fail("/order", "no_place", why);
            }
        }
        if not_choosable && order != Order::Neutral {
            let why = "what can not be chosen is listed in the neutral order only";
            errors.fail("/order", "contradictory", why);
        }
        if not_choosable && counts {
            errors.fail("/counts", "contradictory", "only what can be chosen is counted");
        }
        let within_m = self.within_km.map(|km| u32::from(km).saturating_mul(METRES_PER_KM));
        Some(Wish {
            municipality: municipality?,
            sector: self.sector,
            language: self.language,
            mode: self.mode,
            step_free: self.step_free.unwrap_or_default(),
            starts_by: self.starts_by,
            near: place?.map(|place| Near { place, within_m }),
            order,
            counts,
            day: self.day,
            not_choosable,
        })
    }
}

/// The place from where distances are counted: a point, or a municipality's centre, or none.
fn place_of(near: Option<&str>, municipality: Option<&str>, errors: &mut Errors) -> Option<Option<Place>> {
    if near.is_some() && municipality.is_some() {
        let why = "two places are given: distances are counted from `near` or from the centre of `near_municipality`";
        errors.fail("/near_municipality", "contradictory", why);
        return None;
    }
    match (near, municipality) {
        (None, None) => Some(None),
        (None, Some(code)) => centre(code, errors).map(Some),
        (Some(text), _) => {
            let point = point(text);
            let code = if matches!(point, Err(NotAPoint::OutOfRange)) { "out_of_range" } else { "invalid" };
            errors.take_as("/near", code, point).map(Some)
        }
    }
}

fn centre(code: &str, errors: &mut Errors) -> Option<Place> {
    let code = errors.take("/near_municipality", code.parse::<MunicipalityCode>())?;
    let none = "no centre is known for this code: it may have ended by a merger; give `near` instead";
    errors.take_as("/near_municipality", "unknown", centre_of(&code).ok_or(none))
}

/// Why a text is no point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotAPoint {
    #[error("must be latitude and longitude in degrees, with at most six decimals each, as \"61.4851,21.7974\"")]
    Malformed,
    #[error(
        "a latitude lies between -{LATITUDE_MAX} and {LATITUDE_MAX}, a longitude between -{LONGITUDE_MAX} and {LONGITUDE_MAX}"
    )]
    OutOfRange,
}

impl From<DegreesError> for NotAPoint {
    fn from(error: DegreesError) -> Self {
        match error {
            DegreesError::Malformed => Self::Malformed,
            DegreesError::OutOfRange { .. } => Self::OutOfRange,
        }
    }
}

fn point(text: &str) -> Result<Place, NotAPoint> {
    let (latitude, longitude) = text.split_once(',').ok_or(NotAPoint::Malformed)?;
    let latitude_e6 = degrees_e6(latitude.trim(), LATITUDE_MAX)?;
    let longitude_e6 = degrees_e6(longitude.trim(), LONGITUDE_MAX)?;
    Ok(Place { latitude_e6, longitude_e6 })
}

/// From where distances are counted, without a bound.
pub(super) fn near_of(near: Option<&str>, municipality: Option<&str>, errors: &mut Errors) -> Option<Option<Near>> {
    let place = place_of(near, municipality, errors)?;
    Some(place.map(|place| Near { place, within_m: None }))
}

impl Wish {
    /// The query with the wish in it.
    pub(super) fn applied_to<'q>(&'q self, query: Query<'q>) -> Query<'q> {
        Query {
            municipality: self.municipality.as_ref(),
            sector: self.sector,
            language: self.language,
            mode: self.mode,
            step_free: self.step_free,
            starts_by: self.starts_by,
            near: self.near,
            order: self.order,
            counts: self.counts,
            ..query
        }
    }

    /// Whether the page costs no more than its own lines: in the order that everyone has, as of the day that is indexed.
    pub(super) fn is_quick(&self) -> bool {
        let is_plain = self.order == Order::Neutral && self.day.is_none() && self.near.is_none();
        is_plain && !self.counts && !self.not_choosable && self.starts_by.is_none()
    }

    /// A short name of what is wished for, the same for the same wishes: whatever decides which options are listed.
    pub(super) fn name(&self) -> String {
        let near = self.near.map(|near| (near.place, near.within_m));
        let wished = json!([
            self.municipality,
            self.sector,
            self.language,
            self.mode,
            self.step_free,
            self.starts_by,
            near,
            self.day,
            self.not_choosable
        ]);
        let hash = Sha256::digest(wished.to_string());
        hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Goes on if something can start by the day that is wished for, as of the list's day.
    ///
    /// # Errors
    /// That day is before the list's.
    pub(super) fn check_start(&self, day: Day) -> Result<(), Problem> {
        match self.starts_by {
            Some(by) if by < day => Err(Problem::invalid(Vec::new()).at(
                "/query/starts_by",
                "contradictory",
                format!("is before {day}, the first day on which a choice could begin"),
            )),
            _ => Ok(()),
        }
    }
}

/// A day as of which a list is asked for, if one is, and where that is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsOf {
    pub(super) day: Option<Day>,
    pub(super) pointer: &'static str,
}

/// The day as of which a list is shown: the one that is asked for, if it is not before the first possible one.
///
/// # Errors
/// It is, or it is too far ahead of today.
pub(super) fn day_of(asked: Option<Day>, first: Day, today: Day, pointer: &str) -> Result<Day, Problem> {
    let refuse = |code: &str, why: String| Err(Problem::invalid(Vec::new()).at(pointer, code, why));
    let last = today.plus_days(DAYS_AHEAD_MAX);
    match asked {
        None => Ok(first),
        Some(day) if day < today => refuse("past", format!("is before {today}: a list is of today or of a later day")),
        Some(day) if day < first => {
            refuse("too_early", format!("is before {first}, the first day of a choice that is made now"))
        }
        Some(day) if day > last => {
            refuse("too_late", format!("is after {last}: a list is shown at most {DAYS_AHEAD_MAX} days ahead"))
        }
        Some(day) => Ok(day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_exactly_and_nothing_else_is_one() {
        let place = |latitude_e6, longitude_e6| Ok(Place { latitude_e6, longitude_e6 });
        assert_eq!(point("61.4851,21.7974"), place(61_485_100, 21_797_400));
        assert_eq!(point("-90, 180"), place(-90_000_000, 180_000_000));
        for malformed in ["61.4851", "61.4851;21.7974", "a,b", "61.4851,", "1e1,2", "61.48511111,2", "1,2,3", "+1,2"] {
            assert_eq!(point(malformed), Err(NotAPoint::Malformed), "{malformed}");
        }
        for far in ["90.000001,0", "-91,0", "0,180.000001", "61,-181"] {
            assert_eq!(point(far), Err(NotAPoint::OutOfRange), "{far}");
        }
    }

    #[test]
    fn a_list_is_of_a_day_that_can_be_chosen_from() {
        let today = Day::ymd(2026, 11, 22).unwrap();
        let first = today.plus_days(1);
        let of = |asked: i64| day_of(Some(today.plus_days(asked)), first, today, "/day");
        assert_eq!(day_of(None, first, today, "/day").unwrap(), first);
        assert_eq!((of(1).unwrap(), of(366).unwrap()), (first, today.plus_days(366)));
        for (asked, code) in [(-1, "past"), (0, "too_early"), (367, "too_late")] {
            let refused = of(asked).unwrap_err();
            assert_eq!((refused.failures()[0].pointer.as_str(), refused.failures()[0].code.as_str()), ("/day", code));
        }
    }
}
