//! Packs what the binary serves to browsers: Swagger UI, and the web UI where there is one: `cargo xtask ui` builds it.

use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What the page of the API needs of Swagger UI.
const SWAGGER: [&str; 2] = ["swagger-ui-bundle.js", "swagger-ui.css"];

/// Packed files and the list of them, which the crate includes.
struct List<'a> {
    out: &'a Path,
    name: &'a str,
    rows: Vec<String>,
}

fn main() -> io::Result<()> {
    let (Ok(crate_folder), Ok(out)) = (env::var("CARGO_MANIFEST_DIR"), env::var("OUT_DIR")) else {
        return Err(io::Error::other("not run by cargo"));
    };
    let (crate_folder, out) = (Path::new(&crate_folder), Path::new(&out));
    println!("cargo:rerun-if-changed=build.rs");
    let mut docs = List::new(out, "docs");
    for name in SWAGGER {
        docs.add(name, &swagger(name)?)?;
    }
    docs.write()?;
    let dist = crate_folder.join("ui/dist/web");
    // It is always there, empty or not.
    println!("cargo:rerun-if-changed=ui/dist");
    let mut files = Vec::new();
    if env::var_os("CARGO_FEATURE_UI").is_some() && dist.join("index.html").is_file() {
        walk(&dist, &mut files)?;
        files.sort();
    }
    let mut ui = List::new(out, "ui");
    for file in files {
        let name = file.strip_prefix(&dist).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        ui.add(&format!("/{name}"), &fs::read(&file)?)?;
    }
    ui.write()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        println!("cargo:rerun-if-changed={}", path.display());
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// A file of Swagger UI: the archive is its whole repository.
fn swagger(name: &str) -> io::Result<Vec<u8>> {
    let archive = io::Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED);
    let mut archive = zip::ZipArchive::new(archive).map_err(io::Error::other)?;
    let ending = format!("/dist/{name}");
    let mut paths = archive.file_names().filter_map(|path| path.ok().map(std::borrow::Cow::into_owned));
    let path = paths.find(|path| path.ends_with(&ending) && path.matches('/').count() == 2);
    drop(paths);
    let path = path.ok_or_else(|| io::Error::other(format!("Swagger UI has no {name}")))?;
    let mut bytes = Vec::new();
    archive.by_name(&path).map_err(io::Error::other)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

// === impl List ===

impl<'a> List<'a> {
    fn new(out: &'a Path, name: &'a str) -> Self {
        Self { out, name, rows: Vec::new() }
    }

    fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let packed = self.out.join(format!("{}-{}.gz", self.name, self.rows.len()));
        let mut packer = flate2::write::GzEncoder::new(fs::File::create(&packed)?, flate2::Compression::best());
        packer.write_all(bytes)?;
        packer.finish()?.sync_all()?;
        self.rows.push(format!("    Packed {{ path: {path:?}, gzip: include_bytes!({packed:?}) }},\n"));
        Ok(())
    }

    fn write(self) -> io::Result<()> {
        let Self { out, name, rows } = self;
        fs::write(out.join(format!("{name}_files.rs")), format!("[\n{}]", rows.concat()))
    }
}
