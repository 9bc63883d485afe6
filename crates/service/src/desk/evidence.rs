//! `GET /v1/desk/evidence`: evidence to look at, and requirements of approvals that lapse or have lapsed.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::approval::LapseReason;
use valinta_domain::evidence::EvidenceKind;
use valinta_domain::id::kind;
use valinta_domain::{Day, Id, Localized, Moment};
use valinta_persistence::desk::{self, Lapse, LapseQuery, ToCheck};
use valinta_persistence::evidence::asked_for;
use valinta_persistence::organisers::Organiser;

use super::{days_between, days_since, desk_of};
use crate::app::App;
use crate::approvals::{LapseReasonView, Reasons, Subject};
use crate::http::permit::DeskRead;
use crate::http::{Errors, Page, PageQuery, Paged, Parse, Permit, Problem};

/// How many days ahead is looked for what lapses, if nothing is said.
pub(super) const WITHIN_DAYS: u16 = 30;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EvidenceList {
    /// Evidence that nobody of the organiser has looked at.
    ToCheck,
    /// Requirements of approvals that will lapse.
    Lapsing,
    /// Requirements of approvals that have lapsed: there are no new choices.
    Lapsed,
}

/// Which evidence is wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EvidenceFilter {
    /// Which list: `to_check` if nothing is said.
    #[param(inline)]
    list: Option<EvidenceList>,
    /// For `lapsing`: the first day without the requirement is at most so many days ahead; 30 if nothing is said.
    #[validate(range(max = 366))]
    #[param(minimum = 0, maximum = 366)]
    within_days: Option<u16>,
}

impl Parse for EvidenceFilter {
    type Into = (EvidenceList, i64);

    fn parse(&self, errors: &mut Errors) -> Option<Self::Into> {
        let list = self.list.unwrap_or(EvidenceList::ToCheck);
        if self.within_days.is_some() && list != EvidenceList::Lapsing {
            errors.fail("/within_days", "not_applicable", "it is for the list `lapsing`");
        }
        Some((list, i64::from(self.within_days.unwrap_or(WITHIN_DAYS))))
    }
}

/// Something about evidence that waits for somebody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(tag = "list", rename_all = "snake_case")]
pub(crate) enum EvidenceItem {
    /// A piece to look at.
    ToCheck(ToCheckView),
    /// A requirement of an approval that will lapse.
    Lapsing(LapseView),
    /// A requirement of an approval that has lapsed.
    Lapsed(LapseView),
}

/// A piece of evidence to look at.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ToCheckView {
    /// Which.
    evidence: Id<kind::Evidence>,
    /// Whose it is.
    provider: Id<kind::Provider>,
    /// Its name.
    #[schema(max_length = 200)]
    provider_name: String,
    /// Of which unit; of all of the provider's where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Id<kind::ServiceUnit>>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    unit_name: Option<String>,
    /// What is shown.
    kind: EvidenceKind,
    /// The requirement's code, where the kind is `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    requirement: Option<String>,
    /// Where it can be seen: a register entry, a policy number, an address on the internet.
    #[schema(max_length = 300)]
    reference: String,
    /// The file that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment: Option<Id<kind::Attachment>>,
    /// Last day on which it holds, where it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Day>,
    /// When it was given.
    given_at: Moment,
    /// How many days ago that was.
    age_days: i64,
}

/// A requirement of an approval that lapses.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LapseView {
    /// Of which approval.
    approval: Id<kind::Approval>,
    /// Who is approved.
    provider: Id<kind::Provider>,
    /// Its name.
    #[schema(max_length = 200)]
    provider_name: String,
    /// Which unit.
    unit: Id<kind::ServiceUnit>,
    /// Its name.
    #[schema(max_length = 200)]
    unit_name: String,
    /// For what.
    voucher_type: Id<kind::VoucherType>,
    /// Its name.
    voucher_type_name: Localized,
    /// The requirement's code in the rulebook.
    #[schema(max_length = 64)]
    requirement: String,
    /// Why it lapses, and by which piece of evidence.
    #[serde(flatten)]
    reason: LapseReasonView,
    /// First day on which it is not shown to hold.
    lapses_on: Day,
    /// How many days are left until then; nothing on that day, and less after it.
    days_left: i64,
    /// First day on which it is shown to hold again, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    again_from: Option<Day>,
}

