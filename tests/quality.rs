//! What is told of how offerings have served: of five clients and more, once a day, and of nobody's places in a list.

use serde_json::{Value, json};
use valinta_domain::Day;
use valinta_domain::policy::Role;
use valinta_service::deadlines::run_once;

use crate::support::{County, Provider, Resident, VoucherType, World, price};

struct Scene {
    world: World,
    county: County,
    home_care: VoucherType,
    provider: Provider,
    offering: String,
    begun: Day,
}

impl Scene {
    fn set() -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.home_care();
        let (provider, offering) = Provider::approved(&county, 1, "company", &home_care, &price("36.00"));
        let begun = world.today();
        Self { world, county, home_care, provider, offering, begun }
    }

    /// Lets so many days have passed, and everyone have a token of that day.
    fn day(&mut self, days: i64) {
        self.world.set_day(self.begun.plus_days(days));
        self.county.renew_tokens();
        self.provider.renew_token();
    }

    /// A client who has chosen the offering, and the voucher.
    fn chooses(&self) -> (Resident, String) {
        let resident = self.county.client();
        let voucher = self.county.chosen_voucher(&resident, &self.home_care, "20", &self.offering);
        (resident, voucher["id"].as_str().unwrap().to_owned())
    }

    /// What is told of the offering in the list that everyone sees.
    fn told(&self) -> Value {
        let list = self.world.api.anyone().get(&format!("/v1/choices?voucher_type={}", self.home_care.id)).ok();
        let items = list["items"].as_array().unwrap();
        items.iter().find(|item| item["offering"] == self.offering.as_str()).unwrap()["quality"].clone()
    }

    fn revision(&self) -> Value {
        self.world.api.anyone().get(&format!("/v1/choices?voucher_type={}", self.home_care.id)).ok()["revision"].clone()
    }

    /// How many offerings something else is told of, after the day's look.
    fn looks(&self) -> usize {
        run_once(&self.world.apps[0]).unwrap().quality
    }
}

#[test]
fn four_clients_hide_what_the_fifth_shows() {
    let mut scene = Scene::set();
    let four: Vec<(Resident, String)> = (0..4).map(|_| scene.chooses()).collect();
    scene.day(2);
    for (_, voucher) in &four {
        scene.provider.record(voucher, "1").created();
    }
    // A second service of one client is no second client.
    scene.provider.record(&four[0].1, "1").created();
    scene.day(3);
    let before = scene.revision();
    assert_eq!((scene.looks(), scene.told()), (0, Value::Null));
    assert_eq!(scene.revision(), before, "what is not told changes no list");
    let (_, fifth) = scene.chooses();
    scene.provider.record(&fifth, "1").created();
    assert_eq!((scene.looks(), scene.told()), (0, Value::Null), "a day is looked at when it is over");

    scene.day(4);
    let before = scene.revision();
    assert_eq!(scene.looks(), 1);
    let told = json!({
        "window_days": 365,
        "first_service": {"median_days": 2, "clients": 5},
        "changed_provider": {"percent": 0, "clients": 5},
    });
    assert_eq!(scene.told(), told);
    let shown = scene.revision();
    assert_ne!(shown, before);
    assert_eq!(scene.looks(), 0, "once a day");
    scene.day(5);
    assert_eq!((scene.looks(), scene.told(), scene.revision()), (0, told, shown), "the same figures are no change");
    // In one's own list too, and held against one's voucher.
    let own = scene.county.issue(&scene.county.client(), &scene.home_care, "1");
    let path = format!("/v1/vouchers/{}/choices", own["id"].as_str().unwrap());
    let listed = scene.county.case_worker.get(&path).ok();
    assert_eq!(listed["items"][0]["quality"], scene.told());
    let examined = scene.county.case_worker.get(&format!("{path}/{}", scene.offering)).ok();
    assert_eq!(examined["option"]["quality"], scene.told());
}

#[test]
fn one_who_leaves_is_not_told_of_and_five_are() {
    let mut scene = Scene::set();
    let (_, other) = Provider::approved(&scene.county, 2, "ngo", &scene.home_care, &price("35.00"));
    let all: Vec<(Resident, String)> = (0..10).map(|_| scene.chooses()).collect();
    let leaves = |scene: &Scene, (resident, voucher): &(Resident, String)| {
        let user = scene.world.user(Role::Resident, "leaving", None, Some(&resident.person));
        user.put(&format!("/v1/vouchers/{voucher}/choice"), &json!({"offering": other})).ok();
    };
    scene.day(1);
    scene.looks();
    let share = |percent: u32| json!({"percent": percent, "clients": 10});
    assert_eq!(scene.told()["changed_provider"], share(0));
    for one in &all[..4] {
        leaves(&scene, one);
    }
    scene.day(2);
    assert_eq!(scene.looks(), 1);
    assert_eq!(scene.told(), Value::Null, "four of ten would tell of single clients");
    leaves(&scene, &all[4]);
    scene.day(3);
    assert_eq!(scene.looks(), 1);
    assert_eq!(scene.told()["changed_provider"], share(50));
    scene.day(4);
    assert_eq!(scene.looks(), 1, "by now the other one has been chosen by five");
    // A year later nothing of it is within the window.
    scene.day(400);
    assert_eq!(scene.looks(), 2);
}
