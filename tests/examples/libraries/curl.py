"""curl: a file:// URL read through a callback, options by their names."""
import ctypes
import os
import tempfile

import kaa

c = kaa.load("libcurl.so.4", header="curl/curl.h")

received = []
write = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)(
    lambda data, size, count, _: received.append(ctypes.string_at(data, size * count)) or size * count
)
with tempfile.NamedTemporaryFile() as file:
    file.write(b"through curl")
    file.flush()
    handle = c.curl_easy_init()
    assert c.curl_easy_setopt(handle, c.CURLOPT_URL, "file://" + file.name) == c.CURLE_OK
    assert c.curl_easy_setopt(handle, c.CURLOPT_WRITEFUNCTION, write) == c.CURLE_OK
    assert c.curl_easy_perform(handle) == c.CURLE_OK
    c.curl_easy_cleanup(handle)
assert b"".join(received) == b"through curl"
print(f"curl {c.LIBCURL_VERSION}: {received[0].decode()}")