/// Where a page begins. Each list has its own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum After {
    Given(Moment, Id<kind::Evidence>),
    Lapses(Day, Id<kind::Interruption>),
}

/// Lists evidence to look at, what was given first first; or what lapses or has lapsed of approvals in force, by its day.
#[utoipa::path(
    tag = "desk",
    params(PageQuery, EvidenceFilter),
    responses((status = 200, description = "A page of it.", body = Page<EvidenceItem>)),
    security(("bearer" = ["desk:read"])),
)]
#[get("/v1/desk/evidence")]
pub(crate) async fn list_desk_evidence(
    permit: Permit<DeskRead>,
    app: web::Data<App>,
    query: Paged<EvidenceFilter>,
) -> Result<Page<EvidenceItem>, Problem> {
    let (page, (list, within_days)) = query.into_parts();
    let after: Option<After> = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    app.read_as(permit.into_caller(), move |c, cx| {
        let (organiser, today) = desk_of(c, cx)?;
        let (from, until) = match list {
            EvidenceList::ToCheck => {
                let after = match after {
                    Some(After::Given(at, id)) => Some((at, id)),
                    Some(After::Lapses(..)) | None => None,
                };
                let asked = asked_for(c, organiser.id)?;
                let found = desk::to_check(c, organiser.id, &asked, today, after, limit)?;
                let cut = Page::cut(found, &page, |one| After::Given(one.given_at, one.id));
                let views = cut.items.into_iter().map(|one| to_check_view(one, &organiser, today));
                let items = views.collect::<Result<_, _>>()?;
                return Ok(Page { items, next: cut.next });
            }
            EvidenceList::Lapsing => (Some(today.plus_days(1)), today.plus_days(within_days)),
            EvidenceList::Lapsed => (None, today),
        };
        let after = match after {
            Some(After::Lapses(day, id)) => Some((day, id)),
            Some(After::Given(..)) | None => None,
        };
        let asked = LapseQuery { organiser: organiser.id, from, until, today, after, limit };
        let cut = Page::cut(desk::lapses(c, &asked)?, &page, |one| After::Lapses(one.from, one.id));
        let subjects: Vec<Subject> = cut.items.iter().map(|one| subject_of(one, organiser.id)).collect();
        let reasons = Reasons::load(c, &subjects)?;
        let view = |one: Lapse| {
            let reason = reasons.of_lapse(&subject_of(&one, organiser.id), &one.requirement, one.from);
            lapse_view(one, reason, today)
        };
        Ok(cut.map(|one| match list {
            EvidenceList::Lapsed => EvidenceItem::Lapsed(view(one)),
            EvidenceList::Lapsing | EvidenceList::ToCheck => EvidenceItem::Lapsing(view(one)),
        }))
    })
    .await
}

fn to_check_view(one: ToCheck, organiser: &Organiser, today: Day) -> Result<EvidenceItem, Problem> {
    Ok(EvidenceItem::ToCheck(ToCheckView {
        evidence: one.id,
        provider: one.provider,
        provider_name: one.provider_name,
        unit: one.unit,
        unit_name: one.unit_name,
        kind: one.kind,
        requirement: one.requirement,
        reference: one.reference,
        attachment: one.attachment,
        valid_until: one.valid_until,
        given_at: one.given_at,
        age_days: days_since(one.given_at, organiser, today)?,
    }))
}

fn subject_of(one: &Lapse, organiser: Id<kind::Organiser>) -> Subject {
    Subject {
        organiser,
        provider: one.provider,
        unit: one.unit,
        voucher_type: one.voucher_type,
        approved_from: one.approved_from,
    }
}

fn lapse_view(one: Lapse, reason: Option<LapseReason>, today: Day) -> LapseView {
    LapseView {
        approval: one.approval,
        provider: one.provider,
        provider_name: one.provider_name,
        unit: one.unit,
        unit_name: one.unit_name,
        voucher_type: one.voucher_type,
        voucher_type_name: one.voucher_type_name,
        requirement: one.requirement,
        reason: LapseReasonView::of(reason),
        lapses_on: one.from,
        days_left: days_between(today, one.from),
        again_from: one.to,
    }
}
