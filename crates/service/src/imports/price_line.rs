//! An offering's prices in order of their days, as they come to be row by row. Pure; knows no policy.

use valinta_domain::id::kind;
use valinta_domain::offering::{OfferPrice, Step};
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::bulk::DatedOfferPrice;

use super::price_record::PriceRecord;
use super::report::RowErrors;

/// A price that holds, has held or is to hold.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) id: Id<kind::OfferingPrice>,
    pub(super) from: Day,
    pub(super) to: Option<Day>,
    pub(super) price: OfferPrice,
    pub(super) reason: Option<String>,
}

impl Slot {
    /// Whether a row says the same of it, besides its end.
    pub(super) fn says(&self, row: &PriceRecord) -> bool {
        self.from == row.from && self.price == row.price && self.reason == row.reason
    }

    /// The price as it is stored.
    pub(super) fn dated(
        &self,
        offering: Id<kind::Offering>,
        rulebook: Id<kind::Rulebook>,
        (by, at): (&str, Moment),
    ) -> DatedOfferPrice {
        DatedOfferPrice {
            id: self.id,
            offering,
            price: self.price.clone(),
            reason: self.reason.clone(),
            from: self.from,
            to: self.to,
            rulebook,
            created_by: by.to_owned(),
            created_at: at,
        }
    }
}

/// A price that was given up, and the one before it, which had ended where it began.
#[derive(Debug)]
pub(super) struct GivenUp {
    slot: Slot,
    before: Option<Id<kind::OfferingPrice>>,
}

/// The prices of an offering, none of which overlap.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    // INVARIANT: in order of `from`.
    slots: Vec<Slot>,
}

impl Line {
    /// Takes in a price that is stored. One that never held is none.
    pub(super) fn load(&mut self, stored: DatedOfferPrice) {
        if stored.to != Some(stored.from) {
            let DatedOfferPrice { id, from, to, price, reason, .. } = stored;
            self.insert(Slot { id, from, to, price, reason });
        }
    }

    fn insert(&mut self, slot: Slot) {
        let place = self.slots.partition_point(|other| other.from <= slot.from);
        self.slots.insert(place, slot);
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(super) fn find(&self, id: Id<kind::OfferingPrice>) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.id == id)
    }

    /// The price that begins on a day.
    pub(super) fn beginning(&self, day: Day) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.from == day)
    }

    /// When the next price begins after a day.
    fn next_after(&self, day: Day) -> Option<Day> {
        self.slots.iter().map(|slot| slot.from).find(|from| *from > day)
    }

    /// What is asked from which day on, as the domain has it.
    pub(super) fn steps(&self) -> Vec<Step<'_>> {
        self.slots.iter().map(|slot| (slot.from, &slot.price)).collect()
    }

    /// How many prices are to come after a day besides one that begins on another, and how many there are at all.
    pub(super) fn count_others(&self, besides: Day, today: Day) -> (usize, usize) {
        let held = self.slots.partition_point(|slot| slot.from <= today);
        let to_come = self.slots.iter().skip(held).filter(|slot| slot.from != besides);
        (to_come.count(), self.slots.len())
    }

    /// The last day that a row says of a price; none where it holds until the next one begins.
    pub(super) fn last_day(&self, slot: &Slot) -> Option<Day> {
        slot.to.filter(|to| self.next_after(slot.from) != Some(*to)).map(|to| to.plus_days(-1))
    }

    /// Whether a price ends as a row says.
    pub(super) fn ends_as(&self, slot: &Slot, until: Option<Day>) -> bool {
        match until {
            Some(until) => slot.to == Some(until.plus_days(1)),
            None => self.last_day(slot).is_none(),
        }
    }

    /// The end of a price from a day on, as a row says.
    fn end_of(&self, from: Day, until: Option<Day>) -> Result<Option<Day>, RowErrors> {
        let next = self.next_after(from);
        let Some(until) = until else { return Ok(next) };
        let to = until.plus_days(1);
        match next {
            Some(next) if next < to => {
                let why = format!("another price begins on {next}");
                Err(RowErrors::one("valid_until", "overlap", why))
            }
            _ => Ok(Some(to)),
        }
    }

    /// Gives a price another end. From `today` on only, where that is given.
    pub(super) fn set_end(&mut self, slot: &Slot, until: Option<Day>, today: Option<Day>) -> Result<(), RowErrors> {
        let to = self.end_of(slot.from, until)?;
        let is_past = |end: Option<Day>| today.zip(end).is_some_and(|(today, end)| end < today);
        if is_past(slot.to) || is_past(to) {
            return Err(RowErrors::one("valid_until", "in_the_past", "an end is set from today on"));
        }
        self.end(slot.id, to);
        Ok(())
    }

    fn end(&mut self, id: Id<kind::OfferingPrice>, to: Option<Day>) {
        if let Some(own) = self.slots.iter_mut().find(|own| own.id == id) {
            own.to = to;
        }
    }

    /// Takes a price away that has never held. The one before it holds until the next one, as it did before.
    pub(super) fn give_up(&mut self, slot: &Slot) -> GivenUp {
        self.slots.retain(|own| own.id != slot.id);
        let before = self.slots.iter().rev().find(|own| own.from < slot.from);
        let before = before.filter(|before| before.to == Some(slot.from)).map(|before| (before.id, before.from));
        if let Some((id, from)) = before {
            let to = self.next_after(from);
            self.end(id, to);
        }
        GivenUp { slot: slot.clone(), before: before.map(|(id, _)| id) }
    }

    /// Puts back what was given up, as long as nothing else has changed.
    pub(super) fn restore(&mut self, GivenUp { slot, before }: GivenUp) {
        if let Some(before) = before {
            self.end(before, Some(slot.from));
        }
        self.insert(slot);
    }

    /// Lets a price begin. The price before it ends where that held until the next one, which this is now.
    pub(super) fn add(&mut self, slot: Slot, until: Option<Day>) -> Result<(), RowErrors> {
        let to = self.end_of(slot.from, until)?;
        let next = self.next_after(slot.from);
        let before = self.slots.iter().rev().find(|own| own.from < slot.from);
        if let Some(before) = before.filter(|before| before.to.is_none_or(|to| to > slot.from)) {
            if before.to.is_some() && before.to != next {
                let why = format!("the price from {} is said to hold on that day", before.from);
                return Err(RowErrors::one("valid_from", "overlap", why));
            }
            let id = before.id;
            self.end(id, Some(slot.from));
        }
        self.insert(Slot { to, ..slot });
        Ok(())
    }
}

