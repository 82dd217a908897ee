//! From the table to the aircraft: who put the plan there, who approved it, and what an upload
//! changes on board before it is sent.
//!
//! Invariant: nothing is sent that was not looked at first; why something cannot be done yet is
//! always said. It must not know keys or signatures, only that one was made.

use egui::{Align2, Key, Rect, Ui, WidgetType, pos2};
use vedette_core::{ItemChange, ListChange, OnBoard, PlanOnAircraft, StationView, VehicleView, on_aircraft};
use vedette_model::plan::PatrolPlan;
use vedette_model::{Intent, PlanId, PlanRule, VehicleId};

use super::Shown;
use crate::draw::{self, Button, Look};
use crate::icon::Icon;
use crate::inspect::table::{self, Column, col};
use crate::local::FlyLocal;
use crate::theme::{self, Layout, Palette};
use crate::words;

/// An upload somebody looks at before sending it.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// To this aircraft.
    pub vehicle: VehicleId,
    /// Its part of this plan.
    pub plan: PlanId,
    /// What was on board when it was compared.
    held: OnBoard,
    /// What it changes.
    lists: Vec<ListChange>,
}

impl Upload {
    fn of(v: &StationView, vehicle: VehicleId) -> Option<Self> {
        let plan = v.plan.plan.as_ref()?;
        let part = plan.aircraft.iter().find(|a| a.vehicle == vehicle)?;
        let held = v.vehicles.get(&vehicle)?.on_board.clone();
        Some(Self {
            vehicle,
            plan: plan.id.clone(),
            lists: on_aircraft(part, &held).into(),
            held,
        })
    }
}

/// Aircraft of the plan that are known here, each once.
fn flown<'a>(v: &'a StationView, plan: &'a PatrolPlan) -> Vec<&'a VehicleView> {
    let mut ids: Vec<VehicleId> = plan.aircraft.iter().map(|a| a.vehicle).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.iter().filter_map(|id| v.vehicles.get(id)).collect()
}

/// Lines of text above the uploads, and the uploads' own lines.
const HEAD: f32 = 64.0;
const ROW: f32 = 31.0;

/// Room the foot takes.
pub(super) fn height(v: &StationView, plan: Option<&PatrolPlan>) -> f32 {
    let rows = |p: &PatrolPlan| flown(v, p).len().min(4) as f32;
    plan.map_or(0.0, |p| HEAD + rows(p) * ROW)
}

/// Who put it there and who approved it, in one line.
fn people(v: &StationView, s: &Shown) -> String {
    if !s.on_table {
        return "a trial: put it on the table to have it approved".into();
    }
    let clock = |at| vedette_model::Utc(v.utc.0 - v.now.since(at)).clock();
    let mut parts = Vec::new();
    if let Some((who, at)) = &v.plan.proposed {
        parts.push(format!("put on the table by {} {}", v.person(who), clock(*at)));
    }
    if let Some(a) = &v.plan.approved {
        parts.push(format!("approved by {} {}", v.person(&a.by), a.utc.clock()));
        parts.push(match &a.signature {
            Some(k) => format!("signed {}", words::groups(&k.certificate_sha256, 2)),
            None => "being signed…".into(),
        });
    } else {
        parts.push("not approved".into());
    }
    parts.join(" · ")
}

/// What has to happen next, in words.
fn next_step(v: &StationView, s: &Shown, l: &FlyLocal) -> String {
    if !s.on_table {
        return String::new();
    }
    if v.plan.approved.is_none() {
        return match v.why_not_approve(&l.operator) {
            Some(why) => format!("{why} (F9: another person takes this console)"),
            None if v.plan_rule == PlanRule::SinglePerson => {
                "Single-person site: you may approve it, and the record says so.".into()
            }
            None => "Uploads wait for your approval.".into(),
        };
    }
    let all = s.plan.as_deref().map(|p| flown(v, p)).unwrap_or_default();
    let blocked = all.iter().find_map(|a| v.why_not_upload(a.id));
    blocked.map_or_else(String::new, |w| format!("Not yet: {w}"))
}

