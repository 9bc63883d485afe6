//! The demo county's vouchers, each from the request for it to as far as the data says. Whose they are and who provides
//! has been loaded before.

use chrono_tz::Europe::Helsinki;
use valinta_domain::choice::{Lot, Query, client_facts};
use valinta_domain::grant::GrantRequest;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_domain::{Id, Localized, Period};
use valinta_persistence::{organisers as stored_organisers, providers as stored_providers, registry};

use super::super::data::{self, VoucherStage};
use super::super::people::member_of;
use super::{DEMO_PROVIDER_FACT, Loaded, LoadedType, Loader, MAIN_CLIENT, Who, missing};
use crate::cx::found;
use crate::http::Problem;
use crate::{service_events, vouchers};

/// Within how many days a delivery is recorded.
const RECORDED_DAYS_LATER: i64 = 2;

impl Loader<'_> {
    pub(super) fn vouchers(&mut self, loaded: &Loaded) -> Result<(), Problem> {
        for data in &self.demo.vouchers {
            self.voucher(loaded, data)?;
        }
        Ok(())
    }

    /// Issues a voucher and lets its life go on as far as the data says.
    fn voucher(&mut self, loaded: &Loaded, data: &data::Voucher) -> Result<(), Problem> {
        let days_ago = i64::from(data.granted_days_ago);
        let (LoadedType { id: voucher_type, .. }, _) = self.voucher_type(loaded, &data.voucher_type)?;
        let (client, person) = *loaded.clients.get(&data.client).ok_or_else(|| missing("client", &data.client))?;
        let from = self.day(days_ago);
        let validity =
            Period::new(from, Some(from.plus_days(i64::from(data.valid_days)))).map_err(Problem::internal)?;
        let reasons = data.reasons.clone();
        let request = GrantRequest { facts: data.facts.clone(), quantity: data.quantity, validity, reasons };
        let issue = vouchers::IssueCommand {
            client,
            voucher_type,
            request,
            accounting_code: None,
            reference: None,
            duplicate: false,
        };
        let worker = Who::Staff(Role::CaseWorker, loaded.organiser);
        let issued = self.act(worker, days_ago, |c, cx| vouchers::issue(c, cx, &issue))?.into_body();
        let Some(voucher) = issued.voucher.map(|voucher| voucher.id) else {
            return if data.state == VoucherStage::NotGranted {
                Ok(())
            } else {
                Err(missing("grant of", &data.client))
            };
        };
        let resident = Who::Resident(person);
        match data.state {
            VoucherStage::NotGranted => return Err(missing("refusal of", &data.client)),
            VoucherStage::Offered => return Ok(()),
            VoucherStage::Refused => {
                self.act(resident, days_ago, |c, cx| vouchers::refuse(c, cx, voucher, None))?;
                return Ok(());
            }
            VoucherStage::Expired if data.provider_sector.is_none() => return Ok(()),
            VoucherStage::Accepted
            | VoucherStage::Chosen
            | VoucherStage::InUse
            | VoucherStage::UsedUp
            | VoucherStage::Expired
            | VoucherStage::Cancelled => {}
        }
        let language = self.demo.clients.iter().find(|c| c.key == data.client).map(|c| c.language).unwrap_or_default();
        let told = self.act(resident, days_ago, |c, cx| vouchers::inform(c, cx, voucher, language))?.into_body();
        self.act(resident, days_ago, |c, cx| vouchers::accept(c, cx, voucher, told.id, None))?;
        if data.provider_sector.is_some() {
            self.choice_and_events(loaded, data, voucher, person)?;
        }
        if let (VoucherStage::Cancelled, Some(reason)) = (data.state, &data.reason) {
            let reasons = Localized::new(reason.as_str(), reason.as_str(), reason.as_str());
            self.act(worker, 0, |c, cx| vouchers::cancel(c, cx, voucher, &reasons))?;
        }
        Ok(())
    }

    fn choice_and_events(
        &mut self,
        loaded: &Loaded,
        data: &data::Voucher,
        voucher: Id<kind::Voucher>,
        person: Id<kind::Person>,
    ) -> Result<(), Problem> {
        let days_ago = i64::from(data.granted_days_ago);
        let (LoadedType { id: voucher_type, .. }, _) = self.voucher_type(loaded, &data.voucher_type)?;
        let client = self.demo.clients.iter().find(|c| c.key == data.client);
        let client = client.ok_or_else(|| missing("client", &data.client))?;
        let snapshot = registry::offered_now(self.c, voucher_type)?;
        let facts = client_facts(client.language, &client.municipality);
        let lot = Lot::of_voucher(self.order_key, voucher);
        let listing = snapshot.list(&Query {
            municipality: Some(&client.municipality),
            sector: data.provider_sector,
            ..Query::all(voucher_type, self.day(days_ago), &facts, &lot)
        });
        let at_once =
            listing.lines.iter().map(|line| line.candidate).find(|candidate| candidate.earliest_start.is_none());
        let chosen = at_once.ok_or_else(|| missing("choice for", &data.client))?;
        let (offering, provider) = (chosen.offering, chosen.provider);
        let choice = vouchers::ChooseProvider { offering, price: None, on_behalf: None };
        self.act(Who::Resident(person), days_ago, |c, cx| vouchers::choose(c, cx, voucher, &choice))?;
        let provider = found(stored_providers::find(self.c, provider)?)?;
        let subject = member_of(&provider.business_id);
        if data.client == MAIN_CLIENT && data.state == VoucherStage::InUse {
            stored_organisers::note_installation_fact(self.c, DEMO_PROVIDER_FACT, &subject)?;
        }
        let member = Who::Member(&subject, Some(provider.id));
        data.events.iter().try_for_each(|event| self.event(member, voucher, event))
    }

    fn event(&mut self, member: Who<'_>, voucher: Id<kind::Voucher>, data: &data::Event) -> Result<(), Problem> {
        let today = self.day(0);
        let days_ago = data.day.days_before(today);
        let day = today.plus_days(-days_ago);
        let command = service_events::RecordCommand {
            voucher: service_events::VoucherRef::Id(voucher),
            day,
            quantity: data.quantity,
            span: data.span(day, Helsinki),
            facts: data.facts.clone(),
            worker: None,
            reference: None,
            missed: None,
        };
        let recorded = (days_ago - RECORDED_DAYS_LATER).max(0);
        self.act(member, recorded, |c, cx| service_events::record_alone(c, cx, &command))?;
        Ok(())
    }
}
