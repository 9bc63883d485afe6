//! Makes cargo notice a new migration: what is compiled in is read by a macro that only knows the files it has seen.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