/// The foot: approval and uploads.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
pub(super) fn show(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    plan: &PatrolPlan,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().with_clip_rect(r);
    draw::hline(&p, r.left(), r.right(), r.top(), pal.line_soft);
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let mut y = r.top() + 7.0;
    let ready = s.on_table && v.why_not_approve(&l.operator).is_none();
    let typing = ui.ctx().egui_wants_keyboard_input();
    let key = !typing
        && l.plan.upload.is_none()
        && ui.ctx().memory(|m| m.focused().is_none())
        && ui.ctx().input(|i| i.modifiers.is_none() && i.key_pressed(Key::Enter));
    let approve = Button::new("Approve and sign")
        .label("Approve plan")
        .icon(Icon::Check)
        .key("Enter")
        .look(if ready { Look::Primary } else { Look::Plain })
        .enabled(ready);
    let aw = approve.wants(&p);
    if approve.show(ui, draw::rect(x, y, aw, 30.0), pal).clicked() || (ready && key) {
        out.push(Intent::ApprovePlan { plan: plan.id.clone() });
    }
    let who = people(v, s);
    let id = words::groups(&plan.id.0, 4);
    let right = if lay.compact {
        String::new()
    } else {
        format!("plan {id}")
    };
    draw::text_in(
        &p,
        pos2(r.right() - 12.0, y + 15.0),
        Align2::RIGHT_CENTER,
        &right,
        theme::mono(),
        pal.text2,
        w - aw - 10.0,
    );
    // Both lines where there is room beside the button; the next step is what the operator needs.
    let step = next_step(v, s, l);
    let room = w
        - aw
        - 22.0
        - if lay.compact {
            0.0
        } else {
            draw::width(&p, &right, theme::mono())
        };
    draw::text_wrapped(
        &p,
        pos2(x + aw + 12.0, y + 1.0),
        &step,
        theme::small(),
        pal.text1,
        room,
        2,
        15.0,
    );
    let line = draw::rect(x, y + 33.0, w, 18.0);
    let signed = v.plan.approved.as_ref().is_some_and(|a| a.signature.is_some());
    draw::text_in(
        &p,
        line.left_center(),
        Align2::LEFT_CENTER,
        &who,
        theme::small(),
        if signed && s.on_table { pal.confirmed } else { pal.text2 },
        w,
    );
    draw::named(
        ui,
        line,
        "approval",
        WidgetType::Label,
        &format!("Approval: {who}. {step}"),
    );
    y = r.top() + HEAD;
    for view in flown(v, plan) {
        if y > r.bottom() - 28.0 {
            break;
        }
        row(ui, draw::rect(x, y, w, 26.0), v, s, plan, view, l, lay, pal, out);
        y += ROW;
    }
}

/// One aircraft: the button that opens its upload, and what it holds.
#[expect(clippy::too_many_arguments, reason = "a drawing call says all of it")]
fn row(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    plan: &PatrolPlan,
    view: &VehicleView,
    l: &mut FlyLocal,
    lay: &Layout,
    pal: &Palette,
    out: &mut Vec<Intent>,
) {
    let p = ui.painter().clone();
    let (state, c) = match view.plan_on_board {
        PlanOnAircraft::Same if view.plan_id.as_ref() == Some(&plan.id) => {
            ("on board, read back the same".to_owned(), pal.confirmed)
        }
        // Beside a trial that is as it should be.
        PlanOnAircraft::Same if !s.on_table => ("the table's plan on board".to_owned(), pal.text2),
        PlanOnAircraft::Same => ("another plan on board".to_owned(), pal.alarm2),
        PlanOnAircraft::Differs => ("differs from ours".to_owned(), pal.alarm2),
        PlanOnAircraft::Uploading => (
            view.transfer
                .map_or("uploading".to_owned(), |t| format!("uploading {}/{}", t.done, t.of)),
            pal.text1,
        ),
        PlanOnAircraft::Unknown => ("not on board".to_owned(), pal.text2),
    };
    let label = format!("Upload plan to {}", view.tail);
    let words = if lay.compact {
        format!("Upload {}…", view.tail)
    } else {
        format!("Upload to {} {}…", view.tail, view.name)
    };
    let why = v.why_not_upload(view.id);
    let ok = s.on_table && why.is_none() && view.plan_on_board != PlanOnAircraft::Uploading;
    let open = l.plan.upload.as_ref().is_some_and(|u| u.vehicle == view.id);
    let b = Button::new(&words)
        .label(&label)
        .icon(Icon::Export)
        .selected(open)
        .enabled(ok);
    let bw = b.wants(&p);
    let mut resp = b.show(ui, draw::rect(r.left(), r.top(), bw, r.height()), pal);
    if let Some(why) = why.filter(|_| s.on_table) {
        resp = resp.on_hover_text(why);
    }
    if resp.clicked() {
        l.plan.upload = if open { None } else { Upload::of(v, view.id) };
        let unread = view.on_board.mission.is_none();
        if !open && unread {
            out.push(Intent::ReadPlan { vehicle: view.id });
        }
    }
    let items = plan
        .aircraft
        .iter()
        .find(|a| a.vehicle == view.id)
        .map_or(0, |a| a.items.len());
    draw::text_in(
        &p,
        r.right_center(),
        Align2::RIGHT_CENTER,
        &format!("{items} items · {state}"),
        theme::small(),
        c,
        r.width() - bw - 8.0,
    );
}

