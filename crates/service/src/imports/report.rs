//! What an import came to, row by row. Owns the answer's shape and nothing of how rows are read or stored.

use actix_web::HttpResponse;
use serde::Serialize;
use uuid::Uuid;
use valinta_domain::Id;

use crate::http::problem::{ProblemDocument, legible};
use crate::http::{Problem, ProblemKind};

/// Most rows of which it is listed what became of them.
const ITEMS_LISTED_MAX: usize = 1_000;
/// Most errors that are listed; all are counted.
const ERRORS_LISTED_MAX: usize = 1_000;
/// Longest text of one error.
const DETAIL_CHARS_MAX: usize = 300;
/// Longest name of a column that is told again.
pub(super) const COLUMN_CHARS_MAX: usize = 64;

/// Something that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct RowError {
    /// Which row, counted from 1; the line of the columns' names is not counted.
    pub(super) row: u64,
    /// Which column.
    #[schema(max_length = 64, example = "business_id")]
    pub(super) column: String,
    /// What is wrong, as a stable word.
    #[schema(max_length = 64, example = "invalid")]
    pub(super) code: String,
    /// What is wrong, for a person.
    #[schema(max_length = 300)]
    pub(super) detail: String,
}

/// What an import came to.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportView {
    /// Rows of the file that were looked at.
    rows: u64,
    /// Rows that made something new.
    created: u64,
    /// Rows that changed something.
    changed: u64,
    /// Rows that say what is there already.
    unchanged: u64,
    /// Rows that mean something that is registered already, by somebody else or by another way. Nothing of it is changed;
    /// the row's source id stands for it from now on.
    linked: u64,
    /// Rows that were refused.
    refused: u64,
    /// Whether it was only tried.
    dry_run: bool,
    /// Whether anything of it is stored: not where it was only tried, nor where all or nothing was asked and a row was refused.
    stored: bool,
    /// Whether all or nothing was asked.
    #[serde(skip)]
    is_whole: bool,
    /// How many errors there are.
    error_count: u64,
    /// The first thousand of them, in order of the rows.
    #[schema(max_items = 1000)]
    errors: Vec<RowError>,
    /// What became of the first thousand rows that were not refused. An export has the ids of all.
    #[schema(max_items = 1000)]
    items: Vec<RowItem>,
}

/// What became of a row that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It made something new.
    Created,
    /// It changed something.
    Changed,
    /// It says what is there already.
    Unchanged,
    /// It means something that is registered already; its source id stands for that from now on.
    Linked,
}

impl Outcome {
    /// This became of a row, which means the thing of this id.
    pub(super) fn of<K>(self, id: Id<K>) -> Became {
        Became { outcome: self, id: id.uuid() }
    }
}

/// What became of a row, and which thing it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Became {
    pub(super) outcome: Outcome,
    pub(super) id: Uuid,
}

/// A row that was not refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct RowItem {
    /// Which row, counted from 1.
    row: u64,
    /// What it is called at its source.
    #[schema(max_length = 200)]
    source_id: String,
    /// The id of what it means here; left out where it would be new and nothing is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// What became of it.
    outcome: Outcome,
}

/// The problem that a file was refused whole, with what it would have come to; or that an import broke off, with what
/// its rows up to then have come to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImportProblem {
    #[serde(flatten)]
    problem: ProblemDocument,
    /// What it came to. Left out where it broke off before anything was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<Box<ImportView>>,
}

/// An import that broke off.
#[derive(Debug)]
pub(super) struct BrokenImport {
    /// Why.
    pub(super) problem: Problem,
    /// What the rows came to that were stored for good before.
    import: Option<Box<ImportView>>,
}

impl From<Problem> for BrokenImport {
    fn from(problem: Problem) -> Self {
        Self { problem, import: None }
    }
}

impl BrokenImport {
    /// It broke off after so much of it was stored for good: rows from the first on.
    pub(super) fn after(problem: Problem, import: ImportView) -> Self {
        if import.rows == 0 {
            return problem.into();
        }
        let (done, next) = (import.rows, import.rows.saturating_add(1));
        let more = format!(
            "Of the rows before row {next}, {} of {done} are stored for good and {} are refused, see import; from row \
             {next} on, nothing is stored. The same file again goes on from there.",
            import.kept(),
            import.refused
        );
        Self { problem: problem.and_says(&more), import: Some(Box::new(import)) }
    }

    /// As it is sent.
    pub(super) fn view(&self, request: Option<Uuid>) -> ImportProblem {
        ImportProblem { problem: self.problem.document(request), import: self.import.clone() }
    }

    /// As an answer of its own.
    pub(super) fn answer(self, request: Option<Uuid>) -> HttpResponse {
        let body = serde_json::to_string(&self.view(request)).unwrap_or_default();
        HttpResponse::from_error(self.problem).set_body(body).map_into_boxed_body()
    }
}

