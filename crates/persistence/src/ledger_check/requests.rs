//! Requests that were confirmed against the choices that they became: of the same voucher and offering, at the same price,
//! and not before the day that was asked for.

use diesel::prelude::*;

use super::{Faults, PAGE};
use crate::dialect::Conn;
use crate::error::DbError;
use crate::schema::{choice_requests, choices};
use crate::types::DbId;

/// A request with its price and client fee, and its choice with both.
type Line = (DbId, (Option<i64>, Option<i64>), Option<DbId>, (Option<i64>, Option<i64>));

pub(super) fn check(c: &mut Conn, faults: &mut Faults) -> Result<(), DbError> {
    let mut after: Option<DbId> = None;
    while !faults.is_full() {
        let same = choices::voucher_id
            .eq(choice_requests::voucher_id)
            .and(choices::offering_id.eq(choice_requests::offering_id))
            .and(choices::valid_from.ge(choice_requests::first_day));
        let mut page = choice_requests::table
            .left_join(choices::table.on(choice_requests::choice_id.eq(choices::id.nullable()).and(same)))
            .filter(choice_requests::state.eq("confirmed"))
            .order(choice_requests::id)
            .limit(PAGE)
            .select((
                choice_requests::id,
                (choice_requests::price_minor, choice_requests::client_fee_minor),
                choices::id.nullable(),
                (choices::price_minor.nullable(), choices::client_fee_minor.nullable()),
            ))
            .into_boxed();
        if let Some(after) = after {
            page = page.filter(choice_requests::id.gt(after));
        }
        let page: Vec<Line> = page.load(c)?;
        let Some((last, ..)) = page.last() else { break };
        after = Some(*last);
        for (request, asked, choice, agreed) in &page {
            let holds = choice.is_some() && asked == agreed;
            faults.of("choice request", *request).expect(holds, || "its choice is not what was asked for".to_owned());
        }
    }
    Ok(())
}
