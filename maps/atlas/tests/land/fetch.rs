//! Fetching an area from a server that breaks off, knows no ranges, has nothing, or answers with a page.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use vedette_atlas::{Bounds, TileKind, load};

use crate::folder;

/// How a file is served.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Breaks off after so many bytes of every answer, and goes on where it is asked to.
    Breaks(usize),
    /// Breaks off the first time only, and knows no ranges.
    NoRanges(usize),
    Whole,
}

/// What was asked for: path and first byte.
type Asked = Arc<Mutex<Vec<(String, usize)>>>;
type Files = BTreeMap<String, (Way, Vec<u8>)>;

/// A server of its own on a free port: its address and what it was asked for (path and first byte).
fn serve(files: Files) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let run = move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(first)) = lines.next() else { continue };
            let path = first
                .split_whitespace()
                .nth(1)
                .unwrap_or("")
                .trim_start_matches('/')
                .to_owned();
            let mut from = 0;
            for l in lines.map_while(Result::ok).take_while(|l| !l.is_empty()) {
                if let Some(range) = l.to_ascii_lowercase().strip_prefix("range: bytes=") {
                    from = range.split('-').next().unwrap().parse().unwrap();
                }
            }
            let before = {
                let mut log = log.lock().unwrap();
                log.push((path.clone(), from));
                log.iter().filter(|a| a.0 == path).count()
            };
            let answer = match files.get(&path) {
                None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
                Some((way, body)) => {
                    let ranges = !matches!(way, Way::NoRanges(_));
                    let (status, from) = if from > 0 && ranges {
                        ("206 Partial Content", from)
                    } else {
                        ("200 OK", 0)
                    };
                    if from > body.len() {
                        b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec()
                    } else {
                        let rest = &body[from..];
                        let mut out = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", rest.len());
                        if status.starts_with("206") {
                            out += &format!("Content-Range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len());
                        }
                        out += "Connection: close\r\n\r\n";
                        let most = match way {
                            Way::Breaks(n) => *n,
                            Way::NoRanges(n) if before == 1 => *n,
                            _ => rest.len(),
                        };
                        let mut out = out.into_bytes();
                        out.extend(&rest[..rest.len().min(most)]);
                        out
                    }
                }
            };
            if stream.write_all(&answer).is_ok() && stream.flush().is_ok() {
                // Closed only after the other side has read: a reset would take back what was sent.
                let closed = stream.shutdown(std::net::Shutdown::Write).is_ok();
                let mut rest = [0; 256];
                while closed && stream.read(&mut rest).is_ok_and(|n| n > 0) {}
            }
        }
    };
    std::thread::Builder::new().name("server".into()).spawn(run).unwrap();
    (at, asked)
}

fn hgt() -> Vec<u8> {
    (0..1201_u32 * 1201)
        .flat_map(|k| ((k % 2000) as i16).to_be_bytes())
        .collect()
}

fn curl() -> bool {
    let there = std::process::Command::new("curl").arg("--version").output().is_ok();
    if !there {
        eprintln!("left out: curl is not installed");
    }
    there
}

const AREA: Bounds = Bounds {
    south_deg: 42.2,
    west_deg: 1.2,
    north_deg: 42.8,
    east_deg: 2.3,
};

#[test]
fn terrain_arrives_whole_from_a_server_that_keeps_breaking_off() {
    if !curl() {
        return;
    }
    let body = hgt();
    let (at, asked) = serve(BTreeMap::from([
        ("N42E001.hgt".to_owned(), (Way::Breaks(600_000), body.clone())),
        ("N42E002.hgt".to_owned(), (Way::NoRanges(600_000), body.clone())),
    ]));
    let dir = folder("fetch");
    let jobs = load::jobs(&format!("{at}/{{square}}.hgt"), AREA, (8, 8), &dir).unwrap();
    assert_eq!(jobs.len(), 2);
    let mut heard = Vec::new();
    let got = load::fetch(&jobs, &mut |p| heard.push((p.done, p.bytes))).unwrap();
    assert_eq!((got.fresh, got.failed.len(), got.absent.len()), (2, 0, 0), "{got:?}");
    assert!(got.resumed >= 4, "{got:?}");
    for name in ["N42E001.hgt", "N42E002.hgt"] {
        assert_eq!(std::fs::read(dir.join(name)).unwrap(), body, "{name}");
    }
    let asked = asked.lock().unwrap().clone();
    let steps: Vec<usize> = asked.iter().filter(|a| a.0 == "N42E001.hgt").map(|a| a.1).collect();
    assert_eq!(
        steps,
        [0, 600_000, 1_200_000, 1_800_000, 2_400_000],
        "goes on where it broke off"
    );
    assert_eq!(heard.last().unwrap().0, 2);
    assert!(heard.windows(2).all(|w| w[0].0 <= w[1].0));
    assert!(heard.last().unwrap().1 >= 2 * body.len() as u64);
    // A second time nothing is asked for.
    let again = load::fetch(&jobs, &mut |_| ()).unwrap();
    assert_eq!((again.there, again.fresh, asked.len()), (2, 0, asked.len()));
}

