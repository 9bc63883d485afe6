//! What is compared after every command: the lists, the approvals, a resident's choice and a provider's record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use valinta_domain::Day;

use super::model::{Span, Standing, Voucher};
use super::scene::Scene;
use crate::support::Answer;

/// How far ahead approvals are looked at day by day.
const DAYS_AHEAD: i64 = 40;
/// How many vouchers of one type are kept to choose with.
const VOUCHERS_KEPT: usize = 4;

fn text(of: &Value) -> &str {
    of.as_str().unwrap_or_else(|| panic!("no text: {of}"))
}

fn day(of: &Value) -> Day {
    text(of).parse().unwrap()
}

impl Scene {
    /// That everything that can be looked at is as the model says.
    pub(super) fn compare(&mut self) {
        self.lists_show_what_can_be_chosen();
        self.no_two_approvals_hold_on_one_day();
        self.a_choice_comes_out_as_the_model_says();
        self.a_record_comes_out_as_the_model_says();
    }

    fn lists_show_what_can_be_chosen(&self) {
        for (n, voucher_type) in self.types.iter().enumerate() {
            let path = format!("/v1/choices?voucher_type={}&limit=100", voucher_type.id);
            let list = self.world.site.api.anyone().get(&path).ok();
            let listed: BTreeSet<&str> =
                list["items"].as_array().unwrap().iter().map(|item| text(&item["offering"])).collect();
            let today = self.today();
            let expected: BTreeSet<&str> = (0..self.model.offerings.len())
                .filter(|o| self.model.offerings[*o].voucher_type == n && self.model.choosable(*o, today))
                .map(|o| self.model.offerings[o].id.as_str())
                .collect();
            let standings: Vec<(usize, &str, Standing)> = self
                .model
                .offerings
                .iter()
                .filter(|o| o.voucher_type == n)
                .map(|o| (o.unit, o.id.as_str(), self.model.standing(o.unit, n, today)))
                .collect();
            assert_eq!(listed, expected, "voucher type {n} on {today}: {standings:#?}");
        }
    }

    fn no_two_approvals_hold_on_one_day(&self) {
        let mut shown: BTreeMap<String, (Span, Value)> = BTreeMap::new();
        let mut days: BTreeMap<(String, String), Vec<Span>> = BTreeMap::new();
        for county in &self.counties {
            let list = county.officer.get("/v1/approvals?limit=100").ok();
            for approval in list["items"].as_array().unwrap() {
                let until = approval.get("valid_until").map(|until| day(until).plus_days(1));
                let to = if approval["no_whole_day"] == true { Some(day(&approval["valid_from"])) } else { until };
                let span = Span { from: day(&approval["valid_from"]), to };
                shown.insert(text(&approval["id"]).to_owned(), (span, approval.clone()));
                let of = (text(&approval["unit"]).to_owned(), text(&approval["voucher_type"]).to_owned());
                let others = days.entry(of).or_default();
                assert!(!others.iter().any(|other| other.shares_a_day_with(span)), "two approvals: {list}");
                others.push(span);
            }
        }
        assert_eq!(shown.len(), self.model.approvals.len());
        for approval in &self.model.approvals {
            let (span, told) = &shown[&approval.id];
            for ahead in -DAYS_AHEAD..DAYS_AHEAD {
                let on = self.today().plus_days(ahead);
                assert_eq!(span.holds(on), approval.span.holds(on), "on {on}: {told} {approval:#?}");
                if ahead >= 0 && span.holds(on) {
                    let expected = self.model.standing(approval.unit, approval.voucher_type, on);
                    assert_eq!(standing_told(told, on), expected, "on {on}: {told} {approval:#?}");
                }
            }
        }
    }

    fn a_choice_comes_out_as_the_model_says(&mut self) {
        if self.model.offerings.is_empty() {
            return;
        }
        let offering = self.dice.below(self.model.offerings.len());
        let voucher = self.voucher_for(self.model.offerings[offering].voucher_type);
        self.choose(voucher, offering);
    }

    /// An accepted voucher of a type, an old one or a new one.
    fn voucher_for(&mut self, voucher_type: usize) -> usize {
        let today = self.today();
        let usable = |voucher: &Voucher| voucher.voucher_type == voucher_type && voucher.last > today.plus_days(1);
        let kept: Vec<usize> = (0..self.model.vouchers.len()).filter(|v| usable(&self.model.vouchers[*v])).collect();
        if kept.len() >= VOUCHERS_KEPT && !self.dice.chance(5) {
            return self.dice.pick(&kept).unwrap();
        }
        let county = self.model.types[voucher_type].county;
        let holders: Vec<usize> = (0..self.holders.len()).filter(|h| self.holders[*h].county == county).collect();
        let holder = self.dice.pick(&holders).unwrap();
        let resident = &self.holders[holder].resident;
        let issued = self.counties[county].issue(resident, &self.types[voucher_type], "20");
        resident.accept(text(&issued["id"]));
        self.model.vouchers.push(Voucher {
            id: text(&issued["id"]).to_owned(),
            holder,
            voucher_type,
            first: day(&issued["valid_from"]),
            last: day(&issued["valid_until"]),
            choices: Vec::new(),
            in_use: false,
        });
        self.model.vouchers.len() - 1
    }

