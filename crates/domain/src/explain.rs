//! Explanations: the steps by which an outcome was reached, fit to be stored, returned and read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::{Localized, WordsText};

pub mod days;
pub mod numbers;

/// One step of reasoning: which rule, on what inputs, with what figure, and in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Step {
    /// Where the rule stands: a JSON pointer into the rulebook's terms, such as `/value/income_reduction`.
    #[schema(max_length = 300, example = "/value/income_reduction")]
    pub rule: String,
    /// What happened, as a code for programs.
    #[schema(max_length = 64, example = "reduced_by_income")]
    pub code: String,
    /// The facts and parameters that went in, by name.
    #[schema(value_type = BTreeMap<String, WordsText>)]
    pub inputs: BTreeMap<String, String>,
    /// The figure that came out, if the step yields one.
    #[schema(max_length = 64, example = "29.06")]
    pub figure: Option<String>,
    /// The act and section, or the organiser's own decision, that the rule comes from.
    #[schema(max_length = 300, example = "569/2009 § 7")]
    pub source: Option<String>,
    /// The step in words.
    pub text: Localized,
    /// Facts of the client had a part in it: not for those who give the service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub personal: bool,
}

impl Step {
    /// A step without inputs, figure or source.
    pub fn new(rule: impl Into<String>, code: impl Into<String>, text: Localized) -> Self {
        let (rule, code) = (rule.into(), code.into());
        Self { rule, code, inputs: BTreeMap::new(), figure: None, source: None, text, personal: false }
    }

    /// Adds an input.
    #[must_use]
    pub fn input(mut self, name: &str, value: impl ToString) -> Self {
        self.inputs.insert(name.to_owned(), value.to_string());
        self
    }

    /// Sets the figure.
    #[must_use]
    pub fn figure(mut self, figure: impl ToString) -> Self {
        self.figure = Some(figure.to_string());
        self
    }

    /// Sets the source.
    #[must_use]
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets whether facts of the client had a part in it.
    #[must_use]
    pub(crate) const fn of_client(mut self, personal: bool) -> Self {
        self.personal = personal;
        self
    }
}
