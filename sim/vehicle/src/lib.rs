//! Flight dynamics and the vehicle's side of MAVLink.
