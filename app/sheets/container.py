"""The zip that a workbook is: nothing in it is believed, every byte is counted while it is unpacked.

What the directory says must be what lies there (name, place, length, checksum), no two members may share bytes,
and what comes out is bounded in sum and in ratio. Only then does another library see the file.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from isal import isal_zlib

from app.sheets.formats import refused
from app.sheets.rows import Limits, SheetRefused

PIECE = 16 * 1024  # unpacks to 16 MiB at most
ANY_RATIO = 16 * 1024 * 1024
SMALL = 8 * 1024 * 1024  # of the members that are read whole
_LOCAL_HEADER = 30
_STORED, _DEFLATED = 0, 8
_DIRECTORY_ENTRY = b"PK\x01\x02"


def bomb() -> SheetRefused:
    return SheetRefused(
        "bomb", "The workbook unpacks to far more than a list holds. Copy the list into a new workbook and upload that."
    )


@dataclass(frozen=True)
class Member:
    name: str
    method: int
    start: int
    packed: int
    size: int
    crc: int


def _name(info: zipfile.ZipInfo) -> str:
    """Some programs on Windows write the other slash."""
    return info.filename.replace("\\", "/")


class Container:
    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._unpacked = 0
        self.members = {member.name: member for member in self._read_directory()}

    def _read_directory(self) -> Iterator[Member]:
        infos = self._infos()
        spans: list[tuple[int, int]] = []
        for info in infos:
            if info.flag_bits & 1:
                raise refused("password")
            member = self._member(info)
            spans.append((info.header_offset, member.start + member.packed))
            yield member
        spans.sort()
        if any(end > start for (_, end), (start, _) in pairwise(spans)):
            raise refused("damaged")

    def _infos(self) -> list[zipfile.ZipInfo]:
        self._file.seek(0)
        if self._file.read().count(_DIRECTORY_ENTRY) > self._limits.members:
            raise bomb()
        try:
            with zipfile.ZipFile(self._file) as directory:
                infos = directory.infolist()
        except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError) as error:
            raise refused("damaged") from error
        if len({_name(info).casefold() for info in infos}) < len(infos):
            raise refused("damaged")  # one that is looked at, and another that is read
        return infos

    def _member(self, info: zipfile.ZipInfo) -> Member:
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise refused("damaged")
        name_length = int.from_bytes(header[26:28], "little")
        name = self._file.read(name_length)
        if name != info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437"):
            raise refused("damaged")
        if info.compress_type not in (_STORED, _DEFLATED):
            raise refused("damaged")
        start = info.header_offset + _LOCAL_HEADER + name_length + int.from_bytes(header[28:30], "little")
        return Member(_name(info), info.compress_type, start, info.compress_size, info.file_size, info.CRC)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The member unpacked, a piece at a time; refused as soon as it is not what the directory said."""
        member = self.members[name]
        crc = size = 0
        for piece in self._unpack(member):
            size += len(piece)
            self._count(member, len(piece), size)
            crc = isal_zlib.crc32(piece, crc)
            yield piece
        if size != member.size or crc != member.crc:
            raise refused("damaged")

    def _unpack(self, member: Member) -> Iterator[bytes]:
        self._file.seek(member.start)
        inflate = isal_zlib.decompressobj(-15) if member.method == _DEFLATED else None
        left = member.packed
        while left:
            packed = self._file.read(min(PIECE, left))
            if not packed:
                raise refused("damaged")
            left -= len(packed)
            try:
                yield inflate.decompress(packed) if inflate else packed
            except isal_zlib.error as error:  # type: ignore[misc]  # in its stub this is an instance
                raise refused("damaged") from error
        if inflate and not inflate.eof:
            raise refused("damaged")

    def _count(self, member: Member, piece: int, size: int) -> None:
        self._unpacked += piece
        if self._unpacked > self._limits.unpacked_bytes or size > member.size:
            raise bomb()
        if size > ANY_RATIO and size > member.packed * self._limits.ratio:
            raise bomb()

    def read(self, name: str) -> bytes:
        """A small member, whole."""
        content = bytearray()
        for piece in self.pieces(name):
            content += piece
            if len(content) > SMALL:
                raise bomb()
        return bytes(content)
