//! A message to a bank, ISO 20022 `pain.001.001.09`: credit transfers in euros, one for each statement that is paid. Owns the
//! form of the message and its bounds; when it is sent and by whom is decided elsewhere.

use std::collections::BTreeMap;

use chrono::Datelike;
use thiserror::Error;
use valinta_domain::provider::Iban;
use valinta_domain::statement::{Bic, Party, Statement, StatementHead, StatementNumber};
use valinta_domain::{Amount, Currency, Day, Moment};

use super::markup::Markup;
use super::sepa;

/// The schema that the message is of.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
/// Most payments of a message.
pub const PAYMENTS_MAX: usize = 50_000;
/// Longest id of a message.
pub const MESSAGE_ID_CHARS_MAX: usize = 35;
/// How much of a message's id stands in the ids of its parts, behind a day of eight digits and a hyphen.
const MESSAGE_ID_CHARS_OF_PART: usize = 26;
/// Most of what is told to who is paid.
const REMITTANCE_CHARS_MAX: usize = 140;
/// The largest credit transfer that banks take in euros: 999,999,999.99.
const PAYMENT_MINOR_MAX: i64 = 99_999_999_999;

/// An account of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub name: String,
    /// Its number.
    pub iban: Iban,
    /// Its bank, where that is known.
    pub bic: Option<Bic>,
}

impl Account {
    /// The account of a party, if it has one.
    pub fn of(party: &Party) -> Option<Self> {
        let iban = party.iban.clone()?;
        Some(Self { name: party.name.clone(), iban, bic: party.bic.clone() })
    }
}

/// The payment of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The statement, which the payment refers to from end to end.
    pub statement: StatementNumber,
    /// The statement's month, by its first day.
    pub month: Day,
    /// The day on which it is to be paid.
    pub execute_on: Day,
    /// Who is paid.
    pub creditor: Account,
    /// How much, in euros.
    pub amount: Amount,
}

impl Payment {
    /// The payment of a statement on the day it is due. None where nothing is to be paid.
    ///
    /// # Errors
    /// It is not in euros, or there is no account to pay to.
    pub fn of(statement: &Statement) -> Result<Option<Self>, PaymentError> {
        Self::of_head(statement.head(), statement.sums().payable)
    }

    /// The payment of what a statement comes to, on the day it is due. None where nothing is to be paid.
    ///
    /// # Errors
    /// It is not in euros, or there is no account to pay to.
    pub fn of_head(head: &StatementHead, amount: Amount) -> Result<Option<Self>, PaymentError> {
        if amount == Amount::ZERO {
            return Ok(None);
        }
        let number = || head.number.clone();
        if head.currency != Currency::Eur {
            return Err(PaymentError::NotEuro { statement: number() });
        }
        let creditor = Account::of(&head.provider).ok_or_else(|| PaymentError::NoAccount { statement: number() })?;
        Ok(Some(Self { statement: number(), month: head.month, execute_on: head.due_on, creditor, amount }))
    }
}

/// What a bank is asked to pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentOrder {
    /// Tells the message from all others: at most 35 letters (A to Z, a to z), digits and hyphens. A bank refuses one that it
    /// has had, so that the same message sent twice is paid once.
    pub message_id: String,
    /// When the message was made.
    pub created_at: Moment,
    /// Who pays.
    pub debtor: Account,
    /// What is paid, in this order.
    pub payments: Vec<Payment>,
}

/// Why there is no message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PaymentError {
    /// An id that banks do not take.
    #[error("the id of a message has at most {MESSAGE_ID_CHARS_MAX} letters (A to Z), digits and hyphens")]
    MessageId,
    /// Nothing to pay.
    #[error("a message has at least one payment")]
    NoPayments,
    /// Too much for one message.
    #[error("a message has at most {PAYMENTS_MAX} payments")]
    TooManyPayments,
    /// Beyond what a credit transfer can be.
    #[error("the payment of statement {statement} is not above zero, or larger than a credit transfer can be")]
    Amount {
        /// The statement.
        statement: StatementNumber,
    },
    /// A statement would be paid twice.
    #[error("statement {statement} is in the message twice")]
    Twice {
        /// The statement.
        statement: StatementNumber,
    },
    /// Another currency.
    #[error("statement {statement} is not in euros, and only euros are paid by credit transfer here")]
    NotEuro {
        /// The statement.
        statement: StatementNumber,
    },
    /// No account to pay to.
    #[error("statement {statement} cannot be paid: its provider has no account")]
    NoAccount {
        /// The statement.
        statement: StatementNumber,
    },
    /// The sum is beyond the range of money.
    #[error("the payments are too large together")]
    Overflow,
}

/// Payments of one day, and what they come to.
#[derive(Default)]
struct Part<'a> {
    payments: Vec<&'a Payment>,
    sum: Amount,
}

