//! `POST /v1/voucher-types`: an officer publishes a kind of voucher. Its rules follow as a rulebook.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use serde_json::json;
use validator::Validate;
use valinta_domain::event::EventKind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::registry_change::RegistryChange;
use valinta_domain::text::{NAME_CHARS_MAX, TEXT_CHARS_MAX};
use valinta_domain::{Localized, Unit};
use valinta_persistence::Conn;
use valinta_persistence::voucher_types::{self, VoucherType};

use super::view::VoucherTypeView;
use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::VoucherTypesWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};
use crate::organisers;

/// A kind of voucher to be published.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishVoucherType {
    /// A code of one's own choice, unique within the organiser: letters, digits, hyphens and underscores.
    #[validate(length(min = 1, max = 64))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]{1,64}$", example = "home-care")]
    code: String,
    /// Its name, at most 200 characters in each language.
    name: Localized,
    /// What it is for.
    description: Localized,
    /// What it is counted in.
    unit: Unit,
}

/// What is to be published.
#[derive(Debug, Clone)]
pub(crate) struct PublishCommand {
    pub(crate) code: String,
    pub(crate) name: Localized,
    pub(crate) description: Localized,
    pub(crate) unit: Unit,
}

impl Parse for PublishVoucherType {
    type Into = PublishCommand;

    fn parse(&self, errors: &mut Errors) -> Option<PublishCommand> {
        let code = errors.take("/code", organisers::code(&self.code));
        let name = errors.text("/name", &self.name, NAME_CHARS_MAX);
        let description = errors.text("/description", &self.description, TEXT_CHARS_MAX);
        Some(PublishCommand { code: code?, name: name?, description: description?, unit: self.unit })
    }
}

/// Publishes a voucher type of the caller's organiser. Vouchers are granted once it has a rulebook in force.
#[utoipa::path(
    tag = "voucher types",
    params(IdempotencyKey),
    responses((status = 201, description = "Published.", body = VoucherTypeView)),
    security(("bearer" = ["voucher-types:write"])),
)]
#[post("/v1/voucher-types")]
pub(crate) async fn publish_voucher_type(
    permit: Permit<VoucherTypesWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<PublishVoucherType>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "publish_voucher_type", &key, &bytes, move |c, cx| publish(c, cx, &command)).await
}

/// Publishes a voucher type.
pub(crate) fn publish(c: &mut Conn, cx: &Cx, command: &PublishCommand) -> Result<Reply<VoucherTypeView>, Problem> {
    let organiser = cx.own_organiser(c)?;
    let target = Target { organiser: Some(organiser.id), ..Target::default() };
    cx.require(Action::ManageRules, &target)?;
    if voucher_types::find_by_code(c, organiser.id, &command.code)?.is_some() {
        return Err(Problem::new(ProblemKind::Duplicate, "The organiser has a voucher type of this code.").at(
            "/code",
            "duplicate",
            "another voucher type of the organiser has this code",
        ));
    }
    let voucher_type = VoucherType {
        id: cx.id(),
        organiser: organiser.id,
        code: command.code.clone(),
        name: command.name.clone(),
        description: command.description.clone(),
        unit: command.unit,
        version: 1,
        created_at: cx.now(),
    };
    voucher_types::insert(c, &voucher_type)?;
    let id = voucher_type.id;
    cx.audit("publish_voucher_type", ("voucher_type", id.uuid()), &target, json!({"code": voucher_type.code}));
    cx.tell(EventKind::VoucherTypePublished, ("voucher_type", id.uuid()), &target, json!({"voucher_type": id}));
    cx.registry_changed(RegistryChange::voucher_type(id, Some(organiser.id)));
    Ok(Reply::created(format!("/v1/voucher-types/{id}"), VoucherTypeView::of(voucher_type)))
}
