//! The tables of people, of what they were granted, chose and got, and of who paid for it. Part of [`super`]: names and
//! types and nothing else.

use diesel::table;

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::Binary;
    persons (id) {
        id -> SqlId,
        key_hash -> Binary,
        created_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
    clients (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        person_id -> SqlId,
        identity_code_sealed -> Binary,
        name_sealed -> Binary,
        contact_sealed -> Nullable<Binary>,
        municipality_code -> Text,
        language -> Text,
        protected_address -> Bool,
        version -> BigInt,
        created_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};
    vouchers (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        client_id -> SqlId,
        person_id -> SqlId,
        voucher_type_id -> SqlId,
        rulebook_id -> SqlId,
        number -> Text,
        state -> Text,
        value_minor -> BigInt,
        unit -> Text,
        quantity_e4 -> BigInt,
        per -> Text,
        free_of_charge -> Bool,
        valid_from -> Date,
        valid_to -> Date,
        directed_to -> Nullable<Text>,
        cancel_reason -> Nullable<Text>,
        decision_id -> SqlId,
        issued_at -> SqlMoment,
        version -> BigInt,
        measure -> Text,
        unused -> Text,
        facts -> Text,
        accounting_code -> Nullable<Text>,
        replaces_id -> Nullable<SqlId>,
        changes -> Integer,
        told_of_end -> Integer,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Date};
    voucher_values (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        voucher_version -> BigInt,
        from_day -> Date,
        value_minor -> BigInt,
        decision_id -> SqlId,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Date};
    voucher_quantities (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        voucher_version -> BigInt,
        from_day -> Date,
        quantity_e4 -> BigInt,
        decision_id -> SqlId,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Date};
    allotments (id) {
        id -> SqlId,
        voucher_id -> SqlId,
        valid_from -> Date,
        valid_to -> Date,
        granted_e4 -> BigInt,
        used_e4 -> BigInt,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Integer, Text};
    information_given (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        person_id -> SqlId,
        version -> Integer,
        channel -> Text,
        language -> Text,
        content -> Text,
        given_to -> Text,
        given_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    choices (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        offering_id -> SqlId,
        provider_id -> SqlId,
        unit_id -> SqlId,
        sector -> Text,
        charging -> Text,
        price_minor -> Nullable<BigInt>,
        client_fee_minor -> Nullable<BigInt>,
        unit_cost_minor -> Nullable<BigInt>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        chosen_by -> Text,
        chosen_at -> SqlMoment,
        items -> Nullable<Text>,
        only_items -> Bool,
        ended_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    choice_requests (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        offering_id -> SqlId,
        provider_id -> SqlId,
        unit_id -> SqlId,
        sector -> Text,
        charging -> Text,
        price_minor -> Nullable<BigInt>,
        client_fee_minor -> Nullable<BigInt>,
        unit_cost_minor -> Nullable<BigInt>,
        items -> Nullable<Text>,
        only_items -> Bool,
        first_day -> Date,
        requested_by -> Text,
        requested_at -> SqlMoment,
        answer_by -> Date,
        state -> Text,
        cause -> Nullable<Text>,
        reason -> Nullable<Text>,
        choice_id -> Nullable<SqlId>,
        ended_by -> Nullable<Text>,
        ended_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    service_events (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        allotment_id -> SqlId,
        choice_id -> SqlId,
        provider_id -> SqlId,
        unit_id -> SqlId,
        person_id -> SqlId,
        rulebook_id -> SqlId,
        day -> Date,
        quantity_e4 -> BigInt,
        started_at -> Nullable<SqlMoment>,
        ended_at -> Nullable<SqlMoment>,
        value_minor -> BigInt,
        charging -> Text,
        total_minor -> BigInt,
        organiser_pays_minor -> BigInt,
        co_payment_minor -> BigInt,
        client_fee_minor -> BigInt,
        steps -> Text,
        recorded_by -> Text,
        recorded_at -> SqlMoment,
        facts -> Text,
        worker -> Nullable<Text>,
        reference -> Nullable<Text>,
        kind -> Text,
        cancelled_at -> Nullable<SqlMoment>,
        reason_code -> Nullable<Text>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    event_drafts (id) {
        id -> SqlId,
        provider_id -> SqlId,
        content -> Text,
        state -> Text,
        service_event_id -> Nullable<SqlId>,
        deadline -> Date,
        tell_on -> Nullable<Date>,
        begun_by -> Text,
        begun_at -> SqlMoment,
        ended_by -> Nullable<Text>,
        ended_at -> Nullable<SqlMoment>,
        version -> BigInt,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    service_event_lines (service_event_id, line) {
        service_event_id -> SqlId,
        line -> Integer,
        organiser_id -> SqlId,
        item -> Nullable<Text>,
        quantity_e4 -> BigInt,
        value_minor -> BigInt,
        price_minor -> Nullable<BigInt>,
        total_minor -> BigInt,
        organiser_pays_minor -> BigInt,
        co_payment_minor -> BigInt,
        client_fee_minor -> BigInt,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};
    ledger_entries (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_id -> SqlId,
        voucher_version -> BigInt,
        line -> Integer,
        allotment_id -> Nullable<SqlId>,
        service_event_id -> Nullable<SqlId>,
        decision_id -> Nullable<SqlId>,
        kind -> Text,
        from_account -> Text,
        to_account -> Text,
        quantity_e4 -> BigInt,
        amount_minor -> BigInt,
        day -> Date,
        at -> SqlMoment,
    }
}
