//! Tables of vouchers that are asked for many at once, as migration 14 makes them. Part of [`super`]: names and types and
//! nothing else.

use diesel::table;

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{Binary, Nullable, Text};
    issue_references (organiser_id, reference) {
        organiser_id -> SqlId,
        reference -> Text,
        asked_hash -> Binary,
        decision_id -> SqlId,
        voucher_id -> Nullable<SqlId>,
        reason -> Nullable<Text>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
    voucher_batches (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        mode -> Text,
        dry_run -> Bool,
        state -> Text,
        row_count -> Integer,
        done -> Integer,
        issued -> Integer,
        repeated -> Integer,
        not_granted -> Integer,
        refused -> Integer,
        why -> Nullable<Text>,
        asked_by -> Text,
        asked_at -> SqlMoment,
        ended_at -> Nullable<SqlMoment>,
        version -> BigInt,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{Binary, Integer};
    voucher_batch_requests (batch_id, place) {
        batch_id -> SqlId,
        place -> Integer,
        asked_sealed -> Binary,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    voucher_batch_rows (batch_id, place) {
        batch_id -> SqlId,
        place -> Integer,
        reference -> Nullable<Text>,
        outcome -> Text,
        decision_id -> Nullable<SqlId>,
        voucher_id -> Nullable<SqlId>,
        problem_sealed -> Nullable<Binary>,
    }
}
