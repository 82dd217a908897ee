//! Review of a recorded incident: the picture, the map, the seal, custody and one timeline, all at
//! the playhead.
//!
//! Invariant: it shows what the record holds and says what it lacks; it changes nothing but notes.
//! It must not know files or hashes: the app fills [`ReviewModel`].

mod lanes;
mod side;

use std::sync::Arc;

use egui::{Align2, CornerRadius, Key, Rect, Stroke, Ui, WidgetType, pos2};
use vedette_core::{StationView, TimelineEvent};
use vedette_geo::LatLon;
use vedette_model::{AlertId, CameraId, Priority, Utc};

use crate::draw::{self, Button};
use crate::fly;
use crate::icon::{self, Icon};
use crate::local::{FlyFeeds, FlyLocal};
use crate::theme::{self, Palette};
use crate::words;

/// A recorded stretch of one stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// First frame.
    pub from: Utc,
    /// Last frame.
    pub to: Utc,
    /// Left open by a kill and recovered.
    pub truncated: bool,
}

/// Something missing.
#[derive(Debug, Clone, PartialEq)]
pub struct GapMark {
    /// When.
    pub at: Utc,
    /// How much: `0.8 s`, `312 packets`.
    pub what: String,
}

/// One stream's lane.
#[derive(Debug, Clone, PartialEq)]
pub struct VideoLane {
    /// Stream.
    pub camera: CameraId,
    /// `CU-01 thermal`.
    pub label: String,
    /// Recorded stretches.
    pub segments: Vec<Segment>,
    /// What is missing.
    pub gaps: Vec<GapMark>,
}

/// One curve's sample: time, height above ground in metres, slant range in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlotSample {
    /// When.
    pub at: Utc,
    /// Height above the sea, metres.
    pub height_m: Option<f32>,
    /// Slant range, metres.
    pub range_m: Option<f32>,
}

/// An alert on the timeline, with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertMark {
    /// Which.
    pub id: AlertId,
    /// Priority.
    pub priority: Priority,
    /// Raised.
    pub at: Utc,
    /// Title.
    pub title: String,
    /// Answered: when and how, in words (`confirmed by Operator 2`).
    pub answer: Option<(Utc, String, bool)>,
}

/// A detection seen: time and score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectionTick {
    /// Frame time.
    pub at: Utc,
    /// Score.
    pub score: f32,
}

/// A stretch of what was really so, in an exercise.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthSpan {
    /// From.
    pub from: Utc,
    /// To.
    pub to: Utc,
    /// Words in it.
    pub label: String,
    /// A fault, else what somebody did.
    pub fault: bool,
}

/// All lanes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lanes {
    /// Streams.
    pub video: Vec<VideoLane>,
    /// Height and range of the aircraft in front.
    pub plot: Vec<PlotSample>,
    /// Detections of the stream in front.
    pub detections: Vec<DetectionTick>,
    /// Alerts.
    pub alerts: Vec<AlertMark>,
    /// Operator acts: time, short words.
    pub acts: Vec<(Utc, String)>,
    /// All other events.
    pub events: Vec<TimelineEvent>,
    /// What was really so; empty where nobody knows, as in every real flight.
    pub truth: Vec<TruthSpan>,
}

/// What the seal says.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum SealVerdict {
    /// There is no sealed bundle for this.
    #[default]
    NotSealed,
    /// Sealed; nobody checked it here yet.
    NotVerified,
    /// Being checked.
    Verifying,
    /// Every byte matches; when.
    Verified(Utc),
    /// Something was changed: what and where, in words.
    Broken(String),
}

/// The seal panel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SealState {
    /// Verdict.
    pub verdict: SealVerdict,
    /// SHA-256 of the manifest, hexadecimal.
    pub fingerprint: Option<String>,
    /// Signed by.
    pub signed_by: Option<String>,
    /// Files that match and files in all.
    pub files: Option<(u32, u32)>,
    /// Gaps, in words.
    pub gaps: Option<String>,
}

/// One line of custody.
#[derive(Debug, Clone, PartialEq)]
pub struct CustodyLine {
    /// When.
    pub at: Utc,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
}

/// One note.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteLine {
    /// Moment it is about.
    pub at: Utc,
    /// Who.
    pub who: String,
    /// Words.
    pub text: String,
}

