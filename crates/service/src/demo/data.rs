//! The demo county's data, embedded in the binary: files to read, structs to read them into. It only parses; what is
//! done with the county is decided elsewhere, and nothing here is a real organiser, provider or client.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use thiserror::Error;
use valinta_domain::application::Evidence;
use valinta_domain::identifiers::{BusinessId, MunicipalityCode, Oid, PersonalIdentityCode};
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::{Sector, ServiceMode};
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rulebook_difference::TermsChanges;
use valinta_domain::rules::{Facts, TimeOfDay};
use valinta_domain::{Currency, Day, Language, Localized, Moment, Quantity, Unit};

use crate::organisers::{LATITUDE_MAX, LONGITUDE_MAX, degrees_e6};

/// A data file with its name, which an error tells.
type File = (&'static str, &'static str);

const COUNTY: File = ("county.json", include_str!("data/county.json"));
const MUNICIPALITIES: File = ("municipalities.csv", include_str!("data/municipalities.csv"));
const PROVIDERS: File = ("providers.json", include_str!("data/providers.json"));
const CLIENTS: File = ("clients.json", include_str!("data/clients.json"));
const VOUCHERS: File = ("vouchers.json", include_str!("data/vouchers.json"));
const VOUCHER_TYPES: [File; 9] = [
    ("home-care.json", include_str!("data/voucher_types/home-care.json")),
    ("assisted-living.json", include_str!("data/voucher_types/assisted-living.json")),
    ("personal-assistance.json", include_str!("data/voucher_types/personal-assistance.json")),
    ("dental-package.json", include_str!("data/voucher_types/dental-package.json")),
    ("cleaning.json", include_str!("data/voucher_types/cleaning.json")),
    ("carers-leave.json", include_str!("data/voucher_types/carers-leave.json")),
    ("substitute-carer.json", include_str!("data/voucher_types/substitute-carer.json")),
    ("physiotherapy.json", include_str!("data/voucher_types/physiotherapy.json")),
    ("day-surgery.json", include_str!("data/voucher_types/day-surgery.json")),
];

/// Days for which the demo's evidence of a requirement that expires is valid.
const EVIDENCE_DAYS: i64 = 300;
/// How many days before it is handed in the demo's evidence was issued.
const ISSUED_DAYS_BEFORE: i64 = 10;

/// Why the embedded data cannot be read: it was changed and not tested.
#[derive(Debug, Error)]
pub(crate) enum DataError {
    /// A file is not of its form.
    #[error("demo data, {file}: {source}")]
    Json {
        /// Which file.
        file: &'static str,
        /// Where and what.
        source: serde_json::Error,
    },
    /// A line of the municipalities is not of its form.
    #[error("demo data, {file}, line {line}: a line is code, two names, latitude and longitude")]
    Line {
        /// Which file.
        file: &'static str,
        /// Which line, from 1.
        line: usize,
    },
}

/// All of the demo county.
#[derive(Debug)]
pub(crate) struct DemoCounty {
    /// The organiser.
    pub(crate) county: County,
    /// The municipalities it is responsible for. These are real.
    pub(crate) municipalities: Vec<Municipality>,
    /// For which services it grants vouchers, and by which terms.
    pub(crate) voucher_types: Vec<VoucherType>,
    /// Who provides them.
    pub(crate) providers: Vec<Provider>,
    /// Who uses them.
    pub(crate) clients: Vec<Client>,
    /// What was granted to whom, and how far it has come.
    pub(crate) vouchers: Vec<Voucher>,
}

/// The organiser.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct County {
    /// Short code.
    pub(crate) code: String,
    /// Name, which says that it is fictional.
    pub(crate) name: Localized,
    /// Business id, from the range that is not in use. The county's own production has the same.
    pub(crate) business_id: BusinessId,
    /// In which currency its amounts are.
    pub(crate) currency: Currency,
}

/// A municipality.
#[derive(Debug)]
pub(crate) struct Municipality {
    /// Official code.
    pub(crate) code: MunicipalityCode,
    /// Name in Finnish.
    pub(crate) name_fi: String,
    /// Name in Swedish.
    pub(crate) name_sv: String,
    /// Latitude of a point within it, in millionths of a degree (WGS 84).
    pub(crate) latitude_e6: i32,
    /// Longitude of that point.
    pub(crate) longitude_e6: i32,
}

/// A voucher type with the terms of its rulebook.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoucherType {
    /// Code.
    pub(crate) code: String,
    /// Name.
    pub(crate) name: Localized,
    /// What the service is.
    pub(crate) description: Localized,
    /// What it is counted in.
    pub(crate) unit: Unit,
    /// The terms of its first rulebook.
    pub(crate) terms: RulebookTerms,
    /// The versions that followed, each based on the one before.
    #[serde(default)]
    pub(crate) later_versions: Vec<LaterVersion>,
}

