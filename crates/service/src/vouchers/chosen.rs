//! A choice is stored: what held until then ends, and who is left and who begins are told.

use std::collections::BTreeMap;

use serde_json::json;
use valinta_domain::Day;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::voucher::Voucher;
use valinta_persistence::choices::Choice;
use valinta_persistence::vouchers::StoredVoucher;
use valinta_persistence::{Conn, choices, vouchers};

use super::pick::Pick;
use super::places::Places;
use crate::cx::Cx;
use crate::http::Problem;

/// Stores the choice of what was picked, for a taken voucher that is chosen with, by whom it was asked for. Who is left hears its last day, and who
/// comes after it its first one.
pub(crate) fn store_choice(
    c: &mut Conn,
    cx: &Cx,
    stored: &StoredVoucher,
    picked: Pick,
    chosen_by: &str,
) -> Result<(Choice, Places), Problem> {
    let voucher = &stored.voucher;
    let choice = Choice {
        id: cx.id(),
        organiser: voucher.organiser,
        voucher: voucher.id,
        offering: picked.offered.id,
        provider: picked.offered.provider,
        unit: picked.offered.unit,
        sector: picked.sector,
        price: picked.price,
        valid_from: picked.from,
        valid_to: picked.until,
        chosen_by: chosen_by.to_owned(),
        chosen_at: cx.now(),
        ended_at: None,
    };
    let before = choices::of_voucher(c, voucher.id)?;
    let left = left_by(&before, &choice);
    choices::replace(c, &choice)?;
    vouchers::update_state(c, voucher)?;
    let organiser = voucher.organiser;
    for (ending, last_day) in &left {
        // Without a last day: it was to begin later, and does not.
        let payload = json!({
            "voucher": voucher.id,
            "choice": ending.id,
            "provider": ending.provider,
            "last_day": last_day,
        });
        cx.tell(
            EventKind::ChoiceEnding,
            ("choice", ending.id.uuid()),
            Hearers::both(organiser, ending.provider),
            payload,
        );
    }
    if !left.is_empty() {
        let payload = json!({
            "voucher": voucher.id,
            "choice": choice.id,
            "provider": choice.provider,
            "first_day": choice.valid_from,
        });
        cx.tell(
            EventKind::ChoiceBeginning,
            ("choice", choice.id.uuid()),
            Hearers::both(organiser, choice.provider),
            payload,
        );
    }
    tell_chosen(cx, voucher, &choice);
    Ok((choice, picked.places))
}

/// Tells that a provider was chosen, and nothing of the one before: that is not for this one.
fn tell_chosen(cx: &Cx, voucher: &Voucher, choice: &Choice) {
    let payload = json!({
        "voucher": choice.voucher,
        "choice": choice.id,
        "offering": choice.offering,
        "provider": choice.provider,
        "first_day": choice.valid_from,
    });
    let hearers = Hearers::both(voucher.organiser, choice.provider);
    cx.tell(EventKind::VoucherChosen, ("voucher", voucher.id.uuid()), hearers, payload);
}

/// The choices of other providers that a new one ends, each provider's once, with the last day that is left of it.
fn left_by<'a>(all: &'a [Choice], new: &Choice) -> Vec<(&'a Choice, Option<Day>)> {
    let reaches = |choice: &&Choice| {
        choice.provider != new.provider
            && choice.period().is_some_and(|period| period.to().is_none_or(|to| to > new.valid_from))
    };
    let mut by_provider: BTreeMap<_, (&Choice, Option<Day>)> = BTreeMap::new();
    for choice in all.iter().filter(reaches) {
        let last_day = (choice.valid_from < new.valid_from).then(|| new.valid_from.plus_days(-1));
        let known = by_provider.entry(choice.provider.uuid()).or_insert((choice, last_day));
        if last_day > known.1 {
            *known = (choice, last_day);
        }
    }
    by_provider.into_values().collect()
}
