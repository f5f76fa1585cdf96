#pragma once
#include <protobuf-c/protobuf-c.h>

// An array of unknown length, which Swift does not import: what an absent string field points at.
static inline const char *beamline_protobuf_c_empty_string(void) { return protobuf_c_empty_string; }
