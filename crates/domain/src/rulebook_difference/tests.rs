//! Differences between documents, as tables and as properties of any two.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::rulebook::RulebookTerms;

fn text(words: &str) -> Value {
    json!({"fi": words, "sv": words, "en": words})
}

fn document() -> Value {
    let requirement =
        |code: &str| json!({"code": code, "text": text(code), "source": "569/2009 § 5", "expires": false});
    json!({
        "value": {"flat": {"value": "30.00"}},
        "price_ceiling": {"amount": "48.00"},
        "free_of_charge": null,
        "public_service": {"client_fee": "12.00", "basis": text("b")},
        "grant": {"per": "month", "quantity_max": "10", "validity_days_max": 365},
        "recording": {"days_after_month": 60},
        "requirements": [requirement("register"), requirement("insurance"), requirement("plan")],
        "texts": {"status": text("s"), "co_payment": text("c"), "alternatives": text("a"), "appeal": text("r")},
        "sources": ["fictional"],
    })
}

fn terms() -> RulebookTerms {
    serde_json::from_value(document()).unwrap()
}

fn told(before: &Value, after: &Value) -> Vec<(Part, String, Option<String>, ChangeKind)> {
    difference(before, after)
        .into_iter()
        .map(|change| (change.part, change.pointer, change.pointer_before, change.change))
        .collect()
}

#[test]
fn a_member_of_every_part_is_told_in_the_order_of_the_parts() {
    let mut newer = document();
    newer["price_ceiling"]["amount"] = json!("45.00");
    newer["grant"]["quantity_max"] = json!("12");
    newer["recording"]["days_after_month"] = json!(30);
    newer["co_payment"] = json!({"flat": {"value": "5.00"}});
    let changes = difference(&document(), &newer);
    let places: Vec<(Part, &str)> = changes.iter().map(|change| (change.part, change.pointer.as_str())).collect();
    assert_eq!(
        places,
        [
            (Part::General, "/recording/days_after_month"),
            (Part::Service, "/grant/quantity_max"),
            (Part::Prices, "/co_payment"),
            (Part::Prices, "/price_ceiling/amount"),
        ]
    );
    let ceiling = changes.last().unwrap();
    assert_eq!((&ceiling.before, &ceiling.after), (&Some(json!("48.00")), &Some(json!("45.00"))));
}

#[test]
fn entries_are_known_by_their_code_and_not_by_their_place() {
    let (older, mut newer) = (document(), document());
    let requirements = newer["requirements"].as_array_mut().unwrap();
    requirements.remove(0);
    requirements[1]["expires"] = json!(true);
    requirements.push(json!({"code": "staff", "text": text("staff"), "source": "own", "expires": false}));
    assert_eq!(
        told(&older, &newer),
        [
            (
                Part::General,
                "/requirements/1/expires".to_owned(),
                Some("/requirements/2/expires".to_owned()),
                ChangeKind::Changed
            ),
            (Part::General, "/requirements/2".to_owned(), None, ChangeKind::Added),
            (Part::General, "/requirements/0".to_owned(), None, ChangeKind::Removed),
        ]
    );
}

#[test]
fn entries_in_another_order_are_one_change_of_the_list() {
    let (older, mut newer) = (document(), document());
    newer["requirements"].as_array_mut().unwrap().rotate_left(1);
    assert_eq!(told(&older, &newer), [(Part::General, "/requirements".to_owned(), None, ChangeKind::Reordered)]);
}

#[test]
fn entries_without_a_name_are_compared_by_their_place() {
    let (mut older, mut newer) = (document(), document());
    older["sources"] = json!(["one", "two"]);
    newer["sources"] = json!(["two"]);
    assert_eq!(
        told(&older, &newer),
        [
            (Part::General, "/sources/0".to_owned(), None, ChangeKind::Changed),
            (Part::General, "/sources/1".to_owned(), None, ChangeKind::Removed),
        ]
    );
}

#[test]
fn another_block_is_one_taken_away_and_one_added() {
    let (older, mut newer) = (document(), document());
    newer["value"] = json!({"not_eligible": {"reason": "ended"}});
    assert_eq!(
        told(&older, &newer),
        [
            (Part::Prices, "/value/flat".to_owned(), None, ChangeKind::Removed),
            (Part::Prices, "/value/not_eligible".to_owned(), None, ChangeKind::Added),
        ]
    );
}

