//! `GET /v1/approvals/public`: which units are or have been approved for what, for everyone (569/2009 § 4). What and
//! when, and never why: neither why an approval ended nor why it took no new choices.

use std::collections::HashMap;

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{BusinessId, MunicipalityCode};
use valinta_domain::{Day, Id, Period};
use valinta_persistence::Conn;
use valinta_persistence::open_data::{self, Part, PublicApproval, Wish};
use valinta_persistence::providers::{Provider, ServiceUnit};

use crate::app::App;
use crate::http::conditional::IfNoneMatch;
use crate::http::{Page, PageQuery, Paged, Problem};
use crate::parse_as_is;
use crate::tabular::{Ask, Listing, Look, Row, answer, joined};

/// Which approvals are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PublicApprovalFilter {
    /// Only those that hold on this day.
    as_of: Option<Day>,
    /// Only those that this organiser gave.
    organiser: Option<Id<kind::Organiser>>,
    /// Only for this voucher type.
    voucher_type: Option<Id<kind::VoucherType>>,
    /// Only of this provider.
    provider: Option<Id<kind::Provider>>,
    /// Only of this unit.
    unit: Option<Id<kind::ServiceUnit>>,
}
parse_as_is!(PublicApprovalFilter);

/// A unit's approval for a voucher type, as everyone sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PublicApprovalView {
    /// Its id.
    id: Id<kind::Approval>,
    /// Whose approval it is.
    organiser: Id<kind::Organiser>,
    /// For what.
    voucher_type: Id<kind::VoucherType>,
    /// Who is approved.
    provider: Id<kind::Provider>,
    /// The provider's business id.
    business_id: BusinessId,
    /// The provider's name.
    #[schema(max_length = 200)]
    provider_name: String,
    /// Which unit.
    unit: Id<kind::ServiceUnit>,
    /// The unit's name.
    #[schema(max_length = 200)]
    unit_name: String,
    /// Codes of the municipalities for whose residents it is; of all of the organiser's where none is named.
    #[schema(max_items = 500)]
    area: Vec<MunicipalityCode>,
    /// First day.
    from: Day,
    /// Last day, if it has an end or the unit closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
    /// Days on which it took no new choices, of those that have begun.
    #[schema(max_items = 1000)]
    no_new_choices: Vec<DaysView>,
}

/// Days that follow each other.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DaysView {
    /// First day.
    from: Day,
    /// Last day, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Day>,
}

impl DaysView {
    fn of(period: &Period) -> Self {
        Self { from: period.from(), until: last_day(*period) }
    }

    /// As ISO 8601 writes an interval; one without an end ends with a stroke.
    fn interval(&self) -> String {
        format!("{}/{}", self.from, self.until.map(|day| day.to_string()).unwrap_or_default())
    }
}

fn last_day(period: Period) -> Option<Day> {
    period.to().map(|_| period.last_day())
}

impl Row for PublicApprovalView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "organiser",
        "voucher_type",
        "provider",
        "business_id",
        "provider_name",
        "unit",
        "unit_name",
        "area",
        "from",
        "until",
        "no_new_choices",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.organiser.to_string(),
            self.voucher_type.to_string(),
            self.provider.to_string(),
            self.business_id.to_string(),
            self.provider_name.clone(),
            self.unit.to_string(),
            self.unit_name.clone(),
            joined(&self.area),
            self.from.to_string(),
            self.until.map(|day| day.to_string()).unwrap_or_default(),
            joined(self.no_new_choices.iter().map(DaysView::interval)),
        ]
    }
}

