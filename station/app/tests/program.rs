//! The program as its users run it: the demo end to end, a killed demo, and bad input.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn vedette() -> Command {
    let mut c = Command::new(env!("CARGO_BIN_EXE_vedette"));
    c.current_dir(root())
        .env("VEDETTE_LOG", "error")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY");
    c
}

/// A fresh folder under the build's own temporary place.
fn folder(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).expect("old test folder goes");
    }
    dir
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn session(out: &Path) -> PathBuf {
    std::fs::read_dir(out.join("sessions"))
        .expect("sessions")
        .filter_map(|e| e.ok().map(|e| e.path()))
        .find(|p| p.join("journal.jsonl").is_file())
        .expect("a session folder with a journal")
}

#[test]
fn the_demo_does_the_main_job_and_every_figure_is_measured() {
    let out = folder("demo");
    let run = vedette()
        .args(["demo", "--headless", "--seed", "7", "--no-pictures", "--out"])
        .arg(&out)
        .output()
        .expect("the program starts");
    let (said, wrong) = (text(&run.stdout), text(&run.stderr));
    assert!(run.status.success(), "{said}\n{wrong}");
    assert!(!wrong.contains("ERROR"), "an ERROR means data was lost:\n{wrong}");

    let figures: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("figures.json")).expect("figures")).expect("JSON");
    assert_eq!(figures["digest_live"], figures["digest_replay"]);
    let alert = figures["crossing_to_alert_s"].as_f64().expect("measured");
    assert!((-1.0..60.0).contains(&alert), "{alert} s from crossing to alert");
    let error = figures["geolocation_error_m"].as_f64().expect("measured");
    assert!(error < 30.0, "{error} m");
    assert_eq!(figures["packets_lost"], 0);
    for f in [
        "plan/plan.json",
        "plan/CU-01.plan",
        "plan/CU-02.waypoints",
        "plan/plan.kml",
        "report.html",
        "incident/manifest.p7s",
    ] {
        assert!(out.join(f).is_file(), "{f} is missing");
    }

    // The same record again, by another process.
    let session = session(&out);
    let digest = vedette()
        .arg("replay")
        .arg(&session)
        .arg("--digest")
        .output()
        .expect("replay runs");
    assert_eq!(
        text(&digest.stdout).trim(),
        figures["digest_live"].as_str().expect("text")
    );
    // A plan file is judged anew; a plan moved towards the border is refused.
    let plan = out.join("plan/plan.json");
    let check = |p: &Path| {
        vedette()
            .arg("check")
            .arg(p)
            .output()
            .expect("check runs")
            .status
            .code()
    };
    assert_eq!(check(&plan), Some(0));
    let mut bad: serde_json::Value = serde_json::from_slice(&std::fs::read(&plan).expect("plan")).expect("JSON");
    for leg in bad["aircraft"][0]["legs"].as_array_mut().expect("legs") {
        for end in ["from", "to"] {
            let lat = leg[end]["lat_deg"].as_f64().expect("latitude");
            leg[end]["lat_deg"] = serde_json::json!(lat - 0.002);
        }
    }
    let moved = out.join("moved.json");
    std::fs::write(&moved, bad.to_string()).expect("written");
    assert_eq!(check(&moved), Some(1));
}

#[test]
fn a_killed_demo_leaves_a_journal_that_replays_and_video_that_plays() {
    let out = folder("killed");
    let mut child = vedette()
        .args(["demo", "--headless", "--seed", "3", "--no-pictures", "--out"])
        .arg(&out)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let airborne = lines.map_while(Result::ok).find(|l| l.contains("in the air"));
    child.kill().expect("SIGKILL");
    child.wait().expect("gone");
    assert!(airborne.is_some(), "the demo ended before anything flew");

    let session = session(&out);
    let replay = vedette().arg("replay").arg(&session).output().expect("replay runs");
    assert!(replay.status.success(), "{}", text(&replay.stderr));
    assert!(
        text(&replay.stdout).contains("in the air"),
        "the last seconds are in the record"
    );
    let videos: Vec<PathBuf> = std::fs::read_dir(session.join("video"))
        .expect("video")
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter_map(|d| {
            std::fs::read_dir(d)
                .ok()?
                .filter_map(|e| e.ok().map(|e| e.path()))
                .filter(|p| p.extension().is_some_and(|x| x == "ts"))
                .max()
        })
        .collect();
    assert!(!videos.is_empty(), "nothing was recorded");
    for v in &videos {
        let probe = Command::new("ffprobe")
            .args([
                "-v",
                "error",
                "-count_frames",
                "-select_streams",
                "v",
                "-show_entries",
                "stream=nb_read_frames",
                "-of",
                "csv=p=0",
            ])
            .arg(v)
            .output();
        match probe {
            Ok(p) => {
                let n = text(&p.stdout)
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim_matches(',')
                    .trim()
                    .parse::<u32>()
                    .unwrap_or(0);
                assert!(n > 0, "{} does not play: {}", v.display(), text(&p.stderr));
            }
            Err(_) => eprintln!("LEFT OUT: playing recordings: ffprobe is not installed"),
        }
    }
}

