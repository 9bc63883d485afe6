//! The registry's worklists.
