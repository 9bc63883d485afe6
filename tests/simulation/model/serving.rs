//! Services: what is charged for them, and what is done about them afterwards.

use serde_json::Value;

use super::granting::id;
use super::{
    CONTEST_DAYS, Cents, Choice, Day, Event, EventState, Expected, Figure, Figures, Grant, Hundredths, Model, No,
    Price, State, days, deadline,
};
use crate::simulation::asked::{Back, Delivered, Done};

/// Minutes of the day at which the clock stands, in UTC.
const NOW_MINUTES: i64 = 8 * 60;
/// Most hundredths that can be written.
const HUNDREDTHS_MAX: Hundredths = 100_000_000;

impl Model {
    /// The provider that was chosen for a day, if one was.
    pub(in crate::simulation) fn chosen_on(&self, voucher: usize, day: Day) -> Option<Choice> {
        self.vouchers[voucher].choices.iter().find(|choice| choice.has(day)).copied()
    }

    pub(super) fn record(&mut self, delivered: &Delivered, body: &Value) -> Result<Expected, No> {
        let Delivered { voucher, provider, day, hundredths, span, worker } = *delivered;
        let of = &self.vouchers[voucher];
        let choice = self.chosen_on(voucher, day).filter(|choice| choice.provider == provider);
        let choice = choice.ok_or("it was not chosen for that day")?;
        let version = self.kind_of(voucher).on(day).ok_or("no rulebook")?;
        if hundredths <= 0 || hundredths > HUNDREDTHS_MAX {
            return Err("nothing, or absurd");
        }
        if day > self.today || self.today > deadline(version, day) {
            return Err("still to come, or too late");
        }
        if let Some((start, end)) = span {
            self.check_span(day, (start, end), hundredths)?;
        }
        if ![State::Chosen, State::InUse].contains(&of.state) || day < of.from || day >= of.to {
            return Err("nothing can be recorded under it");
        }
        let mut figures = self.charged(voucher, day, choice.price, hundredths);
        let (is_purse, is_public) = (self.kind_of(voucher).is_purse, matches!(choice.price, Price::Fee { .. }));
        let left = self.left_on(voucher, day);
        let wanted = if is_purse {
            let share = if is_public { figures.total } else { figures.pays };
            if left == 0 {
                return Err("the purse is empty");
            }
            if !is_public {
                figures.pays = share.min(left);
                figures.co_payment = figures.total - figures.pays;
            }
            share.min(left)
        } else if hundredths > left {
            return Err("more than is left");
        } else {
            hundredths
        };
        let is_flagged = self.is_alike(delivered);
        let accepted = !is_flagged && version.up_to.is_none_or(|up_to| figures.pays <= up_to);
        let used = self.draw(voucher, day, wanted);
        let of = &mut self.vouchers[voucher];
        of.state = if of.parts.iter().all(|part| part.left() == 0) { State::UsedUp } else { State::InUse };
        let event = Event {
            id: id(body, "/event/id"),
            voucher,
            provider,
            day,
            quantity: hundredths,
            span,
            worker,
            price: choice.price,
            is_public,
            state: if accepted { EventState::Accepted } else { EventState::Recorded },
            recorded: figures,
            counts: figures,
            settled: Figures::default(),
            settlements: 0,
            contested_until: days(self.today, CONTEST_DAYS),
            used,
        };
        let status = Figure::Text(event.status().into());
        self.events.push(event);
        let mut expected = charges(&figures, "/event");
        expected.push(("/event/status".into(), status));
        expected.push(("/available".into(), Figure::Quantity(self.left_on(voucher, day))));
        Ok(expected)
    }

    fn check_span(&self, day: Day, (start, end): (i64, i64), hundredths: Hundredths) -> Result<(), No> {
        let minutes = end - start;
        if minutes <= 0 || minutes > 24 * 60 {
            return Err("it ends before it begins, or after more than a day");
        }
        if (self.today - day).num_days() * 24 * 60 + NOW_MINUTES < end {
            return Err("it has not ended yet");
        }
        // To the nearest hundredth of an hour.
        if (minutes * 100 + 30) / 60 != hundredths {
            return Err("the time is not the quantity");
        }
        Ok(())
    }

