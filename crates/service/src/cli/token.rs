//! `valinta token ROLE`: prints a fresh token, signed with the installation's own key.

use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::policy::Role;
use valinta_persistence::{Conn, DbError, organisers};

use super::CliError;
use crate::app::App;
use crate::console::say;
use crate::demo::{Bearer, DEMO_FACT, DEMO_PROVIDER_FACT, DEMO_RESIDENT_FACT, token};

/// What the database says of the demo county.
struct Known {
    organiser: Option<Id<kind::Organiser>>,
    resident: Option<Id<kind::Person>>,
    provider: Option<String>,
}

/// Prints a token of a role: for the demo county, or for the organiser or subject that is named.
pub(super) fn print(app: &App, role: &str, organiser: Option<&str>, subject: Option<String>) -> Result<(), CliError> {
    let role = parse_role(role)?;
    say(mint(app, role, organiser, subject)?);
    Ok(())
}

/// A token for each role of the demo county, with the role's name.
pub(super) fn demo_tokens(app: &App) -> Result<Vec<(Role, String)>, CliError> {
    let roles = [Role::Resident, Role::Provider, Role::CaseWorker, Role::Officer, Role::Finance, Role::Auditor];
    roles.into_iter().map(|role| Ok((role, mint(app, role, None, None)?))).collect()
}

fn mint(app: &App, role: Role, organiser: Option<&str>, subject: Option<String>) -> Result<String, CliError> {
    let code = organiser.map(str::to_owned);
    let known = app
        .db()
        .read_blocking(move |c| look_up(c, code.as_deref()))
        .map_err(|error| CliError::Refused(format!("the database cannot be read: {error}")))?;
    let refuse = |what: &str| Err(CliError::Refused(what.to_owned()));
    let bearer = match role {
        Role::Operator => Bearer { subject, ..Bearer::default() },
        Role::Officer | Role::CaseWorker | Role::Finance | Role::Auditor => match known.organiser {
            Some(organiser) => Bearer { organiser: Some(organiser), subject, ..Bearer::default() },
            None if organiser.is_some() => return refuse("there is no organiser with that code"),
            None => return refuse("there is no demo county in this database: say --organiser CODE"),
        },
        Role::Provider => match subject.or(known.provider) {
            Some(subject) => Bearer { subject: Some(subject), ..Bearer::default() },
            None => return refuse("there is no demo county in this database: say --subject SUBJECT"),
        },
        Role::Resident => match known.resident {
            Some(person) => Bearer { person: Some(person), subject, ..Bearer::default() },
            None => return refuse("there is no demo county in this database, and so no resident to be"),
        },
    };
    Ok(token(app.tokens(), role, bearer, app.clock().now()))
}

fn look_up(c: &mut Conn, code: Option<&str>) -> Result<Known, DbError> {
    let demo = organisers::installation_fact(c, DEMO_FACT)?;
    let organiser = match code.or(demo.as_deref()) {
        Some(code) => organisers::find_by_code(c, code)?.map(|organiser| organiser.id),
        None => None,
    };
    let resident = organisers::installation_fact(c, DEMO_RESIDENT_FACT)?;
    Ok(Known {
        organiser,
        resident: resident.and_then(|id| id.parse().ok()),
        provider: organisers::installation_fact(c, DEMO_PROVIDER_FACT)?,
    })
}

fn parse_role(name: &str) -> Result<Role, CliError> {
    Role::from_code(name).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.into_iter().map(Role::code).collect();
        CliError::Refused(format!("there is no role {name:?}; there are {}", known.join(", ")))
    })
}
