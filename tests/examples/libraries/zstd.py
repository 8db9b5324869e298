"""zstd: there and back, with the error macro's function."""
import kaa

z = kaa.load("libzstd.so.1", header="zstd.h")

text = b"headers " * 1000
packed = bytearray(z.ZSTD_compressBound(len(text)))
size = z.ZSTD_compress(packed, len(packed), text, len(text), z.ZSTD_CLEVEL_DEFAULT)
assert not z.ZSTD_isError(size)
plain = bytearray(len(text))
assert z.ZSTD_decompress(plain, len(plain), packed, size) == len(text) and plain == text
print(f"zstd {z.ZSTD_VERSION_STRING}: {len(text)} bytes in {size}")
