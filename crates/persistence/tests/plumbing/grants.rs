//! Vouchers as the service issues and spends them: granted, chosen with, and one hour delivered under each.

use serde_json::json;
use uuid::Uuid;
use valinta_domain::decision::{Decision, DecisionKind, DecisionOutcome};
use valinta_domain::explain::Step;
use valinta_domain::grant::Quantities;
use valinta_domain::identifiers::VoucherNumber;
use valinta_domain::ledger::{Allotment, EntryKind, Posting, allotment_periods};
use valinta_domain::offering::OfferPrice;
use valinta_domain::policy::Role;
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::rules::{FactValue, Facts};
use valinta_domain::service_event::account::{EventAccount, Figures};
use valinta_domain::service_event::{Charges, Line, charge};
use valinta_domain::valuation::Worth;
use valinta_domain::voucher::{Voucher, VoucherState};
use valinta_domain::{Amount, Id, Period, Quantity, Unit};
use valinta_persistence::audit::{self, NewAuditRow};
use valinta_persistence::choices::{self, Choice};
use valinta_persistence::event_accounts::{self, StoredAccount};
use valinta_persistence::service_events::{self, NewEntry, Occasion, ServiceEvent};
use valinta_persistence::vouchers::{self, StoredAllotment, StoredVoucher};
use valinta_persistence::{Conn, Db, DbError, decisions};

use super::county::{OFFERING, ORGANISER, PROVIDER, RULEBOOK, TYPE, UNIT, amount, day, price, register, terms, text};
use super::support::{moment, uuid};

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

/// Issues vouchers of 36.00 for 20 hours each, and delivers so many of the hours one by one.
pub(crate) fn issue_and_deliver(db: &Db, vouchers: u128, hours: u128) {
    db.write_blocking(move |c| {
        register(c, false, (of(Part::Person, 0), of(Part::Client, 0)), &"010594Y9032".parse().unwrap())?;
        for n in 0..vouchers {
            let stored = issue(c, n, &Grant::usual())?;
            for hour in 0..hours {
                deliver(c, &stored, n, n * hours + hour)?;
            }
        }
        Ok::<_, DbError>(())
    })
    .unwrap();
}

/// What is granted.
pub(crate) struct Grant {
    pub(crate) voucher_type: Uuid,
    pub(crate) rulebook: Uuid,
    pub(crate) terms: RulebookTerms,
    pub(crate) quantity: Quantity,
    pub(crate) price: OfferPrice,
}

impl Grant {
    pub(crate) fn usual() -> Self {
        Self {
            voucher_type: uuid(TYPE),
            rulebook: uuid(RULEBOOK),
            terms: terms(),
            quantity: "20".parse().unwrap(),
            price: price(),
        }
    }
}

/// The part of voucher `n`'s grant for its first month, its second, and so on.
pub(crate) fn part_of(n: u128, place: u128) -> Uuid {
    of(Part::Allotment, if place == 0 { n } else { 500_000 + n * 100 + place })
}

fn voucher_of(n: u128, grant: &Grant) -> Voucher {
    let mut random = [0; 15];
    random[0] = u8::try_from(n % 31).unwrap();
    random[1] = u8::try_from(n / 31 % 31).unwrap();
    Voucher {
        id: Id::new(of(Part::Voucher, n)),
        organiser: Id::new(uuid(ORGANISER)),
        client: Id::new(of(Part::Client, 0)),
        person: Id::new(of(Part::Person, 0)),
        voucher_type: Id::new(grant.voucher_type),
        rulebook: Id::new(grant.rulebook),
        number: VoucherNumber::from_random(random),
        state: VoucherState::InUse,
        value: amount("36.00"),
        facts: Facts::new([("household_size".to_owned(), FactValue::Number(2.into()))]),
        unit: Unit::Hour,
        measure: grant.terms.grant.measure,
        unused: grant.terms.grant.unused,
        free_of_charge: false,
        validity: Period::new(day(1, 1), Some(day(7, 1))).unwrap(),
        raises: vec![],
    }
}

