//! What is in a delivery, made from what is stored: the same delivery makes the same parcel, as long as nobody has given
//! another account meanwhile.

use valinta_domain::delivery::DeliveryKind;
use valinta_domain::id::kind;
use valinta_domain::settlement::StatementState;
use valinta_domain::{Id, Moment};
use valinta_persistence::deliveries::Delivery;
use valinta_persistence::statements::{self, Statement};
use valinta_persistence::{Conn, organisers};

use super::place::Parcel;
use crate::cx::{Cx, found};
use crate::http::Problem;
use crate::statements::documents::invoice;
use crate::statements::documents::pain::{Account, Payment, PaymentError, PaymentOrder, message};
use crate::statements::whole;

/// What a delivery comes to.
#[derive(Debug)]
pub(super) enum Content {
    /// This is handed over.
    Ready(Parcel),
    /// It is not wanted any more, for this reason.
    CalledOff(String),
    /// It cannot be made until somebody has put something right.
    Impossible(String),
}

/// Makes what is handed over.
pub(super) fn content_of(c: &mut Conn, cx: &Cx, delivery: &Delivery) -> Result<Content, Problem> {
    let id: Id<kind::Statement> = Id::new(delivery.made.subject);
    let statement = found(statements::find(c, id)?)?;
    let written = match delivery.made.kind {
        DeliveryKind::Invoice => {
            let whole = whole::whole(c, cx, &statement)?;
            invoice::document(&whole).map_err(|refused| format!("no invoice is made of it: {refused}"))
        }
        // A second payment of what was paid would be worse than none.
        DeliveryKind::Payment if statement.state == StatementState::Paid => {
            return Ok(Content::CalledOff("the statement was noted as paid before".to_owned()));
        }
        DeliveryKind::Payment => payment(c, cx, &statement, delivery.id())?
            .map_err(|refused| format!("there is nothing for a bank: {refused}")),
    };
    let content = match written {
        Ok(content) => content,
        Err(why) => return Ok(Content::Impossible(why)),
    };
    let organiser = found(organisers::find(c, statement.organiser)?)?;
    let number = statement.number.as_deref().unwrap_or_default();
    Ok(Content::Ready(Parcel {
        id: delivery.id(),
        organiser: organiser.code,
        month: statement.month,
        name: format!("{}-{number}", delivery.made.kind.code()),
        extension: "xml",
        content,
    }))
}

/// What the bank is asked to pay for one statement. The message is known by the delivery: a bank takes it once.
fn payment(
    c: &mut Conn,
    cx: &Cx,
    statement: &Statement,
    delivery: Id<kind::Delivery>,
) -> Result<Result<Vec<u8>, PaymentError>, Problem> {
    let head = whole::without_lines(c, cx, statement)?;
    let sent_at: Moment = statement.sent.as_ref().map_or(cx.now(), |(_, at)| *at);
    Ok((|| {
        let payment = Payment::of_head(&head, statement.payable)?.ok_or(PaymentError::NoPayments)?;
        let debtor = Account::of(&head.organiser).ok_or(PaymentError::NoPayments)?;
        message(&PaymentOrder {
            message_id: delivery.uuid().simple().to_string(),
            created_at: sent_at,
            debtor,
            payments: vec![payment],
        })
    })())
}
