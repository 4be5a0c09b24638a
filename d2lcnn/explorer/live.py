"""Live widgets: figures whose parameters follow Python, and Python them. Needs the extra ``widget``.

>>> from d2lcnn import explorer
>>> lab = explorer.ConvLab(i=5, k=3).widget()
>>> lab.s = 2  # the figure on the page moves
>>> lab.s, lab.figure.problem
((2, 2), None)

What the reader changes in the figure can be read from the same names, and ``lab.observe(function, "s")`` calls back.
Nothing else imports this module: the book and stored notebooks do without a kernel.
"""

from operator import index

try:
    import anywidget
    import traitlets
except ImportError as missing:
    raise ImportError('a live figure needs anywidget: pip install "d2lcnn[widget]"') from missing

from d2lcnn.explorer.figure import Figure, script
from d2lcnn.explorer.labs import ChannelLab, ConeLab
from d2lcnn.explorer.widget import ConvLab

# The state of an element is its attributes; each has a trait, whose name has _ for -, and whose value travels as the
# attribute's text, or null where there is none.
RENDER = """
export default { render({ model, el }) {
  const lab = document.createElement(model.get("_tag")), names = model.get("_names");
  const key = n => n.replaceAll("-", "_");
  const down = n => {
    const v = model.get(key(n)), now = lab.getAttribute(n);
    // Python answers a missing pos with "0": the same step, and no reason to ask a question anew
    if (n === "pos" && +(v ?? 0) === +(now ?? 0)) return;
    if (v == null) lab.removeAttribute(n);
    else if (v !== now) lab.setAttribute(n, v);
  };
  const up = changes => {
    const touched = [...new Set(changes.map(c => c.attributeName))];
    const moved = touched.filter(n => lab.getAttribute(n) !== (model.get(key(n)) ?? null));
    for (const n of moved) model.set(key(n), lab.getAttribute(n));
    if (moved.length) model.save_changes();
  };
  const told = e => {
    model.set("answer", e.detail.answer);
    model.set("right", e.detail.right);
    model.save_changes();
  };
  const calls = names.map(n => ["change:" + key(n), () => down(n)]), watch = new MutationObserver(up);
  names.forEach(down);
  watch.observe(lab, { attributes: true, attributeFilter: names });
  lab.addEventListener("answer", told);
  for (const [event, call] of calls) model.on(event, call);
  el.append(lab);
  return () => { watch.disconnect(); for (const [event, call] of calls) model.off(event, call); };
} };
"""


def _whole(text: str) -> int | None:
    """Read a number that a reader typed; None for what is none, which the figure explains."""
    try:
        return int(text)
    except ValueError:
        return None


class Whole(traitlets.TraitType):
    """A whole number, or None while the figure holds something else."""

    info_text = "a whole number"
    allow_none = True

    def validate(self, obj, value):
        """Return the value as int; TraitError for anything else."""
        try:
            return index(value)
        except TypeError:
            self.error(obj, value)

    def read(self, text):
        """Turn an attribute's text into a value."""
        return self.default_value if text is None else _whole(text)

    def write(self, value):
        """Turn a value into an attribute's text."""
        return None if value is None else str(value)

    def __init__(self, default, **more):
        super().__init__(default, **more)
        self.tag(sync=True, from_json=lambda text, _: self.read(text), to_json=lambda value, _: self.write(value))


class Size(Whole):
    """(rows, columns), or None while the figure holds something else; one number stands for both."""

    info_text = "a whole number or a pair (rows, columns) of them"

    def validate(self, obj, value):
        """Return the value as a pair; TraitError for anything else."""
        pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
        try:
            rows, columns = map(index, pair)
        except (TypeError, ValueError):
            self.error(obj, value)
        return rows, columns

    def read(self, text):
        """Read "3" or "3,4"."""
        if text is None:
            return self.default_value
        pair = [_whole(part) for part in text.split(",")]
        return None if None in pair or len(pair) > 2 else (pair[0], pair[-1])

    def write(self, value):
        """Write "3,4"."""
        return None if value is None else ",".join(map(str, value))


class Flag(Whole):
    """True or False: an attribute that is there or not."""

    info_text = "True or False"

    def validate(self, obj, value):
        """Return the value; TraitError for anything but True and False."""
        if not isinstance(value, bool):
            self.error(obj, value)
        return value

    def read(self, text):
        """Tell whether the attribute is there."""
        return text is not None

    def write(self, value):
        """Write an empty attribute, or none."""
        return "" if value else None


class Text(Whole):
    """A word, or None for the figure's own choice."""

    info_text = "a text"

    def validate(self, obj, value):
        """Return the value; TraitError for anything but text."""
        if not isinstance(value, str):
            self.error(obj, value)
        return value

    def read(self, text):
        """Return the text."""
        return self.default_value if text is None else text


