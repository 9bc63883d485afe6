//! Rulebooks from draft to adoption, and vouchers and events under rules that depend on the service.

use valinta_domain::offering::OfferPrice;
use valinta_domain::rulebook::{GrantPeriod, IssuedVouchers, Measure, RulebookTerms, Unused};
use valinta_domain::rules::ValueRule;
use valinta_domain::{Id, Quantity};
use valinta_persistence::offerings::{self, NewPrice};
use valinta_persistence::rulebooks::{self, Rulebook, RulebookState};
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::{Db, DbError, choices, impact, service_events, voucher_types};

use super::county::{
    OFFERING, ORGANISER, RULEBOOK, TYPE, adopt, amount, day, draft, found, price, register, terms, voucher_type,
};
use super::grants::{Grant, Part, deliver_lines, hour, issue, issue_and_deliver, of, part_of};
use super::ledger_check::{unguard, verify};
use super::support::{moment, on_each, tell, uuid};

const OTHER_TYPE: u128 = 20;
const OTHER_RULEBOOK: u128 = 21;
const OTHER_ADOPTION: u128 = 22;
const LATER_RULEBOOK: u128 = 23;
const LATER_ADOPTION: u128 = 24;

fn found_with_draft(db: &Db) -> Rulebook {
    found(db);
    let second = Rulebook {
        based_on: Some(Id::new(uuid(RULEBOOK))),
        ..draft(&voucher_type(TYPE, "home-care"), uuid(LATER_RULEBOOK), 2, terms())
    };
    let stored = second.clone();
    db.write_blocking(move |c| rulebooks::insert_rulebook(c, &stored)).unwrap();
    second
}

fn find(db: &Db, id: u128) -> Rulebook {
    db.read_blocking(|c| rulebooks::find_rulebook(c, Id::new(uuid(id)))).unwrap().unwrap()
}

fn dearer() -> RulebookTerms {
    RulebookTerms { value: ValueRule::Flat { value: amount("38.00") }, ..terms() }
}

#[test]
fn the_terms_of_a_draft_are_replaced_by_whoever_saw_it_last() {
    on_each(|_, db| {
        let seen = found_with_draft(db);
        let replace = |seen: &Rulebook| {
            let seen = seen.clone();
            db.write_blocking(move |c| rulebooks::replace_terms(c, &seen, &dearer())).unwrap()
        };
        assert!(replace(&seen));
        assert!(!replace(&seen), "it has changed since");
        let changed = find(db, LATER_RULEBOOK);
        assert_eq!((changed.terms.value.clone(), changed.version), (dearer().value, 2));
        assert_eq!(changed.based_on, Some(Id::new(uuid(RULEBOOK))));
        assert!(!replace(&find(db, RULEBOOK)), "it is adopted");
    });
}

#[test]
fn what_is_proposed_keeps_its_terms_until_it_is_a_draft_again() {
    on_each(|_, db| {
        found_with_draft(db);
        let id = Id::new(uuid(LATER_RULEBOOK));
        let propose = || db.write_blocking(move |c| rulebooks::propose(c, id, moment(5), "officer")).unwrap();
        let return_to_draft = || db.write_blocking(move |c| rulebooks::return_to_draft(c, id)).unwrap();
        assert!(!return_to_draft(), "it was not proposed");
        assert!(propose());
        assert!(!propose(), "it has been proposed");
        let proposed = find(db, LATER_RULEBOOK);
        assert_eq!(proposed.proposed, Some((moment(5), "officer".to_owned())));
        assert_eq!((proposed.state_on(day(1, 1)), proposed.version), (RulebookState::Proposed, 2));
        let seen = proposed.clone();
        assert!(!db.write_blocking(move |c| rulebooks::replace_terms(c, &seen, &dearer())).unwrap());
        let refused = tell(db, "UPDATE rulebooks SET terms = '{}' WHERE state = 'draft'");
        assert_eq!(refused, Err(DbError::Check { constraint: "rulebooks_proposed_is_fixed".into() }));
        assert!(return_to_draft());
        assert_eq!((find(db, LATER_RULEBOOK).proposed, find(db, LATER_RULEBOOK).version), (None, 3));
        assert_eq!(tell(db, "UPDATE rulebooks SET terms = '{}' WHERE state = 'draft'"), Ok(1));
    });
}

