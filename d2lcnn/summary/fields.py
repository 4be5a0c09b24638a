"""What the entries of a tensor see of the image, carried through operations that are known to keep places."""

from functools import reduce
from itertools import chain
from math import prod
from typing import NamedTuple

from d2lcnn.shapes import ReceptiveField

from .places import ALIKE, DIFFERENT, PADDED, Lost, Places, Plain

WHOLE = "all"  # the field of an output that sees the image from its first pixel to its last on every axis


class Field(NamedTuple):
    """The parts of each axis of a tensor, slowest first, and the places that every entry sees besides."""

    layout: tuple
    gone: tuple = ()

    @property
    def shape(self):
        return tuple(prod(part.size for part in parts) for parts in self.layout)

    @property
    def everywhere(self):
        """Whether all entries see the same, or nothing at all."""
        return all(isinstance(part, Plain) and part.alike >= PADDED for part in chain(*self.layout))

    @property
    def seen(self):
        """All places that entries see, by the axes of the image."""
        return sorted(_places(chain(*self.layout)) + list(self.gone), key=lambda places: places.axis)

    @property
    def twice(self):
        """Whether entries see an axis of the image at two places, as the scores of attention do."""
        return len({places.axis for places in self.seen}) < len(self.seen)


def of_image(shape):
    """Return the field of the image itself, (N, C, ...)."""
    places = [Places(axis, n, ReceptiveField(1, 1, 0), tuple(range(n)), tuple(range(n)))
              for axis, n in enumerate(shape[2:])]
    return Field(tuple((part,) for part in (Plain(shape[0]), Plain(shape[1]), *places)))


def sizes(field):
    """Return what a table shows of a field: pixels along each axis of the image, `WHOLE`, or None if unknown."""
    if field is None or field.twice or any(max(places.last) < 0 for places in field.seen):
        return None
    if any(places.mixed for places in field.seen) and all(places.covers for places in field.seen):
        return WHOLE
    return tuple(places.window.size for places in field.seen)


def windows(field, kernel, stride, padding, dilation, shape):
    """Return the field of a layer of windows over the last axes, channel by channel, whose output has `shape`."""
    n = len(kernel)
    axes = [_through(parts, *setting) for parts, *setting in
            zip(field.layout[-n:], kernel, stride, padding, dilation, shape[-n:], strict=True)]
    return field._replace(layout=field.layout[:-n] + tuple(axes))


def convolved(field, kernel, stride, padding, dilation, shape, groups=1):
    """Return the field of a convolution whose output has `shape`."""
    if groups == 1:
        field = mixed(field, [1])
    elif _places(field.layout[1]):
        raise Lost
    channels = Plain(shape[1], _alike(field.layout[1]))
    field = field._replace(layout=(field.layout[0], (channels,), *field.layout[2:]))
    return windows(field, kernel, stride, padding, dilation, shape)


def mixed(field, axes):
    """Return the field after a mean, a softmax or a norm along some axes, which keep their size."""
    axes = {axis % len(field.layout) for axis in axes}
    gone = [places.mixing() for axis in axes for places in _places(field.layout[axis])]
    layout = tuple((Plain(n),) if axis in axes else parts
                   for axis, (parts, n) in enumerate(zip(field.layout, field.shape, strict=True)))
    return _settled(layout, [*field.gone, *gone])


def cut(field, axis, start, step, count):
    """Return the field of `count` entries along an axis, from `start` on with a step."""
    (part, *rest), layout = field.layout[axis], list(field.layout)
    if not rest and isinstance(part, Places):
        layout[axis] = (part.sliced(start, step, count),)
    elif _alike(field.layout[axis]) == ALIKE:
        layout[axis] = (Plain(count),)
    else:
        raise Lost
    return field._replace(layout=tuple(layout))


def dropped(field, axis):
    """Return the field without an axis of size 1."""
    gone = [places.mixing() for places in _places(field.layout[axis])]
    return _settled(tuple(parts for n, parts in enumerate(field.layout) if n != axis), [*field.gone, *gone])


def inserted(field, axis):
    """Return the field with one more axis, of size 1."""
    return field._replace(layout=(*field.layout[:axis], (Plain(1),), *field.layout[axis:]))


def padded(field, axis, before, after, read=None):
    """Return the field with padding along an axis; `read` names the places that it repeats, where it does."""
    (part, *rest), layout = field.layout[axis], list(field.layout)
    if rest:
        raise Lost
    if isinstance(part, Plain):
        layout[axis] = (Plain(part.size + before + after, min(part.alike, PADDED)),)
    else:
        taps = range(-before, part.size + after) if read is None else read
        layout[axis] = (part.read(ReceptiveField(1, 1, -before), [[tap] for tap in taps]),)
    return field._replace(layout=tuple(layout))


