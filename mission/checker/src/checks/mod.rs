//! One file per check. Checks of paths see every sample of every path; the others see the plan once.

pub(crate) mod autopilot;
pub(crate) mod camera;
pub(crate) mod clearance;
pub(crate) mod coverage;
pub(crate) mod energy;
pub(crate) mod envelope;
pub(crate) mod fence;
pub(crate) mod intervals;
pub(crate) mod items;
pub(crate) mod no_fly;
pub(crate) mod separation;
pub(crate) mod site;
pub(crate) mod stand_off;
pub(crate) mod timetable;
pub(crate) mod turns;
