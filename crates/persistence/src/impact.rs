//! What an impact simulation of a rulebook draft reads: the live vouchers of a voucher type, and the services that were
//! delivered under its vouchers. A page at a time, so that it takes no more memory for more data. Computes nothing.

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use valinta_domain::id::kind;
use valinta_domain::identifiers::MunicipalityCode;
use valinta_domain::offering::OfferPrice;
use valinta_domain::provider::Sector;
use valinta_domain::rulebook::{Measure, Unused};
use valinta_domain::rules::Facts;
use valinta_domain::service_event::{Charges, EventKind};
use valinta_domain::{Amount, Day, Id, Language, Moment, Quantity, Unit};

use crate::convert::{PriceColumns, coded, from_json, parsed};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{choices, clients, service_events, vouchers};
use crate::types::{DbId, DbMoment};
use crate::vouchers::{measure_from_code, unused_from_code};

/// Rows that are held in memory at once.
const PAGE: i64 = 1_000;
/// States of vouchers that can still be used, unless their validity is over.
const LIVE: [&str; 4] = ["offered", "accepted", "chosen", "in_use"];

/// A voucher that can still be used.
#[derive(Debug, Clone)]
pub struct LiveVoucher {
    /// Its id.
    pub id: Id<kind::Voucher>,
    /// Whose it is.
    pub client: Id<kind::Client>,
    /// The version that it was granted under.
    pub rulebook: Id<kind::Rulebook>,
    /// Its value, as decided.
    pub value: Amount,
    /// The client's facts that it was decided on.
    pub facts: Facts,
    /// What it grants per period.
    pub quantity: Quantity,
    /// Of what.
    pub measure: Measure,
    /// What becomes of the rest.
    pub unused: Unused,
    /// Whether the service is free of charge to the client by law.
    pub free_of_charge: bool,
    /// The client's municipality.
    pub municipality: MunicipalityCode,
    /// The client's language.
    pub language: Language,
    /// What was chosen with it last, if anything was.
    pub choice: Option<LiveChoice>,
}

/// What is chosen with a voucher.
#[derive(Debug, Clone)]
pub struct LiveChoice {
    /// Which offering.
    pub offering: Id<kind::Offering>,
    /// Of a provider of which sector.
    pub sector: Sector,
    /// The price agreed.
    pub price: OfferPrice,
}

/// A service that was delivered, with what a rule needs to value it anew. Visits that were missed are none.
#[derive(Debug, Clone)]
pub struct DeliveredService {
    /// Its id.
    pub id: Id<kind::ServiceEvent>,
    /// Under which voucher. Those of one voucher come one after the other.
    pub voucher: Id<kind::Voucher>,
    /// Whose voucher.
    pub client: Id<kind::Client>,
    /// What its services are counted in.
    pub unit: Unit,
    /// Of what it grants.
    pub measure: Measure,
    /// The version that the voucher was granted under.
    pub granted_under: Id<kind::Rulebook>,
    /// The voucher's value, as decided.
    pub voucher_value: Amount,
    /// The client's facts that it was decided on.
    pub voucher_facts: Facts,
    /// Whether the service is free of charge to the client by law.
    pub free_of_charge: bool,
    /// The client's municipality.
    pub municipality: MunicipalityCode,
    /// Day of service.
    pub day: Day,
    /// How much.
    pub quantity: Quantity,
    /// From when to when, if given.
    pub span: Option<(Moment, Moment)>,
    /// The facts of the service itself.
    pub facts: Facts,
    /// Who was charged what.
    pub charges: Charges,
    /// By a provider of which sector.
    pub sector: Sector,
    /// At which agreed price: a client fee or a price, and those of items.
    pub price: OfferPrice,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = vouchers)]
struct VoucherRow {
    id: DbId,
    client_id: DbId,
    rulebook_id: DbId,
    unit: String,
    value_minor: i64,
    facts: String,
    quantity_e4: i64,
    measure: String,
    unused: String,
    free_of_charge: bool,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = clients)]
