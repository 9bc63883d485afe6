//! The price that was shown to one who chooses, sent back as lists show it or as prices are set.

use std::collections::BTreeMap;

use serde::Deserialize;
use valinta_domain::offering::OfferPrice;
use valinta_domain::{Amount, Currency, Money};

use crate::http::Problem;

/// Where the price stands in a request.
const POINTER: &str = "/price";

/// The price that was shown, as it was shown. An amount may also stand as text in quotes, in the organiser's currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "Members", tag = "charging", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum SeenPrice {
    /// A company's or association's price.
    Voucher {
        /// Price per unit.
        price: SeenAmount,
        /// Prices of items of the rulebook's price list that differ from it, by the item's code.
        #[serde(default)]
        items: BTreeMap<String, SeenAmount>,
        /// Whether items of the price list without a price of their own are not offered.
        #[serde(default)]
        only_items: bool,
    },
    /// A public unit's client fee.
    ClientFee {
        /// What the client is charged per unit.
        client_fee: SeenAmount,
        /// What a unit costs the public purse.
        unit_cost: SeenAmount,
    },
}

/// An amount with its currency, as it is shown; or without, as text in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(
    untagged,
    expecting = "an amount as it is shown, such as {\"amount\": \"35.00\", \"currency\": \"EUR\"}, or as text, such as \"35.00\""
)]
pub(crate) enum SeenAmount {
    /// As it is shown.
    Shown(Money),
    /// As text.
    Text(Amount),
}

/// How a price comes in: all members beside each other, so that each is told of by its own name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    charging: Charging,
    price: Option<SeenAmount>,
    items: Option<BTreeMap<String, SeenAmount>>,
    only_items: Option<bool>,
    client_fee: Option<SeenAmount>,
    unit_cost: Option<SeenAmount>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Charging {
    Voucher,
    ClientFee,
}

impl TryFrom<Members> for SeenPrice {
    type Error = &'static str;

    fn try_from(members: Members) -> Result<Self, Self::Error> {
        match members {
            Members {
                charging: Charging::Voucher,
                price: Some(price),
                items,
                only_items,
                client_fee: None,
                unit_cost: None,
            } => Ok(Self::Voucher {
                price,
                items: items.unwrap_or_default(),
                only_items: only_items.unwrap_or_default(),
            }),
            Members {
                charging: Charging::ClientFee,
                price: None,
                items: None,
                only_items: None,
                client_fee: Some(client_fee),
                unit_cost: Some(unit_cost),
            } => Ok(Self::ClientFee { client_fee, unit_cost }),
            Members { charging: Charging::Voucher, .. } => {
                Err("a price that is charged by `voucher` has `price`, and may have `items` and `only_items`; no more")
            }
            Members { charging: Charging::ClientFee, .. } => {
                Err("a price that is charged as `client_fee` has `client_fee` and `unit_cost`, and no more")
            }
        }
    }
}

impl SeenPrice {
    /// The price in the organiser's currency.
    ///
    /// # Errors
    /// An amount is in another one.
    pub(super) fn in_currency(&self, currency: Currency) -> Result<OfferPrice, Problem> {
        let amount = |seen: &SeenAmount, member: &str| seen.in_currency(currency, member);
        Ok(match self {
            Self::Voucher { price, items, only_items } => {
                let items = items.iter().map(|(item, seen)| {
                    let member = format!("items/{}", item.replace('~', "~0").replace('/', "~1"));
                    Ok((item.clone(), amount(seen, &member)?))
                });
                let (price, items) = (amount(price, "price")?, items.collect::<Result<_, Problem>>()?);
                OfferPrice::Voucher { price, items, only_items: *only_items }
            }
            Self::ClientFee { client_fee, unit_cost } => OfferPrice::ClientFee {
                client_fee: amount(client_fee, "client_fee")?,
                unit_cost: amount(unit_cost, "unit_cost")?,
            },
        })
    }
}

impl SeenAmount {
    fn in_currency(self, currency: Currency, member: &str) -> Result<Amount, Problem> {
        match self {
            Self::Text(amount) => Ok(amount),
            Self::Shown(money) if money.currency == currency => Ok(money.amount),
            Self::Shown(money) => Err(Problem::invalid(Vec::new()).at(
                &format!("{POINTER}/{member}/currency"),
                "other_currency",
                format!("prices are in {} here, not in {}", currency.code(), money.currency.code()),
            )),
        }
    }
}
