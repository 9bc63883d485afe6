//! Equal treatment: one case, told for a public unit, a company and an association with the same facts, comes out the
//! same way at every step, in the same words of all three languages, and stands in the same place of every worklist.
//!
//! The law makes one difference, and only one: what is charged. A company or an association asks a price, and the voucher
//! pays its part of it; of a county's own unit the client pays the client fee (569/2009, 734/1992; FIELD §1). So what a
//! thing costs, and who pays it, is taken out of the answers before they are compared, as is the sector's own name.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use valinta_domain::policy::Role;

use crate::support::{
    Answer, County, Provider, Resident, User, VoucherType, World, localized, price, public_price, terms_with,
};

const SECTORS: [&str; 3] = ["public", "company", "ngo"];

/// What an offering charges and who pays it: the one difference that the law makes.
const CHARGING: [&str; 9] = [
    "price",
    "prices",
    "per_unit",
    "for_quantity",
    "total",
    "organiser_pays",
    "co_payment",
    "client_fee",
    "client_pays",
];

/// What differs by itself: the sector's own name, a voucher's number, and hashes of what has ids in it.
const OF_ITSELF: [&str; 4] = ["sector", "number", "submitted_sha256", "sha256"];

/// A case as it is told for one sector.
struct Tale {
    sector: &'static str,
    world: World,
    county: County,
    home_care: VoucherType,
    provider: Provider,
    unit: String,
    /// Every answer, without what differs by itself: ids by the order in which they appear, and the sector's name.
    told: Vec<(String, Value)>,
    ids: BTreeMap<String, usize>,
    minutes: i64,
}

impl Tale {
    fn begin(sector: &'static str) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.publish("home-care", "hour", &terms());
        let provider = Provider::register(&world, 1, "Esimerkki", sector);
        let unit = provider.unit();
        Self { sector, world, county, home_care, provider, unit, told: Vec::new(), ids: BTreeMap::new(), minutes: 0 }
    }

    /// Sends a call and tells what came of it. Each call has a moment of its own, so that all is in one order.
    fn tell(&mut self, what: &str, user: &User, method: &str, path: &str, body: &Value) -> Value {
        self.minutes += 1;
        let day = self.world.today();
        self.world.set_moment(&format!("{day}T{:02}:{:02}:00Z", 8 + self.minutes / 60, self.minutes % 60));
        let key = format!("key-{}-{}", self.told.len(), self.sector);
        let headers = [("Idempotency-Key", key.as_str()), ("If-Match", "*")];
        let answer = match method {
            "GET" => user.get(path),
            _ => user.send(method, path, &headers, Some(&body.to_string())),
        };
        self.note(what, &answer);
        answer.body
    }

    fn note(&mut self, what: &str, answer: &Answer) {
        assert!(answer.status < 500, "{what}: {}", answer.text);
        let told = json!({"status": answer.status, "body": self.without_what_differs(&answer.body)});
        self.told.push((what.to_owned(), told));
    }

    fn without_what_differs(&mut self, of: &Value) -> Value {
        match of {
            Value::String(text) => Value::String(self.without_ids(text)),
            Value::Array(items) => items.iter().map(|item| self.without_what_differs(item)).collect(),
            Value::Object(members) => {
                let mut kept = Map::new();
                for (name, member) in members {
                    if !CHARGING.contains(&name.as_str()) && !OF_ITSELF.contains(&name.as_str()) {
                        kept.insert(name.clone(), self.without_what_differs(member));
                    }
                }
                Value::Object(kept)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => of.clone(),
        }
    }

    /// Each id in a text becomes the place of its first appearance in the tale.
    fn without_ids(&mut self, text: &str) -> String {
        const LENGTH: usize = 36;
        let mut kept = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let candidate = rest.get(..LENGTH).filter(|candidate| is_id(candidate));
            let taken = match candidate {
                Some(id) => {
                    let next = self.ids.len();
                    let place = self.ids.entry(id.to_owned()).or_insert(next);
                    kept.push_str(&format!("<{place}>"));
                    LENGTH
                }
                None => {
                    kept.push(first);
                    first.len_utf8()
                }
            };
            rest = &rest[taken..];
        }
        kept
    }

    /// The clock moves, and everyone comes back.
    fn pass(&mut self, days: i64) {
        self.world.set_day(self.world.today().plus_days(days));
        self.minutes = 0;
        self.county.renew_tokens();
        self.provider.renew_token();
    }

    fn member(&self) -> User {
        self.provider.user.clone()
    }

    fn officer(&self) -> User {
        self.county.officer.clone()
    }

