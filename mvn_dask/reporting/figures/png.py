"""Pictures of many cells as PNG files, which are smaller than as many rectangles.

Input: a matrix. Output: a file of 8-bit RGBA pixels, one a cell, and its data URL.

References
----------
Portable Network Graphics (PNG) Specification, 2nd ed., ISO/IEC 15948:2003.
"""

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

NEGATIVE, POSITIVE, UNKNOWN = (42, 111, 187), (201, 84, 28), (128, 128, 128)
"""Blue and orange, which no colour-blindness mixes up, and grey. They contrast with white and with black."""


def diverging(values: npt.NDArray[np.float64], limit: float) -> Pixels:
    """Cells of two colours that are transparent at 0, so that they fit any background; NaN is grey.

    Parameters
    ----------
    values : ndarray, shape (m, n)
        What the cells show.
    limit : float
        From which on, to either side, the colour is full.

    Returns
    -------
    ndarray, shape (m, n, 4)
        Red, green, blue and opacity, 0 to 255.
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
