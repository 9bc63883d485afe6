//! A county with a voucher type in force, a provider that offers it, and clients.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::identifiers::PersonalIdentityCode;
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::{AccessibilityFacts, ProviderDetails, Sector, UnitDetails};
use valinta_domain::rulebook::{
    Eligibility, GrantPeriod, GrantTerms, IssuedVouchers, Measure, PublicService, RecordingTerms, RulebookTerms,
    RulebookTexts, Unused,
};
use valinta_domain::rules::ValueRule;
use valinta_domain::{Amount, Currency, Day, Id, Language, Localized, Quantity, Unit};
use valinta_persistence::clients::{self, Client};
use valinta_persistence::offerings::{self, NewPrice, Offering};
use valinta_persistence::organisers::{self, Municipality, Organiser};
use valinta_persistence::providers::{self, Provider, ServiceUnit};
use valinta_persistence::rulebooks::{self, Rulebook};
use valinta_persistence::vault::Vault;
use valinta_persistence::voucher_types::{self, VoucherType};
use valinta_persistence::{Conn, Db, DbError, decisions};

use super::support::{moment, uuid};

pub(crate) const ORGANISER: u128 = 1;
pub(crate) const OTHER_ORGANISER: u128 = 2;
pub(crate) const TYPE: u128 = 3;
pub(crate) const RULEBOOK: u128 = 4;
pub(crate) const PROVIDER: u128 = 5;
pub(crate) const UNIT: u128 = 6;
pub(crate) const OFFERING: u128 = 7;
pub(crate) const PRICE: u128 = 8;
pub(crate) const ADOPTION: u128 = 9;

pub(crate) fn vault() -> Vault {
    Vault::new(1, BTreeMap::from([(1, [1; 32])]), [2; 32]).unwrap()
}

pub(crate) fn day(month: u32, day: u32) -> Day {
    Day::ymd(2026, month, day).unwrap()
}

pub(crate) fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

pub(crate) fn text() -> Localized {
    Localized::new("a", "b", "c")
}

pub(crate) fn price() -> OfferPrice {
    OfferPrice::voucher(amount("42.00"))
}

/// Two organisers, and a provider that offers its service at 42.00 for the first one's vouchers.
pub(crate) fn found(db: &Db) {
    db.write_blocking(found_in).unwrap();
}

fn found_in(c: &mut Conn) -> Result<(), DbError> {
    let municipality = "609".parse().unwrap();
    organisers::insert_municipality(
        c,
        &Municipality {
            code: "609".parse().unwrap(),
            name_fi: "Pori".into(),
            name_sv: "Björneborg".into(),
            latitude_e6: 61_000_000,
            longitude_e6: 21_000_000,
        },
    )?;
    for (id, business_id) in [(ORGANISER, "0201256-6"), (OTHER_ORGANISER, "0737546-2")] {
        let organiser = Organiser {
            id: Id::new(uuid(id)),
            code: format!("organiser-{id}"),
            name: text(),
            business_id: business_id.parse().unwrap(),
            currency: Currency::from_code("EUR").unwrap(),
            time_zone: "Europe/Helsinki".into(),
            created_at: moment(0),
        };
        organisers::insert(c, &organiser)?;
    }
    let voucher_type = voucher_type(TYPE, "home-care");
    voucher_types::insert(c, &voucher_type)?;
    let rulebook = draft(&voucher_type, uuid(RULEBOOK), 1, terms());
    adopt(c, &rulebook, uuid(ADOPTION), day(1, 1))?;
    let provider = Provider {
        id: Id::new(uuid(PROVIDER)),
        business_id: "0201256-6".parse().unwrap(),
        details: ProviderDetails {
            name: "p".into(),
            oid: None,
            email: None,
            phone: None,
            website: None,
            languages: vec![],
        },
        version: 1,
        created_at: moment(0),
    };
    providers::insert(c, &provider, Sector::Company, day(1, 1), uuid(1), "member")?;
    let unit = ServiceUnit {
        id: Id::new(uuid(UNIT)),
        provider: provider.id,
        details: UnitDetails {
            name: "u".into(),
            oid: None,
            street_address: "s".into(),
            postal_code: "28100".into(),
            postal_place: "Pori".into(),
            municipality,
            latitude_e6: None,
            longitude_e6: None,
            languages: vec![Language::Fi],
            modes: vec![],
            service_area: vec![],
            step_free: None,
            accessibility: AccessibilityFacts::default(),
            opening_hours: vec![],
            soteri: None,
            self_monitoring: None,
            closed_from: None,
        },
        version: 1,
        created_at: moment(0),
    };
    providers::insert_unit(c, &unit)?;
    let offering = Offering {
        id: Id::new(uuid(OFFERING)),
        organiser: voucher_type.organiser,
        provider: provider.id,
        unit: unit.id,
        voucher_type: voucher_type.id,
        accepts_new_clients: true,
        earliest_start: None,
        queue: None,
        places: None,
        languages: None,
        modes: None,
        version: 1,
        created_at: moment(0),
    };
    offerings::insert(c, &offering)?;
    let price = NewPrice {
        id: Id::new(uuid(PRICE)),
        offering: offering.id,
        price: price(),
        from: day(1, 1),
        rulebook: rulebook.id,
        reason: None,
        created_by: "member".into(),
        created_at: moment(0),
    };
    offerings::set_price(c, &price)
}

