//! The life of an approval in any order of commands: never two at once, never chosen while not approved.
