//! Tells what becomes of a voucher: its organiser, and each provider that serves with it or is to.

use serde_json::Value;
use valinta_domain::event::{EventKind, Hearers};
use valinta_domain::id::kind;
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Id};
use valinta_persistence::{Conn, choices};

use crate::cx::Cx;
use crate::http::Problem;

/// Tells it in one message, and in one more for each further provider.
pub(super) fn tell(
    c: &mut Conn,
    cx: &Cx,
    kind: EventKind,
    (voucher, today): (&Voucher, Day),
    payload: &Value,
) -> Result<(), Problem> {
    let mut providers: Vec<Id<kind::Provider>> = Vec::new();
    for choice in choices::of_voucher(c, voucher.id)? {
        let goes_on = choice.period().is_some_and(|period| period.to().is_none_or(|to| to > today));
        if goes_on && !providers.contains(&choice.provider) {
            providers.push(choice.provider);
        }
    }
    let mut providers = providers.into_iter();
    let first = Hearers { organiser: Some(voucher.organiser), provider: providers.next() };
    let subject = ("voucher", voucher.id.uuid());
    cx.tell(kind, subject, first, payload.clone());
    for provider in providers {
        cx.tell(kind, subject, provider, payload.clone());
    }
    Ok(())
}
