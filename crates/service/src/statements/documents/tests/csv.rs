//! Lines for spreadsheets, and the answer in JSON.

use crate::statements::documents::StatementView;
use crate::statements::documents::csv::{COLUMNS, document};
use crate::statements::documents::tests::samples::{all, odd, taxed_and_exempt};

#[test]
fn lines_are_told_with_figures_as_figures_and_texts_as_texts() {
    let bytes = document(&odd()).unwrap();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        rows[row].get(COLUMNS.iter().position(|known| *known == name).unwrap()).unwrap().to_owned()
    };
    assert_eq!(cell(0, "organiser_pays"), "-36.00");
    assert_eq!(cell(0, "quantity"), "-1");
    assert_eq!(cell(0, "accounting_code"), "'+1-2;'=3");
    assert!(cell(0, "voucher_type_fi").starts_with("'@Pitkä"));
    assert!(cell(0, "voucher_type_en").starts_with("'=@Pitkä"));
    assert_eq!(cell(1, "kind"), "service");
    assert_eq!(cell(1, "statement"), "T-2026-10-000008");
}

#[test]
fn every_form_tells_the_same_lines() {
    for (name, statement) in all() {
        let lines = statement.lines().len();
        let bytes = document(&statement).unwrap();
        assert_eq!(csv::Reader::from_reader(bytes.as_slice()).records().count(), lines, "{name}");
        let json = serde_json::to_value(StatementView::of(&statement)).unwrap();
        assert_eq!(json["lines"].as_array().unwrap().len(), lines, "{name}");
        assert_eq!(json["payable"]["amount"], statement.sums().payable.to_string(), "{name}");
    }
}

#[test]
fn an_answer_tells_all_but_whole_account_numbers() {
    let json = serde_json::to_value(StatementView::of(&taxed_and_exempt())).unwrap();
    assert_eq!(json["provider"]["account_last_four"], "0785");
    assert!(!json.to_string().contains("FI2112345600000785"));
    assert_eq!(json["carried_in"]["amount"], "-1.23");
    assert_eq!(json["by_vat"][0]["treatment"]["code"], "VATEX-EU-132-1G");
    assert_eq!(json["lines"][5]["quantity"], "-0.5");
    assert_eq!(json["lines"][5]["vat"]["rate"], "25.50");
    assert_eq!(json["lines"][5]["reason"]["code"], "not_delivered");
}