/// A later version of a rulebook, as what it changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaterVersion {
    /// Since how many days it is in force, and why; one without is proposed, and waits to be adopted.
    #[serde(default)]
    pub(crate) adopted: Option<Adoption>,
    /// What is different.
    pub(crate) changes: TermsChanges,
}

/// An adoption in the past.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adoption {
    /// How many days ago it came into force.
    pub(crate) in_force_days_ago: u16,
    /// Why it was adopted.
    pub(crate) reasons: Localized,
}

/// A provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// Business id, from the range that is not in use.
    pub(crate) business_id: BusinessId,
    /// Name.
    pub(crate) name: String,
    /// Whose production it is.
    pub(crate) sector: Sector,
    /// Address for mail on the internet, in a domain kept for examples.
    pub(crate) email: String,
    /// Telephone number.
    pub(crate) phone: String,
    /// Home page, in a domain kept for examples.
    pub(crate) website: String,
    /// Its units; at least one.
    pub(crate) units: Vec<ServiceUnit>,
}

/// A provider's unit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceUnit {
    /// Name.
    pub(crate) name: String,
    /// OID under the provider's business id.
    pub(crate) oid: Oid,
    /// Street address; the street is invented.
    pub(crate) street_address: String,
    /// Postal code.
    pub(crate) postal_code: String,
    /// Postal place.
    pub(crate) postal_place: String,
    /// Where it is.
    pub(crate) municipality: MunicipalityCode,
    /// Other municipalities it serves.
    pub(crate) service_area: Vec<MunicipalityCode>,
    /// Latitude, somewhere in the municipality, in millionths of a degree (WGS 84).
    #[serde(rename = "latitude", deserialize_with = "degrees_from_text")]
    pub(crate) latitude_e6: i32,
    /// Longitude.
    #[serde(rename = "longitude", deserialize_with = "degrees_from_text")]
    pub(crate) longitude_e6: i32,
    /// Languages of service.
    pub(crate) languages: Vec<Language>,
    /// How it serves.
    pub(crate) modes: Vec<ServiceMode>,
    /// Whether it can be entered by wheelchair, if known.
    pub(crate) step_free: Option<bool>,
    /// What it offers.
    pub(crate) offerings: Vec<Offering>,
}

/// What a unit offers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offering {
    /// Code of the voucher type.
    pub(crate) voucher_type: String,
    /// Price per unit of service.
    pub(crate) price: OfferPrice,
    /// Whether new clients are taken.
    pub(crate) accepts_new_clients: bool,
    /// In how many days a new client can start; `None` is at once.
    pub(crate) earliest_start_days: Option<u16>,
    /// How many are waiting, if that is known.
    #[serde(default)]
    pub(crate) queue: Option<u32>,
}

/// A client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// By which vouchers and the demo's story refer to the client.
    pub(crate) key: String,
    /// From the range for tests alone.
    #[serde(deserialize_with = "from_text")]
    pub(crate) personal_identity_code: PersonalIdentityCode,
    /// Name.
    pub(crate) name: String,
    /// Home municipality.
    pub(crate) municipality: MunicipalityCode,
    /// In which language the client wants to be served.
    pub(crate) language: Language,
    /// Street address; the street is invented.
    pub(crate) street_address: String,
    /// Postal code.
    pub(crate) postal_code: String,
    /// Postal place.
    pub(crate) postal_place: String,
    /// Telephone number.
    pub(crate) phone: String,
    /// Address for mail on the internet.
    pub(crate) email: String,
    /// Whether the address is never shown (*turvakielto*).
    pub(crate) protected_address: bool,
}

/// A voucher that was asked for, and how far it has come. Days are counted back from the day of loading.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Voucher {
    /// Key of the client.
    pub(crate) client: String,
    /// Code of the voucher type.
    pub(crate) voucher_type: String,
    /// Facts the value is decided on.
    pub(crate) facts: Facts,
    /// Quantity per period of the rulebook.
    pub(crate) quantity: Quantity,
    /// How far it has come.
    pub(crate) state: VoucherStage,
    /// Of which sector a provider was chosen. A voucher without is at most accepted: an expired one was never answered.
    pub(crate) provider_sector: Option<Sector>,
    /// How many days ago it was decided, answered and chosen with; its validity begins on that day.
    pub(crate) granted_days_ago: u16,
    /// For how many days it is valid.
    pub(crate) valid_days: u16,
    /// What has been delivered, in the order of days.
    pub(crate) events: Vec<Event>,
    /// Why it was granted as it was, where the decision says so in words of its own.
    #[serde(default)]
    pub(crate) reasons: Option<Localized>,
    /// Why it was cancelled.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// How far a voucher has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VoucherStage {
    /// Asked for and refused by the rulebook: a decision, no voucher.
    NotGranted,
    /// Granted; not answered.
    Offered,
    /// Accepted; no provider chosen.
    Accepted,
    /// Refused by the client.
    Refused,
    /// A provider chosen; nothing delivered.
    Chosen,
    /// Some of it used.
    InUse,
    /// All of it used.
    UsedUp,
    /// Its validity is over.
    Expired,
    /// Cancelled by the organiser.
    Cancelled,
}

