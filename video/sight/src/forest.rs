//! Boosted trees over a blob's numbers: one forest each for person, two-wheeler and vehicle, and a
//! small one in front that sends away most of what is nothing.
//!
//! Gradient boosting (Friedman 2001): a forest's score is the sum of one leaf of each of its trees,
//! its share 1 / (1 + e^-score). Weights are our own, trained by `video/bench/train/thermal_forest.py`
//! on HIT-UAV (Suo et al. 2023, CC BY 4.0); what they were measured at stands in `data/forest.md`. A
//! share is what such pictures taught, never the probability of being right.
//!
//! File: `VDTTREE1`, then little-endian: u16 numbers per blob; u8 forests (4: any, person,
//! two-wheeler, vehicle); per forest f32 least score of the first (others: 0) and u16 trees; per tree u8
//! branches n, n x (u16 number, f32 threshold, i8 left, i8 right), (n + 1) x f32 leaf. A value not
//! above the threshold goes left. A child c >= 0 is a later branch, c < 0 is leaf -1 - c.

use crate::SightError;

const MAGIC: &[u8; 8] = b"VDTTREE1";
/// Forests of a file: anything, person, two-wheeler, vehicle.
const FORESTS: usize = 4;
/// Branches of one tree at most: children are told by signed bytes.
const MOST_BRANCHES: usize = 127;

/// Every so many trees a blob whose score is below this (a share of 3 %) is asked no more: the trees
/// that follow correct little (a soft cascade, Bourdev and Brandt 2005).
const GIVEN_UP: (usize, f32) = (25, -3.5);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Branch {
    number: u16,
    left: i8,
    right: i8,
    threshold: f32,
}

#[derive(Debug, Clone, PartialEq)]
struct Tree {
    /// Where its branches and leaves begin in the forest's lists.
    branches: usize,
    leaves: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Forest {
    least: f32,
    trees: Vec<Tree>,
    branches: Vec<Branch>,
    leaves: Vec<f32>,
}

impl Forest {
    /// Sum over the trees, or over the first of them where `brief` and they leave no hope.
    fn score(&self, numbers: &[f32], brief: bool) -> f32 {
        let mut sum = 0.0f32;
        for (i, t) in self.trees.iter().enumerate() {
            if brief && i > 0 && i % GIVEN_UP.0 == 0 && sum < GIVEN_UP.1 {
                break;
            }
            let mut at = 0i8;
            // Children come after their branch (checked on reading): this ends.
            let leaf = loop {
                let b = &self.branches[t.branches + at as usize];
                at = if numbers[usize::from(b.number)] <= b.threshold {
                    b.left
                } else {
                    b.right
                };
                if at < 0 {
                    break (-1 - i16::from(at)) as usize;
                }
            };
            sum += self.leaves[t.leaves + leaf];
        }
        sum
    }
}

/// The forests of one file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Forests {
    forests: [Forest; FORESTS],
    plain: usize,
    numbers: usize,
}

/// Shares of the three kinds, each on its own: they need not sum to one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shares {
    pub(crate) person: f32,
    pub(crate) two_wheeler: f32,
    pub(crate) vehicle: f32,
}

/// Bytes taken from the front, or why not.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], SightError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(|| bad("ends early"))?;
        self.0 = rest;
        Ok(*head)
    }
    fn u8(&mut self) -> Result<usize, SightError> {
        Ok(usize::from(self.take::<1>()?[0]))
    }
    fn i8(&mut self) -> Result<i8, SightError> {
        Ok(i8::from_le_bytes(self.take()?))
    }
    fn u16(&mut self) -> Result<u16, SightError> {
        Ok(u16::from_le_bytes(self.take()?))
    }
    fn f32(&mut self) -> Result<f32, SightError> {
        let v = f32::from_le_bytes(self.take()?);
        if v.is_finite() {
            Ok(v)
        } else {
            Err(bad("holds a number that is not finite"))
        }
    }
}

fn bad(why: &'static str) -> SightError {
    SightError::Weights { why }
}

/// One forest over the first `numbers` numbers.
fn forest(b: &mut Bytes<'_>, numbers: usize) -> Result<Forest, SightError> {
    let least = b.f32()?;
    let count = b.u16()?;
    let mut f = Forest {
        least,
        trees: Vec::new(),
        branches: Vec::new(),
        leaves: Vec::new(),
    };
    for _ in 0..count {
        f.trees.push(Tree {
            branches: f.branches.len(),
            leaves: f.leaves.len(),
        });
        let n = b.u8()?;
        if !(1..=MOST_BRANCHES).contains(&n) {
            return Err(bad("holds a tree without branches or with too many"));
        }
        for i in 0..n {
            let branch = Branch {
                number: b.u16()?,
                threshold: b.f32()?,
                left: b.i8()?,
                right: b.i8()?,
            };
            let leads = |c: i8| match usize::try_from(c) {
                Ok(next) => next > i && next < n,
                Err(_) => (-1 - i16::from(c)) as usize <= n,
            };
            if usize::from(branch.number) >= numbers || !leads(branch.left) || !leads(branch.right) {
                return Err(bad("holds a tree that leads nowhere"));
            }
            f.branches.push(branch);
        }
        for _ in 0..=n {
            f.leaves.push(b.f32()?);
        }
    }
    Ok(f)
}

impl Forests {
    /// Reads a file of forests over `numbers` numbers per blob, the first forest over the `plain` ones alone.
    ///
    /// # Errors
    /// [`SightError::Weights`] when it is cut short, too long, made for other numbers, or holds a
    /// tree that leads nowhere.
    pub(crate) fn from_bytes(bytes: &[u8], plain: usize, numbers: usize) -> Result<Self, SightError> {
        let mut b = Bytes(bytes);
        if &b.take::<8>()? != MAGIC {
            return Err(bad("does not begin with VDTTREE1"));
        }
        if usize::from(b.u16()?) != numbers {
            return Err(bad("was made for other numbers per blob"));
        }
        if b.u8()? != FORESTS {
            return Err(bad("does not hold four forests"));
        }
        let mut read = |most: usize| forest(&mut b, most);
        let forests = [read(plain)?, read(numbers)?, read(numbers)?, read(numbers)?];
        if !b.0.is_empty() {
            return Err(bad("goes on after its last tree"));
        }
        Ok(Self {
            forests,
            plain,
            numbers,
        })
    }

    /// Whether a blob is worth its grids; looks at the plain numbers alone.
    pub(crate) fn worth(&self, plain: &[f32]) -> bool {
        plain.len() >= self.plain && self.forests[0].score(plain, false) >= self.forests[0].least
    }

    /// Shares of the kinds; zero where the numbers are not as many as the forests want.
    pub(crate) fn shares(&self, numbers: &[f32]) -> Shares {
        let share = |f: &Forest| {
            if numbers.len() < self.numbers {
                return 0.0;
            }
            1.0 / (1.0 + (-f.score(numbers, true)).exp())
        };
        Shares {
            person: share(&self.forests[1]),
            two_wheeler: share(&self.forests[2]),
            vehicle: share(&self.forests[3]),
        }
    }
}
