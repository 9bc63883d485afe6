//! What a unit offers for a voucher type, as a row of a file.

use serde_json::Value;
use valinta_domain::offering::{OfferingDetails, PLACES_MAX, QUEUE_MAX};
use valinta_domain::provider::ServiceMode;

use super::cells::{Cells, language, list, or_null};
use super::read::{Record, with_id};
use super::report::RowErrors;

/// An offering as a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OfferingRecord {
    pub(crate) source_id: String,
    /// What the source calls the unit.
    pub(crate) unit: String,
    /// Code of the organiser whose vouchers it is for.
    pub(crate) organiser: String,
    /// Code of the voucher type.
    pub(crate) voucher_type: String,
    pub(crate) details: OfferingDetails,
}

impl Record for OfferingRecord {
    const COLUMNS: &'static [&'static str] = &[
        "source_id",
        "unit",
        "organiser",
        "voucher_type",
        "accepts_new_clients",
        "earliest_start",
        "queue",
        "languages",
        "modes",
        "places",
    ];
    const NEEDED: &'static [&'static str] = &["source_id", "unit", "organiser", "voucher_type", "accepts_new_clients"];
    const EXPORT_COLUMNS: &'static [&'static str] = &with_id::<11>(Self::COLUMNS);

    fn read(cells: &Cells, errors: &mut RowErrors) -> Option<Self> {
        let source_id = cells.source_id(errors);
        let unit = cells.reference(errors, "unit");
        let organiser = cells.reference(errors, "organiser");
        let voucher_type = cells.reference(errors, "voucher_type");
        let accepts = cells.flag(errors, "accepts_new_clients");
        if accepts == Some(None) {
            errors.fail("accepts_new_clients", "missing", "this must be given");
        }
        let earliest_start = cells.day(errors, "earliest_start");
        let queue = cells.optional(errors, "queue", |text| {
            let number = text.trim().parse::<u32>().ok().filter(|queue| *queue <= QUEUE_MAX);
            number.ok_or_else(|| format!("a whole number up to {QUEUE_MAX} is wanted"))
        });
        let places = cells.optional(errors, "places", |text| {
            let number = text.trim().parse::<u32>().ok().filter(|places| (1..=PLACES_MAX).contains(places));
            number.ok_or_else(|| format!("a whole number from 1 to {PLACES_MAX} is wanted"))
        });
        let languages = cells.codes(errors, "languages", language);
        let modes = cells.codes(errors, "modes", ServiceMode::from_code);
        Some(Self {
            source_id: source_id?,
            unit: unit?,
            organiser: organiser?,
            voucher_type: voucher_type?,
            details: OfferingDetails {
                accepts_new_clients: accepts??,
                earliest_start: earliest_start?,
                queue: queue?,
                places: places?,
                languages: Some(languages?).filter(|list| !list.is_empty()),
                modes: Some(modes?).filter(|list| !list.is_empty()),
            },
        })
    }

    fn source_id(&self) -> &str {
        &self.source_id
    }

    fn values(&self) -> Vec<Value> {
        let details = &self.details;
        vec![
            self.source_id.clone().into(),
            self.unit.clone().into(),
            self.organiser.clone().into(),
            self.voucher_type.clone().into(),
            details.accepts_new_clients.into(),
            or_null(details.earliest_start),
            details.queue.map_or(Value::Null, Value::from),
            list(details.languages.iter().flatten().map(|language| language.code())),
            list(details.modes.iter().flatten().map(|mode| mode.code())),
            details.places.map_or(Value::Null, Value::from),
        ]
    }
}