    fn price(&self) -> Value {
        if self.sector == "public" { public_price("5.00", "27.00") } else { price("27.00") }
    }
}

fn is_id(text: &str) -> bool {
    text.bytes().enumerate().all(|(i, byte)| match i {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase(),
    })
}

fn terms() -> Value {
    let asked = |code: &str, expires: bool| json!({"code": code, "kind": code, "text": localized(code), "source": "569/2009 § 5", "expires": expires});
    terms_with(&json!({
        "requirements": [asked("prepayment_register", false), asked("liability_insurance", true)],
        "supervision": {"hearing_days": 3},
    }))
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id: {of}")).to_owned()
}

/// How the application goes, step by step, that every tale begins with.
const APPLICATION: [&str; 14] = [
    "begin 201",
    "what is missing 200",
    "submit too early 422",
    "complete 200",
    "submit 200",
    "worklist 200",
    "ask for more 200",
    "approve too early 409",
    "answer 200",
    "submit again without a word 422",
    "submit again 200",
    "approve 200",
    "decision 200",
    "history 200",
];
const SEEN: [&str; 5] = ["approval 200", "approval 200", "approvals 200", "choices 200", "desk 200"];
const HEARD: [&str; 5] = ["deadlines 200", "decide unheard 409", "reply 200", "decide 200", "decision 200"];

/// That the same was told for every sector, after the application and as it should go.
fn told_alike(expected: &[&[&str]], tell: impl Fn(&mut Tale)) {
    let tales = SECTORS.map(|sector| {
        let mut tale = Tale::begin(sector);
        tell(&mut tale);
        tale
    });
    let [first, others @ ..] = &tales;
    let went: Vec<String> = first.told.iter().map(|(what, told)| format!("{what} {}", told["status"])).collect();
    let expected: Vec<&str> = APPLICATION.iter().chain(expected.iter().copied().flatten()).copied().collect();
    assert_eq!(went, expected, "the tale does not go as it should");
    for other in others {
        for (one, same) in first.told.iter().zip(&other.told) {
            assert_eq!(one, same, "{} and {} are not treated alike", first.sector, other.sector);
        }
        assert_eq!(first.told.len(), other.told.len());
    }
}

#[test]
fn an_application_is_handled_alike_whoever_applies() {
    told_alike(&[], |tale| {
        an_application_that_misses_something(tale);
    });
}

/// Begins without an insurance, is told what is missing, hands it in, is asked for more and is approved.
fn an_application_that_misses_something(tale: &mut Tale) -> String {
    let (member, officer) = (tale.member(), tale.officer());
    let register = json!({"requirement": "prepayment_register", "reference": "Register entry"});
    let begin = json!({"unit": tale.unit, "voucher_type": tale.home_care.id, "evidence": [register]});
    let begun = tale.tell("begin", &member, "POST", "/v1/applications", &begin);
    let at = |verb: &str| format!("/v1/applications/{}{verb}", id(&begun));
    tale.tell("what is missing", &member, "GET", &at("/eligibility"), &Value::Null);
    tale.tell("submit too early", &member, "POST", &at("/submit"), &json!({}));
    let until = tale.world.today().plus_days(20).to_string();
    let insurance = json!({"requirement": "liability_insurance", "reference": "Policy 1", "valid_until": until});
    tale.tell("complete", &member, "PUT", &at(""), &json!({"evidence": [register, insurance]}));
    tale.tell("submit", &member, "POST", &at("/submit"), &json!({}));
    tale.tell("worklist", &officer, "GET", "/v1/applications?state=submitted", &Value::Null);
    let asked = json!({"text": "Is the insurance valid abroad?", "due": tale.world.today().plus_days(7).to_string()});
    tale.tell("ask for more", &officer, "POST", &at("/information-request"), &asked);
    tale.tell("approve too early", &officer, "POST", &at("/decision"), &approval());
    tale.tell("answer", &member, "PUT", &at(""), &json!({"evidence": [register, insurance]}));
    tale.tell("submit again without a word", &member, "POST", &at("/submit"), &json!({}));
    let answer = json!({"answer": "It is valid in Finland alone."});
    tale.tell("submit again", &member, "POST", &at("/submit"), &answer);
    let decided = tale.tell("approve", &officer, "POST", &at("/decision"), &approval());
    assert_eq!(decided["outcome"], "approved", "{decided}");
    let decision = format!("/v1/decisions/{}", decided["decision"].as_str().unwrap());
    tale.tell("decision", &member, "GET", &decision, &Value::Null);
    tale.tell("history", &member, "GET", &at(""), &Value::Null);
    id(&decided["approval"])
}

