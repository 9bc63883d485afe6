//! The tables as both databases have them: one schema, written by hand. Owns names and types and nothing else; a test
//! compares it with what the migrations make on either database.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use diesel::sql_types::{BigInt, Binary, Integer};
    audit_chains (chain) {
        chain -> Integer,
        length -> BigInt,
        head_hash -> Binary,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text};
    audit_log (id) {
        id -> SqlId,
        at -> SqlMoment,
        organiser_id -> Nullable<SqlId>,
        actor -> Text,
        role -> Text,
        action -> Text,
        target_kind -> Text,
        target_id -> Nullable<SqlId>,
        person_id -> Nullable<SqlId>,
        request_id -> SqlId,
        details -> Text,
        chain -> Integer,
        position -> BigInt,
        prev_hash -> Binary,
        hash -> Binary,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Nullable, Text};
    outbox (id) {
        id -> SqlId,
        organiser_id -> Nullable<SqlId>,
        kind -> Text,
        subject_kind -> Text,
        subject_id -> SqlId,
        payload -> Text,
        at -> SqlMoment,
        sent_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::SqlMoment;
    use diesel::sql_types::{Binary, Integer, Nullable, Text};
    idempotency_keys (caller, key) {
        caller -> Text,
        key -> Text,
        operation -> Text,
        body_hash -> Binary,
        at -> SqlMoment,
        status -> Nullable<Integer>,
        response -> Nullable<Text>,
        location -> Nullable<Text>,
    }
}

allow_tables_to_appear_in_same_query!(audit_chains, audit_log, outbox, idempotency_keys);
