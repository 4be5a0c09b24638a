"""The three figures in a notebook: `ConvLab`, `ChannelLab` and `ConeLab`, each a table of parameters and a still."""

import base64
import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from inspect import Parameter as Argument
from inspect import Signature
from typing import ClassVar

from rjsmin import jsmin

from d2lcnn import shapes
from d2lcnn.explorer import facts
from d2lcnn.explorer.draw import stills
from d2lcnn.explorer.draw.canvas import Picture, write
from d2lcnn.explorer.draw.stacks import channel_picture, cone_picture
from d2lcnn.explorer.model import channels, cone, words
from d2lcnn.explorer.model.boards import steps
from d2lcnn.explorer.model.links import MODES, SIZES, USUAL, VIEWS, operation
from d2lcnn.explorer.model.matrices import describe
from d2lcnn.explorer.model.questions import QUESTIONS, numbers, question
from d2lcnn.explorer.parameters import Flag, Groups, Layers, Numbers, Parameter, Size, Whole, Word, attribute
from d2lcnn.palette import PALETTE

# set while notebooks are executed to be stored or compared: then the script stays out of the output
STORED = "D2LCNN_STORED"


class Figure:
    """A figure that a notebook shows; subclasses say what stands in it.

    Each parameter is an attribute. ``shown`` is what the figure shows, as `model` computes with it; ``problem`` is the
    sentence that explains why it cannot be shown, or None.
    """

    tag = "conv-lab"
    scripts = ("conv-lab",)  # what defines the tag
    parameters: ClassVar[Mapping[str, Parameter]] = {}
    positional: int | None = None  # how many of them need not be named; None: all
    problem: str | None = None

    def __init_subclass__(cls):
        # the arguments, for `help` and for binding, come from the table too
        kinds = [Argument.POSITIONAL_OR_KEYWORD] * len(cls.parameters)
        if cls.positional is not None:
            kinds[cls.positional :] = [Argument.KEYWORD_ONLY] * len(kinds[cls.positional :])
        table = zip(cls.parameters.items(), kinds, strict=True)
        cls.__signature__ = Signature([Argument(name, kind, default=one.usual) for (name, one), kind in table])

    def __init__(self, *args, **given):
        bound = self.__signature__.bind(*args, **given)
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            setattr(self, name, self.parameters[name].check(name, value))
        self.arrange()

    def arrange(self) -> None:
        """Set `shown` and `problem` from the parameters; ValueError where these do not fit together."""
        raise NotImplementedError

    def picture(self) -> Picture:
        """Lay out the still picture; ValueError for an impossible setting."""
        raise NotImplementedError

    def pictures(self) -> Iterable[Picture]:
        """Lay out the pictures of an animation, one after the other."""
        raise NotImplementedError

    def title(self) -> str:
        """Name what is shown."""
        raise NotImplementedError

    def described(self) -> str:
        """Say in a sentence what is lit; called only where there is no problem."""
        raise NotImplementedError

    def last(self) -> int:
        """Return the number of the last step."""
        return 0

    def attributes(self) -> dict[str, str]:
        """Return the attributes of the element; those with their usual value may be left out."""
        return {
            attribute(name): one.write(value)
            for name, one in self.parameters.items()
            if (value := getattr(self, name)) != one.default(name) or one.always
        }

    def still(self) -> str | None:
        """Return the picture of the first step as SVG; None for an impossible setting."""
        return None if self.problem else write(self.picture(), self.title())

    def alternative(self) -> str:
        """Say in words what the first step shows, or why there is nothing to show."""
        return f"{self.title()}. {self.problem or self.described()}"

    def html(self, *, live: bool) -> str:
        """Return the element with its still picture and sentence inside, and the script if `live`."""
        said = " ".join(f'{key}="{escape(value)}"' for key, value in self.attributes().items())
        text, picture = escape(self.alternative()), ""
        if still := self.still():
            data = base64.b64encode(still.encode()).decode()
            picture = f'<img src="data:image/svg+xml;base64,{data}" alt="{text}">'
        hint = "This figure is interactive in the book, and in a notebook after its cell is run."
        code = "".join(f"<script data-{part}>\n{script(part)}</script>" for part in self.scripts) if live else ""
        return f"<{self.tag} {said}>{picture}<p>{text} {hint}</p></{self.tag}>{code}"

    def widget(self):
        """Return the figure as a live widget, whose state and Python's follow each other.

        Returns
        -------
        anywidget.AnyWidget
            Each parameter is a trait: setting ``lab.s = 2`` moves the figure, and ``lab.s`` is what the reader has
            set. ``lab.answer`` is what the reader predicted last.

        Raises
        ------
        ImportError
            If anywidget is missing: ``pip install "d2lcnn[widget]"``.
        """
        from d2lcnn.explorer.live import live

        return live(self, "\n".join(script(part) for part in self.scripts))

    def _repr_html_(self) -> str:
        return self.html(live=STORED not in os.environ)

    def _repr_png_(self) -> bytes | None:
        # for a PDF, which can show neither the element nor, without a converter, SVG
        if STORED not in os.environ or self.problem:
            return None
        from d2lcnn.explorer.draw.raster import draw

        return draw(self.picture(), scale=1.0)

    def __repr__(self) -> str:
        said = ", ".join(f'{key}="{value}"' for key, value in self.attributes().items())
        return f"{type(self).__name__}({said})"


