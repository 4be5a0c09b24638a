"""How a run is told from another one: functions by name, arguments and code, values by what they hold."""

import copy
import functools
import math
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn
from training import IMAGES, VALIDATION, make_net

from d2lcnn import networks, train
from d2lcnn.train.identity import describe, difference, identify

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
NESTED = st.recursive(PLAIN, lambda part: st.lists(part) | st.tuples(part, part) | st.dictionaries(st.text(), part))


@given(NESTED, NESTED)
def test_values_are_told_apart_by_what_they_hold(one, other):
    assert describe(one) == describe(copy.deepcopy(one))
    assume(repr(one) != repr(other))
    assert describe(one) != describe(other)


def written(source):
    """Compile the function f from its text, as a new process would."""
    names = {"__name__": "script", "functools": functools, "np": np, "math": math}
    exec(source, names)
    return names["f"]


LAMBDA = "f = lambda x, rng: x + 1"
FUNCTION = "def f(x, rng, by=1):\n    return np.roll(x, by)"
PARTIAL = "def shift(x, rng, by): return np.roll(x, by)\nf = functools.partial(shift, by=1)"
CLOSURE = "def make(by):\n    return lambda x, rng: np.roll(x, by)\nf = make(1)"
HELPER = "def helper(x):\n    return x + 1\ndef f(x, rng):\n    return [helper(v) for v in x]"
GLOBAL = "BY = 1\ndef f(x, rng):\n    return x + BY"
OBJECT = "class Shift:\n    most = 3\n    def __init__(self, by): self.by = by\n    def __call__(self, x, rng): " \
         "return x + self.by\nf = Shift(1)"
DATA = "from dataclasses import dataclass\n@dataclass\nclass Shift:\n    by: int\n    def __call__(self, x, rng): " \
       "return x + self.by\nf = Shift(1)"
METHOD = OBJECT.replace("f = Shift(1)", "f = Shift(1).__call__")
CACHED = "@functools.cache\ndef f(x, rng):\n    return x + 1"
INNER = "def f(x, rng):\n    return {v for v in x if v in {1, 2, 'a', 'b'}}"


@pytest.mark.parametrize(("source", "old", "new"), [
    (LAMBDA, "x + 1", "x + 2"), (LAMBDA, "x + 1", "x - 1"), (LAMBDA, "x + 1", "rng + 1"),
    (FUNCTION, "by=1", "by=2"), (FUNCTION, "np.roll", "np.flip"), (FUNCTION, "by=1", "*, by=1"),
    (PARTIAL, "by=1", "by=2"), (PARTIAL, "np.roll(x, by)", "np.roll(x, -by)"), (PARTIAL, "shift, by=1", "shift, 1"),
    (CLOSURE, "make(1)", "make(2)"), (HELPER, "x + 1", "x + 2"), (GLOBAL, "BY = 1", "BY = 2"),
    (OBJECT, "Shift(1)", "Shift(2)"), (OBJECT, "x + self.by", "x - self.by"), (OBJECT, "most = 3", "most = 4"),
    (DATA, "f = Shift(1)", "f = Shift(2)"), (DATA, "x + self.by", "x - self.by"), (METHOD, "Shift(1)", "Shift(2)"),
    (CACHED, "x + 1", "x + 2"), (INNER, "'b'", "'c'"), (INNER, "in {", "not in {"),
])
def test_functions_are_told_by_name_arguments_and_code(source, old, new):
    changed = source.replace(old, new)
    assert changed != source
    before, after = describe(written(source)), describe(written(changed))
    assert before != after
    assert describe(written(f"# a comment\n\n{source}  # another")) == before


def test_libraries_are_told_by_name():
    texts = [describe(f) for f in (np.add, np.multiply, np.fliplr, math.cos, torch.flip, nn.functional.relu, nn.ReLU)]
    assert len({*texts}) == 7
    assert texts[3] == "math.cos" and texts[5] == "torch.nn.functional.relu"


def test_what_pickle_keeps_of_an_object_tells_it():
    one, same, other = (np.random.default_rng(seed) for seed in (1, 1, 2))
    assert describe(one) == describe(same) != describe(other)
    one.random()
    assert describe(one) != describe(same)
    assert describe(np.arange(3)) != describe(np.arange(3.0)) != describe(np.arange(4.0))
    assert describe(torch.ones(2, dtype=torch.bfloat16)) != describe(torch.zeros(2, dtype=torch.bfloat16))
    ring = []
    ring.append(ring)
    assert describe(ring) == "list(itself)"


class Guarded:
    def __init__(self):
        self.lock = threading.Lock()

    def __call__(self, x, rng):
        return x


def test_what_cannot_be_told_is_refused_and_trains_without_a_checkpoint(tmp_path):
    run = {"epochs": 1, "lr": 0.1, "augment": Guarded()}
    with pytest.raises(ValueError, match=r"augment cannot be told from another one.*lock.*: pass a named function"):
        train.fit(make_net(), IMAGES, checkpoint=tmp_path / "c.pt", **run)
    assert len(train.fit(make_net(), IMAGES, **run)) == 1


