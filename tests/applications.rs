//! An application from its draft to a decision, over HTTP: what is missing is told at once, what is handed in is kept to the
//! byte, more is asked and answered, and of two who decide at once one is told.

mod answering;
mod areas;
mod deciding;
mod nearest;

use std::fmt::Write;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use valinta_domain::policy::Role;
use valinta_persistence::outbox;

use crate::support::{Answer, County, Provider, User, VoucherType, World, home_care_terms, localized};

/// A requirement as a rulebook has it.
fn requirement(code: &str, kind: &str, more: &Value) -> Value {
    let mut requirement =
        json!({"code": code, "text": localized(code), "source": "569/2009 § 5", "expires": false, "kind": kind});
    for (name, value) in more.as_object().unwrap() {
        requirement[name] = value.clone();
    }
    requirement
}

/// Home care that asks for a registration, an insurance, a certificate and a plan of its own.
fn terms() -> Value {
    let mut terms = home_care_terms();
    terms["requirements"] = json!([
        requirement("registered", "soteri", &json!({"services": ["home_care", "meals"]})),
        requirement("insured", "liability_insurance", &json!({"expires": true})),
        requirement("taxes", "tax_certificate", &json!({"issued_within_months": 3})),
        requirement("own_plan", "other", &json!({})),
    ]);
    terms
}

fn soteri(services: &[&str]) -> Value {
    json!({"state": "registered", "services": services, "valid_from": "2026-01-01"})
}

/// Evidence for all of [`terms`].
fn all_evidence() -> Value {
    json!([
        {"requirement": "registered", "reference": "Soteri 1", "soteri": soteri(&["home_care", "meals"])},
        {"requirement": "insured", "reference": "Policy 1", "valid_until": "2027-10-31"},
        {"requirement": "taxes", "reference": "Certificate 1", "issued_on": "2026-10-01"},
        {"requirement": "own_plan", "reference": "https://provider.example/plan"},
    ])
}

struct Scene {
    world: World,
    county: County,
    kind: VoucherType,
    provider: Provider,
    unit: String,
}

impl Scene {
    fn new() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let kind = county.publish("home-care", "hour", &terms());
        let provider = Provider::register(&world, 1, "Kaisla", "company");
        let unit = provider.unit();
        Self { world, county, kind, provider, unit }
    }

    fn begin(&self, more: &Value) -> Answer {
        let mut body = json!({"unit": self.unit, "voucher_type": self.kind.id});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.provider.user.post("/v1/applications", &body)
    }

    /// An application with all evidence, submitted.
    fn applied(&self) -> String {
        let begun = self.begin(&json!({"evidence": all_evidence()})).created();
        let path = format!("/v1/applications/{}", id(&begun));
        self.provider.user.post(&format!("{path}/submit"), &json!({})).ok();
        path
    }

    /// Messages of a kind.
    fn told(&self, kind: &str) -> Vec<Value> {
        let all = self.world.db.as_ref().unwrap().read_blocking(|c| outbox::written(c, 1_000)).unwrap();
        all.into_iter().filter(|message| message.kind.code() == kind).map(|message| message.payload).collect()
    }
}

fn id(body: &Value) -> &str {
    body["id"].as_str().unwrap()
}

/// The version that someone sees.
fn seen(user: &User, path: &str) -> String {
    let shown = user.get(path);
    let tag = shown.header("etag").unwrap().to_owned();
    shown.ok();
    tag
}