const COLUMNS: [Column; 4] = [
    col("Item", 0.16, false),
    col("On board", 0.26, false),
    col("Becomes", 0.30, false),
    col("Moves", 0.28, true),
];

fn command(n: u16) -> &'static str {
    use vedette_model::command as c;
    match n {
        c::NAV_WAYPOINT => "waypoint",
        c::NAV_LOITER_UNLIM | c::NAV_LOITER_TURNS | c::NAV_LOITER_TIME | c::NAV_LOITER_TO_ALT => "circle",
        c::NAV_RETURN_TO_LAUNCH => "return",
        c::NAV_LAND => "land",
        c::NAV_TAKEOFF => "take off",
        c::DO_JUMP => "repeat",
        c::DO_CHANGE_SPEED => "speed",
        c::DO_LAND_START => "landing begins",
        c::DO_SET_ROI_LOCATION => "camera at place",
        c::DO_SET_ROI_NONE => "camera free",
        c::DO_GIMBAL_MANAGER_PITCHYAW => "camera angles",
        c::FENCE_POLYGON_VERTEX_INCLUSION => "fence corner",
        c::FENCE_POLYGON_VERTEX_EXCLUSION => "keep-out corner",
        c::FENCE_CIRCLE_INCLUSION | c::FENCE_CIRCLE_EXCLUSION => "fence circle",
        c::RALLY_POINT => "rally point",
        _ => "command",
    }
}

/// The upload being looked at, in place of the verdict; false: none is.
pub(super) fn upload(
    ui: &mut Ui,
    r: Rect,
    v: &StationView,
    s: &Shown,
    l: &mut FlyLocal,
    pal: &Palette,
    out: &mut Vec<Intent>,
) -> bool {
    let Some(u) = &l.plan.upload else { return false };
    let (id, table_plan) = (u.vehicle, v.plan.plan.as_deref());
    let (Some(a), Some(plan)) = (v.vehicles.get(&id), table_plan.filter(|p| s.on_table && p.id == u.plan)) else {
        // Another plan, or a draft, took its place.
        l.plan.upload = None;
        return false;
    };
    if u.held != a.on_board {
        // Read back meanwhile: the comparison is made once more.
        l.plan.upload = Upload::of(v, id);
        return l.plan.upload.is_some();
    }
    let u = u.clone();
    let p = ui.painter().with_clip_rect(r);
    let (x, w) = (r.left() + 12.0, r.width() - 24.0);
    let mut y = r.top() + 15.0;
    let title = format!("Upload to {} {}: what changes on board", a.tail, a.name);
    draw::text_in(
        &p,
        pos2(x, y),
        Align2::LEFT_CENTER,
        &title,
        theme::strong(),
        pal.text1,
        w,
    );
    y += 20.0;
    let reading = a.on_board.mission.is_none();
    let mut said = vec![title];
    for list in &u.lists {
        let t = list.words();
        draw::text_in(&p, pos2(x, y), Align2::LEFT_CENTER, &t, theme::body(), pal.text1, w);
        said.push(t);
        y += 19.0;
    }
    draw::named(
        ui,
        Rect::from_min_max(r.min, pos2(r.right(), y)),
        "upload diff",
        WidgetType::Label,
        &said.join("; "),
    );
    let foot = draw::rect(r.left(), r.bottom() - 38.0, r.width(), 38.0);
    items(
        ui,
        Rect::from_min_max(pos2(r.left(), y), foot.right_top()),
        plan,
        &u,
        reading,
        pal,
    );
    let label = format!("Send plan to {}", a.tail);
    let go = Button::new(&label).icon(Icon::Export).look(Look::Primary);
    let gw = go.wants(&p);
    let ok = v.why_not_upload(id).is_none() && a.plan_on_board != PlanOnAircraft::Uploading;
    if go
        .enabled(ok)
        .show(ui, draw::rect(x, foot.top() + 5.0, gw, 28.0), pal)
        .clicked()
    {
        out.push(Intent::UploadPlan {
            vehicle: id,
            plan: u.plan.clone(),
        });
        l.plan.upload = None;
    }
    let back = Button::new("Back").label("Do not send").key("Esc").look(Look::Quiet);
    let bw = back.wants(&p);
    if back
        .show(ui, draw::rect(x + gw + 8.0, foot.top() + 5.0, bw, 28.0), pal)
        .clicked()
    {
        l.plan.upload = None;
    }
    let words = v
        .why_not_upload(id)
        .unwrap_or_else(|| "It is read back and compared; on failure the aircraft keeps its old one.".into());
    draw::text_in(
        &p,
        pos2(r.right() - 12.0, foot.center().y),
        Align2::RIGHT_CENTER,
        &words,
        theme::small(),
        pal.text2,
        w - gw - bw - 20.0,
    );
    true
}