def viewed(field, shape):
    """Return the field of the same entries in another shape; places stay together, plain parts may be divided."""
    left, layout = [part for part in chain(*field.layout) if part != Plain(1)], []
    for n in shape:
        parts, need = [], n
        while left and (need > 1 or (not parts and left[0].size == 1)):
            part = left.pop(0)
            if need % part.size:
                if isinstance(part, Places) or part.size % need:
                    raise Lost
                left.insert(0, part._replace(size=part.size // need))
                part = part._replace(size=need)
            parts.append(part)
            need //= part.size
        layout.append(tuple(parts) or (Plain(1),))
    if layout:
        layout[-1] = (*layout[-1], *left)
    return field._replace(layout=tuple(layout))


def spread(field, shape):
    """Return the field of a tensor that is repeated, by the rules of broadcasting, to a shape."""
    missing, gone, layout = len(shape) - len(field.layout), list(field.gone), []
    for parts, n, size in zip(field.layout, field.shape, shape[missing:], strict=True):
        if n != size:  # 1: all entries of the result see this one
            gone += [places.mixing() for places in _places(parts)]
            parts = (Plain(size),)
        layout.append(parts)
    return _settled((*((Plain(n),) for n in shape[:missing]), *layout), gone)


def merged(fields, shape):
    """Return the field of an operation entry by entry on several tensors; its result has `shape`."""
    fields = [spread(field, shape) for field in fields]
    if not fields:
        raise Lost
    if len(fields) == 1:
        return fields[0]
    axes = (reduce(_merged_parts, axis) for axis in zip(*(field.layout for field in fields), strict=True))
    return _settled(tuple(axes), chain(*(field.gone for field in fields)))


def joined(fields, axis, shape, constants):
    """Return the field of a concatenation along an axis that holds no places."""
    if any(_places(field.layout[axis]) for field in fields):
        raise Lost
    rest = [field._replace(layout=(*field.layout[:axis], (Plain(1),), *field.layout[axis + 1 :])) for field in fields]
    both = merged(rest, (*shape[:axis], 1, *shape[axis + 1 :]))
    alike = min(_alike(field.layout[axis]) for field in fields)
    if constants or any(field != rest[0] for field in rest):
        alike = DIFFERENT
    return both._replace(layout=(*both.layout[:axis], (Plain(shape[axis], alike),), *both.layout[axis + 1 :]))


def product(a, b, shape):
    """Return the field of a (batched) matrix product; None stands for a matrix that is the same for all images."""
    gone = []
    for field, axis in ((a, -1), (b, -2)):
        if field is not None:
            gone += [*field.gone, *(places.mixing() for places in _places(field.layout[axis]))]
    batch = merged([field._replace(layout=field.layout[:-2]) for field in (a, b) if field is not None], shape[:-2])
    rows = (Plain(shape[-2]),) if a is None else a.layout[-2]
    columns = (Plain(shape[-1]),) if b is None else b.layout[-1]
    return _settled((*batch.layout, rows, columns), [*gone, *batch.gone])


def _places(parts):
    return [part for part in parts if isinstance(part, Places)]


def _alike(parts):
    return DIFFERENT if _places(parts) else min(part.alike for part in parts)


def _through(parts, k, s, p, d, count):
    """Return the parts of one axis behind a window."""
    part, *rest = parts
    if rest or (isinstance(part, Plain) and k > 1 and part.alike == DIFFERENT):
        raise Lost
    if isinstance(part, Plain):  # a window in the padding sees nothing
        return (Plain(count, min(part.alike, PADDED) if p else part.alike),)
    return (part.through(k, s, p, d, count),)


def _merged_parts(one, two):
    """Return what entries see that see what one axis sees and what the other does."""
    if one == two:
        return one
    if all(isinstance(part, Plain) for part in (*one, *two)):
        return (Plain(prod(part.size for part in one), min(_alike(one), _alike(two))),)
    if len(one) == len(two) == 1:
        (one,), (two,) = one, two
        if isinstance(one, Plain) or isinstance(two, Plain):
            if {one, two} & {Plain(one.size)}:  # all its entries see the same
                return (one if isinstance(one, Places) else two,)
        elif one.axis == two.axis:
            return (one.union(two),)
    raise Lost


def _settled(layout, gone):
    """Return a field in which each axis of the image is gone once, and nowhere else if that sees all of it."""
    by_axis = {}
    for places in gone:
        by_axis[places.axis] = by_axis[places.axis].union(places) if places.axis in by_axis else places
    full = {axis for axis, places in by_axis.items() if places.covers}
    layout = tuple(tuple(Plain(part.size) if isinstance(part, Places) and part.axis in full else part
                         for part in parts) for parts in layout)
    return Field(layout, tuple(by_axis.values()))
