//! The documents that leave the house, made from one settled statement: a message to a bank, an invoice, a page to print,
//! lines for a spreadsheet, and the answer in JSON. Data in, bytes out: nothing here reads a database or a clock, and the same
//! statement gives the same bytes.

pub mod csv;
pub mod invoice;
mod markup;
pub mod pain;
pub mod printed;
mod sepa;
#[cfg(test)]
mod tests;
mod view;
mod words;

pub use view::StatementView;
