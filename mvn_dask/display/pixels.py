"""Pictures of one pixel a cell, as PNG files (2nd ed., ISO/IEC 15948:2003), which are smaller than as many rectangles.

Input: an array of numbers. Output: a file, or its URL. Cost: a few ns a cell.
"""

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

NEGATIVE, POSITIVE, UNKNOWN = (42, 111, 187), (201, 84, 28), (128, 128, 128)
"""Blue and orange, which no colour-blindness mixes up, and grey. They contrast with white and with black."""

Pixels = npt.NDArray[np.uint8]


def diverging(values: npt.NDArray[np.float64], limit: float) -> Pixels:
    """Cells of two colours that are transparent at 0, so that they fit any background; NaN is grey.

    From `limit` on, to either side, the colour is full. The shape of pixels is (m, n, 4): red, green, blue, opacity.
    """
    pixels = np.empty((*values.shape, 4), np.uint8)
    known = np.nan_to_num(values, nan=0.0, posinf=limit, neginf=-limit)
    pixels[..., :3] = np.where(known[..., None] < 0, np.array(NEGATIVE), np.array(POSITIVE))
    pixels[..., 3] = np.rint(255 * np.minimum(np.abs(known) / limit, 1.0))
    pixels[np.isnan(values)] = (*UNKNOWN, 70)
    return pixels


def png(pixels: Pixels) -> bytes:
    """The file of a picture of shape (m, n, 4)."""
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 4 * width), np.uint8)  # each begins with the number of its filter, 0 for none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def data_url(file: bytes) -> str:
    """The file as a URL."""
    return f"data:image/png;base64,{base64.b64encode(file).decode()}"
