//! Every id of the station in one place. UI and rules hold ids, never references.

use serde::{Deserialize, Serialize};

macro_rules! number_ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{:03}"), self.0)
            }
        }
    )*};
}
number_ids! {
    /// One aircraft of this station. On a network where system ids are unique it equals the
    /// MAVLink system id; the identity behind it is [`crate::VehicleIdentity`].
    VehicleId, "V-";
    /// One video stream (one sensor of one aircraft).
    CameraId, "C-";
    /// One track of a moving or warm object on the ground.
    TrackId, "T-";
    /// One alert.
    AlertId, "A-";
    /// One incident opened by an operator.
    IncidentId, "I-";
    /// One transport the station listens or sends on.
    LinkId, "L-";
    /// One order on its way to one aircraft.
    CommandId, "O-";
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
text_ids! {
    /// A named person, as the agency knows them.
    OperatorId;
    /// A patrol plan: the first 16 hexadecimal digits of the SHA-256 of its canonical content.
    PlanId;
    /// A sealed evidence bundle.
    EvidenceId;
    /// One run of the station, from start to stop.
    SessionId;
}
