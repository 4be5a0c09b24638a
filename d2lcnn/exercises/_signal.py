"""Functions of `scipy.signal` under their names, so that only the exercise of the median needs SciPy installed."""

from d2lcnn.ops import conv2d

__all__ = ["convolve2d", "correlate2d", "medfilt2d"]


def correlate2d(in1, in2, mode="full"):
    """As `scipy.signal.correlate2d` of two real matrices, the second no larger than the first."""
    x, k = (a.astype(float, order="C")[None, None] for a in (in1, in2))
    if mode == "valid":
        return conv2d(x, k)[0, 0]
    full = conv2d(x, k, padding="full")[0, 0]
    if mode == "full":
        return full
    (top, left), (h, w) = (n // 2 for n in in2.shape), in1.shape
    return full[top : top + h, left : left + w]


def convolve2d(in1, in2, mode="full"):
    """As `scipy.signal.convolve2d` of two real matrices, the second no larger than the first."""
    return correlate2d(in1[::-1, ::-1], in2, mode)[::-1, ::-1]


def medfilt2d(input, kernel_size=3):
    """As `scipy.signal.medfilt2d`, which it calls."""
    from scipy import signal

    return signal.medfilt2d(input, kernel_size)
