//! Providers, their members, units and versions, over HTTP.
