//! A county and its staff, set up over HTTP.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use valinta_domain::Day;
use valinta_domain::policy::Role;

use super::actors::Resident;
use super::api::{Answer, User};
use super::figures::{business_id, home_care_terms, localized};
use super::world::Site;

/// A county and the tokens of its staff.
pub(crate) struct County {
    pub(crate) site: Site,
    pub(crate) id: String,
    pub(crate) officer: User,
    pub(crate) case_worker: User,
    pub(crate) finance: User,
    pub(crate) auditor: User,
    persons: AtomicU32,
}

/// A voucher type under an adopted rulebook.
#[derive(Debug, Clone)]
pub(crate) struct VoucherType {
    pub(crate) id: String,
    pub(crate) rulebook: String,
    /// The decision that adopted the rulebook, if the answer told it.
    pub(crate) adoption: Option<String>,
}

impl County {
    /// Founds the first county of a site: Pori and Rauma.
    pub(crate) fn found(site: &Site) -> Self {
        Self::found_as(site, 0, &[("609", "Pori", "Björneborg"), ("684", "Rauma", "Raumo")])
    }

    /// Founds the nth county of a site.
    pub(crate) fn found_as(site: &Site, n: u32, municipalities: &[(&str, &str, &str)]) -> Self {
        let served: Vec<Value> = municipalities
            .iter()
            .map(|(code, fi, sv)| {
                json!({"code": code, "name_fi": fi, "name_sv": sv, "latitude": "61.4851", "longitude": "21.7974"})
            })
            .collect();
        let made = site.operator().post(
            "/v1/organisers",
            &json!({
                "code": format!("county-{n}"),
                "name": localized(&format!("County {n}")),
                "business_id": business_id(n),
                "currency": "EUR",
                "time_zone": "Europe/Helsinki",
                "municipalities": served,
            }),
        );
        let id = made.created()["id"].as_str().unwrap().to_owned();
        let staff = |role: Role| site.user(role, &format!("{}-{n}", role.code()), Some(&id), None);
        Self {
            site: site.clone(),
            officer: staff(Role::Officer),
            case_worker: staff(Role::CaseWorker),
            finance: staff(Role::Finance),
            auditor: staff(Role::Auditor),
            id,
            // Every county of a site has clients of its own; the hundreds keep their codes apart.
            persons: AtomicU32::new(n * 1_000),
        }
    }

    /// The staff with tokens of the present moment, after the clock has moved.
    pub(crate) fn renew_tokens(&mut self) {
        let staff = |role: Role| self.site.user(role, role.code(), Some(&self.id), None);
        (self.officer, self.case_worker) = (staff(Role::Officer), staff(Role::CaseWorker));
        (self.finance, self.auditor) = (staff(Role::Finance), staff(Role::Auditor));
    }

    /// Home care, income-tested, under a ceiling.
    pub(crate) fn home_care(&self) -> VoucherType {
        self.publish("home-care", "hour", &home_care_terms())
    }

    /// Publishes a voucher type, and adopts its rulebook from today on.
    pub(crate) fn publish(&self, code: &str, unit: &str, terms: &Value) -> VoucherType {
        let made = self.officer.post(
            "/v1/voucher-types",
            &json!({"code": code, "name": localized(code), "description": localized("A service"), "unit": unit}),
        );
        let id = made.created()["id"].as_str().unwrap().to_owned();
        let (rulebook, adoption) = self.adopt(&id, terms, self.site.today());
        VoucherType { id, rulebook, adoption }
    }

    /// Drafts a rulebook, proposes it and adopts it from a day on.
    pub(crate) fn adopt(&self, voucher_type: &str, terms: &Value, from: Day) -> (String, Option<String>) {
        let rulebook = self.draft_rulebook(voucher_type, terms);
        self.propose_rulebook(&rulebook);
        let adopted = self.adopt_rulebook(&rulebook, from).ok();
        let decision = adopted["decision"].as_str().map(str::to_owned);
        (rulebook, decision)
    }

