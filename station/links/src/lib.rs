//! The shell around `vedette-protocol`: sockets, serial lines and recordings, and the task that
//! drives the protocol with a clock.
//!
//! Invariant: every queue is bounded and what overflows is counted; a failing link tells why and
//! tries again, and never takes another link with it. Knows bytes, addresses and time; what the
//! bytes mean is the protocol's matter.

mod driver;
mod endpoint;
mod keyfile;
mod relay;
pub mod supervise;
mod transport;

pub use driver::{
    Busy, Clock, ControlError, Inspection, Output, Role, RunError, RunOptions, Station, run, system_clock,
};
pub use endpoint::{Endpoint, EndpointError};
pub use keyfile::{KeyFile, KeyFileError};
pub use relay::{Relay, RelayLine};
pub use transport::serial::{BAUD_RATES, serial_lines};
pub use transport::{LinkError, Links, OpenOptions, Opened, Opener, Received};
