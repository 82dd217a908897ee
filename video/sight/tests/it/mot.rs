//! The image tracker on the MOT15 training sequences with public Faster R-CNN detections.
//! Metrics after CLEAR MOT (Bernardin and Stiefelhagen 2008) and IDF1 (Ristani et al. 2016),
//! boxes matched at intersection over union of one half.

use std::collections::BTreeMap;
use std::path::Path;

use vedette_model::ImageBox;
use vedette_sight::{Homography, ImageTracker, ScoredBox, TrackerPolicy, overlap};

type Boxes = BTreeMap<u32, Vec<(u32, ImageBox, f32)>>;

fn read(path: &Path, ground_truth: bool) -> Boxes {
    let mut out = Boxes::new();
    let text = std::fs::read_to_string(path).expect("readable file of the data set");
    for line in text.lines() {
        let v: Vec<f64> = line.split(',').filter_map(|x| x.trim().parse().ok()).collect();
        if v.len() < 7 || (ground_truth && v[6] < 0.5) {
            continue;
        }
        let b = ImageBox {
            x: v[2] as f32,
            y: v[3] as f32,
            w: v[4] as f32,
            h: v[5] as f32,
        };
        out.entry(v[0] as u32)
            .or_default()
            .push((v[1].max(0.0) as u32, b, v[6] as f32));
    }
    out
}

#[derive(Default, Debug)]
struct Score {
    truth: u64,
    false_positive: u64,
    missed: u64,
    switches: u64,
    id_true_positive: u64,
    output: u64,
}

impl Score {
    fn mota(&self) -> f64 {
        100.0 * (1.0 - (self.false_positive + self.missed + self.switches) as f64 / self.truth.max(1) as f64)
    }
    fn idf1(&self) -> f64 {
        100.0 * 2.0 * self.id_true_positive as f64 / (self.truth + self.output).max(1) as f64
    }
}

/// Largest total of matched weights, rows to columns (plain Hungarian, own to this test).
fn best_match(weight: &[Vec<f64>]) -> Vec<Option<usize>> {
    let rows = weight.len();
    let columns = weight.first().map_or(0, Vec::len);
    let n = rows.max(columns);
    if n == 0 {
        return Vec::new();
    }
    let cost = |i: usize, j: usize| -> f64 { if i < rows && j < columns { -weight[i][j] } else { 0.0 } };
    let (mut u, mut v) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    let (mut p, mut way) = (vec![0usize; n + 1], vec![0usize; n + 1]);
    for i in 1..=n {
        p[0] = i;
        let mut j0 = 0;
        let mut low = vec![f64::INFINITY; n + 1];
        let mut used = vec![false; n + 1];
        while {
            used[j0] = true;
            let (i0, mut delta, mut j1) = (p[j0], f64::INFINITY, 0);
            for j in 1..=n {
                if !used[j] {
                    let c = cost(i0 - 1, j - 1) - u[i0] - v[j];
                    if c < low[j] {
                        low[j] = c;
                        way[j] = j0;
                    }
                    if low[j] < delta {
                        delta = low[j];
                        j1 = j;
                    }
                }
            }
            for j in 0..=n {
                if used[j] {
                    u[p[j]] += delta;
                    v[j] -= delta;
                } else {
                    low[j] -= delta;
                }
            }
            j0 = j1;
            p[j0] != 0
        } {}
        while j0 != 0 {
            p[j0] = p[way[j0]];
            j0 = way[j0];
        }
    }
    let mut out = vec![None; rows];
    for j in 1..=columns {
        if p[j] >= 1 && p[j] <= rows && weight[p[j] - 1][j - 1] > 0.0 {
            out[p[j] - 1] = Some(j - 1);
        }
    }
    out
}

