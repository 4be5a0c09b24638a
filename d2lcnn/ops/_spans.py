"""Cut the work of a loop into pieces."""


def spans(size, step):
    """Yield slices of almost one length, at most `step` (but at least 1), that cover range(size); the longest first."""
    pieces = -(-size // max(1, step))
    ends = [-(-i * size // pieces) for i in range(pieces + 1)] if pieces else []
    yield from map(slice, ends[:-1], ends[1:])
