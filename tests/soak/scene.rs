//! A county with offerings that change and some that do not, people with vouchers, and three processes.

use std::collections::HashMap;

use serde_json::{Value, json};
use valinta_domain::Amount;

use super::history::State;
use crate::support::{Api, County, Provider, Resident, Site, User, VoucherType, World, localized, price};

/// Offerings there are.
pub(super) const OFFERINGS: usize = 30;
/// Of these, those that never change.
const STEADY: usize = 8;

/// An offering and who can change it.
pub(super) struct Offer {
    pub(super) id: String,
    provider: Provider,
    approval: String,
}

/// All that the soak needs.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) offers: Vec<Offer>,
    county: County,
    home_care: VoucherType,
    /// Where they list and choose, besides the first process.
    other: Site,
    /// Where the registry is changed: nobody else waits there.
    changed_at: Site,
    holders: Vec<(Resident, String)>,
    indices: HashMap<String, usize>,
    first_revision: i64,
}

/// Who lists what.
pub(super) struct Caller {
    pub(super) user: User,
    /// The list's path, as far as its parameters.
    pub(super) list: String,
    pub(super) voucher: Option<String>,
    pub(super) chooses: bool,
}

/// A price as it is sent.
pub(super) fn price_body(cents: u32) -> Value {
    price(&Amount::from_minor(cents.into()).to_string())
}

/// A price as it is shown, in cents.
pub(super) fn price_of(shown: &Value) -> u32 {
    let amount: Amount = shown["price"]["amount"].as_str().unwrap().parse().unwrap();
    u32::try_from(amount.minor()).unwrap()
}

fn cents_at_first(n: usize) -> u32 {
    3_000 + 10 * u32::try_from(n).unwrap()
}

impl Scene {
    /// Sets all up over HTTP, with so many people who hold a voucher.
    pub(super) fn set(holders: u32) -> Self {
        let mut world = World::start();
        let (other, changed_at) = (world.start_another(), world.start_another());
        let county = County::found(&world);
        let home_care = county.home_care();
        let sectors = ["company", "ngo"];
        let offers: Vec<Offer> = (0..OFFERINGS)
            .map(|n| {
                let asked = price_body(cents_at_first(n));
                let number = u32::try_from(n + 1).unwrap();
                let (provider, id) = Provider::approved(&county, number, sectors[n % 2], &home_care, &asked);
                let approvals = provider.user.get("/v1/approvals").ok();
                let approval = approvals["items"][0]["id"].as_str().unwrap().to_owned();
                Offer { id, provider, approval }
            })
            .collect();
        let holder = |_| {
            let resident = county.client();
            let voucher = county.issue(&resident, &home_care, "20")["id"].as_str().unwrap().to_owned();
            resident.accept(&voucher);
            (resident, voucher)
        };
        let holders = (0..holders).map(holder).collect();
        let indices = offers.iter().enumerate().map(|(n, offer)| (offer.id.clone(), n)).collect();
        let mut scene =
            Self { world, offers, county, home_care, other, changed_at, holders, indices, first_revision: 0 };
        scene.all_have_followed();
        scene.first_revision = scene.revision();
        scene
    }

    /// Until the other processes list what the first one does.
    fn all_have_followed(&self) {
        let path = self.anonymous();
        let shown = |site: &Site| site.api.anyone().get(&path).ok()["revision"].clone();
        let first = shown(&self.world.site);
        while shown(&self.other) != first || shown(&self.changed_at) != first {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    fn anonymous(&self) -> String {
        format!("/v1/choices?voucher_type={}&", self.home_care.id)
    }

    /// What all offerings are before anything changes.
    pub(super) fn states(&self) -> Vec<State> {
        (0..OFFERINGS).map(|n| State { accepts: true, suspended: false, cents: cents_at_first(n) }).collect()
    }

    /// The revision that the process lists at which the changes are made.
    pub(super) fn revision(&self) -> i64 {
        let list = self.changed_at.api.anyone().get(&format!("{}limit=1", self.anonymous())).ok();
        list["revision"].as_i64().unwrap()
    }

    pub(super) fn revision_at_first(&self) -> i64 {
        self.first_revision
    }

    /// The place of an offering.
    pub(super) fn index(&self, offering: &Value) -> usize {
        self.indices[offering.as_str().unwrap()]
    }

    /// The nth who lists, with a connection of their own: at one process or at the other.
    pub(super) fn caller(&self, n: u32) -> Caller {
        let site = if n.is_multiple_of(2) { &self.world.site } else { &self.other };
        let api = Api::at(format!("http://{}", site.api.address()));
        let n = usize::try_from(n).unwrap();
        match self.holders.get(n) {
            Some((resident, voucher)) => Caller {
                user: User { api, token: resident.user.token.clone() },
                list: format!("/v1/vouchers/{voucher}/choices?"),
                voucher: Some(voucher.clone()),
                chooses: n % 4 < 2,
            },
            None => Caller { user: api.anyone(), list: self.anonymous(), voucher: None, chooses: false },
        }
    }

    /// Makes the nth change: another price, no new clients or new ones again, or a suspension and its end.
    pub(super) fn change(&self, n: u32, states: &mut [State]) {
        // Each comes back to the same offering with another kind of change.
        let turn = usize::try_from(n).unwrap();
        let place = STEADY + turn * 7 % (OFFERINGS - STEADY);
        let (offer, state) = (&self.offers[place], &mut states[place]);
        let there = |user: &User| User { api: self.changed_at.api.clone(), token: user.token.clone() };
        let (provider, officer) = (there(&offer.provider.user), there(&self.county.officer));
        match turn % 4 {
            0 | 1 => {
                // Up and down, and never above the ceiling.
                state.cents = 3_000 + (state.cents - 3_000 + 370) % 1_500;
                let body = json!({"price": price_body(state.cents), "from": self.world.today().to_string()});
                provider.post(&format!("/v1/offerings/{}/prices", offer.id), &body).created();
            }
            2 => {
                state.accepts = !state.accepts;
                let body = json!({"accepts_new_clients": state.accepts});
                provider.put_seen(&format!("/v1/offerings/{}", offer.id), "*", &body).ok();
            }
            _ => {
                state.suspended = !state.suspended;
                let path = format!("/v1/approvals/{}", offer.approval);
                let reasons = localized("As it was found");
                if state.suspended {
                    let body = json!({
                        "step": "suspension", "grounds": "danger", "vouchers_in_use": "may_finish", "reasons": reasons,
                    });
                    officer.post_seen(&format!("{path}/measures"), "*", &body).created();
                } else {
                    let body = json!({"reasons": reasons});
                    officer.post_seen(&format!("{path}/resume"), "*", &body).ok();
                }
            }
        }
    }
}
