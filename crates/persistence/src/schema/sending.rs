//! Tables of what leaves the house and of what the service does by itself, as migrations 11 and 18 make them.

use diesel::table;

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Integer, Nullable, Text};
    deliveries (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        kind -> Text,
        channel -> Text,
        subject_kind -> Text,
        subject_id -> SqlId,
        state -> Text,
        due_at -> SqlMoment,
        lease_id -> Nullable<SqlId>,
        lease_until -> Nullable<SqlMoment>,
        attempts -> Integer,
        tries -> Integer,
        last_error -> Nullable<Text>,
        created_at -> SqlMoment,
        ended_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Integer, Nullable, Text};
    delivery_attempts (delivery_id, number) {
        delivery_id -> SqlId,
        number -> Integer,
        outcome -> Text,
        said -> Nullable<Text>,
        at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Integer, Nullable, Text};
    jobs (kind) {
        kind -> Text,
        due_at -> SqlMoment,
        lease_id -> Nullable<SqlId>,
        lease_until -> Nullable<SqlMoment>,
        failures -> Integer,
        last_begun_at -> Nullable<SqlMoment>,
        last_ended_at -> Nullable<SqlMoment>,
        last_error -> Nullable<Text>,
    }
}