    fn choose(&mut self, voucher: usize, offering: usize) {
        let today = self.today();
        let begins = self.model.vouchers[voucher].next_choice_on(today);
        let from = self.model.first_day(offering, begins);
        let (id, offer) = (self.model.vouchers[voucher].id.clone(), self.model.offerings[offering].id.clone());
        let user = self.holders[self.model.vouchers[voucher].holder].resident.user.clone();
        let answer = user.put(&format!("/v1/vouchers/{id}/choice"), &json!({"offering": offer}));
        self.note("choose", &json!({"offering": offer, "from": from}), &answer);
        if from > self.model.vouchers[voucher].last {
            answer.refused(422, "not_choosable").at("/offering", "outside_validity");
            return;
        }
        let may = self.model.choosable(offering, begins);
        let unit = (self.model.offerings[offering].unit, self.model.offerings[offering].voucher_type);
        // What takes no new choices at once is not chosen for a later start either.
        let standing = match self.model.standing(unit.0, unit.1, begins) {
            interrupted @ (Standing::Suspended | Standing::Lapsed) => interrupted,
            Standing::NotApproved | Standing::Approved => self.model.standing(unit.0, unit.1, from),
        };
        if may {
            assert_eq!(answer.status, 200, "unit {} is {standing:?} on {from}: {}", unit.0, answer.text);
            self.model.chosen(voucher, offering, from);
            return;
        }
        assert_ne!(answer.status, 200, "unit {} is {standing:?} on {from}", unit.0);
        let open = self.model.closed_from[unit.0].is_none_or(|closed| from < closed);
        let (code, counted) = match standing {
            Standing::NotApproved => ("not_approved", "choose_not_approved"),
            Standing::Suspended => ("interrupted", "choose_suspended"),
            Standing::Lapsed => ("interrupted", "choose_lapsed"),
            Standing::Approved if !open => ("not_approved", "choose_closed"),
            Standing::Approved if self.model.offerings[offering].priced_from > from => ("no_price", "choose_no_price"),
            Standing::Approved => ("not_taking_clients", "choose_not_taken"),
        };
        self.count(counted);
        answer.refused(422, "not_choosable").at("/offering", code);
    }

    /// A member of a provider records a quarter of an hour of a day, today or before, under a voucher of any standing.
    fn a_record_comes_out_as_the_model_says(&mut self) {
        let chosen: Vec<usize> =
            (0..self.model.vouchers.len()).filter(|v| !self.model.vouchers[*v].choices.is_empty()).collect();
        let Some(voucher) = self.dice.pick(&chosen) else { return };
        let choice = self.dice.below(self.model.vouchers[voucher].choices.len());
        let offering = self.model.vouchers[voucher].choices[choice].offering;
        let provider = self.model.units[self.model.offerings[offering].unit];
        let on = self.today().plus_days(-if self.dice.chance(60) { 0 } else { self.dice.days(1, 6) });
        self.record(voucher, provider, on);
    }

    fn record(&mut self, voucher: usize, provider: usize, on: Day) {
        let kept = &self.model.vouchers[voucher];
        let user = self.providers[provider].user.clone();
        let body = json!({"voucher": kept.id, "day": on.to_string(), "quantity": "0.25"});
        let answer = user.post("/v1/service-events", &body);
        self.note("recorded", &json!({"provider": provider, "voucher": body["voucher"], "day": on}), &answer);
        let kept = &self.model.vouchers[voucher];
        let of = |offering: usize| &self.model.offerings[offering];
        let own = |offering: usize| self.model.units[of(offering).unit] == provider;
        if on < kept.first || on > kept.last {
            assert!(answer.status >= 400, "{}", answer.text);
            return;
        }
        let holding = kept.holding_on(on).filter(|choice| own(choice.offering));
        let ever = kept.choices.iter().any(|choice| own(choice.offering) && !choice.span.is_empty());
        match holding.map(|choice| of(choice.offering)) {
            Some(offer) if self.model.may_serve(offer.unit, offer.voucher_type, on) => {
                assert_eq!(answer.status, 201, "it is owed: {}", answer.text);
                let now = self.model.standing(offer.unit, offer.voucher_type, self.today());
                self.model.vouchers[voucher].in_use = true;
                self.count(match now {
                    Standing::Approved => "record",
                    Standing::NotApproved => "record_owed_after_the_end",
                    Standing::Suspended | Standing::Lapsed => "record_while_interrupted",
                });
            }
            Some(_) => must_be_refused(answer, &["not_approved", "closed"]),
            None if ever => {
                must_be_refused(answer, &["not_chosen", "not_approved", "closed"]);
                self.count("record_refused");
            }
            // A choice that a decision ended on its first day is known to have been one.
            None if answer.status != 404 => must_be_refused(answer, &["not_approved"]),
            None => {}
        }
    }
}

/// How an approval stands on one of its days, by the interruptions that it is shown with.
fn standing_told(approval: &Value, on: Day) -> Standing {
    let of_day = |kind: &str| {
        approval["interruptions"].as_array().unwrap().iter().any(|one| {
            one["kind"] == kind && day(&one["from"]) <= on && one.get("until").is_none_or(|until| on <= day(until))
        })
    };
    match (of_day("suspended"), of_day("lapsed")) {
        (true, _) => Standing::Suspended,
        (false, true) => Standing::Lapsed,
        (false, false) => Standing::Approved,
    }
}

fn must_be_refused(answer: Answer, codes: &[&str]) {
    assert!(answer.status == 422 || answer.status == 409, "{}", answer.text);
    assert!(codes.iter().any(|code| answer.text.contains(&format!("\"{code}\""))), "{codes:?}: {}", answer.text);
}
