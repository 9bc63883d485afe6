//! What must hold whatever has happened: looked at after each step where that is cheap, now and then where it is not.

use std::collections::BTreeMap;

use serde_json::Value;
use valinta_persistence::testing::footprint;
use valinta_persistence::{DbError, audit, ledger_check};

use super::asked::Asked;
use super::model::{Day, Expected, Figure, Model, compare, scaled};
use super::scene::{Scene, Who};
use super::turns::Violation;
use crate::support::User;

impl Scene {
    /// How much there is in the tables.
    pub(super) fn footprint(&self) -> Vec<(&'static str, i64)> {
        self.world.db.as_ref().unwrap().read_blocking(footprint).unwrap()
    }

    /// That every voucher, service and month is there once.
    pub(super) fn check_counts(&self) -> Result<(), Violation> {
        let found: BTreeMap<&str, i64> = self.footprint().into_iter().collect();
        let model = &self.model;
        let wanted = [
            ("vouchers", model.vouchers.len()),
            ("service_events", model.events.len()),
            ("event_accounts", model.events.len()),
            ("statements", model.statements.len()),
        ];
        for (table, many) in wanted {
            if found.get(table).copied() != i64::try_from(many).ok() {
                return Err(format!("{table}: there are {:?} and not {many}", found.get(table)));
            }
        }
        Ok(())
    }

    /// That what a call was about stands as the model has it.
    pub(super) fn look_at(&mut self, asked: &Asked) -> Result<(), Violation> {
        let worker = self.user(Who::Worker);
        let event = if let Asked::Act { event, .. } = asked { Some(*event) } else { None };
        let voucher = asked.voucher().or(event.map(|event| self.model.events[event].voucher));
        if let Some(event) = event {
            self.check_event(&worker, event)?;
        }
        voucher.map_or(Ok(()), |voucher| self.check_voucher(&worker, voucher))
    }

    fn check_voucher(&self, worker: &User, voucher: usize) -> Result<(), Violation> {
        let path = format!("/v1/vouchers/{}", self.model.vouchers[voucher].id);
        agrees(worker, &path, &self.model.shown(voucher, ""))
    }

    fn check_event(&self, worker: &User, event: usize) -> Result<(), Violation> {
        let path = format!("/v1/service-events/{}", self.model.events[event].id);
        agrees(worker, &path, &self.model.shown_event(event))
    }

    /// Everything.
    pub(super) fn check_all(&mut self) -> Result<(), Violation> {
        self.verify()?;
        let (worker, maker) = (self.user(Who::Worker), self.user(Who::Maker));
        for voucher in 0..self.model.vouchers.len() {
            self.check_voucher(&worker, voucher)?;
            self.check_ledger(&worker, voucher)?;
        }
        self.check_events(&worker)?;
        for statement in &self.model.statements {
            agrees(&maker, &format!("/v1/statements/{}", statement.id), &Model::shown_statement(statement, ""))?;
        }
        for (month, lines) in self.frozen.clone() {
            let now = self.lines_of(month);
            if now != lines {
                return Err(format!("the frozen month {month} was {lines} and is {now}"));
            }
        }
        self.check_sums()
    }

    /// What `valinta verify` finds.
    fn verify(&self) -> Result<(), Violation> {
        let db = self.world.db.as_ref().unwrap();
        let found: Result<_, DbError> = db.read_blocking(|c| Ok((audit::verify(c)?, ledger_check::verify(c)?)));
        let (trail, faults) = found.map_err(|error| error.to_string())?;
        if let Some(broken) = trail.first_break {
            return Err(format!("the audit trail is broken: {broken}"));
        }
        if faults.is_empty() { Ok(()) } else { Err(format!("valinta verify: {faults:?}")) }
    }