/// The message, the same bytes for the same order. Payments of the same day stand in one part, by day.
///
/// # Errors
/// The order is empty, too large, would pay a statement twice or holds something that is no payment.
pub fn message(order: &PaymentOrder) -> Result<Vec<u8>, PaymentError> {
    let (parts, sum) = parts_of(order)?;
    let mut markup = Markup::xml();
    markup.within_as("Document", &[("xmlns", NAMESPACE)], |document| {
        document.within("CstmrCdtTrfInitn", |message| {
            message.within("GrpHdr", |head| {
                head.text("MsgId", &order.message_id);
                head.text("CreDtTm", &order.created_at.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string());
                head.text("NbOfTxs", &order.payments.len().to_string());
                head.text("CtrlSum", &sum.to_string());
                head.within("InitgPty", |party| party.text("Nm", &sepa::name(&order.debtor.name)));
            });
            for (day, part) in &parts {
                write_part(message, order, *day, part);
            }
        });
    });
    Ok(markup.into_bytes())
}

/// The payments by day, and what all of them come to.
fn parts_of(order: &PaymentOrder) -> Result<(BTreeMap<Day, Part<'_>>, Amount), PaymentError> {
    let id = &order.message_id;
    let is_id = (1..=MESSAGE_ID_CHARS_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_id {
        return Err(PaymentError::MessageId);
    }
    if order.payments.is_empty() {
        return Err(PaymentError::NoPayments);
    }
    if order.payments.len() > PAYMENTS_MAX {
        return Err(PaymentError::TooManyPayments);
    }
    let mut numbers: Vec<&StatementNumber> = order.payments.iter().map(|payment| &payment.statement).collect();
    numbers.sort_unstable();
    if let Some([twice, ..]) = numbers.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(PaymentError::Twice { statement: (*twice).clone() });
    }
    let (mut parts, mut sum) = (BTreeMap::<Day, Part<'_>>::new(), Amount::ZERO);
    for payment in &order.payments {
        if !(1..=PAYMENT_MINOR_MAX).contains(&payment.amount.minor()) {
            return Err(PaymentError::Amount { statement: payment.statement.clone() });
        }
        let part = parts.entry(payment.execute_on).or_default();
        part.payments.push(payment);
        part.sum = part.sum.plus(payment.amount).ok_or(PaymentError::Overflow)?;
        sum = sum.plus(payment.amount).ok_or(PaymentError::Overflow)?;
    }
    Ok((parts, sum))
}

fn write_part(message: &mut Markup, order: &PaymentOrder, day: Day, part: &Part<'_>) {
    let debtor = &order.debtor;
    let of_message: String = order.message_id.chars().take(MESSAGE_ID_CHARS_OF_PART).collect();
    message.within("PmtInf", |info| {
        info.text("PmtInfId", &format!("{}-{of_message}", day.date().format("%Y%m%d")));
        info.text("PmtMtd", "TRF");
        info.text("BtchBookg", "true");
        info.text("NbOfTxs", &part.payments.len().to_string());
        info.text("CtrlSum", &part.sum.to_string());
        info.within("PmtTpInf", |kind| kind.within("SvcLvl", |level| level.text("Cd", "SEPA")));
        info.within("ReqdExctnDt", |on| on.text("Dt", &day.to_string()));
        info.within("Dbtr", |party| party.text("Nm", &sepa::name(&debtor.name)));
        write_account(info, "DbtrAcct", &debtor.iban);
        info.within("DbtrAgt", |agent| {
            agent.within("FinInstnId", |bank| match &debtor.bic {
                Some(bic) => bank.text("BICFI", bic.as_str()),
                None => bank.within("Othr", |other| other.text("Id", "NOTPROVIDED")),
            });
        });
        info.text("ChrgBr", "SLEV");
        for payment in &part.payments {
            write_payment(info, payment);
        }
    });
}

fn write_payment(info: &mut Markup, payment: &Payment) {
    info.within("CdtTrfTxInf", |transfer| {
        transfer.within("PmtId", |id| id.text("EndToEndId", payment.statement.as_str()));
        transfer.within("Amt", |amount| amount.text_as("InstdAmt", &[("Ccy", "EUR")], &payment.amount.to_string()));
        if let Some(bic) = &payment.creditor.bic {
            transfer.within("CdtrAgt", |agent| agent.within("FinInstnId", |bank| bank.text("BICFI", bic.as_str())));
        }
        transfer.within("Cdtr", |party| party.text("Nm", &sepa::name(&payment.creditor.name)));
        write_account(transfer, "CdtrAcct", &payment.creditor.iban);
        let month = payment.month.date();
        let told = format!("Tilitys {} {}/{}", payment.statement, month.month(), month.year());
        transfer.within("RmtInf", |told_to| told_to.text("Ustrd", &sepa::line(&told, REMITTANCE_CHARS_MAX)));
    });
}

fn write_account(markup: &mut Markup, name: &str, iban: &Iban) {
    markup.within(name, |account| account.within("Id", |id| id.text("IBAN", iban.as_str())));
}