class Numbers(Whole):
    """Rows of numbers, or None for those of the guide."""

    info_text = "rows of numbers"

    def validate(self, obj, value):
        """Return rows of floats; TraitError for anything else."""
        try:
            return [[float(v) for v in row] for row in value]
        except (TypeError, ValueError):
            self.error(obj, value)

    def read(self, text):
        """Read "1 2/3 4"."""
        return None if text is None else [[float(v) for v in row.split()] for row in text.split("/")]

    def write(self, value):
        """Write "1 2/3 4"."""
        return None if value is None else "/".join(" ".join(f"{v:g}" for v in row) for row in value)


class Groups(Text):
    """A number of groups, or "separable" or "pointwise"."""

    info_text = 'a whole number, "separable" or "pointwise"'

    def validate(self, obj, value):
        """Return the value; TraitError for anything else."""
        return value if value in ("separable", "pointwise") else Whole.validate(self, obj, value)

    def read(self, text):
        """Read a number or a word."""
        return text if text in ("separable", "pointwise") else super().read(text) and _whole(text)


class Layers(Text):
    """Layers (k, s, d) from the input upwards."""

    info_text = "layers: k, (k, s) or (k, s, d)"

    def validate(self, obj, value):
        """Return a tuple of (k, s, d); TraitError for anything else."""
        try:
            return ConeLab(value).setting.layers
        except TypeError:
            self.error(obj, value)

    def read(self, text):
        """Read "3,1,1;3,2,1"; None where a number is missing."""
        layers = [tuple(_whole(v) for v in layer.split(",")) for layer in (text or "3;3;3").split(";")]
        return None if any(None in layer for layer in layers) else layers

    def write(self, value):
        """Write "3,1,1;3,2,1"."""
        return None if value is None else ";".join(",".join(map(str, layer)) for layer in value)


class Live(anywidget.AnyWidget):
    """A figure in a live notebook: what ``ConvLab(...).widget()`` returns.

    Its parameters are traits: setting one moves the figure, and reading one gives what the reader has set last, or
    None while that is no number.

    Attributes
    ----------
    answer : list or number, or None
        What the reader predicted last; ``check`` takes the widget itself for it.
    right : bool or None
        Whether that was right.
    """

    answer = traitlets.Any(None).tag(sync=True)
    right = traitlets.Any(None).tag(sync=True)
    _tag = traitlets.Unicode().tag(sync=True)
    _names = traitlets.List().tag(sync=True)
    kind = Figure

    def __init__(self, figure: Figure):
        given = {name.replace("-", "_"): text for name, text in figure.attributes().items()}
        self._esm = "\n".join(script(part) for part in figure.scripts) + RENDER
        names = self.parameters()
        values = {name: self.traits()[name].read(given.get(name)) for name in names}
        super().__init__(**values, _tag=figure.tag, _names=[name.replace("_", "-") for name in names])

    @classmethod
    def parameters(cls) -> list[str]:
        """List the names of the parameters."""
        return [name for name, trait in cls.class_traits().items() if isinstance(trait, Whole)]

    @property
    def figure(self) -> Figure:
        """The figure as it stands now; TypeError while a parameter is no number."""
        given = {name: getattr(self, name) for name in self.parameters()}
        pos = given.pop("pos", 0)
        made = self.kind(**given)
        if pos and made.problem is None:
            made.pos = max(0, min(pos, made.last()))  # as the page does after a size has shrunk
        return made


class LiveConvLab(Live):
    """A live `ConvLab`."""

    kind = ConvLab
    mode, view = Text("conv"), Text("stamp")
    i, k, s, p, d, output_padding = Size((5, 5)), Size((3, 3)), Size(None), Size((0, 0)), Size((1, 1)), Size((0, 0))
    x, w, g = Numbers(None), Numbers(None), Numbers(None)
    pos, count, presets, predict = Whole(0), Flag(False), Flag(False), Text(None)


class LiveChannelLab(Live):
    """A live `ChannelLab`."""

    kind = ChannelLab
    c_in, c_out, k, groups, h, w = Whole(8), Whole(8), Whole(3), Groups(1), Whole(8), Whole(8)


class LiveConeLab(Live):
    """A live `ConeLab`."""

    kind = ConeLab
    layers, outputs, pos = Layers(((3, 1, 1),) * 3), Whole(3), Whole(0)


def live(figure: Figure) -> Live:
    """Return a figure as a live widget."""
    return {"conv-lab": LiveConvLab, "channel-lab": LiveChannelLab, "cone-lab": LiveConeLab}[figure.tag](figure)
