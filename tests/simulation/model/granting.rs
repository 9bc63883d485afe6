//! Vouchers: how they are granted, answered, changed and ended.

use serde_json::Value;

use super::{
    Cents, Choice, Day, Expected, Figure, Grant, Hundredths, Kind, Model, No, Price, QUANTITY_MAX, State,
    VALIDITY_DAYS_MAX, Version, Voucher, days, month_of, next_month,
};
use crate::simulation::commands::Terms;

impl Model {
    pub(super) fn issue(
        &mut self,
        kind: usize,
        client: usize,
        hundredths: Hundredths,
        (from, until): (Day, Day),
        body: &Value,
    ) -> Result<Expected, No> {
        let of = &self.kinds[kind];
        if until < from || (until - from).num_days() >= VALIDITY_DAYS_MAX[0] {
            return Err("its days are none or too many");
        }
        if hundredths <= 0 || hundredths > QUANTITY_MAX {
            return Err("nothing, or too much");
        }
        if from < days(self.today, -of.retroactive) {
            return Err("it begins too far back");
        }
        let version = of.versions.iter().rposition(|version| version.from <= self.today).ok_or("no rulebook")?;
        let to = days(until, 1);
        let granted = |(from, to): (Day, Day)| Grant { from, to, granted: hundredths, used: 0, reduced: 0, gone: 0 };
        let voucher = Voucher {
            id: id(body, "/voucher/id"),
            kind,
            client,
            version,
            value: of.versions[version].value,
            state: State::Offered,
            from,
            to,
            issued: hundredths,
            changes: Vec::new(),
            raises: Vec::new(),
            parts: periods(of, from, to).into_iter().map(granted).collect(),
            choices: Vec::new(),
            is_replaced: false,
        };
        let value = voucher.value;
        self.vouchers.push(voucher);
        let mut expected = self.shown(self.vouchers.len() - 1, "/voucher");
        expected.push(("/voucher/granted_value/amount".into(), Figure::Money(value)));
        expected.push(("/outcome".into(), Figure::Text("granted".into())));
        Ok(expected)
    }

    pub(super) fn accept(&mut self, voucher: usize) -> Result<Expected, No> {
        if self.status(voucher) != "offered" {
            return Err("it is not on offer");
        }
        self.vouchers[voucher].state = State::Accepted;
        Ok(self.shown(voucher, ""))
    }

    pub(super) fn refuse(&mut self, voucher: usize) -> Result<Expected, No> {
        if self.status(voucher) != "offered" {
            return Err("it is not on offer");
        }
        self.end(voucher, State::Refused);
        Ok(self.shown(voucher, ""))
    }

    pub(super) fn choose(&mut self, voucher: usize, offering: usize) -> Result<Expected, No> {
        let today = self.today;
        let (of, offered) = (&self.vouchers[voucher], &self.offerings[offering]);
        if offered.kind != of.kind {
            return Err("it is offered for something else");
        }
        if !["accepted", "chosen", "in_use"].contains(&self.status(voucher)) {
            return Err("nobody can choose with it");
        }
        // Who may have served today already is left tomorrow.
        let delivered = of.state == State::InUse;
        let held = of.choices.iter().find(|choice| choice.has(today));
        let stays = held.filter(|held| held.from < today || (delivered && held.from == today));
        let first = stays.map_or(today, |held| match held.to {
            Some(to) => days(today, 1).min(to.max(days(today, 1))),
            None => days(today, 1),
        });
        let from = first.max(of.from);
        if from >= of.to {
            return Err("it is over by then");
        }
        let price = offered.prices.iter().rev().find(|(since, _)| *since <= from).ok_or("no price")?.1;
        let carries_over = self.kind_of(voucher).carries_over;
        if !of.parts.iter().any(|part| (carries_over || part.to > from) && part.left() > 0) {
            return Err("nothing is left to choose with");
        }
        let provider = offered.provider;
        let of = &mut self.vouchers[voucher];
        of.choices.retain(|choice| choice.from < from);
        for choice in &mut of.choices {
            if choice.to.is_none_or(|to| to > from) {
                choice.to = Some(from);
            }
        }
        of.choices.push(Choice { provider, price, from, to: None });
        if of.state == State::Accepted {
            of.state = State::Chosen;
        }
        Ok(self.shown(voucher, ""))
    }

