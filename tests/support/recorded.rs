//! Writes down the calls that went well, where `VALINTA_RECORDED_CALLS` names a folder, so that examples can be made of them
//! (`cargo xtask contract examples`). Changes nothing of a call, and looks at no body.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, create_dir_all};
use std::io::Write;
use std::path::PathBuf;
use std::process;
use std::sync::{LazyLock, Mutex};

use serde_json::{Value, json};

const FOLDER_VARIABLE: &str = "VALINTA_RECORDED_CALLS";
/// Most calls of one kind: simulations make thousands.
const CALLS_MAX: usize = 40;
/// Largest body that is worth an example.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Shorter than any identifier, and longer than any word of a path.
const WORD_CHARS_MAX: usize = 30;

static RECORD: LazyLock<Option<Mutex<Record>>> = LazyLock::new(|| {
    let folder = PathBuf::from(std::env::var_os(FOLDER_VARIABLE)?);
    create_dir_all(&folder).unwrap();
    let file = folder.join(format!("calls-{}.ndjson", process::id()));
    let file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    Some(Mutex::new(Record { file, calls: BTreeMap::new() }))
});

struct Record {
    file: File,
    /// How many there are of each kind: method, path without what it names, status.
    calls: BTreeMap<String, usize>,
}

/// A call and its answer.
pub(super) struct Call<'c> {
    pub(super) method: &'c str,
    pub(super) path: &'c str,
    pub(super) headers: &'c [(&'c str, &'c str)],
    pub(super) sent: Option<&'c [u8]>,
    pub(super) status: u16,
    pub(super) answered_type: Option<&'c str>,
    pub(super) answered: &'c str,
}

/// Writes a call down, if calls are written down and this one is not one of too many.
pub(super) fn keep(call: &Call<'_>) {
    let Some(record) = RECORD.as_ref() else { return };
    let sent_bytes = call.sent.map_or(0, <[u8]>::len);
    if !(200..300).contains(&call.status) || call.answered.len().max(sent_bytes) > BODY_BYTES_MAX {
        return;
    }
    let mut record = record.lock().unwrap();
    let count = record.calls.entry(kind(call)).or_default();
    if *count < CALLS_MAX {
        *count += 1;
        let line = format!("{}\n", line(call));
        record.file.write_all(line.as_bytes()).unwrap();
    }
}

fn line(call: &Call<'_>) -> Value {
    let sent_type = call.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    json!({
        "method": call.method,
        "path": call.path,
        "sent_type": sent_type.map(|(_, value)| *value),
        "sent": call.sent.map(String::from_utf8_lossy),
        "status": call.status,
        "answered_type": call.answered_type,
        "answered": call.answered,
    })
}

fn kind(call: &Call<'_>) -> String {
    let path = call.path.split('?').next().unwrap_or_default();
    let words = path.split('/').map(|word| if word.len() > WORD_CHARS_MAX { "{}" } else { word });
    let words: Vec<&str> = words.collect();
    let media_type = call.answered_type.unwrap_or_default();
    format!("{} {} {} {media_type}", call.method, words.join("/"), call.status)
}
