//! `POST /v1/machine-clients`: a program may get tokens of its own from now on.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::machine_client::{ROLES, as_member, may_have, scopes_among};
use valinta_domain::policy::{Role, Scope};
use valinta_domain::provider::MemberRole;
use valinta_domain::text::LineText;
use valinta_persistence::machine_clients::{ActsFor, MachineClient};
use valinta_persistence::providers::{self, Member};
use valinta_persistence::{Conn, machine_clients, organisers};

use super::view::MachineClientView;
use super::whose::{note, require};
use crate::app::{App, Reply};
use crate::cx::{Cx, found};
use crate::http::permit::MachineClientsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem};
use crate::providers::not_blank;

/// A program that is to get tokens.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterMachineClient {
    /// What it is called, so that people know it.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Client information system")]
    name: String,
    /// The organiser for which it is to act; or else `provider`.
    #[serde(default)]
    organiser: Option<Id<kind::Organiser>>,
    /// The provider for which it is to act; or else `organiser`.
    #[serde(default)]
    provider: Option<Id<kind::Provider>>,
    /// In what role: `officer`, `case-worker`, `finance` or `auditor` for an organiser, `provider` for a provider.
    role: Role,
    /// As what it is to act for a provider: `worker` or `clerk`. What binds a provider is done by people.
    #[serde(default)]
    member_role: Option<MemberRole>,
    /// What its tokens may be good for.
    #[validate(length(min = 1, max = 100))]
    #[schema(value_type = Vec<LineText>, min_items = 1, max_items = 100, example = json!(["clients:write", "vouchers:write", "vouchers:read"]))]
    scopes: Vec<String>,
}

/// What is to be registered.
#[derive(Debug, Clone)]
pub(crate) struct RegisterCommand {
    name: String,
    acts_for: ActsFor,
    role: Role,
    member_role: Option<MemberRole>,
    scopes: Vec<Scope>,
}

impl Parse for RegisterMachineClient {
    type Into = RegisterCommand;

    fn parse(&self, errors: &mut Errors) -> Option<RegisterCommand> {
        let name = errors.take("/name", not_blank(&self.name));
        let acts_for = match (self.organiser, self.provider) {
            (Some(organiser), None) => Some(ActsFor::Organiser(organiser)),
            (None, Some(provider)) => Some(ActsFor::Provider(provider)),
            (Some(_), Some(_)) => {
                errors.fail("/provider", "not_both", "a program acts for an organiser or for a provider, not for both");
                None
            }
            (None, None) => {
                errors.fail("/organiser", "required", "say for which organiser or provider it acts");
                None
            }
        };
        let for_provider = self.provider.is_some();
        let fits = ROLES.contains(&self.role) && (self.role == Role::Provider) == for_provider;
        if !fits {
            errors.fail("/role", "not_for_it", "a program of that organiser or provider cannot have this role");
        }
        let member_role = self.member_role(errors);
        let role = self.role;
        let scopes = scopes_among(self.scopes.iter().map(String::as_str), |scope| may_have(role, scope));
        let scopes = errors.take("/scopes", scopes);
        Some(RegisterCommand {
            name: name?,
            acts_for: acts_for?,
            role: fits.then_some(role)?,
            member_role: member_role?,
            scopes: scopes?,
        })
    }
}

impl RegisterMachineClient {
    fn member_role(&self, errors: &mut Errors) -> Option<Option<MemberRole>> {
        let (code, why) = match (self.provider, self.member_role.map(as_member).transpose()) {
            (None, Ok(None)) => return Some(None),
            (Some(_), Ok(Some(role))) => return Some(Some(role)),
            (Some(_), Ok(None)) => ("required", "say as what it acts for the provider: worker or clerk".to_owned()),
            (Some(_), Err(binds)) => ("not_for_it", binds.to_string()),
            (None, Ok(Some(_)) | Err(_)) => ("not_for_it", "it is for programs of providers".to_owned()),
        };
        errors.fail("/member_role", code, why);
        None
    }
}

/// Registers a program, which gets tokens once it has a key or a secret. The operator registers those of organisers, an admin
/// of a provider those of the provider. Such a program is a member of the provider, in the role that is named.
#[utoipa::path(
    tag = "machine-clients",
    params(IdempotencyKey),
    responses((status = 201, description = "Registered.", body = MachineClientView)),
    security(("bearer" = ["machine-clients:write"])),
)]
#[post("/v1/machine-clients")]
pub(crate) async fn register_machine_client(
    permit: Permit<MachineClientsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<RegisterMachineClient>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    let run = move |c: &mut Conn, cx: &Cx| register(c, cx, &command);
    app.command(permit.into_caller(), "register_machine_client", &key, &bytes, run).await
}

fn register(c: &mut Conn, cx: &Cx, command: &RegisterCommand) -> Result<Reply<MachineClientView>, Problem> {
    let target = require(cx, command.acts_for)?;
    let client = MachineClient {
        id: cx.id(),
        acts_for: command.acts_for,
        name: command.name.clone(),
        role: command.role,
        scopes: command.scopes.clone(),
        registered_by: cx.actor().subject.clone(),
        registered_at: cx.now(),
        ended: None,
    };
    match command.acts_for {
        ActsFor::Organiser(organiser) => {
            if organisers::find(c, organiser)?.is_none() {
                return Err(Problem::unknown("/organiser", "there is no such organiser"));
            }
        }
        ActsFor::Provider(provider) => {
            found(providers::lock(c, provider)?)?;
            let member = Member {
                subject: client.id.to_string(),
                role: command.member_role.unwrap_or(MemberRole::Worker),
                added_by: Some(cx.actor().subject.clone()),
                added_for: None,
                created_at: cx.now(),
            };
            providers::insert_member(c, provider, &member)?;
        }
    }
    machine_clients::insert(c, &client)?;
    note(cx, "register_machine_client", &client, &target);
    let place = format!("/v1/machine-clients/{}", client.id);
    Ok(Reply::created(place, MachineClientView::of(client, Vec::new())))
}