    pub(super) fn extend(&mut self, voucher: usize, until: Day) -> Result<Expected, No> {
        let (of, to) = (&self.vouchers[voucher], days(until, 1));
        if to <= of.to {
            return Err("it is valid as long already");
        }
        if (to - of.from).num_days() > VALIDITY_DAYS_MAX[1] {
            return Err("too long");
        }
        let all = periods(self.kind_of(voucher), of.from, to);
        let new: Vec<Grant> = all
            .iter()
            .skip(of.parts.len())
            .map(|(from, to)| Grant { from: *from, to: *to, granted: of.granted_in(*to), used: 0, reduced: 0, gone: 0 })
            .collect();
        match self.status(voucher) {
            "offered" | "accepted" | "chosen" | "in_use" => {}
            "used_up" if !new.is_empty() => self.vouchers[voucher].state = State::InUse,
            _ => return Err("its life is over"),
        }
        let of = &mut self.vouchers[voucher];
        let place = of.parts.len() - 1;
        of.parts[place].to = all[place].1;
        of.parts.extend(new);
        of.to = to;
        Ok(self.shown(voucher, "/voucher"))
    }

    pub(super) fn raise(
        &mut self,
        voucher: usize,
        quantity: Option<Hundredths>,
        value: Option<Cents>,
        from: Day,
    ) -> Result<Expected, No> {
        let status = self.status(voucher);
        let of = &self.vouchers[voucher];
        let is_used_up = status == "used_up" && of.from <= self.today && self.today < of.to;
        if !["offered", "accepted", "chosen", "in_use"].contains(&status) && !is_used_up {
            return Err("its life is over");
        }
        self.check_from(voucher, from)?;
        if quantity.is_none() && value.is_none() {
            return Err("nothing is raised");
        }
        if value.is_some_and(|value| value <= self.value_on(voucher, from)) {
            return Err("it is worth as much already");
        }
        let mut more = Vec::new();
        if let Some(quantity) = quantity {
            if quantity <= 0 || quantity > QUANTITY_MAX {
                return Err("nothing, or too much");
            }
            for (place, part) in of.parts.iter().enumerate().filter(|(_, part)| from < part.to) {
                let present = of.granted_in(part.to);
                if quantity <= present {
                    return Err("as much is granted already");
                }
                more.push((place, quantity - present));
            }
        }
        let of = &mut self.vouchers[voucher];
        for (place, more) in more {
            of.parts[place].granted += more;
        }
        if let Some(quantity) = quantity {
            of.changes.push((from, quantity));
            if is_used_up {
                of.state = State::InUse;
            }
        }
        if let Some(value) = value {
            let mut before: Vec<(usize, Cents)> = Vec::new();
            for (place, event) in self.events.iter().enumerate() {
                if event.voucher == voucher && event.day >= from {
                    before.push((place, self.value_on(voucher, event.day)));
                }
            }
            before.sort_by_key(|(place, _)| (self.events[*place].day, *place));
            self.vouchers[voucher].raises.push((from, value));
            self.revalue(voucher, &before);
        }
        Ok(self.shown(voucher, "/voucher"))
    }

    pub(super) fn reduce(&mut self, voucher: usize, quantity: Hundredths, from: Day) -> Result<Expected, No> {
        if !["offered", "accepted", "chosen", "in_use"].contains(&self.status(voucher)) {
            return Err("its life is over");
        }
        self.check_from(voucher, from)?;
        if quantity <= 0 {
            return Err("nothing");
        }
        let of = &self.vouchers[voucher];
        let mut less = Vec::new();
        for (place, part) in of.parts.iter().enumerate().filter(|(_, part)| from < part.to) {
            let by = of.granted_in(part.to) - quantity;
            if by <= 0 || by > part.left() {
                return Err("no less is granted, or more is used");
            }
            less.push((place, by));
        }
        let of = &mut self.vouchers[voucher];
        for (place, by) in less {
            of.parts[place].reduced += by;
        }
        of.changes.push((from, quantity));
        if of.state == State::InUse && of.parts.iter().all(|part| part.left() == 0) {
            of.state = State::UsedUp;
        }
        Ok(self.shown(voucher, "/voucher"))
    }

