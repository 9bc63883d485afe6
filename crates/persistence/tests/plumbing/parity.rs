//! `schema.rs`, the tables of SQLite and those of PostgreSQL are the same. Each is written as lines of text, and the
//! lines are compared; a new table needs nothing here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::Text;
use valinta_persistence::testing::TestDatabase;
use valinta_persistence::{Conn, Db, DbError};

use super::support::{note_what_is_left_out, on_each};

type Lines = BTreeSet<String>;

/// Types as `schema.rs` has them, with those of SQLite and PostgreSQL. What is not here is not to be used.
const TYPES: [(&str, &str, &str); 9] = [
    ("SqlId", "BLOB", "uuid"),
    ("SqlMoment", "INTEGER", "timestamptz"),
    ("Text", "TEXT", "text"),
    ("Binary", "BLOB", "bytea"),
    ("BigInt", "INTEGER", "int8"),
    ("Integer", "INTEGER", "int4"),
    ("SmallInt", "INTEGER", "int2"),
    ("Bool", "INTEGER", "bool"),
    ("Date", "TEXT", "date"),
];

const SQLITE_COLUMNS: &str = "
    SELECT t.name || '.' || p.name || ' ' || p.type || iif(p.\"notnull\", '', ' null') AS line
    FROM sqlite_master t, pragma_table_info(t.name) p
    WHERE t.type = 'table' AND t.name <> '__diesel_schema_migrations'
    UNION ALL
    SELECT t.name || ' key ' || group_concat(p.name, ', ' ORDER BY p.pk)
    FROM sqlite_master t, pragma_table_info(t.name) p
    WHERE t.type = 'table' AND t.name <> '__diesel_schema_migrations' AND p.pk > 0
    GROUP BY t.name";

const POSTGRES_COLUMNS: &str = "
    SELECT t.relname || '.' || a.attname || ' ' || y.typname || CASE WHEN a.attnotnull THEN '' ELSE ' null' END AS line
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid JOIN pg_type y ON y.oid = a.atttypid
    WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
      AND t.relname <> '__diesel_schema_migrations'
    UNION ALL
    SELECT t.relname || ' key ' || string_agg(a.attname, ', ' ORDER BY k.place)
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
    WHERE i.indisprimary AND t.relnamespace = 'public'::regnamespace AND t.relname <> '__diesel_schema_migrations'
    GROUP BY t.relname";

const SQLITE_CONSTRAINTS: &str = "
    SELECT t.name || ' unique ' || iif(l.origin = 'u',
               t.name || '_' || group_concat(i.name, '_' ORDER BY i.seqno) || '_key', l.name)
           || ' (' || group_concat(coalesce(i.name, 'expression'), ', ' ORDER BY i.seqno) || ')'
           || iif(l.partial, ' partial', '') AS line
    FROM sqlite_master t, pragma_index_list(t.name) l, pragma_index_info(l.name) i
    WHERE t.type = 'table' AND l.\"unique\" AND l.origin <> 'pk' AND t.name <> '__diesel_schema_migrations'
    GROUP BY t.name, l.name
    UNION ALL
    SELECT t.name || ' (' || group_concat(f.\"from\", ', ' ORDER BY f.seq) || ') -> ' || f.\"table\" || ' ('
           || group_concat(coalesce(f.\"to\", 'id'), ', ' ORDER BY f.seq) || ') on delete ' || lower(f.on_delete)
    FROM sqlite_master t, pragma_foreign_key_list(t.name) f
    WHERE t.type = 'table'
    GROUP BY t.name, f.id";

const POSTGRES_CONSTRAINTS: &str = "
    SELECT t.relname || ' unique ' || x.relname || ' ('
           || string_agg(coalesce(a.attname, 'expression'), ', ' ORDER BY k.place) || ')'
           || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END AS line
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
      LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum > 0
    WHERE i.indisunique AND NOT i.indisprimary AND t.relnamespace = 'public'::regnamespace
    GROUP BY t.relname, x.relname, i.indpred IS NULL
    UNION ALL
    SELECT t.relname || ' (' || string_agg(a.attname, ', ' ORDER BY k.place) || ') -> ' || o.relname || ' ('
           || string_agg(b.attname, ', ' ORDER BY k.place) || ') on delete '
           || CASE f.confdeltype WHEN 'a' THEN 'no action' WHEN 'r' THEN 'restrict' WHEN 'c' THEN 'cascade'
                                 WHEN 'n' THEN 'set null' ELSE 'set default' END
    FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid JOIN pg_class o ON o.oid = f.confrelid
      CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k (from_column, to_column, place)
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.from_column
      JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = k.to_column
    WHERE f.contype = 'f'
    GROUP BY f.oid, t.relname, o.relname, f.confdeltype";

fn lines(db: &Db, sqlite: &'static str, postgres: &'static str) -> Lines {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let rows = db.read_blocking(|c| {
        let sql = if matches!(c, Conn::Postgres(_)) { postgres } else { sqlite };
        Ok::<_, DbError>(diesel::sql_query(sql).load::<Row>(c)?)
    });
    rows.unwrap().into_iter().map(|row| row.line).collect()
}

pub(crate) fn columns(db: &Db) -> Lines {
    lines(db, SQLITE_COLUMNS, POSTGRES_COLUMNS)
}

pub(crate) fn constraints(db: &Db) -> Lines {
    lines(db, SQLITE_CONSTRAINTS, POSTGRES_CONSTRAINTS)
}

/// What `schema.rs` says the columns and keys are, in the types of one database.
fn declared(postgres: bool) -> Lines {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut source = fs::read_to_string(sources.join("schema.rs")).unwrap();
    for part in fs::read_dir(sources.join("schema")).unwrap() {
        source.push_str(&fs::read_to_string(part.unwrap().path()).unwrap());
    }
    let mut lines = Lines::new();
    for table in source.split("table! {").skip(1) {
        let mut name = "";
        for line in table.lines().map(str::trim) {
            if let Some((head, _)) = line.split_once(") {") {
                let (table, key) = head.split_once(" (").expect("a table has its key in brackets");
                name = table.trim();
                lines.insert(format!("{name} key {key}"));
            } else if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
                let inner = kind.strip_prefix("Nullable<").and_then(|rest| rest.strip_suffix('>'));
                let (_, in_sqlite, in_postgres) = TYPES
                    .iter()
                    .find(|(known, ..)| *known == inner.unwrap_or(kind))
                    .unwrap_or_else(|| panic!("{name}.{column}: {kind} is not a type for both databases"));
                let kind = if postgres { in_postgres } else { in_sqlite };
                let null = if inner.is_some() { " null" } else { "" };
                lines.insert(format!("{name}.{column} {kind}{null}"));
            } else if line == "}" && !name.is_empty() {
                break;
            }
        }
    }
    lines
}

/// Fails with the lines that only one side has.
fn assert_same(here: &str, left: &Lines, there: &str, right: &Lines) {
    let only_left: Vec<_> = left.difference(right).collect();
    let only_right: Vec<_> = right.difference(left).collect();
    assert!(
        only_left.is_empty() && only_right.is_empty(),
        "only {here}: {only_left:#?}\nonly {there}: {only_right:#?}"
    );
}

#[test]
fn the_schema_is_what_the_migrations_make() {
    on_each(|_, db| {
        let declared = declared(db.is_postgres());
        assert!(declared.contains("audit_log key id") && declared.len() > 30, "{declared:#?}");
        assert_same("in schema.rs", &declared, "in the database", &columns(db));
    });
}

#[test]
fn both_databases_have_the_same_unique_indexes_and_foreign_keys() {
    let Some(postgres) = TestDatabase::postgres().unwrap() else {
        note_what_is_left_out();
        return;
    };
    let sqlite = TestDatabase::sqlite().unwrap();
    let (in_postgres, in_sqlite) = (constraints(&postgres.open().unwrap()), constraints(&sqlite.open().unwrap()));
    assert!(in_sqlite.contains("audit_log unique audit_log_chain_position (chain, position)"), "{in_sqlite:#?}");
    assert!(in_sqlite.contains("audit_log (chain) -> audit_chains (chain) on delete no action"), "{in_sqlite:#?}");
    assert_same("in PostgreSQL", &in_postgres, "in SQLite", &in_sqlite);
}

/// SQLite names a violated index by its columns alone.
#[test]
fn no_two_unique_indexes_have_the_same_columns() {
    let database = TestDatabase::sqlite().unwrap();
    let db = database.open().unwrap();
    let mut seen = BTreeSet::new();
    for line in constraints(&db).iter().chain(&columns(&db)) {
        let mut words = line.splitn(4, ' ');
        let parts = (words.next(), words.next(), words.next(), words.next());
        let columns = match parts {
            (Some(table), Some("unique"), Some(_), Some(columns)) => {
                format!("{table} {}", columns.trim_end_matches(" partial"))
            }
            (Some(table), Some("key"), Some(_), _) => {
                format!("{table} ({})", line.split_once(" key ").map_or("", |(_, key)| key))
            }
            _ => continue,
        };
        assert!(seen.insert(columns.clone()), "more than one unique index over {columns}");
    }
    assert!(!seen.is_empty());
}

#[test]
fn every_text_and_every_hash_has_a_length_limit() {
    #[derive(QueryableByName)]
    struct Unlimited {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let database = TestDatabase::sqlite().unwrap();
    let db = database.open().unwrap();
    let unlimited: Vec<Unlimited> = db
        .read_blocking(|c| {
            Ok::<_, DbError>(
                diesel::sql_query(
                    "SELECT t.name || '.' || p.name AS line FROM sqlite_master t, pragma_table_info(t.name) p
                     WHERE t.type = 'table' AND t.name <> '__diesel_schema_migrations' AND p.type IN ('TEXT', 'BLOB')
                       AND instr(t.sql, 'length(' || p.name || ')') = 0
                       AND instr(t.sql, p.name || ' GLOB') = 0 AND instr(t.sql, p.name || ' IN (') = 0
                       AND instr(t.sql, p.name || ' = ') = 0",
                )
                .load(c)?,
            )
        })
        .unwrap();
    let unlimited: Vec<String> = unlimited.into_iter().map(|row| row.line).collect();
    assert_eq!(unlimited, Vec::<String>::new(), "CHECK (length(…) …) is missing");
}