#[test]
fn every_member_of_the_terms_has_a_part() {
    // The changes name every member there is: building terms from them would not compile otherwise.
    let schema = serde_json::to_value(<TermsChanges as utoipa::PartialSchema>::schema()).unwrap();
    for member in schema["properties"].as_object().unwrap().keys() {
        assert!(part_of(member).is_some(), "{member}");
    }
    assert_eq!(schema["properties"].as_object().unwrap().len(), MEMBERS.len());
    let general = serde_json::to_value(<GeneralChanges as utoipa::PartialSchema>::schema()).unwrap();
    let of_part: BTreeSet<&str> =
        MEMBERS.iter().filter(|(_, part)| *part == Part::General).map(|(name, _)| *name).collect();
    assert_eq!(general["properties"].as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>(), of_part);
    assert_eq!(part_of("nothing"), None);
}

#[test]
fn named_members_replace_those_of_the_base_and_null_takes_away() {
    let changes = json!({"price_ceiling": null, "sources": ["other"]});
    let changes: TermsChanges = serde_json::from_value(changes).unwrap();
    let newer = terms().with(&changes);
    assert_eq!((newer.price_ceiling.as_ref(), newer.sources.as_slice()), (None, &["other".to_owned()][..]));
    assert_eq!(newer.value, terms().value);
    assert_eq!(terms().with(&TermsChanges::default()), terms());
    assert!(TermsChanges::default().is_empty() && !changes.is_empty());
}

#[test]
fn what_is_no_member_or_cannot_be_null_is_refused() {
    for wrong in [json!({"prices": []}), json!({"value": null}), json!({"texts": null})] {
        assert!(serde_json::from_value::<TermsChanges>(wrong.clone()).is_err(), "{wrong}");
    }
    let other_part = json!({"value": {"flat": {"value": "1.00"}}});
    assert!(serde_json::from_value::<GeneralChanges>(other_part).is_err());
    let general: GeneralChanges = serde_json::from_value(json!({"recording": {"days_after_month": 5}})).unwrap();
    assert_eq!(terms().with(&general.into()).recording.days_after_month, 5);
}

/// Any document that terms could be: members at the top, anything without null below.
fn any_document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0_i32..4).prop_map(Value::from),
        "[ab~/]{0,2}".prop_map(Value::from)
    ];
    let tree = leaf.prop_recursive(4, 40, 4, |inner| {
        let named = ("[a-e]", inner.clone()).prop_map(|(code, value)| json!({"code": code, "value": value}));
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(named, 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-c~/]{1,2}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let member = prop::sample::select(MEMBERS.map(|(name, _)| name).to_vec());
    prop::collection::btree_map(member.prop_map(str::to_owned), tree, 0..6)
        .prop_map(|members| Value::Object(members.into_iter().collect()))
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(document in any_document()) {
        prop_assert_eq!(difference(&document, &document), vec![]);
    }

    #[test]
    fn documents_that_differ_have_a_difference(before in any_document(), after in any_document()) {
        prop_assert_eq!(difference(&before, &after).is_empty(), before == after);
    }

    #[test]
    fn before_and_after_are_what_the_documents_have_there(before in any_document(), after in any_document()) {
        for change in difference(&before, &after) {
            let old = before.pointer(change.pointer_before.as_ref().unwrap_or(&change.pointer));
            let new = after.pointer(&change.pointer);
            match change.change {
                ChangeKind::Added => prop_assert_eq!((&change.before, change.after.as_ref()), (&None, new)),
                ChangeKind::Removed => prop_assert_eq!((change.before.as_ref(), &change.after), (old, &None)),
                ChangeKind::Changed => {
                    prop_assert_eq!((change.before.as_ref(), change.after.as_ref()), (old, new));
                    prop_assert_ne!(change.before, change.after);
                }
                ChangeKind::Reordered => prop_assert!(old.is_some_and(Value::is_array) && new.is_some_and(Value::is_array)),
            }
        }
    }

    #[test]
    fn there_and_back_are_as_many(before in any_document(), after in any_document()) {
        let (there, back) = (difference(&before, &after), difference(&after, &before));
        prop_assert_eq!(there.len(), back.len());
    }
}
