"""Live widgets: figures whose parameters follow Python, and Python them. Needs the extra ``widget``.

>>> from d2lcnn import explorer
>>> lab = explorer.ConvLab(i=5, k=3).widget()
>>> lab.s = 2  # the figure on the page moves
>>> lab.s, lab.figure.problem
((2, 2), None)

What the reader changes in the figure can be read from the same names, and ``lab.observe(function, "s")`` calls back.
Only `Figure.widget` imports this module: the book and stored notebooks do without a kernel.
"""

from functools import cache

try:
    import anywidget
    import traitlets
except ImportError as missing:
    raise ImportError('a live figure needs anywidget: pip install "d2lcnn[widget]"') from missing

from d2lcnn.explorer.parameters import Parameter, attribute

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


class Attribute(traitlets.TraitType):
    """The trait of a parameter; None while the figure holds something that makes no sense."""

    allow_none = True

    def __init__(self, name: str, parameter: Parameter):
        super().__init__(parameter.default(name), help=parameter.help)
        self.parameter = parameter

        def written(value, _):
            # True and False: an attribute that is there or not
            return None if value is None or value is False else parameter.write(value)

        self.tag(sync=True, from_json=lambda text, _: parameter.read(name, text), to_json=written)

    def validate(self, obj, value):
        """Return the value in its one form; TraitError for what makes no sense."""
        try:
            return self.parameter.check(self.name, value)
        except (TypeError, ValueError) as error:
            raise traitlets.TraitError(f"the '{self.name}' trait: {error}") from None


class Live(anywidget.AnyWidget):
    """A figure in a live notebook: what ``ConvLab(...).widget()`` returns.

    Its parameters are traits: setting one moves the figure, and reading one gives what the reader has set last, or
    None while that makes no sense.

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
    kind: type  # of the figure

    def __init__(self, figure, code: str):
        self._esm = code + RENDER
        values = {name: getattr(figure, name) for name in self.kind.parameters}
        super().__init__(**values, _tag=figure.tag, _names=[*map(attribute, values)])

    @property
    def figure(self):
        """The figure as it stands now; ValueError while a parameter makes no sense."""
        given = {name: getattr(self, name) for name in self.kind.parameters}
        pos = given.pop("pos", 0)
        made = self.kind(**given)
        if pos and made.problem is None:
            made.pos = max(0, min(pos, made.last()))  # as the page does after a size has shrunk
        return made


@cache
def _live_class(kind: type) -> type[Live]:
    traits = {name: Attribute(name, parameter) for name, parameter in kind.parameters.items()}
    return type(f"Live{kind.__name__}", (Live,), {"kind": kind, "__doc__": f"A live `{kind.__name__}`.", **traits})


def live(figure, code: str) -> Live:
    """Return a figure as a live widget; `code` defines its element."""
    return _live_class(type(figure))(figure, code)