#[test]
fn an_adopted_rulebook_keeps_its_terms_and_who_proposed_it() {
    on_each(|_, db| {
        found_with_draft(db);
        for change in [
            "terms = '{}'",
            "valid_from = '2026-01-02'",
            "proposed_at = created_at, proposed_by = 'another'",
            "based_on_id = id",
            "organiser_id = voucher_type_id",
            "voucher_type_id = organiser_id",
            "number = 99",
            "decision_id = id",
        ] {
            let refused = tell(db, &format!("UPDATE rulebooks SET {change} WHERE state = 'adopted'"));
            assert!(matches!(refused, Err(DbError::AppendOnly { .. })), "{change}: {refused:?}");
        }
        assert!(matches!(
            tell(db, "UPDATE rulebooks SET proposed_by = 'without a time' WHERE state = 'draft'"),
            Err(DbError::Check { .. })
        ));
        // Its end is set when the next one is adopted, and then stands.
        assert_eq!(tell(db, "UPDATE rulebooks SET valid_to = '2027-01-01' WHERE state = 'adopted'"), Ok(1));
        for change in ["valid_to = '2027-01-02'", "valid_to = NULL"] {
            let refused = tell(db, &format!("UPDATE rulebooks SET {change} WHERE state = 'adopted'"));
            assert!(matches!(refused, Err(DbError::AppendOnly { .. })), "{change}: {refused:?}");
        }
    });
}

