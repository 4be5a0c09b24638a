"""`ChannelLab` and `ConeLab`: channels and groups, and the receptive field of a stack, in a notebook."""

from operator import index

from d2lcnn.explorer import channels, cone
from d2lcnn.explorer.canvas import Picture
from d2lcnn.explorer.figure import Figure
from d2lcnn.explorer.stack_stills import channel_picture, cone_picture


class ChannelLab(Figure):
    """Show which output channel reads which input channel, from dense to depthwise and pointwise by one slider.

    Parameters
    ----------
    c_in, c_out : int
        Number of input and of output channels.
    k : int
        Rows and columns of the square kernels.
    groups : int or {"separable", "pointwise"}
        1 is dense, c_in depthwise. "separable" is a depthwise convolution followed by a pointwise one, with kernels
        of 1×1.
    h, w : int
        Size of the output, for the number of multiply-adds.

    Raises
    ------
    TypeError
        If a size is no whole number. A layer that is impossible is explained in a sentence.

    Examples
    --------
    >>> lab = ChannelLab(c_in=8, c_out=8, groups=4)
    >>> lab
    ChannelLab(c-in="8", c-out="8", k="3", groups="4", h="8", w="8")
    >>> channels.parameters(lab.setting)
    144
    """

    tag, scripts = "channel-lab", ("conv-lab", "stack-lab")

    def __init__(self, c_in=8, c_out=8, k=3, groups=1, h=8, w=8):
        given = {"c_in": c_in, "c_out": c_out, "k": k, "groups": groups, "h": h, "w": w}
        for name, value in given.items():
            if name == "groups" and isinstance(value, str):
                continue
            try:
                given[name] = index(value)
            except TypeError:
                raise TypeError(f"{name} must be a whole number, got {value!r}") from None
        self.setting = channels.Channels(**given)
        self.problem = channels.problem(self.setting)

    def attributes(self) -> dict[str, str]:
        """Return the attributes of the element."""
        return {name.replace("_", "-"): str(value) for name, value in self.setting._asdict().items()}

    def picture(self) -> Picture:
        """Lay out the matrix, with the first output channel touched."""
        return channel_picture(self.setting)

    def title(self) -> str:
        """Name the layer."""
        q = self.setting
        return f"Channels, {q.c_in} to {q.c_out}, kernels {q.k}×{q.k}, " + (
            f"groups {q.groups}" if self.problem else channels.way(q)
        )

    def described(self) -> str:
        """Say what the first output channel reads, and what the layer costs."""
        q = self.setting
        said = channels.sentence(channels.stages(q)[0], output=0)
        return f"{said} {channels.parameters(q)} parameters, {channels.multiply_adds(q)} multiply-adds."


class ConeLab(Figure):
    """Show the receptive field of a stack of layers along one axis: the size it promises, the inputs it reaches.

    Parameters
    ----------
    layers : sequence
        From the input upwards; each is k, (k,), (k, s), (k, s, d), or a `d2lcnn.shapes.Window`. Padding does not
        change the cone and is left out.
    outputs : int
        How many outputs are drawn.
    pos : int
        The output that is touched first.

    Raises
    ------
    TypeError, ValueError
        If an argument is no whole number, or there is no such output. A stack that is too large to draw is
        explained in a sentence.

    Examples
    --------
    >>> ConeLab([(3, 1, 2), (3, 1, 2)])
    ConeLab(layers="3,1,2;3,1,2", outputs="3")
    """

    tag, scripts = "cone-lab", ("conv-lab", "stack-lab")

    def __init__(self, layers=(3, 3, 3), outputs=3, pos=0):
        self.setting, self.pos = cone.stack(layers, outputs), pos
        self.problem = cone.problem(self.setting)
        if self.problem is None and not 0 <= pos < outputs:
            raise ValueError(f"pos must lie in 0..{outputs - 1}, got {pos}")

    def attributes(self) -> dict[str, str]:
        """Return the attributes of the element; those with their usual value are left out."""
        layers = ";".join(",".join(map(str, layer)) for layer in self.setting.layers)
        return {"layers": layers, "outputs": str(self.setting.outputs)} | ({"pos": str(self.pos)} if self.pos else {})

    def last(self) -> int:
        """Return the number of the last output."""
        return self.setting.outputs - 1

    def picture(self) -> Picture:
        """Lay out the cone of the touched output."""
        return cone_picture(self.setting, self.pos)

    def title(self) -> str:
        """Name the layers."""
        said = "; ".join(f"k = {k}, s = {s}, d = {d}" for k, s, d in self.setting.layers)
        return f"Receptive field of {len(self.setting.layers)} layers ({said})"

    def described(self) -> str:
        """Say what the touched output promises and reaches."""
        return cone.sentence(self.setting, len(self.setting.layers), self.pos)
