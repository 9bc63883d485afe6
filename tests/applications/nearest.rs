//! What an application takes by itself where nothing meets: what comes nearest, with the reason why that does not suffice.

use super::*;

impl Scene {
    /// A unit whose registration in Soteri is for these services.
    fn registered_for(&self, services: &[&str]) -> String {
        let path = format!("/v1/providers/{}/units", self.provider.id);
        id(&self.provider.user.post(&path, &registered_unit(services)).created()).to_owned()
    }

    /// Gives evidence of the whole provider.
    fn give(&self, body: &Value) -> String {
        let path = format!("/v1/providers/{}/evidence", self.provider.id);
        id(&self.provider.user.post(&path, body).created()).to_owned()
    }

    /// How an application stands, for its provider.
    fn dry_run(&self, path: &str) -> Value {
        self.provider.user.get(&format!("{path}/eligibility")).ok()
    }
}

fn registered_unit(services: &[&str]) -> Value {
    let mut unit = Provider::unit_request("Kaisla");
    unit["soteri"] = soteri(services);
    unit
}

fn codes(of: &Value) -> Vec<String> {
    of.as_array().unwrap().iter().map(|one| one["requirement"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_unit_that_is_registered_for_something_else_is_told_so_and_not_that_nothing_was_shown() {
    let scene = Scene::new();
    let user = &scene.provider.user;
    let unit = scene.registered_for(&["home_care"]);
    let begun = user.post("/v1/applications", &json!({"unit": unit, "voucher_type": scene.kind.id})).created();
    assert_eq!(codes(&begun["evidence"]), ["registered"]);
    let path = format!("/v1/applications/{}", id(&begun));
    let shown = scene.dry_run(&path);
    let finding = &shown["findings"][0];
    assert_eq!((&finding["outcome"], &finding["standing"]), (&json!("outside_registered_service"), &json!("not_met")));
    let words = [
        ("fi", "Vaatimus ”registered (fi)”: yksikön rekisteröinnistä puuttuu: meals"),
        ("sv", "Kravet ”registered (sv)”: enhetens registrering omfattar inte: meals"),
        ("en", "Requirement “registered”: the unit is not registered for: meals"),
    ];
    for (language, expected) in words {
        assert_eq!(finding["explanation"][language], expected);
    }
    // What is shown and does not suffice stands in no one's way; what is not shown does, and its words are quoted.
    assert_eq!(codes(&shown["obstacles"]), ["insured", "taxes", "own_plan"]);
    assert_eq!(shown["obstacles"][0]["detail"], "insured: Requirement “insured”: no evidence given");

    let unit_path = format!("/v1/service-units/{unit}");
    user.put_seen(&unit_path, "*", &registered_unit(&["meals", "home_care"])).ok();
    let put = user.put_seen(&path, "*", &json!({})).ok();
    assert_eq!(put["evidence"][0]["soteri"]["services"], json!(["meals", "home_care"]));
    assert_eq!(scene.dry_run(&path)["findings"][0]["outcome"], "met");
}

#[test]
fn what_has_expired_or_was_refused_is_taken_where_there_is_nothing_better_and_judged_as_if_named_by_hand() {
    let scene = Scene::new();
    let (user, officer) = (&scene.provider.user, &scene.county.officer);
    let expired = scene.give(&json!({
        "kind": "liability_insurance", "reference": "Policy 0", "valid_from": "2025-01-01", "valid_until": "2026-11-10",
    }));
    let undated = scene.give(&json!({"kind": "tax_certificate", "reference": "Certificate 0"}));
    let mut evidence = all_evidence();
    evidence[1] = json!({"requirement": "insured", "evidence": expired});
    evidence[2] = json!({"requirement": "taxes", "evidence": undated});
    let begun = scene.begin(&json!({"evidence": evidence})).created();
    let by_hand = format!("/v1/applications/{}", id(&begun));
    let plan = begun["evidence"][3]["evidence"].as_str().unwrap();
    // A day that the rulebook asks for is wanted before anything is handed in.
    user.post(&format!("{by_hand}/submit"), &json!({}))
        .refused(422, "invalid_input")
        .at("/evidence/2/issued_on", "missing");
    let dated =
        scene.give(&json!({"kind": "tax_certificate", "reference": "Certificate 1", "issued_on": "2026-06-01"}));
    evidence[2]["evidence"] = json!(dated);
    user.put_seen(&by_hand, "*", &json!({"evidence": evidence})).ok();
    user.post(&format!("{by_hand}/submit"), &json!({})).ok();
    // The county knows the provider now, and looks.
    let refused = json!({"outcome": "rejected", "note": "No plan there"});
    officer.post(&format!("/v1/evidence/{plan}/checks"), &refused).created();
    let named = scene.dry_run(&by_hand);
    user.post(&format!("{by_hand}/withdraw"), &json!({})).ok();

    let by_itself = format!("/v1/applications/{}", id(&scene.begin(&json!({})).created()));
    let taken = scene.dry_run(&by_itself);
    // The certificate that only lacks its day is nearer than one that is too old; its day is wanted first.
    let expected =
        pairs(&[("registered", "met"), ("insured", "expired"), ("taxes", "no_issue_day"), ("own_plan", "rejected")]);
    assert_eq!(outcomes(&taken), expected);
    assert_eq!(codes(&taken["obstacles"]), ["taxes"]);
    user.post(&format!("/v1/evidence/{undated}/withdraw"), &json!({})).ok();
    user.put_seen(&by_itself, "*", &json!({})).ok();
    let taken = scene.dry_run(&by_itself);
    assert_eq!(taken["findings"], named["findings"]);
    assert_eq!((&taken["can_be_submitted"], &taken["obstacles"]), (&json!(true), &json!([])));

    // Better evidence is taken as soon as there is some.
    scene.give(&json!({"kind": "liability_insurance", "reference": "Policy 1", "valid_until": "2027-10-31"}));
    user.put_seen(&by_itself, "*", &json!({})).ok();
    assert_eq!(scene.dry_run(&by_itself)["findings"][1]["outcome"], "met");
    user.post(&format!("{by_itself}/submit"), &json!({})).ok();
    let decision = officer.post_seen(&format!("{by_itself}/decision"), "*", &County::decision("approved"));
    let expected = pairs(&[("/outcome", "too_old"), ("/outcome", "rejected")]);
    let told = decision.refused(422, "rule_error").saying("Requirement “own_plan”: the evidence was not accepted");
    assert_eq!(told.errors(), expected);
}
