"""libpng: the simplified interface writes an image to memory."""
import ctypes

import kaa

p = kaa.load("libpng16.so.16", header="png.h")

image = p.png_image()
image.version, image.width, image.height = p.PNG_IMAGE_VERSION, 4, 2
image.format = p.PNG_FORMAT_RGB
pixels = bytes(range(24))
size = ctypes.c_size_t(0)
assert p.png_image_write_to_memory(image, None, size, 0, pixels, 0, None)
memory = bytearray(size.value)
assert p.png_image_write_to_memory(image, memory, size, 0, pixels, 0, None)
assert memory[:8] == b"\x89PNG\r\n\x1a\n" and p.png_sig_cmp(memory, 0, 8) == 0
print(f"libpng {p.PNG_LIBPNG_VER_STRING}: {size.value} bytes")
