//! Orders in the station's words as steps of one autopilot family.
//!
//! Invariant: the last step is the one that moves the aircraft; a step that may be repeated without
//! harm is marked so; an order the aircraft cannot fly is refused here, before anything is sent.

use vedette_geo::{AboveHome, Amsl, LatLon, norm_deg_180};
use vedette_model::{Airframe, AltFrame, CameraOrder, Family, GimbalAim, LandedState, Order};

use super::command::{Call, Class, Goal, Step};
use super::items::{mav_frame, unused};
use super::modes::{Wanted, number};

/// MAV_CMD numbers of orders (common.xml).
mod cmd {
    pub(super) const NAV_TAKEOFF: u16 = 22;
    pub(super) const DO_ORBIT: u16 = 34;
    pub(super) const DO_SET_MODE: u16 = 176;
    pub(super) const DO_LAND_START: u16 = 189;
    pub(super) const DO_REPOSITION: u16 = 192;
    pub(super) const DO_SET_ROI_LOCATION: u16 = 195;
    pub(super) const DO_SET_ROI_NONE: u16 = 197;
    pub(super) const DO_SET_MISSION_CURRENT: u16 = 224;
    pub(super) const MISSION_START: u16 = 300;
    pub(super) const COMPONENT_ARM_DISARM: u16 = 400;
    pub(super) const DO_GIMBAL_MANAGER_PITCHYAW: u16 = 1000;
    pub(super) const NAV_RETURN_TO_LAUNCH: u16 = 20;
    pub(super) const NAV_LAND: u16 = 21;
    pub(super) const DO_PAUSE_CONTINUE: u16 = 193;
    pub(super) const DO_GIMBAL_MANAGER_CONFIGURE: u16 = 1001;
    pub(super) const SET_CAMERA_ZOOM: u16 = 531;
    pub(super) const IMAGE_START_CAPTURE: u16 = 2000;
    pub(super) const VIDEO_START_CAPTURE: u16 = 2500;
    pub(super) const VIDEO_STOP_CAPTURE: u16 = 2501;
    pub(super) const REQUEST_OPERATOR_CONTROL: u16 = 32100;
}

/// GIMBAL_MANAGER_FLAGS_YAW_LOCK: yaw counts from north.
const YAW_LOCK: f32 = 16.0;
/// CAMERA_CAP_FLAGS: video on board, pictures, zoom.
const CAN_VIDEO: u32 = 1;
const CAN_PICTURE: u32 = 2;
const CAN_ZOOM: u32 = 64;
/// ZOOM_TYPE_RANGE: percent of the camera's range.
const ZOOM_RANGE: f32 = 2.0;

/// What an order depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Aircraft {
    pub(crate) family: Family,
    pub(crate) airframe: Option<Airframe>,
    pub(crate) kind: u8,
    pub(crate) component: u8,
    pub(crate) gimbal: u8,
    /// Its gimbal manager says that somebody else turns the camera.
    pub(crate) gimbal_foreign: bool,
    /// Component and CAMERA_CAP_FLAGS of the camera that described itself.
    pub(crate) camera: Option<(u8, u32)>,
    pub(crate) armed: bool,
    pub(crate) landed: Option<LandedState>,
    pub(crate) home: Option<(LatLon, Amsl)>,
    pub(crate) mission_total: Option<u16>,
}

fn step(call: Call) -> Step {
    Step {
        call,
        goal: None,
        skip_if_met: false,
        harmless: false,
        optional: false,
        otherwise: None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "wire values are single precision")]
fn f(v: f64) -> f32 {
    v as f32
}

/// REQUEST_OPERATOR_CONTROL (development.xml): take or release, whether others may take over
/// unasked, and how long the present owner has to answer.
pub(crate) fn operator_control(component: u8, take: bool, allow_takeover: bool) -> Step {
    let flag = |b: bool| if b { 1.0 } else { 0.0 };
    Step {
        harmless: true,
        ..step(Call {
            component,
            command: cmd::REQUEST_OPERATOR_CONTROL,
            p: [flag(take), flag(allow_takeover), 10.0, 0.0, 0.0, 0.0, 0.0],
            int: None,
        })
    }
}

impl Aircraft {
    fn long(&self, command: u16, p: [f32; 7]) -> Step {
        step(Call {
            component: self.component,
            command,
            p,
            int: None,
        })
    }

