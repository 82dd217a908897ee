//! Sans-IO MAVLink 2: framer, peers, sessions and micro-services.
