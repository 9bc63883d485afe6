//! `PUT /v1/providers/{id}/contacts`: whom organisers write to at a provider. Sealed, and shown to organisers that know
//! the provider alone.

use actix_web::{HttpResponse, put, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Target};
use valinta_domain::provider::{CONTACTS_MAX, Contact, ContactPurpose};
use valinta_persistence::{Conn, providers};

use super::fields::not_blank;
use super::private::{PrivateProviderView, private_view};
use super::update::{store, take_as_read};
use crate::app::App;
use crate::cx::Cx;
use crate::http::conditional::{IfMatch, tag_of_version, with_tag};
use crate::http::openapi::StateProblems;
use crate::http::permit::ProvidersWrite;
use crate::http::{Errors, Json, Parse, PathId, Permit, Problem};

/// Most bytes of all contacts as they are kept; sealing adds a few.
const KEPT_BYTES_MAX: usize = 8_000;

/// Whom organisers write to.
#[derive(Debug, Clone, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplaceContacts {
    /// All contacts, in the order in which they are to be tried.
    #[validate(length(max = 9), nested)]
    #[schema(max_items = 9)]
    contacts: Vec<ContactRequest>,
}

/// A contact, by its function and not by the name of whoever holds it.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactRequest {
    /// What it is for.
    purpose: ContactPurpose,
    /// What the one who answers is there, such as *palvelupäällikkö*.
    #[validate(length(min = 1, max = 100), non_control_character)]
    #[schema(min_length = 1, max_length = 100)]
    function: String,
    /// E-mail address; wanted where there is no telephone number.
    #[validate(length(min = 3, max = 200), email)]
    #[schema(min_length = 3, max_length = 200, format = Email)]
    email: Option<String>,
    /// Telephone number; wanted where there is no e-mail address.
    #[validate(length(min = 3, max = 40))]
    #[schema(min_length = 3, max_length = 40, pattern = "^[+0-9(][0-9 ()-]*$", example = "+358 50 000 0000")]
    phone: Option<String>,
}

impl Parse for ReplaceContacts {
    type Into = Vec<Contact>;

    fn parse(&self, errors: &mut Errors) -> Option<Vec<Contact>> {
        // A bounded number is looked at, whatever the length.
        let some = self.contacts.get(..self.contacts.len().min(CONTACTS_MAX)).unwrap_or_default();
        let contacts = errors.each("/contacts", some, contact)?;
        let kept = serde_json::to_string(&contacts).map_or(0, |text| text.len());
        if kept > KEPT_BYTES_MAX {
            errors.fail("/contacts", "too_long", format!("all contacts together have at most {KEPT_BYTES_MAX} bytes"));
        }
        Some(contacts)
    }
}

fn contact(contact: &ContactRequest, errors: &mut Errors) -> Option<Contact> {
    if contact.email.is_none() && contact.phone.is_none() {
        errors.fail("", "missing", "an e-mail address or a telephone number is wanted");
    }
    let function = errors.take("/function", not_blank(&contact.function));
    let phone = errors.take_optional("/phone", contact.phone.as_deref().map(phone_number));
    Some(Contact { purpose: contact.purpose, function: function?, email: contact.email.clone(), phone: phone? })
}

fn phone_number(text: &str) -> Result<String, &'static str> {
    let begins = text.starts_with(|c: char| c == '+' || c == '(' || c.is_ascii_digit());
    let goes_on = text.chars().skip(1).all(|c| c.is_ascii_digit() || " ()-".contains(c));
    if begins && goes_on && text.chars().filter(char::is_ascii_digit).count() >= 3 {
        Ok(text.to_owned())
    } else {
        Err("a telephone number is digits, with blanks, hyphens and brackets, and + only before a country's code")
    }
}

/// Replaces the contacts that organisers see of a provider of the caller's. They are not public.
#[utoipa::path(
    tag = "providers",
    params(IfMatch),
    responses(
        (
            status = 200,
            description = "Replaced.",
            body = PrivateProviderView,
            headers(("ETag" = String, description = "The provider's version.")),
        ),
        StateProblems,
    ),
    security(("bearer" = ["providers:write"])),
)]
#[put("/v1/providers/{id}/contacts")]
pub(crate) async fn replace_provider_contacts(
    permit: Permit<ProvidersWrite>,
    app: web::Data<App>,
    path: PathId<kind::Provider>,
    precondition: IfMatch,
    body: Json<ReplaceContacts>,
) -> Result<HttpResponse, Problem> {
    let (id, contacts) = (path.id(), body.into_inner());
    let view = app.write(permit.into_caller(), move |c, cx| replace(c, cx, id, &precondition, &contacts)).await?;
    Ok(with_tag(&mut HttpResponse::Ok(), &tag_of_version(view.version)).json(view))
}

/// Replaces the contacts. That they changed makes a version, so that it is seen who did it and when; what they were is not
/// kept, since nobody needs a person's number who does not answer any more.
fn replace(
    c: &mut Conn,
    cx: &Cx,
    id: Id<kind::Provider>,
    precondition: &IfMatch,
    contacts: &[Contact],
) -> Result<PrivateProviderView, Problem> {
    let target = Target { provider: Some(id), ..Target::default() };
    cx.require(Action::ManageProvider, &target)?;
    let provider = take_as_read(c, id, precondition)?;
    providers::store_contacts(c, cx.vault(), id, contacts)?;
    store(c, cx, &provider)?;
    let noted = json!({"contacts": contacts.len(), "version": provider.version});
    cx.audit("replace_provider_contacts", ("provider", id.uuid()), &target, noted);
    cx.tell(EventKind::ProviderContactsChanged, ("provider", id.uuid()), id, json!({"provider": id}));
    private_view(c, cx, &provider)
}
