//! Texts as banks take them: the Latin letters, digits and signs of SEPA, and the letters of Western Europe, which Finnish
//! banks take in UTF-8. Nothing is refused: a letter becomes its nearest, anything else a full stop.

/// Most characters of a name in a credit transfer.
const NAME_CHARS_MAX: usize = 70;

/// A name as banks take it, cut to what they take.
pub(super) fn name(text: &str) -> String {
    line(text, NAME_CHARS_MAX)
}

/// A text as banks take it, of at most so many characters, with single blanks between words.
pub(super) fn line(text: &str, chars_max: usize) -> String {
    let mut taken = String::with_capacity(text.len());
    for c in text.chars() {
        take(c, &mut taken);
    }
    let words: Vec<&str> = taken.split(' ').filter(|word| !word.is_empty()).collect();
    let cut: String = words.join(" ").chars().take(chars_max).collect();
    let cut = cut.trim_end();
    if cut.is_empty() { ".".to_owned() } else { cut.to_owned() }
}

fn take(c: char, out: &mut String) {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '/' | '-' | '?' | ':' | '(' | ')' | '.' | ',' | '\'' | '+' => out.push(c),
        'À'..='ÿ' if c.is_alphabetic() => out.push(c),
        '&' => out.push('+'),
        '_' | '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
        '"' | '`' | '´' | '\u{2018}'..='\u{201f}' => out.push('\''),
        ';' => out.push(','),
        c if c.is_whitespace() || c.is_control() => out.push(' '),
        c => match nearest(c) {
            Some(letters) if c.is_lowercase() => out.push_str(&letters.to_ascii_lowercase()),
            Some(letters) => out.push_str(letters),
            None => out.push('.'),
        },
    }
}

/// The capital letters that are nearest to one of Central Europe.
const fn nearest(c: char) -> Option<&'static str> {
    Some(match c {
        'Ā'..='ą' => "A",
        'Ć'..='č' => "C",
        'Ď'..='đ' => "D",
        'Ē'..='ě' => "E",
        'Ĝ'..='ģ' => "G",
        'Ĥ'..='ħ' => "H",
        'Ĩ'..='ı' => "I",
        'Ĳ'..='ĳ' => "IJ",
        'Ĵ'..='ĵ' => "J",
        'Ķ'..='ĸ' => "K",
        'Ĺ'..='ł' => "L",
        'Ń'..='ŋ' => "N",
        'Ō'..='ő' => "O",
        'Œ'..='œ' => "OE",
        'Ŕ'..='ř' => "R",
        'Ś'..='š' | 'ſ' | 'Ș'..='ș' => "S",
        'Ţ'..='ŧ' | 'Ț'..='ț' => "T",
        'Ũ'..='ų' => "U",
        'Ŵ'..='ŵ' => "W",
        'Ŷ'..='Ÿ' => "Y",
        'Ź'..='ž' => "Z",
        'ẞ' => "SS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_kept_or_brought_near() {
        for (text, taken) in [
            ("Hoiva Äyräs & Åström Oy", "Hoiva Äyräs + Åström Oy"),
            ("Šķēršļi – Łódź “Œuvre”_1; 50 €", "Skersli - Lódz 'Oeuvre'-1, 50 ."),
            ("  a\u{a0}\tb\r\nc  ", "a b c"),
            ("株式会社", "...."),
            ("", "."),
        ] {
            assert_eq!(name(text), taken.replace("Oeuvre", "OEuvre"), "{text}");
        }
        assert_eq!(name(&"ä".repeat(71)).chars().count(), 70);
        assert_eq!(line("abc def", 4), "abc");
    }

    proptest! {
        #[test]
        fn whatever_is_given_a_bank_takes_it(text in "\\PC{0,200}") {
            let taken = name(&text);
            prop_assert!((1..=NAME_CHARS_MAX).contains(&taken.chars().count()));
            prop_assert!(taken.chars().all(|c| c.is_ascii_alphanumeric() || " /-?:().,'+".contains(c) || ('À'..='ÿ').contains(&c)));
            prop_assert_eq!(name(&taken), taken);
        }
    }
}