/// A recorded moment and its surroundings, filled by the app.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewModel {
    /// The station as it was at the playhead.
    pub view: Arc<StationView>,
    /// `Incident I-001 · Line crossed to home side`.
    pub title: String,
    /// Who reviews, and why if it was asked.
    pub reviewer: String,
    /// Start of the record.
    pub from: Utc,
    /// End of it.
    pub to: Utc,
    /// Moment shown.
    pub playhead: Utc,
    /// Running.
    pub playing: bool,
    /// Speed factor.
    pub speed: f64,
    /// Lanes.
    pub lanes: Lanes,
    /// Where those who matter really are at the playhead, in an exercise.
    pub truth: Vec<(String, LatLon)>,
    /// Seal.
    pub seal: SealState,
    /// Custody, oldest first.
    pub custody: Vec<CustodyLine>,
    /// Notes, oldest first.
    pub notes: Vec<NoteLine>,
    /// What does not work here, in a sentence (`no video decoder`, `segment 3 is missing`).
    pub trouble: Option<String>,
}

/// What a reviewer asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum ReviewAct {
    /// Show this moment.
    Seek(Utc),
    /// Run.
    Play,
    /// Stop.
    Pause,
    /// One frame forward (+1) or back (-1).
    Step(i32),
    /// Run at this factor.
    Speed(f64),
    /// Check the seal.
    Verify,
    /// Add a note at the playhead.
    Note(String),
    /// Show this stream.
    Camera(CameraId),
    /// Leave.
    Close,
}

/// Draws the review; returns what the reviewer asks for.
pub fn review_ui(ui: &mut Ui, m: &ReviewModel, l: &mut FlyLocal, feeds: &FlyFeeds) -> Vec<ReviewAct> {
    let mut out = Vec::new();
    if !theme::ready(ui.ctx()) {
        ui.ctx().request_repaint();
        return out;
    }
    let pal = Palette::of(l.night);
    let v = &*m.view;
    l.settle(v);
    fly::ensure_shapes(v, l, feeds);
    keys(ui, m, l, &mut out);
    let full = ui.max_rect();
    let compact = full.width() < 1600.0;
    let top = draw::rect(full.left(), full.top(), full.width(), 40.0);
    top_bar(ui, top, m, compact, &pal);
    let n_video = m.lanes.video.len().clamp(1, 4);
    let truth_h = if m.lanes.truth.is_empty() { 0.0 } else { lanes::TRUTH_H };
    #[expect(clippy::cast_precision_loss, reason = "a few lanes")]
    let lanes_h = (if compact { 132.0 } else { 204.0 } + truth_h + n_video as f32 * if compact { 18.0 } else { 26.0 })
        .min(full.height() * 0.42);
    let lanes_r = Rect::from_min_max(pos2(full.left(), full.bottom() - lanes_h), full.max);
    let body = Rect::from_min_max(pos2(full.left(), top.bottom()), pos2(full.right(), lanes_r.top() - 1.0));
    let side_w = if compact { 280.0 } else { 360.0 };
    let side_r = Rect::from_min_max(pos2(body.right() - side_w, body.top()), body.max);
    let video_w = (body.width() - side_w) * 0.48;
    let video_r = Rect::from_min_max(body.min, pos2(body.left() + video_w, body.bottom()));
    let map_r = Rect::from_min_max(
        pos2(video_r.right() + 1.0, body.top()),
        pos2(side_r.left() - 1.0, body.bottom()),
    );
    video(ui, video_r, m, l, feeds, compact, &pal, &mut out);
    map(ui, map_r, m, l, feeds, compact, &pal);
    side::show(ui, side_r, m, l, compact, &pal, &mut out);
    lanes::show(ui, lanes_r, m, l, compact, &pal, &mut out);
    out
}