/// A delivery.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    /// On which day.
    pub(crate) day: EventDay,
    /// How much.
    pub(crate) quantity: Quantity,
    /// At what time of the day it began; it ended when the quantity of hours was over.
    #[serde(default)]
    pub(crate) started_at: Option<TimeOfDay>,
    /// Facts of the service that the rulebook asks for.
    #[serde(default)]
    pub(crate) facts: Facts,
}

/// The day of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventDay {
    /// So many days ago.
    DaysAgo(u16),
    /// The last day of the last month that is over, if 1; of the one before it, if 2.
    MonthEndsAgo(u16),
}

impl EventDay {
    /// How many days before `today` that is.
    pub(crate) fn days_before(self, today: Day) -> i64 {
        match self {
            Self::DaysAgo(days) => i64::from(days),
            Self::MonthEndsAgo(months) => {
                let month_end = |day: Day| day.plus_days(-i64::from(day.date().day()));
                let day = (0..months).fold(today, |day, _| month_end(day));
                (today.date() - day.date()).num_days()
            }
        }
    }
}

impl Event {
    /// From when to when it lasted, on a day in a time zone.
    pub(crate) fn span(&self, day: Day, zone: Tz) -> Option<(Moment, Moment)> {
        let minutes = i64::from(self.started_at?.minute());
        let local = day.date().and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::minutes(minutes))?;
        let start = zone.from_local_datetime(&local).earliest()?.with_timezone(&Utc);
        // An hour is ten thousand ten-thousandths, and 3,600,000 milliseconds.
        let length = TimeDelta::milliseconds(self.quantity.e4() * 360);
        Some((Moment::new(start), Moment::new(start + length)))
    }
}

impl VoucherType {
    /// Evidence for every requirement, made up, as valid on `day`: what the demo's units hand in with an application.
    pub(crate) fn evidence(&self, unit: &ServiceUnit, day: Day) -> Vec<Evidence> {
        self.terms
            .requirements
            .iter()
            .map(|requirement| Evidence {
                requirement: requirement.code.clone(),
                reference: format!("DEMO {} {}", requirement.code, unit.oid),
                valid_until: requirement.expires.then(|| day.plus_days(EVIDENCE_DAYS)),
                kind: requirement.kind,
                issued_on: Some(day.plus_days(-ISSUED_DAYS_BEFORE)),
                ..Evidence::default()
            })
            .collect()
    }
}

/// Reads the whole county.
///
/// # Errors
/// An embedded file is not of its form.
pub(crate) fn county() -> Result<DemoCounty, DataError> {
    Ok(DemoCounty {
        county: json(COUNTY)?,
        municipalities: municipalities(MUNICIPALITIES)?,
        voucher_types: VOUCHER_TYPES.into_iter().map(json).collect::<Result<_, _>>()?,
        providers: json(PROVIDERS)?,
        clients: json(CLIENTS)?,
        vouchers: json(VOUCHERS)?,
    })
}

fn json<T: DeserializeOwned>((file, text): File) -> Result<T, DataError> {
    serde_json::from_str(text).map_err(|source| DataError::Json { file, source })
}

fn municipalities((file, text): File) -> Result<Vec<Municipality>, DataError> {
    // No name in the file holds a comma or a quotation mark, so that a line is what stands between its commas.
    text.lines().zip(1..).skip(1).map(|(text, line)| municipality(text).ok_or(DataError::Line { file, line })).collect()
}

fn municipality(line: &str) -> Option<Municipality> {
    let columns: Vec<&str> = line.split(',').collect();
    let [code, name_fi, name_sv, latitude, longitude] = columns.as_slice() else { return None };
    Some(Municipality {
        code: code.parse().ok()?,
        name_fi: (*name_fi).to_owned(),
        name_sv: (*name_sv).to_owned(),
        latitude_e6: degrees_e6(latitude, LATITUDE_MAX).ok()?,
        longitude_e6: degrees_e6(longitude, LONGITUDE_MAX).ok()?,
    })
}

/// A value written as text, parsed: the data files hold no JSON numbers with decimals.
fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn degrees_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    degrees_e6(&String::deserialize(deserializer)?, LONGITUDE_MAX).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests;
