//! Plan and zone files of other programs: .plan, .waypoints, KML, GeoJSON.
