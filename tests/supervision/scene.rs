//! A county that supervises an approved unit, and what the tests ask of both.

use serde_json::{Value, json};
use valinta_domain::Moment;
use valinta_domain::policy::Role;
use valinta_persistence::outbox::{self, Message};

use crate::support::{
    Answer, County, Provider, Resident, User, VoucherType, World, id_of, localized, price, public_price,
};

/// A county, a voucher type, and a provider with a unit that is approved for it.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) county: County,
    pub(super) home_care: VoucherType,
    pub(super) provider: Provider,
    pub(super) offering: String,
    pub(super) approval: String,
}

impl Scene {
    /// A provider of a sector, approved since today.
    pub(super) fn of(sector: &str) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let home_care = county.home_care();
        let asked = if sector == "public" { public_price("12.40", "45.00") } else { price("36.00") };
        let (provider, offering) = Provider::approved(&county, 1, sector, &home_care, &asked);
        let approvals = provider.user.get("/v1/approvals").ok();
        let approval = approvals["items"][0]["id"].as_str().unwrap().to_owned();
        Self { world, county, home_care, provider, offering, approval }
    }

    /// Another approved provider that offers the same.
    pub(super) fn another(&self, n: u32) -> (Provider, String) {
        Provider::approved(&self.county, n, "ngo", &self.home_care, &price("38.00"))
    }

    /// A resident with a voucher that chose the unit.
    pub(super) fn client(&self) -> (Resident, String) {
        let resident = self.county.client();
        let voucher = self.county.chosen_voucher(&resident, &self.home_care, "20", &self.offering);
        (resident, voucher["id"].as_str().unwrap().to_owned())
    }

    /// Lets days pass. Everyone gets a token of the new day.
    pub(super) fn pass(&mut self, days: i64) {
        self.world.set_day(self.world.today().plus_days(days));
        self.county.renew_tokens();
        self.provider.renew_token();
    }

    /// A resident with a token of the present day.
    pub(super) fn renewed(&self, resident: &Resident) -> Resident {
        let user = self.world.user(Role::Resident, "resident-again", None, Some(&resident.person));
        Resident { user, ..resident.clone() }
    }

    pub(super) fn day(&self, days: i64) -> String {
        self.world.today().plus_days(days).to_string()
    }

    pub(super) fn approval(&self) -> Value {
        self.provider.user.get(&format!("/v1/approvals/{}", self.approval)).ok()
    }

    /// An officer opens a measure, having seen the approval as it is.
    pub(super) fn open(&self, body: &Value) -> Answer {
        let path = format!("/v1/approvals/{}", self.approval);
        let seen = tag(&self.county.officer, &path);
        self.county.officer.post_seen(&format!("{path}/measures"), &seen, body)
    }

    /// Opens a measure. Its id.
    pub(super) fn opened(&self, step: &str, grounds: &str) -> String {
        id_of(&self.open(&measure(step, grounds)).created())
    }

    pub(super) fn replied(&self, measure: &str) {
        let path = format!("/v1/measures/{measure}/reply");
        self.provider.user.post(&path, &json!({"text": "We have put it right"})).ok();
    }

    /// An officer decides a measure, having seen it as it is.
    pub(super) fn decide(&self, measure: &str, body: &Value) -> Answer {
        let path = format!("/v1/measures/{measure}");
        let seen = tag(&self.county.officer, &path);
        self.county.officer.post_seen(&format!("{path}/decision"), &seen, body)
    }

    /// Clients are in danger: the approval is suspended at once.
    pub(super) fn danger(&self, vouchers_in_use: &str) -> Value {
        let mut body = measure("suspension", "danger");
        body["vouchers_in_use"] = json!(vouchers_in_use);
        self.open(&body).created()
    }

    /// The approval is cancelled at once.
    pub(super) fn cancelled(&self) {
        self.open(&measure("cancellation", "danger")).created();
    }

    /// Records a service of a day that lies so many days from today.
    pub(super) fn record(&self, voucher: &str, days: i64) -> Answer {
        let body = json!({"voucher": voucher, "day": self.day(days), "quantity": "1"});
        self.provider.user.post("/v1/service-events", &body)
    }

    /// Records an hour of today that ended so many minutes ago.
    pub(super) fn record_until(&self, voucher: &str, minutes_ago: i64) -> Answer {
        let ended = self.world.clock.now().micros() - minutes_ago * 60_000_000;
        let at = |micros: i64| json!(Moment::from_micros(micros).unwrap());
        let body = json!({
            "voucher": voucher,
            "day": self.day(0),
            "quantity": "1",
            "started_at": at(ended - 3_600_000_000),
            "ended_at": at(ended),
        });
        self.provider.user.post("/v1/service-events", &body)
    }

    /// What was told under a name, to whom it may concern.
    pub(super) fn told(&self, kind: &str) -> Vec<Message> {
        let all = self.world.db.as_ref().unwrap().read_blocking(|c| outbox::written(c, 1_000)).unwrap();
        all.into_iter().filter(|message| message.kind.code() == kind).collect()
    }

    /// That what is stored of lapses is what they are.
    pub(super) fn lapses_agree(&self) {
        let db = self.world.db.as_ref().unwrap();
        let faults = valinta_service::approvals::lapse_faults(db, self.world.clock.now()).unwrap();
        assert_eq!(faults, Vec::<String>::new());
    }
}

/// The body of a measure.
pub(super) fn measure(step: &str, grounds: &str) -> Value {
    json!({"step": step, "grounds": grounds, "reasons": localized("As it was found")})
}

/// The body of a decision that imposes, with these members besides.
pub(super) fn impose(members: Value) -> Value {
    let mut body = json!({"outcome": "imposed", "reasons": localized("Nothing has changed")});
    for (name, member) in members.as_object().unwrap() {
        body[name] = member.clone();
    }
    body
}

/// The entity tag of what a path shows.
pub(super) fn tag(user: &User, path: &str) -> String {
    let answer = user.get(path);
    let tag = answer.header("etag").map(str::to_owned);
    answer.ok();
    tag.unwrap_or_else(|| panic!("{path} has no tag"))
}

/// The code of a refusal's first error.
pub(super) fn code_of(answer: &Answer) -> String {
    answer.body["errors"][0]["code"].as_str().unwrap_or_else(|| panic!("no errors: {}", answer.text)).to_owned()
}

/// A day as a Finnish or Swedish letter writes it.
pub(super) fn in_finnish(day: &str) -> String {
    let parts: Vec<u32> = day.split('-').map(|part| part.parse().unwrap()).collect();
    format!("{}.{}.{}", parts[2], parts[1], parts[0])
}
