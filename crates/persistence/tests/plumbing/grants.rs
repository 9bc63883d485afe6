//! Vouchers as the service issues and spends them: granted, chosen with, and one hour delivered under each.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::identifiers::{PersonalIdentityCode, VoucherNumber};
use valinta_domain::ledger::{Allotment, EntryKind, Posting};
use valinta_domain::offering::OfferPrice;
use valinta_domain::policy::Role;
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::{GrantPeriod, GrantTerms, PublicService, RecordingTerms, RulebookTerms, RulebookTexts};
use valinta_domain::rules::ValueRule;
use valinta_domain::service_event::charge;
use valinta_domain::voucher::{Voucher, VoucherState};
use valinta_domain::{Amount, Currency, Day, Id, Language, Localized, Period, Quantity, Unit};
use valinta_persistence::audit::{self, NewAuditRow};
use valinta_persistence::choices::{self, Choice};
use valinta_persistence::clients::{self, Client};
use valinta_persistence::offerings::{self, NewPrice, Offering};
use valinta_persistence::organisers::{self, Municipality, Organiser};
use valinta_persistence::providers::{self, Provider, ServiceUnit};
use valinta_persistence::service_events::{self, NewEntry, Occasion, ServiceEvent};
use valinta_persistence::vault::Vault;
use valinta_persistence::voucher_types::{self, Rulebook, VoucherType};
use valinta_persistence::vouchers::{self, StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, Db, DbError, decisions};

use super::support::{moment, uuid};

const ORGANISER: u128 = 1;
const OTHER_ORGANISER: u128 = 2;
const TYPE: u128 = 3;
const RULEBOOK: u128 = 4;
const PROVIDER: u128 = 5;
const UNIT: u128 = 6;
const OFFERING: u128 = 7;
const PRICE: u128 = 8;

/// Ids of what belongs to voucher `n`, each kind in a range of its own.
pub(crate) fn of(kind: Part, n: u128) -> Uuid {
    let range: u128 = match kind {
        Part::Person => 1,
        Part::Client => 2,
        Part::Voucher => 3,
        Part::Decision => 4,
        Part::Allotment => 5,
        Part::Choice => 6,
        Part::Event => 7,
        Part::Entry => 8,
        Part::Audit => 9,
        Part::Posting => 10,
    };
    uuid(range * 1_000_000 + n)
}

/// What belongs to a voucher.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Person,
    Client,
    Voucher,
    Decision,
    Allotment,
    Choice,
    Event,
    /// The entry that granted it.
    Entry,
    /// Of event `n`: `n * 3` is what was used, the next the organiser's share, the next the co-payment.
    Posting,
    Audit,
}

pub(crate) fn vault() -> Vault {
    Vault::new(1, BTreeMap::from([(1, [1; 32])]), [2; 32]).unwrap()
}