    pub(super) fn cancel(&mut self, voucher: usize) -> Result<Expected, No> {
        if !["offered", "accepted", "chosen", "in_use"].contains(&self.status(voucher)) {
            return Err("its life is over");
        }
        self.end(voucher, State::Cancelled);
        Ok(self.shown(voucher, ""))
    }

    pub(super) fn reissue(&mut self, voucher: usize, until: Option<Day>, body: &Value) -> Result<Expected, No> {
        let status = self.status(voucher);
        let of = &self.vouchers[voucher];
        if of.is_replaced || status == "used_up" || status == "refused" {
            return Err("nothing is issued in its place");
        }
        let from = self.today.max(of.from);
        let to = match until {
            Some(until) => days(until, 1),
            None if of.to > from => of.to,
            None => return Err("until when is not said"),
        };
        if to <= from || (to - from).num_days() > VALIDITY_DAYS_MAX[1] {
            return Err("its days are none or too many");
        }
        let kind = self.kind_of(voucher);
        let same = |one: Day, other: Day| !kind.per_month || month_of(one) == month_of(other);
        // What lapsed with a period stays lapsed; what no service and no reduction took is granted anew.
        let rest = |part: &Grant| (part.granted - part.used - part.reduced).max(0);
        let mut parts: Vec<Grant> = periods(kind, from, to)
            .into_iter()
            .map(|(from, to)| {
                let old = of.parts.iter().find(|part| same(part.from, from));
                let granted = old.map_or_else(|| of.granted_in(to), rest);
                Grant { from, to, granted, used: 0, reduced: 0, gone: 0 }
            })
            .collect();
        if kind.carries_over {
            let earlier = |part: &&Grant| part.from < from && !parts.iter().any(|new| same(new.from, part.from));
            let carried: Hundredths = of.parts.iter().filter(earlier).map(rest).sum();
            parts[0].granted += carried;
        }
        if parts.iter().all(|part| part.granted == 0) {
            return Err("nothing is left");
        }
        let issued = of.granted_in(parts[0].to);
        let mut changes: Vec<(Day, Hundredths)> = Vec::new();
        for part in &parts {
            let granted = of.granted_in(part.to);
            if granted != changes.last().map_or(issued, |(_, granted)| *granted) {
                changes.push((part.from, granted));
            }
        }
        let holds = of.raises.iter().filter(|(since, _)| *since <= from).map(|(_, value)| *value).max();
        let later = of.raises.iter().filter(|(since, _)| *since > from).copied();
        let raises = holds.map(|value| (from, value)).into_iter().chain(later).collect();
        let new = Voucher {
            id: id(body, "/voucher/id"),
            state: State::Offered,
            from,
            to,
            issued,
            changes,
            raises,
            parts,
            choices: Vec::new(),
            is_replaced: false,
            ..of.clone()
        };
        if status != "cancelled" {
            self.end(voucher, State::Cancelled);
        }
        self.vouchers[voucher].is_replaced = true;
        self.vouchers.push(new);
        Ok(self.shown(self.vouchers.len() - 1, "/voucher"))
    }

    pub(super) fn set_price(&mut self, offering: usize, cents: Cents, from: Day) -> Result<Expected, No> {
        if from < self.today {
            return Err("that day is over");
        }
        let prices = &mut self.offerings[offering].prices;
        prices.retain(|(since, _)| *since < from);
        prices.push((from, Price::Paid(cents)));
        Ok(Vec::new())
    }

    pub(super) fn adopt(&mut self, kind: usize, terms: Terms, from: Day) -> Result<Expected, No> {
        let versions = &mut self.kinds[kind].versions;
        if from < self.today || versions.last().is_some_and(|last| from <= last.from) {
            return Err("it does not follow the present one");
        }
        let Terms { cents: value, days_after_month, up_to, moves } = terms;
        versions.push(Version { from, value, days_after_month, up_to, moves });
        Ok(Vec::new())
    }