struct ClientRow {
    municipality_code: String,
    language: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = choices)]
struct ChoiceRow {
    offering_id: DbId,
    sector: String,
    charging: String,
    price_minor: Option<i64>,
    client_fee_minor: Option<i64>,
    unit_cost_minor: Option<i64>,
    items: Option<String>,
    only_items: bool,
}

impl ChoiceRow {
    fn choice(self) -> Result<LiveChoice, DbError> {
        let price = PriceColumns {
            charging: self.charging,
            price_minor: self.price_minor,
            client_fee_minor: self.client_fee_minor,
            unit_cost_minor: self.unit_cost_minor,
            items: self.items,
            only_items: self.only_items,
        };
        Ok(LiveChoice {
            offering: self.offering_id.id(),
            sector: coded("choices", &self.sector, Sector::from_code)?,
            price: price.price("choices")?,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_events)]
struct EventRow {
    id: DbId,
    voucher_id: DbId,
    day: NaiveDate,
    quantity_e4: i64,
    started_at: Option<DbMoment>,
    ended_at: Option<DbMoment>,
    facts: String,
    total_minor: i64,
    organiser_pays_minor: i64,
    co_payment_minor: i64,
    client_fee_minor: i64,
}

fn live_voucher((voucher, client, choice): (VoucherRow, ClientRow, Option<ChoiceRow>)) -> Result<LiveVoucher, DbError> {
    Ok(LiveVoucher {
        id: voucher.id.id(),
        client: voucher.client_id.id(),
        rulebook: voucher.rulebook_id.id(),
        value: Amount::from_minor(voucher.value_minor),
        facts: from_json("vouchers", &voucher.facts)?,
        quantity: Quantity::from_e4(voucher.quantity_e4),
        measure: coded("vouchers", &voucher.measure, measure_from_code)?,
        unused: coded("vouchers", &voucher.unused, unused_from_code)?,
        free_of_charge: voucher.free_of_charge,
        municipality: parsed("clients", &client.municipality_code)?,
        language: coded("clients", &client.language, Language::from_code)?,
        choice: choice.map(ChoiceRow::choice).transpose()?,
    })
}

fn delivered_service(
    (event, voucher, client, choice): (EventRow, VoucherRow, ClientRow, ChoiceRow),
) -> Result<DeliveredService, DbError> {
    let choice = choice.choice()?;
    Ok(DeliveredService {
        id: event.id.id(),
        voucher: event.voucher_id.id(),
        client: voucher.client_id.id(),
        unit: coded("vouchers", &voucher.unit, Unit::from_code)?,
        measure: coded("vouchers", &voucher.measure, measure_from_code)?,
        granted_under: voucher.rulebook_id.id(),
        voucher_value: Amount::from_minor(voucher.value_minor),
        voucher_facts: from_json("vouchers", &voucher.facts)?,
        free_of_charge: voucher.free_of_charge,
        municipality: parsed("clients", &client.municipality_code)?,
        day: Day::new(event.day),
        quantity: Quantity::from_e4(event.quantity_e4),
        span: event.started_at.map(DbMoment::moment).zip(event.ended_at.map(DbMoment::moment)),
        facts: from_json("service_events", &event.facts)?,
        charges: Charges {
            total: Amount::from_minor(event.total_minor),
            organiser_pays: Amount::from_minor(event.organiser_pays_minor),
            co_payment: Amount::from_minor(event.co_payment_minor),
            client_fee: Amount::from_minor(event.client_fee_minor),
        },
        sector: choice.sector,
        price: choice.price,
    })
}

/// How many vouchers of a voucher type can still be used on a day or later.
///
/// # Errors
/// The database's.
pub fn count_live_vouchers(c: &mut Conn, voucher_type: Id<kind::VoucherType>, day: Day) -> Result<i64, DbError> {
    Ok(vouchers::table
        .filter(vouchers::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(vouchers::state.eq_any(LIVE))
        .filter(vouchers::valid_to.gt(day.date()))
        .select(count_star())
        .first(c)?)
}

/// Gives the vouchers of a voucher type that can still be used on a day or later, page by page in order of id.
///
/// # Errors
/// The database's, and those of `each`.
pub fn for_each_live_voucher<E: From<DbError>>(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    day: Day,
    each: &mut dyn FnMut(&[LiveVoucher]) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let page = live_vouchers_after(c, voucher_type, day, after)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        each(&page)?;
    }
}

fn live_vouchers_after(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    day: Day,
    after: Option<Id<kind::Voucher>>,
) -> Result<Vec<LiveVoucher>, DbError> {
    let chosen_last = choices::voucher_id.eq(vouchers::id).and(choices::valid_to.is_null());
    let mut query = vouchers::table
        .inner_join(clients::table.on(clients::id.eq(vouchers::client_id)))
        .left_join(choices::table.on(chosen_last))
        .filter(vouchers::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(vouchers::state.eq_any(LIVE))
        .filter(vouchers::valid_to.gt(day.date()))
        .select((VoucherRow::as_select(), ClientRow::as_select(), Option::<ChoiceRow>::as_select()))
        .order(vouchers::id)
        .limit(PAGE)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(vouchers::id.gt(DbId::from(after)));
    }
    query.load(c)?.into_iter().map(live_voucher).collect()
}

/// How many services were delivered under vouchers of a voucher type from a day on.
///
/// # Errors
/// The database's.
pub fn count_events(c: &mut Conn, voucher_type: Id<kind::VoucherType>, from: Day) -> Result<i64, DbError> {
    Ok(service_events::table
        .inner_join(vouchers::table.on(vouchers::id.eq(service_events::voucher_id)))
        .filter(vouchers::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(service_events::day.ge(from.date()))
        .filter(service_events::kind.eq(EventKind::Visit.code()))
        .select(count_star())
        .first(c)?)
}

/// Gives the services that were delivered under vouchers of a voucher type from a day on, page by page in order of
/// voucher and id.
///
/// # Errors
/// The database's, and those of `each`.
pub fn for_each_event<E: From<DbError>>(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    from: Day,
    each: &mut dyn FnMut(&[DeliveredService]) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let page = events_after(c, voucher_type, from, after)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some((last.voucher, last.id));
        each(&page)?;
    }
}

type EventPlace = (Id<kind::Voucher>, Id<kind::ServiceEvent>);

fn events_after(
    c: &mut Conn,
    voucher_type: Id<kind::VoucherType>,
    from: Day,
    after: Option<EventPlace>,
) -> Result<Vec<DeliveredService>, DbError> {
    // Ordered by the vouchers' own ids, so that either database walks the index by voucher type.
    let mut query = service_events::table
        .inner_join(vouchers::table.on(vouchers::id.eq(service_events::voucher_id)))
        .inner_join(clients::table.on(clients::id.eq(vouchers::client_id)))
        .inner_join(choices::table.on(choices::id.eq(service_events::choice_id)))
        .filter(vouchers::voucher_type_id.eq(DbId::from(voucher_type)))
        .filter(service_events::day.ge(from.date()))
        .filter(service_events::kind.eq(EventKind::Visit.code()))
        .select((EventRow::as_select(), VoucherRow::as_select(), ClientRow::as_select(), ChoiceRow::as_select()))
        .order((vouchers::id, service_events::id))
        .limit(PAGE)
        .into_boxed();
    if let Some((voucher, event)) = after {
        let (voucher, event) = (DbId::from(voucher), DbId::from(event));
        query =
            query.filter(vouchers::id.ge(voucher)).filter(vouchers::id.gt(voucher).or(service_events::id.gt(event)));
    }
    query.load(c)?.into_iter().map(delivered_service).collect()
}
