//! Frames and poses in, ground tracks and alerts out.
