//! Races of commands that exclude each other: one of them is done, the others are refused, and the books balance.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, County, Provider, Resident, User, World, identity_code, localized, price};

/// A call that is ready to be sent.
type Call<'a> = (&'a User, &'static str, String, Value);

/// Sends all calls at the same moment and gives the answers in the order of the calls.
fn at_once(calls: &[Call<'_>]) -> Vec<Answer> {
    let barrier = Barrier::new(calls.len());
    thread::scope(|scope| {
        let senders: Vec<_> = calls
            .iter()
            .map(|(user, method, path, body)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    // Those that want to know what was seen have seen something; the others do not look.
                    if *method == "PUT" { user.put(path, body) } else { user.post_seen(path, "*", body) }
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    })
}

/// That one was done and all others were refused by state, or as a second one of what there is once.
#[track_caller]
fn one_is_done(answers: &[Answer]) {
    let done = answers.iter().filter(|answer| answer.status < 300).count();
    let refused =
        answers.iter().filter(|a| a.status == 409 && ["wrong_state", "duplicate", "conflict"].contains(&a.slug()));
    let told: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!((done, refused.count()), (1, answers.len() - 1), "{told:#?}");
}

#[test]
fn of_an_acceptance_and_a_refusal_at_once_one_holds() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let resident = county.client();
    for _ in 0..4 {
        let voucher = county.issue(&resident, &home_care, "1");
        let at = |verb: &str| format!("/v1/vouchers/{}/{verb}", voucher["id"].as_str().unwrap());
        let told = resident.user.post(&at("information"), &json!({"language": "fi"})).created();
        let (accept, refuse) = (json!({"information": told["id"]}), json!({}));
        let answers = at_once(&[
            (&resident.user, "POST", at("accept"), accept.clone()),
            (&resident.user, "POST", at("refuse"), refuse.clone()),
            (&resident.user, "POST", at("accept"), accept),
            (&resident.user, "POST", at("refuse"), refuse),
        ]);
        one_is_done(&answers);
    }
}

#[test]
fn what_there_is_once_is_made_once() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let registration = Resident::registration(&identity_code(70), "Testi");
    let worker = &county.case_worker;
    one_is_done(&at_once(&vec![(worker, "POST", "/v1/clients".to_owned(), registration); 6]));

    let user = world.user(valinta_domain::policy::Role::Provider, "racer", None, None);
    let registration = Provider::registration(7, "Racer", "company");
    one_is_done(&at_once(&vec![(&user, "POST", "/v1/providers".to_owned(), registration); 6]));

    let provider = Provider::register(&world, 1, "Provider 1", "company");
    let unit = provider.unit();
    let begin = json!({"unit": unit, "voucher_type": home_care.id, "evidence": [
        {"requirement": "prepayment_register", "reference": "r"},
        {"requirement": "liability_insurance", "reference": "p", "valid_until": "2027-12-31"},
    ]});
    let begun = at_once(&vec![(&provider.user, "POST", "/v1/applications".to_owned(), begin); 6]);
    one_is_done(&begun);
    let application = begun.iter().find(|answer| answer.status == 201).unwrap().body["id"].as_str().unwrap().to_owned();
    let submit = format!("/v1/applications/{application}/submit");
    one_is_done(&at_once(&vec![(&provider.user, "POST", submit, json!({})); 6]));

    let decision = format!("/v1/applications/{application}/decision");
    let decide = |outcome: &str| json!({"outcome": outcome, "reasons": localized("Examined")});
    one_is_done(&at_once(&vec![(&county.officer, "POST", decision, decide("approved")); 6]));
    let offer = json!({"unit": unit, "voucher_type": home_care.id, "price": price("30.00")});
    one_is_done(&at_once(&vec![(&provider.user, "POST", "/v1/offerings".to_owned(), offer); 6]));
    let published = world.api.anyone().get(&format!("/v1/choices?voucher_type={}", home_care.id)).ok();
    assert_eq!(published["total"], 1);
}

#[test]
fn of_an_approval_and_a_withdrawal_at_once_one_holds() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    for n in 1..=3 {
        let provider = Provider::register(&world, n, "Provider", "company");
        let application = provider.apply(&provider.unit(), &home_care);
        let at = |verb: &str| format!("/v1/applications/{application}/{verb}");
        let decide = |outcome: &str| json!({"outcome": outcome, "reasons": localized("Examined")});
        let answers = at_once(&[
            (&county.officer, "POST", at("decision"), decide("approved")),
            (&county.officer, "POST", at("decision"), decide("rejected")),
            (&provider.user, "POST", at("withdraw"), json!({})),
        ]);
        one_is_done(&answers);
        let approvals = provider.user.get("/v1/approvals").ok();
        let approved = usize::from(answers[0].status == 200);
        assert_eq!(approvals["items"].as_array().unwrap().len(), approved);
    }
}

