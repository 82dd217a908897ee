//! `sh VERIFY.sh` with stock tools says what `verify` says; `vedette-verify` on disk too. Left out aloud without openssl.

use crate::case::{Bundle, identity, pem, sealed, segment};
use std::path::{Path, PathBuf};
use std::process::Command;
use vedette_evidence::seal;

/// A folder that goes away with the test; its name has a space.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn write(name: &str, bundle: &Bundle) -> Folder {
    let root = std::env::temp_dir().join(format!("vedette evidence {} {name}", std::process::id()));
    std::fs::remove_dir_all(&root).ok();
    for (file, bytes) in bundle {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    Folder(root)
}

fn has(tool: &str, argument: &str) -> bool {
    let there = Command::new(tool).arg(argument).output().is_ok();
    if !there {
        eprintln!("LEFT OUT: {tool} is not installed, VERIFY.sh was not tried");
    }
    there
}

/// Exit code and output of `sh VERIFY.sh`, called from another folder.
fn script(folder: &Path, authority: Option<&Path>) -> (i32, String) {
    let mut c = Command::new("sh");
    c.arg(folder.join("VERIFY.sh")).args(authority).current_dir("/");
    let out = c.output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    (out.status.code().unwrap(), text)
}

fn program(folder: &Path, more: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_vedette-verify"))
        .args(more)
        .arg(folder)
        .output()
        .unwrap();
    (
        out.status.code().unwrap(),
        String::from_utf8_lossy(&out.stdout).into_owned(),
    )
}

#[track_caller]
fn both_name(case: &str, bundle: &Bundle, file: &str, says: &str) {
    let folder = write(case, bundle);
    let wanted = |text: &str| {
        text.lines()
            .any(|l| l.starts_with("bad") && l.contains(&format!(" {file}: ")) && l.contains(says))
    };
    let (code, text) = program(&folder.0, &[]);
    assert_eq!(code, 1, "{case}: {text}");
    assert!(wanted(&text), "{case}: {text}");
    if has("openssl", "version") {
        let (code, text) = script(&folder.0, None);
        assert_eq!(code, 1, "{case}: {text}");
        assert!(wanted(&text), "{case}: wanted {file}: …{says}…\n{text}");
        assert!(text.lines().last().unwrap().starts_with("BROKEN: "), "{text}");
    }
}

#[test]
fn untouched_bundle_is_intact_for_script_and_program() {
    let folder = write("good", &sealed("case 1", 1, 7));
    let (code, text) = program(&folder.0, &[]);
    assert_eq!((code, text.lines().last()), (0, Some("INTACT")), "{text}");
    let (code, text) = program(&folder.0, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["intact"]), (0, &serde_json::json!(true)));
    if !has("openssl", "version") {
        return;
    }
    let (code, text) = script(&folder.0, None);
    assert_eq!((code, text.lines().last()), (0, Some("INTACT")), "{text}");

    let openssl = |args: &[&str]| {
        Command::new("openssl")
            .args(args)
            .current_dir(&folder.0)
            .output()
            .unwrap()
    };
    let out = openssl(&[
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "manifest.p7s",
        "-content",
        "manifest.sha256",
        "-CAfile",
        "ca.pem",
        "-purpose",
        "any",
        "-attime",
        "1780315260",
        "-out",
        "/dev/null",
    ]);
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("erification successful"),
        "{out:?}"
    );
    let out = Command::new("sha256sum")
        .args(["-c", "--quiet", "manifest.sha256"])
        .current_dir(&folder.0)
        .output()
        .unwrap();
    assert!(out.status.success(), "{out:?}");
}

