//! Brief and world in, patrol plan out.
