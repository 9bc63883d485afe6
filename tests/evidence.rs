//! Evidence, files and reminders, over HTTP.
