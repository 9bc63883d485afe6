//! `GET /v1/rulebooks/{id}/difference`: in what a rulebook differs from another one of its organiser's.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::rulebook_difference::{Change, difference};
use valinta_persistence::Conn;
use valinta_persistence::rulebooks::{self, Rulebook};

use super::terms::readable;
use crate::app::App;
use crate::http::permit::RulebooksWrite;
use crate::http::{PathId, Permit, Problem, Query};
use crate::parse_as_is;

/// Most differences that are told. Two documents that have more in which they differ have little in common.
const CHANGES_MAX: usize = 2_000;

/// From which version.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DifferenceFrom {
    /// The older version, of any voucher type of the organiser. If nothing is said, the version that this one is based
    /// on; or the one adopted before it.
    from: Option<Id<kind::Rulebook>>,
}
parse_as_is!(DifferenceFrom);

/// In what two rulebooks differ.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct DifferenceView {
    /// The older one.
    from: Id<kind::Rulebook>,
    /// The newer one.
    to: Id<kind::Rulebook>,
    /// The differences, by part, member and place.
    #[schema(max_items = 2000)]
    changes: Vec<Change>,
    /// Whether there are more than are told.
    more: bool,
}

/// Tells in what a rulebook differs from another one.
#[utoipa::path(
    tag = "rulebooks",
    params(DifferenceFrom),
    responses((status = 200, description = "The differences.", body = DifferenceView)),
    security(("bearer" = ["rulebooks:write"])),
)]
#[get("/v1/rulebooks/{id}/difference")]
pub(crate) async fn show_rulebook_difference(
    permit: Permit<RulebooksWrite>,
    app: web::Data<App>,
    path: PathId<kind::Rulebook>,
    query: Query<DifferenceFrom>,
) -> Result<web::Json<DifferenceView>, Problem> {
    let (id, asked) = (path.id(), query.into_inner().from);
    let (from, to) = app
        .read_as(permit.into_caller(), move |c, cx| {
            let to = readable(c, cx, id)?;
            let unknown = || Problem::unknown("/query/from", "the organiser has no such rulebook");
            let from = match asked.or(to.based_on) {
                Some(from) => rulebooks::find_rulebook(c, from)?.filter(|from| from.organiser == to.organiser),
                None => adopted_before(c, &to)?,
            };
            Ok((from.ok_or_else(unknown)?, to))
        })
        .await?;
    let document = |rulebook: &Rulebook| serde_json::to_value(&rulebook.terms).map_err(Problem::internal);
    let mut changes = difference(&document(&from)?, &document(&to)?);
    let more = changes.len() > CHANGES_MAX;
    changes.truncate(CHANGES_MAX);
    Ok(web::Json(DifferenceView { from: from.id, to: to.id, changes, more }))
}

/// The adopted version that a version follows, or would follow.
fn adopted_before(c: &mut Conn, rulebook: &Rulebook) -> Result<Option<Rulebook>, Problem> {
    Ok(match rulebook.in_force {
        Some(period) => rulebooks::rulebook_in_force(c, rulebook.voucher_type, period.from().plus_days(-1))?,
        None => rulebooks::open_rulebook(c, rulebook.voucher_type)?,
    })
}
