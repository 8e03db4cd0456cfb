import base64
import io

import matplotlib.image
import numpy as np
import pytest

from mvn_dask.display.pixels import NEGATIVE, POSITIVE, UNKNOWN, data_url, diverging, png


def test_another_reader_sees_the_same_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 4)).astype(np.uint8)
    read = matplotlib.image.imread(io.BytesIO(png(pixels)), format="png")
    assert (np.rint(255 * read).astype(int) == pixels).all()
    head, text = data_url(png(pixels)).split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(text) == png(pixels)


def test_colours() -> None:
    pixels = diverging(np.array([[-9.0, -2.5, 0.0], [2.5, np.inf, np.nan]]), 5.0)
    assert pixels[0, 0].tolist() == [*NEGATIVE, 255]
    assert pixels[0, 1].tolist() == [*NEGATIVE, 128]
    assert pixels[0, 2, 3] == 0
    assert pixels[1, 0].tolist() == [*POSITIVE, 128]
    assert pixels[1, 1].tolist() == [*POSITIVE, 255]
    assert pixels[1, 2].tolist() == [*UNKNOWN, 70]


@pytest.mark.parametrize("background", [0, 255])
def test_full_colours_stand_out_from_any_background(background: int) -> None:
    """At least 3 to 1, which WCAG 2 asks of graphics."""
    for colour in (NEGATIVE, POSITIVE):
        one, other = sorted(luminance(each) for each in (colour, (background,) * 3))
        assert (other + 0.05) / (one + 0.05) > 3


def luminance(colour: tuple[int, ...]) -> float:
    channels = [each / 255 for each in colour]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
