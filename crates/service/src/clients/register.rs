//! `POST /v1/clients`: a case worker's system registers a person as the organiser's client.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::identifiers::{MunicipalityCode, PersonalIdentityCode};
use valinta_domain::policy::{Action, Target};
use valinta_domain::{Id, Language, Moment};
use valinta_persistence::clients::{Client, Contact};
use valinta_persistence::{Conn, clients, organisers};

use crate::app::{App, Reply};
use crate::cx::Cx;
use crate::http::permit::ClientsWrite;
use crate::http::{Errors, IdempotencyKey, Json, Parse, Permit, Problem, ProblemKind};
use crate::providers::not_blank;

/// A person to be registered.
#[derive(Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterClient {
    /// Personal identity code. Kept sealed, never shown in lists, logs or messages.
    #[validate(length(min = 1, max = 11))]
    #[schema(min_length = 11, max_length = 11, example = "010594Y9032")]
    personal_identity_code: String,
    /// Full name. Kept sealed.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Code of the municipality of residence.
    #[validate(length(min = 1, max = 3))]
    #[schema(min_length = 3, max_length = 3, example = "609")]
    municipality: String,
    /// Language of service.
    language: Language,
    /// How the person can be reached. Kept sealed.
    #[serde(default)]
    #[validate(nested)]
    contact: Option<ContactDetails>,
    /// Whether the address is under a protection order; then it is never shown.
    #[serde(default)]
    protected_address: bool,
}

/// How a person can be reached.
#[derive(Clone, Deserialize, Serialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactDetails {
    /// Street address.
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    street_address: Option<String>,
    /// Postal code.
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    postal_code: Option<String>,
    /// Postal place.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    postal_place: Option<String>,
    /// Telephone number.
    #[validate(length(min = 1, max = 50))]
    #[schema(min_length = 1, max_length = 50)]
    phone: Option<String>,
    /// E-mail address.
    #[validate(length(max = 254), email)]
    #[schema(max_length = 254, format = Email)]
    email: Option<String>,
}

impl ContactDetails {
    pub(crate) fn of(contact: &Contact) -> Self {
        Self {
            street_address: contact.street_address.clone(),
            postal_code: contact.postal_code.clone(),
            postal_place: contact.postal_place.clone(),
            phone: contact.phone.clone(),
            email: contact.email.clone(),
        }
    }
}

/// Who is to be registered.
#[derive(Debug, Clone)]
pub(crate) struct RegisterCommand {
    pub(crate) identity_code: PersonalIdentityCode,
    pub(crate) name: String,
    pub(crate) municipality: MunicipalityCode,
    pub(crate) language: Language,
    pub(crate) contact: Option<Contact>,
    pub(crate) protected_address: bool,
}

impl Parse for RegisterClient {
    type Into = RegisterCommand;

    fn parse(&self, errors: &mut Errors) -> Option<RegisterCommand> {
        let identity_code =
            errors.take("/personal_identity_code", self.personal_identity_code.parse::<PersonalIdentityCode>());
        let name = errors.take("/name", not_blank(&self.name));
        let municipality = errors.take("/municipality", self.municipality.parse::<MunicipalityCode>());
        let contact = self.contact.as_ref().map(|contact| Contact {
            street_address: contact.street_address.clone(),
            postal_code: contact.postal_code.clone(),
            postal_place: contact.postal_place.clone(),
            phone: contact.phone.clone(),
            email: contact.email.clone(),
        });
        Some(RegisterCommand {
            identity_code: identity_code?,
            name: name?,
            municipality: municipality?,
            language: self.language,
            contact,
            protected_address: self.protected_address,
        })
    }
}

/// A client that has been registered. Names no one: the caller knows whom it registered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RegisteredClient {
    /// The client's id with this organiser.
    pub(crate) id: Id<kind::Client>,
    /// The person's id, the same with every organiser.
    pub(crate) person: Id<kind::Person>,
    /// When registered.
    created_at: Moment,
}

/// Registers a person as the organiser's client.
#[utoipa::path(
    tag = "clients",
    params(IdempotencyKey),
    responses((status = 201, description = "Registered.", body = RegisteredClient)),
    security(("bearer" = ["clients:write"])),
)]
#[post("/v1/clients")]
pub(crate) async fn register_client(
    permit: Permit<ClientsWrite>,
    app: web::Data<App>,
    key: IdempotencyKey,
    body: Json<RegisterClient>,
) -> Result<HttpResponse, Problem> {
    let bytes = body.bytes().to_vec();
    let command = body.into_inner();
    app.command(permit.into_caller(), "register_client", &key, &bytes, move |c, cx| register(c, cx, &command)).await
}

/// Registers a client. A person who is another organiser's client keeps the same id, and nothing else is shared.
pub(crate) fn register(c: &mut Conn, cx: &Cx, command: &RegisterCommand) -> Result<Reply<RegisteredClient>, Problem> {
    let organiser = cx.own_organiser(c)?;
    cx.require(Action::ServeClient, &Target { organiser: Some(organiser.id), ..Target::default() })?;
    if organisers::find_municipality(c, &command.municipality)?.is_none() {
        return Err(Problem::invalid(Vec::new()).at("/municipality", "unknown", "there is no such municipality"));
    }
    let person = clients::ensure_person(c, cx.vault(), cx.id(), &command.identity_code, cx.now())?;
    if clients::find_of_person(c, organiser.id, person)?.is_some() {
        return Err(Problem::new(ProblemKind::Duplicate, "The person is the organiser's client already.").at(
            "/personal_identity_code",
            "duplicate",
            "the person is the organiser's client already",
        ));
    }
    let client = Client {
        id: cx.id(),
        organiser: organiser.id,
        person,
        identity_code: command.identity_code.clone(),
        name: command.name.clone(),
        contact: command.contact.clone(),
        municipality: command.municipality.clone(),
        language: command.language,
        protected_address: command.protected_address,
        version: 1,
        created_at: cx.now(),
    };
    clients::insert(c, cx.vault(), &client)?;
    let target = Target { organiser: Some(organiser.id), provider: None, person: Some(person) };
    cx.audit("register_client", ("client", client.id.uuid()), &target, json!({}));
    let view = RegisteredClient { id: client.id, person, created_at: client.created_at };
    Ok(Reply::created(format!("/v1/clients/{}", client.id), view))
}