    fn charged(&self, voucher: usize, day: Day, price: Price, hundredths: Hundredths) -> Figures {
        let figures = Figures { quantity: hundredths, ..Figures::default() };
        match price {
            Price::Paid(price) => {
                let total = self.times(price, hundredths);
                let pays = self.times(self.value_on(voucher, day).min(price), hundredths);
                Figures { total, pays, co_payment: total - pays, ..figures }
            }
            Price::Fee { fee, cost } => {
                Figures { total: self.times(cost, hundredths), fee: self.times(fee, hundredths), ..figures }
            }
        }
    }

    /// Whether it may be one that was recorded before: the same once more, or its worker elsewhere at the time.
    fn is_alike(&self, new: &Delivered) -> bool {
        let minutes = |day: Day, minutes: i64| (day - Day::MIN).num_days() * 24 * 60 + minutes;
        self.events.iter().filter(|event| event.state != EventState::Withdrawn).any(|event| {
            let same = event.voucher == new.voucher
                && event.provider == new.provider
                && event.day == new.day
                && event.quantity == new.hundredths
                && event.span.map(|span| span.0) == new.span.map(|span| span.0);
            let elsewhere = match (event.span, new.span) {
                (Some(one), Some(other)) => {
                    event.provider == new.provider
                        && new.worker.is_some()
                        && event.worker == new.worker
                        && minutes(event.day, one.0) < minutes(new.day, other.1)
                        && minutes(event.day, one.1) > minutes(new.day, other.0)
                }
                _ => false,
            };
            same || elsewhere
        })
    }

    /// Takes so much out of the parts, the newest first.
    fn draw(&mut self, voucher: usize, day: Day, wanted: Hundredths) -> Vec<(usize, Hundredths)> {
        let carries_over = self.kind_of(voucher).carries_over;
        let (mut open, mut used) = (wanted, Vec::new());
        let usable = |part: &Grant| if carries_over { part.from <= day } else { part.has(day) };
        for (place, part) in self.vouchers[voucher].parts.iter_mut().enumerate().rev() {
            let some = if usable(part) { part.left().min(open) } else { 0 };
            if some > 0 {
                part.used += some;
                open -= some;
                used.push((place, some));
            }
        }
        used
    }

    pub(super) fn act(&mut self, event: usize, done: &Done) -> Result<Expected, No> {
        let of = &self.events[event];
        let mut state = of.state;
        let mut back = Figures::default();
        match done {
            Done::Accept if state == EventState::Recorded => state = EventState::Accepted,
            Done::Contest if self.today > of.contested_until => return Err("too late to contest it"),
            Done::Contest | Done::Query if [EventState::Recorded, EventState::Accepted].contains(&state) => {
                state = EventState::Contested;
            }
            Done::Answer if state == EventState::Contested => {}
            Done::Dismiss if state == EventState::Contested => state = EventState::Accepted,
            Done::Uphold(asked) if state == EventState::Contested => {
                back = self.taken_back(event, asked)?;
                state = EventState::Accepted;
            }
            Done::Withdraw if state != EventState::Withdrawn && of.settlements == 0 => {
                (back, state) = (of.counts, EventState::Withdrawn);
            }
            Done::Credit(asked) if state != EventState::Withdrawn && of.settlements > 0 => {
                back = self.taken_back(event, asked)?;
            }
            Done::Accept
            | Done::Contest
            | Done::Query
            | Done::Answer
            | Done::Dismiss
            | Done::Uphold(_)
            | Done::Withdraw
            | Done::Credit(_) => return Err("not as it stands"),
        }
        let of = &mut self.events[event];
        of.counts = of.counts.minus(back);
        let is_nothing = of.counts == Figures::default() && back != Figures::default();
        of.state = if is_nothing { EventState::Withdrawn } else { state };
        self.give_back(event, &back);
        Ok(self.shown_event(event))
    }

