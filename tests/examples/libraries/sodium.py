"""libsodium: a message sealed and opened."""
import kaa

s = kaa.load("libsodium.so.23", header="sodium.h")

assert s.sodium_init() >= 0
key, nonce = bytearray(s.crypto_secretbox_KEYBYTES), bytearray(s.crypto_secretbox_NONCEBYTES)
s.randombytes_buf(key, len(key))
s.randombytes_buf(nonce, len(nonce))
message = b"trust in me"
sealed = bytearray(len(message) + s.crypto_secretbox_MACBYTES)
assert s.crypto_secretbox_easy(sealed, message, len(message), nonce, key) == 0
opened = bytearray(len(message))
assert s.crypto_secretbox_open_easy(opened, sealed, len(sealed), nonce, key) == 0
assert opened == message
sealed[0] ^= 1
assert s.crypto_secretbox_open_easy(opened, sealed, len(sealed), nonce, key) == -1
print("libsodium", s.SODIUM_VERSION_STRING)
