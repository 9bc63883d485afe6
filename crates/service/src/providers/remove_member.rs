//! `POST /v1/providers/{id}/members/remove`: a member acts no longer. Nothing is left to them: memberships are read from
//! the database at every request.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::provider::{MemberChange, MembersRefused};
use valinta_persistence::{Conn, providers};

use super::list_members::MemberView;
use super::put_member::{permit_change, subject};
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::openapi::StateProblems;
use crate::http::permit::MembersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem};

/// Who is to be a member no longer.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveMember {
    /// The subject of their tokens.
    #[validate(length(min = 1, max = 255), non_control_character)]
    #[schema(min_length = 1, max_length = 255)]
    subject: String,
}

impl Parse for RemoveMember {
    type Into = String;

    fn parse(&self, errors: &mut Errors) -> Option<String> {
        errors.take("/subject", subject(&self.subject))
    }
}

/// Removes a member of a provider, at once. The last admin stays.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses((status = 200, description = "No member any longer; what they were.", body = MemberView), StateProblems),
    security(("bearer" = ["members:write"])),
)]
#[post("/v1/providers/{id}/members/remove")]
pub(crate) async fn remove_provider_member(
    permit: Permit<MembersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    key: IdempotencyKey,
    body: Json<RemoveMember>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let subject = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| remove(c, cx, id, &subject);
    app.command(permit.into_caller(), "remove_provider_member", &key, &bytes, run).await
}

fn remove(c: &mut Conn, cx: &Cx, id: Id<kind::Provider>, subject: &str) -> Result<Reply<MemberView>, Problem> {
    let (target, present) = permit_change(c, cx, id, subject, MemberChange::Remove)?;
    let member = present.ok_or(MembersRefused::NoMember)?;
    providers::remove_member(c, id, subject)?;
    let audited = json!({"provider": id, "subject": subject, "role": member.role});
    cx.audit("remove_provider_member", ("provider", id.uuid()), &target, audited);
    let told = json!({"provider": id, "role": member.role});
    cx.tell(EventKind::ProviderMemberRemoved, ("provider", id.uuid()), &target, told);
    Ok(Reply::ok(MemberView::of(cx, member)))
}
