//! Who pays what of a quantity of service (569/2009 § 7), and how that is explained.

use crate::explain::Step;
use crate::explain::numbers::with_comma;
use crate::money::Amount;
use crate::offering::ItemPrice;
use crate::quantity::Quantity;
use crate::rules::shares;
use crate::text::Localized;
use crate::valuation::Worth;

/// Who is charged what for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Charges {
    /// Price (or full unit cost) × quantity.
    pub total: Amount,
    /// What the organiser pays to the provider; nothing to its own unit.
    pub organiser_pays: Amount,
    /// What the client pays to the provider.
    pub co_payment: Amount,
    /// What the client is charged by the organiser for a public unit's service.
    pub client_fee: Amount,
}

impl Charges {
    /// The sum; `None` where it overflows.
    pub fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            total: self.total.plus(other.total)?,
            organiser_pays: self.organiser_pays.plus(other.organiser_pays)?,
            co_payment: self.co_payment.plus(other.co_payment)?,
            client_fee: self.client_fee.plus(other.client_fee)?,
        })
    }
}

/// Who is charged what for a quantity at a price, both per unit of the voucher type; `None` where a figure is beyond the
/// range of money.
pub fn charge(worth: Worth, price: ItemPrice, quantity: Quantity) -> Option<Charges> {
    match (price, worth.co_payment) {
        (ItemPrice::Voucher { .. }, Some(co_payment)) => {
            // The price is fixed at value and co-payment together; the shares add up to it.
            let total = worth.value.plus(co_payment)?.times(quantity)?;
            let organiser_pays = worth.value.times(quantity)?;
            let co_payment = total.minus(organiser_pays)?;
            Some(Charges { total, organiser_pays, co_payment, client_fee: Amount::ZERO })
        }
        (ItemPrice::Voucher { price }, None) => {
            let s = shares(worth.value, price, quantity)?;
            Some(Charges {
                total: s.total,
                organiser_pays: s.organiser_pays,
                co_payment: s.co_payment,
                client_fee: Amount::ZERO,
            })
        }
        (ItemPrice::ClientFee { client_fee, unit_cost }, _) => Some(Charges {
            total: unit_cost.times(quantity)?,
            organiser_pays: Amount::ZERO,
            co_payment: Amount::ZERO,
            client_fee: client_fee.times(quantity)?,
        }),
    }
}

/// How the charges of a line came about.
pub fn steps(worth: Worth, price: ItemPrice, quantity: Quantity, charges: &Charges) -> Vec<Step> {
    match (price, worth.co_payment) {
        (ItemPrice::Voucher { .. }, Some(co_payment)) => fixed_steps(worth.value, co_payment, quantity, charges),
        (ItemPrice::Voucher { price }, None) => share_steps(worth.value, price, quantity, charges),
        (ItemPrice::ClientFee { client_fee, unit_cost }, _) => {
            let fee = charges.client_fee;
            let (each, times, in_all) = (with_comma(client_fee), with_comma(quantity), with_comma(fee));
            vec![
                Step::new(
                    "/public_service/client_fee",
                    "client_fee",
                    Localized::new(
                        format!("Julkisesta palvelusta peritään asiakasmaksu: {each} × {times} = {in_all}. Omavastuuosuutta ei ole."),
                        format!("För offentlig service tas en klientavgift ut: {each} × {times} = {in_all}. Ingen självriskandel."),
                        format!("A public service bears a client fee: {client_fee} × {quantity} = {fee}. There is no co-payment."),
                    ),
                )
                .input("client_fee", client_fee)
                .input("unit_cost", unit_cost)
                .input("quantity", quantity)
                .figure(fee)
                .source("734/1992"),
            ]
        }
    }
}

