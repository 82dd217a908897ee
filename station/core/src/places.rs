//! Places people point at in a picture: where they are, remembered ones, kept frames.
//!
//! Invariant: a place never comes without its error, and where the line of sight gives none it says
//! why. Knows no screen.

use vedette_geo::{Enu, Vec3};
use vedette_model::{CameraId, GroundFix, NoFix, OperatorId, Pts, Refusal, SensorPose, Utc};
use vedette_sight::{FixErrors, Ground, PoseMotion};

use crate::station::Station;
use crate::view::{EventKind, KeptPicture, PlaceMark};

/// One sigma of a hand that points at something in a picture, pixels of the frame per axis.
pub const CLICK_PX: f64 = 2.0;
/// Places remembered at once.
const PLACES: usize = 50;
/// Kept frames remembered at once.
const MOST_KEPT: usize = 200;

/// Where a point of a picture is on the ground, with the same errors a track's position has and the
/// hand's own.
///
/// `share` is 0..1 across and down the frame, `size` the frame in pixels, `velocity_ned_m_s` how the
/// carrier moves, where known: the time error of the pose is multiplied with it.
///
/// # Errors
/// See [`NoFix`].
pub fn place_in_picture(
    share: [f64; 2],
    size: [u32; 2],
    pose: &SensorPose,
    velocity_ned_m_s: Option<[f64; 3]>,
    ground: &dyn Ground,
) -> Result<GroundFix, NoFix> {
    let (w, h) = (size[0] as usize, size[1] as usize);
    let pixel = [share[0] * f64::from(size[0]), share[1] * f64::from(size[1])];
    let [n, e, d] = velocity_ned_m_s.unwrap_or_default();
    let velocity: Vec3<Enu> = Vec3::new(e, n, -d);
    let errors = FixErrors {
        pixel_px: CLICK_PX,
        motion: PoseMotion {
            velocity_enu_m_s: [velocity.x, velocity.y, velocity.z],
            ..PoseMotion::default()
        },
    };
    vedette_sight::look(pixel, w, h, pose, ground, &errors).map(|l| l.fix)
}

impl Station {
    pub(crate) fn mark_place(
        &mut self,
        who: &OperatorId,
        camera: CameraId,
        captured: Option<Utc>,
        fix: &GroundFix,
    ) -> Result<(), Refusal> {
        let vehicle = self.camera_vehicle(camera)?;
        let whole = [fix.at.lat_deg, fix.at.lon_deg, fix.amsl.0, fix.slant_m];
        if !whole.iter().chain(&fix.cov_en_m2).all(|x| x.is_finite()) {
            return Err(Refusal::State {
                what: "mark".into(),
                why: "the place is not a number".into(),
            });
        }
        let number = self.view.places.last().map_or(0, |p| p.number) + 1;
        if self.view.places.len() == PLACES {
            self.view.places.remove(0);
        }
        self.view.places.push(PlaceMark {
            number,
            fix: *fix,
            camera,
            captured,
            by: who.clone(),
            at: self.view.now,
        });
        let e = fix.ellipse95();
        let text = format!(
            "place {number} at {:.6}, {:.6} marked by {who}, 95 % ellipse {:.0} × {:.0} m",
            fix.at.lat_deg,
            fix.at.lon_deg,
            e.semi_major_m * 2.0,
            e.semi_minor_m * 2.0
        );
        self.mark(EventKind::Operator, Some(vehicle), text);
        Ok(())
    }

    pub(crate) fn forget_place(&mut self, who: &OperatorId, number: u32) -> Result<(), Refusal> {
        let before = self.view.places.len();
        self.view.places.retain(|p| p.number != number);
        if self.view.places.len() == before {
            return Err(Refusal::Missing {
                what: format!("place {number}"),
            });
        }
        self.mark(EventKind::Operator, None, format!("place {number} taken off by {who}"));
        Ok(())
    }

    pub(crate) fn snapshot(
        &mut self,
        who: &OperatorId,
        camera: CameraId,
        pts: Pts,
        captured: Option<Utc>,
    ) -> Result<(), Refusal> {
        let vehicle = self.camera_vehicle(camera)?;
        // The input's own number makes the name unlike any other of the session.
        let name = format!("{camera}-{:06}.png", self.view.seq);
        let when = captured.map_or("of unknown time".to_owned(), |t| format!("of {} UTC", t.clock_centi()));
        self.mark(
            EventKind::Operator,
            Some(vehicle),
            format!("picture {name} {when} kept by {who}"),
        );
        if self.view.kept.len() == MOST_KEPT {
            self.view.kept.remove(0);
        }
        self.view.kept.push(KeptPicture {
            camera,
            pts,
            captured,
            name: name.clone(),
        });
        self.effects.push_back(crate::Effect::Snapshot {
            camera,
            pts,
            captured,
            name,
        });
        Ok(())
    }

    fn camera_vehicle(&self, camera: CameraId) -> Result<vedette_model::VehicleId, Refusal> {
        let known = self.view.cameras.get(&camera).map(|c| c.vehicle);
        known.ok_or_else(|| Refusal::Missing {
            what: format!("camera {camera}"),
        })
    }
}