impl ImportProblem {
    /// The view, or the problem where all or nothing was asked and a row was refused.
    pub(super) fn refused(view: ImportView, request: Option<Uuid>) -> Result<ImportView, Box<Self>> {
        if view.stored || view.dry_run || !view.is_whole || view.refused == 0 {
            return Ok(view);
        }
        let why = format!("{} of {} rows are refused, and nothing is stored; see import.", view.refused, view.rows);
        let mut problem = Problem::new(ProblemKind::InvalidInput, why);
        for error in &view.errors {
            // As in a list, which is counted from nothing.
            let row = error.row.saturating_sub(1);
            let pointer = if error.column.is_empty() { format!("/{row}") } else { format!("/{row}/{}", error.column) };
            problem = problem.at(&pointer, &error.code, &error.detail);
        }
        Err(Box::new(Self { problem: problem.document(request), import: Some(Box::new(view)) }))
    }
}

/// Everything that is wrong with one row.
#[derive(Debug, Default)]
pub(crate) struct RowErrors(Vec<(String, String, String)>);

impl RowErrors {
    /// Something is wrong in a column. Of each column, only the first thing is told.
    pub(super) fn fail(&mut self, column: &str, code: &str, detail: impl std::fmt::Display) {
        let told = |text: &str, chars_max: usize| legible(text).chars().take(chars_max).collect::<String>();
        let column = told(column, COLUMN_CHARS_MAX);
        if !self.0.iter().any(|(known, ..)| *known == column) {
            self.0.push((column, code.to_owned(), told(&detail.to_string(), DETAIL_CHARS_MAX)));
        }
    }

    /// One thing is wrong.
    pub(super) fn one(column: &str, code: &str, detail: impl std::fmt::Display) -> Self {
        let mut errors = Self::default();
        errors.fail(column, code, detail);
        errors
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes on where nothing is wrong.
    ///
    /// # Errors
    /// Itself.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}

impl ImportView {
    pub(super) fn new(dry_run: bool) -> Self {
        Self { dry_run, ..Self::default() }
    }

    /// Rows of which all or nothing is stored.
    pub(super) fn whole(self) -> Self {
        Self { is_whole: true, ..self }
    }

    /// A row was not refused.
    pub(super) fn count(&mut self, row: u64, source_id: &str, Became { outcome, id }: Became) {
        self.rows = self.rows.saturating_add(1);
        if self.items.len() < ITEMS_LISTED_MAX {
            let id = Some(id).filter(|_| outcome != Outcome::Created || !self.dry_run);
            self.items.push(RowItem { row, source_id: source_id.to_owned(), id, outcome });
        }
        let counter = match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Changed => &mut self.changed,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Linked => &mut self.linked,
        };
        *counter = counter.saturating_add(1);
    }

    /// A row was refused.
    pub(super) fn refuse(&mut self, row: u64, errors: &RowErrors) {
        self.rows = self.rows.saturating_add(1);
        self.refused = self.refused.saturating_add(1);
        for (column, code, detail) in &errors.0 {
            self.error_count = self.error_count.saturating_add(1);
            if self.errors.len() < ERRORS_LISTED_MAX {
                let (column, code, detail) = (column.clone(), code.clone(), detail.clone());
                self.errors.push(RowError { row, column, code, detail });
            }
        }
    }

    /// Takes in what further rows came to.
    pub(super) fn add(&mut self, later: Self) {
        for (counter, more) in [
            (&mut self.rows, later.rows),
            (&mut self.created, later.created),
            (&mut self.changed, later.changed),
            (&mut self.unchanged, later.unchanged),
            (&mut self.linked, later.linked),
            (&mut self.refused, later.refused),
            (&mut self.error_count, later.error_count),
        ] {
            *counter = counter.saturating_add(more);
        }
        let room = ERRORS_LISTED_MAX.saturating_sub(self.errors.len());
        self.errors.extend(later.errors.into_iter().take(room));
        let room = ITEMS_LISTED_MAX.saturating_sub(self.items.len());
        self.items.extend(later.items.into_iter().take(room));
    }

    /// Says whether anything was stored.
    pub(super) fn stored(mut self, stored: bool) -> Self {
        self.stored = stored && !self.dry_run;
        self
    }

    /// Nothing is stored: there is nothing that is new.
    pub(super) fn undone(mut self) -> Self {
        for item in self.items.iter_mut().filter(|item| item.outcome == Outcome::Created) {
            item.id = None;
        }
        self
    }

    /// How many rows were not refused.
    pub(super) fn kept(&self) -> u64 {
        self.rows.saturating_sub(self.refused)
    }

    pub(super) fn has_refused(&self) -> bool {
        self.refused > 0
    }

    /// The figures, for the audit trail.
    pub(super) fn figures(&self) -> serde_json::Value {
        serde_json::json!({
            "rows": self.rows, "created": self.created, "changed": self.changed, "unchanged": self.unchanged,
            "linked": self.linked, "refused": self.refused,
        })
    }

    /// Whether anything of it is to be noted at all.
    pub(super) fn has_touched(&self) -> bool {
        self.created > 0 || self.changed > 0 || self.linked > 0
    }
}
