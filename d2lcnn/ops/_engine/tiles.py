"""Cut the outputs of a convolution into tiles, so that what one tile needs stays in the cache."""

import math
from bisect import bisect_right
from typing import NamedTuple

# Bytes that a tile may need: the L2 cache of one core, or, where one image's columns are larger still, a part of L3.
SMALL, LARGE = 1 << 20, 1 << 22
# With so few channels out of a group, a tile's products take less time than the Python around them: it may be larger.
FEW, MORE = 16, 3

# A matrix product is worth its start from so many columns on, and from so many results on.
WIDE, MANY = 256, 1024

# Rows of so many outputs are worth a run of their own.
SHORT = 16


class Problem(NamedTuple):
    """What decides the size of tiles: images, groups, channels in and out of one group, bytes of a number, Windows.

    Where one product makes a block of output rows, outputs and Windows are those of blocks, and so are rows below.
    Beside its pixels and results, a tile needs `copies` of the columns of one product.
    """

    n: int
    groups: int
    channels: int
    c_out: int
    itemsize: int
    windows: tuple
    block: int = 1
    copies: int = 0


class Tile(NamedTuple):
    """A box of outputs: some groups, images, rows (of blocks) and columns; rows are cut into equal `strips`."""

    groups: slice
    images: slice
    rows: slice
    columns: slice
    strips: int
    block: int

    @property
    def height(self):
        """Rows of outputs in each strip."""
        return length(self.rows) // self.strips

    @property
    def places(self):
        """Outputs of one matrix product, which makes one row of every strip: by strips, columns and images."""
        last = length(self.columns), length(self.images)
        return self.strips, *(last if self.images_last else reversed(last))

    @property
    def images_last(self):
        """Whether neighbours in memory are of different images: short rows would be copied in as short runs."""
        return length(self.columns) < SHORT

    def channels(self, per_group):
        """Return the channels of the tile's groups, with so many in each."""
        return slice(self.groups.start * per_group, self.groups.stop * per_group)


def length(part):
    """Count what a slice covers."""
    return part.stop - part.start


def spans(size, step):
    """Yield slices of almost one length, at most `step` (but at least 1), that cover range(size); the longest first."""
    pieces = -(-size // max(1, step))
    ends = [-(-i * size // pieces) for i in range(pieces + 1)] if pieces else []
    yield from map(slice, ends[:-1], ends[1:])


def shares_rows(windows):
    """Tell whether windows of neighbouring rows read common rows of pixels, which then need only one copy."""
    return windows.dilation[0] == 1 and windows.stride[0] < windows.kernel[0]


def pixel_rows(windows, height):
    """Count the image rows that a strip of so many output rows keeps; neighbours share theirs."""
    return windows.kernel[0] if height == 1 else (height - 1) * windows.stride[0] + windows.kernel[0]


def strips_of(problem, rows, row_size):
    """Return into how many equal strips to cut `rows`: few, to share pixels, but with products that are wide enough."""
    if not shares_rows(problem.windows):
        return rows
    wanted = min(rows, -(-max(WIDE, MANY // problem.c_out) // max(1, row_size)))
    return next(strips for strips in range(wanted, rows + 1) if rows % strips == 0)


def floats(problem, strips, height, columns):
    """Count the numbers that one image of a tile needs for each group: pixels, their band, a product, results."""
    windows = problem.windows
    frame = math.prod((places - 1) * s + d * (k - 1) + 1
                      for places, k, s, d in zip((strips * height, columns), *windows[1:4], strict=True))
    band = pixel_rows(windows, height) * windows.kernel[1]
    per_column = problem.channels * (band + problem.copies * windows.count) + problem.c_out * height
    return problem.channels * frame + per_column * strips * columns


def tile_size(problem):
    """Return how many groups, images, rows and columns of outputs make a tile."""
    (oh, ow), windows = problem.windows.out, problem.windows
    columns_of_image = problem.channels * windows.count * oh * ow
    # a quarter is left for the buffers of NumPy's loops and for products that are added up
    small = SMALL * (MORE if problem.c_out <= FEW else 1)
    room = max(small, min(problem.itemsize * columns_of_image, LARGE)) * 3 // 4 // problem.itemsize

    def most(limit, needed):  # the largest number up to the limit that fits, or 0
        return bisect_right(range(1, limit + 1), room, key=needed)

    def image(count):  # one of so many
        strips = strips_of(problem, oh, count * ow)
        return floats(problem, strips, oh // strips, ow)

    if images := most(max(1, problem.n), lambda count: count * image(count)):
        return most(problem.groups, lambda count: count * images * image(images)), images, oh, ow
    strips = min(oh, -(-WIDE // ow))
    if shares_rows(windows) and (height := most(-(-oh // strips), lambda height: floats(problem, strips, height, ow))):
        even = -(-oh // -(-oh // (strips * height)))  # as many tiles, of almost one height
        return 1, 1, min(strips * height, strips * -(-even // strips)), ow
    if rows := most(oh, lambda rows: floats(problem, rows, 1, ow)):
        return 1, 1, rows, ow
    return 1, 1, 1, max(1, most(ow, lambda columns: floats(problem, 1, 1, columns)))


def tiles(problem):
    """Yield the tiles that cover all outputs."""
    groups, images, rows, columns = tile_size(problem)
    oh, ow = problem.windows.out
    for part in spans(problem.groups, groups):
        for down in (slice(begin, min(begin + rows, oh)) for begin in range(0, oh, rows)):
            strips = strips_of(problem, length(down), images * columns)
            for across in spans(ow, columns):
                for some in spans(problem.n, images):
                    yield Tile(part, some, down, across, strips, problem.block)