#[test]
fn tampering_is_named_by_script_and_program() {
    let good = sealed("case-1", 1, 7);
    for name in [
        "VERIFY.sh",
        "manifest.json",
        "station.pem",
        "chips/track 12.jpg",
        "heads/000002.json",
        "heads/000001.sig",
        "video/ch1/seg-000001.ts",
    ] {
        let mut b = good.clone();
        if name == "VERIFY.sh" {
            b.get_mut(name).unwrap().extend(b"\n");
        } else {
            let bytes = b.get_mut(name).unwrap();
            let at = bytes.len() / 2;
            bytes[at] ^= 1;
        }
        both_name(&format!("flip {}", name.replace('/', "-")), &b, name, "");
    }
    let mut b = good.clone();
    b.get_mut("manifest.sha256").unwrap()[7] ^= 1;
    both_name("flip list", &b, "manifest.sha256", "after it was signed");

    let mut b = good.clone();
    let p7s = b.get_mut("manifest.p7s").unwrap();
    let at = p7s.len() - 10;
    p7s[at] ^= 1;
    both_name("flip signature", &b, "manifest.p7s", "");

    let mut b = good.clone();
    b.remove("video/ch1/seg-000002.ts");
    both_name("drop segment", &b, "video/ch1/seg-000002.ts", "missing");

    let mut b = good.clone();
    b.insert("video/ch1/seg-000001.ts".into(), segment(2));
    b.insert("video/ch1/seg-000002.ts".into(), segment(1));
    both_name("reorder", &b, "video/ch1/seg-000001.ts", "was altered");

    let mut b = good.clone();
    let journal = String::from_utf8(b["journal.jsonl"].clone()).unwrap();
    let cut = journal.trim_end().rfind('\n').unwrap() + 1;
    b.insert("journal.jsonl".into(), journal[..cut].into());
    both_name("cut journal", &b, "journal.jsonl", "end was cut off");

    let mut b = good.clone();
    b.insert(
        "journal.jsonl".into(),
        journal.replacen("input 2", "input 9", 1).into_bytes(),
    );
    both_name(
        "alter journal",
        &b,
        "journal.jsonl",
        "line 4: \"prev\" is not the SHA-256 of line 3",
    );

    let mut b = good.clone();
    let other = sealed("case-2", 50, 7);
    for f in ["manifest.json", "manifest.sha256", "manifest.p7s"] {
        b.insert(f.into(), other[f].clone());
    }
    both_name("swap manifests", &b, "journal.jsonl", "was altered");

    let mut b = good.clone();
    b.insert(
        "manifest.p7s".into(),
        seal::sign(&identity(8), &good["manifest.sha256"], 1_780_315_260).unwrap(),
    );
    both_name("other key", &b, "manifest.p7s", "");

    let mut b = good.clone();
    b.insert("chips/planted.jpg".into(), vec![1]);
    both_name("extra", &b, "chips/planted.jpg", "added after sealing");

    let mut b = good.clone();
    b.get_mut("video/ch1/seg-000002.ts").unwrap().truncate(1000);
    both_name("truncate", &b, "video/ch1/seg-000002.ts", "cut short");
}

#[test]
fn remade_bundle_fails_under_the_agencys_own_certificate() {
    let folder = write("remade", &sealed("case-1", 1, 8));
    let agency = write(
        "agency",
        &[("agency.pem".to_string(), pem(7).ca_cert.into_bytes())].into(),
    );
    let path = agency.0.join("agency.pem");
    let (code, text) = program(&folder.0, &["--ca", path.to_str().unwrap()]);
    assert_eq!(code, 1, "{text}");
    if has("openssl", "version") {
        let (code, text) = script(&folder.0, Some(&path));
        assert_eq!(code, 1, "{text}");
        assert!(
            text.lines().last().unwrap().starts_with("BROKEN: manifest.p7s: "),
            "{text}"
        );
    }
}

