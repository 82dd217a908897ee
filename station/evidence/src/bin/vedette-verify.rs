//! `vedette-verify DIR`: checks an evidence bundle on disk. The only place of this crate that touches files.
//!
//! Exit code 0: intact; 1: broken; 2: wrong usage. Prints what was checked, every bad file with its reason, and as its last
//! line the same verdict as `VERIFY.sh`; `--json` prints the report as JSON instead.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vedette_evidence::verify::{FileSource, Report, verify};

const USAGE: &str = "usage: vedette-verify [--json] [--ca AUTHORITY.pem] DIR\n\
  DIR   a bundle: the folder with manifest.sha256 in it\n\
  --ca  the authority's certificate, obtained by another way than the bundle\n\
exit code: 0 intact, 1 broken, 2 wrong usage\n";

/// A folder on disk.
struct Folder(PathBuf);

impl Folder {
    fn walk(&self, relative: &str, out: &mut BTreeSet<String>) -> io::Result<()> {
        for entry in fs::read_dir(self.0.join(relative))? {
            let entry = entry?;
            let part = entry.file_name().to_string_lossy().into_owned();
            let name = if relative.is_empty() {
                part
            } else {
                format!("{relative}/{part}")
            };
            // file_type() does not follow links: a link to a folder is listed, not entered.
            if entry.file_type()?.is_dir() {
                self.walk(&name, out)?;
            } else {
                out.insert(name);
            }
        }
        Ok(())
    }
}

impl FileSource for Folder {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut out = BTreeSet::new();
        self.walk("", &mut out)?;
        Ok(out.into_iter().collect())
    }

    fn open<'a>(&'a self, name: &str) -> io::Result<Box<dyn Read + 'a>> {
        let path = self.0.join(name);
        if !fs::symlink_metadata(&path)?.is_file() {
            return Err(io::Error::other("not a plain file"));
        }
        Ok(Box::new(File::open(path)?))
    }
}

fn main() -> ExitCode {
    let (mut json, mut ca, mut folder) = (false, None, None);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(a) = arguments.next() {
        match a.to_str() {
            Some("--json") => json = true,
            Some("--help" | "-h") => return say(&mut io::stdout(), USAGE, 0),
            Some("--ca") => match arguments.next() {
                Some(path) => ca = Some(PathBuf::from(path)),
                None => return say(&mut io::stderr(), USAGE, 2),
            },
            Some(flag) if flag.starts_with('-') => return say(&mut io::stderr(), USAGE, 2),
            _ if folder.is_none() => folder = Some(PathBuf::from(a)),
            _ => return say(&mut io::stderr(), USAGE, 2),
        }
    }
    let Some(folder) = folder else {
        return say(&mut io::stderr(), USAGE, 2);
    };
    if !folder.join("manifest.sha256").is_file() && !folder.join("manifest.json").is_file() {
        let text = format!("{}: no bundle here (no manifest.sha256)\n", folder.display());
        return say(&mut io::stderr(), &text, 2);
    }
    let authority = match ca.as_deref().map(read).transpose() {
        Ok(bytes) => bytes,
        Err(text) => return say(&mut io::stderr(), &text, 2),
    };
    let report = verify(&Folder(folder), authority.as_deref());
    let code = if report.intact { 0 } else { 1 };
    let text = if json {
        serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
    } else {
        human(&report)
    };
    say(&mut io::stdout(), &text, code)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("{}: {e}\n", path.display()))
}

fn human(r: &Report) -> String {
    let unknown = || "unknown".to_string();
    let given = if r.authority_given {
        "given by you"
    } else {
        "from the bundle"
    };
    let mut text = format!(
        "case       {}\nsigned by  {}\nauthority  SHA-256 {} ({given})\nhashed     {} files, {} bytes\n",
        r.case_id.clone().unwrap_or_else(unknown),
        r.signed_by.clone().unwrap_or_else(unknown),
        r.authority_sha256.clone().unwrap_or_else(unknown),
        r.files,
        r.bytes
    );
    for note in &r.notes {
        text += &format!("note       {note}\n");
    }
    for f in &r.findings {
        text += &format!("bad        {}: {}\n", f.file, f.reason);
    }
    text + &r.verdict() + "\n"
}

/// Writes and turns the outcome into an exit code; a closed pipe changes nothing about the verdict.
fn say(out: &mut dyn Write, text: &str, code: u8) -> ExitCode {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) | Err(_) => ExitCode::from(code),
    }
}
