//! What ends or interrupts an approval: measures with their hearings, lifted suspensions, ends at the provider's wish,
//! units that close.

use serde_json::{Value, json};
use valinta_domain::Day;

use super::model::Span;
use super::scene::{Measure, Scene};
use crate::support::id_of;
use crate::support::{Provider, localized};

const STEPS: [&str; 4] = ["notice", "warning", "suspension", "cancellation"];

/// A measure that is imposed at once.
pub(super) fn danger(step: &str, vouchers_in_use: Option<&str>) -> Value {
    let mut body = json!({"step": step, "grounds": "danger", "reasons": localized("Clients are in danger")});
    if let Some(vouchers_in_use) = vouchers_in_use {
        body["vouchers_in_use"] = json!(vouchers_in_use);
    }
    body
}

/// What a suspension or a cancellation is to do.
#[derive(Debug, Clone, Copy)]
struct Asked {
    from: Day,
    /// The last day.
    until: Option<Day>,
    must_move: bool,
}

impl Scene {
    fn standing_approvals(&self) -> Vec<usize> {
        let today = self.today();
        (0..self.model.approvals.len()).filter(|a| self.model.approvals[*a].span.reaches(today)).collect()
    }

    fn asked(&mut self, at_once: bool) -> Asked {
        let from = self.today().plus_days(if at_once || self.dice.chance(50) { 0 } else { self.dice.days(1, 5) });
        let until = self.dice.chance(40).then(|| from.plus_days(self.dice.days(0, 6)));
        Asked { from, until, must_move: self.dice.chance(50) }
    }

    /// What was imposed is so in the model.
    fn imposed(&mut self, approval: usize, step: &str, asked: Asked) {
        let span = Span { from: asked.from, to: asked.until.map(|last| last.plus_days(1)) };
        match step {
            "suspension" => self.model.suspended(approval, span, asked.must_move),
            "cancellation" => {
                self.model.ended(approval, asked.from);
                self.count("cancel");
            }
            _ => {}
        }
    }

    /// An officer opens a measure. Where clients are in danger it is imposed there and then.
    pub(super) fn open_measure(&mut self) {
        let Some(approval) = self.dice.pick(&self.standing_approvals()) else { return };
        let kept = &self.model.approvals[approval];
        let lapsed = self.model.lapsed(kept.unit, kept.voucher_type, self.today());
        let grounds = match lapsed && self.dice.chance(60) {
            true => "conditions_lost",
            false => self.dice.pick(&["breach", "breach", "breach", "conditions_lost", "danger"]).unwrap(),
        };
        let step = match grounds {
            "breach" => STEPS[self.next_step(approval)],
            "danger" => STEPS[2 + usize::from(self.dice.chance(20))],
            _ => STEPS[2 + usize::from(self.dice.chance(40))],
        };
        let mut asked = self.asked(true);
        // One that has not begun is suspended from its first day.
        asked.from =
            if step == "suspension" { asked.from.max(self.model.approvals[approval].span.from) } else { asked.from };
        asked.until = asked.until.map(|until| until.max(asked.from)).filter(|_| step == "suspension");
        let mut body = json!({"step": step, "grounds": grounds, "reasons": localized("As it was found")});
        if grounds == "danger" {
            body = danger(step, (step == "suspension").then_some(in_use(asked.must_move)));
            if let Some(until) = asked.until {
                body["until"] = json!(until.to_string());
            }
        }
        let kept = &self.model.approvals[approval];
        let (user, path) = (self.officer(kept.voucher_type), format!("/v1/approvals/{}/measures", kept.id));
        let what = if grounds == "danger" { "danger" } else { "open_measure" };
        let answer = self.send(what, &user, "POST", &path, &body);
        if answer.status != 201 {
            return;
        }
        let open = grounds != "danger";
        let opened = self.today();
        self.measures.push(Measure { id: id_of(&answer.body), approval, step, opened, heard: false, open });
        if !open {
            self.imposed(approval, step, asked);
        }
    }

    /// The step after those that were imposed, or now and then another one.
    fn next_step(&mut self, approval: usize) -> usize {
        let imposed = self.measures.iter().filter(|m| m.approval == approval && !m.open).count();
        if self.dice.chance(15) { self.dice.below(4) } else { imposed.min(3) }
    }

