//! Less per period, never less than is used.

use serde_json::json;

use super::{Scene, left, text};

#[test]
fn less_is_granted_from_the_period_of_the_day_on_and_what_is_taken_back_returns() {
    let scene = Scene::set();
    scene.record("6.5").created();
    let done = scene.change("/reduce", &json!({"quantity": "8", "from": "2026-11-11"})).ok();
    assert_eq!((left(&done["voucher"]), text(&done["voucher"], "quantity")), (vec!["1.5", "8"], "8"));
    assert_eq!(scene.moved("returned"), ["12", "12"]);
    let decision = scene.county.case_worker.get(&format!("/v1/decisions/{}", text(&done, "decision"))).ok();
    assert_eq!(text(&decision, "kind"), "reduce_voucher");
    scene.record("2").refused(422, "insufficient_balance");
    scene.record("1.5").created();
    // And more again.
    let done = scene.change("/raise", &json!({"quantity": "10", "from": "2026-12-01"})).ok();
    assert_eq!(left(&done["voucher"]), ["0", "10"]);
    scene.is_sound();
}

#[test]
fn less_than_is_used_is_refused_with_the_figure() {
    let scene = Scene::set();
    scene.record("6.5").created();
    let refused =
        scene.change("/reduce", &json!({"quantity": "6", "from": "2026-11-11"})).refused(422, "invalid_input");
    refused.at("/quantity", "below_used").saying("6.5");
    assert_eq!(scene.moved("returned"), [""; 0]);
    for (members, pointer, code) in [
        (json!({"quantity": "20", "from": "2026-11-11"}), "/quantity", "not_less"),
        (json!({"quantity": "0", "from": "2026-12-01"}), "/quantity", "zero"),
        (json!({"quantity": "7.005", "from": "2026-12-01"}), "/quantity", "not_a_step"),
        (json!({"quantity": "7", "from": "2026-12-21"}), "/from", "outside_validity"),
        (json!({"quantity": "7", "from": "2026-11-10"}), "/from", "outside_validity"),
    ] {
        scene.change("/reduce", &members).refused(422, "invalid_input").at(pointer, code);
    }
    scene.is_sound();
}

#[test]
fn a_voucher_is_used_up_where_nothing_is_left_after_it() {
    let scene = Scene::under(&json!({"grant": {"per": "voucher"}}));
    scene.record("6").created();
    let done = scene.change("/reduce", &json!({"quantity": "6", "from": "2026-11-11"})).ok();
    assert_eq!((text(&done["voucher"], "status"), left(&done["voucher"])), ("used_up", vec!["0"]));
    scene.record("1").refused(409, "wrong_state");
    scene.change("/reduce", &json!({"quantity": "5", "from": "2026-11-11"})).refused(409, "wrong_state");
    scene.is_sound();
}
