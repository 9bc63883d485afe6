//! Picking a provider: requests that are answered, places that are taken, notice that is given, what is held.

mod answers;
mod ends;
mod holds;
mod notice;
mod places;
mod races;
mod scene;
