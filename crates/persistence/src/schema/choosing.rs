//! Tables of choosing, as migration 6 makes them.

use diesel::table;

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Nullable, Text};
    offering_states (offering_id, revision) {
        offering_id -> SqlId,
        revision -> BigInt,
        until -> Nullable<BigInt>,
        voucher_type_id -> SqlId,
        document -> Text,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Binary, Date, Text};
    shown_lists (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        person_id -> SqlId,
        revision -> BigInt,
        day -> Date,
        rule -> Text,
        asked_sealed -> Binary,
        total -> BigInt,
        offerings -> Binary,
        shown_to -> Text,
        shown_as -> Text,
        shown_at -> SqlMoment,
    }
}
