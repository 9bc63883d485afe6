//! Whose a webhook is. It tells of what a role can read, and is that role's to see and to change; auditors see all.

use serde_json::json;
use valinta_domain::Id;
use valinta_domain::event::EventKind;
use valinta_domain::id::kind;
use valinta_domain::policy::{Action, Role, Target};
use valinta_domain::webhook::WebhookState;
use valinta_persistence::machine_clients::ActsFor;
use valinta_persistence::webhooks::{self, Webhook};
use valinta_persistence::{Conn, DbError};

use crate::cx::{Cx, found};
use crate::http::{Problem, ProblemKind};

/// Whose it is, as a target.
pub(super) fn target_of(owner: ActsFor) -> Target {
    match owner {
        ActsFor::Organiser(organiser) => Target { organiser: Some(organiser), ..Target::default() },
        ActsFor::Provider(provider) => Target { provider: Some(provider), ..Target::default() },
    }
}

/// A webhook that the caller may act on.
pub(super) fn kept(c: &mut Conn, cx: &Cx, id: Id<kind::Webhook>, action: Action) -> Result<(Webhook, Target), Problem> {
    let webhook = found(webhooks::find(c, id)?)?;
    let target = target_of(webhook.owner);
    cx.require(action, &target)?;
    if !is_seen(cx, &webhook) {
        return Err(Problem::not_found());
    }
    Ok((webhook, target))
}

/// Whether a webhook of the caller's organiser or provider is for the caller's role.
pub(super) fn is_seen(cx: &Cx, webhook: &Webhook) -> bool {
    let role = cx.actor().role;
    role == webhook.role || role == Role::Auditor
}

/// Those whose webhooks the caller may see.
pub(super) fn owners(cx: &Cx) -> Vec<ActsFor> {
    let actor = cx.actor();
    let of_organiser = actor.organiser.map(ActsFor::Organiser);
    let of_providers = actor.provider_ids().into_iter().map(ActsFor::Provider);
    let seen = |owner: &ActsFor| cx.require(Action::ReadWebhooks, &target_of(*owner)).is_ok();
    of_organiser.into_iter().chain(of_providers).filter(seen).collect()
}

/// Stores a change, and notes it.
///
/// # Errors
/// It was called or changed at the same moment: begun again, that is seen.
pub(super) fn store(
    c: &mut Conn,
    cx: &Cx,
    action: &'static str,
    (seen, now): (&Webhook, &Webhook),
    target: &Target,
) -> Result<(), Problem> {
    if !webhooks::store(c, seen, now)? {
        return Err(DbError::Serialization.into());
    }
    note(cx, action, now, target);
    Ok(())
}

/// Notes what was done to a webhook.
pub(super) fn note(cx: &Cx, action: &'static str, webhook: &Webhook, target: &Target) {
    let details = json!({"state": webhook.state, "heard": webhook.heard.0.to_string()});
    cx.audit(action, ("webhook", webhook.id.uuid()), target, details);
}

/// Turns off what a program has made that gets no tokens any more: whether it is to be called still is for people to say.
pub(crate) fn turn_off_all_of(c: &mut Conn, cx: &Cx, program: Id<kind::MachineClient>) -> Result<(), Problem> {
    for seen in webhooks::active_of_maker(c, &program.to_string())? {
        let now = Webhook { state: WebhookState::Disabled, disabled_at: Some(cx.now()), ..seen.clone() };
        if !webhooks::store(c, &seen, &now)? {
            return Err(DbError::Serialization.into());
        }
        tell_off(cx, &now);
    }
    Ok(())
}

/// Notes and tells that a webhook is turned off.
pub(super) fn tell_off(cx: &Cx, webhook: &Webhook) {
    let (target, subject) = (target_of(webhook.owner), ("webhook", webhook.id.uuid()));
    let details =
        json!({"webhook": webhook.id, "failing_since": webhook.failing_since, "heard": webhook.heard.0.to_string()});
    cx.audit("disable_webhook", subject, &target, details.clone());
    cx.tell(EventKind::WebhookDisabled, subject, &target, details);
}

/// Refuses what cannot be done any more.
pub(super) fn is_over() -> Problem {
    Problem::new(ProblemKind::WrongState, "The webhook has been ended.")
}
