"""Limits on an upload, checked before any spreadsheet reader sees it.

A zip is walked once: every member is inflated by this module, which counts the bytes that really come
out and feeds XML parts to expat as they appear (`workbooks.xml_scan`). A file that passes cannot
surprise a reader with its size. What the walk learns on its way (formulas saved without a result,
merged ranges of a binary workbook) is kept for the readers.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from workbooks.model import Refused

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest upload that is read. Criteria sheets have 50 to 2,000 rows and stay far below."""

    file_bytes: int = 20 * MEGABYTE
    members: int = 2_000
    member_bytes: int = 100 * MEGABYTE
    unpacked_bytes: int = 200 * MEGABYTE
    ratio: int = 100
    ratio_from_bytes: int = 10 * MEGABYTE
    sheets: int = 250
    xml_depth: int = 64
    rows: int = 60_000
    columns: int = 256
    cells: int = 1_000_000
    merged_cells: int = 500_000
    text_characters: int = 60 * MEGABYTE
    memory_bytes: int = 1_000 * MEGABYTE
    cpu_seconds: int = 20
    wall_seconds: int = 25


LIMITS = Limits()
_CHUNK = 65_536


def check_size(size: int, limits: Limits = LIMITS) -> None:
    """Refuse a file over the size limit, given the bytes counted so far."""
    if size > limits.file_bytes:
        raise Refused("file_too_large", limit=f"{limits.file_bytes // MEGABYTE} MB")


def read_capped(chunks: Iterator[bytes], limits: Limits = LIMITS) -> bytes:
    """Join an upload that arrives in chunks, refusing it as soon as it passes the size limit."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        check_size(size, limits)
        parts.append(chunk)
    return b"".join(parts)


class ZipWalk:
    """One walk over the members of a zip, counting what really comes out of it."""

    def __init__(self, data: bytes, limits: Limits = LIMITS) -> None:
        self.data, self.limits = data, limits
        self.unpacked = 0
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self.members = archive.infolist()
        except (zipfile.BadZipFile, ValueError, EOFError, struct.error, OverflowError, UnicodeError) as error:
            raise Refused("damaged_file", detail=error) from error
        self._check_members()

    @property
    def names(self) -> list[str]:
        """Return the members' names in the order of the zip."""
        return [member.filename for member in self.members]

    def _check_members(self) -> None:
        names = self.names
        sheets = sum(_is_sheet(name) for name in names)
        if sheets > self.limits.sheets:
            raise Refused("too_many_sheets", found=sheets, limit=self.limits.sheets)
        if len(names) > self.limits.members:
            raise Refused("too_many_members", found=len(names), limit=self.limits.members)
        folded = [name.casefold() for name in names]
        if len(set(folded)) != len(folded):
            twice = next(name for name in names if folded.count(name.casefold()) > 1)
            raise Refused("duplicate_member", member=twice)
        for member in self.members:
            self._check_member(member)

    @staticmethod
    def _check_member(member: zipfile.ZipInfo) -> None:
        path = member.filename.replace("\\", "/")
        if path.startswith("/") or ".." in path.split("/") or ":" in path.split("/")[0]:
            raise Refused("unsafe_member", member=member.filename)
        if member.flag_bits & 0x1:
            raise Refused("password_protected")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("unknown_compression", member=member.filename)

    def chunks(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield a member's content piece by piece; refuse it when it grows past a limit.

        The sizes written in the zip are not believed: a member is read to the end of its own stream.
        """
        size = 0
        for chunk in self._inflated(member):
            size += len(chunk)
            self.unpacked += len(chunk)
            self._check_growth(member, size)
            yield chunk
        if size != member.file_size:
            raise Refused("damaged_file", detail=f"{member.filename} has another size than the zip says")

    def _check_growth(self, member: zipfile.ZipInfo, size: int) -> None:
        limits = self.limits
        if size > limits.ratio_from_bytes and size > limits.ratio * max(member.compress_size, 1):
            raise Refused("zip_bomb", member=member.filename, ratio=limits.ratio)
        if size > limits.member_bytes:
            limit = f"{limits.member_bytes // MEGABYTE} MB"
            raise Refused("member_too_large", member=member.filename, limit=limit)
        if self.unpacked > limits.unpacked_bytes:
            raise Refused("unpacked_too_large", limit=f"{limits.unpacked_bytes // MEGABYTE} MB")
        if self.unpacked > limits.ratio_from_bytes and self.unpacked > limits.ratio * len(self.data):
            raise Refused("zip_bomb", member=member.filename, ratio=limits.ratio)

    def _inflated(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        start = self._content_start(member)
        packed = memoryview(self.data)[start : start + member.compress_size]
        if len(packed) < member.compress_size:
            raise Refused("truncated_file", format="zip")
        if member.compress_type == zipfile.ZIP_STORED:
            for at in range(0, len(packed), _CHUNK):
                yield bytes(packed[at : at + _CHUNK])
            return
        yield from _inflate(packed, member.filename)

    def _content_start(self, member: zipfile.ZipInfo) -> int:
        header = self.data[member.header_offset : member.header_offset + 30]
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            raise Refused("damaged_file", detail=f"{member.filename} is not where the zip says")
        name_length, extra_length = struct.unpack_from("<HH", header, 26)
        return member.header_offset + 30 + int(name_length) + int(extra_length)


def _inflate(packed: memoryview, name: str) -> Iterator[bytes]:
    """Yield the inflated bytes of one member, never more than one chunk at a time."""
    inflater = zlib.decompressobj(-15)
    try:
        for at in range(0, len(packed), _CHUNK):
            pending: bytes | memoryview = packed[at : at + _CHUNK]
            while pending and not inflater.eof:
                yield inflater.decompress(pending, _CHUNK)
                pending = inflater.unconsumed_tail
        while not inflater.eof:
            chunk = inflater.decompress(b"", _CHUNK)
            if not chunk:
                raise Refused("damaged_file", detail=f"{name} ends too early")
            yield chunk
    except zlib.error as error:
        raise Refused("damaged_file", detail=f"{name}: {error}") from error


def _is_sheet(name: str) -> bool:
    folded = name.lower()
    return "/worksheets/" in folded and folded.endswith((".xml", ".bin"))
