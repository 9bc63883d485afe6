//! Who answers for a voucher's holder: the holder, one who has a mandate, or a case worker to whom the holder has consented.
//! Noted with what came of it, and shown.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use validator::Validate;
use valinta_domain::behalf::{Act, BEHALF_NOTE_CHARS_MAX, ConsentChannel, Maker, MandateScope, check_consent};
use valinta_domain::id::kind;
use valinta_domain::policy::{Mandate, MandateSource, Role, Target};
use valinta_domain::voucher::Voucher;
use valinta_domain::{Day, Id, Moment};
use valinta_persistence::acts_on_behalf::{self, ActOnBehalf, ActedBy};
use valinta_persistence::{Conn, choice_requests, clients};

use crate::cx::{Cx, found};
use crate::http::Problem;

/// The client's consent to what a case worker does for them: wanted of case workers, and of nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordedConsent)]
pub(crate) struct OnBehalf {
    /// How it was given.
    pub(crate) how: ConsentChannel,
    /// On which day: today, or up to 90 days ago.
    pub(crate) given_on: Day,
    /// What else is to be known of it. Kept sealed, and shown to the organiser's case workers alone.
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) note: Option<String>,
}

const _: () = assert!(BEHALF_NOTE_CHARS_MAX == 2_000, "the figure of the shape above");

/// Where the consent stands in a request.
const POINTER: &str = "/on_behalf";

/// Who answers for a voucher's holder.
#[derive(Clone)]
pub(crate) enum Answering {
    /// The holder.
    Holder,
    /// Somebody else, on what is said here.
    For(ActedBy),
}

impl Answering {
    /// Who answers. The caller may answer for the voucher's holder.
    ///
    /// # Errors
    /// A case worker without a consent that is good today; one who needs none, with one.
    pub(crate) fn of(cx: &Cx, target: &Target, today: Day, on_behalf: Option<&OnBehalf>) -> Result<Self, Problem> {
        let actor = cx.actor();
        match (actor.role, on_behalf) {
            (Role::CaseWorker, Some(consent)) => {
                check_consent(consent.given_on, today).map_err(|refused| {
                    Problem::invalid(Vec::new()).at("/on_behalf/given_on", refused.code(), refused)
                })?;
                let note = consent.note.clone();
                Ok(Self::For(ActedBy::CaseWorker { how: consent.how, given_on: consent.given_on, note }))
            }
            (Role::CaseWorker, None) => Err(Problem::invalid(Vec::new()).at(
                POINTER,
                "required",
                "a case worker answers for a client who has consented: say how and when",
            )),
            (Role::Resident, Some(_)) => Err(Problem::invalid(Vec::new()).at(
                POINTER,
                "not_wanted",
                "consent is recorded by case workers; a holder and a representative need none",
            )),
            (Role::Resident, None) => Ok(match actor.mandate_for(target) {
                Some(Mandate { source: MandateSource::Recorded { id, .. }, .. }) => {
                    Self::For(ActedBy::Representative { mandate: *id })
                }
                Some(Mandate { source: MandateSource::Token(of_token), scope, .. }) => {
                    Self::For(ActedBy::RepresentativeByToken { scope: *scope, mandate: of_token.clone() })
                }
                None => Self::Holder,
            }),
            (Role::Operator | Role::Officer | Role::Finance | Role::Auditor | Role::Provider, _) => {
                Err(Problem::not_found())
            }
        }
    }

    /// Notes what was done if it was done for the holder: about which voucher, and what came of it. The details of the
    /// audit row, which then say so.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn keep(
        self,
        c: &mut Conn,
        cx: &Cx,
        (voucher, act, subject): (&Voucher, Act, Uuid),
        mut details: Value,
    ) -> Result<Value, Problem> {
        let by = match self {
            Self::Holder => return Ok(details),
            Self::For(by) => by,
        };
        let kept = ActOnBehalf {
            id: cx.id(),
            organiser: voucher.organiser,
            voucher: voucher.id,
            person: voucher.person,
            act,
            subject,
            by,
            recorded_by: cx.actor().subject.clone(),
            recorded_at: cx.now(),
        };
        acts_on_behalf::insert(c, cx.vault(), &kept)?;
        if let Some(members) = details.as_object_mut() {
            members.insert("made_by".to_owned(), json!(kept.by.maker()));
            members.insert("on_behalf".to_owned(), json!(kept.id));
        }
        Ok(details)
    }
}

/// What was done for the holder, by whom and on what it rests.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OnBehalfView {
    /// As what somebody has acted.
    made_by: Maker,
    /// The mandate of the representative, where it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<Id<kind::Mandate>>,
    /// The mandate of the representative, where the representative's token carried it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_mandate: Option<TokenMandateView>,
    /// How the holder has consented.
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<ConsentChannel>,
    /// On which day the holder has consented.
    #[serde(skip_serializing_if = "Option::is_none")]
    given_on: Option<Day>,
    /// What else is to be known of the consent. Shown to the organiser's case workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// When it was done.
    recorded_at: Moment,
}

