//! The vocabulary of the station: ids, clocks, vehicle state, orders, tracks, alerts, incidents.
