//! A provider with its units, and a resident with their vouchers, as they act over HTTP.

use serde_json::{Value, json};
use valinta_domain::policy::Role;

use super::api::{Answer, User};
use super::county::{County, VoucherType};
use super::figures::{business_id, identity_code};
use super::world::Site;

/// A provider that has registered.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) site: Site,
    pub(crate) user: User,
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Provider {
    /// Registers the nth provider of a site.
    pub(crate) fn register(site: &Site, n: u32, name: &str, sector: &str) -> Self {
        let subject = format!("provider-{n}");
        let user = site.user(Role::Provider, &subject, None, None);
        let made = user.post("/v1/providers", &Self::registration(n, name, sector));
        let id = made.created()["id"].as_str().unwrap().to_owned();
        Self { site: site.clone(), user, subject, id, name: name.to_owned() }
    }

    /// The body of a registration.
    pub(crate) fn registration(n: u32, name: &str, sector: &str) -> Value {
        json!({
            // The counties have the first of them.
            "business_id": business_id(n + 20),
            "name": name,
            "sector": sector,
            "email": "office@provider.example",
            "phone": "+358 50 000 0000",
            "website": "https://provider.example",
        })
    }

    /// The provider's people with a token of the present moment.
    pub(crate) fn renew_token(&mut self) {
        self.user = self.site.user(Role::Provider, &self.subject, None, None);
    }

    /// Adds a unit in Pori that also serves Rauma.
    pub(crate) fn unit(&self) -> String {
        let made = self.user.post(&format!("/v1/providers/{}/units", self.id), &Self::unit_request(&self.name));
        made.created()["id"].as_str().unwrap().to_owned()
    }

    /// The body of a unit.
    pub(crate) fn unit_request(name: &str) -> Value {
        json!({
            "name": format!("{name}, Pori"),
            "street_address": "Esimerkkikatu 1",
            "postal_code": "28100",
            "postal_place": "Pori",
            "municipality": "609",
            "coordinates": {"latitude": "61.4851", "longitude": "21.7974"},
            "languages": ["fi", "sv"],
            "modes": ["at_home"],
            "service_area": ["684"],
            "step_free": true,
        })
    }

    /// Drafts an application with all evidence.
    pub(crate) fn draft_application(&self, unit: &str, voucher_type: &VoucherType) -> String {
        let until = self.site.today().plus_days(300).to_string();
        let made = self.user.post(
            "/v1/applications",
            &json!({
                "unit": unit,
                "voucher_type": voucher_type.id,
                "evidence": [
                    {"requirement": "prepayment_register", "reference": "Register entry"},
                    {"requirement": "liability_insurance", "reference": "Policy 1", "valid_until": until},
                ],
            }),
        );
        made.created()["id"].as_str().unwrap().to_owned()
    }

    /// Applies with all evidence.
    pub(crate) fn apply(&self, unit: &str, voucher_type: &VoucherType) -> String {
        let application = self.draft_application(unit, voucher_type);
        self.user.post(&format!("/v1/applications/{application}/submit"), &json!({})).ok();
        application
    }

    /// Offers a service from a unit.
    pub(crate) fn offer(&self, unit: &str, voucher_type: &VoucherType, price: &Value) -> Answer {
        self.user.post(
            "/v1/offerings",
            &json!({
                "unit": unit,
                "voucher_type": voucher_type.id,
                "price": price,
                "accepts_new_clients": true,
            }),
        )
    }

    /// Registers with a unit that is approved for a voucher type and offers it. The provider and the offering.
    pub(crate) fn approved(
        county: &County,
        n: u32,
        sector: &str,
        voucher_type: &VoucherType,
        price: &Value,
    ) -> (Self, String) {
        let provider = Self::register(&county.site, n, &format!("Provider {n}"), sector);
        let unit = provider.unit();
        let application = provider.apply(&unit, voucher_type);
        let decided = county.decide(&application, "approved");
        assert!(matches!(decided.status, 200 | 201), "{}", decided.text);
        let offering = provider.offer(&unit, voucher_type, price).created();
        (provider, offering["id"].as_str().unwrap().to_owned())
    }

    /// Records a quantity of service delivered today.
    pub(crate) fn record(&self, voucher: &str, quantity: &str) -> Answer {
        self.user.post("/v1/service-events", &self.delivery(voucher, quantity))
    }

    /// The body of that.
    pub(crate) fn delivery(&self, voucher: &str, quantity: &str) -> Value {
        json!({"voucher": voucher, "day": self.site.today().to_string(), "quantity": quantity})
    }
}

/// A resident, who is a county's client.
#[derive(Clone)]
pub(crate) struct Resident {
    pub(crate) user: User,
    pub(crate) client: String,
    pub(crate) person: String,
    pub(crate) identity_code: String,
    pub(crate) name: String,
}

impl Resident {
    /// Has a case worker register the nth test person.
    pub(crate) fn register(county: &County, n: u32) -> Self {
        Self::register_speaking(county, n, "fi")
    }

    /// Has a case worker register the nth test person, who wants to be served in a language.
    pub(crate) fn register_speaking(county: &County, n: u32, language: &str) -> Self {
        let (identity_code, name) = (identity_code(n), format!("Testi Henkilönen {n}"));
        let mut registration = Self::registration(&identity_code, &name);
        registration["language"] = json!(language);
        let made = county.case_worker.post("/v1/clients", &registration).created();
        let person = made["person"].as_str().unwrap().to_owned();
        let user = county.site.user(Role::Resident, &format!("resident-{n}"), None, Some(&person));
        Self { user, client: made["id"].as_str().unwrap().to_owned(), person, identity_code, name }
    }

    /// The body of a registration.
    pub(crate) fn registration(identity_code: &str, name: &str) -> Value {
        json!({
            "personal_identity_code": identity_code,
            "name": name,
            "municipality": "609",
            "language": "fi",
            "contact": {"street_address": "Salakuja 7 B 12", "postal_code": "28100", "postal_place": "Pori"},
        })
    }

    /// Is told what the law wants told, and accepts.
    pub(crate) fn accept(&self, voucher: &str) -> Value {
        let told = self.user.post(&format!("/v1/vouchers/{voucher}/information"), &json!({"language": "fi"})).created();
        self.user.post(&format!("/v1/vouchers/{voucher}/accept"), &json!({"information": told["id"]})).ok()
    }

    /// Picks an offering.
    pub(crate) fn choose(&self, voucher: &str, offering: &str) -> Answer {
        self.user.put(&format!("/v1/vouchers/{voucher}/choice"), &json!({"offering": offering}))
    }

    /// The ledger of a voucher of theirs.
    pub(crate) fn ledger(&self, voucher: &str) -> Value {
        self.user.get(&format!("/v1/vouchers/{voucher}/ledger")).ok()
    }
}
