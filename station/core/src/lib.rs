//! The station: handle(now, Input) gives Effects and one StationView.