fn approval() -> Value {
    json!({"outcome": "approved", "reasons": localized("As the evidence shows")})
}

#[test]
fn a_lapse_comes_and_goes_alike_for_every_sector() {
    let expected: &[&[&str]] = &[
        &["offer 201", "price 201", "choices 200", "lapses soon 200"],
        &SEEN,
        &["choose 422", "lapsed 200", "renew 201", "to check 200", "reject 201", "choose 422", "accept 201"],
        &SEEN,
        &["choose 200"],
    ];
    told_alike(expected, |tale| {
        let approval = an_application_that_misses_something(tale);
        let offering = it_offers(tale);
        let (resident, voucher) = a_resident(tale);
        let choice = format!("/v1/vouchers/{voucher}/choice");
        tale.tell("lapses soon", &tale.officer(), "GET", "/v1/desk/evidence?list=lapsing", &Value::Null);
        tale.pass(21);
        let user = renewed(tale, &resident);
        what_everyone_sees(tale, &approval);
        tale.tell("choose", &user, "PUT", &choice, &json!({"offering": offering}));
        tale.tell("lapsed", &tale.officer(), "GET", "/v1/desk/evidence?list=lapsed", &Value::Null);

        let until = tale.world.today().plus_days(100).to_string();
        let insurance = json!({"kind": "liability_insurance", "reference": "Policy 2", "valid_until": until});
        let evidence = format!("/v1/providers/{}/evidence", tale.provider.id);
        let given = tale.tell("renew", &tale.member(), "POST", &evidence, &insurance);
        tale.tell("to check", &tale.officer(), "GET", "/v1/desk/evidence", &Value::Null);
        let checks = format!("/v1/evidence/{}/checks", id(&given));
        let rejected = json!({"outcome": "rejected", "note": "The policy names another unit"});
        let looked = tale.tell("reject", &tale.officer(), "POST", &checks, &rejected);
        tale.tell("choose", &user, "PUT", &choice, &json!({"offering": offering}));
        let accepted = json!({"outcome": "accepted", "replaces": looked["checks"][0]["id"]});
        tale.tell("accept", &tale.officer(), "POST", &checks, &accepted);
        what_everyone_sees(tale, &approval);
        let chosen = tale.tell("choose", &user, "PUT", &choice, &json!({"offering": offering}));
        assert_eq!(chosen["status"], "chosen", "{chosen}");
    });
}

#[test]
fn supervision_goes_the_same_way_for_every_sector() {
    let expected: &[&[&str]] = &[
        &["offer 201", "price 201", "choices 200", "choose 200"],
        &["finding 201", "deadlines 200", "answer 200", "close 200"],
        &["notice 201"],
        &HEARD,
        &SEEN,
        &["warning 201"],
        &HEARD,
        &SEEN,
        &["suspension 201"],
        &HEARD,
        &SEEN,
        &["choose 422", "record 422", "lift 200"],
        &SEEN,
        &["cancellation 201"],
        &HEARD,
        &SEEN,
        &["choose 422", "record 422"],
    ];
    told_alike(expected, |tale| {
        let approval = an_application_that_misses_something(tale);
        let offering = it_offers(tale);
        let (resident, voucher) = a_resident(tale);
        let choice = format!("/v1/vouchers/{voucher}/choice");
        tale.tell("choose", &resident.user, "PUT", &choice, &json!({"offering": offering}));
        a_finding(tale);
        for (step, effect) in [
            ("notice", json!({})),
            ("warning", json!({"deadline": tale.world.today().plus_days(5).to_string()})),
            ("suspension", json!({"vouchers_in_use": "must_move"})),
        ] {
            a_measure(tale, &approval, step, &effect);
        }
        let user = renewed(tale, &resident);
        tale.tell("choose", &user, "PUT", &choice, &json!({"offering": offering}));
        let record = json!({"voucher": voucher, "day": tale.world.today().to_string(), "quantity": "1"});
        tale.tell("record", &tale.member(), "POST", "/v1/service-events", &record);
        let lift = json!({"reasons": localized("All is well again")});
        tale.tell("lift", &tale.officer(), "POST", &format!("/v1/approvals/{approval}/resume"), &lift);
        what_everyone_sees(tale, &approval);
        a_measure(tale, &approval, "cancellation", &json!({}));
        let user = renewed(tale, &resident);
        tale.tell("choose", &user, "PUT", &choice, &json!({"offering": offering}));
        tale.tell("record", &tale.member(), "POST", "/v1/service-events", &record);
    });
}

