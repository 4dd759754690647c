"""Event files, as TensorBoard reads them: figures by step.

A file is a row of records: the length as 8 bytes (little endian), its checksum, the bytes, their
checksum; a checksum is CRC-32C, masked (TensorFlow, `tsl/lib/io/record_writer.h`). The bytes are an
`Event` of protocol buffers (`tensorboard/compat/proto/event.proto`), of which scalars need four
fields:

    Event    1 wall_time: double   2 step: int64   3 file_version: string   5 summary: Summary
    Summary  1 value: Value, repeated
    Value    1 tag: string   2 simple_value: float

So the package `tensorboard`, with its server, is needed to look at such a file, not to write it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

__all__ = ["beginning", "scalars"]

POLYNOMIAL = 0x82F63B78  # of Castagnoli, its bits reversed
VERSION = "brain.Event:2"
MASK = 0xA282EAD8


def remainder(byte: int) -> int:
    """The checksum's remainder of one byte."""
    for _ in range(8):
        byte = byte >> 1 ^ (POLYNOMIAL if byte & 1 else 0)
    return byte


TABLE = tuple(map(remainder, range(256)))


def checksum(data: bytes) -> int:
    """CRC-32C (RFC 3720, appendix B.4)."""
    rest = 0xFFFFFFFF
    for byte in data:
        rest = TABLE[(rest ^ byte) & 0xFF] ^ rest >> 8
    return rest ^ 0xFFFFFFFF


def masked(data: bytes) -> bytes:
    """A checksum as a record has it: turned and shifted, for checksums of checksums are weak."""
    crc = checksum(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF)


def record(data: bytes) -> bytes:
    """Bytes as a record of the file."""
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def varint(number: int) -> bytes:
    """A whole number of at least 0, seven bits a byte, the lowest first."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def nested(field: int, data: bytes) -> bytes:
    """A field that is a text or a message."""
    return varint(field << 3 | 2) + varint(len(data)) + data


def event(seconds: float, rest: bytes) -> bytes:
    """A record of an event with its time."""
    return record(struct.pack("<Bd", 1 << 3 | 1, seconds) + rest)


def beginning(seconds: float) -> bytes:
    """The first record of a file.

    Args:
        seconds: when, since 1970.
    """
    return event(seconds, nested(3, VERSION.encode()))


def scalars(seconds: float, step: int, values: Mapping[str, float]) -> bytes:
    """A record of figures at a step.

    Args:
        seconds: when, since 1970.
        step: updates done, at least 0.
        values: by name; what stands before the first slash groups them.
    """
    summary = b"".join(
        nested(1, nested(1, name.encode()) + struct.pack("<Bf", 2 << 3 | 5, value))
        for name, value in values.items()
    )
    return event(seconds, varint(2 << 3) + varint(step) + nested(5, summary))