#[test]
fn what_is_not_there_and_what_is_something_else_is_told_and_not_kept() {
    if !curl() {
        return;
    }
    let (at, _) = serve(BTreeMap::from([(
        "N42E001.hgt".to_owned(),
        (Way::Whole, b"<html>Please log in</html>".to_vec()),
    )]));
    let dir = folder("fetch-page");
    let jobs = load::jobs(&format!("{at}/{{square}}.hgt"), AREA, (8, 8), &dir).unwrap();
    let got = load::fetch(&jobs, &mut |_| ()).unwrap();
    assert_eq!((got.fresh, got.absent.len(), got.failed.len()), (0, 1, 1), "{got:?}");
    assert!(got.absent[0].ends_with("N42E002.hgt"));
    assert!(got.failed[0].1.contains("is no N42E001.hgt"), "{got:?}");
    assert_eq!(
        std::fs::read_dir(&dir).unwrap().count(),
        0,
        "nothing half or wrong is left"
    );
    // Nobody listens: each file fails with curl's own words.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let jobs = load::jobs(&format!("http://{free}/{{lat}}/{{lon}}.hgt?key=1"), AREA, (8, 8), &dir).unwrap();
    assert!(jobs[0].to.ends_with("E001.hgt"));
    let got = load::fetch(&jobs[..1], &mut |_| ()).unwrap();
    assert_eq!(got.failed.len(), 1);
    assert!(!got.failed[0].1.is_empty());
}

#[test]
fn half_a_file_of_yesterday_is_gone_on_with_and_one_that_is_too_long_is_begun_again() {
    if !curl() {
        return;
    }
    let body = hgt();
    let (at, asked) = serve(BTreeMap::from([("N42E001.hgt".to_owned(), (Way::Whole, body.clone()))]));
    let dir = folder("fetch-half");
    let area = Bounds { east_deg: 1.8, ..AREA };
    let jobs = load::jobs(&format!("{at}/{{square}}.hgt"), area, (8, 8), &dir).unwrap();
    std::fs::write(dir.join("N42E001.hgt.part"), &body[..1_000_000]).unwrap();
    assert_eq!(load::fetch(&jobs, &mut |_| ()).unwrap().fresh, 1);
    assert_eq!(asked.lock().unwrap()[0].1, 1_000_000);
    assert_eq!(std::fs::read(dir.join("N42E001.hgt")).unwrap(), body);
    std::fs::remove_file(dir.join("N42E001.hgt")).unwrap();
    // Half of an older, longer edition.
    std::fs::write(dir.join("N42E001.hgt.part"), vec![7; body.len() + 5]).unwrap();
    let got = load::fetch(&jobs, &mut |_| ()).unwrap();
    assert_eq!(got.fresh, 1, "{got:?}");
    assert_eq!(std::fs::read(dir.join("N42E001.hgt")).unwrap(), body);
}

#[test]
fn map_pictures_are_fetched_and_gathered_into_one_file() {
    if !curl() {
        return;
    }
    let area = Bounds {
        south_deg: 42.4,
        west_deg: 1.4,
        north_deg: 42.6,
        east_deg: 1.8,
    };
    let dir = folder("fetch-tiles");
    let png = |p: &str| [b"\x89PNG\r\n\x1a\n".as_slice(), p.as_bytes()].concat();
    let names = load::jobs("http://x/{z}/{x}/{y}.png?k=v", area, (7, 9), &dir).unwrap();
    let path = |u: &str| u.trim_start_matches("http://x/").to_owned();
    let files = names
        .iter()
        .map(|j| (path(&j.url), (Way::Whole, png(&j.url))))
        .collect();
    let (at, _) = serve(files);
    let jobs = load::jobs(&format!("{at}/{{z}}/{{x}}/{{y}}.png?k=v"), area, (7, 9), &dir).unwrap();
    let got = load::fetch(&jobs, &mut |_| ()).unwrap();
    assert_eq!((got.fresh, got.failed.len()), (jobs.len(), 0), "{got:?}");
    let out = dir.join("valley.pmtiles");
    assert_eq!(load::gather(&dir, &out, "© somebody").unwrap(), jobs.len());
    let t = load::TileFile::open(&out).unwrap();
    assert_eq!((t.about().kind, t.about().zooms), (TileKind::Png, (7, 9)));
    assert_eq!(t.problems().unwrap(), (jobs.len() as u64, vec![]));
    assert_eq!(load::gather(Path::new(&folder("fetch-none")), &out, "").unwrap(), 0);
}

#[test]
fn a_template_or_an_area_that_makes_no_sense_is_refused_before_anything_is_asked() {
    let dir = Path::new("nowhere");
    for (template, area, zooms, word) in [
        ("https://h/{x}.png", AREA, (1, 2), "{square}"),
        ("file:///etc/{square}", AREA, (1, 2), "https://"),
        ("h/{square}", AREA, (1, 2), "https://"),
        ("https://h/{z}/{x}/{y}.png", AREA, (9, 2), "zooms"),
        ("https://h/{z}/{x}/{y}.png", AREA, (0, 22), "20,000"),
        (
            "https://h/{square}",
            Bounds {
                north_deg: 40.0,
                ..AREA
            },
            (1, 2),
            "encloses nothing",
        ),
    ] {
        let e = load::jobs(template, area, zooms, dir).unwrap_err().to_string();
        assert!(e.contains(word), "{template}: {e}");
    }
    let jobs = load::jobs(
        "https://h/Copernicus_DSM_COG_10_{lat}_00_{lon}_00_DEM.tif",
        AREA,
        (1, 1),
        dir,
    )
    .unwrap();
    assert!(
        jobs[0].url.ends_with("Copernicus_DSM_COG_10_N42_00_E001_00_DEM.tif"),
        "{jobs:?}"
    );
}