fn fails(args: &[&str], code: i32, says: &[&str]) {
    let Output { status, stderr, .. } = vedette().args(args).output().expect("the program starts");
    let stderr = text(&stderr);
    assert_eq!(status.code(), Some(code), "{args:?}: {stderr}");
    for s in says {
        assert!(stderr.contains(s), "{args:?} should say {s:?}: {stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn bad_input_is_told_in_a_paragraph_with_what_to_do() {
    let dir = folder("bad");
    std::fs::create_dir_all(&dir).expect("folder");
    let file = |name: &str, content: &str| {
        let p = dir.join(name);
        std::fs::write(&p, content).expect("written");
        p.display().to_string()
    };
    let busy = dir.join("busy");
    std::fs::create_dir_all(&busy).expect("folder");
    std::fs::write(busy.join("letter.txt"), "mine").expect("written");

    fails(
        &["demo", "--headless", "--out", &busy.display().to_string()],
        2,
        &["not a former demo", "--out"],
    );
    assert_eq!(
        std::fs::read_to_string(busy.join("letter.txt")).expect("still there"),
        "mine"
    );
    fails(
        &["demo", "--headless", "--out", "/proc/nowhere"],
        2,
        &["/proc/nowhere", "--out"],
    );
    fails(
        &[
            "demo",
            "--headless",
            "--speed",
            "900",
            "--out",
            &dir.join("a").display().to_string(),
        ],
        2,
        &["--speed"],
    );
    let out = dir.join("b").display().to_string();
    fails(
        &["demo", "--headless", "--site", "/nowhere", "--out", &out],
        1,
        &["/nowhere"],
    );
    let damaged = file("brief.toml", "name = \"x\"\nsection = 3\n");
    fails(
        &["demo", "--headless", "--brief", &damaged, "--out", &out],
        1,
        &["brief.toml", "line 2"],
    );
    fails(&["plan", &damaged], 1, &["brief.toml"]);
    fails(&["check", "/nowhere/plan.json"], 2, &["/nowhere/plan.json"]);
    fails(&["check", &file("plan.json", "{}")], 1, &["plan.json", "damaged"]);
    fails(&["replay", &dir.display().to_string()], 2, &["journal"]);
    fails(&["klv", "dump", &file("empty.ts", "nothing here")], 1, &["no KLV"]);
    fails(
        &["station", &file("station.toml", "name = 3")],
        2,
        &["station.toml", "line 1"],
    );
    fails(
        &["inspect", "carrier-pigeon:1"],
        2,
        &["carrier-pigeon", "udpin:HOST:PORT"],
    );
    fails(&["sim", "--airframe", "balloon"], 2, &["copter, plane, quadplane"]);
    // Everything an exercise lacks is told at once, before a window or a session opens.
    let poor = file(
        "exercise.toml",
        "name = \"x\"\nduration_s = 60\n[training]\nsite = \"/no/site\"\npatrol = \"/no/brief.toml\"\n",
    );
    let odd = file("policy.toml", "weights = 3\n");
    fails(
        &[
            "train",
            &poor,
            "--trainee",
            "asleep",
            "--policy",
            &odd,
            "--instructor",
            "/no/acts.toml",
            "--follow",
            "tcp:127.0.0.1:5762",
        ],
        2,
        &[
            "/no/site",
            "/no/brief.toml",
            "policy.toml",
            "/no/acts.toml",
            "--autopilot",
        ],
    );
    let holder = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let port = holder.local_addr().expect("bound").port().to_string();
    fails(
        &[
            "demo",
            "--headless",
            "--port",
            &port,
            "--out",
            &dir.join("c").display().to_string(),
        ],
        1,
        &[&port],
    );
}

#[test]
fn an_aircraft_is_given_its_key_before_the_station_ever_ran() {
    let out = folder("keys");
    let keys = |verb: &str, rest: &[&str], typed: &str| {
        let mut run = vedette()
            .args(["keys", verb])
            .arg(&out)
            .args(rest)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // It may end before it reads.
        drop(std::io::Write::write_all(
            &mut run.stdin.take().expect("piped"),
            typed.as_bytes(),
        ));
        let run = run.wait_with_output().expect("ends");
        (run.status.code(), text(&run.stdout), text(&run.stderr))
    };
    let (code, _, wrong) = keys("set", &["7"], "a phrase nobody guesses\n");
    assert_eq!(code, Some(2), "a folder that is not there is not made: {wrong}");
    assert!(wrong.contains("there is no session folder"), "{wrong}");

    std::fs::create_dir_all(&out).expect("folder");
    let (code, said, wrong) = keys("set", &["7"], "a phrase nobody guesses\n");
    assert_eq!(code, Some(0), "{wrong}");
    let name = said.trim().rsplit(' ').next().expect("a name").to_owned();
    let (_, listed, _) = keys("list", &[], "");
    assert!(
        listed.contains("aircraft 7") && listed.contains(&name),
        "{listed} names {name}"
    );
    // Nothing of it can be read without the secret beside it.
    let sealed = std::fs::read(out.join("keys/aircraft.keys")).expect("sealed file");
    std::fs::remove_file(out.join("keys/aircraft.secret")).expect("secret");
    let (code, _, wrong) = keys("list", &[], "");
    assert_ne!(code, Some(0), "opened without its secret: {wrong}");
    assert_eq!(
        std::fs::read(out.join("keys/aircraft.keys")).expect("still there"),
        sealed,
        "a file that cannot be opened is left as it is"
    );
    assert_eq!(
        keys("set", &["8"], "another long phrase\n").0,
        Some(1),
        "not over a file it cannot read"
    );
}
