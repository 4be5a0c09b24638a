"""What chapters ask of a notebook: source shown as source; extras; parts that are loaded at their first use."""

import ast
import doctest
import subprocess
import sys
import types

import nbformat
import pytest

import d2lcnn
from d2lcnn import corr2d, notebook


def test_examples_in_docstrings():
    result = doctest.testmod(notebook)
    assert result.attempted > 1 and result.failed == 0


class Sample:
    """A class.

    With two paragraphs.
    """

    size = 3

    @property
    def area(self):
        """Area.

        Another line.
        """

        # a reason
        return self.size**2

    def only_this(self):
        """Nothing but words."""


def test_docstrings_are_left_out_and_nothing_else():
    assert str(notebook.source(Sample)).splitlines() == [
        "class Sample:", "    size = 3", "", "    @property", "    def area(self):", "        # a reason",
        "        return self.size**2", "", "    def only_this(self):", '        """Nothing but words."""',
    ]  # fmt: skip
    whole = str(notebook.source(Sample, whole=True))
    assert "Area." in whole and "With two paragraphs." in whole


def test_decorators_of_the_object_itself_are_left_out():
    assert repr(notebook.source(Sample.area.fget)) == "def area(self):\n    # a reason\n    return self.size**2"
    assert repr(notebook.source(Sample.area.fget, whole=True)).startswith("@property\ndef area")


def test_every_public_function_is_shown_without_its_docstring():
    for name in d2lcnn.__all__:
        item = getattr(d2lcnn, name)
        if isinstance(item, types.FunctionType):
            shown = str(d2lcnn.source(item))
            assert ast.get_docstring(ast.parse(shown).body[0]) is None, name
            assert item.__doc__.splitlines()[0] not in shown, name


def test_notebooks_show_several_objects_as_one_highlighted_block():
    shown = d2lcnn.source(corr2d, Sample.only_this)
    text = shown._repr_markdown_()
    assert text.startswith("```python\ndef corr2d(") and text.endswith("\n```")
    assert text.count("```") == 2 and "\n\n\ndef only_this(self):" in text
    assert repr(shown) in text


def test_a_kernel_stores_it_as_markdown(tmp_path):
    nbclient = pytest.importorskip("nbclient")
    cells = [nbformat.v4.new_code_cell("import d2lcnn\nd2lcnn.source(d2lcnn.corr2d)")]
    executed = nbclient.NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3").execute()
    (output,) = executed.cells[0].outputs
    assert output.data["text/markdown"] == d2lcnn.source(corr2d)._repr_markdown_()


@pytest.mark.parametrize("nothing", [3, "text", len])
def test_what_has_no_source_is_refused(nothing):
    with pytest.raises(TypeError):
        d2lcnn.source(nothing)


# --- extras


class Metadata:
    """A package with two extras, of which one is here, and pip, which only writes down what it is told."""

    def __init__(self):
        self.told = []

    def metadata(self, name):
        return types.SimpleNamespace(get_all=lambda field, default: ["plain", "fancy"])

    def requires(self, name):
        return ["numpy>=1.26", 'numpy>=1; extra == "plain"', 'no-such-thing>=2,<3; extra == "fancy"',
                "pip; extra == 'fancy'"]  # fmt: skip


@pytest.fixture
def package(monkeypatch):
    fake = Metadata()
    monkeypatch.setattr(notebook.metadata, "metadata", fake.metadata)
    monkeypatch.setattr(notebook.metadata, "requires", fake.requires)
    monkeypatch.setattr(subprocess, "run", lambda command, check: fake.told.append(command))
    return fake


def test_an_extra_that_is_here_asks_for_nothing(package):
    assert d2lcnn.require("plain") is None
    assert package.told == []


def test_a_missing_extra_says_in_one_line_what_to_install(package):
    with pytest.raises(ModuleNotFoundError) as caught:
        d2lcnn.require("fancy")
    assert str(caught.value) == (
        "this needs the extra 'fancy': pip install \"no-such-thing>=2,<3\", then restart the kernel"
    )
    assert package.told == []


def test_colab_installs_a_missing_extra(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    d2lcnn.require("fancy")
    assert package.told == [[sys.executable, "-m", "pip", "install", "-q", "no-such-thing>=2,<3"]]


def test_an_unknown_extra_is_named(package):
    with pytest.raises(ValueError, match="no extra 'facny'; there are fancy, plain"):
        d2lcnn.require("facny")


def test_the_extras_of_the_package_itself():
    assert {"torch", "widget", "dev"} <= set(notebook.metadata.metadata("d2lcnn").get_all("Provides-Extra"))
    assert "lightning-fabric" in notebook._requirements("torch")
    d2lcnn.require("torch")


# --- parts


def test_parts_are_loaded_at_their_first_use():
    code = (
        "import sys, d2lcnn; before = 'd2lcnn.plots' in sys.modules, 'matplotlib' in sys.modules; "
        "d2lcnn.plots.use_style; names = dir(d2lcnn); "
        "print(before, 'plots' in names, 'modes' in names, '__main__' in names)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "(False, False) True True False\n"


def test_no_other_name_is_invented():
    with pytest.raises(AttributeError, match="no attribute 'plotz'"):
        d2lcnn.plotz  # noqa: B018
