"""Parts of a tensor's axis: places along an axis of the image with the pixels that each sees, or no places."""

from typing import NamedTuple

from d2lcnn.shapes import ReceptiveField, Window, receptive_field

NEVER = (1 << 60, -1)  # first and last pixel of a place that reads none
DIFFERENT, PADDED, ALIKE = 0, 1, 2  # how the entries along a plain part see: not alike; alike or nothing at all; alike


class Lost(Exception):
    """No window describes what the entries see."""


class Plain(NamedTuple):
    """A part of a tensor's axis that holds no places: images, channels, or places that all see the same."""

    size: int
    alike: int = ALIKE


class Places(NamedTuple):
    """A part of a tensor's axis whose entries are places along one axis of the image.

    Attributes
    ----------
    axis, pixels : int
        Which axis of the image, and its length.
    window : ReceptiveField
        What the places see far from the borders.
    first, last : tuple of int
        The first and the last pixel that each place really reads: nothing is read in padding, whatever layer pads.
    mixed : bool
        One place that was made of several, by a dense layer or a mean.
    """

    axis: int
    pixels: int
    window: ReceptiveField
    first: tuple
    last: tuple
    mixed: bool = False

    @property
    def size(self):
        return len(self.first)

    @property
    def covers(self):
        """Whether every place sees the first pixel of the axis and the last."""
        return max(self.first) <= 0 and min(self.last) >= self.pixels - 1

    def read(self, upper, taps):
        """Return the places of a layer above: its field on these places, and which of them each of its places reads."""
        lower = self.window
        window = ReceptiveField(lower.size + lower.jump * (upper.size - 1), lower.jump * upper.jump,
                                lower.start + lower.jump * upper.start)
        inside = [[t for t in row if 0 <= t < self.size] for row in taps]
        first = tuple(min((self.first[t] for t in row), default=NEVER[0]) for row in inside)
        last = tuple(max((self.last[t] for t in row), default=NEVER[1]) for row in inside)
        return self._replace(window=window, first=first, last=last)

    def through(self, k, s, p, d, count):
        """Return the places of a layer of `count` windows."""
        taps = [[j * s - p + a * d for a in range(k)] for j in range(count)]
        return self.read(receptive_field([Window(k, s, p, d)]), taps)

    def sliced(self, start, step, count):
        """Return every `step`-th place; what lies outside is padding."""
        return self.read(ReceptiveField(1, step, start), [[start + j * step] for j in range(count)])

    def mixing(self):
        """Return the one place that all are mixed into; a single place stays what it is."""
        if self.size == 1:
            return self.sliced(0, 0, 1)
        first, last = min(self.first), max(self.last)
        window = ReceptiveField(last - first + 1, 0, first)
        return self._replace(window=window, first=(first,), last=(last,), mixed=True)

    def union(self, other):
        """Return places that see what both see."""
        one, two = self.window, other.window
        if self.size != other.size or one.jump != two.jump:
            raise Lost
        start = min(one.start, two.start)
        end = max(one.start + one.size, two.start + two.size)
        return self._replace(
            window=ReceptiveField(end - start, one.jump, start), first=tuple(map(min, self.first, other.first)),
            last=tuple(map(max, self.last, other.last)), mixed=self.mixed or other.mixed,
        )  # fmt: skip