#[test]
fn rulebooks_are_listed_by_where_they_stand() {
    on_each(|_, db| {
        found_with_draft(db);
        let later = draft(&voucher_type(TYPE, "home-care"), uuid(40), 3, dearer());
        db.write_blocking(move |c| adopt(c, &later, uuid(LATER_ADOPTION), day(4, 1))).unwrap();
        let list = |state: Option<RulebookState>, on| {
            let organiser = Id::new(uuid(ORGANISER));
            let found = db.read_blocking(|c| {
                rulebooks::list(c, organiser, Some(Id::new(uuid(TYPE))), state.map(|state| (state, on)), None, 10)
            });
            let found = found.unwrap();
            assert!(state.is_none_or(|state| found.iter().all(|one| one.state_on(on) == state)));
            found.iter().map(|one| one.number).collect::<Vec<_>>()
        };
        assert_eq!(list(None, day(1, 1)), [1, 2, 3]);
        assert_eq!(list(Some(RulebookState::Draft), day(1, 1)), [2]);
        assert_eq!(list(Some(RulebookState::Proposed), day(1, 1)), Vec::<i32>::new());
        assert_eq!(list(Some(RulebookState::Adopted), day(3, 31)), [1, 3]);
        assert_eq!(list(Some(RulebookState::Superseded), day(3, 31)), Vec::<i32>::new());
        assert_eq!(list(Some(RulebookState::Adopted), day(4, 1)), [3]);
        assert_eq!(list(Some(RulebookState::Superseded), day(4, 1)), [1]);
        db.read_blocking(|c| {
            let newest_first = rulebooks::adopted_list(c, Id::new(uuid(TYPE)))?;
            assert_eq!(newest_first.iter().map(|one| one.number).collect::<Vec<_>>(), [3, 1]);
            let versions = rulebooks::adopted_versions(c, Id::new(uuid(TYPE)))?;
            assert_eq!(versions.as_of(day(3, 31)).map(|(id, _)| *id), Some(Id::new(uuid(RULEBOOK))));
            assert_eq!(versions.as_of(day(4, 1)).map(|(id, _)| *id), Some(Id::new(uuid(40))));
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

fn by_item() -> OfferPrice {
    let items = [("sunday".to_owned(), amount("60.00")), ("night".to_owned(), amount("50.00"))].into();
    OfferPrice::Voucher { price: amount("42.00"), items, only_items: true }
}

#[test]
fn prices_of_items_come_back_as_they_were_set_and_agreed() {
    on_each(|_, db| {
        found(db);
        db.write_blocking(|c| {
            let new = NewPrice {
                id: Id::new(uuid(50)),
                offering: Id::new(uuid(OFFERING)),
                price: by_item(),
                from: day(3, 1),
                rulebook: Id::new(uuid(RULEBOOK)),
                reason: None,
                created_by: "member".into(),
                created_at: moment(1),
            };
            offerings::set_price(c, &new)?;
            let prices = offerings::prices(c, new.offering)?;
            assert_eq!((prices.as_of(day(2, 28)), prices.as_of(day(3, 1))), (Some(&price()), Some(&by_item())));
            register(c, false, (of(Part::Person, 0), of(Part::Client, 0)), &"010594Y9032".parse().unwrap())?;
            let stored = issue(c, 0, &Grant { price: by_item(), ..Grant::usual() })?;
            assert_eq!(
                choices::of_voucher(c, stored.voucher.id)?.first().map(|choice| &choice.price),
                Some(&by_item())
            );
            Ok::<_, DbError>(())
        })
        .unwrap();
        assert!(matches!(
            tell(
                db,
                "INSERT INTO offering_prices SELECT rulebook_id, offering_id, 'client_fee', NULL, 1, 1, \
                      '2030-01-01', NULL, rulebook_id, created_by, created_at, '{}', NULL, only_items FROM offering_prices"
            ),
            Err(DbError::Check { .. } | DbError::Unique { .. })
        ));
    });
}

/// Issues voucher 0 under terms of their own, and does what is asked with it.
fn under(
    db: &Db,
    terms: &RulebookTerms,
    quantity: &str,
    price: &OfferPrice,
    deliver: impl Fn(&mut valinta_persistence::Conn, &valinta_persistence::vouchers::StoredVoucher) -> Result<(), DbError>
    + Send
    + Sync
    + 'static,
) {
    found(db);
    let grant = Grant {
        voucher_type: uuid(OTHER_TYPE),
        rulebook: uuid(OTHER_RULEBOOK),
        terms: terms.clone(),
        quantity: quantity.parse().unwrap(),
        price: price.clone(),
    };
    db.write_blocking(move |c| {
        let voucher_type = voucher_type(OTHER_TYPE, "other");
        voucher_types::insert(c, &voucher_type)?;
        let rulebook = draft(&voucher_type, grant.rulebook, 1, grant.terms.clone());
        adopt(c, &rulebook, uuid(OTHER_ADOPTION), day(1, 1))?;
        register(c, false, (of(Part::Person, 0), of(Part::Client, 0)), &"010594Y9032".parse().unwrap())?;
        let stored = issue(c, 0, &grant)?;
        deliver(c, &stored)
    })
    .unwrap();
}

fn monthly(unused: Unused, measure: Measure) -> RulebookTerms {
    let mut terms = terms();
    terms.grant.per = GrantPeriod::Month;
    terms.grant.unused = unused;
    terms.grant.measure = measure;
    terms
}

fn faults_after(database: &TestDatabase, db: &Db, change: &str) -> Vec<String> {
    unguard(database, db);
    database.tamper(change).unwrap();
    verify(db).into_iter().map(|fault| format!("{}: {}", fault.kind, fault.what)).collect()
}

#[test]
fn what_january_left_over_can_be_used_in_february_where_it_is_carried_over() {
    on_each(|database, db| {
        under(db, &monthly(Unused::CarriesOver, Measure::Quantity), "1", &price(), |c, stored| {
            let lines = vec![hour(amount("36.00"), &price(), None), hour(amount("36.00"), &price(), None)];
            // The allotment of February is the second one.
            let draws = [(part_of(0, 1), Quantity::ONE), (part_of(0, 0), Quantity::ONE)];
            deliver_lines(c, stored, (0, 0), lines, &draws)
        });
        assert_eq!(verify(db), []);
        let faults = faults_after(database, db, "UPDATE vouchers SET unused = 'lapses'");
        assert!(faults.contains(&"ledger entry: its allotment is not its service event's".to_owned()), "{faults:?}");
        assert!(faults.contains(&"voucher: its unused is not that of its rulebook".to_owned()), "{faults:?}");
    });
}

#[test]
fn a_purse_is_drawn_on_by_what_the_organiser_pays() {
    on_each(|database, db| {
        under(db, &monthly(Unused::Lapses, Measure::Money), "100", &price(), |c, stored| {
            let full = hour(amount("36.00"), &price(), None);
            let share = "36".parse().unwrap();
            deliver_lines(c, stored, (0, 0), vec![full.clone()], &[(part_of(0, 1), share)])?;
            deliver_lines(c, stored, (0, 1), vec![full.clone()], &[(part_of(0, 1), share)])?;
            // 28.00 are left: the rest of the price is the client's.
            let mut short = full;
            short.charges.organiser_pays = amount("28.00");
            short.charges.co_payment = amount("14.00");
            deliver_lines(c, stored, (0, 2), vec![short], &[(part_of(0, 1), "28".parse().unwrap())])
        });
        assert_eq!(verify(db), []);
        let faults =
            faults_after(database, db, "UPDATE ledger_entries SET quantity_e4 = 350000 WHERE quantity_e4 = 360000");
        assert!(faults.contains(&"service event: used has quantity 36, the ledger says 35".to_owned()), "{faults:?}");
    });
}

#[test]
fn a_line_is_priced_by_its_item_and_valued_by_the_version_that_moves_issued_vouchers() {
    on_each(|database, db| {
        let moving = |issued_vouchers| RulebookTerms { issued_vouchers, ..dearer() };
        under(db, &monthly(Unused::Lapses, Measure::Quantity), "10", &by_item(), move |c, stored| {
            let later =
                draft(&voucher_type(OTHER_TYPE, "other"), uuid(LATER_RULEBOOK), 2, moving(IssuedVouchers::Move));
            adopt(c, &later, uuid(LATER_ADOPTION), day(2, 1))?;
            let mut stored = stored.clone();
            stored.voucher.rulebook = later.id;
            let line = hour(amount("38.00"), &by_item(), None);
            deliver_lines(c, &stored, (0, 0), vec![line], &[(part_of(0, 1), Quantity::ONE)])?;
            let event = service_events::find(c, Id::new(of(Part::Event, 0)))?.unwrap();
            assert_eq!((event.value, event.lines.len()), (amount("38.00"), 1));
            assert_eq!(event.lines.first().unwrap().charges.co_payment, amount("4.00"));
            Ok(())
        });
        assert_eq!(verify(db), []);
        let faults = faults_after(
            database,
            db,
            "UPDATE service_events SET value_minor = 3600; UPDATE service_event_lines SET value_minor = 3600, item = 'night'",
        );
        assert!(
            faults.contains(&"service event: line 0 has the value 36.00, by its rules 38.00".to_owned()),
            "{faults:?}"
        );
        assert!(
            faults.contains(&"service event: line 0 has the price 42.00, not the agreed one".to_owned()),
            "{faults:?}"
        );
    });
}

#[test]
fn a_simulation_sees_each_voucher_and_each_service_once() {
    on_each(|_, db| {
        found(db);
        issue_and_deliver(db, 101, 11);
        tell(
            db,
            "UPDATE vouchers SET state = 'cancelled', cancel_reason = 'r' WHERE version = 1 AND number IN \
                  (SELECT min(number) FROM vouchers)",
        )
        .unwrap();
        let (mut events, pages, live) = db
            .read_blocking(|c| {
                let (mut events, mut pages, mut live) = (Vec::new(), 0, Vec::new());
                let voucher_type = Id::new(uuid(TYPE));
                impact::for_each_event(c, voucher_type, day(2, 2), &mut |page| {
                    pages += 1;
                    events.extend(page.iter().map(|event| (event.voucher, event.id)));
                    assert!(page.iter().all(|event| event.price == price() && event.quantity == Quantity::ONE));
                    Ok::<_, DbError>(())
                })?;
                impact::for_each_live_voucher(c, voucher_type, day(2, 2), &mut |page| {
                    live.extend(page.iter().map(|voucher| voucher.id));
                    assert!(page.iter().all(|voucher| voucher.choice.is_some() && voucher.facts.iter().count() == 1));
                    Ok::<_, DbError>(())
                })?;
                assert_eq!(impact::count_events(c, voucher_type, day(2, 2))?, 1_111);
                assert_eq!(impact::count_events(c, voucher_type, day(2, 3))?, 0);
                assert_eq!(impact::count_live_vouchers(c, voucher_type, day(2, 2))?, 100);
                assert_eq!(impact::count_live_vouchers(c, voucher_type, day(7, 1))?, 0);
                Ok::<_, DbError>((events, pages, live))
            })
            .unwrap();
        assert_eq!((events.len(), pages, live.len()), (1_111, 2, 100));
        assert!(events.is_sorted() && live.is_sorted());
        events.dedup();
        assert_eq!(events.len(), 1_111);
    });
}
