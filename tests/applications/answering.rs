//! What was asked is answered before an application is handed in again, and who signs what another has rewritten is told.

use super::*;

impl Scene {
    /// An application about which more is asked.
    fn asked(&self, requirements: &[&str]) -> String {
        let path = self.applied();
        let ask = json!({"text": "Which year is it of?", "due": "2026-11-20", "requirements": requirements});
        self.county.officer.post_seen(&format!("{path}/information-request"), "*", &ask).ok();
        path
    }

    fn hand_in(&self, path: &str, body: &Value) -> Answer {
        self.provider.user.post(&format!("{path}/submit"), body)
    }

    fn rewrite(&self, path: &str, evidence: &Value) {
        self.provider.user.put_seen(path, "*", &json!({"evidence": evidence})).ok();
    }
}

/// The obstacles that a dry run tells: where and what.
fn obstacles(shown: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    shown["obstacles"].as_array().unwrap().iter().map(|one| (text(&one["pointer"]), text(&one["code"]))).collect()
}

#[test]
fn a_question_that_is_not_answered_stands_in_the_way_and_is_shown() {
    let scene = Scene::new();
    let user = &scene.provider.user;
    for requirements in [&[][..], &["own_plan"]] {
        let path = scene.asked(requirements);
        let unanswered = pairs(&[("/answer", "missing_field")]);
        assert_eq!(scene.hand_in(&path, &json!({})).refused(422, "invalid_input").errors(), unanswered);
        scene.hand_in(&path, &json!({"answer": " "})).refused(422, "invalid_input");
        let dry_run = user.get(&format!("{path}/eligibility")).ok();
        assert_eq!((&dry_run["can_be_submitted"], obstacles(&dry_run)), (&json!(false), unanswered));
        let application = user.get(&path).ok();
        for shown in [&dry_run["question"], &application["question"]] {
            assert_eq!((&shown["text"], &shown["due"]), (&json!("Which year is it of?"), &json!("2026-11-20")));
            assert_eq!(shown["requirements"], json!(requirements));
        }
        assert_eq!(user.get(&path).ok()["state"], "more_information");

        assert_eq!(scene.hand_in(&path, &json!({"answer": "Of this one"})).ok()["state"], "submitted");
        assert!(user.get(&path).ok().get("question").is_none());
        assert!(user.get(&format!("{path}/eligibility")).ok().get("question").is_none());
        user.post(&format!("{path}/withdraw"), &json!({})).ok();
    }
}

#[test]
fn other_evidence_for_each_requirement_that_was_asked_about_is_an_answer() {
    let scene = Scene::new();
    let path = scene.asked(&["own_plan", "taxes"]);
    let mut evidence = all_evidence();
    // Something else than what was asked about is no answer, nor is what was there before.
    evidence[1]["reference"] = json!("Policy 2");
    scene.rewrite(&path, &evidence);
    scene.hand_in(&path, &json!({})).refused(422, "invalid_input").at("/answer", "missing_field").saying("own_plan");
    evidence[3]["reference"] = json!("https://provider.example/plan-2");
    scene.rewrite(&path, &evidence);
    scene.hand_in(&path, &json!({})).refused(422, "invalid_input").at("/answer", "missing_field").saying("taxes");
    evidence[2]["issued_on"] = json!("2026-11-02");
    scene.rewrite(&path, &evidence);
    assert_eq!(scene.hand_in(&path, &json!({})).ok()["state"], "submitted");

    // The next question is held against what was handed in last.
    let ask = json!({"text": "And now?", "due": "2026-11-20", "requirements": ["taxes"]});
    scene.county.officer.post_seen(&format!("{path}/information-request"), "*", &ask).ok();
    scene.hand_in(&path, &json!({})).refused(422, "invalid_input").at("/answer", "missing_field");
    evidence[2]["issued_on"] = json!("2026-11-03");
    scene.rewrite(&path, &evidence);
    scene.hand_in(&path, &json!({})).ok();
}

#[test]
fn who_signs_a_version_that_was_read_signs_no_other() {
    let scene = Scene::new();
    let user = &scene.provider.user;
    let begun = scene.begin(&json!({"evidence": all_evidence()})).created();
    let path = format!("/v1/applications/{}", id(&begun));
    let read = seen(user, &path);
    let members = format!("/v1/providers/{}/members", scene.provider.id);
    user.post(&members, &json!({"subject": "clerk", "role": "clerk"})).created();
    let clerk = scene.world.user(Role::Provider, "clerk", None, None);
    let mut evidence = all_evidence();
    evidence[1]["reference"] = json!("Policy 2");
    clerk.put_seen(&path, &read, &json!({"evidence": evidence})).ok();
    let submit = format!("{path}/submit");
    for stale in [&*read, "\"v99\""] {
        user.post_seen(&submit, stale, &json!({})).refused(412, "precondition_failed").saying("draft");
    }
    assert_eq!(user.get(&path).ok()["state"], "draft");
    user.post_seen(&submit, &seen(user, &path), &json!({})).ok();
    let document = user.get(&format!("{path}/document")).ok();
    assert_eq!(document["evidence"][1]["reference"], "Policy 2");
}
