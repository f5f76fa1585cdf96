#pragma once
#include <zlib.h>

// deflateInit2 and inflateInit2 are macros. 15 + 16: the largest window, in gzip's format.
static inline int beamline_gzip_deflate_init(z_stream *stream) {
    return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int beamline_gzip_inflate_init(z_stream *stream) { return inflateInit2(stream, 15 + 16); }

// zlib reads its input only, though next_in is not const.
static inline Bytef *beamline_zlib_input(const void *input) { return (Bytef *)input; }