    /// Drafts a rulebook.
    pub(crate) fn draft_rulebook(&self, voucher_type: &str, terms: &Value) -> String {
        let drafted = self.officer.post("/v1/rulebooks", &json!({"voucher_type": voucher_type, "terms": terms}));
        drafted.created()["id"].as_str().unwrap().to_owned()
    }

    /// Proposes a draft.
    pub(crate) fn propose_rulebook(&self, rulebook: &str) {
        self.officer.post(&format!("/v1/rulebooks/{rulebook}/propose"), &json!({})).ok();
    }

    /// Adopts what has been proposed from a day on, or is refused.
    pub(crate) fn adopt_rulebook(&self, rulebook: &str, from: Day) -> Answer {
        let adoption = json!({"in_force_from": from.to_string(), "reasons": localized("Adopted")});
        self.officer.post(&format!("/v1/rulebooks/{rulebook}/adopt"), &adoption)
    }

    /// Decides an application, whatever has become of it.
    pub(crate) fn decide(&self, application: &str, outcome: &str) -> Answer {
        self.decide_seen(application, "*", &Self::decision(outcome))
    }

    /// Decides an application as a version of it was seen.
    pub(crate) fn decide_seen(&self, application: &str, seen: &str, decision: &Value) -> Answer {
        let path = format!("/v1/applications/{application}/decision");
        self.officer.post_seen(&path, seen, decision)
    }

    /// The body of a decision on an application.
    pub(crate) fn decision(outcome: &str) -> Value {
        json!({"outcome": outcome, "reasons": localized("As the evidence shows")})
    }

    /// Registers the next client: a test person of Pori.
    pub(crate) fn client(&self) -> Resident {
        let n = self.persons.fetch_add(1, Ordering::Relaxed);
        Resident::register(self, n)
    }

    /// Issues a voucher from today to the end of the year, to one who lives alone on 1650 € a month. Granted.
    pub(crate) fn issue(&self, resident: &Resident, voucher_type: &VoucherType, quantity: &str) -> Value {
        let issued = self.ask(resident, voucher_type, quantity, "1650.00").created();
        assert_eq!(issued["outcome"], "granted", "{issued}");
        issued["voucher"].clone()
    }

    /// Asks for a voucher from today to the end of the year, with an income a month.
    pub(crate) fn ask(&self, resident: &Resident, of: &VoucherType, quantity: &str, income: &str) -> Answer {
        self.case_worker.post("/v1/vouchers", &self.voucher_request(resident, of, quantity, income))
    }

    /// The body of such a request.
    pub(crate) fn voucher_request(&self, resident: &Resident, of: &VoucherType, quantity: &str, income: &str) -> Value {
        let today = self.site.today();
        let rulebook = self.officer.get(&format!("/v1/voucher-types/{}/rulebook", of.id)).ok();
        let rule = rulebook["terms"]["value"].to_string();
        // Only facts that the rule asks for are taken.
        let asks = |fact: &str| rule.contains("income_reduction") || rule.contains(fact);
        let mut facts = json!({});
        for (name, value) in [("gross_income_per_month", json!(income)), ("household_size", json!(1))] {
            if asks(name) {
                facts[name] = value;
            }
        }
        json!({
            "client": resident.client,
            "voucher_type": of.id,
            "facts": facts,
            "quantity": quantity,
            "valid_from": today.to_string(),
            "valid_until": today.plus_days(49).to_string(),
            // Tests issue one after the other to the same client.
            "duplicate": true,
        })
    }

    /// Issues a voucher and has it accepted and used to choose an offering.
    pub(crate) fn chosen_voucher(
        &self,
        resident: &Resident,
        of: &VoucherType,
        quantity: &str,
        offering: &str,
    ) -> Value {
        let voucher = self.issue(resident, of, quantity);
        let id = voucher["id"].as_str().unwrap();
        resident.accept(id);
        resident.choose(id, offering).ok();
        voucher
    }

    /// Registers the next client, who wants to be served in a language.
    pub(crate) fn client_who_speaks(&self, language: &str) -> Resident {
        let n = self.persons.fetch_add(1, Ordering::Relaxed);
        Resident::register_speaking(self, n, language)
    }
}