fn items(ui: &mut Ui, r: Rect, plan: &PatrolPlan, u: &Upload, reading: bool, pal: &Palette) {
    if reading {
        table::nothing(
            ui.painter(),
            r,
            "Reading what is on board… The aircraft was not read in this session; until then all of it counts as replaced.",
            pal,
        );
        return;
    }
    let Some(part) = plan.aircraft.iter().find(|a| a.vehicle == u.vehicle) else {
        return;
    };
    let all: Vec<(&ListChange, &ItemChange)> = u
        .lists
        .iter()
        .flat_map(|l| l.changes.iter().map(move |c| (l, c)))
        .collect();
    if all.is_empty() {
        table::nothing(
            ui.painter(),
            r,
            "Nothing changes: what is on board is this part already.",
            pal,
        );
        return;
    }
    let p = ui.painter().with_clip_rect(r);
    let body = table::head(&p, r, &COLUMNS, pal);
    let name = |i: usize| {
        let (list, change) = all[i];
        let ours = match list.kind {
            vedette_model::MissionKind::Mission => &part.items,
            vedette_model::MissionKind::Fence => &part.fence_items,
            vedette_model::MissionKind::Rally => &part.rally_items,
        };
        let held = u.held.list(list.kind);
        let old = |n: &usize| {
            held.and_then(|h| h.get(*n))
                .map_or("", |m| command(m.command))
                .to_owned()
        };
        let new = |n: &usize| ours.get(*n).map_or("", |m| command(m.command)).to_owned();
        let list = format!("{:?}", list.kind).to_lowercase();
        match change {
            ItemChange::New(n) => [format!("{list} {}", n + 1), words::UNKNOWN.into(), new(n), "new".into()],
            ItemChange::Gone(n) => [
                format!("{list} {}", n + 1),
                old(n),
                words::UNKNOWN.into(),
                "goes".into(),
            ],
            ItemChange::Becomes {
                old: o,
                new: n,
                moves_m,
                rises_m,
            } => {
                let far = moves_m
                    .filter(|m| *m >= 0.5)
                    .map(|m| format!("{} m", words::thousands(m)));
                let up = rises_m
                    .filter(|m| m.abs() >= 0.5)
                    .map(|m| words::signed_metres(Some(m)));
                let both: Vec<String> = far.into_iter().chain(up.map(|u| format!("{u} high"))).collect();
                let how = if both.is_empty() {
                    "other values".into()
                } else {
                    both.join(", ")
                };
                [format!("{list} {}", n + 1), old(o), new(n), how]
            }
        }
    };
    table::rows(
        ui,
        body,
        "upload items",
        22.0,
        all.len(),
        &COLUMNS,
        pal,
        None,
        |i| name(i).join(" "),
        |cells, i| {
            for (k, t) in name(i).iter().enumerate() {
                let font = if k == 3 { theme::mono() } else { theme::body() };
                cells.put(k, t, font, if k == 0 { pal.text2 } else { pal.text1 });
            }
        },
    );
}