#[test]
fn two_rulebooks_adopted_at_once_never_hold_on_the_same_day() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let draft = json!({"voucher_type": home_care.id, "terms": crate::support::home_care_terms()});
    let drafts = at_once(&vec![(&county.officer, "POST", "/v1/rulebooks".to_owned(), draft); 4]);
    let mut numbers: Vec<i64> = drafts.iter().map(|draft| draft.body["number"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [2, 3, 4, 5]);
    for draft in &drafts {
        county.propose_rulebook(draft.body["id"].as_str().unwrap());
    }
    let adopt = json!({"in_force_from": world.today().plus_days(1).to_string(), "reasons": localized("Adopted")});
    let path = |draft: &Answer| format!("/v1/rulebooks/{}/adopt", draft.body["id"].as_str().unwrap());
    let calls: Vec<Call<'_>> =
        drafts.iter().map(|draft| (&county.officer, "POST", path(draft), adopt.clone())).collect();
    let answers = at_once(&calls);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for refused in answers.into_iter().filter(|answer| answer.status != 200) {
        refused.refused(409, "wrong_state").saying("has been adopted since");
    }
}

#[test]
fn of_an_adoption_and_a_return_of_the_same_rulebook_one_holds() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    for days in 1..=3 {
        let rulebook = county.draft_rulebook(&home_care.id, &crate::support::home_care_terms());
        county.propose_rulebook(&rulebook);
        let from = world.today().plus_days(days).to_string();
        let adopt = json!({"in_force_from": from, "reasons": localized("Adopted")});
        let at = |verb: &str| format!("/v1/rulebooks/{rulebook}/{verb}");
        let answers = at_once(&[
            (&county.officer, "POST", at("adopt"), adopt.clone()),
            (&county.officer, "POST", at("return"), json!({"reasons": "A figure is missing"})),
            (&county.officer, "POST", at("adopt"), adopt),
            (&county.officer, "POST", at("return"), json!({"reasons": "Another figure is missing"})),
        ]);
        one_is_done(&answers);
        let shown = county.officer.get(&format!("/v1/rulebooks/{rulebook}")).ok();
        let adopted = [&answers[0], &answers[2]].iter().any(|answer| answer.status == 200);
        assert_eq!(shown["state"], if adopted { "adopted" } else { "draft" });
    }
}

#[test]
fn changes_of_mind_at_once_leave_one_choice() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let offerings: Vec<(Provider, String)> =
        (1..=4).map(|n| Provider::approved(&county, n, "company", &home_care, &price("36.00"))).collect();
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offerings[0].1);
    let voucher = voucher["id"].as_str().unwrap();
    let path = format!("/v1/vouchers/{voucher}/choice");
    let calls: Vec<Call<'_>> =
        (0..12).map(|n| (&resident.user, "PUT", path.clone(), json!({"offering": offerings[n % 4].1}))).collect();
    for answer in at_once(&calls) {
        answer.ok();
    }
    // Of the four providers one, the one shown, may record.
    let shown = resident.user.get(&format!("/v1/vouchers/{voucher}")).ok();
    for (provider, offering) in &offerings {
        let recorded = provider.record(voucher, "1");
        let expected = if shown["choice"]["offering"] == offering.as_str() { 201 } else { 404 };
        assert_eq!(recorded.status, expected, "{}", recorded.text);
    }
    world.ledger_balances();
}

#[test]
fn a_cancellation_amid_records_leaves_books_that_balance() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    let voucher = voucher["id"].as_str().unwrap();
    let body = provider.delivery(voucher, "0.25");
    let mut calls: Vec<Call<'_>> = vec![(&provider.user, "POST", "/v1/service-events".to_owned(), body); 24];
    let cancel = format!("/v1/vouchers/{voucher}/cancel");
    calls.insert(12, (&county.case_worker, "POST", cancel, json!({"reasons": localized("Moved")})));
    let answers = at_once(&calls);
    assert_eq!(answers[12].status, 200, "{}", answers[12].text);
    let recorded = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409 && answer.slug() == "wrong_state").count();
    assert_eq!(recorded + refused, 24);

    let ledger = resident.ledger(voucher);
    let sum = |kind: &str| -> i64 {
        let entries = ledger["entries"].as_array().unwrap().iter().filter(|entry| entry["kind"] == kind);
        entries.map(|e| e["quantity"].as_str().unwrap().parse::<valinta_domain::Quantity>().unwrap().e4()).sum()
    };
    assert_eq!(sum("granted"), sum("used") + sum("returned"));
    assert_eq!(sum("used"), i64::try_from(recorded).unwrap() * 2_500);
    assert_eq!(ledger["available"], "0");
    world.ledger_balances();
    world.audit_rows();
}
