"""zlib: a text compressed and read back; macros that call functions."""
import kaa

z = kaa.load("libz.so.1", header="zlib.h")

text = b"kaa reads headers. " * 100
size = z.compressBound(len(text))
packed, length = bytearray(size), kaa.new("uLongf *", size, library=z)
assert z.compress2(packed, length, text, len(text), z.Z_BEST_COMPRESSION) == z.Z_OK
plain, back = bytearray(len(text)), kaa.new("uLongf *", len(text), library=z)
assert z.uncompress(plain, back, packed, length[0]) == z.Z_OK
assert plain == text and length[0] < len(text) // 10

# deflateInit() is a macro: it passes the version and the size of the stream.
stream = z.z_stream()
assert z.deflateInit(stream, z.Z_DEFAULT_COMPRESSION) == z.Z_OK
assert z.deflateEnd(stream) == z.Z_OK
print(f"zlib {z.ZLIB_VERSION}: {len(text)} bytes in {length[0]}")
