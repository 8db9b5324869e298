"""Packs a wheel again, as small as deflate goes.

    squeeze.py WHEEL

The files, their order, times and modes stay; what unpacks a wheel sees no
difference. The search for the shortest deflate stream is the package `zopfli`'s.
"""

from __future__ import annotations

import os
import struct
import sys
import zipfile
import zlib
from typing import List, Tuple

import zopfli.zlib

# APPNOTE.TXT 4.3.7 (local file header), 4.3.12 (central directory), 4.3.16 (its end).
LOCAL, CENTRAL, END = "<4s5H3I2H", "<4s6H3I5H2I", "<4s4H2IH"
VERSION = 20  # deflate
UTF_8 = 0x800


def deflated(raw: bytes) -> Tuple[int, bytes]:
    """The method, and the shortest data."""
    made = zopfli.zlib.compress(raw, numiterations=5)[2:-4]  # no zlib head and sum
    if zlib.decompress(made, -15) != raw:
        raise SystemExit("zopfli gives other bytes back")
    if len(made) >= len(raw):
        return zipfile.ZIP_STORED, raw
    return zipfile.ZIP_DEFLATED, made


def packed(archive: zipfile.ZipFile) -> bytes:
    """A zip file with all files of an archive; none is as large as 4 GiB."""
    out, directory = bytearray(), bytearray()
    infos: List[zipfile.ZipInfo] = [one for one in archive.infolist() if not one.is_dir()]
    for info in infos:
        raw = archive.read(info)
        method, data = deflated(raw)
        name = info.filename.encode("utf-8")
        year, month, day, hour, minute, second = info.date_time
        time = hour << 11 | minute << 5 | second // 2
        date = (year - 1980) << 9 | month << 5 | day
        common = (UTF_8, method, time, date, zlib.crc32(raw), len(data), len(raw), len(name), 0)
        directory += struct.pack(
            CENTRAL, b"PK\1\2", 3 << 8 | VERSION, VERSION, *common, 0, 0, 0,
            info.external_attr, len(out),
        ) + name
        out += struct.pack(LOCAL, b"PK\3\4", VERSION, *common) + name + data
    end = struct.pack(
        END, b"PK\5\6", 0, 0, len(infos), len(infos), len(directory), len(out), 0
    )
    return bytes(out + directory + end)


def main() -> None:
    path = sys.argv[1]
    with zipfile.ZipFile(path) as archive:
        made = packed(archive)
        before = {one.filename: one.CRC for one in archive.infolist() if not one.is_dir()}
    new = path + ".new"
    with open(new, "wb") as file:
        file.write(made)
    with zipfile.ZipFile(new) as archive:
        if archive.testzip() or {one.filename: one.CRC for one in archive.infolist()} != before:
            raise SystemExit(f"{new} holds other files than {path}")
    os.replace(new, path)


if __name__ == "__main__":
    main()
