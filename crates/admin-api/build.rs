//! Lists the built web UI for the binary, compressed, where there is one: `cargo xtask ui` builds it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let (Ok(crate_folder), Ok(out)) = (env::var("CARGO_MANIFEST_DIR"), env::var("OUT_DIR")) else {
        return Err(io::Error::other("not run by cargo"));
    };
    let dist = Path::new(&crate_folder).join("ui/dist/web");
    println!("cargo:rerun-if-changed=build.rs");
    // It is always there, empty or not.
    println!("cargo:rerun-if-changed=ui/dist");
    let mut files = Vec::new();
    if env::var_os("CARGO_FEATURE_UI").is_some() && dist.join("index.html").is_file() {
        walk(&dist, &mut files)?;
        files.sort();
    }
    let mut list = String::from("[\n");
    for (number, file) in files.iter().enumerate() {
        let packed = Path::new(&out).join(format!("ui-{number}.gz"));
        let mut packer = flate2::write::GzEncoder::new(fs::File::create(&packed)?, flate2::Compression::best());
        packer.write_all(&fs::read(file)?)?;
        packer.finish()?.sync_all()?;
        let name = file.strip_prefix(&dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        writeln!(list, "    File {{ path: {:?}, gzip: include_bytes!({packed:?}) }},", format!("/{name}"))
            .map_err(io::Error::other)?;
    }
    list.push(']');
    fs::write(Path::new(&out).join("ui_files.rs"), list)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        println!("cargo:rerun-if-changed={}", path.display());
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
