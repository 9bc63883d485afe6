//! The main way through, told over HTTP: from a county's rulebook to the ledger of a voucher that was used.

use serde_json::{Value, json};

use crate::support::{County, Provider, Resident, VoucherType, World, home_care_terms, localized, price, public_price};

/// One provider of each sector with its offering.
struct Market {
    company: (Provider, String),
    ngo: (Provider, String),
    public: (Provider, String),
}

impl Market {
    fn open(county: &County, home_care: &VoucherType) -> Self {
        Self {
            company: Provider::approved(county, 1, "company", home_care, &price("36.00")),
            ngo: Provider::approved(county, 2, "ngo", home_care, &price("27.00")),
            public: Provider::approved(county, 3, "public", home_care, &public_price("12.40", "44.70")),
        }
    }
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

fn amount(money: &Value) -> &str {
    assert_eq!(money["currency"], "EUR", "{money}");
    money["amount"].as_str().unwrap()
}

/// The kinds and figures of a ledger's entries.
fn entries(ledger: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = ledger["entries"].as_array().unwrap();
    entries.iter().map(|e| (text(&e["kind"]), text(&e["quantity"]), text(&e["amount"]["amount"]))).collect()
}

fn entry(kind: &str, quantity: &str, amount: &str) -> (String, String, String) {
    (kind.into(), quantity.into(), amount.into())
}

#[test]
fn a_resident_picks_among_all_sectors_and_the_hour_delivered_is_on_the_ledger() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let market = Market::open(&county, &home_care);
    let resident = county.client();

    let voucher = the_voucher_is_issued_and_explained(&county, &resident, &home_care);
    the_resident_is_told_and_accepts(&resident, id(&voucher));
    the_choices_show_what_each_would_cost(&resident, id(&voucher), &market);

    let chosen = resident.choose(id(&voucher), &market.company.1).ok();
    assert_eq!(chosen["status"], "chosen");
    assert_eq!(chosen["choice"]["sector"], "company");
    assert_eq!(amount(&chosen["choice"]["price"]["price"]), "36.00");

    the_provider_opens_it_by_its_number_and_records_an_hour(&voucher, &market);
    everyone_sees_their_own_side(&county, &resident, id(&voucher), &market);
}

