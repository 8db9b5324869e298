"""libarchive: an archive written and read through callbacks in Python."""
import kaa

a = kaa.load("libarchive.so.13", """
    struct archive; struct archive_entry;
    [[kaa::free(archive_write_free)]] struct archive *archive_write_new(void);
    int archive_write_free(struct archive *);
    [[kaa::free(archive_read_free)]] struct archive *archive_read_new(void);
    int archive_read_free(struct archive *);
    [[kaa::free(archive_entry_free)]] struct archive_entry *archive_entry_new(void);
    void archive_entry_free(struct archive_entry *);
    int archive_read_next_header(struct archive *a,
                                 struct archive_entry **entry [[kaa::out]] [[kaa::borrow(a)]]);
    la_ssize_t archive_read_data(struct archive *, void *data [[kaa::length(size)]], size_t size);
    la_ssize_t archive_write_data(struct archive *, const void *data [[kaa::length(size)]], size_t size);
""", header=["archive.h", "archive_entry.h"])

# The callbacks of one archive, and what they work on, as C has them: in a struct.
c = kaa.load(None, """
    struct stream {
        la_int64_t size;
        int (*close)(struct archive *, void *user);
        long (*write)(struct archive *, void *user, const void *data, size_t size);
        long (*read)(struct archive *, void *user, const void **data);
    };
    struct archive; typedef long long la_int64_t;
""".replace("la_int64_t size", "long long size").replace("typedef long long la_int64_t;", ""))

written = bytearray()
closed = []


def write(archive, user, data, size):
    written.extend(kaa.bytes(data, size))
    stream.size += size
    return size


stream = c.stream(write=write, close=lambda archive, user: closed.append(1) or a.ARCHIVE_OK)
with a.archive_write_new() as archive:
    assert a.archive_write_set_format_pax_restricted(archive) == a.ARCHIVE_OK
    assert a.archive_write_open(archive, None, None, stream.write, stream.close) == a.ARCHIVE_OK
    for name, content in (("one.txt", b"first"), ("two.txt", b"second" * 1000)):
        with a.archive_entry_new() as entry:
            a.archive_entry_set_pathname(entry, name)
            a.archive_entry_set_size(entry, len(content))
            a.archive_entry_set_filetype(entry, a.AE_IFREG)
            a.archive_entry_set_perm(entry, 0o644)
            assert a.archive_write_header(archive, entry) == a.ARCHIVE_OK
        assert a.archive_write_data(archive, content) == len(content)
assert closed == [1] and stream.size == len(written) > 6000

pieces = [bytes(written[at : at + 4096]) for at in range(0, len(written), 4096)]


def read(archive, user, data):
    if not pieces:
        return 0
    data[0] = piece = pieces.pop(0)
    return len(piece)


found = {}
stream.read = read
with a.archive_read_new() as archive:
    a.archive_read_support_format_all(archive)
    assert a.archive_read_open(archive, None, None, stream.read, None) == a.ARCHIVE_OK
    while True:
        status, entry = a.archive_read_next_header(archive)
        if status == a.ARCHIVE_EOF:
            break
        assert status == a.ARCHIVE_OK, a.archive_error_string(archive)
        buffer = bytearray(a.archive_entry_size(entry))
        assert a.archive_read_data(archive, buffer) == len(buffer)
        found[a.archive_entry_pathname(entry)] = bytes(buffer)
assert found == {"one.txt": b"first", "two.txt": b"second" * 1000}
try:
    a.archive_entry_pathname(entry)
except ValueError as error:
    assert "was released" in str(error)
else:
    raise AssertionError("an entry was read after its archive was released")
print(f"{a.archive_version_string()}: {len(written)} bytes, {sorted(found)}")
