//! GStreamer shell: records the original bytes, decodes, encodes.
