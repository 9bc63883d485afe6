//! A provider as a row of a file.

use serde_json::Value;
use valinta_domain::Day;
use valinta_domain::identifiers::{BusinessId, Oid};
use valinta_domain::provider::{ProviderDetails, Sector};

use super::cells::{Cells, language, list, or_null};
use super::read::{Record, with_id};
use super::report::RowErrors;

/// A provider as a row: what is public of it, and its present sector.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProviderRecord {
    pub(crate) source_id: String,
    pub(crate) business_id: BusinessId,
    pub(crate) sector: Sector,
    pub(crate) sector_since: Option<Day>,
    pub(crate) details: ProviderDetails,
}

impl Record for ProviderRecord {
    const COLUMNS: &'static [&'static str] = &[
        "source_id",
        "business_id",
        "name",
        "sector",
        "sector_since",
        "oid",
        "email",
        "phone",
        "website",
        "languages",
    ];
    const NEEDED: &'static [&'static str] = &["source_id", "business_id", "name", "sector"];
    const EXPORT_COLUMNS: &'static [&'static str] = &with_id::<11>(Self::COLUMNS);

    fn read(cells: &Cells, errors: &mut RowErrors) -> Option<Self> {
        let source_id = cells.source_id(errors);
        let business_id = cells.required(errors, "business_id", |text| text.trim().parse::<BusinessId>());
        let name = cells.name(errors, "name", 200);
        let sector = cells.required(errors, "sector", |text| {
            Sector::from_code(text.trim()).ok_or("public, company or ngo is wanted")
        });
        let sector_since = cells.day(errors, "sector_since");
        let oid = cells.optional(errors, "oid", |text| text.trim().parse::<Oid>());
        if let (Some(business_id), Some(Some(oid))) = (&business_id, &oid)
            && let Err(foreign) = oid.check_built_on(business_id)
        {
            errors.fail("oid", "not_of_business_id", foreign);
        }
        let email = cells.email(errors, "email");
        let phone = cells.text(errors, "phone", 300);
        let website = cells.website(errors, "website");
        let languages = cells.codes(errors, "languages", language);
        Some(Self {
            source_id: source_id?,
            business_id: business_id?,
            sector: sector?,
            sector_since: sector_since?,
            details: ProviderDetails {
                name: name?,
                oid: oid?,
                email: email?,
                phone: phone?,
                website: website?,
                languages: languages?,
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
            self.business_id.as_str().into(),
            details.name.clone().into(),
            self.sector.code().into(),
            or_null(self.sector_since),
            or_null(details.oid.as_ref()),
            or_null(details.email.as_ref()),
            or_null(details.phone.as_ref()),
            or_null(details.website.as_ref()),
            list(details.languages.iter().map(|language| language.code())),
        ]
    }
}
