//! Cells that no spreadsheet takes for a formula: a name is data, whatever it begins with.
//!
//! A spreadsheet may cut a line at another separator than ours, so what stands behind one is looked at like what
//! stands at the beginning. What [`guard`] adds [`unguard`] takes off, to the letter.

/// What is put before, which spreadsheets read as "this is text".
const MARK: char = '\'';

/// What spreadsheets take for the beginning of a formula, also in the width of East Asian letters.
const fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
}

/// Behind what a spreadsheet may begin another cell.
const fn ends_cell(c: char) -> bool {
    matches!(c, ';' | '\t' | '\r' | '\n')
}

/// Whether a piece is a formula to a spreadsheet, or was made to look like one that has been guarded.
fn is_formula(piece: &str) -> bool {
    piece.trim_start_matches(MARK).starts_with(begins_formula)
}

/// The cell that says this and computes nothing.
pub(crate) fn guard(text: &str) -> String {
    in_pieces(text, |piece, out| {
        if is_formula(piece) {
            out.push(MARK);
        }
        out.push_str(piece);
    })
}

/// What a guarded cell says. A cell that needed no guard is as it was.
pub(crate) fn unguard(cell: &str) -> String {
    in_pieces(cell, |piece, out| {
        out.push_str(piece.strip_prefix(MARK).filter(|rest| is_formula(rest)).unwrap_or(piece));
    })
}

/// Goes through what a spreadsheet may take for cells; each piece but the last ends with what ends it.
fn in_pieces(text: &str, each: impl Fn(&str, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(ends_cell) {
        each(piece, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_formula_becomes_text() {
        for (text, cell) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+358 50 000 0000", "'+358 50 000 0000"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("Hoiva; =1", "Hoiva; =1"),
            ("Hoiva;=1;2", "Hoiva;'=1;2"),
            ("'=1", "''=1"),
            ("'s-Gravenhage", "'s-Gravenhage"),
            ("Hoiva-Apu Oy", "Hoiva-Apu Oy"),
            ("", ""),
        ] {
            assert_eq!(guard(text), cell);
            assert_eq!(unguard(cell), text);
        }
    }

    #[test]
    fn a_cell_of_a_spreadsheets_own_is_taken_as_it_is() {
        for cell in ["=1", "'quoted'", "plain"] {
            assert_eq!(unguard(cell), cell);
        }
    }

    #[test]
    fn every_text_survives_and_no_guarded_cell_begins_a_formula() {
        const ALPHABET: [char; 6] = ['a', '\'', '=', ';', '\t', '\n'];
        let mut texts = vec![String::new()];
        for length in 0..6 {
            let longest: Vec<String> = texts.iter().filter(|text| text.len() == length).cloned().collect();
            texts.extend(longest.iter().flat_map(|text| ALPHABET.map(|c| format!("{text}{c}"))));
        }
        for text in texts {
            let cell = guard(&text);
            assert_eq!(unguard(&cell), text);
            assert!(cell.split_inclusive(ends_cell).all(|piece| !piece.starts_with(begins_formula)), "{cell:?}");
        }
    }
}
