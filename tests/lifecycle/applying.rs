//! What providers and officers do until a unit is approved and offers: evidence, checks, applications, offerings.

use serde_json::{Value, json};
use valinta_domain::Day;

use super::model::{self, Approval, Piece, Requirement, Span};
use super::scene::{Application, ONE_MORE, REQUIREMENTS, Scene, Stage, terms};
use crate::support::{id_of, localized};

/// The three things that are shown.
const SHOWN: [Requirement; 3] = [REQUIREMENTS[0], REQUIREMENTS[1], ONE_MORE];

impl Scene {
    /// A provider shows something, of one unit or of all.
    pub(super) fn give_evidence(&mut self) {
        let shown = self.dice.pick(&SHOWN).unwrap();
        let unit = self.dice.below(self.units.len());
        let of_unit = self.dice.chance(30);
        let days = self.dice.days(2, 25);
        self.give(unit, of_unit, shown, days);
    }

    /// Shows what a voucher type asks of a unit and does not hold, and has its county accept it.
    pub(super) fn show_all(&mut self, unit: usize, voucher_type: usize) {
        let today = self.today();
        let county = self.model.types[voucher_type].county;
        for shown in self.model.requirements(voucher_type, today).to_vec() {
            let days = self.dice.days(4, 20);
            if !self.model.holds(unit, shown.0, county, today)
                && let Some(piece) = self.give(unit, false, shown, days)
            {
                self.check(piece, county, true);
            }
        }
    }

    fn give(&mut self, unit: usize, of_unit: bool, (code, expires): Requirement, days: i64) -> Option<usize> {
        let today = self.today();
        let of_unit = of_unit.then_some(unit);
        let valid_until = expires.then(|| today.plus_days(days));
        let valid_from = (expires && self.dice.chance(15)).then(|| today.plus_days(self.dice.days(0, 2)));
        let mut body = json!({"kind": code, "reference": "Register entry"});
        if let Some(unit) = of_unit {
            body["unit"] = json!(self.units[unit]);
        }
        for (name, day) in [("valid_from", valid_from), ("valid_until", valid_until)] {
            if let Some(day) = day {
                body[name] = json!(day.to_string());
            }
        }
        let (provider, user) = (self.model.units[unit], self.member(unit));
        let path = format!("/v1/providers/{}/evidence", self.providers[provider].id);
        let answer = self.send("give_evidence", &user, "POST", &path, &body);
        if answer.status != 201 {
            return None;
        }
        self.model.pieces.push(Piece {
            id: id_of(&answer.body),
            provider,
            unit: of_unit,
            code,
            valid_from,
            valid_until,
            withdrawn: false,
            checks: Vec::new(),
        });
        Some(self.model.pieces.len() - 1)
    }

    fn standing_pieces(&self) -> Vec<usize> {
        (0..self.model.pieces.len()).filter(|piece| !self.model.pieces[*piece].withdrawn).collect()
    }

    pub(super) fn withdraw_evidence(&mut self) {
        let Some(piece) = self.dice.pick(&self.standing_pieces()) else { return };
        let user = self.providers[self.model.pieces[piece].provider].user.clone();
        let path = format!("/v1/evidence/{}/withdraw", self.model.pieces[piece].id);
        if self.send("withdraw_evidence", &user, "POST", &path, &json!({})).status == 200 {
            self.model.pieces[piece].withdrawn = true;
        }
    }

    pub(super) fn check_evidence(&mut self) {
        let Some(piece) = self.dice.pick(&self.standing_pieces()) else { return };
        let county = self.dice.below(self.counties.len());
        let accept = self.dice.chance(75);
        self.check(piece, county, accept);
    }

    fn check(&mut self, piece: usize, county: usize, accept: bool) {
        let mut body = json!({"outcome": if accept { "accepted" } else { "rejected" }});
        if !accept {
            body["note"] = json!("It shows something else");
        }
        let user = self.counties[county].officer.clone();
        let seen = user.get(&format!("/v1/evidence/{}", self.model.pieces[piece].id));
        if let Some(latest) = seen.body["checks"].get(0) {
            body["replaces"] = latest["id"].clone();
        }
        let path = format!("/v1/evidence/{}/checks", self.model.pieces[piece].id);
        let what = if accept { "accept_evidence" } else { "reject_evidence" };
        if self.send(what, &user, "POST", &path, &body).status < 300 {
            let today = self.today();
            self.model.pieces[piece].checks.push((county, today, accept));
        }
    }

    /// A unit begins to apply, with everything that fits or with something stated there and then.
    pub(super) fn begin(&mut self, unit: usize, voucher_type: usize) {
        let mut body = json!({"unit": self.units[unit], "voucher_type": self.types[voucher_type].id});
        let until = self.today().plus_days(self.dice.days(3, 60));
        if self.dice.chance(50) {
            body["evidence"] = self.stated(voucher_type, until);
        }
        let user = self.member(unit);
        let answer = self.send("begin", &user, "POST", "/v1/applications", &body);
        if answer.status == 201 {
            let evidence = self.handed_in(unit, &answer.body);
            let application =
                Application { id: id_of(&answer.body), unit, voucher_type, stage: Stage::Draft, evidence };
            self.applications.push(application);
        }
    }

