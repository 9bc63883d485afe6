//! What the choices of one voucher are made of: the voucher, its client, and what the snapshot says of its voucher type.

use std::sync::Arc;

use valinta_domain::choice::{Basis, Entitled, Entitlement, Grant, Lot, Query, Snapshot};
use valinta_domain::id::kind;
use valinta_domain::rulebook::{Measure, RulebookTerms};
use valinta_domain::rules::Facts;
use valinta_domain::valuation::{Valuation, Worth};
use valinta_domain::{Currency, Day, Id, Quantity, Unit};
use valinta_persistence::Conn;
use valinta_persistence::places::own_of;
use valinta_persistence::vouchers::StoredVoucher;

use super::wish::{AsOf, day_of};
use crate::app::App;
use crate::cx::{Cx, day_in};
use crate::http::{Caller, Problem};
use crate::vouchers::{first_day, service_facts_of, valuation_of};

/// What the choices of a voucher are made of.
pub(super) struct Held {
    pub(super) stored: StoredVoucher,
    pub(super) basis: Arc<Basis>,
    /// As of which day.
    pub(super) day: Day,
    /// What criteria may ask of the client.
    pub(super) client: Facts,
    /// The offerings that keep a place for the holder already, where it matters.
    pub(super) own: Vec<Id<kind::Offering>>,
}

/// Why there is nothing yet to make a list of.
pub(super) enum NotHeld {
    /// The snapshot is older than the voucher: it does not know the rules that it was granted under.
    Behind,
    /// It is refused.
    Refused(Problem),
}

impl<E: Into<Problem>> From<E> for NotHeld {
    fn from(refused: E) -> Self {
        Self::Refused(refused.into())
    }
}

/// Reads for a caller beside the snapshot, and notes what is shown. Where the snapshot is behind what was read, it is brought
/// up and all is read anew, once.
pub(super) async fn with_snapshot<W: Send + Sync + 'static, T: Send + 'static>(
    app: &App,
    caller: &Caller,
    wanted: W,
    f: impl Fn(&mut Conn, &Cx, &Snapshot, &[u8], &W) -> Result<T, NotHeld> + Send + Sync + 'static,
) -> Result<T, Problem> {
    let read = Arc::new((wanted, f));
    for _ in 0..2 {
        let (snapshot, own, read) = (app.snapshot()?, app.clone(), Arc::clone(&read));
        let outcome = app
            .read_noted(caller.clone(), move |c, cx| {
                let (wanted, f) = &*read;
                match f(c, cx, &snapshot, own.order_key(), wanted) {
                    Ok(value) => Ok(Some(value)),
                    Err(NotHeld::Behind) => Ok(None),
                    Err(NotHeld::Refused(problem)) => Err(problem),
                }
            })
            .await?;
        match outcome {
            Some(value) => return Ok(value),
            None => app.refresh().await?,
        }
    }
    Err(Problem::internal("a voucher's rulebook is not among those adopted"))
}

/// Reads what a voucher's list is made of, as of a day that is asked for or the first day of a choice that is made now.
pub(super) fn hold(
    c: &mut Conn,
    cx: &Cx,
    snapshot: &Snapshot,
    stored: StoredVoucher,
    asked: AsOf,
) -> Result<Held, NotHeld> {
    let voucher = &stored.voucher;
    let basis = snapshot.basis(voucher.voucher_type).ok_or(NotHeld::Behind)?;
    if basis.terms_of(voucher.rulebook).is_none() {
        return Err(NotHeld::Behind);
    }
    let zone = &basis.time_zone;
    let unknown = || Problem::internal(format!("organiser {} has the unknown time zone {zone}", basis.organiser));
    let today = day_in(zone, cx.now()).ok_or_else(unknown)?;
    let (first, _) = first_day(c, voucher, today)?;
    let day = day_of(asked.day, first, today, asked.pointer)?;
    if asked.day.is_some() && !voucher.validity.contains(day) {
        let why = format!("is after {}, the voucher's last day", voucher.validity.last_day());
        return Err(Problem::invalid(Vec::new()).at(asked.pointer, "outside_validity", why).into());
    }
    let client = service_facts_of(c, voucher)?;
    let own = if snapshot.has_full(voucher.voucher_type) { own_of(c, voucher.id, today)? } else { Vec::new() };
    Ok(Held { basis: Arc::clone(basis), day, client, own, stored })
}

impl Held {
    /// The organiser's currency.
    pub(super) fn currency(&self) -> Currency {
        self.basis.currency
    }

    /// The terms that the voucher was granted under.
    ///
    /// # Errors
    /// They are not among those that were adopted.
    pub(super) fn granted_under(&self) -> Result<&RulebookTerms, Problem> {
        let voucher = &self.stored.voucher;
        let none = || Problem::internal(format!("the rulebook of voucher {} is not among those adopted", voucher.id));
        self.basis.terms_of(voucher.rulebook).ok_or_else(none)
    }

    /// What the holder is entitled to, and what a unit is worth to it on the day, before there is a price or a service.
    ///
    /// # Errors
    /// The voucher's own version is not among those that were adopted.
    pub(super) fn worth(&self) -> Result<HeldWorth<'_>, Problem> {
        let (voucher, versions) = (&self.stored.voucher, &self.basis.versions);
        let valuation = valuation_of(voucher, versions, self.day)?;
        let quoted = valuation.as_ref().ok().map(Valuation::quoted);
        let terms = valuation.as_ref().ok().map(Valuation::terms).or_else(|| self.basis.terms_on(self.day));
        let price_unit = terms.and_then(|terms| terms.price_unit);
        let at_first = Entitled { grant: Grant::of(valuation), free_of_charge: voucher.free_of_charge };
        let entitlement = Entitlement::of_voucher(Some(at_first), voucher, versions, self.day);
        Ok(HeldWorth { entitlement, quoted, price_unit })
    }

    /// The query of the whole list, in the neutral order.
    pub(super) fn query<'q>(&'q self, worth: &'q HeldWorth<'q>, lot: &'q Lot) -> Query<'q> {
        let voucher = &self.stored.voucher;
        Query {
            validity: Some(voucher.validity),
            entitlement: &worth.entitlement,
            own: &self.own,
            quantity: quantity_of(&self.stored, self.day),
            ..Query::all(voucher.voucher_type, self.day, &self.client, lot)
        }
    }
}

/// What a voucher is worth to its holder.
pub(super) struct HeldWorth<'a> {
    entitlement: Entitlement<'a>,
    /// What a unit is worth on the day; none where the rules of the day grant nothing.
    pub(super) quoted: Option<Worth>,
    /// The unit that prices are given for on the day, if it is another than the voucher's.
    pub(super) price_unit: Option<Unit>,
}

/// The quantity that the options' charges are summed up for: a purse grants none.
pub(super) fn quantity_of(stored: &StoredVoucher, day: Day) -> Option<Quantity> {
    match stored.voucher.measure {
        Measure::Quantity => Some(stored.quantity_on(day)),
        Measure::Money => None,
    }
}