/// A mandate that a token carried when something was done by it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TokenMandate)]
pub(crate) struct TokenMandateView {
    /// Who issued the token, having checked the mandate.
    #[schema(max_length = 2048)]
    issuer: String,
    /// What it let the representative do.
    scope: MandateScope,
    /// When it was to end.
    ends_at: Moment,
    /// Which person the representative is, where the token said it. Shown to the organiser's case workers and auditors.
    #[serde(skip_serializing_if = "Option::is_none")]
    representative: Option<Id<kind::Person>>,
}

/// For whom the caller acts, by a mandate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ActingForView {
    /// The mandate; absent where the token carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandate: Option<Id<kind::Mandate>>,
    /// When the mandate ends that the token carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<Moment>,
    /// What it lets the caller do.
    scope: MandateScope,
    /// The client's name.
    #[schema(max_length = 200)]
    name: String,
}

impl ActingForView {
    /// Whether the caller may do more than look.
    pub(super) fn may_answer(&self) -> bool {
        self.scope == MandateScope::Vouchers
    }
}

/// For whom the actor acts with a voucher: nobody, where it is the actor's own or the actor is no resident.
///
/// # Errors
/// The database's.
pub(super) fn acting_for(c: &mut Conn, cx: &Cx, voucher: &Voucher) -> Result<Option<ActingForView>, Problem> {
    let target = Target { organiser: Some(voucher.organiser), provider: None, person: Some(voucher.person) };
    let Some(mandate) = cx.actor().mandate_for(&target) else { return Ok(None) };
    let name = found(clients::find_name(c, cx.vault(), voucher.client)?)?;
    let (id, ends_at) = match &mandate.source {
        MandateSource::Recorded { id, .. } => (Some(*id), None),
        MandateSource::Token(of_token) => (None, Some(of_token.ends_at)),
    };
    Ok(Some(ActingForView { mandate: id, ends_at, scope: mandate.scope, name }))
}

/// What was done about a voucher for its holder, as far as the actor is shown it.
pub(super) struct DoneFor {
    acts: Vec<ActOnBehalf>,
    /// The requests that choices came from.
    requests: HashMap<Id<kind::Choice>, Id<kind::ChoiceRequest>>,
    role: Role,
}

impl DoneFor {
    /// Of a voucher.
    ///
    /// # Errors
    /// The database's.
    pub(super) fn of(c: &mut Conn, cx: &Cx, voucher: &Voucher) -> Result<Self, Problem> {
        let acts = acts_on_behalf::of_voucher(c, cx.vault(), voucher.id)?;
        let requests = choice_requests::confirmed_of_voucher(c, voucher.id)?;
        Ok(Self { acts, requests, role: cx.actor().role })
    }

    /// Of a voucher that nobody has done anything about yet.
    pub(super) fn nobody(cx: &Cx) -> Self {
        Self { acts: Vec::new(), requests: HashMap::new(), role: cx.actor().role }
    }

    /// Who made a choice, or asked for it, and on what it rests.
    pub(super) fn choice(&self, choice: Id<kind::Choice>) -> (Maker, Option<OnBehalfView>) {
        let subject = self.requests.get(&choice).map_or(choice.uuid(), |request| request.uuid());
        let act = self.acts.iter().find(|act| act.act == Act::Choose && act.subject == subject);
        (act.map_or(Maker::Holder, |act| act.by.maker()), act.and_then(|act| self.view(act)))
    }

    /// How the voucher was accepted or refused, if somebody else did it than its holder.
    pub(super) fn answer(&self) -> Option<OnBehalfView> {
        let answered = |act: &&ActOnBehalf| match act.act {
            Act::Accept | Act::Refuse => true,
            Act::Choose | Act::Withdraw => false,
        };
        self.acts.iter().find(answered).and_then(|act| self.view(act))
    }

    /// On what an act rests is between the organiser and its client; a provider is told who has acted.
    fn view(&self, act: &ActOnBehalf) -> Option<OnBehalfView> {
        let bare = OnBehalfView {
            made_by: act.by.maker(),
            mandate: None,
            token_mandate: None,
            how: None,
            given_on: None,
            note: None,
            recorded_at: act.recorded_at,
        };
        let view = match &act.by {
            ActedBy::Representative { mandate } => OnBehalfView { mandate: Some(*mandate), ..bare },
            ActedBy::RepresentativeByToken { scope, mandate } => {
                let shows_person = [Role::CaseWorker, Role::Auditor].contains(&self.role);
                let token_mandate = TokenMandateView {
                    issuer: mandate.issuer.clone(),
                    scope: *scope,
                    ends_at: mandate.ends_at,
                    representative: mandate.representative.filter(|_| shows_person),
                };
                OnBehalfView { token_mandate: Some(token_mandate), ..bare }
            }
            ActedBy::CaseWorker { how, given_on, note } => OnBehalfView {
                how: Some(*how),
                given_on: Some(*given_on),
                note: note.clone().filter(|_| self.role == Role::CaseWorker),
                ..bare
            },
        };
        (self.role != Role::Provider).then_some(view)
    }
}
