//! Texts are in the language that was asked for, or in Finnish, and the answer says which.

use super::*;
use crate::support::User;

fn asked(user: &User, path: &str, language: Option<&str>) -> Answer {
    let headers: Vec<(&str, &str)> = language.map(|language| ("Accept-Language", language)).into_iter().collect();
    user.send("GET", path, &headers, None)
}

#[test]
fn both_lists_speak_the_language_that_is_asked_for_and_say_so() {
    let scene = Scene::new();
    scene.offers(1, "company", &price("36.00"), &json!({}), &json!({"accepts_new_clients": false}));
    let (resident, voucher) = scene.client();
    let anyone = scene.world.api.anyone();
    let anonymous = format!("/v1/choices?voucher_type={}&not_choosable=true", scene.kind.id);
    let mine = format!("/v1/vouchers/{voucher}/choices?not_choosable=true");
    let words = [
        ("fi", "Yksikkö ei ota uusia asiakkaita.", "Järjestys", "The co-payment counts towards no cap (fi)"),
        ("sv", "Enheten tar inte emot nya klienter.", "Ordningen", "The co-payment counts towards no cap (sv)"),
        ("en", "The unit takes no new clients.", "The order", "The co-payment counts towards no cap"),
    ];
    let cases = [
        (None, "fi", None),
        (Some("sv-FI, fi;q=0.5"), "sv", None),
        (Some("fi;q=0.1, en;q=0.9"), "en", None),
        (Some("*"), "fi", None),
        (Some("de, fr;q=0.9"), "fi", Some("de")),
        (Some(";;q=x"), "fi", None),
    ];
    for (language, used, instead_of) in cases {
        for answer in [asked(&anyone, &anonymous, language), asked(&resident.user, &mine, language)] {
            assert_eq!(answer.header("content-language"), Some(used), "{language:?}");
            assert_eq!(answer.header("vary").map(str::to_lowercase).as_deref(), Some("accept-language"));
            let list = answer.ok();
            let told = list["language"].clone();
            assert_eq!(
                (&told["used"], &told["fallback"]),
                (&json!(used), &json!(instead_of.is_some())),
                "{language:?}"
            );
            assert_eq!(told.get("asked"), instead_of.map(|asked| json!(asked)).as_ref());
            let (_, reason, rule, basis) = words.iter().find(|(code, ..)| *code == used).unwrap();
            assert_eq!(list["not_choosable"][0]["reasons"][0]["text"], *reason);
            assert!(list["ordered"]["rule"].as_str().unwrap().starts_with(rule), "{list}");
            assert_eq!(list["co_payment_basis"], *basis);
        }
    }
}

#[test]
fn who_has_the_list_in_one_language_does_not_have_it_in_another() {
    let scene = Scene::new();
    let path = format!("/v1/choices?voucher_type={}", scene.kind.id);
    let get = |language: &str, tag: Option<&str>| {
        let mut headers = vec![("Accept-Language", language)];
        headers.extend(tag.map(|tag| ("If-None-Match", tag)));
        scene.world.api.anyone().send("GET", &path, &headers, None)
    };
    let first = get("sv", None);
    let tag = first.header("etag").unwrap();
    let same = get("sv", Some(tag));
    assert_eq!(same.status, 304);
    assert_eq!(same.header("vary").map(str::to_lowercase).as_deref(), Some("accept-language"));
    assert_eq!(get("en", Some(tag)).ok()["language"]["used"], "en");
}
