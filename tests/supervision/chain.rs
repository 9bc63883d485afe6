//! A unit that is approved for another area serves on under another approval: what is decided against the one reaches the
//! other, and what came before counts.

use serde_json::{Value, json};

use super::scene::{Scene, code_of, impose, measure, tag};
use crate::support::{County, id_of, localized};

impl Scene {
    /// The unit is approved for Pori alone, from a day on. The approval that follows.
    fn approved_for_pori(&self, from: i64) -> String {
        let unit = self.approval()["unit"].clone();
        let wish = json!({"unit": unit, "voucher_type": self.home_care.id, "area": ["609"]});
        let path = format!("/v1/applications/{}", id_of(&self.provider.user.post("/v1/applications", &wish).created()));
        self.provider.user.post(&format!("{path}/submit"), &json!({})).ok();
        let mut decision = County::decision("approved");
        decision["valid_from"] = json!(self.day(from));
        let decided = self.county.officer.post_seen(&format!("{path}/decision"), "*", &decision).ok();
        assert_eq!(decided["replaced"]["approval"], self.approval.as_str());
        id_of(&decided["approval"])
    }

    fn shown(&self, approval: &str) -> Value {
        self.county.officer.get(&format!("/v1/approvals/{approval}")).ok()
    }

    /// The days of an approval's suspensions.
    fn suspended(&self, approval: &str) -> Vec<(Value, Value)> {
        let shown = self.shown(approval);
        let all = shown["interruptions"].as_array().unwrap().iter();
        all.filter(|one| one["kind"] == "suspended").map(|one| (one["from"].clone(), one["until"].clone())).collect()
    }

    fn resume(&self, approval: &str, suspension: Option<&Value>) -> Value {
        let path = format!("/v1/approvals/{approval}");
        let mut body = json!({"reasons": localized("All is well again")});
        if let Some(decision) = suspension {
            body["suspension"] = decision.clone();
        }
        let seen = tag(&self.county.officer, &path);
        self.county.officer.post_seen(&format!("{path}/resume"), &seen, &body).ok()
    }
}

#[test]
fn danger_that_cancels_an_approval_cancels_the_one_that_follows() {
    let mut scene = Scene::of("company");
    let follows = scene.approved_for_pori(5);
    scene.cancelled();
    assert_eq!(scene.shown(&scene.approval)["state"], "cancelled");
    let shown = scene.shown(&follows);
    assert_eq!((&shown["state"], &shown["no_whole_day"]), (&json!("cancelled"), &json!(true)), "{shown}");
    scene.pass(6);
    let resident = scene.county.client();
    let voucher = id_of(&scene.county.issue(&resident, &scene.home_care, "5"));
    resident.accept(&voucher);
    assert_eq!(code_of(&resident.choose(&voucher, &scene.offering)), "not_approved");
}

#[test]
fn danger_that_suspends_an_approval_suspends_the_one_that_follows_until_both_are_resumed() {
    let mut scene = Scene::of("ngo");
    let (_, in_use) = scene.client();
    let follows = scene.approved_for_pori(5);
    let imposed = scene.danger("must_move");
    assert_eq!((&imposed["from"], &imposed["until"]), (&json!(scene.day(0)), &Value::Null));
    assert_eq!(scene.suspended(&scene.approval), [(json!(scene.day(0)), json!(scene.day(4)))]);
    assert_eq!(scene.suspended(&follows), [(json!(scene.day(5)), Value::Null)]);
    assert_eq!(scene.told("voucher.must_choose_again").len(), 1, "once for each voucher");
    let (first_day, resident) = (scene.day(5), scene.county.client());
    scene.pass(6);
    let resident = scene.renewed(&resident);
    let voucher = id_of(&scene.county.issue(&resident, &scene.home_care, "5"));
    resident.accept(&voucher);
    assert_eq!(code_of(&resident.choose(&voucher, &scene.offering)), "interrupted");
    assert_ne!(scene.record(&in_use, 0).status, 201);
    // The officer who lifts it need not know which approval it was imposed on.
    let resumed = scene.resume(&follows, None);
    assert_eq!(resumed["standing"], "in_force");
    assert_eq!(scene.suspended(&follows), [(json!(first_day), json!(scene.day(-1)))]);
    resident.choose(&voucher, &scene.offering).ok();
}

#[test]
fn resuming_before_the_next_approval_begins_resumes_that_one_too() {
    let scene = Scene::of("public");
    let follows = scene.approved_for_pori(5);
    scene.danger("may_finish");
    let resumed = scene.resume(&scene.approval, None);
    assert_eq!(resumed["standing"], "in_force");
    assert_eq!(scene.suspended(&follows), []);
    assert_eq!(scene.shown(&follows)["undone"].as_array().unwrap().len(), 1);
}

#[test]
fn the_ladder_goes_on_where_the_unit_is_approved_for_another_area() {
    let mut scene = Scene::of("company");
    for (step, effect) in [("notice", json!({})), ("warning", json!({"deadline": scene.day(20)}))] {
        let opened = scene.opened(step, "breach");
        scene.replied(&opened);
        scene.decide(&opened, &impose(effect)).ok();
    }
    let follows = scene.approved_for_pori(0);
    let warnings = |scene: &Scene| {
        let listed = scene.county.officer.get("/v1/desk/deadlines?kind=warning").ok();
        listed["items"].as_array().unwrap().len()
    };
    let tasks = scene.provider.user.get(&format!("/v1/providers/{}/tasks", scene.provider.id)).ok();
    assert!(tasks.to_string().contains("\"warning\""), "{tasks}");
    assert_eq!(warnings(&scene), 1);
    scene.approval = follows;
    assert_eq!(code_of(&scene.open(&measure("suspension", "breach"))), "warning_runs");
    scene.pass(21);
    assert_eq!(scene.county.officer.get("/v1/desk").ok()["warnings_overdue"]["count"], 1);
    scene.opened("suspension", "breach");
    assert_eq!(warnings(&scene), 0, "another measure has followed");
}

#[test]
fn of_two_suspensions_one_is_lifted_where_it_is_named_and_both_where_none_is() {
    let scene = Scene::of("company");
    let milder = scene.danger("may_finish")["decision"].clone();
    let harder = scene.danger("must_move")["decision"].clone();
    let still = || {
        let told = scene.told("approval.resumed");
        told.last().unwrap().payload["still_suspended"].clone()
    };
    assert_eq!(scene.resume(&scene.approval, Some(&harder))["standing"], "suspended");
    assert_eq!(still(), true);
    assert_eq!(scene.resume(&scene.approval, Some(&milder))["standing"], "in_force");
    assert_eq!(still(), false);

    let both = Scene::of("company");
    both.danger("may_finish");
    both.danger("must_move");
    assert_eq!(both.resume(&both.approval, None)["standing"], "in_force");
}
