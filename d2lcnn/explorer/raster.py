"""PNG and GIF of the pictures of `stills`; Matplotlib and Pillow are imported when they are needed."""

import io
from collections.abc import Iterable

import numpy as np

from d2lcnn.explorer.boards import steps
from d2lcnn.explorer.canvas import STYLES, Picture
from d2lcnn.explorer.core import Setting
from d2lcnn.explorer.stills import picture
from d2lcnn.explorer.words import problem


def _figure(p: Picture, scale: float):
    """Draw a picture with Matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    # layout="none": the book's style turns a layout engine on, which warns of axes placed by hand
    figure = Figure(figsize=(p.width / 72, p.height / 72), dpi=72 * scale, facecolor="white", layout="none")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, p.width), ylim=(p.height, 0))
    axes.axis("off")
    for level, (style, (stroke, width, dash, fill)) in enumerate(STYLES.items()):
        line = (0, tuple(float(v) / width for v in dash.split())) if dash else "-"
        for kind, a, b, side in p.boxes:
            if kind == style:
                axes.add_patch(
                    Rectangle(
                        (a, b),
                        side,
                        side,
                        facecolor=fill,
                        edgecolor=stroke,
                        linewidth=width,
                        linestyle=line,
                        zorder=1 + level / len(STYLES),
                    )
                )
    for a, b, c, d in p.lines:
        axes.plot((a, c), (b, d), linestyle="-", marker="", color="#999999", linewidth=1, zorder=2)
    if p.dots:
        axes.plot(*np.transpose(p.dots), "o", color="#999999", markersize=6, zorder=2)
    for a, b, words, size, anchor, colour, bold in p.texts:
        axes.text(
            a,
            b,
            words,
            fontsize=size,
            ha="left" if anchor == "start" else "center",
            va="center_baseline",
            color=colour,
            fontweight="bold" if bold else "normal",
            family="DejaVu Sans",
            zorder=3,
        )
    return figure


def png(setting: Setting, position: int = 0, *, x=None, w=None, count: bool = False, scale: float = 2.0) -> bytes:
    """Draw one step as PNG, `scale` pixels a unit; arguments and errors of `picture`. Needs Matplotlib."""
    return draw(picture(setting, position, x=x, w=w, count=count), scale)


def draw(p: Picture, scale: float = 2.0) -> bytes:
    """Draw a picture as PNG, `scale` pixels a unit. Needs Matplotlib."""
    buffer = io.BytesIO()
    _figure(p, scale).savefig(buffer, format="png")
    return buffer.getvalue()


def gif(
    setting: Setting,
    *,
    x=None,
    w=None,
    count: bool = False,
    scale: float = 1.0,
    seconds: float = 1.0,
    loop: bool = True,
) -> bytes:
    """Draw all steps as an animated GIF, `seconds` a step; otherwise as `png`. Needs Matplotlib and Pillow."""
    if bad := problem(setting):
        raise ValueError(bad)
    _, size = steps(setting)
    pictures = (picture(setting, n, x=x, w=w, count=count) for n in range(size[0] * size[1]))
    return film(pictures, scale=scale, seconds=seconds, loop=loop)


def film(pictures: Iterable[Picture], *, scale: float = 1.0, seconds: float = 1.0, loop: bool = True) -> bytes:
    """Draw pictures as an animated GIF, `seconds` each. Needs Matplotlib and Pillow."""
    from PIL import Image

    if seconds <= 0:
        raise ValueError(f"seconds must be positive, got {seconds}")
    stills = (draw(p, scale) for p in pictures)
    frames = [Image.open(io.BytesIO(still)).convert("RGB") for still in stills]
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
