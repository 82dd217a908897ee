//! UDP, TCP, serial and file tasks around the sans-IO protocol.