    /// Lets expire what nobody can record any more.
    pub(in crate::simulation) fn expire(&mut self) {
        for voucher in &mut self.vouchers {
            let kind = &self.kinds[voucher.kind];
            for part in &mut voucher.parts {
                let to = if kind.carries_over { voucher.to } else { part.to };
                if part.left() > 0 && self.today > kind.recorded_until(part.from, to) {
                    part.gone += part.left();
                }
            }
        }
    }

    fn check_from(&self, voucher: usize, from: Day) -> Result<(), No> {
        let of = &self.vouchers[voucher];
        let earliest = days(self.today, -self.kind_of(voucher).retroactive);
        if from < of.from || from >= of.to || from < earliest {
            return Err("not from that day on");
        }
        Ok(())
    }

    fn end(&mut self, voucher: usize, state: State) {
        let of = &mut self.vouchers[voucher];
        of.state = state;
        for part in &mut of.parts {
            part.gone += part.left();
        }
    }

    /// What a unit is worth for services of a day.
    pub(super) fn value_on(&self, voucher: usize, day: Day) -> Cents {
        let of = &self.vouchers[voucher];
        let later = self.kind_of(voucher).versions.iter().skip(of.version + 1);
        let moved = later.rev().find(|version| version.moves && version.from <= day);
        let raised = of.raises.iter().filter(|(since, _)| *since <= day).map(|(_, value)| *value);
        raised.fold(moved.map_or(of.value, |version| version.value), Cents::max)
    }

    /// What of a voucher services of a day can use.
    pub(super) fn left_on(&self, voucher: usize, day: Day) -> Hundredths {
        let carries_over = self.kind_of(voucher).carries_over;
        let usable = |part: &&Grant| if carries_over { part.from <= day } else { part.has(day) };
        self.vouchers[voucher].parts.iter().filter(usable).map(Grant::left).sum()
    }

    pub(in crate::simulation) fn status(&self, voucher: usize) -> &'static str {
        let of = &self.vouchers[voucher];
        match of.state {
            State::Offered | State::Accepted | State::Chosen | State::InUse if self.today >= of.to => "expired",
            State::Offered => "offered",
            State::Accepted => "accepted",
            State::Refused => "refused",
            State::Chosen => "chosen",
            State::InUse => "in_use",
            State::UsedUp => "used_up",
            State::Cancelled => "cancelled",
        }
    }

    /// How a voucher is shown.
    pub(in crate::simulation) fn shown(&self, voucher: usize, at: &str) -> Expected {
        let of = &self.vouchers[voucher];
        let available_now = if self.today < of.to { self.left_on(voucher, self.today) } else { 0 };
        let mut expected = vec![
            (format!("{at}/id"), Figure::Text(of.id.clone())),
            (format!("{at}/status"), Figure::Text(self.status(voucher).into())),
            (format!("{at}/valid_from"), Figure::Text(of.from.to_string())),
            (format!("{at}/valid_until"), Figure::Text(days(of.to, -1).to_string())),
            (format!("{at}/available_now"), Figure::Quantity(available_now)),
        ];
        for (place, part) in of.parts.iter().enumerate() {
            let at = format!("{at}/allotments/{place}");
            expected.push((format!("{at}/from"), Figure::Text(part.from.to_string())));
            expected.push((format!("{at}/until"), Figure::Text(days(part.to, -1).to_string())));
            expected.push((format!("{at}/granted"), Figure::Quantity(part.granted)));
            expected.push((format!("{at}/used"), Figure::Quantity(part.granted - part.left())));
            expected.push((format!("{at}/available"), Figure::Quantity(part.left())));
        }
        expected
    }
}

impl Voucher {
    /// What a period that ends on a day grants, by the decisions.
    fn granted_in(&self, to: Day) -> Hundredths {
        self.changes.iter().rev().find(|(since, _)| *since < to).map_or(self.issued, |(_, granted)| *granted)
    }
}

/// The periods of a grant: months, or all of it.
fn periods(kind: &Kind, from: Day, to: Day) -> Vec<(Day, Day)> {
    if !kind.per_month {
        return vec![(from, to)];
    }
    let mut all = Vec::new();
    let mut begins = from;
    while begins < to {
        let ends = next_month(begins).min(to);
        all.push((begins, ends));
        begins = ends;
    }
    all
}

pub(super) fn id(body: &Value, at: &str) -> String {
    body.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned()
}
