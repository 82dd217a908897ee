//! The planning workspace: the brief being edited, what comes of it, the checker's verdict, and
//! the buttons that put it on the table, approve and upload it.
//!
//! Invariant: a draft is tried beside the table and reaches neither record nor aircraft until it
//! is proposed; findings come first; only a clear verdict can be approved, only an approved plan
//! uploaded. It must not know how plan or verdict are computed.

pub(crate) mod after;
mod approve;
mod brief;
mod charts;
mod colour;
mod desk;
mod draft;
mod fields;
mod grasp;
mod import;
mod map;
mod stretches;
mod verdict;

use std::sync::Arc;

use egui::{Key, Modifiers, Rect, Ui, pos2};
use vedette_core::StationView;
use vedette_geo::{LatLon, distance_m, interpolate};
use vedette_model::Intent;
use vedette_model::plan::{Brief, PatrolPlan, Verdict};

pub use approve::Upload;
pub use desk::{
    Answer, Call, FileAsked, FileFound, FileLook, Foreseen, PlanDesk, Proposal, Proposed, Study, Trial, Tried, Wanted,
    WhatIf,
};
pub use draft::Draft;

use crate::fly;
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{Layout, Palette};

/// What the pointer does on the planning map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tool {
    /// Moves the map and what can be grabbed.
    #[default]
    Select,
    /// Sets the section's start, then its end.
    Section,
    /// Draws a no-fly zone corner by corner.
    Zone,
    /// Puts the selected aircraft's base.
    Base,
    /// Measures from place to place.
    Measure,
}

impl Tool {
    /// All with words.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Select, "Select"),
        (Self::Section, "Section"),
        (Self::Zone, "Zone"),
        (Self::Base, "Base"),
        (Self::Measure, "Measure"),
    ];
}

/// The pages of a brief.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// What is asked of the whole section, the fleet, zones and sizing.
    #[default]
    Whole,
    /// What is asked of single stretches.
    Stretches,
    /// Wind by height.
    Winds,
    /// Files of others, looked at before they are taken in.
    Files,
}

/// What the section is coloured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourBy {
    /// What a person there can be taken for.
    #[default]
    Detectability,
    /// Least height above ground.
    Clearance,
    /// Battery left if it turned home from here.
    Energy,
    /// Free path of the command link.
    Radio,
}

impl ColourBy {
    /// All with words.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Detectability, "Detectability"),
        (Self::Clearance, "Clearance"),
        (Self::Energy, "Energy"),
        (Self::Radio, "Radio"),
    ];
}

/// What is held with the pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Grab {
    /// The section's start (0) or end (1).
    End(usize),
    /// A zone's corner.
    Corner(usize, usize),
    /// A whole zone, and where it was taken.
    Zone(usize, LatLon),
    /// The base at this place.
    Base(LatLon),
}

/// What belongs to one person's planning.
#[derive(Debug, Clone, Default)]
pub struct PlanLocal {
    /// Finding in front.
    pub focus: Option<usize>,
    /// The brief in the making.
    pub draft: Option<Draft>,
    /// What the pointer does.
    pub tool: Tool,
    /// What the section is coloured by.
    pub colour: ColourBy,
    /// The comparison is open.
    pub compare: bool,
    /// Zone selected, number in the brief's list.
    pub zone: Option<usize>,
    /// Corners of a zone or a measured way so far.
    pub drawing: Vec<LatLon>,
    /// An upload being looked at before it is sent.
    pub upload: Option<Upload>,
    /// The left column shows what may have happened instead of the brief.
    pub after: bool,
    /// Which page of the brief is open.
    pub page: Page,
    /// The stretch whose demands are open, number in the brief's list.
    pub stretch: Option<usize>,
    /// File to be looked at, as typed.
    pub file: String,
    /// The file looked at, by its question's number.
    pub looking: Option<u64>,
    /// A change being planned around.
    pub what_if: Option<Arc<WhatIf>>,
    pub(crate) questions: u64,
    pub(crate) grab: Option<Grab>,
    asked: u64,
    along: Option<(String, Arc<Vec<f64>>)>,
}

impl PlanLocal {
    /// The draft, begun from the table where there is none yet.
    fn draft(&mut self, table: &Arc<Brief>) -> &mut Draft {
        let d = self.draft.get_or_insert_with(|| Draft::of(table.clone()));
        d.follow(table);
        d
    }