    fn stated(&self, voucher_type: usize, until: Day) -> Value {
        let asked = self.model.requirements(voucher_type, self.today());
        let entries = asked.iter().map(|(code, expires)| match expires {
            true => json!({"requirement": code, "reference": "Policy", "valid_until": until.to_string()}),
            false => json!({"requirement": code, "reference": "Register entry"}),
        });
        entries.collect()
    }

    /// The pieces that an application rests on, by what its answer says. Those that came with it are the provider's own
    /// from now on.
    fn handed_in(&mut self, unit: usize, application: &Value) -> Vec<usize> {
        let entries = application["evidence"].as_array().unwrap().clone();
        let mut places = Vec::new();
        for entry in entries {
            let id = entry["evidence"].as_str().unwrap_or_else(|| panic!("no evidence: {entry}"));
            let known = self.model.pieces.iter().position(|piece| piece.id == id);
            places.push(known.unwrap_or_else(|| self.came_with_it(unit, id)));
        }
        places
    }

    fn came_with_it(&mut self, unit: usize, id: &str) -> usize {
        let shown = self.member(unit).get(&format!("/v1/evidence/{id}")).ok();
        let (code, _) = SHOWN.into_iter().find(|(code, _)| shown["kind"] == *code).unwrap();
        self.model.pieces.push(Piece {
            id: id.to_owned(),
            provider: self.model.units[unit],
            unit: shown.get("unit").map(|_| unit),
            code,
            valid_from: shown["valid_from"].as_str().map(|day| day.parse().unwrap()),
            valid_until: shown["valid_until"].as_str().map(|day| day.parse().unwrap()),
            withdrawn: false,
            checks: Vec::new(),
        });
        self.model.pieces.len() - 1
    }

    fn application_in(&mut self, stages: &[Stage]) -> Option<usize> {
        let in_stage =
            (0..self.applications.len()).filter(|a| stages.contains(&self.applications[*a].stage)).collect::<Vec<_>>();
        self.dice.pick(&in_stage)
    }

    fn at(&self, application: usize, verb: &str) -> String {
        format!("/v1/applications/{}{verb}", self.applications[application].id)
    }

    /// Writes a draft anew, or what more information was asked of.
    pub(super) fn edit(&mut self) {
        let Some(application) = self.application_in(&[Stage::Draft, Stage::MoreInformation]) else { return };
        let (unit, voucher_type) = (self.applications[application].unit, self.applications[application].voucher_type);
        let until = self.today().plus_days(self.dice.days(3, 60));
        let body = json!({"evidence": self.stated(voucher_type, until)});
        let (user, path) = (self.member(unit), self.at(application, ""));
        let answer = self.send("edit", &user, "PUT", &path, &body);
        if answer.status == 200 {
            self.applications[application].evidence = self.handed_in(unit, &answer.body);
        }
    }

    pub(super) fn submit(&mut self) {
        if let Some(application) = self.application_in(&[Stage::Draft, Stage::MoreInformation]) {
            self.submit_one(application);
        }
    }

    pub(super) fn submit_one(&mut self, application: usize) {
        let (user, path) = (self.member(self.applications[application].unit), self.at(application, "/submit"));
        if self.send("submit", &user, "POST", &path, &json!({})).status == 200 {
            self.applications[application].stage = Stage::Submitted;
        }
    }

    pub(super) fn ask_for_information(&mut self) {
        let Some(application) = self.application_in(&[Stage::Submitted]) else { return };
        let user = self.officer(self.applications[application].voucher_type);
        let path = self.at(application, "/information-request");
        let due = self.today().plus_days(14).to_string();
        let body = json!({"text": "Please show the policy itself", "due": due});
        if self.send("ask_for_information", &user, "POST", &path, &body).status < 300 {
            self.applications[application].stage = Stage::MoreInformation;
        }
    }

    pub(super) fn withdraw_application(&mut self) {
        let Some(application) = self.application_in(&[Stage::Draft, Stage::Submitted, Stage::MoreInformation]) else {
            return;
        };
        let (user, path) = (self.member(self.applications[application].unit), self.at(application, "/withdraw"));
        if self.send("withdraw_application", &user, "POST", &path, &json!({})).status == 200 {
            self.applications[application].stage = Stage::Closed;
        }
    }

