//! Empty libraries in place of NVIDIA's, to link against: the real ones come with the driver and the toolkit of the
//! machine that runs the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::files;
use crate::print::say;
use crate::workspace::succeed;

/// Library, its file name at run time, and the prefix of its functions' names. The first match counts. `cudart` is not
/// listed: it comes with the compiler.
const LIBRARIES: [(&str, &str, &str); 5] = [
    ("cublasLt", "libcublasLt.so.13", "cublasLt"),
    ("cublas", "libcublas.so.13", "cublas"),
    ("curand", "libcurand.so.10", "curand"),
    ("nvrtc", "libnvrtc.so.13", "nvrtc"),
    ("cuda", "libcuda.so.1", "cu"),
];

/// Names of functions by library.
pub(super) type Names = BTreeMap<&'static str, BTreeSet<String>>;

/// The library of a function.
fn library(function: &str) -> Option<&'static str> {
    // Functions of cudart, which is linked as it is, and of cudnn and others, which nothing here uses.
    if ["cuda", "cudnn", "cufft", "cusparse", "cusolver"].iter().any(|other| function.starts_with(other)) {
        return None;
    }
    let (name, _, start) = LIBRARIES.iter().find(|(_, _, start)| function.starts_with(start))?;
    let next = function.get(start.len()..)?.chars().next()?;
    (next.is_ascii_uppercase() || next == '_').then_some(*name)
}

/// Adds the functions that `nm -u` lists as undefined.
fn add(listing: &str, names: &mut Names) {
    for line in listing.lines() {
        let mut words = line.split_whitespace();
        let (Some("U"), Some(function)) = (words.next(), words.next()) else { continue };
        if let Some(library) = library(function) {
            names.entry(library).or_default().insert(function.to_owned());
        }
    }
}

/// The functions of NVIDIA's libraries that the compiled crates below `deps` need.
pub(super) fn wanted(deps: &Path) -> Result<Names> {
    let mut names = Names::new();
    for rlib in files(deps, "rlib")? {
        // Its exit status also reports members that are not object files.
        let output = Command::new("nm").arg("-u").arg(&rlib).output().context("cannot start nm")?;
        add(&String::from_utf8_lossy(&output.stdout), &mut names);
    }
    if names.is_empty() {
        bail!("no crate in {} asks for CUDA: was feature `cuda` on?", deps.display());
    }
    Ok(names)
}

/// Writes all libraries, with or without functions, to `folder`.
pub(super) fn write(names: &Names, folder: &Path, scratch: &Path) -> Result<()> {
    for (library, soname, _) in LIBRARIES {
        let source = scratch.join(format!("{library}.c"));
        let functions = names.get(library).into_iter().flatten();
        let text: String = functions.map(|function| format!("void {function}(void) {{}}\n")).collect();
        std::fs::write(&source, text).with_context(|| format!("cannot write {}", source.display()))?;
        let out = folder.join(format!("lib{library}.so"));
        let mut gcc = Command::new("gcc");
        gcc.args(["-shared", "-fPIC", "-w", &format!("-Wl,-soname,{soname}"), "-o"]).arg(&out).arg(&source);
        succeed(&mut gcc).with_context(|| format!("gcc cannot make {}", out.display()))?;
    }
    let count: usize = names.values().map(BTreeSet::len).sum();
    say!("==> stubs of {count} functions in {}", folder.display());
    Ok(())
}

/// The libraries that `readelf -d` says a program needs.
pub(super) fn needed(listing: &str) -> Vec<&str> {
    let name = |line: &'_ str| -> Option<(usize, usize)> {
        if !line.contains("(NEEDED)") {
            return None;
        }
        Some((line.find('[')? + 1, line.rfind(']')?))
    };
    listing.lines().filter_map(|line| name(line).and_then(|(from, to)| line.get(from..to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_belong_to_libraries() {
        for (function, expected) in [
            ("cuMemAlloc_v2", Some("cuda")),
            ("cublasSgemm_v2", Some("cublas")),
            ("cublasLtCreate", Some("cublasLt")),
            ("curandCreateGenerator", Some("curand")),
            ("nvrtcCompileProgram", Some("nvrtc")),
            ("cudaMalloc", None),
            ("cudnnCreate", None),
            ("current_thread", None),
            ("cu", None),
            ("malloc", None),
        ] {
            assert_eq!(library(function), expected, "{function}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_links_against_the_stubs_and_asks_for_the_real_libraries() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let object = |name: &str, text: &str| {
            std::fs::write(at(name), text).unwrap();
            succeed(
                Command::new("gcc").arg("-c").arg(at(name)).arg("-o").arg(at(name).with_extension("rlib")),
            )
            .unwrap();
        };
        object(
            "main.c",
            "int cuInit(int); int cublasLtInit(void); int main(void) { return cuInit(0) + cublasLtInit(); }",
        );
        let names = wanted(folder.path()).unwrap();
        assert_eq!(names.keys().copied().collect::<Vec<_>>(), ["cublasLt", "cuda"]);
        write(&names, folder.path(), folder.path()).unwrap();
        let mut link = Command::new("gcc");
        link.arg("-x").arg("c").arg(at("main.c")).arg("-o").arg(at("main")).arg("-L").arg(folder.path());
        link.args(["-Wl,--as-needed", "-lcuda", "-lnvrtc", "-lcurand", "-lcublas", "-lcublasLt"]);
        succeed(&mut link).unwrap();
        let listing = crate::workspace::output(Command::new("readelf").arg("-d").arg(at("main"))).unwrap();
        assert_eq!(needed(&listing)[..2], ["libcuda.so.1", "libcublasLt.so.13"]);

        object("main.c", "int main(void) { return 0; }");
        assert!(wanted(folder.path()).unwrap_err().to_string().contains("feature `cuda`"));
    }

    #[test]
    fn undefined_names_are_read_and_others_are_not() {
        let listing = "\nlib.rmeta:\n\nx.o:\n                 U cuInit\n                 U malloc\n\
                       0000000000000000 T cuDefined\n                 w cuWeak\n                 U cuInit\n";
        let mut names = Names::new();
        add(listing, &mut names);
        assert_eq!(names, Names::from([("cuda", BTreeSet::from(["cuInit".to_owned()]))]));
    }

    #[test]
    fn needed_libraries_are_read() {
        let listing = "\nDynamic section at offset 0x1:\n 0x01 (NEEDED)  Shared library: [libcuda.so.1]\n \
                       0x01 (SONAME) Library soname: [x]\n 0x01 (NEEDED) Shared library: [libc.so.6]\n";
        assert_eq!(needed(listing), ["libcuda.so.1", "libc.so.6"]);
    }
}
