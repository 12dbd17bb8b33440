"""A mail as Outlook saves it (.msg): an OLE compound file with one storage for each attachment."""

import struct
from collections.abc import Sequence
from itertools import pairwise

SECTOR, SMALL = 512, 64
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write_outlook_mail(*attached: tuple[str, bytes]) -> bytes:
    """Return a mail with files attached."""
    # Each entry: name, kind (5 root, 1 storage, 2 stream), content, numbers of the entries inside.
    entries: list[tuple[str, int, bytes, list[int]]] = [("Root Entry", 5, b"", [])]

    def add(parent: int, name: str, kind: int, content: bytes = b"") -> int:
        entries.append((name, kind, content, []))
        entries[parent][3].append(len(entries) - 1)
        return len(entries) - 1

    add(0, "__properties_version1.0", 2, bytes(32))
    add(0, "__substg1.0_001A001F", 2, "IPM.Note".encode("utf-16-le"))
    add(0, "__substg1.0_0037001F", 2, "調査票".encode("utf-16-le"))
    for number, (name, content) in enumerate(attached):
        storage = add(0, f"__attach_version1.0_#{number:08X}", 1)
        add(storage, "__properties_version1.0", 2, bytes(8))
        add(storage, "__substg1.0_37010102", 2, content)
        add(storage, "__substg1.0_3707001F", 2, name.encode("utf-16-le"))
    return _pack(entries)


def _pack(entries: Sequence[tuple[str, int, bytes, list[int]]]) -> bytes:
    small, small_fat = b"", list[int]()
    large, fat = b"", [FAT]
    starts = []
    for _, _, content, _ in entries:
        if len(content) >= 4096:
            starts.append(len(fat))
            large += _fill(content, SECTOR)
            _chain(fat, content, SECTOR)
        else:
            starts.append(len(small_fat) if content else END)
            small += _fill(content, SMALL)
            _chain(small_fat, content, SMALL)
    parts = [large]
    table = struct.pack(f"<{len(small_fat)}I", *small_fat)
    for content in (small, table):
        starts.append(len(fat))
        _chain(fat, content, SECTOR)
        # The table of small sectors ends with free ones.
        parts.append(content + b"\xff" * (-len(content) % SECTOR))
    *_, small_start, table_start = starts
    directory = b""
    siblings = {a: b for _, _, _, inside in entries for a, b in pairwise(inside)}
    for number, (name, kind, content, inside) in enumerate(entries):
        start, size = (small_start, len(small)) if kind == 5 else (starts[number], len(content))
        coded = name.encode("utf-16-le") + b"\0\0"
        directory += struct.pack(
            "<64sHBBIII",
            coded,
            len(coded),
            kind,
            1,
            FREE,
            siblings.get(number, FREE),
            inside[0] if inside else FREE,
        )
        directory += bytes(36) + struct.pack("<IQ", 0 if kind == 1 else start, size)
    directory_start = len(fat)
    parts.append(_fill(directory, SECTOR))
    _chain(fat, directory, SECTOR)
    assert len(fat) <= SECTOR // 4
    header = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, directory_start, 0, 4096, table_start, 1, END, 0, 0)
    return (
        header
        + b"\xff" * 432
        + struct.pack("<128I", *fat, *[FREE] * (128 - len(fat)))
        + b"".join(parts)
    )


def _fill(content: bytes, size: int) -> bytes:
    return content + bytes(-len(content) % size)


def _chain(table: list[int], content: bytes, size: int) -> None:
    count = -(-len(content) // size)
    table += [len(table) + k + 1 for k in range(count - 1)] + [END] * bool(count)