    /// An officer decides, mostly what waits, at times what does not.
    pub(super) fn decide(&mut self) {
        let stages: &[Stage] = if self.dice.chance(90) {
            &[Stage::Submitted]
        } else {
            &[Stage::Draft, Stage::MoreInformation, Stage::Closed]
        };
        let Some(application) = self.application_in(stages) else { return };
        if self.dice.chance(20) {
            self.reject(application);
        } else {
            let later = self.dice.chance(30).then(|| self.dice.days(1, 8));
            self.approve(application, later);
        }
    }

    fn reject(&mut self, application: usize) {
        let (user, path) =
            (self.officer(self.applications[application].voucher_type), self.at(application, "/decision"));
        let body = json!({"outcome": "rejected", "reasons": localized("Something is amiss")});
        if self.send("reject", &user, "POST", &path, &body).status == 200 {
            self.applications[application].stage = Stage::Closed;
        }
    }

    pub(super) fn approve(&mut self, application: usize, days_ahead: Option<i64>) {
        let today = self.today();
        let from = today.plus_days(days_ahead.unwrap_or(0));
        let Application { unit, voucher_type, evidence, .. } = self.applications[application].clone();
        let (user, path) = (self.officer(voucher_type), self.at(application, "/decision"));
        let mut body = json!({"outcome": "approved", "reasons": localized("As the evidence shows")});
        if days_ahead.is_some() {
            body["valid_from"] = json!(from.to_string());
        }
        let answer = self.send("approve", &user, "POST", &path, &body);
        if answer.status != 200 {
            return;
        }
        self.applications[application].stage = Stage::Closed;
        let county = self.model.types[voucher_type].county;
        for piece in evidence {
            let piece = &mut self.model.pieces[piece];
            if piece.latest_check(county).is_none() {
                piece.checks.push((county, today, true));
            }
        }
        self.model.approvals.push(Approval {
            id: id_of(&answer.body["approval"]),
            unit,
            voucher_type,
            span: Span { from, to: None },
            suspensions: Vec::new(),
        });
    }

    pub(super) fn publish(&mut self, unit: usize, voucher_type: usize) {
        let price = self.price_of(unit);
        let from = self.today().plus_days(if self.dice.chance(75) { 0 } else { self.dice.days(1, 4) });
        let body = json!({
            "unit": self.units[unit],
            "voucher_type": self.types[voucher_type].id,
            "price": price,
            "price_from": from.to_string(),
        });
        let user = self.member(unit);
        let answer = self.send("publish", &user, "POST", "/v1/offerings", &body);
        if answer.status == 201 {
            let id = id_of(&answer.body);
            let offering =
                model::Offering { id, unit, voucher_type, priced_from: from, takes_clients: true, starts: None };
            self.model.offerings.push(offering);
        }
    }

    pub(super) fn set_price(&mut self) {
        let offerings: Vec<usize> = (0..self.model.offerings.len()).collect();
        let Some(offering) = self.dice.pick(&offerings) else { return };
        let unit = self.model.offerings[offering].unit;
        let from = self.today().plus_days(self.dice.days(0, 5));
        let body = json!({"price": self.price_of(unit), "from": from.to_string()});
        let (user, path) = (self.member(unit), format!("/v1/offerings/{}/prices", self.model.offerings[offering].id));
        if self.send("set_price", &user, "POST", &path, &body).status == 201 {
            let priced_from = &mut self.model.offerings[offering].priced_from;
            *priced_from = (*priced_from).min(from);
        }
    }

    /// Takes new clients, or does not, or from a day on.
    pub(super) fn change_offering(&mut self) {
        let offerings: Vec<usize> = (0..self.model.offerings.len()).collect();
        let Some(offering) = self.dice.pick(&offerings) else { return };
        let takes = self.dice.chance(75);
        let starts = self.dice.chance(30).then(|| self.today().plus_days(self.dice.days(0, 5)));
        let mut body = json!({"accepts_new_clients": takes});
        if let Some(starts) = starts {
            body["earliest_start"] = json!(starts.to_string());
        }
        let user = self.member(self.model.offerings[offering].unit);
        let path = format!("/v1/offerings/{}", self.model.offerings[offering].id);
        if self.send("change_offering", &user, "PUT", &path, &body).status == 200 {
            let changed = &mut self.model.offerings[offering];
            (changed.takes_clients, changed.starts) = (takes, starts);
        }
    }

    /// A county asks for one more thing, from a day to come on.
    pub(super) fn adopt_one_more_requirement(&mut self) {
        let voucher_type = self.dice.below(self.types.len());
        if self.model.types[voucher_type].versions.len() > 1 {
            return;
        }
        let from = self.today().plus_days(self.dice.days(1, 6));
        let asked = SHOWN.to_vec();
        let county = &self.counties[self.model.types[voucher_type].county];
        county.adopt(&self.types[voucher_type].id, &terms(&asked), from);
        self.story.tell(format!("adopt: voucher type {voucher_type} asks for one more from {from}"));
        self.count("adopt");
        self.model.types[voucher_type].versions.push((from, asked));
    }
}
