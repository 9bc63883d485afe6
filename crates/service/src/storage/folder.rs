//! Files in a folder, readable by their owner alone. A file is there whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read, Write};
#[cfg(unix)]
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{Storage, StorageError, checked};

/// The largest file that is read: well above the largest that is kept, sealed.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at a path. It is made when something is put there.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn made(&self) -> io::Result<&Path> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(&self.path)?;
        Ok(&self.path)
    }

    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let folder = self.made()?;
        // A temporary file is its owner's alone.
        let mut file = tempfile::Builder::new().prefix(".put-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(key)).map_err(|failed| failed.error)?;
        // The name is there after a loss of power only once the folder is written too.
        File::open(folder)?.sync_all()
    }
}

impl Storage for Folder {
    fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StorageError> {
        let key = checked(key)?;
        self.write(key, bytes).map_err(|source| StorageError::Io { what: "a file could not be written", source })
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let failed = |source| StorageError::Io { what: "a file could not be read", source };
        let file = match File::open(self.path.join(checked(key)?)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= FILE_BYTES_MAX) {
            Ok(Some(bytes))
        } else {
            Err(StorageError::TooLarge { max: FILE_BYTES_MAX })
        }
    }

    fn delete(&self, key: &str) -> Result<(), StorageError> {
        match fs::remove_file(self.path.join(checked(key)?)) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StorageError::Io { what: "a file could not be removed", source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_whole_until_it_is_deleted() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("deep/files"));
        assert!(folder.get("a").unwrap().is_none());
        folder.put("a", b"one").unwrap();
        folder.put("a", b"two").unwrap();
        assert_eq!(folder.get("a").unwrap().as_deref(), Some(b"two".as_slice()));
        let names: Vec<_> = fs::read_dir(place.path().join("deep/files")).unwrap().collect();
        assert_eq!(names.len(), 1, "no temporary file is left: {names:?}");
        folder.delete("a").unwrap();
        folder.delete("a").unwrap();
        assert!(folder.get("a").unwrap().is_none());
        assert!(matches!(folder.put("../a", b""), Err(StorageError::Key)));
        assert!(matches!(folder.get("../a"), Err(StorageError::Key)));
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("files"));
        folder.put("a", b"one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&place.path().join("files")), mode(&place.path().join("files/a"))), (0o700, 0o600));
    }

    #[test]
    fn a_place_that_is_no_folder_is_an_error_and_nothing_is_lost() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("files"), b"a file").unwrap();
        let folder = Folder::new(place.path().join("files"));
        assert!(matches!(folder.put("a", b"one"), Err(StorageError::Io { .. })));
        assert!(folder.get("a").is_err());
    }
}
