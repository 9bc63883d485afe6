//! `GET /v1/voucher-types`: everyone may see for what vouchers are granted.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use uuid::Uuid;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_persistence::open_data::Part;
use valinta_persistence::{Conn, voucher_types};

use super::view::VoucherTypeView;
use crate::app::App;
use crate::http::conditional::IfNoneMatch;
use crate::http::{Page, PageQuery, Paged, Problem};
use crate::parse_as_is;
use crate::tabular::{Ask, Listing, Look, Row, answer};

/// Which voucher types are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VoucherTypeFilter {
    /// Only of this organiser.
    organiser: Option<Id<kind::Organiser>>,
}
parse_as_is!(VoucherTypeFilter);

impl Row for VoucherTypeView {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "organiser",
        "code",
        "name_fi",
        "name_sv",
        "name_en",
        "description_fi",
        "description_sv",
        "description_en",
        "unit",
        "created_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.organiser.to_string(),
            self.code.clone(),
            self.name.fi.clone(),
            self.name.sv.clone(),
            self.name.en.clone(),
            self.description.fi.clone(),
            self.description.sv.clone(),
            self.description.en.clone(),
            self.unit.code().to_owned(),
            self.created_at.to_string(),
        ]
    }
}

/// Lists voucher types, oldest first.
///
/// Asked for `text/csv` or `application/x-ndjson`, the whole list comes as a file. The columns of the former: `id`,
/// `organiser`, `code`, `name_fi`, `name_sv`, `name_en`, `description_fi`, `description_sv`, `description_en`, `unit`,
/// `created_at`. A cell that a spreadsheet would take for a formula has an apostrophe before it.
#[utoipa::path(
    tag = "voucher types",
    params(PageQuery, VoucherTypeFilter, IfNoneMatch),
    responses(
        (
            status = 200,
            description = "A page of voucher types, or all of them as a file.",
            content(
                (Page<VoucherTypeView> = "application/json"),
                (String = "text/csv"),
                (VoucherTypeView = "application/x-ndjson"),
            ),
        ),
        (status = 304, description = "Unchanged since the tag that the caller has."),
    ),
    security(()),
)]
#[get("/v1/voucher-types")]
pub(crate) async fn list_voucher_types(
    app: web::Data<App>,
    ask: Ask,
    query: Paged<VoucherTypeFilter>,
) -> Result<HttpResponse, Problem> {
    let (page, filter) = query.into_parts();
    answer(&app, ask, page, None, VoucherTypes { organiser: filter.organiser }).await
}

/// The list.
struct VoucherTypes {
    organiser: Option<Id<kind::Organiser>>,
}

impl Listing for VoucherTypes {
    type Item = VoucherTypeView;
    const FILE: &'static str = "voucher-types";

    fn id_of(item: &Self::Item) -> Uuid {
        item.id.uuid()
    }

    fn read(&self, c: &mut Conn, _: &Look, after: Option<Uuid>, limit: i64) -> Result<Part<Self::Item>, Problem> {
        let found = voucher_types::list(c, self.organiser, after.map(Id::new), limit)?;
        let full = i64::try_from(found.len()).is_ok_and(|found| found >= limit);
        let last = found.last().filter(|_| full).map(|voucher_type| voucher_type.id.uuid());
        Ok(Part { entries: found.into_iter().map(VoucherTypeView::of).collect(), last })
    }
}
