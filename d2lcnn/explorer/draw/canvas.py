"""What a still is drawn with: boxes, lines, dots and texts, their styles, and how they are written as SVG."""

import colorsys
import textwrap
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from d2lcnn.palette import PALETTE

CELL, SMALL, GAP, MARGIN, LINE = 36, 24, 30, 12, 19
INK, GREY, LINES = PALETTE["ink"], "#666666", PALETTE["padding"]
HUES = 49  # a kernel has at most 7 times 7 weights


def _pastel(n: int) -> str:
    """Return the colour of weight number n among HUES, thinned with white as the interactive figure does it."""
    parts = colorsys.hls_to_rgb(n / HUES, 0.5, 0.75)
    return "#" + "".join(f"{round(255 * (0.36 * part + 0.64)):02x}" for part in parts)


# style -> (stroke, stroke width, dash, fill); the fills are the palette's colours thinned with white
_INPUT, _KERNEL, _OUTPUT, _LIT = (PALETTE[name] for name in ("input", "kernel", "output", "highlight"))
STYLES = {
    "in": (_INPUT, 1.2, "", "#d6e7f2"),
    "w": (_KERNEL, 1.2, "", "#fbefd6"),
    "out": (_OUTPUT, 1.2, "", "#d6f0e8"),
    "pad": (LINES, 1.2, "3 3", "#f5f5f5"),
    **{f"weight{n}": ("#ffffff", 1.2, "", _pastel(n)) for n in range(HUES)},
    "lit": (_LIT, 3.2, "", "#f9e1d3"),
    **{f"lit-weight{n}": (_LIT, 2.4, "", _pastel(n)) for n in range(HUES)},
    "lit-pad": (_LIT, 3.2, "5 3", "#f9e1d3"),
    "tie": (_LIT, 4.5, "2 3", "#f9e1d3"),
    "main": (_LIT, 4.5, "", "#edbb96"),
}


@dataclass
class Picture:
    """What is drawn, in pixels from the upper left corner."""

    width: float = 0
    height: float = 0
    boxes: list = field(default_factory=list)  # (style, x, y, side)
    lines: list = field(default_factory=list)  # (x1, y1, x2, y2)
    dots: list = field(default_factory=list)  # (x, y)
    texts: list = field(default_factory=list)  # (x, y, text, size, anchor "start" | "middle", colour, bold)


def captions(found: Picture, lines: list[str]) -> None:
    """Write lines below what is drawn so far, wrapped to its width."""
    y = found.height + 20
    for line in lines:
        for part in textwrap.wrap(line, width=max(20, int((found.width - 2 * MARGIN) / 7.6)), break_long_words=False):
            found.texts.append((MARGIN, y, part, 13, "start", INK, False))
            y += LINE
    found.height = y - LINE // 2 + MARGIN


def write(p: Picture, label: str) -> str:
    """Write a picture as SVG, named for readers who cannot see it."""
    size = f'width="{p.width:g}" height="{p.height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {p.width:g} {p.height:g}" role="img" '
        f'aria-label="{escape(label)}" font-family="DejaVu Sans,Verdana,sans-serif">',
        f'<rect {size} rx="8" fill="#fff"/>',
    ]
    for style, (stroke, width, dash, fill) in STYLES.items():  # later styles lie above earlier ones
        d = "".join(f"M{a:g} {b:g}h{side:g}v{side:g}h-{side:g}z" for kind, a, b, side in p.boxes if kind == style)
        if d:
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            parts.append(f'<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"{dashes}/>')
    if p.lines:
        strokes = "".join(f"M{a:g} {b:g}L{c:g} {d:g}" for a, b, c, d in p.lines)
        parts.append(f'<path d="{strokes}" stroke="#999" fill="none"/>')
    parts += [f'<circle cx="{a:g}" cy="{b:g}" r="3" fill="#999"/>' for a, b in p.dots]
    for a, b, words, points, anchor, colour, bold in p.texts:
        extra = (' text-anchor="middle"' if anchor == "middle" else "") + (' font-weight="bold"' if bold else "")
        place = f'x="{a:g}" y="{b + points * 0.36:g}" font-size="{points}" fill="{colour}"{extra}'
        parts.append(f"<text {place}>{escape(words)}</text>")
    return "".join(parts) + "</svg>"