fn share_steps(value: Amount, price: Amount, quantity: Quantity, charges: &Charges) -> Vec<Step> {
    let pays = charges.organiser_pays;
    let lower = value.min(price);
    let (total, co_payment) = (charges.total, charges.co_payment);
    let (v, p, paid) = (with_comma(value), with_comma(price), with_comma(pays));
    let (least, times) = (with_comma(lower), with_comma(quantity));
    let (whole, rest) = (with_comma(total), with_comma(co_payment));
    vec![
        Step::new(
            "/value",
            "organiser_share",
            Localized::new(
                format!("Järjestäjä maksaa arvon {v} tai hinnan {p} sen mukaan, kumpi on pienempi: {least} × {times} = {paid}."),
                format!("Anordnaren betalar värdet {v} eller priset {p}, beroende på vilket som är lägre: {least} × {times} = {paid}."),
                format!("The organiser pays the lower of the value {value} and the price {price}: {lower} × {quantity} = {pays}."),
            ),
        )
        .input("value", value)
        .input("price", price)
        .input("quantity", quantity)
        .figure(pays)
        .source("569/2009 § 7"),
        Step::new(
            "/value",
            "co_payment",
            Localized::new(
                format!("Omavastuuosuus on se, mitä hinnasta jää jäljelle: {whole} − {paid} = {rest}."),
                format!("Självriskandelen är det som återstår av priset: {whole} − {paid} = {rest}."),
                format!("The co-payment is the rest of the price: {total} − {pays} = {co_payment}."),
            ),
        )
        .input("total", total)
        .input("organiser_pays", pays)
        .figure(co_payment)
        .source("569/2009 § 7"),
    ]
}

fn fixed_steps(value: Amount, fixed: Amount, quantity: Quantity, charges: &Charges) -> Vec<Step> {
    let (pays, co_payment) = (charges.organiser_pays, charges.co_payment);
    let (v, paid, times) = (with_comma(value), with_comma(pays), with_comma(quantity));
    let (each, rest, whole) = (with_comma(fixed), with_comma(co_payment), with_comma(charges.total));
    let total = charges.total;
    vec![
        Step::new(
            "/value",
            "organiser_share",
            Localized::new(
                format!("Järjestäjä maksaa palvelusetelin arvon: {v} × {times} = {paid}."),
                format!("Anordnaren betalar servicesedelns värde: {v} × {times} = {paid}."),
                format!("The organiser pays the voucher's value: {value} × {quantity} = {pays}."),
            ),
        )
        .input("value", value)
        .input("quantity", quantity)
        .figure(pays)
        .source("569/2009 § 7"),
        Step::new(
            "/co_payment",
            "fixed_co_payment",
            Localized::new(
                format!("Järjestäjä on vahvistanut omavastuuosuuden, {each} yksiköltä: ({v} + {each}) × {times} = {whole}, josta asiakkaan osuus on {whole} − {paid} = {rest}."),
                format!("Anordnaren har fastställt självriskandelen, {each} per enhet: ({v} + {each}) × {times} = {whole}, varav klientens andel är {whole} − {paid} = {rest}."),
                format!("The organiser has fixed the co-payment, {fixed} per unit: ({value} + {fixed}) × {quantity} = {total}, of which the client's share is {total} − {pays} = {co_payment}."),
            ),
        )
        .input("fixed", fixed)
        .input("quantity", quantity)
        .figure(co_payment)
        .source("569/2009 § 7"),
    ]
}

/// What a purse that does not cover the organiser's share leaves to the client.
pub(super) fn purse_step(share: Amount, available: Amount, charges: &Charges) -> Step {
    let (pays, co_payment) = (charges.organiser_pays, charges.co_payment);
    let (left, part) = (with_comma(available), with_comma(share));
    let (paid, rest) = (with_comma(pays), with_comma(co_payment));
    Step::new(
        "/grant",
        "purse_exhausted",
        Localized::new(
            format!("Palvelusetelissä on jäljellä {left}, mikä on vähemmän kuin järjestäjän osuus {part}: järjestäjä maksaa {paid} ja asiakas {rest}."),
            format!("På servicesedeln återstår {left}, mindre än anordnarens andel {part}: anordnaren betalar {paid} och klienten {rest}."),
            format!("The voucher has {available} left, less than the organiser's share {share}: the organiser pays {pays} and the client {co_payment}."),
        ),
    )
    .input("available", available)
    .input("share", share)
    .input("co_payment", co_payment)
    .figure(pays)
}