    /// Chainage of every vertex of the site's border, computed once per site.
    fn along(&mut self, v: &StationView) -> Arc<Vec<f64>> {
        if let Some((key, a)) = &self.along
            && *key == v.site.hash
        {
            return a.clone();
        }
        let mut sum = 0.0;
        let mut m = Vec::with_capacity(v.site.border.len());
        for (i, p) in v.site.border.iter().enumerate() {
            if i > 0 {
                sum += distance_m(v.site.border[i - 1], *p);
            }
            m.push(sum);
        }
        let m = Arc::new(m);
        self.along = Some((v.site.hash.clone(), m.clone()));
        m
    }
}

/// The part of a line between two chainages.
fn part_of(line: &[LatLon], along: &[f64], from_m: f64, to_m: f64) -> Vec<LatLon> {
    let at = |m: f64| -> Option<LatLon> {
        let i = along
            .partition_point(|c| *c < m)
            .clamp(1, line.len().saturating_sub(1).max(1));
        let (a, b) = (line.get(i - 1)?, line.get(i)?);
        let l = (along[i] - along[i - 1]).max(1e-9);
        Some(interpolate(*a, *b, ((m - along[i - 1]) / l).clamp(0.0, 1.0)))
    };
    let inside = line.iter().zip(along).filter(|(_, m)| **m > from_m && **m < to_m);
    at(from_m)
        .into_iter()
        .chain(inside.map(|(p, _)| *p))
        .chain(at(to_m))
        .collect()
}

/// What the workspace shows: the table's plan where the draft is the table's brief, else the
/// newest trial.
pub(crate) struct Shown {
    pub(crate) brief: Arc<Brief>,
    pub(crate) plan: Option<Arc<PatrolPlan>>,
    pub(crate) verdict: Option<Arc<Verdict>>,
    pub(crate) study: Option<Arc<Study>>,
    pub(crate) changes: Vec<String>,
    pub(crate) failed: Option<String>,
    /// Seconds of planner and checker, where tried here.
    pub(crate) took_s: Option<[f64; 2]>,
    /// What is shown is what is on the table.
    pub(crate) on_table: bool,
    /// A newer answer is under way.
    pub(crate) busy: bool,
}

impl Shown {
    fn of(v: &StationView, l: &mut FlyLocal, feeds: &FlyFeeds) -> Self {
        let d = l.plan.draft(&v.brief);
        let (brief, revision) = (d.brief().clone(), d.revision());
        let tried = feeds.desk.and_then(|k| k.tried.latest()).map(|(_, t)| t);
        if let Some(desk) = feeds.desk
            && l.plan.asked != revision
        {
            desk.asked.put(Arc::new(Trial {
                revision,
                brief: brief.clone(),
            }));
            // Whoever edits the brief plans something else.
            if l.plan.asked != 0 {
                l.plan.what_if = None;
            }
            l.plan.asked = revision;
        }
        if l.plan.what_if.is_some() {
            return Self::after(v, l, feeds, brief);
        }
        let on_table = v
            .plan
            .plan
            .as_ref()
            .map_or(!v.plan.computing && *v.brief == *brief, |p| p.brief == *brief);
        let answers = tried.as_ref().is_some_and(|t| t.brief == brief);
        let busy = (feeds.desk.is_some() && !answers) || v.plan.computing;
        if on_table && (v.plan.plan.is_some() || feeds.desk.is_none()) {
            let t = tried.filter(|_| answers);
            return Self {
                brief,
                plan: v.plan.plan.clone(),
                verdict: v.plan.verdict.clone(),
                study: t.as_ref().and_then(|t| t.study.clone()),
                changes: Vec::new(),
                failed: v.plan.failed.clone(),
                took_s: t.map(|t| t.took_s),
                on_table: v.plan.plan.is_some(),
                busy,
            };
        }
        let t = tried.as_deref();
        Self {
            brief,
            plan: t.and_then(|t| t.plan.clone()),
            verdict: t.and_then(|t| t.verdict.clone()),
            study: t.and_then(|t| t.study.clone()),
            changes: t.map(|t| t.changes.clone()).unwrap_or_default(),
            failed: t.and_then(|t| t.failed.clone()).or_else(|| v.plan.failed.clone()),
            took_s: t.map(|t| t.took_s),
            on_table: false,
            busy,
        }
    }