fn day(month: u32, day: u32) -> Day {
    Day::ymd(2026, month, day).unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn text() -> Localized {
    Localized::new("a", "b", "c")
}

fn price() -> OfferPrice {
    OfferPrice::Voucher { price: amount("42.00") }
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
    let voucher_type = VoucherType {
        id: Id::new(uuid(TYPE)),
        organiser: Id::new(uuid(ORGANISER)),
        code: "home-care".into(),
        name: text(),
        description: text(),
        unit: Unit::Hour,
        version: 1,
        created_at: moment(0),
    };
    voucher_types::insert(c, &voucher_type)?;
    let rulebook = Rulebook {
        id: Id::new(uuid(RULEBOOK)),
        organiser: voucher_type.organiser,
        voucher_type: voucher_type.id,
        number: 1,
        terms: terms(),
        in_force: None,
        decision: None,
        version: 1,
        created_at: moment(0),
    };
    voucher_types::insert_rulebook(c, &rulebook)?;
    let provider = Provider {
        id: Id::new(uuid(PROVIDER)),
        business_id: "0201256-6".parse().unwrap(),
        name: "p".into(),
        email: None,
        phone: None,
        website: None,
        version: 1,
        created_at: moment(0),
    };
    providers::insert(c, &provider, Sector::Company, day(1, 1), uuid(1), "member")?;
    let unit = ServiceUnit {
        id: Id::new(uuid(UNIT)),
        provider: provider.id,
        name: "u".into(),
        oid: None,
        street_address: "s".into(),
        postal_code: "28100".into(),
        postal_place: "Pori".into(),
        municipality,
        coordinates_e6: None,
        languages: vec![Language::Fi],
        modes: vec![],
        service_area: vec![],
        step_free: None,
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
        created_by: "member".into(),
        created_at: moment(0),
    };
    offerings::set_price(c, &price)
}

fn terms() -> RulebookTerms {
    RulebookTerms {
        value: ValueRule::Flat { value: amount("36.00") },
        price_ceiling: None,
        free_of_charge: None,
        public_service: PublicService { client_fee: amount("16.30"), basis: text() },
        grant: GrantTerms { per: GrantPeriod::Voucher, quantity_max: Quantity::ONE, validity_days_max: 365 },
        recording: RecordingTerms { days_after_month: 60 },
        requirements: vec![],
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

/// Issues vouchers of 36.00 for 20 hours each, and delivers so many of the hours one by one.
pub(crate) fn issue_and_deliver(db: &Db, vouchers: u128, hours: u128) {
    db.write_blocking(move |c| {
        register(c, false, (of(Part::Person, 0), of(Part::Client, 0)), &"010594Y9032".parse().unwrap())?;
        for n in 0..vouchers {
            let stored = issue(c, n)?;
            for hour in 0..hours {
                deliver(c, &stored, n, n * hours + hour)?;
            }
        }
        Ok::<_, DbError>(())
    })
    .unwrap();
}

fn issue(c: &mut Conn, n: u128) -> Result<StoredVoucher, DbError> {
    let quantity: Quantity = "20".parse().unwrap();
    let mut random = [0; 15];
    random[0] = u8::try_from(n % 31).unwrap();
    random[1] = u8::try_from(n / 31 % 31).unwrap();
    let voucher = Voucher {
        id: Id::new(of(Part::Voucher, n)),
        organiser: Id::new(uuid(ORGANISER)),
        client: Id::new(of(Part::Client, 0)),
        person: Id::new(of(Part::Person, 0)),
        voucher_type: Id::new(uuid(TYPE)),
        rulebook: Id::new(uuid(RULEBOOK)),
        number: VoucherNumber::from_random(random),
        state: VoucherState::InUse,
        value: amount("36.00"),
        unit: Unit::Hour,
        free_of_charge: false,
        validity: Period::new(day(1, 1), Some(day(7, 1))).unwrap(),
    };
    let decision = Decision {
        id: Id::new(of(Part::Decision, n)),
        organiser: voucher.organiser,
        kind: DecisionKind::GrantVoucher,
        outcome: DecisionOutcome::Granted,
        subject: voucher.id.uuid(),
        provider: None,
        person: Some(voucher.person),
        rulebook: Some(voucher.rulebook),
        inputs: json!({
            "quantity": quantity,
            "rulebook": voucher.rulebook,
            "valid_from": voucher.validity.from(),
            "valid_until": voucher.validity.last_day(),
        }),
        steps: vec![Step::new("/value/flat", "flat_value", text()).figure(voucher.value)],
        reasons: text(),
        appeal: text(),
        decided_by: "worker".into(),
        decided_at: moment(0),
    };
    decisions::insert(c, &decision)?;
    let part = StoredAllotment {
        id: Id::new(of(Part::Allotment, n)),
        allotment: Allotment { period: voucher.validity, granted: quantity, used: Quantity::ZERO },
    };
    let id = voucher.id;
    let stored = StoredVoucher {
        voucher,
        quantity,
        per: GrantPeriod::Voucher,
        decision: decision.id,
        issued_at: moment(0),
        version: 1,
    };
    vouchers::insert(c, &stored, &[part])?;
    let granted = NewEntry {
        id: Id::new(of(Part::Entry, n)),
        allotment: Some(part.id),
        posting: Posting::of_quantity(EntryKind::Granted, quantity),
    };
    service_events::post(c, &occasion(&stored, 1, None), &[granted])?;
    audit::append(
        c,
        &[NewAuditRow {
            id: Id::new(of(Part::Audit, n)),
            at: moment(0),
            organiser: Some(stored.voucher.organiser),
            actor: "worker".into(),
            role: Role::CaseWorker,
            action: "issue_voucher".into(),
            target_kind: "voucher".into(),
            target: Some(id.uuid()),
            person: Some(stored.voucher.person),
            request: uuid(n),
            details: json!({"decision": decision.id, "value": stored.voucher.value, "quantity": quantity}),
        }],
    )?;
    let choice = Choice {
        id: Id::new(of(Part::Choice, n)),
        organiser: stored.voucher.organiser,
        voucher: id,
        offering: Id::new(uuid(OFFERING)),
        provider: Id::new(uuid(PROVIDER)),
        unit: Id::new(uuid(UNIT)),
        sector: Sector::Company,
        price: price(),
        valid_from: day(1, 1),
        valid_to: None,
        chosen_by: "resident".into(),
        chosen_at: moment(1),
    };
    choices::replace(c, &choice)?;
    Ok(stored)
}

fn occasion(stored: &StoredVoucher, version: i64, event: Option<Uuid>) -> Occasion {
    Occasion {
        organiser: stored.voucher.organiser,
        voucher: stored.voucher.id,
        voucher_version: version,
        service_event: event.map(Id::new),
        decision: if event.is_none() { Some(stored.decision) } else { None },
        day: day(2, 2),
        at: moment(2),
    }
}

fn deliver(c: &mut Conn, stored: &StoredVoucher, n: u128, event: u128) -> Result<(), DbError> {
    let part = Id::new(of(Part::Allotment, n));
    let charges = charge(stored.voucher.value, price(), Quantity::ONE).unwrap();
    vouchers::draw(c, part, Quantity::ONE)?;
    let id = of(Part::Event, event);
    let delivered = ServiceEvent {
        id: Id::new(id),
        organiser: stored.voucher.organiser,
        voucher: stored.voucher.id,
        allotment: part,
        choice: Id::new(of(Part::Choice, n)),
        provider: Id::new(uuid(PROVIDER)),
        unit: Id::new(uuid(UNIT)),
        person: stored.voucher.person,
        rulebook: stored.voucher.rulebook,
        day: day(2, 2),
        quantity: Quantity::ONE,
        span: None,
        value: stored.voucher.value,
        by_client_fee: false,
        charges,
        steps: vec![],
        recorded_by: "member".into(),
        recorded_at: moment(2),
    };
    service_events::insert(c, &delivered)?;
    let postings = [
        Posting::of_quantity(EntryKind::Used, Quantity::ONE),
        Posting::of_amount(EntryKind::OrganiserShare, charges.organiser_pays),
        Posting::of_amount(EntryKind::CoPayment, charges.co_payment),
    ];
    let entries: Vec<NewEntry> = postings
        .into_iter()
        .zip(0..)
        .map(|(posting, line)| NewEntry {
            id: Id::new(of(Part::Posting, event * 3 + line)),
            allotment: (posting.kind == EntryKind::Used).then_some(part),
            posting,
        })
        .collect();
    let version = i64::try_from(event).unwrap() + 2;
    service_events::post(c, &occasion(stored, version, Some(id)), &entries)
}