fn top_bar(ui: &mut Ui, r: Rect, m: &ReviewModel, compact: bool, pal: &Palette) {
    let p = ui.painter().clone();
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    draw::hline(&p, r.left(), r.right(), r.bottom() - 0.5, pal.line_soft);
    let y = r.center().y;
    icon::paint(&p, pos2(r.left() + 20.0, y), 17.0, Icon::Logo, pal.accent);
    let a = draw::text(
        &p,
        pos2(r.left() + 40.0, y),
        Align2::LEFT_CENTER,
        "Vedette",
        theme::strong(),
        pal.text1,
    );
    let tab = draw::rect(a.right() + 14.0, r.top(), 70.0, r.height());
    p.rect_filled(tab, CornerRadius::ZERO, pal.surface[2]);
    p.hline(tab.x_range(), tab.bottom() - 1.0, Stroke::new(2.0, pal.accent));
    draw::text(
        &p,
        tab.center(),
        Align2::CENTER_CENTER,
        "Review",
        theme::control(),
        pal.text1,
    );
    let utc = draw::text(
        &p,
        pos2(r.right() - 12.0, y + 1.0),
        Align2::RIGHT_CENTER,
        "UTC",
        theme::small(),
        pal.text2,
    );
    let clock = draw::text(
        &p,
        pos2(utc.left() - 8.0, y),
        Align2::RIGHT_CENTER,
        &m.playhead.clock(),
        theme::figure(),
        pal.text1,
    );
    let mut x = clock.left() - 12.0;
    if !compact {
        x = draw::text(
            &p,
            pos2(x, y),
            Align2::RIGHT_CENTER,
            &words::date(m.playhead),
            theme::body(),
            pal.text2,
        )
        .left()
            - 18.0;
    }
    let who = draw::text(
        &p,
        pos2(x, y),
        Align2::RIGHT_CENTER,
        &m.reviewer,
        theme::body(),
        pal.text2,
    );
    icon::paint(&p, pos2(who.left() - 14.0, y), 15.0, Icon::Person, pal.text2);
    let room = who.left() - 40.0 - tab.right();
    let (words, c) = m.trouble.as_ref().map_or((m.title.clone(), pal.text1), |t| {
        (format!("{} · {t}", m.title), pal.alarm2)
    });
    draw::text_in(
        &p,
        pos2(tab.right() + 16.0, y),
        Align2::LEFT_CENTER,
        &words,
        theme::body(),
        c,
        room,
    );
    draw::named(
        ui,
        r,
        "review",
        WidgetType::Label,
        &format!("Review: {words}, playhead {} UTC", m.playhead.clock_centi()),
    );
}

#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn video(
    ui: &mut Ui,
    r: Rect,
    m: &ReviewModel,
    l: &mut FlyLocal,
    feeds: &FlyFeeds,
    compact: bool,
    pal: &Palette,
    out: &mut Vec<ReviewAct>,
) {
    let p = ui.painter().clone();
    let v = &*m.view;
    p.rect_filled(r, CornerRadius::ZERO, pal.surface[1]);
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    let lane = l.camera.and_then(|c| m.lanes.video.iter().find(|x| x.camera == c));
    let cam = l.camera.and_then(|c| v.cameras.get(&c));
    let name = lane.map_or("No stream".to_owned(), |x| x.label.clone());
    draw::header(&p, head, &name, "original, never altered", pal);
    let pic = l.camera.and_then(|c| feeds.video.get(&c));
    let mut x = head.right() - 8.0;
    for lane in m.lanes.video.iter().rev() {
        let b = Button::new(&lane.label).selected(l.camera == Some(lane.camera));
        let w = b.wants(&p);
        if x - w < head.left() + 330.0 {
            break;
        }
        x -= w;
        if b.show(ui, draw::rect(x, head.center().y - 11.0, w, 22.0), pal)
            .clicked()
        {
            l.camera = Some(lane.camera);
            out.push(ReviewAct::Camera(lane.camera));
        }
        x -= 5.0;
    }
    let bar = Rect::from_min_max(pos2(r.left(), r.bottom() - 46.0), r.max);
    let frame = Rect::from_min_max(head.left_bottom(), bar.right_top());
    // A place pointed at belongs to the frame it was pointed at in.
    if l.spot.as_ref().is_some_and(|s| Some(s.camera) != l.camera) {
        l.spot = None;
    }
    let shown = fly::video_picture(
        ui,
        frame,
        v,
        cam,
        pic,
        l.shapes.as_deref(),
        feeds.relief,
        l.spot.as_ref(),
        &|f| fly::spot::room(f, l).into_iter().collect(),
        compact,
        true,
        pal,
    );
    if let (Some(f), Some(c), Some(pic)) = (shown, cam, pic) {
        let resp = ui.interact(f, ui.id().with("frame"), egui::Sense::click());
        resp.widget_info(|| egui::WidgetInfo::labeled(WidgetType::Image, true, "Recorded picture"));
        if let (true, Some(at)) = (resp.clicked(), resp.interact_pointer_pos()) {
            let found = fly::spot::point(at, f, v, c, pic, feeds.relief);
            // A place found is the marked place of the map too.
            l.pin = found.fix.as_ref().ok().map(|x| x.at).or(l.pin);
            l.spot = Some(found);
        }
        let mut none = Vec::new();
        if let Some(words) = fly::spot::card(ui, f, v, l, feeds, false, pal, &mut none) {
            out.push(ReviewAct::Note(words));
        }
    }
    p.rect_filled(bar, CornerRadius::ZERO, pal.surface[1]);
    let y = bar.top() + 9.0;
    let mut x = bar.left() + 12.0;
    let mut hit = |ui: &mut Ui, b: Button| {
        let w = b.wants(&p).max(34.0);
        let h = b.show(ui, draw::rect(x, y, w, 28.0), pal).clicked();
        x += w + 6.0;
        h
    };
    if hit(ui, Button::new("− 1").label("One frame back").key(",")) {
        out.push(ReviewAct::Step(-1));
    }
    if m.playing {
        if hit(
            ui,
            Button::new("").label("Pause").icon(Icon::Hold).key("P").selected(true),
        ) {
            out.push(ReviewAct::Pause);
        }
    } else if hit(ui, Button::new("").label("Play").icon(Icon::Play).key("P")) {
        out.push(ReviewAct::Play);
    }
    if hit(ui, Button::new("+ 1").label("One frame forward").key(".")) {
        out.push(ReviewAct::Step(1));
    }
    for s in [0.5, 1.0, 4.0] {
        let word = if s < 1.0 {
            "½×".to_owned()
        } else {
            format!("{s:.0}×")
        };
        let label = format!("Speed {word}");
        if hit(
            ui,
            Button::new(&word).label(&label).selected((m.speed - s).abs() < 0.01),
        ) {
            out.push(ReviewAct::Speed(s));
        }
    }
    if hit(
        ui,
        Button::new(if compact { "" } else { "10 s" })
            .label("Ten seconds back")
            .key("["),
    ) {
        out.push(ReviewAct::Seek(m.playhead.plus_us(-10_000_000).max(m.from)));
    }
    if hit(
        ui,
        Button::new(if compact { "" } else { "10 s" })
            .label("Ten seconds forward")
            .key("]"),
    ) {
        out.push(ReviewAct::Seek(m.playhead.plus_us(10_000_000).min(m.to)));
    }
}

