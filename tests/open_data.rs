//! What everyone may read and mirror.
