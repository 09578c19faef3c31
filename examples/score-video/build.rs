//! Tells the program the platform that it is built for: `--self-test` prints it.

fn main() {
    let target = std::env::var("TARGET").unwrap_or_default();
    println!("cargo:rustc-env=DREAM_TARGET={target}");
    println!("cargo:rerun-if-changed=build.rs");
}