fn the_voucher_is_issued_and_explained(county: &County, resident: &Resident, home_care: &VoucherType) -> Value {
    let issued = county.ask(resident, home_care, "20", "1650.00").created();
    assert_eq!(issued["outcome"], "granted");
    let voucher = &issued["voucher"];
    // 34 − (1650 − 699) × 35 % / 60 = 28.4525.
    assert_eq!(amount(&voucher["value"]), "28.45");
    assert_eq!(voucher["status"], "offered");
    assert_eq!(voucher["free_of_charge_by_law"], false);
    let allotments = voucher["allotments"].as_array().unwrap();
    let months: Vec<(&str, &str)> =
        allotments.iter().map(|a| (a["from"].as_str().unwrap(), a["until"].as_str().unwrap())).collect();
    assert_eq!(months, [("2026-11-11", "2026-11-30"), ("2026-12-01", "2026-12-30")]);
    assert!(allotments.iter().all(|a| a["granted"] == "20" && a["available"] == "20"), "{voucher}");

    let steps = issued["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["figure"] == "28.45"), "{issued}");
    for step in steps {
        assert!(step["rule"].as_str().unwrap().starts_with("/value/income_reduction"), "{step}");
        for language in ["fi", "sv", "en"] {
            assert!(!step["text"][language].as_str().unwrap().is_empty(), "{step}");
        }
    }
    let decision = resident.user.get(&format!("/v1/decisions/{}", issued["decision"].as_str().unwrap())).ok();
    assert_eq!(decision["kind"], "grant_voucher");
    assert_eq!(decision["steps"], issued["steps"]);
    assert_eq!(decision["inputs"]["facts"]["gross_income_per_month"], "1650.00");
    assert_eq!(decision["rulebook"], home_care.rulebook.as_str());
    assert!(decision.get("decided_by").is_none(), "{decision}");
    voucher.clone()
}

fn the_resident_is_told_and_accepts(resident: &Resident, voucher: &str) {
    let unknown = json!({"information": resident.client});
    resident.user.post(&format!("/v1/vouchers/{voucher}/accept"), &unknown).refused(422, "invalid_input");

    let told = resident.user.post(&format!("/v1/vouchers/{voucher}/information"), &json!({"language": "sv"})).created();
    assert_eq!(told["language"], "sv");
    let information = &told["information"];
    assert_eq!(amount(&information["value"]), "28.45");
    assert_eq!(amount(&information["public_client_fee"]), "12.40");
    let prices = &information["prices"];
    assert_eq!(prices["choices"], 3);
    let range = ["price_lowest", "price_highest", "co_payment_lowest", "co_payment_highest"];
    assert_eq!(range.map(|name| amount(&prices[name])), ["27.00", "36.00", "0.00", "7.55"]);
    assert_eq!(amount(&prices["co_payment_for_quantity_highest"]), "151.00");
    for told_in in ["status", "co_payment_basis", "public_client_fee_basis", "alternatives", "appeal"] {
        assert!(!information[told_in]["sv"].as_str().unwrap().is_empty(), "{told_in}");
    }
    let accepted =
        resident.user.post(&format!("/v1/vouchers/{voucher}/accept"), &json!({"information": told["id"]})).ok();
    assert_eq!(accepted["status"], "accepted");
}

fn the_choices_show_what_each_would_cost(resident: &Resident, voucher: &str, market: &Market) {
    let list = resident.user.get(&format!("/v1/vouchers/{voucher}/choices")).ok();
    assert_eq!(amount(&list["value"]), "28.45");
    assert_eq!(amount(&list["public_client_fee"]), "12.40");
    assert_eq!(list["total"], 3);
    assert_eq!(list["ordered"]["order"], "neutral");
    let option = |offering: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["offering"] == offering).unwrap_or_else(|| panic!("{offering}: {list}"))
    };
    let shares = |of: &Value| {
        ["total", "organiser_pays", "co_payment", "client_fee", "client_pays"].map(|name| amount(&of[name]).to_owned())
    };
    let company = option(&market.company.1);
    assert_eq!(shares(&company["per_unit"]), ["36.00", "28.45", "7.55", "0.00", "7.55"]);
    assert_eq!(shares(&company["for_quantity"]), ["720.00", "569.00", "151.00", "0.00", "151.00"]);
    assert_eq!((&company["sector"], &company["municipality"]), (&json!("company"), &json!("609")));
    let ngo = option(&market.ngo.1);
    assert_eq!(shares(&ngo["per_unit"]), ["27.00", "27.00", "0.00", "0.00", "0.00"]);
    let public = option(&market.public.1);
    assert_eq!(shares(&public["per_unit"]), ["44.70", "0.00", "0.00", "12.40", "12.40"]);
    assert_eq!(shares(&public["for_quantity"])[3..], ["248.00", "248.00"]);

    let cheapest = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?order=co_payment")).ok();
    let sectors: Vec<&Value> = cheapest["items"].as_array().unwrap().iter().map(|item| &item["sector"]).collect();
    assert_eq!(sectors, ["ngo", "company", "public"]);
    for (filter, total) in [("sector=ngo", 1), ("municipality=684", 3), ("municipality=743", 0), ("language=en", 0)] {
        let narrowed = resident.user.get(&format!("/v1/vouchers/{voucher}/choices?{filter}")).ok();
        assert_eq!(narrowed["total"], total, "{filter}");
    }
}

fn the_provider_opens_it_by_its_number_and_records_an_hour(voucher: &Value, market: &Market) {
    let number = voucher["number"].as_str().unwrap();
    let typed = format!(" {} ", number.to_lowercase().replace('-', " "));
    let (provider, offering) = &market.company;
    let opened = provider.user.post("/v1/vouchers/lookup", &json!({"number": typed})).ok();
    assert_eq!(opened["id"], voucher["id"]);
    assert_eq!(opened["choice"]["offering"], offering.as_str());
    let other = market.ngo.0.user.post("/v1/vouchers/lookup", &json!({"number": number}));
    other.refused(404, "not_found");

    let mut delivery = provider.delivery(id(voucher), "1");
    delivery["started_at"] = json!("2026-11-11T06:00:00Z");
    delivery["ended_at"] = json!("2026-11-11T07:00:00Z");
    let recorded = provider.user.post("/v1/service-events", &delivery).created();
    assert_eq!(recorded["available"], "19");
    let event = &recorded["event"];
    let figures = ["value", "total", "organiser_pays", "co_payment", "client_fee"].map(|name| amount(&event[name]));
    assert_eq!(figures, ["28.45", "36.00", "28.45", "7.55", "0.00"]);
    assert!(!event["steps"].as_array().unwrap().is_empty());
}