fn map(ui: &mut Ui, r: Rect, m: &ReviewModel, l: &mut FlyLocal, feeds: &FlyFeeds, compact: bool, pal: &Palette) {
    let p = ui.painter().clone();
    let head = draw::rect(r.left(), r.top(), r.width(), 32.0);
    draw::header(&p, head, "Map at the playhead", "", pal);
    let lay = theme::Layout {
        compact,
        top: 40.0,
        fleet: 0.0,
        right: 0.0,
        timeline: 0.0,
        order_bar: 0.0,
    };
    let mut ignored = Vec::new();
    let body = Rect::from_min_max(head.left_bottom(), r.max);
    // Selecting on a recorded map orders nothing: its intents end here.
    fly::map_show(ui, body, &m.view, l, feeds, &lay, pal, &mut ignored);
    let q = ui.painter().with_clip_rect(body);
    crate::train::truth_marks(&q, &m.truth, l, feeds, pal);
}

fn keys(ui: &mut Ui, m: &ReviewModel, l: &mut FlyLocal, out: &mut Vec<ReviewAct>) {
    let ctx = ui.ctx().clone();
    if ctx.input_mut(|i| i.consume_key(egui::Modifiers::CTRL | egui::Modifiers::SHIFT, Key::N)) {
        l.night = !l.night;
        theme::style(&ctx, &Palette::of(l.night));
    }
    if ctx.egui_wants_keyboard_input() {
        return;
    }
    let k = |key: Key| ctx.input(|i| i.modifiers.is_none() && i.key_pressed(key));
    if k(Key::P) {
        out.push(if m.playing { ReviewAct::Pause } else { ReviewAct::Play });
    }
    if k(Key::Comma) {
        out.push(ReviewAct::Step(-1));
    }
    if k(Key::Period) {
        out.push(ReviewAct::Step(1));
    }
    if k(Key::OpenBracket) {
        out.push(ReviewAct::Seek(m.playhead.plus_us(-10_000_000).max(m.from)));
    }
    if k(Key::CloseBracket) {
        out.push(ReviewAct::Seek(m.playhead.plus_us(10_000_000).min(m.to)));
    }
    if k(Key::V) {
        out.push(ReviewAct::Verify);
    }
    if k(Key::Home) {
        out.push(ReviewAct::Seek(m.from));
    }
    if k(Key::End) {
        out.push(ReviewAct::Seek(m.to));
    }
}
