//! Statements about the rows in some states find them by the index of those rows, as SQLite tells of its plans. PostgreSQL
//! decides by what there is in a table: nothing can be said of it here.

use std::sync::{Arc, Mutex};

use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::Text;
use valinta_domain::Id;
use valinta_domain::delivery::Channel;
use valinta_domain::event::Position;
use valinta_persistence::expiries::{self, End};
use valinta_persistence::{Conn, DbError, choice_requests, deliveries, event_drafts, voucher_batches, webhooks};

use super::county::day;
use super::support::{moment, on_each, uuid};

type Ask = fn(&mut Conn) -> Result<(), DbError>;

const STATEMENTS: [(&str, Ask); 9] = [
    ("deliveries_due", |c| deliveries::due(c, &[Channel::Files], moment(0), 10).map(drop)),
    ("deliveries_open", |c| deliveries::open(c).map(drop)),
    ("webhooks_due", |c| webhooks::due(c, Position(9), moment(0), 10).map(drop)),
    ("voucher_batches_running", |c| voucher_batches::running(c, 10).map(drop)),
    ("choice_requests_by_offering", |c| choice_requests::waiting_of_offering(c, Id::new(uuid(1))).map(drop)),
    ("choice_requests_by_answer", |c| choice_requests::late(c, Id::new(uuid(1)), day(3, 2), 10).map(drop)),
    ("event_drafts_open", |c| event_drafts::count_open(c, Id::new(uuid(1))).map(drop)),
    ("vouchers_by_end", |c| ending(c, End::Coming)),
    ("vouchers_by_end", |c| ending(c, End::Come)),
];

fn ending(c: &mut Conn, end: End) -> Result<(), DbError> {
    expiries::to_tell(c, Id::new(uuid(1)), end, (day(3, 2), day(4, 2)), 10).map(drop)
}

#[test]
fn what_is_in_a_state_is_found_by_the_index_of_that_state() {
    on_each(|_, db| {
        db.read_blocking(|c| {
            let told = Arc::new(Mutex::new(Vec::new()));
            let telling = Arc::clone(&told);
            c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event {
                    telling.lock().unwrap().push(query.to_string());
                }
            });
            for (index, ask) in STATEMENTS {
                ask(c)?;
                let asked = std::mem::take(&mut *told.lock().unwrap());
                let [asked] = &asked[..] else { panic!("{index}: {asked:?}") };
                if let Conn::Sqlite(_) = c {
                    let plan = plan(c, asked);
                    told.lock().unwrap().clear();
                    let by = format!("USING INDEX {index}");
                    let covered = format!("USING COVERING INDEX {index}");
                    assert!(plan.contains(&by) || plan.contains(&covered), "{index}: {asked}\n{plan}");
                }
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
}

/// How a statement is carried out. Nothing is bound to it: it is planned once for whatever is.
fn plan(c: &mut Conn, asked: &str) -> String {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    let statement = asked.split(" -- binds").next().unwrap();
    let rows: Vec<Row> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(c).unwrap();
    rows.into_iter().map(|row| row.detail).collect::<Vec<_>>().join("\n")
}