/// The kinds of what happened, in order.
fn history(user: &User, path: &str) -> Vec<String> {
    let shown = user.get(path).ok();
    shown["history"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
}

/// How each requirement and criterion came out, by its code.
fn outcomes(shown: &Value) -> Vec<(String, String)> {
    let findings = shown["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    findings.map(|finding| (text(&finding["code"]), text(&finding["outcome"]))).collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(code, outcome)| ((*code).to_owned(), (*outcome).to_owned())).collect()
}

#[test]
fn all_that_is_missing_is_told_at_once_before_and_when_it_is_handed_in() {
    let scene = Scene::new();
    let user = &scene.provider.user;
    let evidence = json!([
        {"requirement": "insured", "reference": "Policy 1"},
        {"requirement": "taxes", "reference": "Certificate 1"},
    ]);
    let begun = scene.begin(&json!({"evidence": evidence})).created();
    let path = format!("/v1/applications/{}", id(&begun));
    let shown = user.get(&format!("{path}/eligibility")).ok();
    let expected =
        [("registered", "missing"), ("insured", "no_expiry_day"), ("taxes", "no_issue_day"), ("own_plan", "missing")];
    assert_eq!(outcomes(&shown), pairs(&expected));
    assert_eq!((&shown["standing"], &shown["can_be_submitted"]), (&json!("unknown"), &json!(false)));
    let places = pairs(&[
        ("/evidence", "missing"),
        ("/evidence/0/valid_until", "missing"),
        ("/evidence/1/issued_on", "missing"),
        ("/evidence", "missing"),
    ]);
    let refused = user.post(&format!("{path}/submit"), &json!({})).refused(422, "invalid_input");
    assert_eq!(refused.errors(), places);
    let obstacles = shown["obstacles"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let obstacles: Vec<_> = obstacles.map(|one| (text(&one["pointer"]), text(&one["code"]))).collect();
    assert_eq!(obstacles, places);

    let tag = seen(user, &path);
    user.put_seen(&path, &tag, &json!({"evidence": all_evidence()})).ok();
    user.put_seen(&path, &tag, &json!({"evidence": []})).refused(412, "precondition_failed").saying("draft");
    user.send("PUT", &path, &[], Some("{}")).refused(428, "precondition_required");
    let shown = user.get(&format!("{path}/eligibility")).ok();
    assert_eq!((&shown["standing"], &shown["can_be_submitted"]), (&json!("met"), &json!(true)), "{shown}");
    assert_eq!(shown["obstacles"], json!([]));
    user.post(&format!("{path}/submit"), &json!({"answer": "None was asked"})).refused(422, "invalid_input");
    user.post(&format!("{path}/submit"), &json!({})).ok();
    user.put_seen(&path, "*", &json!({"evidence": []})).refused(409, "wrong_state");
}

#[test]
fn what_is_stated_must_be_for_the_requirement_and_the_providers_own() {
    let scene = Scene::new();
    let other = Provider::register(&scene.world, 2, "Osma", "ngo");
    let given = |provider: &Provider, reference: &str| {
        let body = json!({"kind": "liability_insurance", "reference": reference, "valid_until": "2027-10-31"});
        let given = provider.user.post(&format!("/v1/providers/{}/evidence", provider.id), &body).created();
        id(&given).to_owned()
    };
    let (own, anothers) = (given(&scene.provider, "Policy 1"), given(&other, "Policy 2"));
    let named = |requirement: &str, evidence: &str| json!([{"requirement": requirement, "evidence": evidence}]);
    scene
        .begin(&json!({"evidence": named("insured", &anothers)}))
        .refused(404, "not_found")
        .at("/evidence/0/evidence", "unknown");
    let both = json!([
        {"requirement": "taxes", "evidence": own},
        {"requirement": "dog", "reference": "x"},
        {"requirement": "insured", "evidence": own, "reference": "Policy 1"},
    ]);
    let refused = scene.begin(&json!({"evidence": both})).refused(422, "invalid_input");
    assert_eq!(refused.errors(), pairs(&[("/evidence/2/reference", "not_applicable")]));
    let both = json!([{"requirement": "taxes", "evidence": own}, {"requirement": "dog", "reference": "x"}]);
    let refused = scene.begin(&json!({"evidence": both, "area": []})).refused(422, "invalid_input");
    let expected = [("/evidence/0/evidence", "not_for_requirement"), ("/evidence/1/requirement", "unknown")];
    assert_eq!(refused.errors(), pairs(&expected));
    let refused = scene.begin(&json!({"area": ["609", "091", "609"]})).refused(422, "invalid_input");
    assert_eq!(refused.errors(), pairs(&[("/area/1", "unknown"), ("/area/2", "duplicate")]));
    let begun = scene.begin(&json!({"evidence": named("insured", &own), "area": ["609"]})).created();
    assert_eq!((&begun["area"], &begun["evidence"][0]["evidence"]), (&json!(["609"]), &json!(own)));
}

#[test]
fn evidence_given_once_is_taken_and_offered_by_the_next_county() {
    let scene = Scene::new();
    scene.applied();
    let user = &scene.provider.user;
    // Municipalities belong to one county.
    let next = County::found_as(&scene.world, 1, &[("853", "Turku", "Åbo")]);
    let mut others = terms();
    others["requirements"][1]["code"] = json!("insurance");
    let kind = next.publish("home-care", "hour", &others);
    let body = json!({"unit": scene.unit, "voucher_type": kind.id});
    let begun = user.post("/v1/applications", &body).created();
    let stated = begun["evidence"].as_array().unwrap();
    let taken: Vec<(&str, &str)> =
        stated.iter().map(|one| (one["requirement"].as_str().unwrap(), one["reference"].as_str().unwrap())).collect();
    let expected = [
        ("registered", "Soteri 1"),
        ("insurance", "Policy 1"),
        ("taxes", "Certificate 1"),
        ("own_plan", "https://provider.example/plan"),
    ];
    assert_eq!(taken, expected);
    assert!(stated.iter().all(|one| one["evidence"].is_string()), "{begun}");

    let path = format!("/v1/applications/{}", id(&begun));
    user.put_seen(&path, "*", &json!({"evidence": []})).ok();
    let shown = user.get(&format!("{path}/eligibility")).ok();
    for (finding, stated) in shown["findings"].as_array().unwrap().iter().zip(stated) {
        assert_eq!(finding["offered"], json!([stated["evidence"]]), "{finding}");
    }
    // Given again in the same words it is the same piece.
    let again =
        json!({"evidence": [{"requirement": "insurance", "reference": "Policy 1", "valid_until": "2027-10-31"}]});
    let put = user.put_seen(&path, "*", &again).ok();
    assert_eq!(put["evidence"][0]["evidence"], stated[1]["evidence"]);
    // What it has not put into the application, an officer is not told.
    user.put_seen(&path, "*", &json!({})).ok();
    user.post(&format!("{path}/submit"), &json!({})).ok();
    let shown = next.officer.get(&format!("{path}/eligibility?valid_from=2028-01-01")).ok();
    assert_eq!(shown["findings"][1]["outcome"], "expired");
    assert!(shown["findings"][1].get("offered").is_none(), "{shown}");
    scene.county.officer.get(&path).refused(404, "not_found");
    next.officer.get(&path).ok();
}

#[test]
fn what_is_handed_in_is_kept_to_the_byte_with_who_when_and_its_hash() {
    let scene = Scene::new();
    let path = scene.applied();
    let (provider, officer) = (&scene.provider.user, &scene.county.officer);
    for user in [provider, officer, &scene.county.auditor] {
        let shown = user.get(&path).ok();
        let signature = &shown["signature"];
        assert_eq!((&signature["by"], &signature["at"]), (&json!("provider-1"), &shown["submitted_at"]));
        let document = user.get(&format!("{path}/document"));
        assert_eq!(document.header("content-type"), Some("application/json"));
        let hash = Sha256::digest(document.text.as_bytes()).iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        assert_eq!(signature["sha256"], hash.as_str());
        let document = document.ok();
        assert_eq!(document["evidence"], shown["evidence"]);
        assert_eq!(
            (&document["submitted_by"], &document["provider"]["name"]),
            (&json!("provider-1"), &json!("Kaisla"))
        );
        assert_eq!(document["unit"]["details"]["municipality"], "609");
        assert_eq!(document["unit_facts"]["sector"], json!("company"), "{document}");
        user.get(&format!("{path}/document?sha256={hash}")).ok();
        user.get(&format!("{path}/document?sha256={}", "0".repeat(64))).refused(404, "not_found");
    }
    let stranger = scene.world.user(Role::Provider, "stranger", None, None);
    stranger.get(&format!("{path}/document")).refused(404, "not_found");
    let draft = Provider::register(&scene.world, 2, "Osma", "ngo");
    let draft_of = draft.user.post("/v1/applications", &json!({"unit": draft.unit(), "voucher_type": scene.kind.id}));
    let draft_path = format!("/v1/applications/{}", id(&draft_of.created()));
    draft.user.get(&format!("{draft_path}/document")).refused(404, "not_found");
    officer.get(&format!("{draft_path}/document")).refused(404, "not_found");
}

#[test]
fn more_is_asked_and_answered_and_both_submissions_are_kept() {
    let scene = Scene::new();
    let path = scene.applied();
    let (provider, officer) = (&scene.provider.user, &scene.county.officer);
    let first = provider.get(&path).ok()["signature"]["sha256"].as_str().unwrap().to_owned();
    let ask =
        |due: &str, requirements: &Value| json!({"text": "Which plan?", "due": due, "requirements": requirements});
    let request = format!("{path}/information-request");
    officer.post(&request, &ask("2026-11-20", &json!([]))).refused(428, "precondition_required");
    let bad = officer.post_seen(&request, "*", &ask("2026-11-10", &json!(["own_plan", "dog"])));
    let expected = [("/due", "out_of_range"), ("/requirements/1", "unknown")];
    assert_eq!(bad.refused(422, "invalid_input").errors(), pairs(&expected));
    let tag = seen(officer, &path);
    let asked = officer.post_seen(&request, &tag, &ask("2026-11-20", &json!(["own_plan"]))).ok();
    assert_eq!((&asked["state"], &asked["answer_due"]), (&json!("more_information"), &json!("2026-11-20")));
    officer.post_seen(&request, &tag, &ask("2026-11-20", &json!([]))).refused(412, "precondition_failed");
    let told = scene.told("application.information_requested");
    assert_eq!((told.len(), &told[0]["provider"]), (1, &json!(scene.provider.id)));
    for outcome in ["approved", "rejected"] {
        let decision = County::decision(outcome);
        officer.post_seen(&format!("{path}/decision"), "*", &decision).refused(409, "wrong_state").saying(outcome);
    }

    let mut evidence = all_evidence();
    evidence[3]["reference"] = json!("https://provider.example/plan-2");
    provider.put_seen(&path, "*", &json!({"evidence": evidence})).ok();
    let answered = provider.post(&format!("{path}/submit"), &json!({"answer": "The new one"})).ok();
    assert_eq!((&answered["state"], answered.get("answer_due")), (&json!("submitted"), None));
    let second = answered["signature"]["sha256"].as_str().unwrap();
    assert_ne!(first, second);
    let of = |sha256: &str| officer.get(&format!("{path}/document?sha256={sha256}")).ok();
    assert_eq!(of(&first)["evidence"][3]["reference"], "https://provider.example/plan");
    assert_eq!(
        (&of(second)["evidence"][3]["reference"], &of(second)["answer"]),
        (&evidence[3]["reference"], &json!("The new one"))
    );
    assert_eq!(officer.get(&format!("{path}/document")).ok(), of(second));

    let events = history(provider, &path);
    assert_eq!(events, ["submitted", "information_requested", "submitted"]);
    let shown = provider.get(&path).ok();
    assert_eq!(shown["history"][1]["text"], "Which plan?");
    assert_eq!(shown["history"][1]["requirements"], json!(["own_plan"]));
    assert_eq!((&shown["history"][0]["by"], shown["history"][1].get("by")), (&json!("provider-1"), None));
    assert_eq!(officer.get(&path).ok()["history"][1]["by"], "officer-0");
}

#[test]
fn without_an_answer_in_time_it_can_be_rejected_and_the_unit_applies_again() {
    let mut scene = Scene::new();
    let path = scene.applied();
    let ask = json!({"text": "Which plan?", "due": "2026-11-12"});
    scene.county.officer.post_seen(&format!("{path}/information-request"), "*", &ask).ok();
    scene.world.set_day("2026-11-13".parse().unwrap());
    scene.county.renew_tokens();
    scene.provider.renew_token();
    let decision = format!("{path}/decision");
    let officer = &scene.county.officer;
    officer.post_seen(&decision, "*", &County::decision("approved")).refused(409, "wrong_state");
    let rejected = officer.post_seen(&decision, "*", &County::decision("rejected")).ok();
    assert_eq!(rejected["application"]["state"], "rejected");
    assert_eq!(history(officer, &path), ["submitted", "information_requested", "decided"]);
    let user = &scene.provider.user;
    user.post(&format!("{path}/withdraw"), &json!({})).refused(409, "wrong_state");
    let again = scene.begin(&json!({})).created();
    assert_eq!(again["evidence"].as_array().unwrap().len(), 4);
    scene.begin(&json!({})).refused(409, "duplicate").at("/unit", "duplicate");
    let path = format!("/v1/applications/{}", id(&again));
    user.post(&format!("{path}/submit"), &json!({})).ok();
    officer.post_seen(&format!("{path}/information-request"), "*", &json!({"text": "?", "due": "2026-12-01"})).ok();
    // What waits for an answer is open, and can be taken back like everything that is.
    scene.begin(&json!({})).refused(409, "duplicate").at("/unit", "duplicate");
    assert_eq!(user.post(&format!("{path}/withdraw"), &json!({})).ok()["state"], "withdrawn");
    let again = scene.begin(&json!({})).created();
    let path = format!("/v1/applications/{}", id(&again));
    user.post(&format!("{path}/submit"), &json!({})).ok();
    let approved = officer.post_seen(&format!("{path}/decision"), "*", &County::decision("approved")).ok();
    assert_eq!(approved["approval"]["state"], "active");
    scene.begin(&json!({})).refused(409, "duplicate").at("/unit", "approved");
}

#[test]
fn what_the_register_or_a_day_denies_stands_in_the_way_of_approval_with_its_reason() {
    let scene = Scene::new();
    let (provider, officer) = (&scene.provider.user, &scene.county.officer);
    let mut evidence = all_evidence();
    evidence[0]["soteri"] = soteri(&["home_care"]);
    evidence[2]["issued_on"] = json!("2026-08-10");
    let begun = scene.begin(&json!({"evidence": evidence})).created();
    let path = format!("/v1/applications/{}", id(&begun));
    let shown = provider.get(&format!("{path}/eligibility")).ok();
    let expected =
        [("registered", "outside_registered_service"), ("insured", "met"), ("taxes", "too_old"), ("own_plan", "met")];
    assert_eq!(outcomes(&shown), pairs(&expected));
    // It may be handed in: that it does not suffice is for a decision to say.
    assert_eq!((&shown["standing"], &shown["can_be_submitted"]), (&json!("not_met"), &json!(true)));
    provider.post(&format!("{path}/submit"), &json!({})).ok();
    let refused = officer.post_seen(&format!("{path}/decision"), "*", &County::decision("approved"));
    let refused = refused.refused(422, "rule_error").saying("not registered for: meals");
    assert_eq!(refused.errors(), pairs(&[("/outcome", "outside_registered_service"), ("/outcome", "too_old")]));

    // Evidence that is refused or taken back shows nothing.
    let piece = begun["evidence"][3]["evidence"].as_str().unwrap();
    officer
        .post(&format!("/v1/evidence/{piece}/checks"), &json!({"outcome": "rejected", "note": "No plan there"}))
        .created();
    let insurance = begun["evidence"][1]["evidence"].as_str().unwrap();
    provider.post(&format!("/v1/evidence/{insurance}/withdraw"), &json!({})).ok();
    let shown = officer.get(&format!("{path}/eligibility")).ok();
    let expected = [
        ("registered", "outside_registered_service"),
        ("insured", "withdrawn"),
        ("taxes", "too_old"),
        ("own_plan", "rejected"),
    ];
    assert_eq!(outcomes(&shown), pairs(&expected));
}

#[test]
fn an_application_for_a_superseded_rulebook_says_how_to_go_on() {
    let mut scene = Scene::new();
    let begun = scene.begin(&json!({"evidence": all_evidence()})).created();
    let path = format!("/v1/applications/{}", id(&begun));
    let mut next = terms();
    next["requirements"].as_array_mut().unwrap().push(requirement("trade", "trade_register", &json!({})));
    let (rulebook, _) = scene.county.adopt(&scene.kind.id, &next, "2026-11-13".parse().unwrap());
    scene.world.set_day("2026-11-13".parse().unwrap());
    scene.county.renew_tokens();
    scene.provider.renew_token();
    let user = &scene.provider.user;
    let refused = user.post(&format!("{path}/submit"), &json!({})).refused(409, "wrong_state").saying("PUT");
    assert_eq!(refused.errors(), pairs(&[("/rulebook", "superseded"), ("/evidence", "missing")]));
    let shown = user.get(&format!("{path}/eligibility")).ok();
    assert_eq!((&shown["can_be_submitted"], shown["obstacles"].as_array().unwrap().len()), (&json!(false), 2));
    let mut evidence = all_evidence();
    let trade = json!({"requirement": "trade", "reference": "Trade register"});
    evidence.as_array_mut().unwrap().push(trade);
    let moved = user.put_seen(&path, &seen(user, &path), &json!({"evidence": evidence})).ok();
    assert_eq!(moved["rulebook"], rulebook.as_str());
    user.post(&format!("{path}/submit"), &json!({})).ok();
    scene.county.officer.post_seen(&format!("{path}/decision"), "*", &County::decision("approved")).ok();
}

#[test]
fn a_clerk_drafts_and_an_admin_submits_and_withdraws() {
    let scene = Scene::new();
    let admin = &scene.provider.user;
    let members = format!("/v1/providers/{}/members", scene.provider.id);
    for role in ["clerk", "worker"] {
        admin.post(&members, &json!({"subject": role, "role": role})).created();
    }
    let member = |subject: &str| scene.world.user(Role::Provider, subject, None, None);
    let (clerk, worker) = (member("clerk"), member("worker"));
    let body = json!({"unit": scene.unit, "voucher_type": scene.kind.id, "evidence": all_evidence()});
    worker.post("/v1/applications", &body).refused(403, "forbidden");
    let path = format!("/v1/applications/{}", id(&clerk.post("/v1/applications", &body).created()));
    worker.get(&path).ok();
    worker.put_seen(&path, "*", &json!({})).refused(403, "forbidden");
    clerk.put_seen(&path, "*", &json!({})).ok();
    for verb in ["submit", "withdraw"] {
        clerk.post(&format!("{path}/{verb}"), &json!({})).refused(403, "forbidden");
    }
    admin.post(&format!("{path}/submit"), &json!({})).ok();
    admin.post(&format!("{path}/withdraw"), &json!({})).ok();
}
