"""OpenSSL: SHA-256 by the EVP interface."""
import ctypes
import hashlib

import kaa

o = kaa.load("libcrypto.so.3", header="openssl/evp.h")

context = o.EVP_MD_CTX_new()
assert o.EVP_DigestInit_ex(context, o.EVP_sha256(), None) == 1
assert o.EVP_DigestUpdate(context, b"kaa", 3) == 1
digest, length = bytearray(o.EVP_MAX_MD_SIZE), ctypes.c_uint()
assert o.EVP_DigestFinal_ex(context, digest, length) == 1
o.EVP_MD_CTX_free(context)
assert digest[: length.value] == hashlib.sha256(b"kaa").digest()
print(f"{o.OPENSSL_VERSION_TEXT}: {digest[:4].hex()}...")
