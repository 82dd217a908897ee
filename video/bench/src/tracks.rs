//! The image tracker on recorded detections, beside plain SORT and BYTE on the same boxes.

use std::path::{Path, PathBuf};

use vedette_model::ImageBox;
use vedette_sight::{Homography, ImageTracker, ScoredBox, TrackerPolicy};

use crate::mot::{self, Boxes, Line, Score};
use crate::reference::{Byte, Sort};
use crate::{BenchError, Row, processor_s, read_text};

/// One sequence: detections and truth.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Folder name.
    pub name: String,
    /// Frames.
    pub frames: u32,
    /// Detections with scores.
    pub found: Boxes,
    /// Truth that counts.
    pub truth: Boxes,
}

/// Sequences of a folder in MOTChallenge layout: `NAME/gt.txt` (or `gt/gt.txt`) and
/// `NAME/det_frcnn.txt` (or `det.txt`, `det/det.txt`).
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn sequences(root: &Path) -> Result<Vec<Sequence>, BenchError> {
    let entries = std::fs::read_dir(root).map_err(|source| BenchError::File {
        path: root.to_owned(),
        source,
    })?;
    let mut folders: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
    folders.sort();
    let first = |dir: &Path, names: &[&str]| names.iter().map(|n| dir.join(n)).find(|p| p.is_file());
    let mut out = Vec::new();
    for dir in folders {
        let gt = first(&dir, &["gt.txt", "gt/gt.txt"]);
        let det = first(&dir, &["det_frcnn.txt", "det.txt", "det/det.txt"]);
        let (Some(gt), Some(det)) = (gt, det) else { continue };
        let truth = mot::counted(mot::read(&read_text(&gt)?).0);
        let (found, _) = mot::read(&read_text(&det)?);
        let frames = truth.keys().chain(found.keys()).max().copied().unwrap_or(0);
        out.push(Sequence {
            name: dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            frames,
            found,
            truth,
        });
    }
    if out.is_empty() {
        return Err(BenchError::Data {
            path: root.to_owned(),
            why: "holds no sequence folder with gt.txt and det_frcnn.txt".to_owned(),
        });
    }
    Ok(out)
}

/// What a tracker made of a sequence.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// Boxes with identities.
    pub result: Boxes,
    /// Processor seconds spent in the tracker.
    pub spent_s: f64,
}

/// Runs any tracker over detections, frame by frame.
pub fn run_tracker(
    found: &Boxes,
    frames: u32,
    mut tracker: impl FnMut(&[ScoredBox]) -> Vec<(u32, ImageBox, f32)>,
) -> Tracked {
    let mut out = Tracked {
        result: Boxes::new(),
        spent_s: 0.0,
    };
    let detections: Vec<Vec<ScoredBox>> = (1..=frames)
        .map(|f| {
            let boxed = |l: &Line| ScoredBox {
                image: l.image,
                score: l.score,
            };
            found.get(&f).map_or(Vec::new(), |v| v.iter().map(boxed).collect())
        })
        .collect();
    let begun = processor_s();
    for (f, d) in (1..).zip(&detections) {
        let lines = tracker(d)
            .into_iter()
            .map(|(id, image, score)| Line { id, image, score })
            .collect();
        out.result.insert(f, lines);
    }
    out.spent_s = processor_s() - begun;
    out
}

/// Our tracker as `vedette track` runs it.
pub fn ours(policy: TrackerPolicy) -> impl FnMut(&[ScoredBox]) -> Vec<(u32, ImageBox, f32)> {
    let mut tracker = ImageTracker::new(policy);
    move |d| {
        tracker
            .update(d, &Homography::IDENTITY)
            .into_iter()
            .filter(|t| t.confirmed && t.unseen == 0)
            .map(|t| (t.id, t.image, t.score))
            .collect()
    }
}

fn plain(shown: Vec<(u32, ImageBox)>) -> Vec<(u32, ImageBox, f32)> {
    shown.into_iter().map(|(id, b)| (id, b, 1.0)).collect()
}

/// Rows of the tracker.
#[must_use]
pub fn tracks(data: &Path) -> Vec<Row> {
    const ITEM: &str = "tracker";
    let all = match sequences(&data.join("mot15")) {
        Ok(s) => s,
        Err(e) => return vec![Row::left_out(ITEM, "mot15", &e)],
    };
    let mut rows = Vec::new();
    let mut totals = [Score::default(); 3];
    let (mut frames, mut spent_s) = (0u32, 0.0);
    for s in &all {
        let (mut sort, mut byte) = (Sort::new(0.5), Byte::new(0.6, 0.1, 0.7, 30));
        let ours = run_tracker(&s.found, s.frames, ours(TrackerPolicy::BOXES));
        let sort = run_tracker(&s.found, s.frames, |d| plain(sort.update(d)));
        let byte = run_tracker(&s.found, s.frames, |d| plain(byte.update(d)));
        let scores = [&ours, &sort, &byte].map(|t| mot::judge(&s.truth, &t.result, s.frames));
        for (t, s) in totals.iter_mut().zip(&scores) {
            t.add(s);
        }
        frames += s.frames;
        spent_s += ours.spent_s;
        rows.push(against(&format!("tracker, {}", s.name), &scores));
    }
    rows.push(against("tracker, all sequences", &totals));
    let [t, ..] = totals;
    rows.push(Row::judged(
        "tracker, all sequences",
        "mot15",
        "MOTA ≥ 38, IDF1 ≥ 49, switches ≤ 700",
        format!("MOTA {:.1}, IDF1 {:.1}, switches {}", t.mota(), t.idf1(), t.switches),
        t.mota() >= 38.0 && t.idf1() >= 49.0 && t.switches <= 700,
    ));
    let ms = spent_s * 1e3 / f64::from(frames.max(1));
    rows.push(if spent_s > 0.0 {
        Row::judged(
            "tracker, processor time per frame",
            "mot15",
            "≤ 0.05 ms",
            format!("{ms:.3} ms over {frames} frames"),
            ms <= 0.05,
        )
    } else {
        Row::left_out(
            "tracker, processor time per frame",
            "mot15",
            &"this system does not tell a thread's time",
        )
    });
    rows
}

fn against(item: &str, s: &[Score; 3]) -> Row {
    let [ours, sort, byte] = s;
    let least = |f: fn(&Score) -> f64| f(sort).max(f(byte));
    let holds = ours.mota() >= least(Score::mota)
        && ours.idf1() >= least(Score::idf1)
        && ours.switches <= sort.switches.min(byte.switches);
    let of = |s: &Score| format!("{:.1} / {:.1} / {}", s.mota(), s.idf1(), s.switches);
    Row::judged(
        item,
        "mot15",
        &format!("SORT {}; BYTE {}", of(sort), of(byte)),
        format!("MOTA / IDF1 / switches {}", of(ours)),
        holds,
    )
}
