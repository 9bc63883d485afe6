//! Bringing a registry in and out as files.