fn judge(truth: &Boxes, result: &Boxes, frames: u32, total: &mut Score) {
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    let mut together: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let empty = Vec::new();
    for f in 1..=frames {
        let (t, r) = (truth.get(&f).unwrap_or(&empty), result.get(&f).unwrap_or(&empty));
        total.truth += t.len() as u64;
        total.output += r.len() as u64;
        let mut matched_t = vec![None; t.len()];
        let mut taken = vec![false; r.len()];
        for (a, ga) in t.iter().enumerate() {
            for gb in r {
                if overlap(&ga.1, &gb.1, 0.0) >= 0.5 {
                    *together.entry((ga.0, gb.0)).or_default() += 1.0;
                }
            }
            // Matches of the frame before are kept while they hold.
            if let Some(id) = last.get(&ga.0)
                && let Some(b) = r.iter().position(|x| x.0 == *id)
                && !taken[b]
                && overlap(&ga.1, &r[b].1, 0.0) >= 0.5
            {
                matched_t[a] = Some(b);
                taken[b] = true;
            }
        }
        let open_t: Vec<usize> = (0..t.len()).filter(|&a| matched_t[a].is_none()).collect();
        let open_r: Vec<usize> = (0..r.len()).filter(|&b| !taken[b]).collect();
        if !open_t.is_empty() && !open_r.is_empty() {
            let w: Vec<Vec<f64>> = open_t
                .iter()
                .map(|&a| {
                    open_r
                        .iter()
                        .map(|&b| {
                            let o = f64::from(overlap(&t[a].1, &r[b].1, 0.0));
                            if o >= 0.5 { 10.0 + o } else { 0.0 }
                        })
                        .collect()
                })
                .collect();
            for (k, m) in best_match(&w).into_iter().enumerate() {
                if let Some(c) = m {
                    matched_t[open_t[k]] = Some(open_r[c]);
                }
            }
        }
        let mut hits = 0u64;
        for (a, m) in matched_t.iter().enumerate() {
            if let Some(b) = m {
                hits += 1;
                if let Some(old) = last.insert(t[a].0, r[*b].0)
                    && old != r[*b].0
                {
                    total.switches += 1;
                }
            }
        }
        total.missed += t.len() as u64 - hits;
        total.false_positive += r.len() as u64 - hits;
    }
    let mut ids_t: Vec<u32> = together.keys().map(|k| k.0).collect();
    let mut ids_r: Vec<u32> = together.keys().map(|k| k.1).collect();
    for ids in [&mut ids_t, &mut ids_r] {
        ids.sort_unstable();
        ids.dedup();
    }
    let w: Vec<Vec<f64>> = ids_t
        .iter()
        .map(|a| {
            ids_r
                .iter()
                .map(|b| together.get(&(*a, *b)).copied().unwrap_or(0.0))
                .collect()
        })
        .collect();
    for (i, m) in best_match(&w).into_iter().enumerate() {
        if let Some(j) = m {
            total.id_true_positive += w[i][j] as u64;
        }
    }
}

#[test]
fn identities_hold_on_street_scenes() {
    let Some(root) = std::env::var_os("VEDETTE_DATA") else {
        println!("left out: VEDETTE_DATA is not set, the MOT15 sequences were not tracked");
        return;
    };
    let root = Path::new(&root).join("mot15");
    let mut folders: Vec<_> = std::fs::read_dir(&root)
        .expect("mot15 folder")
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.join("gt.txt").exists())
        .collect();
    folders.sort();
    let mut total = Score::default();
    let (mut frames_all, mut spent) = (0u32, 0.0f64);
    for folder in &folders {
        let truth = read(&folder.join("gt.txt"), true);
        let found = read(&folder.join("det_frcnn.txt"), false);
        let frames = truth.keys().chain(found.keys()).max().copied().unwrap_or(0);
        let mut tracker = ImageTracker::new(TrackerPolicy::BOXES);
        let mut result = Boxes::new();
        for f in 1..=frames {
            let d: Vec<ScoredBox> = found.get(&f).map_or(Vec::new(), |v| {
                v.iter().map(|(_, b, s)| ScoredBox { image: *b, score: *s }).collect()
            });
            let tracks = crate::it::timed(&mut spent, || tracker.update(&d, &Homography::IDENTITY));
            result.insert(
                f,
                tracks
                    .iter()
                    .filter(|t| t.confirmed && t.unseen == 0)
                    .map(|t| (t.id, t.image, t.score))
                    .collect(),
            );
        }
        frames_all += frames;
        let mut one = Score::default();
        judge(&truth, &result, frames, &mut one);
        println!(
            "{}: MOTA {:.1} IDF1 {:.1} IDSW {}",
            folder.file_name().unwrap_or_default().to_string_lossy(),
            one.mota(),
            one.idf1(),
            one.switches
        );
        judge(&truth, &result, frames, &mut total);
    }
    println!(
        "MOT15 train, {} sequences, {frames_all} frames: MOTA {:.1} IDF1 {:.1} IDSW {} FP {} FN {}; {:.3} ms per frame",
        folders.len(),
        total.mota(),
        total.idf1(),
        total.switches,
        total.false_positive,
        total.missed,
        spent * 1e3 / f64::from(frames_all.max(1))
    );
    assert!(total.mota() >= 38.0, "MOTA {:.2}", total.mota());
    assert!(total.idf1() >= 49.0, "IDF1 {:.2}", total.idf1());
    assert!(total.switches <= 700, "switches {}", total.switches);
}