    /// That the ledger's entries come to what the model has.
    fn check_ledger(&self, worker: &User, voucher: usize) -> Result<(), Violation> {
        let of = &self.model.vouchers[voucher];
        let ledger = worker.get(&format!("/v1/vouchers/{}/ledger", of.id)).ok();
        let mut moved: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for entry in ledger["entries"].as_array().unwrap() {
            let figure = |of: &Value| scaled(of.as_str().unwrap_or_default(), 2).unwrap_or(i64::MIN);
            let (quantity, amount) = (figure(&entry["quantity"]), figure(&entry["amount"]["amount"]));
            if quantity < 0 || amount < 0 {
                return Err(format!("an entry moves less than nothing: {entry}"));
            }
            let sums = moved.entry(entry["kind"].as_str().unwrap()).or_default();
            *sums = (sums.0 + quantity, sums.1 + amount);
        }
        let quantity = |kind: &str| moved.get(kind).map_or(0, |sums| sums.0);
        let amount = |kind: &str| moved.get(kind).map_or(0, |sums| sums.1);
        let sum =
            |of: fn(&super::model::Grant) -> i64| -> i64 { self.model.vouchers[voucher].parts.iter().map(of).sum() };
        let own = || self.model.events.iter().filter(|event| event.voucher == voucher);
        let wanted = [
            ("granted", quantity("granted"), sum(|part| part.granted)),
            ("used", quantity("used") - quantity("use_reversed"), sum(|part| part.used)),
            ("returned", quantity("returned") + quantity("expired"), sum(|part| part.reduced + part.gone)),
            (
                "organiser_share",
                amount("organiser_share") - amount("organiser_share_reversed"),
                own().map(|event| event.counts.pays).sum(),
            ),
            (
                "co_payment",
                amount("co_payment") - amount("co_payment_reversed"),
                own().map(|event| event.counts.co_payment).sum(),
            ),
            (
                "client_fee",
                amount("client_fee") - amount("client_fee_reversed"),
                own().map(|event| event.counts.fee).sum(),
            ),
        ];
        match wanted.iter().find(|(_, found, wanted)| found != wanted) {
            Some((what, found, wanted)) => {
                Err(format!("ledger of {}: {what} comes to {found} and not {wanted}", of.id))
            }
            None => Ok(()),
        }
    }

    /// That every service that was acknowledged is there once, as the model has it, and no other.
    fn check_events(&self, worker: &User) -> Result<(), Violation> {
        let places: BTreeMap<&str, usize> =
            self.model.events.iter().enumerate().map(|(place, event)| (event.id.as_str(), place)).collect();
        let (mut seen, mut next) = (0, String::new());
        loop {
            let page = worker.get(&format!("/v1/service-events?limit=100{next}")).ok();
            for item in page["items"].as_array().unwrap() {
                let id = item["id"].as_str().unwrap();
                let place = places.get(id).ok_or_else(|| format!("nobody was told of the service {id}"))?;
                compare(item, &self.model.shown_event(*place))?;
                seen += 1;
            }
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        if seen == places.len() { Ok(()) } else { Err(format!("{seen} services are listed of {}", places.len())) }
    }

    /// That what was settled of services is what is on statements, and what is paid is what counts, but for what is carried.
    fn check_sums(&self) -> Result<(), Violation> {
        for provider in 0..3 {
            let own = || self.model.statements.iter().filter(move |statement| statement.provider == provider);
            let events = self.model.events.iter().filter(|event| event.provider == provider);
            let settled: i64 = events.map(|event| event.settled.pays).sum();
            let on_statements: i64 = own().map(|statement| statement.sums.pays).sum();
            let paid: i64 = own().map(|statement| statement.payable).sum();
            let carried = own().next_back().map_or(0, |statement| statement.carried_out);
            if settled != on_statements || paid + carried != settled {
                return Err(format!(
                    "provider {provider}: {settled} settled, {on_statements} on statements, {paid} payable, {carried} carried"
                ));
            }
        }
        Ok(())
    }

    /// The statements of a month with their lines, without how they were moved on.
    pub(super) fn lines_of(&mut self, month: Day) -> String {
        let maker = self.user(Who::Maker);
        let mut told = String::new();
        for statement in self.model.statements.iter().filter(|statement| statement.month == month) {
            let lines = maker.get(&format!("/v1/statements/{}/lines", statement.id)).ok();
            let sums = maker.get(&format!("/v1/statements/{}", statement.id)).ok();
            told.push_str(&lines.to_string());
            for name in ["number", "lines", "total", "co_payment", "client_fee", "carried_in", "payable", "carried_out"]
            {
                told.push_str(&sums[name].to_string());
            }
        }
        told
    }
}

fn agrees(user: &User, path: &str, expected: &Expected) -> Result<(), Violation> {
    let shown = user.get(path);
    if shown.status != 200 {
        return Err(format!("{path} is answered {}: {}", shown.status, shown.text));
    }
    let negative = expected.iter().find(|(_, figure)| matches!(figure, Figure::Quantity(..0)));
    if let Some((pointer, figure)) = negative {
        return Err(format!("{path}: the model itself has {figure:?} at {pointer}"));
    }
    compare(&shown.body, expected).map_err(|what| format!("{path}: {what}"))
}