fn everyone_sees_their_own_side(county: &County, resident: &Resident, voucher: &str, market: &Market) {
    let ledger = resident.ledger(voucher);
    assert_eq!(ledger["available"], "39");
    assert_eq!(
        entries(&ledger),
        [
            entry("granted", "20", "0.00"),
            entry("granted", "20", "0.00"),
            entry("used", "1", "0.00"),
            entry("organiser_share", "0", "28.45"),
            entry("co_payment", "0", "7.55"),
        ]
    );
    for staff in [&county.case_worker, &county.finance, &county.auditor] {
        assert_eq!(staff.get(&format!("/v1/vouchers/{voucher}/ledger")).ok(), ledger);
    }
    let of_provider = market.company.0.user.get(&format!("/v1/vouchers/{voucher}/ledger")).ok();
    assert_eq!(entries(&of_provider).len(), 3);
    assert!(of_provider.get("available").is_none());

    let mine = resident.user.get("/v1/me/vouchers").ok();
    assert_eq!(mine["items"][0]["id"], voucher);
    assert_eq!(mine["items"][0]["status"], "in_use");
    let listed = county.case_worker.get(&format!("/v1/vouchers?client={}&status=in_use", resident.client)).ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    for user in [&resident.user, &county.finance, &market.company.0.user] {
        let events = user.get("/v1/service-events").ok();
        assert_eq!(events["items"].as_array().unwrap().len(), 1);
        assert_eq!(amount(&events["items"][0]["co_payment"]), "7.55");
    }
    assert_eq!(market.ngo.0.user.get("/v1/service-events").ok()["items"], json!([]));
    // The number opens a voucher: the provider knows it from the client, finance and auditors need it for nothing.
    for user in [&market.company.0.user, &county.finance, &county.auditor] {
        assert!(user.get(&format!("/v1/vouchers/{voucher}")).ok().get("number").is_none());
    }
}

#[test]
fn a_price_over_the_ceiling_is_refused_with_the_figure() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let provider = Provider::register(&world, 1, "Dear", "company");
    let unit = provider.unit();
    let application = provider.apply(&unit, &home_care);
    assert!(county.decide(&application, "approved").status < 300);
    let refused = provider.offer(&unit, &home_care, &price("48.01")).refused(422, "price_over_ceiling");
    refused.saying("48.00").saying("48.01");
    let offering = provider.offer(&unit, &home_care, &price("48.00")).created();

    let dearer = json!({"price": price("48.50"), "from": world.today().plus_days(30).to_string()});
    let refused = provider.user.post(&format!("/v1/offerings/{}/prices", id(&offering)), &dearer);
    refused.refused(422, "price_over_ceiling").saying("48.00");
}

#[test]
fn a_unit_is_chosen_only_once_it_is_approved() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let provider = Provider::register(&world, 1, "Eager", "company");
    let unit = provider.unit();
    let application = provider.apply(&unit, &home_care);
    let early = provider.offer(&unit, &home_care, &price("30.00"));
    assert!((400..500).contains(&early.status), "{}", early.text);
    let rejected = county.decide(&application, "rejected");
    assert!(rejected.status < 300, "{}", rejected.text);
    county.decide(&application, "approved").refused(409, "wrong_state");

    let again = provider.apply(&unit, &home_care);
    assert!(county.decide(&again, "approved").status < 300);
    provider.offer(&unit, &home_care, &price("30.00")).created();
    let everyone = world.api.anyone().get(&format!("/v1/choices?voucher_type={}", home_care.id)).ok();
    assert_eq!(everyone["total"], 1);
}

#[test]
fn who_refuses_is_directed_elsewhere_and_the_voucher_is_closed() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (_, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher = county.issue(&resident, &home_care, "20");
    let refused = resident.user.post(&format!("/v1/vouchers/{}/refuse", id(&voucher)), &json!({})).ok();
    assert_eq!(refused["status"], "refused");
    assert_eq!(refused["directed_to"], home_care_terms()["texts"]["alternatives"]);
    resident.choose(id(&voucher), &offering).refused(409, "wrong_state");
    let told = resident.user.post(&format!("/v1/vouchers/{}/information", id(&voucher)), &json!({"language": "fi"}));
    let accept = json!({"information": told.created()["id"]});
    resident.user.post(&format!("/v1/vouchers/{}/accept", id(&voucher)), &accept).refused(409, "wrong_state");
}

