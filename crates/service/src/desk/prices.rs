//! `GET /v1/desk/prices`: offerings with a price that an adopted version of their rulebook, which is to come, does not
//! allow. Their providers were told when it was adopted.

use actix_web::{get, web};
use serde::Serialize;
use valinta_domain::id::kind;
use valinta_domain::offering::PriceCheck;
use valinta_domain::rulebook::RulebookTerms;
use valinta_domain::{Day, Id, Period};
use valinta_persistence::rulebooks::{Rulebook, RulebookState};
use valinta_persistence::{Conn, offerings, providers, rulebooks};

use super::desk_of;
use crate::app::App;
use crate::http::page::NoFilters;
use crate::http::permit::DeskRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::rulebooks::{NotAllowed, not_allowed};

/// How many offerings are looked at in one go.
const OFFERINGS_AT_ONCE: i64 = 500;
/// Most offerings that are counted. Of more, nobody works a list off.
pub(super) const COUNTED_MAX: usize = 1_000;
/// Most adopted versions of an organiser that are read at once.
const VERSIONS_AT_ONCE: i64 = 100;

/// An offering whose price is not allowed soon.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PriceToLower {
    /// Which offering.
    offering: Id<kind::Offering>,
    /// Who offers.
    provider: Id<kind::Provider>,
    /// Which unit.
    unit: Id<kind::ServiceUnit>,
    /// For which voucher type.
    voucher_type: Id<kind::VoucherType>,
    /// First day on which the price is not allowed.
    from: Day,
    /// What is wrong then.
    #[schema(max_length = 64)]
    code: String,
    /// What is wrong then, in words.
    #[schema(max_length = 400)]
    detail: String,
}

/// Where a page begins.
type After = (Id<kind::VoucherType>, Id<kind::Offering>);

/// Lists the offerings with a price that a version of the rulebook which is adopted and not yet in force will not allow.
#[utoipa::path(
    tag = "desk",
    params(PageQuery),
    responses((status = 200, description = "A page of offerings.", body = Page<PriceToLower>)),
    security(("bearer" = ["desk:read"])),
)]
#[get("/v1/desk/prices")]
pub(crate) async fn list_desk_prices(
    permit: Permit<DeskRead>,
    app: web::Data<App>,
    query: Paged<NoFilters>,
) -> Result<Page<PriceToLower>, Problem> {
    let (page, _) = query.into_parts();
    let after: Option<After> = page.after()?;
    let wanted = usize::from(page.limit()).saturating_add(1);
    app.read_as(permit.into_caller(), move |c, cx| {
        let (organiser, today) = desk_of(c, cx)?;
        let found = to_lower(c, organiser.id, today, after, wanted)?;
        Ok(Page::cut(found, &page, |one| (one.voucher_type, one.offering)))
    })
    .await
}

/// Offerings with a price that is not allowed soon, in order of voucher types and offerings, so many at most.
pub(super) fn to_lower(
    c: &mut Conn,
    organiser: Id<kind::Organiser>,
    today: Day,
    after: Option<After>,
    wanted: usize,
) -> Result<Vec<PriceToLower>, Problem> {
    let coming = coming_versions(c, organiser, today)?;
    let mut kinds: Vec<Id<kind::VoucherType>> = coming.iter().map(|version| version.voucher_type).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut found = Vec::new();
    for kind in kinds.into_iter().filter(|kind| after.is_none_or(|(last, _)| *kind >= last)) {
        let versions: Vec<(Period, PriceCheck<&RulebookTerms>)> = coming
            .iter()
            .filter(|version| version.voucher_type == kind)
            .filter_map(|version| version.in_force.map(|period| (period, PriceCheck::under(version.terms.as_ref()))))
            .collect();
        let mut position = after.filter(|(last, _)| *last == kind).map(|(_, offering)| offering);
        loop {
            let some = offerings::list(c, Some(kind), None, position, OFFERINGS_AT_ONCE)?;
            let Some(last) = some.last() else { break };
            position = Some(last.id);
            found.extend(not_allowed_of(c, some, &versions, today)?);
            if found.len() >= wanted {
                found.truncate(wanted);
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The adopted versions that are not in force yet.
fn coming_versions(c: &mut Conn, organiser: Id<kind::Organiser>, today: Day) -> Result<Vec<Rulebook>, Problem> {
    let (mut coming, mut after) = (Vec::new(), None);
    loop {
        let state = Some((RulebookState::Adopted, today));
        let some = rulebooks::list(c, organiser, None, state, after, VERSIONS_AT_ONCE)?;
        let Some(last) = some.last() else { return Ok(coming) };
        after = Some(last.id);
        coming.extend(some.into_iter().filter(|one| one.in_force.is_some_and(|period| period.from() > today)));
    }
}

/// Those of some offerings whose prices are not allowed by these versions, each with the first days.
fn not_allowed_of(
    c: &mut Conn,
    some: Vec<offerings::Offering>,
    versions: &[(Period, PriceCheck<&RulebookTerms>)],
    today: Day,
) -> Result<Vec<PriceToLower>, Problem> {
    let ids: Vec<Id<kind::Offering>> = some.iter().map(|offering| offering.id).collect();
    let whose: Vec<Id<kind::Provider>> = some.iter().map(|offering| offering.provider).collect();
    let prices = offerings::prices_of_each(c, &ids)?;
    let sectors = providers::sectors_of_each(c, &whose)?;
    let found = some.into_iter().filter_map(|offering| {
        let sectors = sectors.get(&offering.provider)?;
        let entries = prices.get(&offering.id)?.entries().iter();
        let refused = entries.filter_map(|(period, price)| {
            let versions = versions.iter().map(|(period, check)| (*period, check));
            not_allowed(*period, price, sectors, versions, today)
        });
        let NotAllowed { period, code, detail } = refused.min_by_key(|one| one.period.from())?;
        Some(PriceToLower {
            offering: offering.id,
            provider: offering.provider,
            unit: offering.unit,
            voucher_type: offering.voucher_type,
            from: period.from(),
            code: code.to_owned(),
            detail,
        })
    });
    Ok(found.collect())
}
