//! Flight dynamics and the vehicle's side of MAVLink: a simulated aircraft as any ground station
//! meets it on the wire, sans-IO.
//!
//! Invariant: the same configuration, weather and datagrams give the same flight and the same
//! bytes, whatever the outer time step. It knows nothing of this project's station: it has its own
//! framing and message table, so that the two implementations meet only in tests.
//!
//! ```
//! use vedette_geo::{Amsl, LatLon};
//! use vedette_model::{Airframe, Mono};
//! use vedette_sim_vehicle::{SimVehicle, VehicleConfig, Weather};
//!
//! let home = LatLon::from_e7(424_500_000, 14_900_000);
//! let mut v = SimVehicle::new(VehicleConfig::small(1, Airframe::Copter, home, Amsl(1200.0)));
//! v.step(Mono::ZERO.plus_ms(1500), &|_| Some(Amsl(1200.0)), &Weather::default());
//! let (peer, frame) = v.poll_transmit().expect("a heartbeat");
//! assert_eq!((peer, frame[0]), (None, 0xfd));
//! ```

mod air;
mod body;
mod camera;
mod command;
mod component;
mod config;
mod energy;
mod execute;
mod failsafe;
mod files;
mod flight;
mod gimbal;
mod guide;
mod instruments;
mod landing;
mod logbook;
mod logserve;
mod modes;
mod neighbours;
mod net;
mod params;
mod plans;
mod receive;

mod sensors;
mod signing;
mod telemetry;
mod vehicle;
mod watch;
mod wire;

pub use config::{Fault, GimbalLimits, Noise, Quirks, VehicleConfig, VideoStream, Weather};
pub use energy::PackAge;
pub use neighbours::{AdsbTarget, RemoteIdTarget};
pub use signing::Refused;
pub use vehicle::{ReportedState, SimVehicle, TrueState};
