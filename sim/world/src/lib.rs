//! Scenarios, actors, sensor imagery, truth and score; serves simulated aircraft on the wire.
