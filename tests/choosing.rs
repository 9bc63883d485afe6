//! Choosing over HTTP: what lists of choices can be asked for, why something is not on offer, and offerings side by side.

mod bad_input;
mod comparing;
mod filters;
mod language;
mod paging;
mod reasons;
mod replay;

use serde_json::{Value, json};

use crate::support::{
    Answer, County, Provider, Resident, VoucherType, World, assistance_terms, home_care_terms, localized, price,
    public_price,
};

/// A county with home care, and an anonymous reader.
struct Scene {
    world: World,
    county: County,
    kind: VoucherType,
}

/// Something that is offered.
struct Offered {
    provider: Provider,
    offering: String,
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap_or_else(|| panic!("no id: {of}")).to_owned()
}

/// The members of one object in place of another's.
fn with(mut of: Value, members: &Value) -> Value {
    for (name, member) in members.as_object().unwrap() {
        of[name] = member.clone();
    }
    of
}

impl Scene {
    fn under(terms: &Value) -> Self {
        let world = World::start();
        let county = County::found(&world);
        let kind = county.publish("home-care", "hour", terms);
        Self { world, county, kind }
    }

    fn new() -> Self {
        Self::under(&home_care_terms())
    }

    /// The nth provider, of a sector, with a unit that is approved, and what it offers; with members of unit and offering
    /// in place of the usual ones.
    fn offers(&self, n: u32, sector: &str, asked: &Value, unit: &Value, offering: &Value) -> Offered {
        self.offers_in(&json!([]), n, sector, asked, unit, offering)
    }

    fn offers_in(&self, area: &Value, n: u32, sector: &str, asked: &Value, unit: &Value, offering: &Value) -> Offered {
        let provider = Provider::register(&self.world, n, &format!("Provider {n}"), sector);
        let unit = self.unit_of(&provider, unit);
        let mut application = json!({
            "unit": unit,
            "voucher_type": self.kind.id,
            "evidence": [
                {"requirement": "prepayment_register", "reference": "Register entry"},
                {"requirement": "liability_insurance", "reference": "Policy 1", "valid_until": self.day(300)},
            ],
        });
        if area.as_array().is_some_and(|area| !area.is_empty()) {
            application["area"] = area.clone();
        }
        let application = id(&provider.user.post("/v1/applications", &application).created());
        provider.user.post(&format!("/v1/applications/{application}/submit"), &json!({})).ok();
        self.county.decide(&application, "approved").ok();
        let offering = id(&self.offer(&provider, &unit, asked, offering).created());
        Offered { provider, offering }
    }

    fn unit_of(&self, provider: &Provider, members: &Value) -> String {
        let request = with(Provider::unit_request(&provider.name), members);
        id(&provider.user.post(&format!("/v1/providers/{}/units", provider.id), &request).created())
    }

    fn offer(&self, provider: &Provider, unit: &str, asked: &Value, members: &Value) -> Answer {
        let usual = json!({
            "unit": unit, "voucher_type": self.kind.id, "price": asked, "accepts_new_clients": true,
        });
        provider.user.post("/v1/offerings", &with(usual, members))
    }

    fn day(&self, days: i64) -> String {
        self.world.today().plus_days(days).to_string()
    }

    /// The anonymous list.
    fn ask(&self, query: &str) -> Answer {
        self.world.api.anyone().get(&format!("/v1/choices?voucher_type={}{query}", self.kind.id))
    }

    fn list(&self, query: &str) -> Value {
        self.ask(query).ok()
    }

    /// A client with a voucher of 20 hours a month.
    fn client(&self) -> (Resident, String) {
        let resident = self.county.client();
        let voucher = id(&self.county.issue(&resident, &self.kind, "20"));
        (resident, voucher)
    }
}

/// The offerings of a list, in its order.
fn offerings(list: &Value) -> Vec<String> {
    of_members(list, "items")
}

fn refused(list: &Value) -> Vec<String> {
    of_members(list, "not_choosable")
}

fn of_members(list: &Value, name: &str) -> Vec<String> {
    let items = list[name].as_array().unwrap_or_else(|| panic!("no {name}: {list}"));
    items.iter().map(|item| item["offering"].as_str().unwrap().to_owned()).collect()
}

/// The codes of the reasons why an offering is not choosable.
fn reasons(list: &Value, offering: &str) -> Vec<String> {
    let refused = list["not_choosable"].as_array().unwrap();
    let one = refused.iter().find(|one| one["offering"] == offering).unwrap_or_else(|| panic!("{offering}: {list}"));
    one["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}
