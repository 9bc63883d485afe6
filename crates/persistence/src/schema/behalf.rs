//! The tables of who acts for whom and what was done so, and of how offerings have served. Part of [`super`]: names and
//! types and nothing else.

use diesel::table;

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Binary, Date, Nullable, Text};
    mandates (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        client_id -> SqlId,
        person_id -> SqlId,
        representative_id -> SqlId,
        representative_name_sealed -> Binary,
        scope -> Text,
        basis -> Text,
        note_sealed -> Nullable<Binary>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        recorded_by -> Text,
        recorded_at -> SqlMoment,
        end_reason -> Nullable<Text>,
        end_note_sealed -> Nullable<Binary>,
        ended_by -> Nullable<Text>,
        ended_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Binary, Date, Nullable, Text};
    acts_on_behalf (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        person_id -> SqlId,
        act -> Text,
        subject_id -> SqlId,
        maker -> Text,
        mandate_id -> Nullable<SqlId>,
        how -> Nullable<Text>,
        given_on -> Nullable<Date>,
        note_sealed -> Nullable<Binary>,
        recorded_by -> Text,
        recorded_at -> SqlMoment,
        mandate_issuer -> Nullable<Text>,
        mandate_scope -> Nullable<Text>,
        mandate_ends_at -> Nullable<SqlMoment>,
        representative_id -> Nullable<SqlId>,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{Date, Text};
    offering_quality (offering_id) {
        offering_id -> SqlId,
        facts -> Text,
        computed_day -> Date,
    }
}
