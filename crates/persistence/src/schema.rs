//! The tables as both databases have them: one schema, written by hand. Owns names and types and nothing else; a test
//! compares it with what the migrations make on either database.

use diesel::{allow_tables_to_appear_in_same_query, table};

pub(crate) use batches::{issue_references, voucher_batch_requests, voucher_batch_rows, voucher_batches};
pub(crate) use behalf::{acts_on_behalf, mandates, offering_quality};
pub(crate) use choosing::{offering_states, shown_lists};
pub(crate) use granted::{
    allotments, choice_requests, choices, clients, event_drafts, information_given, ledger_entries, persons,
    service_event_lines, service_events, voucher_quantities, voucher_values, vouchers,
};
pub(crate) use lifecycle::{
    application_events, approval_interruptions, attachments, evidence, evidence_checks, evidence_reminders, findings,
    measures, provider_changes, registry_changes, registry_versions, source_ids,
};
pub(crate) use machines::{machine_clients, machine_credentials, used_assertions};
pub(crate) use money::{event_accounts, event_acts, settlement_lines, settlement_settings, settlements, statements};
pub(crate) use sending::{deliveries, delivery_attempts, jobs};
pub(crate) use telling::{webhook_calls, webhook_secrets, webhooks};

mod batches;
mod behalf;
mod choosing;
mod granted;
mod lifecycle;
mod machines;
mod money;
mod sending;
mod telling;

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
    use diesel::sql_types::{BigInt, Nullable, Text};
    outbox (id) {
        id -> SqlId,
        organiser_id -> Nullable<SqlId>,
        kind -> Text,
        subject_kind -> Text,
        subject_id -> SqlId,
        payload -> Text,
        at -> SqlMoment,
        provider_id -> Nullable<SqlId>,
        position -> Nullable<BigInt>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Text};
    event_kinds (kind) {
        kind -> Text,
        first -> BigInt,
    }
}

table! {
    event_places (one) {
        one -> Integer,
        last -> BigInt,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
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
        organiser_id -> Nullable<SqlId>,
        person_id -> Nullable<SqlId>,
        target_kind -> Nullable<Text>,
        target_id -> Nullable<SqlId>,
    }
}

table! {
    use diesel::sql_types::Text;
    installation (name) {
        name -> Text,
        value -> Text,
    }
}

table! {
    use diesel::sql_types::{BigInt, Integer};
    registry_revision (id) {
        id -> Integer,
        revision -> BigInt,
        noted -> BigInt,
    }
}