    fn place(&self, command: u16, p: [f32; 4], at: LatLon, amsl: Amsl) -> Step {
        let (x, y) = at.to_e7();
        step(Call {
            component: self.component,
            command,
            p: [p[0], p[1], p[2], p[3], 0.0, 0.0, f(amsl.0)],
            int: Some((mav_frame(AltFrame::Amsl), x, y)),
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "mode numbers are small")]
    fn mode(&self, airframe: Airframe, wanted: Wanted) -> Result<Step, String> {
        let n = number(self.family, airframe, wanted)
            .ok_or_else(|| format!("no mode for {wanted:?} is known for this autopilot"))?;
        let p = if self.family == Family::Px4 {
            [1.0, ((n >> 16) & 0xFF) as f32, (n >> 24) as f32]
        } else {
            [1.0, n as f32, 0.0]
        };
        Ok(Step {
            goal: Some(Goal::Mode(n)),
            ..self.long(cmd::DO_SET_MODE, [p[0], p[1], p[2], 0.0, 0.0, 0.0, 0.0])
        })
    }

    fn arm(&self) -> Step {
        Step {
            goal: Some(Goal::Armed),
            skip_if_met: true,
            ..self.long(cmd::COMPONENT_ARM_DISARM, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        }
    }

    fn in_air(&self) -> bool {
        self.armed
            && matches!(
                self.landed,
                Some(LandedState::InAir | LandedState::TakingOff | LandedState::Landing)
            )
    }

    /// Steps of an order.
    pub(crate) fn steps(&self, order: &Order) -> Result<(Class, Vec<Step>), String> {
        if let Order::Gimbal(aim) = order {
            return Ok((Class::Camera, self.aim(*aim)));
        }
        if let Order::Camera(order) = order {
            return Ok((Class::Payload, vec![self.camera(*order)?]));
        }
        let Some(frame) = self.airframe else {
            return Err(format!("aircraft type {} is not known to this station", self.kind));
        };
        if self.family == Family::Other {
            return self.common(order);
        }
        let ardupilot = self.family == Family::ArduPilot;
        let quiet = |s: Step| Step {
            harmless: true,
            skip_if_met: true,
            ..s
        };
        let steps = match *order {
            Order::TakeOff { height } => self.take_off(frame, height)?,
            Order::StartMission if self.in_air() => {
                let mut first = self.long(cmd::DO_SET_MISSION_CURRENT, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
                first.optional = true;
                first.harmless = true;
                vec![first, self.mode(frame, Wanted::Auto)?]
            }
            Order::StartMission if ardupilot && frame == Airframe::Copter => vec![
                // Copters arm in GUIDED, not in AUTO; MISSION_START then leaves the ground.
                quiet(self.mode(frame, Wanted::Guided)?),
                self.arm(),
                // On the ground AUTO alone moves nothing.
                Step {
                    harmless: true,
                    ..self.mode(frame, Wanted::Auto)?
                },
                self.long(cmd::MISSION_START, [0.0; 7]),
            ],
            Order::StartMission => vec![
                // In AUTO, arming begins the take-off: the dangerous step comes last and once.
                quiet(self.mode(frame, Wanted::Auto)?),
                self.arm(),
            ],
            Order::ResumeMission => vec![self.mode(frame, Wanted::Auto)?],
            Order::ResumeAt { item } => {
                // ArduPilot counts home as its item 0; a counter set twice is set once.
                let seq = f32::from(item) + if ardupilot { 1.0 } else { 0.0 };
                let set = Step {
                    harmless: true,
                    ..self.long(cmd::DO_SET_MISSION_CURRENT, [seq, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
                };
                vec![set, self.mode(frame, Wanted::Auto)?]
            }
            Order::Hold => vec![self.mode(frame, Wanted::Hold)?],
            Order::Return => vec![self.mode(frame, Wanted::Return)?],
            Order::Land if ardupilot && frame == Airframe::Plane => {
                let mut start = self.long(cmd::DO_LAND_START, [0.0; 7]);
                start.otherwise = Some(Box::new(self.mode(frame, Wanted::Land)?));
                vec![start]
            }
            Order::Land => vec![self.mode(frame, Wanted::Land)?],
            Order::GoTo { at, amsl } => vec![self.reposition(at, amsl, 0.0)],
            Order::Orbit { centre, amsl, radius_m } => {
                let radius = radius_m.abs().max(1.0);
                if frame == Airframe::Copter {
                    vec![self.place(cmd::DO_ORBIT, [f(radius), f32::NAN, 0.0, f32::NAN], centre, amsl)]
                } else {
                    vec![self.reposition(centre, amsl, radius)]
                }
            }
            Order::Gimbal(_) | Order::Camera(_) => Vec::new(),
        };
        Ok((Class::Flight, steps))
    }

    /// An autopilot nobody here knows: only commands whose meaning is the protocol's own, and of
    /// those only the ones that lead to safety.
    fn common(&self, order: &Order) -> Result<(Class, Vec<Step>), String> {
        let nan = f32::NAN;
        let step = match order {
            Order::Hold => self.long(cmd::DO_PAUSE_CONTINUE, [0.0; 7]),
            Order::Return => self.long(cmd::NAV_RETURN_TO_LAUNCH, [0.0; 7]),
            Order::Land => self.long(cmd::NAV_LAND, [0.0, 0.0, 0.0, nan, 0.0, 0.0, 0.0]),
            _ => {
                return Err(
                    "this autopilot family is not known here: it is watched, and can be held, returned and landed"
                        .to_owned(),
                );
            }
        };
        Ok((Class::Flight, vec![step]))
    }

    /// Speed as it is, change of mode allowed.
    fn reposition(&self, at: LatLon, amsl: Amsl, radius_m: f64) -> Step {
        let yaw = if self.family == Family::Px4 { f32::NAN } else { 0.0 };
        self.place(cmd::DO_REPOSITION, [-1.0, 1.0, f(radius_m), yaw], at, amsl)
    }

    fn take_off(&self, frame: Airframe, height: AboveHome) -> Result<Vec<Step>, String> {
        if self.in_air() {
            return Err("it is already in the air".to_owned());
        }
        let quiet = |s: Step| Step {
            harmless: true,
            skip_if_met: true,
            ..s
        };
        let unused = unused(self.family);
        match (self.family, frame) {
            (Family::Px4, _) => {
                let (_, home) = self
                    .home
                    .ok_or_else(|| "its home position is not known yet; wait for it".to_owned())?;
                let amsl = f(height.to_amsl(home).0);
                Ok(vec![
                    self.arm(),
                    self.long(cmd::NAV_TAKEOFF, [unused, unused, unused, unused, unused, unused, amsl]),
                ])
            }
            (_, Airframe::Plane | Airframe::Quadplane) => {
                // A plane takes off by its mission; without one by TAKEOFF mode and its own height.
                if self.mission_total.is_some_and(|n| n > 0) {
                    Ok(vec![quiet(self.mode(frame, Wanted::Auto)?), self.arm()])
                } else {
                    Ok(vec![self.arm(), self.mode(frame, Wanted::TakeOff)?])
                }
            }
            (_, Airframe::Copter) => Ok(vec![
                quiet(self.mode(frame, Wanted::Guided)?),
                self.arm(),
                self.long(cmd::NAV_TAKEOFF, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, f(height.0)]),
            ]),
        }
    }

    /// Camera protocol v2, to the camera that described itself and only what it says it can do.
    fn camera(&self, order: CameraOrder) -> Result<Step, String> {
        let (component, can) = self
            .camera
            .ok_or_else(|| "no camera on board has described itself; it cannot be worked from here".to_owned())?;
        let (needs, word, command, p): (u32, &str, u16, [f32; 4]) = match order {
            CameraOrder::Picture => (
                CAN_PICTURE,
                "take pictures",
                cmd::IMAGE_START_CAPTURE,
                [0.0, 0.0, 1.0, 0.0],
            ),
            CameraOrder::Record(true) => (CAN_VIDEO, "record", cmd::VIDEO_START_CAPTURE, [0.0, 1.0, 0.0, 0.0]),
            CameraOrder::Record(false) => (CAN_VIDEO, "record", cmd::VIDEO_STOP_CAPTURE, [0.0; 4]),
            CameraOrder::Zoom(percent) => {
                let percent = percent.clamp(0.0, 100.0);
                (
                    CAN_ZOOM,
                    "zoom",
                    cmd::SET_CAMERA_ZOOM,
                    [ZOOM_RANGE, f(percent), 0.0, 0.0],
                )
            }
        };
        if can & needs == 0 {
            return Err(format!(
                "its camera (component {component}) does not say that it can {word}"
            ));
        }
        let mut step = self.long(command, [p[0], p[1], p[2], p[3], 0.0, 0.0, 0.0]);
        step.call.component = component;
        Ok(step)
    }

    fn aim(&self, aim: GimbalAim) -> Vec<Step> {
        let mut step = match aim {
            GimbalAim::Place { at, amsl } => self.place(cmd::DO_SET_ROI_LOCATION, [0.0; 4], at, amsl),
            GimbalAim::Angles { pitch_deg, yaw_deg } => self.long(
                cmd::DO_GIMBAL_MANAGER_PITCHYAW,
                [
                    f(pitch_deg),
                    f(norm_deg_180(yaw_deg)),
                    f32::NAN,
                    f32::NAN,
                    YAW_LOCK,
                    0.0,
                    0.0,
                ],
            ),
            GimbalAim::Rates { pitch_deg_s, yaw_deg_s } => self.long(
                cmd::DO_GIMBAL_MANAGER_PITCHYAW,
                [f32::NAN, f32::NAN, f(pitch_deg_s), f(yaw_deg_s), YAW_LOCK, 0.0, 0.0],
            ),
            GimbalAim::Neutral => self.long(cmd::DO_SET_ROI_NONE, [0.0; 7]),
        };
        step.call.component = self.gimbal;
        if !self.gimbal_foreign {
            return vec![step];
        }
        // Gimbal protocol v2: whoever turns the camera says so first; -2 takes it for the sender, -1 leaves as it is. A manager
        // that knows no owners refuses this and takes the order.
        let mut take = self.long(
            cmd::DO_GIMBAL_MANAGER_CONFIGURE,
            [-2.0, -2.0, -1.0, -1.0, 0.0, 0.0, 0.0],
        );
        take.call.component = self.gimbal;
        (take.harmless, take.optional) = (true, true);
        vec![take, step]
    }
}
