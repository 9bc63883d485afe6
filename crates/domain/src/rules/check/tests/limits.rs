//! How large a rule, its explanation and its texts may be.

use super::refused::{passes, refuses};
use super::*;

#[test]
fn depth_and_size_have_limits() {
    let nested =
        |depth: usize| (1..depth).fold(flat("1.00"), |of, _| json!({"round": {"of": of, "to": "0.01", "how": "up"}}));
    passes([nested(16)]);
    let too_deep = faults(nested(17));
    assert_eq!(too_deep.len(), 1);
    assert_eq!((too_deep[0].pointer.matches("/round/of").count(), too_deep[0].code), (16, "too_deep"));
    // Plain numbers take no steps.
    let row = |n: usize| {
        let mut of = vec![json!({"number": {"is": "1"}}); n];
        of[0] = flat("1.00");
        json!({"product": {"of": of}})
    };
    let wide = |n: usize| json!({"sum": {"of": vec![row(49); n]}});
    passes([wide(39)]);
    refuses([(wide(40), "", "too_many_blocks")]);
}

#[test]
fn a_rule_takes_no_more_steps_than_can_be_kept() {
    let row = |n: usize| json!({"sum": {"of": vec![flat("1.00"); n]}});
    let sum = |last: usize| json!({"sum": {"of": [row(48), row(48), row(last)]}});
    // 1 + 49 + 49 + 1 + 50.
    passes([sum(50)]);
    let one_more = json!({"round": {"of": sum(50), "to": "0.01", "how": "up"}});
    refuses([(one_more.clone(), "", "too_many_steps")]);
    assert!(faults(one_more)[0].detail.contains("151"));
    // Where a rule chooses, only one way is gone.
    let bands = json!({"bands": {"fact": "age", "bands": [{"up_to": "5", "then": row(50)}, {"up_to": "9", "then": row(50)}],
        "above": row(50), "missing": row(50)}});
    passes([json!({"sum": {"of": [bands, row(50), row(45)]}})]);
    refuses([(json!({"sum": {"of": [bands, row(50), row(46)]}}), "", "too_many_steps")]);
    let reduction = json!({"income_reduction": {"minimum": "7.00", "maximum": "34.00", "divisor": 60,
        "households": [{"income_limit": "699.00", "percent": "35"}]}});
    passes([json!({"sum": {"of": [row(48), row(48), row(47), reduction, flat("1.00")]}})]);
    refuses([(
        json!({"sum": {"of": [row(48), row(48), row(47), reduction, flat("1.00"), flat("1.00")]}}),
        "",
        "too_many_steps",
    )]);
}

#[test]
fn names_and_reasons_are_lines() {
    let text = |chars: usize| json!({"fi": "a", "sv": "ä".repeat(chars), "en": "c"});
    let named = |chars| json!({"named": {"text": text(chars), "of": flat("1.00")}});
    let refusal = |chars| {
        bands("age", json!([{"up_to": "5", "then": {"not_eligible": {"reason": "young", "text": text(chars)}}}]))
    };
    passes([named(300), refusal(300)]);
    refuses([
        (named(301), "/named/text/sv", "bad_length"),
        (refusal(301), "/bands/bands/0/then/not_eligible/text/sv", "bad_length"),
    ]);
}
