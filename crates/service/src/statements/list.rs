//! `GET /v1/statements`: an organiser's, or those of the caller's providers.

use std::collections::BTreeMap;

use actix_web::{get, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role};
use valinta_domain::provider::MemberRole;
use valinta_domain::settlement::StatementState;
use valinta_domain::{Day, Id};
use valinta_persistence::organisers;
use valinta_persistence::statements::{self, StatementFilter, Whose};

use super::sums::{StatementSumsView, target_of};
use crate::app::App;
use crate::cx::found;
use crate::http::permit::StatementsRead;
use crate::http::{Page, PageQuery, Paged, Permit, Problem};
use crate::parse_as_is;

/// Which statements are wanted.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatementQuery {
    /// Only those of this settlement.
    settlement: Option<Id<kind::Settlement>>,
    /// Only those of this provider.
    provider: Option<Id<kind::Provider>>,
    /// Only those of the month of this first day.
    month: Option<Day>,
    /// Only those that stand so.
    state: Option<StatementState>,
}
parse_as_is!(StatementQuery);

/// Lists statements, latest first: an organiser's staff sees the organiser's, a provider's clerks its own.
#[utoipa::path(
    tag = "settlements",
    params(PageQuery, StatementQuery),
    responses((status = 200, description = "A page of statements.", body = Page<StatementSumsView>)),
    security(("bearer" = ["statements:read"])),
)]
#[get("/v1/statements")]
pub(crate) async fn list_statements(
    permit: Permit<StatementsRead>,
    app: web::Data<App>,
    query: Paged<StatementQuery>,
) -> Result<Page<StatementSumsView>, Problem> {
    let (page, wanted) = query.into_parts();
    let before = page.after()?;
    let limit = i64::from(page.limit()) + 1;
    let StatementQuery { settlement, provider, month, state } = wanted;
    let filter = StatementFilter { settlement, provider, month, state };
    app.write(permit.into_caller(), move |c, cx| {
        let actor = cx.actor();
        let whose = match actor.role {
            Role::Finance | Role::Auditor => Whose::Organiser(cx.own_organiser(c)?.id),
            Role::Provider => {
                let is_clerk = |id: &Id<kind::Provider>| actor.role_in(*id) >= Some(MemberRole::Clerk);
                Whose::Providers(actor.provider_ids().into_iter().filter(is_clerk).collect())
            }
            // No token of these roles carries the scope.
            Role::CaseWorker | Role::Officer | Role::Operator | Role::Resident => return Err(Problem::not_found()),
        };
        let listed = statements::list(c, &whose, &filter, before, limit)?;
        let shown = Page::cut(listed, &page, |statement| statement.id);
        let mut currencies = BTreeMap::new();
        let mut items = Vec::with_capacity(shown.items.len());
        for statement in shown.items {
            let target = target_of(&statement);
            cx.require(Action::ReadStatement, &target)?;
            cx.audit("list_statements", ("statement", statement.id.uuid()), &target, json!({}));
            let currency = match currencies.get(&statement.organiser) {
                Some(currency) => *currency,
                None => {
                    let currency = found(organisers::find(c, statement.organiser)?)?.currency;
                    currencies.insert(statement.organiser, currency);
                    currency
                }
            };
            items.push(StatementSumsView::of(statement, currency));
        }
        Ok(Page { items, next: shown.next })
    })
    .await
}