    fn open_one(&mut self) -> Option<usize> {
        let open: Vec<usize> = (0..self.measures.len()).filter(|m| self.measures[*m].open).collect();
        self.dice.pick(&open)
    }

    pub(super) fn reply_to_measure(&mut self) {
        let Some(measure) = self.open_one() else { return };
        let Measure { id, approval, .. } = self.measures[measure].clone();
        let user = self.member(self.model.approvals[approval].unit);
        self.send(
            "reply_to_measure",
            &user,
            "POST",
            &format!("/v1/measures/{id}/reply"),
            &json!({"text": "It was not so"}),
        );
    }

    /// An officer decides what the provider was heard about, or tries to before it was.
    pub(super) fn decide_measure(&mut self) {
        let Some(measure) = self.open_one() else { return };
        let Measure { id, approval, step, opened, heard, .. } = self.measures[measure].clone();
        if !heard && self.today() <= opened.plus_days(1) && self.dice.chance(80) {
            return;
        }
        let impose = self.dice.chance(75);
        let asked = self.asked(false);
        let mut body = json!({
            "outcome": if impose { "imposed" } else { "dropped" },
            "reasons": localized("As it was found"),
        });
        if impose {
            match step {
                "warning" => body["deadline"] = json!(self.today().to_string()),
                "suspension" | "cancellation" => body["from"] = json!(asked.from.to_string()),
                _ => {}
            }
            if step == "suspension" {
                body["vouchers_in_use"] = json!(in_use(asked.must_move));
                if let Some(until) = asked.until {
                    body["until"] = json!(until.to_string());
                }
            }
        }
        let user = self.officer(self.model.approvals[approval].voucher_type);
        let what = match (impose, step) {
            (false, _) => "drop_measure",
            (true, "suspension") => "suspend",
            (true, "cancellation") => "cancel_after_hearing",
            (true, _) => "warn",
        };
        if self.send(what, &user, "POST", &format!("/v1/measures/{id}/decision"), &body).status == 200 {
            self.measures[measure].open = false;
            if impose {
                self.imposed(approval, step, asked);
            }
        }
    }

    /// An officer lifts a suspension, or tries to lift what is none.
    pub(super) fn resume(&mut self) {
        let today = self.today();
        let suspended: Vec<usize> = (0..self.model.approvals.len())
            .filter(|a| self.model.approvals[*a].suspensions.iter().any(|s| s.span.reaches(today)))
            .collect();
        let approval = match self.dice.pick(&suspended) {
            Some(approval) => Some(approval),
            None if self.dice.chance(10) => self.dice.pick(&self.standing_approvals()),
            None => None,
        };
        let Some(approval) = approval else { return };
        let from = today.plus_days(if self.dice.chance(70) { 0 } else { self.dice.days(1, 4) });
        let kept = &self.model.approvals[approval];
        let (user, path) = (self.officer(kept.voucher_type), format!("/v1/approvals/{}/resume", kept.id));
        let body = json!({"from": from.to_string(), "reasons": localized("All is well again")});
        if self.send("resume", &user, "POST", &path, &body).status == 200 {
            self.model.lifted(approval, from);
        }
    }

    /// A provider ends an approval at its own wish.
    pub(super) fn end(&mut self) {
        let Some(approval) = self.dice.pick(&self.standing_approvals()) else { return };
        let from = self.today().plus_days(self.dice.days(0, 6));
        let kept = &self.model.approvals[approval];
        let (user, path) = (self.member(kept.unit), format!("/v1/approvals/{}/end", kept.id));
        if self.send("end", &user, "POST", &path, &json!({"from": from.to_string()})).status == 200 {
            self.model.ended(approval, from);
        }
    }

    /// A unit closes, or is said to stay open as long as it has not closed.
    pub(super) fn close_unit(&mut self) {
        let unit = self.dice.below(self.units.len());
        let closes = self.dice.chance(60).then(|| self.today().plus_days(self.dice.days(0, 8)));
        let mut body = Provider::unit_request(&self.provider_of(unit).name);
        if let Some(from) = closes {
            body["closed_from"] = json!(from.to_string());
        }
        let (user, path) = (self.member(unit), format!("/v1/service-units/{}", self.units[unit]));
        if self.send("close_unit", &user, "PUT", &path, &body).status == 200 {
            self.model.closes(unit, closes);
        }
    }
}

fn in_use(must_move: bool) -> &'static str {
    if must_move { "must_move" } else { "may_finish" }
}