#[test]
fn a_change_holds_at_once_before_the_first_service_and_from_the_next_day_after_it() {
    let world = World::start();
    let mut county = County::found(&world);
    let home_care = county.home_care();
    let mut market = Market::open(&county, &home_care);
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &market.company.1);
    let voucher = id(&voucher);

    let changed = resident.choose(voucher, &market.ngo.1).ok();
    assert_eq!(changed["choice"]["from"], "2026-11-11");
    market.company.0.record(voucher, "1").refused(404, "not_found").at("/voucher", "unknown");
    market.ngo.0.record(voucher, "1").created();

    let changed = resident.choose(voucher, &market.company.1).ok();
    assert_eq!((&changed["status"], &changed["next_choice"]["from"]), (&json!("in_use"), &json!("2026-11-12")));
    assert_eq!(changed["choice"]["offering"], market.ngo.1.as_str(), "until then the one who serves goes on");
    // Two changes of mind on one day leave the last one.
    resident.choose(voucher, &market.public.1).ok();
    let last = resident.choose(voucher, &market.company.1).ok();
    assert_eq!(last["next_choice"]["offering"], market.company.1.as_str());
    market.ngo.0.record(voucher, "1").created();
    market.company.0.record(voucher, "1").refused(422, "not_valid_on_day").at("/day", "not_chosen");

    world.set_day(world.today().plus_days(1));
    market.company.0.renew_token();
    market.ngo.0.renew_token();
    county.renew_tokens();
    market.company.0.record(voucher, "2").created();
    market.ngo.0.record(voucher, "1").refused(422, "not_valid_on_day").at("/day", "not_chosen");
    let used: i64 = county.finance.get(&format!("/v1/vouchers/{voucher}")).ok()["allotments"][0]["used"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(used, 4);
}

#[test]
fn a_cancelled_voucher_returns_its_rest_and_keeps_what_was_delivered() {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.home_care();
    let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
    let resident = county.client();
    let voucher = county.chosen_voucher(&resident, &home_care, "20", &offering);
    provider.record(id(&voucher), "2.5").created();

    let reasons = json!({"reasons": localized("Moved to another county")});
    let cancelled = county.case_worker.post(&format!("/v1/vouchers/{}/cancel", id(&voucher)), &reasons).ok();
    assert_eq!(cancelled["status"], "cancelled");
    let ledger = resident.ledger(id(&voucher));
    assert_eq!(ledger["available"], "0");
    let returned: Vec<_> = entries(&ledger).into_iter().filter(|(kind, ..)| kind == "returned").collect();
    assert_eq!(returned, [entry("returned", "17.5", "0.00"), entry("returned", "20", "0.00")]);
    let decision = ledger["entries"].as_array().unwrap().last().unwrap()["decision"].as_str().unwrap();
    let decision = resident.user.get(&format!("/v1/decisions/{decision}")).ok();
    assert_eq!((&decision["kind"], &decision["reasons"]), (&json!("cancel_voucher"), &reasons["reasons"]));
    provider.record(id(&voucher), "1").refused(409, "wrong_state");
    county.case_worker.post(&format!("/v1/vouchers/{}/cancel", id(&voucher)), &reasons).refused(409, "wrong_state");
}

#[test]
fn a_later_rulebook_leaves_vouchers_as_they_were_granted() {
    let world = World::start();
    let mut county = County::found(&world);
    let home_care = county.home_care();
    let before = county.issue(&county.client(), &home_care, "20");
    let mut terms = home_care_terms();
    terms["value"] = json!({"flat": {"value": "30.00"}});
    let tomorrow = world.today().plus_days(1);
    let (next, _) = county.adopt(&home_care.id, &terms, tomorrow);
    let today = county.issue(&county.client(), &home_care, "20");
    assert_eq!(amount(&today["value"]), "28.45");

    world.set_day(tomorrow);
    county.renew_tokens();
    let later = county.issue(&county.client(), &home_care, "20");
    assert_eq!((amount(&later["value"]), &later["rulebook"]), ("30.00", &json!(next)));
    let kept = county.case_worker.get(&format!("/v1/vouchers/{}", id(&before))).ok();
    assert_eq!((amount(&kept["value"]), &kept["rulebook"]), ("28.45", &json!(home_care.rulebook)));
    let in_force = |day: &str| {
        let path = format!("/v1/voucher-types/{}/rulebook?as_of={day}", home_care.id);
        world.api.anyone().get(&path).ok()["id"].as_str().unwrap().to_owned()
    };
    assert_eq!((in_force("2026-11-11"), in_force("2026-11-12")), (home_care.rulebook.clone(), next));
}
