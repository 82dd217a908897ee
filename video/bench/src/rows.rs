//! Rows of the table and how they are printed.

use std::fmt::Write as _;

/// How a measured value stands against its bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The bar holds.
    Holds,
    /// It does not.
    Misses,
    /// No bar: a figure beside others.
    Shown,
    /// Could not be measured here.
    LeftOut,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Row {
    /// What is measured.
    pub item: String,
    /// On what, below the data folder.
    pub data: String,
    /// What is asked.
    pub bar: String,
    /// What came out.
    pub measured: String,
    /// How the two stand.
    pub standing: Standing,
}

impl Row {
    /// A row with a bar.
    #[must_use]
    pub fn judged(item: &str, data: &str, bar: &str, measured: String, holds: bool) -> Self {
        Self {
            item: item.to_owned(),
            data: data.to_owned(),
            bar: bar.to_owned(),
            measured,
            standing: if holds { Standing::Holds } else { Standing::Misses },
        }
    }
    /// A figure without a bar.
    #[must_use]
    pub fn shown(item: &str, data: &str, measured: String) -> Self {
        Self {
            item: item.to_owned(),
            data: data.to_owned(),
            bar: String::new(),
            measured,
            standing: Standing::Shown,
        }
    }
    /// Something that could not be measured, and why.
    #[must_use]
    pub fn left_out(item: &str, data: &str, why: &dyn std::fmt::Display) -> Self {
        Self {
            item: item.to_owned(),
            data: data.to_owned(),
            bar: String::new(),
            measured: format!("left out: {why}"),
            standing: Standing::LeftOut,
        }
    }
}

/// The table as text, one line a row.
#[must_use]
pub fn text(rows: &[Row]) -> String {
    let width =
        |f: fn(&Row) -> &str, most: usize| rows.iter().map(|r| f(r).chars().count()).max().unwrap_or(0).min(most);
    let (a, b, c) = (width(|r| &r.item, 60), width(|r| &r.data, 28), width(|r| &r.bar, 44));
    let mut out = String::new();
    for r in rows {
        let mark = match r.standing {
            Standing::Holds => "holds ",
            Standing::Misses => "MISSES",
            Standing::Shown => "      ",
            Standing::LeftOut => "-     ",
        };
        let line = format!("{mark}  {:a$}  {:b$}  {:c$}  {}", r.item, r.data, r.bar, r.measured);
        // Writing to a string cannot fail.
        if writeln!(out, "{}", line.trim_end()).is_err() {
            break;
        }
    }
    out
}
