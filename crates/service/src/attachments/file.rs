//! What a file must be: one of a few types, by its first bytes, and called by a plain name.

use sha2::{Digest, Sha256};
use valinta_domain::Id;
use valinta_domain::id::kind;
use valinta_domain::text::NAME_CHARS_MAX;

use crate::http::Problem;
use crate::http::upload::MEDIA_TYPES;

/// Goes on if the bytes are what the request says that they are.
///
/// # Errors
/// There are none, they are of a type that is not taken, or of another one than the request says.
pub(super) fn check_type(bytes: &[u8], stated: &'static str) -> Result<(), Problem> {
    let refuse = |code, detail: String| Err(Problem::invalid(Vec::new()).at("", code, detail));
    if bytes.is_empty() {
        return refuse("empty", "the file is empty".to_owned());
    }
    let taken = MEDIA_TYPES.join(", ");
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some(shown) if !MEDIA_TYPES.contains(&shown) => {
            refuse("type_not_taken", format!("the file shows itself to be {shown}; taken are {taken}"))
        }
        Some(shown) if shown != stated => {
            refuse("mislabelled", format!("the file shows itself to be {shown}, but is declared as {stated}"))
        }
        // A file that is one thing from its first byte and another from a later one is neither.
        Some(_) if begins_as(bytes, stated) => Ok(()),
        Some(_) => {
            refuse("mislabelled", format!("a file of {stated} begins with its mark; this one with something else"))
        }
        None => refuse("type_not_taken", format!("what the file is does not show; taken are {taken}")),
    }
}

fn begins_as(bytes: &[u8], media_type: &str) -> bool {
    match media_type {
        "application/pdf" => bytes.starts_with(b"%PDF-"),
        "image/jpeg" => bytes.starts_with(&[0xff, 0xd8, 0xff]),
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        _ => false,
    }
}

/// A name as it can stand in any folder and on any screen.
///
/// # Errors
/// It cannot.
pub(super) fn plain_name(name: &str) -> Result<String, String> {
    let trimmed = name.trim();
    let length = trimmed.chars().count();
    if length == 0 || length > NAME_CHARS_MAX {
        return Err(format!("a file's name has 1 to {NAME_CHARS_MAX} characters"));
    }
    if trimmed.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | ':') || turns_text_around(c)) {
        return Err("a file's name has no folders in it, and no characters that are not seen".to_owned());
    }
    if trimmed.chars().all(|c| c == '.') {
        return Err("this is no file's name".to_owned());
    }
    Ok(trimmed.to_owned())
}

/// Characters by which a name looks like another one: it could seem to end otherwise than it does.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// SHA-256 in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a file is sealed for: opening it as another one fails.
pub(super) fn sealed_for(id: Id<kind::Attachment>) -> String {
    format!("attachment:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0];

    fn code(bytes: &[u8], stated: &'static str) -> String {
        check_type(bytes, stated).err().map_or_else(String::new, |problem| problem.failures()[0].code.clone())
    }

    #[test]
    fn a_file_is_what_its_first_bytes_show() {
        for (bytes, stated) in [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")] {
            assert_eq!(code(bytes, stated), "", "{stated}");
        }
        assert_eq!(code(PDF, "image/png"), "mislabelled");
        assert_eq!(code(PNG, "application/pdf"), "mislabelled");
    }

    #[test]
    fn archives_documents_pages_and_pictures_that_run_are_not_taken() {
        let docx =
            [b"PK\x03\x04".as_slice(), &[0; 26], b"[Content_Types].xml", &[0; 64], b"word/document.xml"].concat();
        let junk_first = [b"<html><script>alert(1)</script>".as_slice(), PDF].concat();
        let zip_first = [b"PK\x03\x04".as_slice(), &[0; 40], PDF].concat();
        let cases: [(&[u8], &str); 9] = [
            (b"", "empty"),
            (b"PK\x03\x04\x14\0\0\0\x08\0", "type_not_taken"),
            (&docx, "type_not_taken"),
            (b"<!DOCTYPE html><script>alert(1)</script>", "type_not_taken"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", "type_not_taken"),
            (b"\x1f\x8b\x08\0\0\0\0\0", "type_not_taken"),
            (b"MZ\x90\0\x03\0\0\0", "type_not_taken"),
            (&junk_first, "mislabelled"),
            (b"plain words", "type_not_taken"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(code(bytes, "application/pdf"), expected, "{}", String::from_utf8_lossy(bytes));
        }
        assert_ne!(code(&zip_first, "application/pdf"), "");
        assert_eq!(code(b"GIF89a\0\0\0\0", "image/png"), "type_not_taken");
    }

    #[test]
    fn a_name_is_plain() {
        assert_eq!(plain_name(" Vakuutus 2026 (ä).pdf "), Ok("Vakuutus 2026 (ä).pdf".to_owned()));
        for bad in ["", " ", "..", ".", "a/b", "a\\b", "C:x", "a\nb", "a\u{202e}fdp.exe", &"x".repeat(201)] {
            assert!(plain_name(bad).is_err(), "{bad:?}");
        }
    }
}
