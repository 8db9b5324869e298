"""libjpeg: its error manager, and what an object weighs (a macro calls for it)."""
import kaa

j = kaa.load("libjpeg.so.62", header=["stdio.h", "jpeglib.h"])

errors = j.jpeg_error_mgr()
compress = j.jpeg_compress_struct()
compress.err = j.jpeg_std_error(errors)
j.jpeg_create_compress(compress)     # a macro: passes version and size
compress.image_width, compress.image_height = 16, 16
compress.input_components, compress.in_color_space = 3, j.JCS_RGB
j.jpeg_set_defaults(compress)
j.jpeg_set_quality(compress, 90, 1)
assert compress.num_components == 3 and compress.data_precision == j.BITS_IN_JSAMPLE
j.jpeg_destroy_compress(compress)
print("libjpeg", j.JPEG_LIB_VERSION)
