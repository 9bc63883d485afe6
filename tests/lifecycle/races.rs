//! Races of the lives of approvals: whoever comes first, what holds afterwards is what one after the other would have left.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::scene::{ONE_MORE, REQUIREMENTS, terms};
use crate::support::id_of;
use crate::support::{Answer, County, Provider, Resident, User, VoucherType, World, localized, price};

const TIMES: u32 = 3;

static CALLS: AtomicU32 = AtomicU32::new(0);

/// A call that is ready to be sent.
struct Call<'a> {
    user: &'a User,
    method: &'static str,
    path: String,
    body: Value,
    /// The version that it is about, where the caller has read one.
    seen: Option<String>,
}

impl<'a> Call<'a> {
    fn post(user: &'a User, path: String, body: Value) -> Self {
        Self { user, method: "POST", path, body, seen: None }
    }

    fn send(&self) -> Answer {
        let key = format!("race-{}", CALLS.fetch_add(1, Ordering::Relaxed));
        let mut headers = vec![("Idempotency-Key", key.as_str())];
        headers.push(("If-Match", self.seen.as_deref().unwrap_or("*")));
        self.user.send(self.method, &self.path, &headers, Some(&self.body.to_string()))
    }
}

/// Sends all calls at the same moment and gives the answers in the order of the calls.
fn at_once(calls: &[Call<'_>]) -> Vec<Answer> {
    let barrier = Barrier::new(calls.len());
    thread::scope(|scope| {
        let senders: Vec<_> = calls
            .iter()
            .map(|call| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    call.send()
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    })
}

/// That one was carried out, and the others were told that they came too late.
#[track_caller]
fn one_is_done(answers: &[Answer]) {
    let told: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    let done = answers.iter().filter(|answer| answer.status < 300).count();
    let late = answers.iter().filter(|answer| matches!(answer.status, 409 | 412)).count();
    assert_eq!((done, late), (1, answers.len() - 1), "{told:#?}");
}

/// A county under a rulebook that asks for two things, with a provider of one unit.
struct Scene {
    world: World,
    county: County,
    home_care: VoucherType,
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.publish("home-care", "hour", &terms(&REQUIREMENTS));
        Self { world, county, home_care }
    }

    /// The nth provider with an application that waits for a decision.
    fn applicant(&self, n: u32) -> (Provider, String, String) {
        let provider = Provider::register(&self.world, n, &format!("Esimerkki {n}"), "company");
        let unit = provider.unit();
        let application = provider.apply(&unit, &self.home_care);
        (provider, unit, application)
    }

    /// The nth provider, approved and offering: provider, approval, offering.
    fn approved(&self, n: u32) -> (Provider, String, String) {
        let (provider, unit, application) = self.applicant(n);
        let decision = format!("/v1/applications/{application}/decision");
        let decided = Call::post(&self.county.officer, decision, approve()).send().ok();
        let offering = provider.offer(&unit, &self.home_care, &price("25.00")).created();
        (provider, id_of(&decided["approval"]), id_of(&offering))
    }

    fn approvals_of(&self, provider: &Provider) -> Vec<Value> {
        provider.user.get("/v1/approvals").ok()["items"].as_array().unwrap().clone()
    }

    /// Which of two commands was carried out first, by the audit trail: each names its target.
    fn came_first(&self, one: (&str, &str), other: (&str, &str)) -> bool {
        let place = |(action, target): (&str, &str)| {
            let rows = self.county.auditor.get(&format!("/v1/audit?action={action}&target={target}&limit=1")).ok();
            rows["items"][0]["id"].as_str().unwrap_or_else(|| panic!("no {action}: {rows}")).to_owned()
        };
        // The clock stands: rows are in the order in which they were written.
        place(one) < place(other)
    }

    fn listed(&self, offering: &str) -> bool {
        let path = format!("/v1/choices?voucher_type={}&limit=100", self.home_care.id);
        let list = self.world.site.api.anyone().get(&path).ok();
        list["items"].as_array().unwrap().iter().any(|item| item["offering"] == offering)
    }

    fn voucher_of(&self, resident: &Resident) -> String {
        let voucher = id_of(&self.county.issue(resident, &self.home_care, "20"));
        resident.accept(&voucher);
        voucher
    }
}

fn approve() -> Value {
    json!({"outcome": "approved", "reasons": localized("As the evidence shows")})
}

fn reject() -> Value {
    json!({"outcome": "rejected", "reasons": localized("Something is amiss")})
}

#[test]
fn of_two_officers_who_decide_at_once_one_is_told_that_the_other_did() {
    let scene = Scene::set();
    for n in 1..=TIMES {
        let (provider, _, application) = scene.applicant(n);
        let path = format!("/v1/applications/{application}");
        let seen = scene.county.officer.get(&path).header("etag").unwrap().to_owned();
        let decide = |body: Value, seen: Option<String>| Call {
            seen,
            ..Call::post(&scene.county.officer, format!("{path}/decision"), body)
        };
        let later = scene.world.today().plus_days(3).to_string();
        let mut approve_later = approve();
        approve_later["valid_from"] = json!(later);
        let answers = at_once(&[
            decide(approve(), Some(seen.clone())),
            decide(approve_later, Some(seen.clone())),
            decide(reject(), Some(seen.clone())),
            decide(approve(), None),
        ]);
        one_is_done(&answers);
        for late in answers[..3].iter().filter(|answer| answer.status != 200) {
            late.clone().refused(412, "precondition_failed");
        }
        let approved = answers.iter().filter(|answer| answer.status == 200).any(|a| a.body["outcome"] == "approved");
        assert_eq!(scene.approvals_of(&provider).len(), usize::from(approved));
        let shown = provider.user.get(&path).ok();
        assert_eq!(shown["state"], if approved { "approved" } else { "rejected" });
    }
    super::verify(&scene.world);
}

#[test]
fn an_application_is_withdrawn_or_approved_but_not_both() {
    let scene = Scene::set();
    for n in 1..=TIMES {
        let (provider, _, application) = scene.applicant(n);
        let at = |verb: &str| format!("/v1/applications/{application}{verb}");
        let answers = at_once(&[
            Call::post(&scene.county.officer, at("/decision"), approve()),
            Call::post(&provider.user, at("/withdraw"), json!({})),
            Call::post(&scene.county.officer, at("/information-request"), json!({"text": "Why?", "due": "2026-12-01"})),
        ]);
        let state = provider.user.get(&at("")).ok()["state"].clone();
        let approvals = scene.approvals_of(&provider).len();
        match (answers[0].status, answers[1].status) {
            (200, 409) => assert_eq!((state, approvals), (json!("approved"), 1)),
            (409, 200) => assert_eq!((state, approvals), (json!("withdrawn"), 0)),
            statuses => panic!("{statuses:?}: {answers:#?}"),
        }
    }
    super::verify(&scene.world);
}

#[test]
fn a_unit_that_is_suspended_while_it_is_chosen_serves_nobody() {
    let scene = Scene::set();
    for n in 1..=TIMES {
        let (provider, approval, offering) = scene.approved(n);
        let residents: Vec<Resident> = (0..4).map(|_| scene.county.client()).collect();
        let vouchers: Vec<String> = residents.iter().map(|resident| scene.voucher_of(resident)).collect();
        let suspend = super::supervising::danger("suspension", Some("must_move"));
        let mut calls: Vec<Call<'_>> = residents
            .iter()
            .zip(&vouchers)
            .map(|(resident, voucher)| Call {
                user: &resident.user,
                method: "PUT",
                path: format!("/v1/vouchers/{voucher}/choice"),
                body: json!({"offering": offering}),
                seen: None,
            })
            .collect();
        let measures = format!("/v1/approvals/{approval}/measures");
        calls.insert(2, Call::post(&scene.county.officer, measures, suspend));
        let answers = at_once(&calls);
        assert!(answers[2].status < 300, "{}", answers[2].text);
        for (i, answer) in answers.iter().enumerate().filter(|(i, _)| *i != 2) {
            if answer.status != 200 {
                answer.clone().refused(422, "not_choosable").at("/offering", "interrupted");
            }
            // Who came before the suspension chooses another now, and who came after it was refused.
            let voucher = &vouchers[i - usize::from(i > 2)];
            assert!(provider.record(voucher, "1").status >= 400, "it served {voucher}");
        }
        assert!(!scene.listed(&offering));
    }
    super::verify(&scene.world);
}

#[test]
fn evidence_that_is_taken_back_while_it_is_accepted_holds_for_nobody() {
    let scene = Scene::set();
    for n in 1..=TIMES {
        let (provider, _, offering) = scene.approved(n);
        let path = format!("/v1/providers/{}/evidence", provider.id);
        let given = provider.user.get(&path).ok();
        let insured = |piece: &&Value| piece["kind"] == "liability_insurance";
        let insurance = id_of(given["items"].as_array().unwrap().iter().find(insured).unwrap());
        let seen = scene.county.officer.get(&format!("/v1/evidence/{insurance}")).ok();
        let checks = |outcome: &str| {
            let body = json!({"outcome": outcome, "note": "Looked at", "replaces": seen["checks"][0]["id"]});
            Call::post(&scene.county.officer, format!("/v1/evidence/{insurance}/checks"), body)
        };
        let answers = at_once(&[
            checks("accepted"),
            Call::post(&provider.user, format!("/v1/evidence/{insurance}/withdraw"), json!({})),
            checks("rejected"),
            checks("accepted"),
        ]);
        assert_eq!(answers[1].status, 200, "{}", answers[1].text);
        for check in [&answers[0], &answers[2], &answers[3]] {
            assert!(matches!(check.status, 201 | 409), "{}", check.text);
        }
        assert!(!scene.listed(&offering), "what has been taken back does not hold");

        let until = scene.world.today().plus_days(30).to_string();
        let again = json!({"kind": "liability_insurance", "reference": "Policy 2", "valid_until": until});
        let renewed = id_of(&provider.user.post(&path, &again).created());
        let accept = json!({"outcome": "accepted"});
        let calls = [(); 3]
            .map(|()| Call::post(&scene.county.officer, format!("/v1/evidence/{renewed}/checks"), accept.clone()));
        let answers = at_once(&calls);
        let noted = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(noted, 1, "one of them looked first, the others are told so");
        assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)));
        assert!(scene.listed(&offering), "it is shown again");
    }
    super::verify(&scene.world);
}

