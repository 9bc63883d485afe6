//! The tables of the registry's lives: evidence, what happened to applications and approvals, supervision, versions and
//! changes. Names and types only.

use diesel::table;

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Date, Nullable, Text};
    application_events (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        application_id -> SqlId,
        kind -> Text,
        text -> Nullable<Text>,
        due -> Nullable<Date>,
        requirements -> Nullable<Text>,
        document -> Nullable<Text>,
        sha256 -> Nullable<Text>,
        by -> Text,
        at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Date, Nullable, Text};
    approval_interruptions (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        approval_id -> SqlId,
        kind -> Text,
        requirement -> Nullable<Text>,
        vouchers_in_use -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        decision_id -> Nullable<SqlId>,
        end_decision_id -> Nullable<SqlId>,
        told_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Text};
    attachments (id) {
        id -> SqlId,
        provider_id -> SqlId,
        name -> Text,
        media_type -> Text,
        size_bytes -> BigInt,
        sha256 -> Text,
        uploaded_by -> Text,
        uploaded_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Date, Nullable, Text};
    evidence (id) {
        id -> SqlId,
        provider_id -> SqlId,
        unit_id -> Nullable<SqlId>,
        kind -> Text,
        requirement -> Nullable<Text>,
        reference -> Text,
        issued_on -> Nullable<Date>,
        valid_from -> Nullable<Date>,
        valid_until -> Nullable<Date>,
        soteri -> Nullable<Text>,
        attachment_id -> Nullable<SqlId>,
        given_by -> Text,
        given_at -> SqlMoment,
        withdrawn_by -> Nullable<Text>,
        withdrawn_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Date, Nullable, Text};
    evidence_checks (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        evidence_id -> SqlId,
        outcome -> Text,
        day -> Date,
        note -> Nullable<Text>,
        checked_by -> Text,
        checked_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::Integer;
    evidence_reminders (organiser_id, evidence_id, days_ahead) {
        organiser_id -> SqlId,
        evidence_id -> SqlId,
        days_ahead -> Integer,
        told_at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    findings (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        provider_id -> SqlId,
        unit_id -> Nullable<SqlId>,
        subject -> Text,
        description -> Text,
        found_on -> Date,
        deadline -> Nullable<Date>,
        state -> Text,
        answer -> Nullable<Text>,
        answered_by -> Nullable<Text>,
        answered_at -> Nullable<SqlMoment>,
        conclusion -> Nullable<Text>,
        closed_by -> Nullable<Text>,
        closed_at -> Nullable<SqlMoment>,
        created_by -> Text,
        created_at -> SqlMoment,
        version -> BigInt,
        told_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    measures (id) {
        id -> SqlId,
        organiser_id -> SqlId,
        approval_id -> SqlId,
        provider_id -> SqlId,
        finding_id -> Nullable<SqlId>,
        step -> Text,
        grounds -> Text,
        state -> Text,
        reasons_fi -> Text,
        reasons_sv -> Text,
        reasons_en -> Text,
        hear_until -> Date,
        reply -> Nullable<Text>,
        replied_by -> Nullable<Text>,
        replied_at -> Nullable<SqlMoment>,
        deadline -> Nullable<Date>,
        valid_from -> Nullable<Date>,
        vouchers_in_use -> Nullable<Text>,
        decision_id -> Nullable<SqlId>,
        opened_by -> Text,
        opened_at -> SqlMoment,
        version -> BigInt,
        valid_to -> Nullable<Date>,
        told_at -> Nullable<SqlMoment>,
        lapsed -> Text,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Binary, Date, Nullable, Text};
    provider_changes (id) {
        id -> SqlId,
        provider_id -> SqlId,
        field -> Text,
        value -> Nullable<Text>,
        sealed -> Nullable<Binary>,
        valid_from -> Date,
        state -> Text,
        reason -> Nullable<Text>,
        proposed_by -> Text,
        proposed_at -> SqlMoment,
        decided_by -> Nullable<Text>,
        decided_for_id -> Nullable<SqlId>,
        decided_at -> Nullable<SqlMoment>,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Integer, Nullable, Text};
    registry_changes (revision, line) {
        revision -> BigInt,
        line -> Integer,
        subject_kind -> Text,
        subject_id -> SqlId,
        organiser_id -> Nullable<SqlId>,
        at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    registry_versions (subject_kind, subject_id, version) {
        subject_kind -> Text,
        subject_id -> SqlId,
        version -> BigInt,
        day -> Date,
        document -> Text,
        by -> Text,
        organiser_id -> Nullable<SqlId>,
        at -> SqlMoment,
    }
}

table! {
    use crate::types::{SqlId, SqlMoment};
    use diesel::sql_types::{Bool, Text};
    source_ids (source_id, subject_kind, name) {
        source_id -> SqlId,
        subject_kind -> Text,
        name -> Text,
        subject_id -> SqlId,
        linked -> Bool,
        at -> SqlMoment,
    }
}
