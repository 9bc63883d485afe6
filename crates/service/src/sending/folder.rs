//! A folder from which another system takes files: one for each delivery, by organiser and month. A file is there whole or
//! not at all, and one that is there is never written again. The folder itself is made by whoever runs the service: one that is
//! missing may be a disk that is not there.

#[cfg(test)]
use std::fs;
use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chrono::Datelike;
use valinta_domain::delivery::{Channel, Failed};

use super::place::{Adapter, Parcel, SendError};

/// Longest name of a file or folder.
const NAME_CHARS_MAX: usize = 200;
/// How files begin that are not whole yet.
const UNFINISHED: &str = ".part-";

/// A folder for files that leave the house.
#[derive(Debug)]
pub struct OutgoingFolder {
    path: PathBuf,
}

impl OutgoingFolder {
    /// The folder at a path, which must be there when something is put in.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Whether there is such a folder now.
    pub fn is_there(&self) -> bool {
        self.path.is_dir()
    }

    fn put(&self, parcel: &Parcel) -> io::Result<()> {
        let by_organiser = self.path.join(plain(&parcel.organiser)?);
        let month = format!("{:04}-{:02}", parcel.month.date().year(), parcel.month.date().month());
        let folder = by_organiser.join(&month);
        let name = format!("{}-{}.{}", parcel.name, parcel.id, parcel.extension);
        let target = folder.join(plain(&name)?);
        make(&self.path, &by_organiser)?;
        make(&by_organiser, &folder)?;
        if target.symlink_metadata().is_ok() {
            // It came there before, by a process that could not say so any more.
            return written(&folder);
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED);
        #[cfg(unix)]
        builder.permissions(Permissions::from_mode(0o640));
        let mut file = builder.tempfile_in(&folder)?;
        file.write_all(&parcel.content)?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|failed| failed.error)?;
        written(&folder)
    }
}

/// A name that leads nowhere else.
fn plain(name: &str) -> io::Result<&str> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if is_plain && !name.starts_with('.') && (1..=NAME_CHARS_MAX).contains(&name.len()) {
        Ok(name)
    } else {
        Err(ErrorKind::InvalidInput.into())
    }
}

/// Makes a folder in one that is there, unless it is there already.
fn make(parent: &Path, folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o750);
    match builder.create(folder) {
        Ok(()) => written(parent),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// A name is there after a loss of power only once its folder is written too.
fn written(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

impl Adapter for OutgoingFolder {
    fn channel(&self) -> Channel {
        Channel::Files
    }

    fn send(&self, parcel: &Parcel) -> Result<(), SendError> {
        self.put(parcel).map_err(|error| {
            let failed = if error.kind() == ErrorKind::InvalidInput { Failed::ForGood } else { Failed::ForNow };
            // Its kind alone: the whole names the folder.
            SendError { failed, said: format!("the file could not be written: {}", error.kind()) }
        })
    }
}

#[cfg(test)]
mod tests {
    use valinta_domain::{Day, Id};

    use super::*;
    use crate::clock::{Clock, new_uuid};

    fn parcel(content: &[u8]) -> Parcel {
        Parcel {
            id: Id::new(new_uuid(Clock::system().now())),
            organiser: "satakunta".to_owned(),
            month: Day::ymd(2026, 11, 1).unwrap(),
            name: "invoice-202611-00001".to_owned(),
            extension: "xml",
            content: content.to_vec(),
        }
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_file_is_put_by_organiser_and_month_whole_and_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = OutgoingFolder::new(place.path().to_owned());
        let mut sent = parcel(b"<one/>");
        folder.send(&sent).unwrap();
        let month = place.path().join("satakunta/2026-11");
        let name = format!("invoice-202611-00001-{}.xml", sent.id);
        assert_eq!(names_in(&month), [name.as_str()], "nothing unfinished is left");
        // The same delivery again: the file is as it was, whatever would be written today.
        sent.content = b"<two/>".to_vec();
        folder.send(&sent).unwrap();
        assert_eq!(fs::read(month.join(&name)).unwrap(), b"<one/>");
        folder.send(&parcel(b"<three/>")).unwrap();
        assert_eq!(names_in(&month).len(), 2);
    }

    #[test]
    fn a_folder_that_is_missing_is_not_made() {
        let place = tempfile::tempdir().unwrap();
        let folder = OutgoingFolder::new(place.path().join("disk"));
        let refused = folder.send(&parcel(b"<one/>")).unwrap_err();
        assert_eq!(refused.failed, Failed::ForNow);
        assert!(!refused.said.contains("disk") && !folder.is_there(), "{refused}");
        fs::create_dir(place.path().join("disk")).unwrap();
        folder.send(&parcel(b"<one/>")).unwrap();
    }

    #[test]
    fn no_name_leads_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let folder = OutgoingFolder::new(place.path().join("out"));
        fs::create_dir(place.path().join("out")).unwrap();
        for bad in ["..", "", ".hidden", "a/b", "a\\b", "ä", "a\0"] {
            let mut sent = parcel(b"<one/>");
            sent.organiser = bad.to_owned();
            assert_eq!(folder.send(&sent).unwrap_err().failed, Failed::ForGood, "{bad:?}");
            let mut sent = parcel(b"<one/>");
            sent.name = format!("../{bad}");
            assert_eq!(folder.send(&sent).unwrap_err().failed, Failed::ForGood, "{bad:?}");
        }
        assert_eq!(names_in(place.path()), ["out"]);
    }
}