#[test]
fn nobody_is_approved_under_rules_that_were_replaced_before() {
    let scene = Scene::set();
    let tomorrow = scene.world.today().plus_days(1).to_string();
    let mut decision = approve();
    decision["valid_from"] = json!(tomorrow);
    let adoption = json!({"in_force_from": tomorrow, "reasons": localized("Adopted")});
    for round in 0..TIMES {
        let home_care = scene.county.publish(&format!("home-care-{round}"), "hour", &terms(&REQUIREMENTS));
        let applicants: Vec<(Provider, String)> = (1..=4)
            .map(|n| {
                let n = round * 4 + n;
                let provider = Provider::register(&scene.world, n, &format!("Esimerkki {n}"), "company");
                let application = provider.apply(&provider.unit(), &home_care);
                (provider, application)
            })
            .collect();
        let more = [REQUIREMENTS[0], REQUIREMENTS[1], ONE_MORE];
        let rulebook = scene.county.draft_rulebook(&home_care.id, &terms(&more));
        scene.county.propose_rulebook(&rulebook);
        let officer = &scene.county.officer;
        let decide = |(_, application): &(Provider, String)| {
            Call::post(officer, format!("/v1/applications/{application}/decision"), decision.clone())
        };
        let mut calls: Vec<Call<'_>> = applicants.iter().map(decide).collect();
        calls.push(Call::post(officer, format!("/v1/rulebooks/{rulebook}/adopt"), adoption.clone()));
        let mut answers = at_once(&calls);
        answers.pop().unwrap().ok();
        for ((provider, application), answer) in applicants.iter().zip(answers) {
            if answer.status != 200 {
                answer.refused(422, "rule_error").at("/outcome", "missing");
                assert_eq!(scene.approvals_of(provider), Vec::<Value>::new());
                continue;
            }
            let decided = ("decide_application", &**application);
            let is_first = scene.came_first(decided, ("adopt_rulebook", &*rulebook));
            assert!(is_first, "it was approved by rules that were no longer to hold on that day");
            let decision = answer.body["decision"].as_str().unwrap();
            let decision = officer.get(&format!("/v1/decisions/{decision}")).ok();
            assert_eq!(decision["rulebook"], home_care.rulebook.as_str());
            // What is asked from tomorrow on, it has to show by then.
            let approval = format!("/v1/approvals/{}", id_of(&answer.body["approval"]));
            let gap = provider.user.get(&approval).ok()["interruptions"][0].clone();
            assert_eq!((&gap["kind"], &gap["from"]), (&json!("lapsed"), &json!(tomorrow)), "{gap}");
        }
    }
    super::verify(&scene.world);
}

