"""The sizes of a layer's window, checked before torch sees them."""

from ..shapes import per_axis


def window(axes, kernel_size, stride, padding, dilation):
    """Name the sizes for a convolution of torch, one int an axis; the padding may also be a word that torch knows.

    Examples
    --------
    >>> window(2, 3, 1, "same", (1, 2))
    {'kernel_size': (3, 3), 'stride': (1, 1), 'padding': 'same', 'dilation': (1, 2)}
    """
    return {"kernel_size": per_axis("kernel_size", kernel_size, axes), "stride": per_axis("stride", stride, axes),
            "padding": padding if isinstance(padding, str) else per_axis("padding", padding, axes, minimum=0),
            "dilation": per_axis("dilation", dilation, axes)}
