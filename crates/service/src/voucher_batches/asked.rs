//! What a batch asks for: the rows as they came, and what is wrong with each of them by itself and beside the others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use validator::Validate;
use valinta_domain::id::kind;
use valinta_domain::{Id, Period};
use valinta_persistence::voucher_batches::AskedRow;

use super::csv::from_csv;
use crate::http::body::{Each, FromCsv, up_to};
use crate::http::limits::VOUCHER_BATCH_BYTES_MAX;
use crate::http::problem::ProblemDocument;
use crate::http::upload::text_file;
use crate::http::{Errors, Parse, Problem, ProblemKind};
use crate::vouchers::{IssueCommand, IssueVoucher};

/// Most vouchers in one batch.
pub(super) const ROWS_MAX: usize = 10_000;

/// Vouchers that are asked for.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueVouchers {
    /// What is asked for, each as for a single voucher, and with a `reference` of its own.
    #[serde(deserialize_with = "values")]
    #[schema(value_type = Vec<IssueVoucher>, min_items = 1, max_items = 10000)]
    rows: Vec<Value>,
}

/// Vouchers that are asked for in a file of comma-separated values, in the OpenAPI document.
pub(super) struct IssueVouchersText;

impl utoipa::PartialSchema for IssueVouchersText {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        text_file("The rows as comma-separated values.", VOUCHER_BATCH_BYTES_MAX)
    }
}
impl utoipa::ToSchema for IssueVouchersText {}

/// Rows as they come; of too many, one more than there can be.
fn values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    up_to(ROWS_MAX.saturating_add(1), deserializer)
}

impl Parse for IssueVouchers {
    type Into = Vec<AskedRow>;
    const BYTES_MAX: usize = VOUCHER_BATCH_BYTES_MAX;
    const FROM_CSV: Option<FromCsv> = Some(from_csv);

    // What is wrong with a row is told of the row.
    fn parse(&self, errors: &mut Errors) -> Option<Vec<AskedRow>> {
        if !(1..=ROWS_MAX).contains(&self.rows.len()) {
            errors.fail("/rows", "length", format!("a batch has 1 to {ROWS_MAX} rows"));
            return None;
        }
        let mut seen = Seen::default();
        let asked = self.rows.iter().zip(0_i32..).map(|(row, place)| {
            let problem =
                checked(row, place, &mut seen).err().map(|problem| problem.under(&pointer(place)).document(None));
            let asked = Asked { row: row.clone(), problem };
            serde_json::to_string(&asked).map(|asked| AskedRow { place, asked })
        });
        match asked.collect() {
            Ok(rows) => Some(rows),
            Err(error) => {
                errors.fail("/rows", "invalid", error);
                None
            }
        }
    }
}

/// Where a row stands in what came.
pub(super) fn pointer(place: i32) -> String {
    format!("/rows/{place}")
}

/// A row as it is kept until it is decided on.
#[derive(Serialize)]
struct Asked {
    row: Value,
    /// What was found wrong with it when it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDocument>,
}

/// A row that was kept.
pub(super) struct Kept {
    /// What whoever asks calls it, where it says so.
    pub(super) reference: Option<String>,
    /// What is asked for, or the problem that it has, as a document.
    pub(super) command: Result<IssueCommand, Value>,
}

impl Kept {
    /// Reads a row as it was kept.
    pub(super) fn of(row: &AskedRow) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Read {
            row: Value,
            #[serde(default)]
            problem: Option<Value>,
        }
        let Read { row: asked, problem } = serde_json::from_str(&row.asked).map_err(Problem::internal)?;
        let reference = asked.get("reference").and_then(Value::as_str).filter(|text| fits(text)).map(str::to_owned);
        let command = match problem {
            Some(problem) => Err(problem),
            // What it may say may have changed since it came.
            None => match Each::<IssueVoucher>::of(&asked) {
                Ok(command) => Ok(command),
                Err(problem) => Err(document(problem, row.place)?),
            },
        };
        Ok(Self { reference, command })
    }
}

/// Whether a reference can be kept.
fn fits(reference: &str) -> bool {
    (1..=64).contains(&reference.chars().count())
}

/// A row's problem as a document, at the row's place.
pub(super) fn document(problem: Problem, place: i32) -> Result<Value, Problem> {
    serde_json::to_value(problem.under(&pointer(place)).document(None)).map_err(Problem::internal)
}

/// For whom, and of which type.
type Of = (Id<kind::Client>, Id<kind::VoucherType>);

/// What stands in the rows before.
#[derive(Default)]
struct Seen {
    references: HashMap<String, i32>,
    vouchers: HashMap<Of, Vec<(Period, i32)>>,
}

/// A row by itself and beside those before: it has a reference of its own, and asks for no voucher that another asks for.
fn checked(row: &Value, place: i32, seen: &mut Seen) -> Result<(), Problem> {
    let command = Each::<IssueVoucher>::of(row)?;
    let Some(reference) = command.reference else {
        let why = "every row has a reference, by which it is known again";
        return Err(Problem::invalid(Vec::new()).at("/reference", "missing_field", why));
    };
    match seen.references.entry(reference) {
        Entry::Vacant(first) => first.insert(place),
        Entry::Occupied(first) => {
            let why = format!("row {} has this reference already", first.get());
            return Err(Problem::invalid(Vec::new()).at("/reference", "duplicate", why));
        }
    };
    let validity = command.request.validity;
    let alike = seen.vouchers.entry((command.client, command.voucher_type)).or_default();
    let other = alike.iter().find(|(days, _)| days.overlaps(validity)).map(|(_, other)| *other);
    if let Some(other) = other.filter(|_| !command.duplicate) {
        let why = format!("row {other} asks for one for some of the days; duplicate: true issues both");
        let problem = Problem::new(ProblemKind::Duplicate, "Another row asks for such a voucher for the client.");
        return Err(problem.at("/duplicate", "duplicate", why));
    }
    alike.push((validity, place));
    Ok(())
}
