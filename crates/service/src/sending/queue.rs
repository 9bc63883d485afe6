//! What is to be handed over when something happens, written in the same transaction, and what is left for people to hand in.

use valinta_domain::delivery::{Channel, DeliveryKind, DeliveryState};
use valinta_domain::id::kind;
use valinta_domain::{Currency, Id};
use valinta_persistence::deliveries::{self, NewDelivery};
use valinta_persistence::statements::Statement;
use valinta_persistence::{Conn, DbError};

use crate::cx::Cx;

/// What leaves the house when a statement is sent: the invoice, and in euros what the bank is asked to pay. Once for each
/// statement: the database refuses the same of the same statement.
///
/// # Errors
/// The database's.
pub(crate) fn queue_statement(c: &mut Conn, cx: &Cx, statement: &Statement, currency: Currency) -> Result<(), DbError> {
    let payment = (currency == Currency::Eur).then_some(DeliveryKind::Payment);
    for kind in [DeliveryKind::Invoice].into_iter().chain(payment) {
        let delivery = NewDelivery {
            id: cx.id(),
            organiser: statement.organiser,
            kind,
            channel: Channel::Files,
            subject_kind: "statement".to_owned(),
            subject: statement.id.uuid(),
            created_at: cx.now(),
        };
        deliveries::add(c, &delivery)?;
    }
    Ok(())
}

/// Whether the payment of a statement is left for people to hand in: the service does not hand it over by itself, or has given
/// that up. What went both ways would be paid twice.
///
/// # Errors
/// The database's.
pub(crate) fn is_payment_by_hand(
    c: &mut Conn,
    statement: Id<kind::Statement>,
    channels: &[Channel],
) -> Result<bool, DbError> {
    let delivery = deliveries::of_subject(c, statement.uuid(), DeliveryKind::Payment, Channel::Files)?;
    Ok(delivery.is_none_or(|delivery| match delivery.state {
        DeliveryState::Waiting => delivery.lease.is_none() && !channels.contains(&Channel::Files),
        DeliveryState::Sent => false,
        DeliveryState::Dead | DeliveryState::CalledOff => true,
    }))
}