/// The last day that is written of each price, in the order given: prices of one offering, by first day.
pub(crate) fn last_days(prices: &[DatedOfferPrice]) -> Vec<Option<Day>> {
    let mut line = Line::default();
    for price in prices {
        line.load(price.clone());
    }
    prices.iter().map(|price| line.find(price.id).and_then(|slot| line.last_day(slot))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;
    use valinta_domain::time::Timeline;
    use valinta_domain::{Amount, Period};

    fn day(n: i64) -> Day {
        Day::ymd(2026, 1, 1).unwrap().plus_days(n)
    }

    fn slot(n: u128, from: i64) -> Slot {
        let price = OfferPrice::voucher(Amount::from_minor(3_000));
        Slot { id: Id::new(Uuid::from_u128(n)), from: day(from), to: None, price, reason: None }
    }

    fn days(line: &Line) -> Vec<(Day, Option<Day>)> {
        line.slots.iter().map(|slot| (slot.from, slot.to)).collect()
    }

    #[test]
    fn prices_come_to_the_same_in_any_order() {
        let expected = vec![(day(0), Some(day(10))), (day(10), Some(day(20))), (day(20), None)];
        for order in [[0, 10, 20], [20, 10, 0], [10, 0, 20], [20, 0, 10]] {
            let mut line = Line::default();
            for from in order {
                line.add(slot(u128::try_from(from).unwrap() + 1, from), None).unwrap();
            }
            assert_eq!(days(&line), expected, "{order:?}");
        }
    }

    #[test]
    fn a_day_that_a_price_was_said_to_hold_on_is_not_taken_from_it() {
        let mut line = Line::default();
        line.add(slot(1, 0), Some(day(9))).unwrap();
        assert!(line.add(slot(2, 5), None).is_err());
        assert!(line.add(slot(3, -5), Some(day(3))).is_err());
        line.add(slot(4, 20), None).unwrap();
        // Between them nothing is said, and that is told.
        assert_eq!(line.last_day(&line.slots[0].clone()), Some(day(9)));
        assert_eq!(line.last_day(&line.slots[1].clone()), None);
    }

    #[test]
    fn what_is_given_up_leaves_what_was_before_it() {
        let mut line = Line::default();
        line.add(slot(1, 0), None).unwrap();
        line.add(slot(2, 10), None).unwrap();
        let told = days(&line);
        let given_up = line.give_up(&line.slots[1].clone());
        assert_eq!(days(&line), [(day(0), None)]);
        line.restore(given_up);
        assert_eq!(days(&line), told);
    }

    #[test]
    fn those_to_come_are_counted_besides_the_one_that_is_replaced() {
        let mut line = Line::default();
        for from in [-20, 0, 10, 20] {
            line.add(slot(u128::try_from(from + 100).unwrap(), from), None).unwrap();
        }
        assert_eq!(line.count_others(day(5), day(0)), (2, 4));
        assert_eq!(line.count_others(day(10), day(0)), (1, 4));
    }

    #[test]
    fn no_two_prices_ever_hold_on_one_day() {
        // Days and lengths that a plain walk scatters; a length of three is none.
        let mut walk = 1_i64;
        for _ in 0..500 {
            let mut line = Line::default();
            for n in 1..12 {
                walk = (walk * 1_103 + 12_345) % 65_537;
                let (from, length) = (walk % 60, walk / 60 % 20);
                if line.beginning(day(from)).is_none() {
                    let _ = line.add(slot(n, from), (length != 3).then(|| day(from + length)));
                }
                let entries = line.slots.iter().map(|slot| (Period::new(slot.from, slot.to).unwrap(), ()));
                assert!(Timeline::new(entries.collect()).is_ok());
            }
        }
    }
}