/// A voucher type of the first organiser's, counted in hours.
pub(crate) fn voucher_type(id: u128, code: &str) -> VoucherType {
    VoucherType {
        id: Id::new(uuid(id)),
        organiser: Id::new(uuid(ORGANISER)),
        code: code.into(),
        name: text(),
        description: text(),
        unit: Unit::Hour,
        version: 1,
        created_at: moment(0),
    }
}

/// A draft of a voucher type's rules.
pub(crate) fn draft(voucher_type: &VoucherType, id: Uuid, number: i32, terms: RulebookTerms) -> Rulebook {
    Rulebook {
        id: Id::new(id),
        organiser: voucher_type.organiser,
        voucher_type: voucher_type.id,
        number,
        terms: Arc::new(terms),
        based_on: None,
        proposed: None,
        in_force: None,
        decision: None,
        version: 1,
        created_at: moment(0),
    }
}

/// Stores a draft and lets it come into force.
pub(crate) fn adopt(c: &mut Conn, rulebook: &Rulebook, decision: Uuid, from: Day) -> Result<(), DbError> {
    rulebooks::insert_rulebook(c, rulebook)?;
    let decision = Decision {
        id: Id::new(decision),
        organiser: rulebook.organiser,
        kind: DecisionKind::AdoptRulebook,
        outcome: DecisionOutcome::Granted,
        subject: rulebook.id.uuid(),
        provider: None,
        person: None,
        rulebook: Some(rulebook.id),
        inputs: json!({}),
        steps: vec![],
        reasons: text(),
        appeal: text(),
        decided_by: "officer".into(),
        decided_at: moment(0),
    };
    decisions::insert(c, &decision)?;
    rulebooks::adopt_rulebook(c, rulebook, from, decision.id)
}

/// 36.00 an hour, in total.
pub(crate) fn terms() -> RulebookTerms {
    RulebookTerms {
        facts: vec![],
        items: vec![],
        value: ValueRule::Flat { value: amount("36.00") },
        co_payment: None,
        price_unit: None,
        price_ceiling: None,
        free_of_charge: None,
        public_service: PublicService { client_fee: amount("16.30"), client_fee_rule: None, basis: text() },
        eligibility: Eligibility::default(),
        grant: GrantTerms {
            per: GrantPeriod::Voucher,
            measure: Measure::Quantity,
            unused: Unused::Lapses,
            quantity_max: Quantity::ONE,
            validity_days_max: 365,
            retroactive_days_max: 0,
            expiry_remind_days: 30,
        },
        issued_vouchers: IssuedVouchers::Keep,
        recording: RecordingTerms {
            days_after_month: 60,
            acceptance: Default::default(),
            missed: None,
            draft_remind_days: Vec::new(),
        },
        requirements: vec![],
        choosing: Default::default(),
        vat: Default::default(),
        accounting: Default::default(),
        price_changes: Default::default(),
        supervision: Default::default(),
        clauses: vec![],
        texts: RulebookTexts { status: text(), co_payment: text(), alternatives: text(), appeal: text() },
        sources: vec![],
    }
}

/// Makes the person of a code the client of an organiser; gives the person's id.
pub(crate) fn register(
    c: &mut Conn,
    of_the_other: bool,
    (person, client): (Uuid, Uuid),
    code: &PersonalIdentityCode,
) -> Result<Uuid, DbError> {
    let vault = vault();
    let person = clients::ensure_person(c, &vault, Id::new(person), code, moment(0))?;
    let client = Client {
        id: Id::new(client),
        organiser: Id::new(uuid(if of_the_other { OTHER_ORGANISER } else { ORGANISER })),
        person,
        identity_code: code.clone(),
        name: "Testi Henkilö".into(),
        contact: None,
        municipality: "609".parse().unwrap(),
        language: Language::Fi,
        protected_address: false,
        version: 1,
        created_at: moment(0),
    };
    clients::insert(c, &vault, &client)?;
    Ok(person.uuid())
}
