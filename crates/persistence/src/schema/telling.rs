//! Tables of webhooks, as migration 16 makes them. Part of [`super`]: names and types and nothing else.

use diesel::table;

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    webhooks (id) {
        id -> SqlId,
        organiser_id -> Nullable<SqlId>,
        provider_id -> Nullable<SqlId>,
        role -> Text,
        url -> Text,
        description -> Nullable<Text>,
        types -> Nullable<Text>,
        state -> Text,
        heard -> BigInt,
        tries -> Integer,
        due_at -> SqlMoment,
        failing_since -> Nullable<SqlMoment>,
        calls -> BigInt,
        made_by -> Text,
        made_at -> SqlMoment,
        disabled_at -> Nullable<SqlMoment>,
        ended_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Binary, Nullable};
    webhook_secrets (id) {
        id -> SqlId,
        webhook_id -> SqlId,
        sealed -> Binary,
        made_at -> SqlMoment,
        good_until -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    webhook_calls (webhook_id, number) {
        webhook_id -> SqlId,
        number -> BigInt,
        outbox_id -> SqlId,
        outcome -> Text,
        status -> Nullable<Integer>,
        said -> Nullable<Text>,
        millis -> Integer,
        at -> SqlMoment,
    }
}