    /// What is taken back: of what is not said the share of the quantity that is; all, where nothing is said.
    fn taken_back(&self, event: usize, asked: &Back) -> Result<Figures, No> {
        let counts = self.events[event].counts;
        if *asked == Back::default() {
            return if counts == Figures::default() { Err("nothing is left of it") } else { Ok(counts) };
        }
        let quantity = asked.quantity.unwrap_or(0);
        let share = |of: Cents| match (quantity, counts.quantity) {
            (0, _) | (_, 0) => 0,
            (part, whole) => (2 * of * part + whole) / (2 * whole),
        };
        let pays = asked.pays.unwrap_or_else(|| share(counts.pays));
        let co_payment = asked.co_payment.unwrap_or_else(|| share(counts.co_payment));
        let fee = asked.fee.unwrap_or_else(|| share(counts.fee));
        let is_public = self.events[event].is_public;
        let total = if is_public { share(counts.total) } else { pays + co_payment };
        let back = Figures { quantity, total, pays, co_payment, fee };
        let parts = [quantity, pays, co_payment, fee, total];
        let whole = [counts.quantity, counts.pays, counts.co_payment, counts.fee, counts.total];
        if parts.iter().any(|part| *part < 0) || parts.iter().zip(whole).any(|(part, whole)| *part > whole) {
            return Err("more than counts, or less than nothing");
        }
        if back == Figures::default() { Err("nothing") } else { Ok(back) }
    }

    /// Values the services of a raise's days anew, in the order of their days: the organiser pays more of what counts, and the
    /// client less; a purse as far as it reaches. `before` is what a unit was worth for each service.
    pub(super) fn revalue(&mut self, voucher: usize, before: &[(usize, Cents)]) {
        let mut has_drawn = false;
        for (event, worth) in before {
            let Event { day, quantity, price, counts, state, .. } = self.events[*event].clone();
            let Price::Paid(price) = price else { continue };
            if state == EventState::Withdrawn {
                continue;
            }
            let share = |worth: Cents| self.times(worth.min(price), quantity);
            let more = share(self.value_on(voucher, day)) - share(*worth);
            let of_counted = (2 * more * counts.quantity + quantity) / (2 * quantity);
            let more = if counts.quantity == 0 { 0 } else { of_counted.min(counts.co_payment) };
            let is_purse = self.kind_of(voucher).is_purse;
            let more = if is_purse { more.min(self.left_on(voucher, day)) } else { more };
            if more <= 0 {
                continue;
            }
            if is_purse {
                has_drawn = true;
                for (place, some) in self.draw(voucher, day, more) {
                    let used = &mut self.events[*event].used;
                    match used.iter_mut().find(|(of, _)| *of == place) {
                        Some((_, sum)) => *sum += some,
                        None => used.push((place, some)),
                    }
                }
            }
            let counts = &mut self.events[*event].counts;
            counts.pays += more;
            counts.co_payment -= more;
        }
        let of = &mut self.vouchers[voucher];
        if has_drawn && of.state == State::InUse && of.parts.iter().all(|part| part.left() == 0) {
            of.state = State::UsedUp;
        }
    }

    /// Gives back to the voucher what a service does not use after all: what it has used of the oldest part first.
    fn give_back(&mut self, event: usize, back: &Figures) {
        let Event { voucher, is_public, .. } = self.events[event];
        let wanted = match (self.kind_of(voucher).is_purse, is_public) {
            (true, true) => back.total,
            (true, false) => back.pays,
            (false, _) => back.quantity,
        };
        let of = &mut self.vouchers[voucher];
        let is_over = [State::Cancelled, State::Refused].contains(&of.state);
        let mut open = wanted;
        for (place, used) in self.events[event].used.iter_mut().rev() {
            let some = open.min(*used);
            (open, *used) = (open - some, *used - some);
            of.parts[*place].used -= some;
            if is_over {
                of.parts[*place].gone += some;
            }
        }
        if open < wanted && of.state == State::UsedUp {
            of.state = State::InUse;
        }
    }

    /// How an event is shown.
    pub(in crate::simulation) fn shown_event(&self, event: usize) -> Expected {
        let of = &self.events[event];
        let mut expected = vec![
            ("/id".into(), Figure::Text(of.id.clone())),
            ("/status".into(), Figure::Text(of.status().into())),
            ("/quantity".into(), Figure::Quantity(of.quantity)),
        ];
        expected.extend(charges(&of.recorded, ""));
        if of.counts != of.recorded {
            expected.push(("/counts/quantity".into(), Figure::Quantity(of.counts.quantity)));
            expected.extend(charges(&of.counts, "/counts"));
        }
        expected
    }
}

fn charges(of: &Figures, at: &str) -> Expected {
    [("total", of.total), ("organiser_pays", of.pays), ("co_payment", of.co_payment), ("client_fee", of.fee)]
        .map(|(name, cents)| (format!("{at}/{name}/amount"), Figure::Money(cents)))
        .into()
}
