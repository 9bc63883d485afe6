//! A county with a rulebook of the test's own wish, an approved provider, and what the tests ask of both.

use serde_json::{Value, json};
use valinta_domain::policy::Role;
use valinta_persistence::outbox::{self, Message};

use crate::support::{Answer, County, Provider, Resident, VoucherType, World, home_care_terms, id_of, price};

/// A county, a voucher type, and a provider with an offering for it.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) county: County,
    pub(super) care: VoucherType,
    pub(super) provider: Provider,
    pub(super) offering: String,
}

impl Scene {
    /// A rulebook that says this of choosing.
    pub(super) fn of(choosing: &Value) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let mut terms = home_care_terms();
        terms["choosing"] = choosing.clone();
        let care = county.publish("home-care", "hour", &terms);
        let (provider, offering) = Provider::approved(&county, 1, "company", &care, &price("36.00"));
        Self { world, county, care, provider, offering }
    }

    /// One that lets providers answer within a week.
    pub(super) fn answering() -> Self {
        Self::of(&json!({"answer_days": 7}))
    }

    /// Another approved provider.
    pub(super) fn another(&self, n: u32) -> (Provider, String) {
        Provider::approved(&self.county, n, "ngo", &self.care, &price("38.00"))
    }

    /// A resident with an accepted voucher of twenty hours a month.
    pub(super) fn holder(&self) -> (Resident, String) {
        let resident = self.county.client();
        let voucher = self.county.issue(&resident, &self.care, "20");
        let id = id_of(&voucher);
        resident.accept(&id);
        (resident, id)
    }

    /// A resident who has asked for the offering; the voucher and the request.
    pub(super) fn asking(&self) -> (Resident, String, String) {
        let (resident, voucher) = self.holder();
        let asked = resident.choose(&voucher, &self.offering).ok();
        let request = id_of(&asked["choice_request"]);
        (resident, voucher, request)
    }

    /// Says how many the provider's offering serves at once.
    pub(super) fn limit(&self, places: u32) {
        let body = json!({"accepts_new_clients": true, "places": places});
        self.provider.user.put_seen(&format!("/v1/offerings/{}", self.offering), "*", &body).ok();
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

    /// What was told under a name.
    pub(super) fn told(&self, kind: &str) -> Vec<Message> {
        let all = self.world.db.as_ref().unwrap().read_blocking(|c| outbox::written(c, 1_000)).unwrap();
        all.into_iter().filter(|message| message.kind.code() == kind).collect()
    }

    /// How many requests lapse when it is looked what the day has brought.
    pub(super) fn lapse(&self) -> usize {
        valinta_service::deadlines::run_once(&self.world.apps[0]).unwrap().requests
    }

    /// Clients are in danger: the unit's approval is suspended at once.
    pub(super) fn suspend(&self, vouchers_in_use: &str) -> Answer {
        let approvals = self.provider.user.get("/v1/approvals").ok();
        let approval = id_of(&approvals["items"][0]);
        let body = json!({
            "step": "suspension",
            "grounds": "danger",
            "vouchers_in_use": vouchers_in_use,
            "reasons": crate::support::localized("As it was found"),
        });
        self.county.officer.post_seen(&format!("/v1/approvals/{approval}/measures"), "*", &body)
    }

    /// How many options everyone's list has.
    pub(super) fn listed(&self) -> Value {
        self.world.api.anyone().get(&format!("/v1/choices?voucher_type={}", self.care.id)).ok()["total"].clone()
    }
}

/// A provider confirms a request.
pub(super) fn confirm(provider: &Provider, request: &str) -> Answer {
    provider.user.post(&format!("/v1/choice-requests/{request}/confirm"), &json!({}))
}

/// A provider refuses a request.
pub(super) fn refuse(provider: &Provider, request: &str, reason: &str) -> Answer {
    provider.user.post(&format!("/v1/choice-requests/{request}/refuse"), &json!({"reason": reason}))
}

/// A holder takes a request back.
pub(super) fn withdraw(resident: &Resident, request: &str) -> Answer {
    resident.user.post(&format!("/v1/choice-requests/{request}/withdraw"), &json!({}))
}

/// The voucher as its holder sees it.
pub(super) fn shown(resident: &Resident, voucher: &str) -> Value {
    resident.user.get(&format!("/v1/vouchers/{voucher}")).ok()
}

/// The requests that a provider sees.
pub(super) fn requests(provider: &Provider, query: &str) -> Vec<Value> {
    let listed = provider.user.get(&format!("/v1/choice-requests{query}")).ok();
    listed["items"].as_array().unwrap().clone()
}