class ConvLab(Figure):
    """Show a convolution that can be touched: step through it, change its sizes and its numbers.

    Parameters
    ----------
    mode : {"conv", "transposed", "max", "avg"}
    i, k, s, p, d, output_padding : int or (rows, columns)
        Sizes as in `d2lcnn.explorer.operation`; s defaults to 1, for pooling to k. An impossible setting is
        explained in a sentence.
    view : {"stamp", "zeros", "matrix", "im2col", "both", "three", "backward"}
        What is drawn besides the window, or how; see `d2lcnn.explorer.operation`.
    x, w, g : nested sequences of numbers, optional
        Input, kernel and, for the view "backward", output gradient; elsewhere stand the usual numbers.
    pos : int
        The step that is shown first.
    count : bool
        Begin with the number of products at each cell instead of values.
    presets : bool
        Offer the nineteen cases of the guide.
    predict : {"size", "reads", "feeds", "value"}, optional
        Ask before the answer is shown: the output size, the inputs that output `pos` reads, the outputs that input
        `pos` feeds, the value of output `pos` (in the view "backward": dX at input `pos`).

    Raises
    ------
    ValueError
        If an argument is unknown, no integer, or beyond the last step.

    Notes
    -----
    The output holds the element, a still picture of it and a sentence. The script comes along only in a live session;
    stored notebooks are executed with ``D2LCNN_STORED`` set, and the book loads the script once a page.

    Examples
    --------
    >>> ConvLab(i=5, k=3, s=2, p=1)
    ConvLab(mode="conv", i="5", k="3", s="2", p="1")
    """

    parameters: ClassVar = {
        "mode": Word("conv", "the operation", always=True, words=MODES),
        "i": Size(USUAL["i"], "input size, or rows,columns", always=True),
        "k": Size(USUAL["k"], "kernel size", always=True),
        "s": Size(None, "stride (1, for pooling the kernel size)", always=True),
        "p": Size(USUAL["p"], "padding", always=True),
        "d": Size(USUAL["d"], "dilation"),
        "output_padding": Size(USUAL["output_padding"], "output padding"),
        "view": Word("stamp", "what is drawn besides the window, or how", words=VIEWS),
        "x": Numbers(None, 'numbers of the input: "1 2/3 4"'),
        "w": Numbers(None, "numbers of the kernel"),
        "g": Numbers(None, "numbers of the output gradient"),
        "pos": Whole(0, "the step that a still shows"),
        "predict": Word(None, "a question, which the picture does not answer", words=QUESTIONS),
        "count": Flag(False, "number of products instead of values"),
        "presets": Flag(False, fixed=True),
    }
    positional = 7

    def arrange(self) -> None:
        """Gather the sizes; what the operation does not have takes its usual value."""
        self.shown = operation(self.mode, *(getattr(self, name) for name in SIZES), self.view)
        self.view = self.shown.view
        for name in SIZES:
            setattr(self, name, getattr(self.shown, name))
        self.problem = words.problem(self.shown)
        if self.problem is None:
            words.at(self.shown, self.pos, self.predict)

    def _given(self) -> dict:
        return dict(x=self.x, w=self.w, g=self.g, count=self.count, predict=self.predict)

    def last(self) -> int:
        """Return the number of the last step."""
        rows, columns = steps(self.shown, self.predict)[1]
        return rows * columns - 1

    def picture(self) -> Picture:
        """Lay out the step `pos`."""
        return stills.picture(self.shown, self.pos, **self._given())

    def pictures(self) -> Iterable[Picture]:
        """Lay out every step."""
        return stills.pictures(self.shown, **self._given())

    def title(self) -> str:
        """Name the operation and its sizes."""
        return words.name(self.shown)

    def described(self) -> str:
        """Say in a sentence what the first step lights, or what is asked."""
        if self.predict:
            return question(self.shown, self.predict, self.pos)
        return describe(self.shown, *numbers(self.shown, self.x, self.w, self.g), *words.at(self.shown, self.pos))


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
    ValueError
        If a size is no integer. A layer that is impossible is explained in a sentence.

    Examples
    --------
    >>> lab = ChannelLab(c_in=8, c_out=8, groups=4)
    >>> lab
    ChannelLab(c-in="8", c-out="8", k="3", groups="4", h="8", w="8")
    >>> channels.parameters(lab.shown)
    144
    """

    tag, scripts = "channel-lab", ("conv-lab", "stack-lab")
    parameters: ClassVar = {
        "c_in": Whole(channels.USUAL["c_in"], "input channels", always=True),
        "c_out": Whole(channels.USUAL["c_out"], "output channels", always=True),
        "k": Whole(channels.USUAL["k"], "kernel size", always=True),
        "groups": Groups(1, "a number of groups, separable or pointwise", always=True),
        "h": Whole(channels.USUAL["h"], "rows of the output", always=True),
        "w": Whole(channels.USUAL["w"], "columns of the output", always=True),
    }

    def arrange(self) -> None:
        """Gather the layer."""
        self.shown = channels.Channels(**{name: getattr(self, name) for name in self.parameters})
        self.problem = channels.problem(self.shown)

    def picture(self) -> Picture:
        """Lay out the matrix, with the first output channel touched."""
        return channel_picture(self.shown)

    def pictures(self) -> Iterable[Picture]:
        """Go through all groups; ValueError for an impossible layer."""
        if self.problem:
            raise ValueError(self.problem)
        return (channel_picture(self.shown._replace(groups=g)) for g in channels.ways(self.shown))

    def title(self) -> str:
        """Name the layer."""
        how = f"groups {self.groups}" if self.problem else channels.way(self.shown)
        return f"Channels, {self.c_in} to {self.c_out}, kernels {self.k}×{self.k}, {how}"

    def described(self) -> str:
        """Say what the first output channel reads, and what the layer costs."""
        q = self.shown
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
    ValueError
        If an argument is no integer, or there is no such output. A stack that is too large to draw is
        explained in a sentence.

    Examples
    --------
    >>> ConeLab([(3, 1, 2), (3, 1, 2)])
    ConeLab(layers="3,1,2;3,1,2", outputs="3")
    """

    tag, scripts = "cone-lab", ("conv-lab", "stack-lab")
    parameters: ClassVar = {
        "layers": Layers(cone.USUAL, 'k,s,d of each layer: "3,1,1;3,2,1"', always=True),
        "outputs": Whole(cone.OUTPUTS, "outputs that are drawn", always=True),
        "pos": Whole(0, "the output that is touched"),
    }

    def arrange(self) -> None:
        """Gather the stack."""
        self.shown = cone.stack(self.layers, self.outputs)
        self.problem = cone.problem(self.shown)
        if self.problem is None:
            shapes.integer("pos", self.pos, 0, self.last())

    def last(self) -> int:
        """Return the number of the last output."""
        return self.outputs - 1

    def picture(self) -> Picture:
        """Lay out the cone of the touched output."""
        return cone_picture(self.shown, self.pos)

    def pictures(self) -> Iterable[Picture]:
        """Go through all outputs; ValueError for an impossible stack."""
        if self.problem:
            raise ValueError(self.problem)
        return (cone_picture(self.shown, n) for n in range(self.outputs))

    def title(self) -> str:
        """Name the layers."""
        said = "; ".join(f"k = {k}, s = {s}, d = {d}" for k, s, d in self.layers)
        return f"Receptive field of {len(self.layers)} layers ({said})"

    def described(self) -> str:
        """Say what the touched output promises and reaches."""
        return cone.sentence(self.shown, len(self.layers), self.pos)


FIGURES = (ConvLab, ChannelLab, ConeLab)


@cache
def script(name: str = "conv-lab") -> str:
    """Return one of the two scripts of the explorer, ``"conv-lab"`` or ``"stack-lab"``.

    Each is a classic script that asks for nothing from elsewhere and defines its elements once a page, minified;
    ``stack-lab`` needs ``conv-lab`` before it. What it shares with Python is put in: its facts, the colours, and the
    attributes that are the state of its elements. The sources hold no template literal inside another one, whose text
    rjsmin would take for code.

    Raises
    ------
    ValueError
        If there is no such script.
    """
    if name not in ("conv-lab", "stack-lab"):
        raise ValueError(f'name must be "conv-lab" or "stack-lab", got {name!r}')
    state = {
        kind.tag: [attribute(one) for one, parameter in kind.parameters.items() if not parameter.fixed]
        for kind in FIGURES
        if kind.scripts[-1] == name
    }
    told = facts.read(name) | {"state": state, "colours": PALETTE}
    source = (facts.PAGE / f"{name}.js").read_text("utf8")
    return jsmin(source.replace('"@facts"', json.dumps(told, ensure_ascii=False, separators=(",", ":"))))