/// Lists approvals, past, present and coming, oldest first: which unit for which voucher type of which organiser, on
/// which days, and on which of them it took no new choices. As of a day: those that hold on it, with the names of that
/// day. Reasons are not public, and so not here.
///
/// Asked for `text/csv` or `application/x-ndjson`, the whole list comes as a file. The columns of the former: `id`,
/// `organiser`, `voucher_type`, `provider`, `business_id`, `provider_name`, `unit`, `unit_name`, `area` (codes of
/// municipalities separated by `|`; empty for all of the organiser's), `from`, `until` (days), `no_new_choices`
/// (`first day/last day`, separated by `|`; without a last day where it is not known). A cell that a spreadsheet
/// would take for a formula has an apostrophe before it.
#[utoipa::path(
    tag = "approvals",
    params(PageQuery, PublicApprovalFilter, IfNoneMatch),
    responses(
        (
            status = 200,
            description = "A page of approvals, or all of them as a file.",
            content(
                (Page<PublicApprovalView> = "application/json"),
                (String = "text/csv"),
                (PublicApprovalView = "application/x-ndjson"),
            ),
        ),
        (status = 304, description = "Unchanged since the tag that the caller has."),
    ),
    security(()),
)]
#[get("/v1/approvals/public")]
pub(crate) async fn list_public_approvals(
    app: web::Data<App>,
    ask: Ask,
    query: Paged<PublicApprovalFilter>,
) -> Result<HttpResponse, Problem> {
    let (page, filter) = query.into_parts();
    let wish = Wish {
        organiser: filter.organiser,
        voucher_type: filter.voucher_type,
        provider: filter.provider,
        unit: filter.unit,
        ..Wish::default()
    };
    answer(&app, ask, page, filter.as_of, PublicApprovals(wish)).await
}

/// The list.
pub(crate) struct PublicApprovals(Wish);

impl PublicApprovals {
    /// These alone.
    pub(crate) fn these(ids: Vec<Uuid>) -> Self {
        Self(Wish { ids: Some(ids), ..Wish::default() })
    }
}

impl Listing for PublicApprovals {
    type Item = PublicApprovalView;
    const FILE: &'static str = "approvals";

    fn id_of(item: &Self::Item) -> Uuid {
        item.id.uuid()
    }

    fn read(&self, c: &mut Conn, look: &Look, after: Option<Uuid>, limit: i64) -> Result<Part<Self::Item>, Problem> {
        let Part { entries, last } = open_data::list_approvals(c, look.when, &self.0, after, limit)?;
        let provider_ids: Vec<_> = entries.iter().map(|approval| approval.provider).collect();
        let unit_ids: Vec<_> = entries.iter().map(|approval| approval.unit).collect();
        let (providers, units) = open_data::named(c, look.when, &provider_ids, &unit_ids)?;
        let views = entries.into_iter().filter_map(|approval| view(approval, look, &providers, &units));
        Ok(Part { entries: views.collect(), last })
    }
}

/// The approval as it is shown, or `None` where its unit was not there on the day.
fn view(
    approval: PublicApproval,
    look: &Look,
    providers: &HashMap<Id<kind::Provider>, Provider>,
    units: &HashMap<Id<kind::ServiceUnit>, ServiceUnit>,
) -> Option<PublicApprovalView> {
    let (provider, unit) = (providers.get(&approval.provider)?, units.get(&approval.unit)?);
    let begun_by = look.told_until(look.when.day);
    let so_far = approval.interrupted.iter().filter(|period| period.from() <= begun_by);
    let closed_from = unit.details.closed_from;
    // A unit that has closed serves nobody, whatever its approval says.
    if look.when.as_of && closed_from.is_some_and(|closed| closed <= look.when.day) {
        return None;
    }
    let closed_after = closed_from.map(|closed| closed.plus_days(-1));
    Some(PublicApprovalView {
        id: approval.id,
        organiser: approval.organiser,
        voucher_type: approval.voucher_type,
        provider: approval.provider,
        business_id: provider.business_id.clone(),
        provider_name: provider.details.name.clone(),
        unit: approval.unit,
        unit_name: unit.details.name.clone(),
        no_new_choices: so_far.map(DaysView::of).collect(),
        from: approval.period.from(),
        until: [last_day(approval.period), closed_after].into_iter().flatten().min(),
        area: approval.area,
    })
}
