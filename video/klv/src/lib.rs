//! MISB ST 0601 KLV and MPEG-TS: bytes to values and back.
