//! `POST /v1/providers/{id}/members`: someone becomes a member, or another kind of member. The subject is in the body and
//! not in the path: it is whatever an issuer of tokens made it, and paths are logged.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::machine_client::as_member;
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::provider::{MemberChange, MemberRole, MembersBy, MembersNow, MembersRefused, change_members};
use valinta_persistence::providers::Member;
use valinta_persistence::{Conn, machine_clients, providers};

use super::list_members::MemberView;
use super::whose::target_of;
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::openapi::StateProblems;
use crate::http::permit::MembersWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, PathId, Permit, Problem, ProblemKind};

/// Who is to be a member, and as what.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutMember {
    /// The subject of their tokens.
    #[validate(length(min = 1, max = 255), non_control_character)]
    #[schema(min_length = 1, max_length = 255)]
    subject: String,
    /// As what they are to act.
    role: MemberRole,
}

impl Parse for PutMember {
    type Into = (String, MemberRole);

    fn parse(&self, errors: &mut Errors) -> Option<Self::Into> {
        Some((errors.take("/subject", subject(&self.subject))?, self.role))
    }
}

/// A subject as its issuer writes it: one that only looks like it would let nobody in.
pub(super) fn subject(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.trim() != text {
        Err("a subject has no blanks before or after it")
    } else {
        Ok(text.to_owned())
    }
}

/// Lets someone act for a provider, or makes a member another kind of member. An officer names the first admin of a
/// provider that the organiser has brought in; all else is for the provider's admins.
#[utoipa::path(
    tag = "providers",
    params(IdempotencyKey),
    responses(
        (status = 201, description = "A member from now on.", body = MemberView),
        (status = 200, description = "A member already, and in this role from now on.", body = MemberView),
        StateProblems,
    ),
    security(("bearer" = ["members:write"])),
)]
#[post("/v1/providers/{id}/members")]
pub(crate) async fn put_provider_member(
    permit: Permit<MembersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    key: IdempotencyKey,
    body: Json<PutMember>,
) -> Result<HttpResponse, Problem> {
    let (id, bytes) = (path.id(), body.bytes().to_vec());
    let (subject, role) = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| put(c, cx, id, &subject, role);
    app.command(permit.into_caller(), "put_provider_member", &key, &bytes, run).await
}

fn put(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Provider>,
    subject: &str,
    role: MemberRole,
) -> Result<Reply<MemberView>, Problem> {
    let (target, before) = permit_change(c, cx, id, subject, MemberChange::Put(role))?;
    if let Err(binds) = as_member(role)
        && machine_clients::of_subject(c, subject)?.is_some()
    {
        return Err(Problem::invalid(Vec::new()).at("/role", "not_for_it", binds));
    }
    let noted = json!({"provider": id, "role": role, "before": before.as_ref().map(|member| member.role)});
    // The outbox is told that it happened; who it was is for those who may list members, and for the audit trail.
    let mut audited = noted.clone();
    if let Some(fields) = audited.as_object_mut() {
        fields.insert("subject".to_owned(), subject.into());
    }
    cx.audit("put_provider_member", ("provider", id.uuid()), &target, audited);
    let Some(member) = before else {
        let added_by = Some(cx.actor().subject.clone());
        let added_for = cx.actor().organiser;
        let member = Member { subject: subject.to_owned(), role, added_by, added_for, created_at: cx.now() };
        providers::insert_member(c, id, &member)?;
        cx.tell(EventKind::ProviderMemberAdded, ("provider", id.uuid()), &target, noted);
        return Ok(Reply::created(format!("/v1/providers/{id}/members"), MemberView::of(cx, member)));
    };
    if member.role != role {
        providers::store_role(c, id, subject, role)?;
        cx.tell(EventKind::ProviderMemberChanged, ("provider", id.uuid()), &target, noted);
    }
    Ok(Reply::ok(MemberView::of(cx, Member { role, ..member })))
}

/// Goes on if the caller may make this of the subject. The provider is locked first, so that two admins who remove each
/// other at once do not both succeed.
pub(super) fn permit_change(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Provider>,
    subject: &str,
    change: MemberChange,
) -> Result<(Target, Option<Member>), Problem> {
    let target = target_of(c, cx, id)?;
    cx.require(Action::ManageMembers, &target)?;
    found(providers::lock(c, id)?)?;
    // One who was removed while waiting for the lock decides nothing any more.
    let still_admin = |c: &mut Conn| -> Result<bool, Problem> {
        let own = providers::member(c, id, &cx.actor().subject)?;
        Ok(own.is_some_and(|member| member.role == MemberRole::Admin))
    };
    let by = match (cx.actor().role, cx.actor().organiser) {
        (Role::Provider, _) => {
            if !still_admin(c)? {
                return Err(Problem::not_found());
            }
            MembersBy::Admin
        }
        (_, Some(organiser)) => MembersBy::Officer { brought_in: providers::was_brought_in_by(c, id, organiser)? },
        (_, None) => return Err(Problem::not_found()),
    };
    let present = providers::member(c, id, subject)?;
    let (members, admins) = providers::count_members(c, id)?;
    let counted = |n: i64| u64::try_from(n).unwrap_or_default();
    let now = MembersNow {
        present: present.as_ref().map(|member| member.role),
        members: counted(members),
        admins: counted(admins),
    };
    change_members(by, now, change)?;
    Ok((target, present))
}

impl From<MembersRefused> for Problem {
    fn from(refused: MembersRefused) -> Self {
        match refused {
            MembersRefused::LastAdmin => Self::new(
                ProblemKind::Conflict,
                "The provider would be left without an admin.",
            )
            .at("/subject", "last_admin", refused),
            MembersRefused::NotForOfficer => Self::new(ProblemKind::Forbidden, refused.to_string()),
            MembersRefused::TooMany => Self::new(ProblemKind::Conflict, refused.to_string()),
            MembersRefused::NoMember => Self::unknown("/subject", refused),
        }
    }
}
