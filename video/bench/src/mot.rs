//! Boxes in the MOTChallenge text form and the marks of a tracker on them.
//!
//! CLEAR MOT (Bernardin and Stiefelhagen 2008) and IDF1 (Ristani et al. 2016), boxes matched at an
//! intersection over union of one half. Knows no tracker and no file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vedette_model::ImageBox;
use vedette_sight::overlap;

/// One line: identity (0 for detections), box, score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Identity; 0 when the file gives none.
    pub id: u32,
    /// Box, pixels.
    pub image: ImageBox,
    /// Confidence; in ground truth 1 counts and 0 is left out.
    pub score: f32,
}

/// Boxes by frame, from 1.
pub type Boxes = BTreeMap<u32, Vec<Line>>;

/// Reads `frame,id,left,top,width,height,confidence,…` lines. Returns the boxes and how many lines
/// were no such line.
#[must_use]
pub fn read(text: &str) -> (Boxes, usize) {
    let (mut out, mut odd) = (Boxes::new(), 0);
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let v: Vec<f64> = line.split(',').map_while(|x| x.trim().parse().ok()).collect();
        let sane = v.len() >= 7
            && v[..7].iter().all(|x| x.is_finite())
            && v[0] >= 1.0
            && v[0] <= 1e7
            && v[4] > 0.0
            && v[5] > 0.0;
        if !sane {
            odd += 1;
            continue;
        }
        let image = ImageBox {
            x: v[2] as f32,
            y: v[3] as f32,
            w: v[4] as f32,
            h: v[5] as f32,
        };
        out.entry(v[0] as u32).or_default().push(Line {
            id: v[1].max(0.0) as u32,
            image,
            score: v[6] as f32,
        });
    }
    (out, odd)
}

/// Truth that counts: lines whose confidence column is not 0.
#[must_use]
pub fn counted(mut truth: Boxes) -> Boxes {
    for lines in truth.values_mut() {
        lines.retain(|l| l.score >= 0.5);
    }
    truth
}

/// The result form others' scorers read.
#[must_use]
pub fn write(result: &Boxes) -> String {
    let mut out = String::new();
    for (frame, lines) in result {
        for l in lines {
            let b = l.image;
            // Writing to a string cannot fail.
            if writeln!(
                out,
                "{frame},{},{:.2},{:.2},{:.2},{:.2},{:.3},-1,-1,-1",
                l.id, b.x, b.y, b.w, b.h, l.score
            )
            .is_err()
            {
                break;
            }
        }
    }
    out
}

/// Counts over one or more sequences.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Score {
    /// Boxes of the truth.
    pub truth: u64,
    /// Boxes given.
    pub output: u64,
    /// Boxes given that match nothing.
    pub false_positive: u64,
    /// Boxes of the truth that nothing matched.
    pub missed: u64,
    /// Times a true object changed its number.
    pub switches: u64,
    /// Boxes whose number is right over the whole sequence (IDTP).
    pub id_true_positive: u64,
}

impl Score {
    /// Multiple object tracking accuracy, percent; may be negative.
    #[must_use]
    pub fn mota(&self) -> f64 {
        100.0 * (1.0 - (self.false_positive + self.missed + self.switches) as f64 / self.truth.max(1) as f64)
    }
    /// Share of boxes with the right identity, F1, percent.
    #[must_use]
    pub fn idf1(&self) -> f64 {
        100.0 * 2.0 * self.id_true_positive as f64 / (self.truth + self.output).max(1) as f64
    }
    /// Adds another sequence's counts.
    pub fn add(&mut self, o: &Self) {
        self.truth += o.truth;
        self.output += o.output;
        self.false_positive += o.false_positive;
        self.missed += o.missed;
        self.switches += o.switches;
        self.id_true_positive += o.id_true_positive;
    }
}

/// Largest total of matched weights, rows to columns; weights of 0 are never matched (Kuhn 1955,
/// by shortest augmenting paths).
#[must_use]
pub fn best_match(weight: &[Vec<f64>]) -> Vec<Option<usize>> {
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
        loop {
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
            if p[j0] == 0 {
                break;
            }
        }
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

/// Scores a result against the truth over frames `1..=frames`.
#[must_use]
pub fn judge(truth: &Boxes, result: &Boxes, frames: u32) -> Score {
    let mut total = Score::default();
    let mut last: BTreeMap<u32, u32> = BTreeMap::new();
    let mut together: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let empty = Vec::new();
    for f in 1..=frames {
        let (t, r) = (truth.get(&f).unwrap_or(&empty), result.get(&f).unwrap_or(&empty));
        total.truth += t.len() as u64;
        total.output += r.len() as u64;
        let mut matched = vec![None; t.len()];
        let mut taken = vec![false; r.len()];
        for (a, ga) in t.iter().enumerate() {
            for gb in r {
                if overlap(&ga.image, &gb.image, 0.0) >= 0.5 {
                    *together.entry((ga.id, gb.id)).or_default() += 1.0;
                }
            }
            // Matches of the frame before are kept while they hold.
            if let Some(id) = last.get(&ga.id)
                && let Some(b) = r.iter().position(|x| x.id == *id)
                && !taken[b]
                && overlap(&ga.image, &r[b].image, 0.0) >= 0.5
            {
                matched[a] = Some(b);
                taken[b] = true;
            }
        }
        let open_t: Vec<usize> = (0..t.len()).filter(|&a| matched[a].is_none()).collect();
        let open_r: Vec<usize> = (0..r.len()).filter(|&b| !taken[b]).collect();
        if !open_t.is_empty() && !open_r.is_empty() {
            let pair = |a: usize, b: usize| {
                let o = f64::from(overlap(&t[a].image, &r[b].image, 0.0));
                if o >= 0.5 { 10.0 + o } else { 0.0 }
            };
            let w: Vec<Vec<f64>> = open_t
                .iter()
                .map(|&a| open_r.iter().map(|&b| pair(a, b)).collect())
                .collect();
            for (k, m) in best_match(&w).into_iter().enumerate() {
                if let Some(c) = m {
                    matched[open_t[k]] = Some(open_r[c]);
                }
            }
        }
        let mut hits = 0u64;
        for (a, m) in matched.iter().enumerate() {
            if let Some(b) = m {
                hits += 1;
                if let Some(old) = last.insert(t[a].id, r[*b].id)
                    && old != r[*b].id
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
    let weight = |a: &u32, b: &u32| together.get(&(*a, *b)).copied().unwrap_or(0.0);
    let w: Vec<Vec<f64>> = ids_t
        .iter()
        .map(|a| ids_r.iter().map(|b| weight(a, b)).collect())
        .collect();
    for (i, m) in best_match(&w).into_iter().enumerate() {
        if let Some(j) = m {
            total.id_true_positive += w[i][j] as u64;
        }
    }
    total
}
