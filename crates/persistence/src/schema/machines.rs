//! Tables of the programs that get tokens from the service itself, as migration 13 makes them. Part of [`super`]: names and
//! types and nothing else.

use diesel::table;

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Nullable, Text};
    machine_clients (id) {
        id -> SqlId,
        organiser_id -> Nullable<SqlId>,
        provider_id -> Nullable<SqlId>,
        name -> Text,
        role -> Text,
        scopes -> Text,
        registered_by -> Text,
        registered_at -> SqlMoment,
        ended_by -> Nullable<Text>,
        ended_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Binary, Nullable, Text};
    machine_credentials (id) {
        id -> SqlId,
        machine_client_id -> SqlId,
        kid -> Nullable<Text>,
        jwk -> Nullable<Text>,
        secret_hash -> Nullable<Binary>,
        valid_until -> Nullable<SqlMoment>,
        added_by -> Text,
        added_at -> SqlMoment,
        ended_by -> Nullable<Text>,
        ended_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::Binary;
    used_assertions (machine_client_id, jti_hash) {
        machine_client_id -> SqlId,
        jti_hash -> Binary,
        expires_at -> SqlMoment,
    }
}