#[test]
fn danger_and_an_end_at_its_own_wish_come_the_same_way_for_every_sector() {
    let expected: &[&[&str]] =
        &[&["offer 201", "price 201", "danger 201", "reply 200", "decision 200"], &SEEN, &["end 200"], &SEEN];
    told_alike(expected, |tale| {
        let approval = an_application_that_misses_something(tale);
        it_offers(tale);
        let path = format!("/v1/approvals/{approval}");
        let danger = json!({
            "step": "suspension", "grounds": "danger", "vouchers_in_use": "may_finish",
            "reasons": localized("Clients are in danger"), "until": tale.world.today().plus_days(2).to_string(),
        });
        let imposed = tale.tell("danger", &tale.officer(), "POST", &format!("{path}/measures"), &danger);
        assert_eq!(imposed["state"], "imposed", "{imposed}");
        let reply = json!({"text": "It was put right the same day"});
        tale.tell("reply", &tale.member(), "POST", &format!("/v1/measures/{}/reply", id(&imposed)), &reply);
        decision_of(tale, &imposed);
        what_everyone_sees(tale, &approval);
        let from = tale.world.today().plus_days(4).to_string();
        let ended = tale.tell("end", &tale.member(), "POST", &format!("{path}/end"), &json!({"from": from}));
        assert_eq!(ended["approval"]["state"], "ended", "{ended}");
        tale.pass(4);
        what_everyone_sees(tale, &approval);
    });
}

/// A finding with a deadline that is answered and closed.
fn a_finding(tale: &mut Tale) {
    let (member, officer) = (tale.member(), tale.officer());
    let finding = json!({
        "provider": tale.provider.id, "unit": tale.unit, "subject": "records",
        "description": "Visits are not written down", "deadline": tale.world.today().plus_days(10).to_string(),
    });
    let found = tale.tell("finding", &officer, "POST", "/v1/findings", &finding);
    tale.tell("deadlines", &officer, "GET", "/v1/desk/deadlines", &Value::Null);
    let at = |verb: &str| format!("/v1/findings/{}/{verb}", id(&found));
    tale.tell("answer", &member, "POST", &at("answer"), &json!({"text": "They are from now on"}));
    tale.tell("close", &officer, "POST", &at("close"), &json!({"conclusion": "Put right"}));
}

/// A step of the ladder with its hearing: opened, too early to decide, heard, imposed.
fn a_measure(tale: &mut Tale, approval: &str, step: &str, effect: &Value) {
    // What was warned of has its time first.
    tale.pass(6);
    let open = json!({"step": step, "grounds": "breach", "reasons": localized("Visits are not written down")});
    let opened = tale.tell(step, &tale.officer(), "POST", &format!("/v1/approvals/{approval}/measures"), &open);
    let at = |verb: &str| format!("/v1/measures/{}/{verb}", id(&opened));
    tale.tell("deadlines", &tale.officer(), "GET", "/v1/desk/deadlines", &Value::Null);
    let mut decision = json!({"outcome": "imposed", "reasons": localized("They still are not")});
    for (name, value) in effect.as_object().unwrap() {
        decision[name] = value.clone();
    }
    if step == "warning" {
        decision["deadline"] = json!(tale.world.today().plus_days(5).to_string());
    }
    if ["suspension", "cancellation"].contains(&step) {
        decision["from"] = json!(tale.world.today().to_string());
    }
    tale.tell("decide unheard", &tale.officer(), "POST", &at("decision"), &decision);
    tale.tell("reply", &tale.member(), "POST", &at("reply"), &json!({"text": "We do our best"}));
    let decided = tale.tell("decide", &tale.officer(), "POST", &at("decision"), &decision);
    assert_eq!(decided["measure"]["state"], "imposed", "{step}: {decided}");
    decision_of(tale, &decided["measure"]);
    what_everyone_sees(tale, approval);
}

fn decision_of(tale: &mut Tale, measure: &Value) {
    let path = format!("/v1/decisions/{}", measure["decision"].as_str().unwrap());
    let decision = tale.tell("decision", &tale.member(), "GET", &path, &Value::Null);
    assert!(!decision["steps"].as_array().unwrap().is_empty(), "{decision}");
}

fn it_offers(tale: &mut Tale) -> String {
    let body = json!({"unit": tale.unit, "voucher_type": tale.home_care.id, "price": tale.price()});
    let offered = tale.tell("offer", &tale.member(), "POST", "/v1/offerings", &body);
    let dearer = json!({"price": tale.price(), "from": tale.world.today().plus_days(30).to_string()});
    tale.tell("price", &tale.member(), "POST", &format!("/v1/offerings/{}/prices", id(&offered)), &dearer);
    id(&offered)
}

