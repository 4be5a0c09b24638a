"""PNG and GIF of the pictures, drawn from their SVG; resvg, Pillow and Matplotlib (for its fonts) load when needed."""

import errno
import io
from collections.abc import Iterable
from pathlib import Path

from d2lcnn.explorer.draw.canvas import Picture, write
from d2lcnn.explorer.draw.stills import picture, pictures
from d2lcnn.explorer.model.links import Operation


def _fonts() -> list[str]:
    import matplotlib

    # those that Matplotlib brings along: the same on every machine, whatever is installed there
    found = [Path(matplotlib.get_data_path(), "fonts", "ttf", f"DejaVuSans{weight}.ttf") for weight in ("", "-Bold")]
    for path in found:
        if not path.is_file():  # resvg would leave out the text without a word
            raise FileNotFoundError(errno.ENOENT, "Matplotlib's font is missing", str(path))
    return [*map(str, found)]


def png(op: Operation, position: int = 0, *, x=None, w=None, count: bool = False, scale: float = 2.0) -> bytes:
    """Draw one step as PNG, `scale` pixels a unit; arguments and errors of `picture`."""
    return draw(picture(op, position, x=x, w=w, count=count), scale)


def draw(p: Picture, scale: float = 2.0) -> bytes:
    """Draw a picture as PNG, `scale` pixels a unit."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=write(p, ""), zoom=scale, background="#ffffff", skip_system_fonts=True, font_files=_fonts()
        )
    )


def gif(
    op: Operation,
    *,
    x=None,
    w=None,
    count: bool = False,
    scale: float = 1.0,
    seconds: float = 1.0,
    loop: bool = True,
) -> bytes:
    """Draw all steps as an animated GIF, `seconds` a step; otherwise as `png`."""
    return film(pictures(op, x=x, w=w, count=count), scale=scale, seconds=seconds, loop=loop)


def film(stills: Iterable[Picture], *, scale: float = 1.0, seconds: float = 1.0, loop: bool = True) -> bytes:
    """Draw pictures as an animated GIF, `seconds` each."""
    from PIL import Image

    if not 0 < seconds <= 600:  # a GIF counts hundredths of a second in 16 bits
        raise ValueError(f"seconds must be positive, and at most 600, got {seconds}")
    frames = [Image.open(io.BytesIO(draw(p, scale))).convert("RGB") for p in stills]
    width, height = max(f.width for f in frames), max(f.height for f in frames)
    canvas = []
    for frame in frames:  # captions may wrap differently: one size for all frames, one palette for all colours
        page = Image.new("RGB", (width, height), "white")
        page.paste(frame, (0, 0))
        canvas.append(page.quantize(64, dither=Image.Dither.NONE))
    buffer = io.BytesIO()
    options = {"duration": round(seconds * 1000), "disposal": 1} | ({"loop": 0} if loop else {})
    canvas[0].save(buffer, format="GIF", save_all=True, append_images=canvas[1:], **options)
    return buffer.getvalue()