#[test]
fn wrong_usage_is_two() {
    assert_eq!(program(Path::new("/nonexistent/bundle"), &[]).0, 2);
    assert_eq!(program(Path::new("."), &["--frob"]).0, 2);
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_file_is_named() {
    let folder = write("link", &sealed("case-1", 1, 7));
    let (name, aside) = (
        folder.0.join("operator.jsonl"),
        std::env::temp_dir().join(format!("vedette-aside-{}", std::process::id())),
    );
    std::fs::rename(&name, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &name).unwrap();
    let (code, text) = program(&folder.0, &[]);
    let scripted = has("openssl", "version").then(|| script(&folder.0, None));
    std::fs::remove_file(&aside).ok();
    assert!(code == 1 && text.contains("operator.jsonl"), "{text}");
    assert!(scripted.is_none_or(|(c, t)| c == 1 && t.contains("operator.jsonl: is a link")));
}

/// What a station keeps of an approval — the text, its signature, the certificate — is checked with plain OpenSSL, by anyone:
/// `openssl x509 -in station.pem -pubkey -noout > key.pem`, then `openssl dgst -sha256 -verify key.pem -signature X.sig X.txt`.
#[test]
fn an_approval_is_verified_with_plain_openssl() {
    if !has("openssl", "version") {
        return;
    }
    let text =
        b"plan 1a2b3c4d5e6f7081\nplan sha256 00\nput on the table by A. Planner\napproved by B. Checker\n".to_vec();
    let mut altered = text.clone();
    altered[5] ^= 1;
    let who = identity(7);
    let folder = write(
        "approval",
        &[
            ("X.txt".to_owned(), text.clone()),
            ("Y.txt".to_owned(), altered),
            ("X.sig".to_owned(), who.sign(&text)),
            ("station.pem".to_owned(), who.station_pem().unwrap().into_bytes()),
        ]
        .into_iter()
        .collect(),
    );
    let openssl = |args: &[&str]| {
        let out = Command::new("openssl")
            .args(args)
            .current_dir(&folder.0)
            .output()
            .unwrap();
        (out.status.success(), out.stdout)
    };
    let (ok, key) = openssl(&["x509", "-in", "station.pem", "-pubkey", "-noout"]);
    assert!(ok);
    std::fs::write(folder.0.join("key.pem"), key).unwrap();
    let verify = |file| openssl(&["dgst", "-sha256", "-verify", "key.pem", "-signature", "X.sig", file]);
    let (ok, said) = verify("X.txt");
    assert!(ok && String::from_utf8_lossy(&said).contains("Verified OK"));
    assert!(!verify("Y.txt").0, "an altered text does not pass");
}

/// Every byte of the seal, the ones OpenSSL never looks at too: version numbers, algorithm lists, the certificate's copy.
/// A part of them in every run, all of them with `VEDETTE_SOAK`.
#[test]
fn no_flipped_byte_of_the_seal_gets_past_the_script() {
    if !has("openssl", "version") {
        return;
    }
    let good = sealed("case-1", 1, 7);
    let seal = &good["manifest.p7s"];
    let step = if std::env::var_os("VEDETTE_SOAK").is_some() {
        1
    } else {
        29
    };
    let folder = write("seal", &good);
    // `openssl cms -verify` alone says which of them it lets through: those are tried in every run.
    let alone = || {
        let said = Command::new("openssl")
            .args("cms -verify -binary -inform DER -in manifest.p7s -content manifest.sha256".split(' '))
            .args("-CAfile ca.pem -purpose any -attime 1780315260 -out /dev/null".split(' '))
            .current_dir(&folder.0)
            .output()
            .unwrap();
        said.status.success()
    };
    assert!(alone(), "the seal as it was written");
    let (mut unseen, mut tried) = (0, 0);
    for at in 0..seal.len() {
        let mut altered = seal.clone();
        altered[at] ^= 1;
        std::fs::write(folder.0.join("manifest.p7s"), altered).unwrap();
        let lets_through = alone();
        unseen += usize::from(lets_through);
        if lets_through || at % step == 0 {
            tried += 1;
            let (code, text) = script(&folder.0, None);
            let last = text.lines().last().unwrap_or_default();
            assert!(
                code == 1 && last.starts_with("BROKEN: manifest.p7s: "),
                "byte {at} of {}: {text}",
                seal.len()
            );
        }
    }
    println!(
        "{} bytes: openssl alone lets {unseen} flips through; VERIFY.sh was tried on {tried}",
        seal.len()
    );
    std::fs::write(folder.0.join("manifest.p7s"), seal).unwrap();
    let (code, text) = script(&folder.0, None);
    assert_eq!((code, text.lines().last()), (0, Some("INTACT")), "{text}");
}