    /// What is shown while a change is planned around.
    fn after(v: &StationView, l: &FlyLocal, feeds: &FlyFeeds, brief: Arc<Brief>) -> Self {
        let answer = after::answer(&l.plan, feeds.desk);
        let made = answer.as_ref().and_then(|a| a.result.as_ref().ok());
        Self {
            brief: made.map_or(brief, |m| Arc::new(m.plan.brief.clone())),
            plan: made.map(|m| m.plan.clone()),
            verdict: made.map(|m| m.verdict.clone()),
            study: made.map(|m| m.study.clone()),
            changes: answer.as_ref().map(|a| after::words_of(v, a)).unwrap_or_default(),
            failed: answer.as_ref().and_then(|a| a.result.as_ref().err().cloned()),
            took_s: answer.as_ref().map(|a| a.took_s),
            on_table: false,
            busy: answer.is_none(),
        }
    }

    /// The view with the draft in place of the table, for the map.
    fn view(&self, v: &StationView, l: &mut PlanLocal) -> StationView {
        let mut w = v.clone();
        let (from_m, to_m) = (self.brief.section.from_km * 1000.0, self.brief.section.to_km * 1000.0);
        if (from_m - v.section_from_m).abs() > 0.5 || (to_m - v.section_to_m).abs() > 0.5 {
            let along = l.along(v);
            w.section = Arc::new(part_of(&v.site.border, &along, from_m, to_m));
            (w.section_from_m, w.section_to_m) = (from_m, to_m);
        }
        w.brief = self.brief.clone();
        w.plan.plan.clone_from(&self.plan);
        w.plan.verdict.clone_from(&self.verdict);
        w
    }
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(crate) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    keys(ui, l, v);
    let shown = Shown::of(v, l, feeds);
    let left_w = if lay.compact { 264.0 } else { 328.0 };
    let right_w = if lay.compact { 352.0 } else { 648.0 };
    let left = Rect::from_min_max(r.min, pos2(r.left() + left_w, r.bottom()));
    let right = Rect::from_min_max(pos2(r.right() - right_w, r.top()), r.max);
    let middle = Rect::from_min_max(pos2(left.right() + 1.0, r.top()), pos2(right.left() - 1.0, r.bottom()));
    let w = shown.view(v, &mut l.plan);
    fly::ensure_shapes(&w, l, feeds);
    map::show(ui, middle, &w, &shown, l, feeds, lay, pal);
    brief::show(ui, left, v, &shown, l, feeds.desk, lay, pal, out);
    let h = right.height();
    let [gap_h, table_h, profile_h] = if lay.compact {
        [130.0, 96.0, 112.0]
    } else {
        [(h * 0.25).min(265.0), (h * 0.19).min(206.0), (h * 0.19).min(206.0)]
    };
    let below = |y: f32, h: f32| Rect::from_min_max(pos2(right.left(), y), pos2(right.right(), y + h));
    let gap = below(right.top(), gap_h);
    let table = below(gap.bottom(), table_h);
    let profile = below(table.bottom(), profile_h);
    charts::gaps(ui, gap, v, &shown, lay, pal);
    charts::timetable(ui, table, v, &shown, lay, pal);
    charts::profile(ui, profile, &shown, lay, pal);
    verdict::show(
        ui,
        Rect::from_min_max(profile.left_bottom(), right.max),
        v,
        &shown,
        l,
        lay,
        pal,
        out,
    );
}

fn keys(ui: &Ui, l: &mut FlyLocal, v: &StationView) {
    let ctx = ui.ctx().clone();
    let typing = ctx.egui_wants_keyboard_input();
    let undo = ctx.input_mut(|i| i.consume_key(Modifiers::CTRL, Key::Z));
    let redo = ctx.input_mut(|i| i.consume_key(Modifiers::CTRL | Modifiers::SHIFT, Key::Z));
    let d = l.plan.draft(&v.brief);
    if redo {
        d.redo();
    } else if undo {
        d.undo();
    }
    if typing {
        return;
    }
    let pressed = |k: Key| ctx.input(|i| i.modifiers.is_none() && i.key_pressed(k));
    if pressed(Key::C) {
        l.plan.compare = !l.plan.compare;
    }
    if pressed(Key::X) {
        l.plan.after = !l.plan.after;
        l.plan.what_if = None;
    }
    if pressed(Key::S) {
        l.plan.tool = Tool::Section;
        l.plan.drawing.clear();
    }
    if pressed(Key::Escape) {
        l.plan.tool = Tool::Select;
        l.plan.drawing.clear();
        l.plan.grab = None;
        l.plan.upload = None;
        l.plan.what_if = None;
    }
    if (pressed(Key::Delete) || pressed(Key::Backspace))
        && let Some(i) = l.plan.zone.take()
    {
        l.plan.draft(&v.brief).edit(|b| {
            if i < b.no_fly.len() {
                b.no_fly.remove(i);
            }
        });
    }
}
