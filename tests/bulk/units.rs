//! Units in a provider's own file, by the same rules as where they are edited by themselves.

use serde_json::json;
use valinta_domain::policy::Role;
use valinta_persistence::outbox;

use super::{UNITS, errors, figures, import};
use crate::support::{County, Provider, User, World, price, terms_with};

/// A row of the unit, with what it says of its registration and of its closing.
fn row(provider: &Provider, unit: &str, registered: Option<&str>, closed_from: &str) -> String {
    let soteri = registered.map_or(",,".to_owned(), |from| format!("registered,home_care,{from}"));
    format!("{unit},{},Hoiva,,Rantatie 1,28100,Pori,609,,,fi,at_home,,,,,,,,,{soteri},,,,,{closed_from}", provider.id)
}

#[test]
fn what_a_file_says_no_more_is_taken_back_and_a_unit_closes_with_its_notice() {
    let world = World::start();
    let county = County::found(&world);
    let terms = terms_with(&json!({"supervision": {"end_notice_days": 14}}));
    let care = county.publish("home-care", "hour", &terms);
    let (provider, offering) = Provider::approved(&county, 1, "company", &care, &price("36.00"));
    let unit = provider.user.get("/v1/approvals").ok()["items"][0]["unit"].as_str().unwrap().to_owned();
    let day = |days: i64| world.today().plus_days(days).to_string();
    let bring = |registered: Option<&str>, closed_from: &str| {
        import(&provider.user, "service-units", UNITS, &[row(&provider, &unit, registered, closed_from)])
    };
    let pieces = || {
        let list = provider.user.get(&format!("/v1/providers/{}/evidence", provider.id)).ok();
        let all = list["items"].as_array().unwrap().clone();
        all.into_iter().filter(|piece| piece["kind"] == "soteri").collect::<Vec<_>>()
    };
    assert_eq!(figures(&bring(Some(&day(0)), ""))[1], 1);
    assert_eq!((pieces().len(), pieces()[0].get("withdrawn_at")), (1, None));
    assert_eq!(figures(&bring(None, ""))[1], 1);
    assert!(pieces()[0]["withdrawn_at"].is_string(), "the register says it no more");

    let resident = county.client();
    county.chosen_voucher(&resident, &care, "5", &offering);
    let refused = |code: &str| vec![(1, "closed_from".to_owned(), code.to_owned())];
    assert_eq!(errors(&bring(None, &day(13))), refused("too_soon"));
    let members = format!("/v1/providers/{}/members", provider.id);
    provider.user.post(&members, &json!({"subject": "clerk", "role": "clerk"})).created();
    let clerk = world.user(Role::Provider, "clerk", None, None);
    let closing = [row(&provider, &unit, None, &day(14))];
    assert_eq!(errors(&import(&clerk, "service-units", UNITS, &closing)), refused("not_an_admin"));
    let told = || {
        let all = world.db.as_ref().unwrap().read_blocking(|c| outbox::written(c, 1_000)).unwrap();
        all.iter().filter(|message| message.kind.code() == "voucher.must_choose_again").count()
    };
    assert_eq!(told(), 0);
    assert_eq!(figures(&bring(None, &day(14)))[1], 1);
    assert_eq!(told(), 1, "as where the unit is edited by itself");
}

#[test]
fn several_units_are_brought_in_at_once_and_each_closes_by_what_its_own_row_says() {
    let world = World::start();
    let county = County::found(&world);
    let care = county.home_care();
    let (provider, _) = Provider::approved(&county, 1, "company", &care, &price("36.00"));
    let approved = provider.user.get("/v1/approvals").ok()["items"][0]["unit"].as_str().unwrap().to_owned();
    let units = [approved, provider.unit(), provider.unit()];
    let bring = |user: &User, registered: Option<&str>, closed_from: [&str; 3]| {
        let rows = units.iter().zip(closed_from).map(|(unit, day)| row(&provider, unit, registered, day));
        import(user, "service-units", UNITS, &rows.collect::<Vec<_>>())
    };
    let taken_back = || {
        let list = provider.user.get(&format!("/v1/providers/{}/evidence", provider.id)).ok();
        let soteri = list["items"].as_array().unwrap().iter().filter(|piece| piece["kind"] == "soteri");
        soteri.map(|piece| piece["withdrawn_at"].is_string()).collect::<Vec<_>>()
    };
    let today = world.today();
    assert_eq!(figures(&bring(&provider.user, Some(&today.to_string()), ["", "", ""]))[1], 3);
    assert_eq!(taken_back(), [false; 3]);
    assert_eq!(figures(&bring(&provider.user, None, ["", "", ""]))[1], 3);
    assert_eq!(taken_back(), [true; 3]);
    let db = world.db.as_ref().unwrap();
    assert!(valinta_service::approvals::lapse_faults(db, world.clock.now()).unwrap().is_empty());

    // Of what no rulebook is in force for yet, none asks for notice, and of who stays open even less.
    world.set_day(today.plus_days(-1));
    let mut again = provider.clone();
    again.renew_token();
    let day = |days: i64| today.plus_days(days).to_string();
    let came_to = bring(&again.user, None, ["", &day(1), &day(2)]);
    assert_eq!((figures(&came_to)[1], errors(&came_to).len()), (2, 0), "{came_to}");
    assert_eq!(figures(&bring(&again.user, None, [&day(3), &day(1), &day(2)]))[1], 1);
}
