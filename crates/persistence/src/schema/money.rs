//! Tables of money, as migration 9 makes them.

use diesel::table;

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Bool, Date, Text};
    event_accounts (service_event_id) {
        service_event_id -> SqlId,
        organiser_id -> SqlId,
        provider_id -> SqlId,
        month -> Date,
        state -> Text,
        quantity_e4 -> BigInt,
        total_minor -> BigInt,
        organiser_pays_minor -> BigInt,
        co_payment_minor -> BigInt,
        client_fee_minor -> BigInt,
        settlements -> BigInt,
        settled_quantity_e4 -> BigInt,
        settled_total_minor -> BigInt,
        settled_organiser_pays_minor -> BigInt,
        settled_co_payment_minor -> BigInt,
        settled_client_fee_minor -> BigInt,
        is_due -> Bool,
        acts -> BigInt,
        version -> BigInt,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Nullable, Text};
    event_acts (id) {
        id -> SqlId,
        service_event_id -> SqlId,
        number -> BigInt,
        organiser_id -> SqlId,
        kind -> Text,
        reason_code -> Nullable<Text>,
        reason -> Nullable<Text>,
        quantity_e4 -> BigInt,
        total_minor -> BigInt,
        organiser_pays_minor -> BigInt,
        co_payment_minor -> BigInt,
        client_fee_minor -> BigInt,
        acted_by -> Text,
        acted_as -> Text,
        acted_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Date, Text};
    settlement_settings (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        valid_from -> Date,
        terms -> Text,
        set_by -> Text,
        set_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    settlements (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        month -> Date,
        state -> Text,
        after_event_id -> Nullable<SqlId>,
        events -> BigInt,
        statements -> BigInt,
        started_by -> Text,
        started_at -> SqlMoment,
        frozen_at -> Nullable<SqlMoment>,
        version -> BigInt,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    statements (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        provider_id -> SqlId,
        settlement_id -> SqlId,
        month -> Date,
        number -> Nullable<Text>,
        state -> Text,
        lines -> BigInt,
        total_minor -> BigInt,
        co_payment_minor -> BigInt,
        client_fee_minor -> BigInt,
        carried_in_minor -> BigInt,
        payable_minor -> BigInt,
        carried_out_minor -> BigInt,
        needs_approval -> Bool,
        made_by -> Text,
        made_at -> Nullable<SqlMoment>,
        approved_by -> Nullable<Text>,
        approved_at -> Nullable<SqlMoment>,
        sent_by -> Nullable<Text>,
        sent_at -> Nullable<SqlMoment>,
        paid_by -> Nullable<Text>,
        paid_at -> Nullable<SqlMoment>,
        payment_reference -> Nullable<Text>,
        version -> BigInt,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Date, Text};
    settlement_lines (settlement_id, service_event_id) {
        settlement_id -> SqlId,
        service_event_id -> SqlId,
        statement_id -> SqlId,
        organiser_id -> SqlId,
        kind -> Text,
        month -> Date,
        quantity_e4 -> BigInt,
        total_minor -> BigInt,
        organiser_pays_minor -> BigInt,
        co_payment_minor -> BigInt,
        client_fee_minor -> BigInt,
    }
}