SCRIPT = """
import functools
import sys
import numpy as np
from training import IMAGES, make_net
from d2lcnn import train

def shift(x, rng, by):
    return np.roll(x, by, axis=-1)

def fit(number, augment):
    return len(train.fit(make_net(), IMAGES, checkpoint=f"{number}.pt", epochs=1, lr=0.1, augment=augment))

for number, augment in enumerate([functools.partial(shift, by=1), lambda x, rng: x, train.Augment(shift=1)]):
    assert fit(number, augment) == 1
for number, augment in enumerate([functools.partial(shift, by=2), lambda x, rng: +x, train.Augment(shift=2)]):
    try:
        fit(number, augment)
    except ValueError as error:
        print(str(error).partition("another run: ")[2].partition(". Name")[0])
"""
REFUSED = """augment was partial(shift, by=1), is partial(shift, by=2)
augment (<lambda>): its code or contents have changed
augment was Augment(shift=1, flip=False), is Augment(shift=2, flip=False)
"""


@pytest.mark.slow
def test_a_new_process_knows_its_functions_again(tmp_path):
    folders = (Path(__file__).parent, Path(train.__file__).parents[2])
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders)), "PYTHONHASHSEED": hashing})
        assert (done.stdout, done.stderr) == (REFUSED, "")


# ---- networks

def run_of(net, recipe=train.Recipe(1, 0.1)):  # noqa: B008 - frozen
    return identify(recipe, net, IMAGES, VALIDATION, 1)


class Scaled(nn.Module):
    def __init__(self, factor, wrapped=nn.functional.relu, *, extra=()):
        super().__init__()
        self._factor, self.wrapped, self.extra = factor, wrapped, extra

    def forward(self, x):
        return self.wrapped(self._factor * x)


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_every_network_is_the_same_as_itself_and_as_no_other(name):
    with torch.device("meta"):
        net, again = (networks.create(name) for _ in range(2))
        others = [networks.create(other) for other in ("linear", "mlp", "lenet", "small_cnn") if other != name]
    assert run_of(net) == run_of(again)
    assert difference(run_of(net), run_of(again)) == ""
    assert all(difference(run_of(net), run_of(other)) for other in others)


def test_options_that_no_shape_shows_are_told():
    base = run_of(nn.Sequential(Scaled(2)))
    assert run_of(nn.Sequential(Scaled(2))) == base
    assert difference(base, run_of(nn.Sequential(Scaled(3)))) == (
        "part 0 of the network was Scaled(_factor=2, wrapped=torch.nn.functional.relu, extra=tuple()), "
        "is Scaled(_factor=3, wrapped=torch.nn.functional.relu, extra=tuple())")
    assert "relu, extra" in difference(base, run_of(nn.Sequential(Scaled(2, torch.tanh))))
    assert "its code or contents" in difference(
        run_of(Scaled(2, lambda x: x)), run_of(Scaled(2, lambda x: -x)))
    assert difference(run_of(networks.create("lenet")), run_of(networks.create("lenet", activation="relu")))


def test_what_a_forward_pass_leaves_is_no_option():
    net, lstm = Scaled(2), nn.LSTM(2, 3)
    before = run_of(net), run_of(lstm)
    net.seen = torch.ones(3)
    net.extra = ()
    with torch.no_grad():
        lstm.weight_hh_l0.add_(1)
    assert (run_of(net), run_of(lstm)) == before


def test_a_method_of_a_network_is_part_of_it():
    def changed(self, x):
        return self.wrapped(self._factor + x)

    other = type("Scaled", (nn.Module,), dict(vars(Scaled)) | {"forward": changed, "__qualname__": "Scaled"})
    said = difference(run_of(Scaled(2)), run_of(other_instance(other)))
    assert said.startswith("the network (Scaled(_factor=2") and said.endswith("its code or contents have changed")


def other_instance(cls):
    made = cls.__new__(cls)
    nn.Module.__init__(made)
    made._factor, made.wrapped, made.extra = 2, nn.functional.relu, ()
    return made


def test_a_new_version_of_python_alone_is_no_other_run():
    run = run_of(make_net())
    assert difference(run | {"Python": "3.99"}, run) == ""
    said = difference(run | {"Python": "3.99", "lr": "0.2"}, run)
    assert said.startswith("lr was 0.2, is 0.1; Python was 3.99, is 3.")


@dataclass(frozen=True)
class Both:
    first: object
    second: object

    def __call__(self, x, rng):
        return self.second(self.first(x, rng), rng)


def test_a_function_inside_a_dataclass_counts():
    recipes = [train.Recipe(1, 0.1, augment=Both(train.Augment(shift=1), second))
               for second in (train.Augment(flip=True), train.Augment(flip=False))]
    said = difference(*(run_of(make_net(), recipe) for recipe in recipes))
    assert said.startswith("augment was Both(first=Augment(shift=1, flip=False)")
