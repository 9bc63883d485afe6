//! What an organiser has asked of an application and the provider has not answered yet.

use serde::{Deserialize, Serialize};
use valinta_domain::application::{ApplicationEventKind, ApplicationState, Evidence, Unanswered, unanswered};
use valinta_domain::{Day, Moment};
use valinta_persistence::applications::{Application, Event};
use valinta_persistence::{Conn, applications};

use crate::http::{Errors, Problem};

/// A question that waits for the provider's answer: words, or other evidence for each requirement that it is about.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct OpenQuestion {
    /// What is asked.
    #[schema(max_length = 4000)]
    pub(crate) text: String,
    /// About which requirements, by their codes; about none of them in particular where none is named.
    #[schema(max_items = 50, value_type = Vec<valinta_domain::text::CodeText>)]
    pub(crate) requirements: Vec<String>,
    /// Last day for the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<Day>,
    /// When it was asked.
    pub(crate) asked_at: Moment,
}

/// What was stated when something was handed in.
#[derive(Default, Deserialize)]
struct HandedIn {
    evidence: Vec<Evidence>,
}

impl OpenQuestion {
    /// The last question of an application that waits for an answer.
    pub(super) fn of(state: ApplicationState, events: &[Event]) -> Option<Self> {
        if state != ApplicationState::MoreInformation {
            return None;
        }
        let asked = events.iter().rev().find(|event| event.kind == ApplicationEventKind::InformationRequested)?;
        Some(Self {
            text: asked.text.clone().unwrap_or_default(),
            requirements: asked.requirements.clone(),
            due: asked.due,
            asked_at: asked.at,
        })
    }

    /// Notes that the question is not answered, by words or by what the application states now.
    pub(super) fn check_answered(
        &self,
        c: &mut Conn,
        application: &Application,
        answer: Option<&str>,
        errors: &mut Errors,
    ) -> Result<(), Problem> {
        let handed_in = applications::document_of(c, application.id, None)?;
        let before: HandedIn = match handed_in {
            Some(text) => serde_json::from_str(&text).map_err(Problem::internal)?,
            None => HandedIn::default(),
        };
        let detail = match unanswered(&self.requirements, (&before.evidence, &application.evidence), answer) {
            None => return Ok(()),
            Some(Unanswered::Words) => "the organiser has asked for more, and an answer in words is wanted".to_owned(),
            Some(Unanswered::Evidence { requirement }) => format!(
                "the organiser has asked for more about {requirement}: an answer in words is wanted, or other evidence \
                 for each requirement that it asked about"
            ),
        };
        errors.fail("/answer", "missing_field", detail);
        Ok(())
    }
}

/// The question that an application waits for an answer to.
pub(super) fn open_question(c: &mut Conn, application: &Application) -> Result<Option<OpenQuestion>, Problem> {
    if application.state != ApplicationState::MoreInformation {
        return Ok(None);
    }
    Ok(OpenQuestion::of(application.state, &applications::events_of(c, application.id)?))
}