/// A resident with a voucher that they have accepted.
fn a_resident(tale: &mut Tale) -> (Resident, String) {
    let resident = tale.county.client();
    let voucher = id(&tale.county.issue(&resident, &tale.home_care, "20"));
    resident.accept(&voucher);
    let choices = format!("/v1/vouchers/{voucher}/choices");
    let list = tale.tell("choices", &resident.user.clone(), "GET", &choices, &Value::Null);
    assert_eq!(list["total"], 1, "{list}");
    (resident, voucher)
}

/// The resident with a token of the present moment.
fn renewed(tale: &Tale, resident: &Resident) -> User {
    tale.world.site.user(Role::Resident, "resident", None, Some(&resident.person))
}

/// The approval as its provider and its officer see it, the list of choices, and the worklists.
fn what_everyone_sees(tale: &mut Tale, approval: &str) {
    let path = format!("/v1/approvals/{approval}");
    tale.tell("approval", &tale.member(), "GET", &path, &Value::Null);
    tale.tell("approval", &tale.officer(), "GET", &path, &Value::Null);
    tale.tell("approvals", &tale.member(), "GET", "/v1/approvals", &Value::Null);
    let choices = format!("/v1/choices?voucher_type={}", tale.home_care.id);
    tale.tell("choices", &tale.world.site.api.anyone(), "GET", &choices, &Value::Null);
    tale.tell("desk", &tale.officer(), "GET", "/v1/desk", &Value::Null);
}

/// The three ways to put the sectors in which each stands once in every place.
const TURNS: [[&str; 3]; 3] =
    [["public", "company", "ngo"], ["company", "ngo", "public"], ["ngo", "public", "company"]];

#[test]
fn worklists_go_by_what_waits_and_not_by_whose_it_is() {
    for sectors in TURNS {
        let orders = worklists_of(sectors);
        assert_eq!(orders, [[0, 1, 2], [2, 0, 1], [2, 1, 0], [0, 1, 2]], "{sectors:?}");
    }
}

/// In which order the worklists have three providers: applications, evidence that lapses, deadlines, evidence to check.
fn worklists_of(sectors: [&'static str; 3]) -> [[usize; 3]; 4] {
    let world = World::start();
    let county = County::found(&world);
    let home_care = county.publish("home-care", "hour", &terms());
    let later = |minutes: i64| world.set_moment(&format!("{}T09:{minutes:02}:00Z", world.today()));
    let mut minute = 0;
    let mut next_minute = || {
        minute += 1;
        later(minute);
    };
    let providers: Vec<(Provider, String, String)> = (1..)
        .zip(sectors)
        .map(|(n, sector)| {
            next_minute();
            let provider = Provider::register(&world, n, "Esimerkki", sector);
            let unit = provider.unit();
            // Which lapses first is another order than who came first.
            let until = world.today().plus_days([12, 15, 9][usize::try_from(n).unwrap() - 1]).to_string();
            let begin = json!({"unit": unit, "voucher_type": home_care.id, "evidence": [
                {"requirement": "prepayment_register", "reference": "Register entry"},
                {"requirement": "liability_insurance", "reference": "Policy", "valid_until": until},
            ]});
            let begun = provider.user.post("/v1/applications", &begin).created();
            provider.user.post(&format!("/v1/applications/{}/submit", id(&begun)), &json!({})).ok();
            (provider, unit, id(&begun))
        })
        .collect();
    let order = |path: &str| -> [usize; 3] {
        let list = county.officer.get(path).ok();
        let places: Vec<usize> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| providers.iter().position(|(provider, ..)| item["provider"] == provider.id.as_str()).unwrap())
            .collect();
        places.try_into().unwrap_or_else(|places| panic!("{path}: {places:?}: {list}"))
    };
    let applications = order("/v1/desk/applications");
    for (_, _, application) in &providers {
        county.decide(application, "approved").ok();
    }
    let lapsing = order("/v1/desk/evidence?list=lapsing");
    for (days, (provider, unit, _)) in (1..4).rev().zip(&providers) {
        next_minute();
        let finding = json!({
            "provider": provider.id, "unit": unit, "subject": "records", "description": "Visits are not written down",
            "deadline": world.today().plus_days(days).to_string(),
        });
        county.officer.post("/v1/findings", &finding).created();
        let insurance = json!({"kind": "liability_insurance", "reference": "Policy 2", "valid_until": "2027-12-31"});
        provider.user.post(&format!("/v1/providers/{}/evidence", provider.id), &insurance).created();
    }
    [applications, lapsing, order("/v1/desk/deadlines"), order("/v1/desk/evidence")]
}
