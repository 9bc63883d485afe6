//! How services are recorded: many at once, by the provider's own references, visits that the client missed, and what is begun
//! and not finished.

mod batch;
mod drafts;
mod missed;
mod refused;

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use crate::support::{Answer, County, Provider, Resident, VoucherType, World, home_care_terms, id_of, price};

/// A county, a voucher type, a provider with an offering for it, and a resident who has chosen it.
struct Scene {
    world: World,
    county: County,
    care: VoucherType,
    provider: Provider,
    offering: String,
    resident: Resident,
    voucher: String,
}

impl Scene {
    /// Twenty hours a month at 40 € of which the voucher pays 36 €; what a rulebook says of recording.
    fn of(recording: &Value) -> Self {
        let mut terms = home_care_terms();
        terms["value"] = json!({"flat": {"value": "36.00"}});
        for (name, member) in recording.as_object().unwrap() {
            terms["recording"][name] = member.clone();
        }
        Self::under(&terms, "company", &price("40.00"))
    }

    fn under(terms: &Value, sector: &str, price: &Value) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let care = county.publish("home-care", "hour", terms);
        let (provider, offering) = Provider::approved(&county, 1, sector, &care, price);
        let resident = county.client();
        let voucher = id_of(&county.chosen_voucher(&resident, &care, "20", &offering));
        Self { world, county, care, provider, offering, resident, voucher }
    }

    fn new() -> Self {
        Self::of(&json!({}))
    }

    /// Another client's voucher, chosen with the same provider.
    fn another_voucher(&self, quantity: &str) -> String {
        let resident = self.county.client();
        id_of(&self.county.chosen_voucher(&resident, &self.care, quantity, &self.offering))
    }

    /// A row on today's service.
    fn row(&self, reference: &str, quantity: &str) -> Value {
        let mut row = self.provider.delivery(&self.voucher, quantity);
        row["reference"] = json!(reference);
        row
    }

    /// A row on a service of an hour of today, from a full hour on (UTC).
    fn hour(&self, reference: &str, hour: u32) -> Value {
        let (day, mut row) = (self.world.today(), self.row(reference, "1"));
        row["started_at"] = json!(format!("{day}T{hour:02}:00:00Z"));
        row["ended_at"] = json!(format!("{day}T{:02}:00:00Z", hour + 1));
        row
    }

    fn batch(&self, query: &str, rows: &[Value]) -> Answer {
        self.provider.user.post(&format!("/v1/service-events/batch?{query}"), &json!({"rows": rows}))
    }

    fn available(&self) -> Value {
        self.provider.user.get(&format!("/v1/vouchers/{}", self.voucher)).ok()["available_now"].clone()
    }

    fn events(&self) -> Vec<Value> {
        self.provider.user.get("/v1/service-events?limit=100").ok()["items"].as_array().unwrap().clone()
    }

    /// Lets the clock come to a moment. Everyone gets a token of it.
    fn at(&mut self, moment: &str) {
        self.world.set_moment(moment);
        self.county.renew_tokens();
        self.provider.renew_token();
        self.resident.user = self.world.user(Role::Resident, "resident-0", None, Some(&self.resident.person));
    }
}

/// Row by row: what became of it.
fn outcomes(view: &Value) -> Vec<&str> {
    view["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect()
}

/// Where a row is wrong, in order, each with its code.
fn errors(item: &Value) -> Vec<(String, String)> {
    let errors = item["problem"]["errors"].as_array().unwrap_or_else(|| panic!("no problem: {item}"));
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    errors.iter().map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}