table! {
    use diesel::sql_types::{Integer, Text};
    municipalities (code) {
        code -> Text,
        name_fi -> Text,
        name_sv -> Text,
        latitude_e6 -> Integer,
        longitude_e6 -> Integer,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::Text;
    organisers (id) {
        id -> SqlId,
        code -> Text,
        name_fi -> Text,
        name_sv -> Text,
        name_en -> Text,
        business_id -> Text,
        currency -> Text,
        time_zone -> Text,
        created_at -> SqlMoment,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{Date, Nullable, Text};
    organiser_municipalities (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        municipality_code -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Text};
    voucher_types (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        code -> Text,
        name_fi -> Text,
        name_sv -> Text,
        name_en -> Text,
        description_fi -> Text,
        description_sv -> Text,
        description_en -> Text,
        unit -> Text,
        version -> BigInt,
        created_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Nullable, Text};
    decisions (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        kind -> Text,
        outcome -> Text,
        subject_id -> SqlId,
        provider_id -> Nullable<SqlId>,
        person_id -> Nullable<SqlId>,
        rulebook_id -> Nullable<SqlId>,
        inputs -> Text,
        steps -> Text,
        reasons_fi -> Text,
        reasons_sv -> Text,
        reasons_en -> Text,
        appeal_fi -> Text,
        appeal_sv -> Text,
        appeal_en -> Text,
        decided_by -> Text,
        decided_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};
    rulebooks (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        voucher_type_id -> SqlId,
        number -> Integer,
        terms -> Text,
        state -> Text,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        decision_id -> Nullable<SqlId>,
        version -> BigInt,
        created_at -> SqlMoment,
        proposed_at -> Nullable<SqlMoment>,
        proposed_by -> Nullable<Text>,
        based_on_id -> Nullable<SqlId>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    providers (id) {
        id -> SqlId,
        business_id -> Text,
        name -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        website -> Nullable<Text>,
        version -> BigInt,
        created_at -> SqlMoment,
        oid -> Nullable<Text>,
        languages -> Text,
        contacts -> Nullable<Binary>,
        iban -> Nullable<Binary>,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{Date, Nullable, Text};
    provider_sectors (id) {
        id -> SqlId,
        provider_id -> SqlId,
        sector -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Nullable, Text};
    provider_members (provider_id, subject) {
        provider_id -> SqlId,
        subject -> Text,
        created_at -> SqlMoment,
        role -> Text,
        added_by -> Nullable<Text>,
        added_for -> Nullable<SqlId>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};
    service_units (id) {
        id -> SqlId,
        provider_id -> SqlId,
        name -> Text,
        oid -> Nullable<Text>,
        street_address -> Text,
        postal_code -> Text,
        postal_place -> Text,
        municipality_code -> Text,
        latitude_e6 -> Nullable<Integer>,
        longitude_e6 -> Nullable<Integer>,
        languages -> Text,
        modes -> Text,
        service_area -> Text,
        step_free -> Nullable<Bool>,
        version -> BigInt,
        created_at -> SqlMoment,
        accessibility -> Text,
        opening_hours -> Text,
        soteri -> Nullable<Text>,
        self_monitoring -> Nullable<Text>,
        closed_from -> Nullable<Date>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    applications (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        provider_id -> SqlId,
        unit_id -> SqlId,
        voucher_type_id -> SqlId,
        rulebook_id -> SqlId,
        state -> Text,
        evidence -> Text,
        submitted_at -> Nullable<SqlMoment>,
        submitted_by -> Nullable<Text>,
        decision_id -> Nullable<SqlId>,
        version -> BigInt,
        created_at -> SqlMoment,
        area -> Text,
        submitted_sha256 -> Nullable<Text>,
        answer_due -> Nullable<Date>,
    }
}

table! {
    use crate::types::SqlId;
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    approvals (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        provider_id -> SqlId,
        unit_id -> SqlId,
        voucher_type_id -> SqlId,
        application_id -> SqlId,
        state -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        decision_id -> SqlId,
        version -> BigInt,
        area -> Text,
        end_decision_id -> Nullable<SqlId>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Date, Integer, Nullable, Text};
    offerings (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        provider_id -> SqlId,
        unit_id -> SqlId,
        voucher_type_id -> SqlId,
        accepts_new_clients -> Bool,
        earliest_start -> Nullable<Date>,
        version -> BigInt,
        created_at -> SqlMoment,
        queue -> Nullable<Integer>,
        languages -> Nullable<Text>,
        modes -> Nullable<Text>,
        places -> Nullable<Integer>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    offering_prices (id) {
        id -> SqlId,
        offering_id -> SqlId,
        charging -> Text,
        price_minor -> Nullable<BigInt>,
        client_fee_minor -> Nullable<BigInt>,
        unit_cost_minor -> Nullable<BigInt>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        rulebook_id -> SqlId,
        created_by -> Text,
        created_at -> SqlMoment,
        items -> Nullable<Text>,
        reason -> Nullable<Text>,
        only_items -> Bool,
    }
}

diesel::allow_columns_to_appear_in_same_group_by_clause!(
    choices::id,
    choices::offering_id,
    choices::valid_from,
    service_events::person_id,
);

// Which tables one statement may read together. Diesel writes code for every pair of a group: one group of all tables
// would be an eighth of the time that this crate takes to compile. So there is a group for who may be chosen, one for
// what is granted, and what a statement reads across them is named pair by pair.
allow_tables_to_appear_in_same_query! {
    applications, approval_interruptions, approvals, evidence, evidence_checks, findings, measures, offerings,
    organisers, provider_changes, provider_members, provider_sectors, providers, service_units, source_ids,
    voucher_types,
}
allow_tables_to_appear_in_same_query! {
    allotments, choice_requests, choices, clients, decisions, event_accounts, ledger_entries, service_events,
    settlement_lines, vouchers,
}
allow_tables_to_appear_in_same_query!(approvals, decisions);
allow_tables_to_appear_in_same_query!(choice_requests, offerings);
allow_tables_to_appear_in_same_query!(choice_requests, service_units);
allow_tables_to_appear_in_same_query!(choices, offerings);
allow_tables_to_appear_in_same_query!(clients, offerings);
allow_tables_to_appear_in_same_query!(decisions, measures);
allow_tables_to_appear_in_same_query!(mandates, organisers);
allow_tables_to_appear_in_same_query!(municipalities, organiser_municipalities);
allow_tables_to_appear_in_same_query!(offering_quality, offerings);
allow_tables_to_appear_in_same_query!(offerings, rulebooks);
allow_tables_to_appear_in_same_query!(offerings, vouchers);
allow_tables_to_appear_in_same_query!(registry_changes, rulebooks);
