//! Messages to banks.

use proptest::prelude::*;
use valinta_domain::statement::Statement;
use valinta_domain::{Amount, Currency, Moment};

use super::samples::{all, day, head, line, plain};
use super::statements;
use crate::statements::documents::invoice::read::Node;
use crate::statements::documents::pain::{Account, Payment, PaymentError, PaymentOrder, message};

pub(super) fn order(statements: &[Statement]) -> PaymentOrder {
    let payments = statements.iter().filter_map(|statement| Payment::of(statement).ok().flatten());
    PaymentOrder {
        message_id: "01990000000070008000000000000001".to_owned(),
        created_at: Moment::from_micros(1_794_000_000_123_456).unwrap(),
        debtor: Account::of(&head("T-1").organiser).unwrap(),
        payments: payments.collect(),
    }
}

pub(super) fn order_of_all() -> PaymentOrder {
    let statements: Vec<Statement> = all().into_iter().map(|(_, statement)| statement).collect();
    let mut order = order(&statements);
    order.payments[1].execute_on = day(11, 20);
    order.payments[2].creditor.bic = Some("TESTFIHHXXX".parse().unwrap());
    order
}

#[test]
fn each_statement_is_paid_once_on_its_day() {
    let order = order_of_all();
    assert_eq!(order.payments.len(), 8);
    let document = Node::read(&message(&order).unwrap());
    let head = document.all("CstmrCdtTrfInitn/GrpHdr")[0];
    assert_eq!(head.one("NbOfTxs"), Some("8"));
    assert_eq!(head.one("CreDtTm"), Some("2026-11-06T21:20:00Z"));
    let parts = document.all("CstmrCdtTrfInitn/PmtInf");
    let of = |path| parts.iter().map(|part| part.one(path).unwrap()).collect::<Vec<_>>();
    assert_eq!(of("ReqdExctnDt/Dt"), ["2026-11-19", "2026-11-20"]);
    let ids = ["20261119-01990000000070008000000000", "20261120-01990000000070008000000000"];
    assert_eq!(of("PmtInfId"), ids);
    let first = parts[0].all("CdtTrfTxInf")[0];
    assert_eq!(first.one("PmtId/EndToEndId"), Some("T-2026-10-000001"));
    assert_eq!(first.one("Amt/InstdAmt"), Some("226.00"));
    assert_eq!(first.one("Cdtr/Nm"), Some("Hoiva Käpy + Kaarna Oy"));
    assert_eq!(first.one("CdtrAcct/Id/IBAN"), Some("FI2112345600000785"));
    assert_eq!(first.one("RmtInf/Ustrd"), Some("Tilitys T-2026-10-000001 10/2026"));
    assert_eq!(parts[0].one("DbtrAgt/FinInstnId/BICFI"), Some("TESTFIHH"));
}

#[test]
fn a_bank_that_is_not_known_is_said_not_to_be() {
    let mut order = order(&[plain()]);
    order.debtor.bic = None;
    let document = Node::read(&message(&order).unwrap());
    let part = document.all("CstmrCdtTrfInitn/PmtInf")[0];
    assert_eq!(part.one("DbtrAgt/FinInstnId/Othr/Id"), Some("NOTPROVIDED"));
    assert!(part.all("CdtTrfTxInf/CdtrAgt").is_empty());
}

#[test]
fn what_is_no_payment_is_refused() {
    let refused = |change: &dyn Fn(&mut PaymentOrder)| {
        let mut order = order(&[plain()]);
        change(&mut order);
        message(&order).unwrap_err()
    };
    let statement = || plain().head().number.clone();
    for bad in ["", "a b", "ä", "a/b", &"1".repeat(36)] {
        assert_eq!(refused(&|order| order.message_id = bad.to_owned()), PaymentError::MessageId, "{bad}");
    }
    assert_eq!(refused(&|order| order.payments.clear()), PaymentError::NoPayments);
    assert_eq!(
        refused(&|order| order.payments.push(order.payments[0].clone())),
        PaymentError::Twice { statement: statement() }
    );
    for minor in [0, -1, 100_000_000_000] {
        let error = refused(&|order| order.payments[0].amount = Amount::from_minor(minor));
        assert_eq!(error, PaymentError::Amount { statement: statement() });
    }
    assert_eq!(
        refused(&|order| order.payments = vec![order.payments[0].clone(); 50_001]),
        PaymentError::TooManyPayments
    );
}

#[test]
fn only_euros_that_are_due_are_paid_and_only_to_an_account() {
    let made = |change: &dyn Fn(&mut valinta_domain::statement::StatementHead), minor| {
        let mut head = head("T-9");
        change(&mut head);
        Payment::of(&Statement::new(head, vec![line(1, 10_000, minor)], Amount::from_minor(-3_600)).unwrap())
    };
    let statement = || "T-9".parse().unwrap();
    assert_eq!(made(&|_| {}, 3_600), Ok(None));
    assert_eq!(made(&|_| {}, 3_601).unwrap().unwrap().amount, Amount::from_minor(1));
    assert_eq!(made(&|head| head.provider.iban = None, 3_700), Err(PaymentError::NoAccount { statement: statement() }));
    assert_eq!(
        made(&|head| head.currency = Currency::Sek, 3_700),
        Err(PaymentError::NotEuro { statement: statement() })
    );
}

proptest! {
    #[test]
    fn a_message_pays_what_its_statements_come_to(several in proptest::collection::vec(statements(), 1..6)) {
        let mut order = order(&several);
        for (payment, number) in order.payments.iter_mut().zip(1..) {
            payment.statement = format!("T-{number}").parse().unwrap();
        }
        let due: i64 = several.iter().map(|statement| statement.sums().payable.minor()).sum();
        if order.payments.is_empty() {
            prop_assert_eq!(message(&order), Err(PaymentError::NoPayments));
            return Ok(());
        }
        let bytes = message(&order).unwrap();
        prop_assert_eq!(&bytes, &message(&order).unwrap());
        let document = Node::read(&bytes);
        let due = Amount::from_minor(due).to_string();
        prop_assert_eq!(document.one("CstmrCdtTrfInitn/GrpHdr/CtrlSum"), Some(due.as_str()));
        let days: Vec<_> = document.all("CstmrCdtTrfInitn/PmtInf/ReqdExctnDt/Dt").iter().map(|day| day.text.clone()).collect();
        prop_assert!(days.is_sorted_by(|one, next| one < next));
        prop_assert_eq!(document.all("CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf").len(), order.payments.len());
    }
}
