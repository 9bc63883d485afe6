//! What is public now of things that have changed: read kind by kind, as their own lists show them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;
use valinta_domain::registry_change::RegistryKind;
use valinta_domain::{Id, Moment};
use valinta_persistence::{Conn, organisers, rulebooks, voucher_types};

use crate::approvals::{PublicApprovalView, PublicApprovals};
use crate::cx::{day_at, found};
use crate::http::Problem;
use crate::offerings::{PublicOfferingView, PublicOfferings};
use crate::organisers::OrganiserView;
use crate::providers::{ProviderView, PublicProviders};
use crate::rulebooks::RulebookSummary;
use crate::service_units::{PublicUnits, ServiceUnitView};
use crate::tabular::{Listing, Look, read_these};
use crate::voucher_types::VoucherTypeView;

/// What is public of a thing, as the list of its kind shows it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum PublicItem {
    /// An organiser.
    Organiser(OrganiserView),
    /// A voucher type.
    VoucherType(VoucherTypeView),
    /// An adopted rulebook, without its rules.
    Rulebook(Box<RulebookSummary>),
    /// A provider.
    Provider(Box<ProviderView>),
    /// A unit.
    ServiceUnit(Box<ServiceUnitView>),
    /// An approval.
    Approval(Box<PublicApprovalView>),
    /// An offering.
    Offering(Box<PublicOfferingView>),
}

/// What is public of some things, by kind and id. What is not public is not in it.
pub(super) type Present = BTreeMap<(RegistryKind, Uuid), serde_json::Value>;

/// Reads what is public of some things now.
pub(super) fn present(
    c: &mut Conn,
    wanted: impl Iterator<Item = (RegistryKind, Uuid)>,
    now: Moment,
) -> Result<Present, Problem> {
    let mut by_kind: BTreeMap<RegistryKind, BTreeSet<Uuid>> = BTreeMap::new();
    for (kind, id) in wanted {
        by_kind.entry(kind).or_default().insert(id);
    }
    let mut present = Present::new();
    for (kind, ids) in by_kind {
        let items = of_kind(c, kind, ids.into_iter().collect(), &Look::at(now, None))?;
        for (id, item) in items {
            present.insert((kind, id), serde_json::to_value(item).map_err(Problem::internal)?);
        }
    }
    Ok(present)
}

type Items = Vec<(Uuid, PublicItem)>;

fn of_kind(c: &mut Conn, kind: RegistryKind, ids: Vec<Uuid>, look: &Look) -> Result<Items, Problem> {
    match kind {
        RegistryKind::Organiser => {
            let all = organisers::list(c)?.into_iter().filter(|organiser| ids.contains(&organiser.id.uuid()));
            Ok(all.map(|one| (one.id.uuid(), PublicItem::Organiser(OrganiserView::of(one)))).collect())
        }
        RegistryKind::VoucherType => {
            let mut items = Items::new();
            for id in ids {
                let found = voucher_types::find(c, Id::new(id))?.map(VoucherTypeView::of);
                items.extend(found.map(|view| (id, PublicItem::VoucherType(view))));
            }
            Ok(items)
        }
        RegistryKind::Rulebook => adopted(c, ids, look.now),
        RegistryKind::Provider => {
            these(c, &PublicProviders::these(ids.clone()), look, &ids, |view| PublicItem::Provider(Box::new(view)))
        }
        RegistryKind::ServiceUnit => {
            these(c, &PublicUnits::these(ids.clone()), look, &ids, |view| PublicItem::ServiceUnit(Box::new(view)))
        }
        RegistryKind::Approval => {
            these(c, &PublicApprovals::these(ids.clone()), look, &ids, |view| PublicItem::Approval(Box::new(view)))
        }
        RegistryKind::Offering => {
            these(c, &PublicOfferings::these(ids.clone()), look, &ids, |view| PublicItem::Offering(Box::new(view)))
        }
    }
}

fn these<L: Listing>(
    c: &mut Conn,
    listing: &L,
    look: &Look,
    ids: &[Uuid],
    item: impl Fn(L::Item) -> PublicItem,
) -> Result<Items, Problem> {
    let views = read_these(c, listing, look, ids.len())?;
    Ok(views.into_iter().map(|view| (L::id_of(&view), item(view))).collect())
}

/// Rulebooks that have been adopted; what is only drafted is its organiser's own affair.
fn adopted(c: &mut Conn, ids: Vec<Uuid>, now: Moment) -> Result<Items, Problem> {
    let mut items = Items::new();
    for id in ids {
        let Some(rulebook) = rulebooks::find_rulebook(c, Id::new(id))? else { continue };
        if rulebook.in_force.is_none() {
            continue;
        }
        let organiser = found(organisers::find(c, rulebook.organiser)?)?;
        let summary = RulebookSummary::for_everyone(&rulebook, day_at(now, &organiser)?);
        items.push((id, PublicItem::Rulebook(Box::new(summary))));
    }
    Ok(items)
}

/// Where a public thing is to be had.
pub(super) fn href(kind: RegistryKind, id: Uuid, item: &serde_json::Value) -> String {
    let of = |name: &str| item.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    match kind {
        RegistryKind::Organiser => format!("/v1/organisers/{id}"),
        RegistryKind::VoucherType => format!("/v1/voucher-types/{id}"),
        RegistryKind::Rulebook => {
            format!("/v1/voucher-types/{}/rulebook?as_of={}", of("voucher_type"), of("in_force_from"))
        }
        RegistryKind::Provider => format!("/v1/providers/{id}"),
        RegistryKind::ServiceUnit => format!("/v1/service-units/{id}"),
        RegistryKind::Approval => {
            format!("/v1/approvals/public?unit={}&voucher_type={}", of("unit"), of("voucher_type"))
        }
        RegistryKind::Offering => format!("/v1/offerings/{id}"),
    }
}