#[test]
fn an_account_that_is_changed_alone_was_changed_before_anything_was_handed_in() {
    let scene = Scene::set();
    for n in 1..=TIMES {
        let provider = Provider::register(&scene.world, n, &format!("Esimerkki {n}"), "company");
        let application = provider.draft_application(&provider.unit(), &scene.home_care);
        let iban = json!({"field": "iban", "value": "FI21 1234 5600 0007 85"});
        let answers = at_once(&[
            Call::post(&provider.user, format!("/v1/applications/{application}/submit"), json!({})),
            Call::post(&provider.user, format!("/v1/providers/{}/changes", provider.id), iban),
        ]);
        assert_eq!(answers[0].status, 200, "{}", answers[0].text);
        let last_four = provider.user.get(&format!("/v1/providers/{}/private", provider.id)).ok();
        let last_four = last_four["iban_last_four"].clone();
        if answers[1].status == 201 {
            assert_eq!((&answers[1].body["outcome"], last_four), (&json!("waiting"), Value::Null));
            continue;
        }
        let (changed, submitted) = (("change_provider", &*provider.id), ("submit_application", &*application));
        assert_eq!((answers[1].status, last_four), (200, json!("0785")), "{}", answers[1].text);
        assert!(scene.came_first(changed, submitted), "one person alone changed it after it was handed in");
    }
    super::verify(&scene.world);
}
