//! An application from its draft to a decision, over HTTP.