/// Issues voucher `n`, which is valid from January to June, and chooses the provider with it.
pub(crate) fn issue(c: &mut Conn, n: u128, grant: &Grant) -> Result<StoredVoucher, DbError> {
    let (voucher, quantity) = (voucher_of(n, grant), grant.quantity);
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
            "facts": voucher.facts,
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
    let parts: Vec<StoredAllotment> = allotment_periods(voucher.validity, grant.terms.grant.per)
        .into_iter()
        .zip(0..)
        .map(|(period, place)| StoredAllotment {
            id: Id::new(part_of(n, place)),
            allotment: Allotment { period, granted: quantity, used: Quantity::ZERO },
        })
        .collect();
    let stored = StoredVoucher {
        voucher,
        quantities: Quantities::issued(quantity),
        accounting_code: None,
        replaces: None,
        per: grant.terms.grant.per,
        decision: decision.id,
        issued_at: moment(0),
        version: 1,
    };
    vouchers::insert(c, &stored, &parts)?;
    let granted: Vec<NewEntry> = parts
        .iter()
        .zip(0..)
        .map(|(part, place)| NewEntry {
            id: Id::new(of(Part::Entry, if place == 0 { n } else { 500_000 + n * 100 + place })),
            allotment: Some(part.id),
            posting: Posting::of_quantity(EntryKind::Granted, quantity),
        })
        .collect();
    service_events::post(c, &occasion(&stored, 1, None), &granted)?;
    audit_and_choose(c, n, &stored, grant)?;
    Ok(stored)
}

fn audit_and_choose(c: &mut Conn, n: u128, stored: &StoredVoucher, grant: &Grant) -> Result<(), DbError> {
    let id = stored.voucher.id;
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
            details: json!({
                "decision": stored.decision, "value": stored.voucher.value, "quantity": stored.quantities.issued
            }),
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
        price: grant.price.clone(),
        valid_from: day(1, 1),
        valid_to: None,
        chosen_by: "resident".into(),
        chosen_at: moment(1),
        ended_at: None,
    };
    choices::replace(c, &choice)
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

/// An hour at the agreed price.
pub(crate) fn hour(value: Amount, price: &OfferPrice, item: Option<&str>) -> Line {
    let item_price = price.of_item(item);
    Line {
        item: item.map(str::to_owned),
        quantity: Quantity::ONE,
        value,
        price: item_price.price(),
        charges: charge(Worth::of(value), item_price, Quantity::ONE).unwrap(),
    }
}

fn deliver(c: &mut Conn, stored: &StoredVoucher, n: u128, event: u128) -> Result<(), DbError> {
    let lines = vec![hour(stored.voucher.value, &price(), None)];
    deliver_lines(c, stored, (n, event), lines, &[(part_of(n, 0), Quantity::ONE)])
}

/// Delivers event `event` of voucher `n` on 2 February, drawn from allotments of which the first is that of the day.
pub(crate) fn deliver_lines(
    c: &mut Conn,
    stored: &StoredVoucher,
    (n, event): (u128, u128),
    lines: Vec<Line>,
    draws: &[(Uuid, Quantity)],
) -> Result<(), DbError> {
    let charges = lines.iter().try_fold(Charges::default(), |sum, line| sum.plus(line.charges)).unwrap();
    let quantity = lines.iter().try_fold(Quantity::ZERO, |sum, line| sum.plus(line.quantity)).unwrap();
    for (part, drawn) in draws {
        vouchers::draw(c, Id::new(*part), *drawn)?;
    }
    let id = of(Part::Event, event);
    let delivered = ServiceEvent {
        id: Id::new(id),
        organiser: stored.voucher.organiser,
        voucher: stored.voucher.id,
        allotment: Id::new(draws.first().unwrap().0),
        choice: Id::new(of(Part::Choice, n)),
        provider: Id::new(uuid(PROVIDER)),
        unit: Id::new(uuid(UNIT)),
        person: stored.voucher.person,
        rulebook: stored.voucher.rulebook,
        day: day(2, 2),
        quantity,
        span: None,
        facts: Facts::default(),
        worker: None,
        reference: None,
        missed: None,
        value: lines.first().unwrap().value,
        by_client_fee: false,
        charges,
        lines,
        steps: vec![],
        recorded_by: "member".into(),
        recorded_at: moment(2),
    };
    service_events::insert(c, &delivered)?;
    let counted = Figures { quantity: delivered.quantity, charges };
    event_accounts::insert(
        c,
        &StoredAccount {
            event: delivered.id,
            organiser: delivered.organiser,
            provider: delivered.provider,
            month: delivered.day.first_of_month(),
            account: EventAccount::recorded(counted, true),
            acts: 0,
        },
    )?;
    let used = draws.iter().map(|(part, drawn)| (Some(*part), Posting::of_quantity(EntryKind::Used, *drawn)));
    let paid = [
        (None, Posting::of_amount(EntryKind::OrganiserShare, charges.organiser_pays)),
        (None, Posting::of_amount(EntryKind::CoPayment, charges.co_payment)),
    ];
    let entries: Vec<NewEntry> = used
        .chain(paid)
        .zip(0..)
        .map(|((part, posting), line)| NewEntry {
            id: Id::new(of(Part::Posting, event * 3 + line)),
            allotment: part.map(Id::new),
            posting,
        })
        .collect();
    let version = i64::try_from(event).unwrap() + 2;
    service_events::post(c, &occasion(stored, version, Some(id)), &entries)
}
