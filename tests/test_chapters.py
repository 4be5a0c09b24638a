"""Every chapter keeps the contract of tools/chapter_contract.py, and every rule of the contract can fail.

The rules are tried on a small generated chapter that keeps them all: each plant below breaks one thing, and the
rule that is meant to see it must name it.
"""

import base64
import copy
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import chapter_contract as contract  # noqa: E402
import exercise_contract  # noqa: E402
import form_contract  # noqa: E402
import new_chapter  # noqa: E402
import notebook_form  # noqa: E402
import terms  # noqa: E402

from d2lcnn.exercises import Case, Exercise, Mistake, all_exercises  # noqa: E402

CHAPTERS = contract.chapter_files(ROOT)
ALL = (*contract.RULES, *form_contract.SECOND_EDITION)
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n picture").decode()


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_keeps_the_contract(path):
    assert contract.problems(contract.load(path)) == []


def test_the_list_of_chapters_not_yet_revised_only_shrinks():
    assert {path.stem for path in CHAPTERS} >= form_contract.NOT_YET_REVISED
    for path in CHAPTERS:
        if path.stem in form_contract.NOT_YET_REVISED:
            chapter = contract.load(path)
            assert any(rule(chapter) for rule in form_contract.SECOND_EDITION), f"{path.stem} can leave the list"


def test_toc_and_files_agree():
    assert contract.toc_problems(ROOT) == []


def test_no_class_a_solution_anywhere():
    assert exercise_contract.class_a_solutions(ROOT, all_exercises()) == []


# --- terms are explained before they are used ---


def test_every_term_is_explained_and_none_is_used_before():
    glossary, texts = terms.glossary(), terms.chapters()
    assert {term.chapter for term in glossary} <= {*texts, terms.KNOWN}
    assert {term.name for term in glossary} >= terms.EVERYDAY
    assert terms.never_explained(glossary, texts) == []
    assert terms.used_too_early(glossary, texts) == []


def test_terms_that_are_missing_or_early_are_found():
    pool = terms.Term("max pooling (maximum)", "", "", "second")
    texts = {"first": ["Nothing."], "second": ["By **max pooling** we mean the largest."], "third": ["Max poolings."]}
    assert terms.never_explained([pool], texts) == []
    assert terms.never_explained([pool], texts | {"second": ["By max pooling we mean the largest."]}) == [pool.name]
    assert terms.used_too_early([pool], texts) == []
    for early in ("Then max pooling.", "The Max-Poolings.", "The maximum."):
        assert terms.used_too_early([pool], texts | {"first": ["Before.", early]}) == [(pool.name, "first")]
        assert terms.used_too_early([pool._replace(chapter=terms.KNOWN)], texts | {"first": [early]}) == []
    for mended in (
        "Then [max pooling](second.ipynb).",
        "Then max pooling, see [there](../x/second.ipynb).",
        "Then **max pooling**, the largest.",
        "Then `max pooling` and $maximum$.",
    ):
        assert terms.used_too_early([pool], texts | {"first": [mended]}) == []
    linked_too_late = ["Then max pooling.", "See [there](second.ipynb)."]
    assert terms.used_too_early([pool], texts | {"first": linked_too_late}) == [(pool.name, "first")]


# --- a generated chapter that keeps every rule ---


def spec(number, kind):
    checked = {"cases": (Case("1", (1,)),), "oracle": abs, "mistakes": (Mistake("sign", -1, "Mind the sign."),)}
    return Exercise(
        id=f"small-{number}", chapter="small", kind=kind, cls="P" if number % 2 else "A", minutes=10,
        difficulty=1, points=1, **({} if kind == "open" else checked),
    )  # fmt: skip


SPECS = tuple(spec(n, kind) for n, kind in enumerate(["value", "value", "open", "open", "open"], 1))


def text(source):
    return nbformat.v4.new_markdown_cell(source)


def code(source, output=None, **metadata):
    """An executed cell that printed `output`, or drew a figure if `output` is "figure"."""
    outputs = []
    if output == "figure":
        outputs = [nbformat.v4.new_output("display_data", {"image/png": PIXEL, "text/plain": "<Figure size 1x1>"})]
    elif output is not None:
        outputs = [nbformat.v4.new_output("stream", name="stdout", text=output)]
    return nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs, metadata=metadata)


def exercise_cells(spec):
    facts = f"*Class {spec.cls}, {spec.minutes} minutes, difficulty {spec.difficulty}, {spec.points} point.*"
    call = f"check.{spec.id.replace('-', '_')}(answer)"
    said = f"`{call}`" if spec.kind != "open" else ""
    yield text(f"**Exercise {spec.id}. Title {spec.id}.**\n\n{facts}\n\nPredict the sign. {said}")
    if spec.kind != "open":
        yield code(f"answer = ...\n{call}", f"{spec.id}: not attempted yet\n", tags=["hide-cell", "attempt"])
    if spec.cls == "P":
        yield text(new_chapter.SOLUTION.format(id=spec.id, marker="A reason"))
        yield code("round(1.5)", tags=["solution"])


def good_notebook():
    pitfalls, remember, heading, sources = new_chapter.LAST_SECTIONS
    index = "<!-- myst\n:::{index} ! sum, ! counting, ! addition\n:::\n-->"
    alt = {"image": {"alt": "Left: a grid of numbers. Right: its edges."}}
    hashed = {"tags": [notebook_form.IGNORE], "d2lcnn": {"source": "0" * 16}}
    cells = [
        text(f"# Small\n\n{index}\n\nA problem. At the end you will be able to\n\n- count;\n- add;\n- explain."),
        code(new_chapter.SETUP_CELL, tags=["remove-cell"]),
        text("## By hand\n\n" + "word " * 1850 + "\n\n[the setup](https://example.org) and $x + y$."),
        *[code(f"import numpy as np\nprint({n} / 3)", f"{n / 3:.3f}\n") for n in range(10)],
        text("## The derivation\n\nAs Goodfellow et al. (2016, chapter 9) write."),
        *[code(f"plot({n})", "figure", mystnb=alt) for n in range(4)],
        text("*Predict.* How many?"),
        code("print(9)", "9\n", tags=["hide-cell", "answer"]),
        text("## An experiment\n\nTimes differ."),
        code("import time\nt = time.time()\nprint(t)", "17.3\n", **hashed),
        code("print(t > 0)", "True\n"),
        text(f"## {pitfalls}\n\nOne."),
        code("print(0.1 + 0.2 == 0.3)", "False\n"),
        text(f"## {remember}\n\n- One line."),
        text(f"## {heading}\n\nAfter two failed tries, `check.hint(\"small-1\")` gives hints."),
        *[cell for one in SPECS for cell in exercise_cells(one)],
        text(f"## {sources}\n\nGoodfellow et al. 2016, chapter 9."),
    ]
    notebook = notebook_form.normalise(nbformat.v4.new_notebook(cells=cells))
    hashes = notebook_form.source_hashes(notebook)
    for cell in notebook.cells:
        if notebook_form.IGNORE in notebook_form.tags(cell):
            cell.metadata["d2lcnn"] = {"source": hashes[cell["id"]]}
    return notebook


@pytest.fixture(scope="module")
def good():
    return contract.Chapter(ROOT / "notebooks" / "foundations" / "small.ipynb", good_notebook(), SPECS)


def all_rules(chapter):
    return [problem for rule in ALL for problem in rule(chapter)]


def test_generated_chapter_keeps_every_rule(good, tmp_path):
    assert all_rules(good) == []
    stored = tmp_path / "small.ipynb"
    stored.write_bytes(notebook_form.dumps(good.notebook))
    assert contract.problems(replace(good, path=stored)) == []


# --- one plant a violation: (rule, what it must say, what to break) ---


def swap(old, new):
    """Replace text in the sources of all cells; the text must be there."""

    def plant(notebook):
        assert any(old in cell.source for cell in notebook.cells), old
        for cell in notebook.cells:
            cell.source = cell.source.replace(old, new)

    return plant


def edit(first_line, change):
    """Apply `change` to the first cell whose source begins like this."""

    def plant(notebook):
        change(next(cell for cell in notebook.cells if cell.source.startswith(first_line)))

    return plant


def add(*cells):
    """Put cells behind the setup cell."""

    def plant(notebook):
        notebook.cells[2:2] = [copy.deepcopy(cell) for cell in cells]

    return plant


def drop(first_line):
    """Remove every cell whose source begins like this."""

    def plant(notebook):
        kept = [cell for cell in notebook.cells if not cell.source.startswith(first_line)]
        assert len(kept) < len(notebook.cells)
        notebook.cells = kept

    return plant


def both(first, second):
    def plant(notebook):
        first(notebook)
        second(notebook)

    return plant


def printing(output):
    return edit("print(0.1", lambda cell: cell.outputs[0].update(text=output))


c, e, f = contract, exercise_contract, form_contract
PLANTS = [
    (c.begins_with_the_setup_cell, "not SETUP_CELL", swap("github.com", "example.com")),
    (c.begins_with_the_setup_cell, "not SETUP_CELL", drop("import importlib")),
    (c.begins_with_the_setup_cell, "tags []", edit("import importlib", lambda x: x.metadata.clear())),
    (c.has_the_sections, "one title", swap("## By hand", "# By hand")),
    (c.has_the_sections, "2 learning goals", swap("- add;\n", "")),
    (c.has_the_sections, "6 learning goals", swap("- add;\n", "- add;\n" * 4)),
    (c.has_the_sections, "last sections", swap("## Pitfalls", "## Traps")),
    (c.has_the_sections, "last sections", drop("## Exercises")),
    (c.has_the_sections, "2 sections before", swap("## An experiment\n", "")),
    (c.has_the_sections, "6 lines", swap("- One line.", "- One line.\n" * 6)),
    (c.has_the_sections, "0 lines", swap("- One line.", "")),
    (c.has_the_sections, "is empty", swap("Goodfellow et al. 2016, chapter 9.", "")),
    (c.has_the_length, "words of prose", swap("word " * 200, "")),
    (c.has_the_length, "words of prose", swap("word " * 1850, "word " * 4600)),
    (c.has_the_length, "words of prose", swap("word " * 1850, "```\n" + "word " * 1850 + "\n```")),
    (c.has_the_length, "words of prose", swap("word " * 1850, "$" + "word " * 1850 + "$")),
    (c.has_the_length, "words of prose", both(swap("word " * 1850, ""), swap("A reason", "word " * 1850))),
    (c.has_the_length, "code cells", drop("import numpy")),
    (c.has_the_length, "code cells", add(*[code("1")] * 30)),
    (c.has_the_length, "41 lines", edit("print(t", lambda x: x.update(source="x = 1\n" * 41))),
    (c.figures_have_alt_text, "image.alt", edit("plot(1)", lambda x: x.metadata.clear())),
    (c.figures_have_alt_text, "image.alt", edit("plot(1)", lambda x: x.metadata.mystnb.image.update(alt="Plot."))),
    (c.code_is_portable, "imports pandas", swap("import numpy as np", "import pandas.io")),
    (c.code_is_portable, "imports cv2", swap("import numpy as np", "from cv2 import x")),
    (c.code_is_portable, "imports .", swap("import numpy as np", "from . import x")),
    (c.code_is_portable, "not plain Python", swap("import numpy as np", "%matplotlib inline")),
    (c.code_is_portable, "sys.path", swap("import numpy as np", "sys.path.append('..')")),
    (c.code_is_portable, "rcParams", swap("import numpy as np", "plt.rcParams['a'] = 1")),
    (c.code_is_portable, "path of a machine", swap("import numpy as np", "open('/home/ann/x')")),
    (c.outputs_survive_another_processor, "0.30000000000000004", printing("0.30000000000000004\n")),
    (c.outputs_survive_another_processor, "1.2345678e-05", printing("[1.2345678e-05]\n")),
    (c.outputs_survive_another_processor, "no compared claim", drop("print(")),
    (c.outputs_survive_another_processor, "no compared claim", edit("print(t > 0)", lambda x: x.outputs.clear())),
    (c.outputs_survive_another_processor, "no compared claim",
     edit("print(t > 0)", lambda x: x.update(outputs=code("", "figure").outputs))),
    (c.outputs_survive_another_processor, "no compared claim",
     edit("print(t > 0)", lambda x: x.metadata.update(tags=[notebook_form.IGNORE]))),
    (c.text_is_finished, "TODO", swap("Times differ.", "TODO: times.")),
    (c.text_is_finished, "TO WRITE", swap("Times differ.", "TO WRITE: times.")),
    (c.text_is_finished, "FIXME", swap("import numpy as np", "# FIXME")),
    (c.text_is_finished, "Chapter 3", swap("Times differ.", "See Chapter 3.")),
    (c.text_is_finished, "does not exist", swap("https://example.org", "../foundations/nowhere.ipynb#x")),
    (f.markup_is_closed, "of no known form", swap("<summary>Solution of small-1", "<summary>Solution small-1")),
    (f.markup_is_closed, "without its other end", swap("\n\n</details>", "")),
    (f.markup_is_closed, "of no known form", swap("**Exercise small-2. Title small-2.**\n", "**Exercise small-2.** x")),
    (f.markup_is_closed, "of no known form", swap("Times differ.", "> **Fine print:** times differ.")),
    (f.markup_is_closed, "of no known form", swap("Times differ.", "<!-- nb-only -->Times differ.<!-- /nb-only -->")),
    (f.markup_is_closed, "once too often", swap("Times differ.", "Times differ. <!-- why")),
    (f.markup_is_closed, "is not closed", swap("Times differ.", "<!-- myst :::{note} -->\nTimes differ.")),
    (f.markup_is_closed, "closes nothing", swap("Times differ.", "Times differ.\n\n<!-- myst ::: -->")),
    (f.markup_is_closed, "closes nothing", swap("Times differ.", ":::{note}\nTimes.\n::::\n")),
    (f.markup_is_closed, "in backticks", swap("Times differ.", "```{note}\nTimes differ.\n```")),
    (f.plain_notebooks_show_clean_text, "'**'", swap("Times differ.", "** Times differ.**")),
    (f.plain_notebooks_show_clean_text, "own", swap("Times differ.", "<!-- myst (a)= -->**Times** differ.")),
    (f.plain_notebooks_show_clean_text, "own", swap("Times differ.", "<!-- why\n-->Times [differ](x).")),
    (f.plain_notebooks_show_clean_text, "own", swap("</summary>\n\n", "</summary>\n**")),
    (f.plain_notebooks_show_clean_text, "':::'", swap("Times differ.", ":::{note}\nTimes differ.\n:::")),
    (f.plain_notebooks_show_clean_text, "'{cite}'", swap("Times differ.", "Times differ {cite}`a`.")),
    (f.plain_notebooks_show_clean_text, "'<!--'", swap("Times differ.", "Times differ. <!-- why")),
    (f.has_index_entries, "2 main entries", swap(", ! addition", ", addition")),
    (f.has_index_entries, "0 main entries", swap(":::{index}", ":::{indexed}")),
    (f.fits_the_page, "77 characters of code", swap("round(1.5)", f"round({'1' * 66} + 3)")),
    (f.fits_the_page, "81 characters of output", printing("x" * 81 + "\n")),
    (f.fits_the_page, "81 characters of output", edit("print(0.1", lambda x: x.update(
        outputs=[nbformat.v4.new_output("display_data", {"text/markdown": "x" * 81, "text/plain": "x"})]))),
    (f.predictions_are_closed, "*Predict.* is answered", edit("print(9)", lambda x: x.metadata.clear())),
    (f.predictions_are_closed, "*Predict first.* is", swap("Times differ.", "**Predict first.** How many?")),
    (f.agreement_is_folded, "8 lines with 'True'", printing("agree: True\n" * 7)),
    (f.cells_are_small, "half of the code", swap("import numpy as np\n", "import numpy as np\n" + "x = 1\n" * 12)),
    (f.hints_are_offered, "no text says", swap("`check.hint(", "`check.help(")),
    (f.has_the_figures, "3 cells with a figure", drop("plot(1)")),
    (e.statements_have_the_form, "no line", swap("*Class P, 10 minutes, difficulty 1, 1 point.*", "*Class P, short.*")),
    (e.statements_have_the_form, "no line", swap(", 1 point.*", ".*")),
    (e.statements_have_the_form, "5 exercises begin, 4", swap("**Exercise small-2. Title", "*Exercise small-2. Title")),
    (e.statements_agree_with_specs, "exercises in the text", swap("Exercise small-2.", "Exercise small-7.")),
    (e.statements_agree_with_specs, "exercises in the text", drop("**Exercise small-4")),
    (e.statements_agree_with_specs, "the spec ('P', 10, 1, 1)", swap("P, 10 minutes", "P, 20 minutes")),
    (e.statements_agree_with_specs, "the spec ('A', 10, 1, 1)", swap("*Class A", "*Class P")),
    (e.statements_agree_with_specs, "the spec ('A', 10, 1, 1)", swap("1 point", "2 points")),
    (e.exercises_are_enough, "check.small_1", swap("check.small_1(", "check.small(")),
    (e.exercises_are_enough, "predict", swap("Predict", "Guess")),
    (e.there_is_room_for_an_answer, "small-2: no cell", drop("answer = ...\ncheck.small_2")),
    (e.there_is_room_for_an_answer, "does not call", edit("answer = ...", lambda x: x.update(source="answer = ..."))),
    (e.there_is_room_for_an_answer, "small-1: its cell", edit("answer = ...", lambda x: x.outputs.clear())),
    (e.there_is_room_for_an_answer, "no exercise", add(code("x", tags=["hide-cell", "attempt"]))),
    (e.practice_is_solved, "class P and has 0", swap("Solution of small-1", "Something of small-1")),
    (e.practice_is_solved, "class P and has 0", drop("<details><summary>Solution of small-3")),
    (e.practice_is_solved, "class A and has a solution", swap("Solution of small-1", "Solution of small-2")),
    (e.practice_is_solved, "no exercise of this chapter", swap("Solution of small-1", "Solution of small-9")),
    (e.practice_is_solved, "lacks its tag", edit("round(1.5)", lambda x: x.metadata.clear())),
    (e.practice_is_solved, "follows none", edit("print(9)", lambda x: x.metadata.update(tags=["solution"]))),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "message", "plant"), PLANTS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_rule_sees_what_is_planted(good, rule, message, plant):
    notebook = copy.deepcopy(good.notebook)
    plant(notebook)
    found = rule(replace(good, notebook=notebook))
    assert any(message in problem for problem in found), found


def test_every_rule_has_a_plant():
    assert {rule for rule, _, _ in PLANTS} == set(ALL)


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        (SPECS[:4], "4 exercises"),
        (tuple(spec(n, "open") for n in range(1, 6)), "0 exercises with a check"),
        (tuple(spec(n, "value") for n in range(1, 6)), "no open exercise"),
        ((), "specs: []"),
    ],
)
def test_rules_see_missing_specs(good, specs, message):
    assert any(message in problem for problem in all_rules(replace(good, specs=specs)))


def test_solutions_and_formulas_are_no_prose(good):
    before = contract.count_words(good)
    notebook = copy.deepcopy(good.notebook)
    swap("A reason", "word " * 99)(notebook)
    swap("$x + y$", "$x + y + zebra$ `zebra` [zebra](zebra)")(notebook)
    assert contract.count_words(replace(good, notebook=notebook)) == before + 1


def test_toc_rule_sees_both_sides(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "index.md").touch()
    for name in ("foundations/there", "foundations/forgotten", "assignments/hw"):
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    entries = [{"file": f"notebooks/foundations/{name}"} for name in ("there", "there", "gone")]
    toc = {"root": "book/index", "parts": [{"caption": "x", "chapters": entries}]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc), "utf8")
    assert contract.toc_problems(tmp_path) == [
        "_toc.yml names notebooks/foundations/there twice",
        "notebooks/foundations/forgotten.ipynb is not in _toc.yml",
        "_toc.yml names notebooks/foundations/gone, which does not exist",
    ]


def test_class_a_rule_sees_a_solution(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "answers.md").write_text("<summary>Solution of small-1\n:::{solution} ex-small-2\n", "utf8")
    expected = f"{Path('book', 'answers.md')}: solution of class A exercise small-2"
    assert exercise_contract.class_a_solutions(tmp_path, SPECS) == [expected]


@pytest.mark.parametrize("folder", ["notebooks/part", "book", "d2lcnn/exercises", "tests/browser", "tools"])
def test_class_a_solutions_are_looked_for_everywhere(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "notes.md").write_text("<summary>Solution of small-2</summary>", "utf8")
    [problem] = exercise_contract.class_a_solutions(tmp_path, SPECS)
    assert problem == f"{Path(folder, 'notes.md')}: solution of class A exercise small-2"


# --- the skeleton of a new chapter ---

TOC = """\
format: jb-book
root: book/index
parts:
  - caption: I. From pixels to convolutions # the order is the author's
    numbered: true
    chapters:
      - file: notebooks/foundations/first
      - file: notebooks/foundations/second
  - caption: Appendix
    chapters:
      - file: book/bibliography
"""


@pytest.mark.parametrize(
    ("part", "after", "line", "behind"),
    [
        ("foundations", None, "      - file: notebooks/foundations/new", "second"),
        ("foundations", "first", "      - file: notebooks/foundations/new", "first"),
    ],
)
def test_new_chapter_goes_into_its_part(part, after, line, behind):
    lines = new_chapter.add_to_toc(TOC, part, "new", after).splitlines()
    assert lines[lines.index(line) - 1].endswith(behind)
    assert [x for x in lines if x != line] == TOC.splitlines()


def test_new_chapter_opens_its_part_in_the_order_of_the_parts():
    toc = yaml.safe_load(new_chapter.add_to_toc(new_chapter.add_to_toc(TOC, "beyond", "z"), "arithmetic", "a"))
    names = [new_chapter.PARTS[x] for x in ("foundations", "arithmetic", "beyond")]
    assert [part["caption"] for part in toc["parts"]] == [*names, "Appendix"]
    assert toc["parts"][1] == {
        "caption": names[1], "numbered": True, "chapters": [{"file": "notebooks/arithmetic/a"}],
    }  # fmt: skip


def test_skeleton_is_refused_until_it_is_filled(tmp_path):
    (tmp_path / "_toc.yml").write_text(TOC, "utf8")
    (tmp_path / "d2lcnn" / "exercises").mkdir(parents=True)
    notebook, _, module = new_chapter.create("foundations/new", "New", root=tmp_path)
    namespace = {}
    exec(module.read_text("utf8"), namespace)
    chapter = contract.Chapter(notebook, notebook_form.read(notebook), tuple(namespace["EXERCISES"]))
    found = contract.problems(chapter)
    assert sum("unfinished" in problem for problem in found) > 20
    # The form itself is right: only what an author must write is missing.
    for rule in (c.begins_with_the_setup_cell, c.has_the_sections, f.markup_is_closed, e.statements_agree_with_specs,
                 f.plain_notebooks_show_clean_text, e.statements_have_the_form, e.practice_is_solved,
                 e.there_is_room_for_an_answer, f.has_index_entries, c.code_is_portable):  # fmt: skip
        assert rule(chapter) == []
    with pytest.raises(ValueError, match="exists already"):
        new_chapter.create("foundations/new", "New", root=tmp_path)


@pytest.mark.parametrize("name", ["new", "nowhere/new", "foundations/3_new", "foundations/New"])
def test_bad_names_are_refused(name, tmp_path):
    with pytest.raises(ValueError, match="part/slug"):
        new_chapter.create(name, "New", root=tmp_path)


def test_after_must_exist():
    with pytest.raises(ValueError, match="no such chapter"):
        new_chapter.add_to_toc(TOC, "foundations", "new", "third")


def test_command_line_reports_and_fails(tmp_path):
    path = tmp_path / "notebooks" / "foundations" / "small.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(notebook_form.dumps(good_notebook()))
    run = subprocess.run(
        [sys.executable, ROOT / "tools" / "chapter_contract.py", path], capture_output=True, text=True, check=False
    )
    assert run.returncode == 1  # no specs are found for it
    assert "specs: []" in run.stdout
    assert "5 exercises" in run.stdout


def chapter_of(*cells):
    return contract.Chapter(Path("x.ipynb"), nbformat.v4.new_notebook(cells=list(cells)))


@pytest.mark.parametrize(("lines", "problems"), [((11, 11), 0), ((12, 12), 1), ((11, 12), 1), ((11, 11, 12), 0)])
def test_more_than_half_of_the_cells_have_less_than_12_lines(lines, problems):
    chapter = chapter_of(*(code("x = 1\n" * count) for count in lines))
    assert len(form_contract.cells_are_small(chapter)) == problems


ASKED, ANSWER = text("*Predict.* How many?"), text(f"<details>{form_contract.ANSWER}\n\nTwo.\n\n</details>")


@pytest.mark.parametrize(("cells", "problems"), [
    ([ASKED], 1),
    ([ASKED, ANSWER], 0),
    ([ASKED, code("1"), code("2"), ANSWER], 0),
    ([ASKED, code("1"), text("Two."), ANSWER], 1),  # the text between has said it
    ([ASKED, code("1"), code("2", tags=["answer", "hide-cell"])], 0),
    ([text(f"{ASKED.source}\n\n{ANSWER.source}")], 0),
    ([code("# *Predict.* is no question here")], 0),
    ([text("**Exercise x-1. Now.**\n\n*Predict.* How many?")], 0),  # its solution is folded by another rule
])
def test_the_answer_is_folded_behind_the_question(cells, problems):
    assert len(form_contract.predictions_are_closed(chapter_of(*cells))) == problems


def test_a_chapter_stays_what_was_read():
    with pytest.raises(FrozenInstanceError):
        chapter_of().specs = ()


def test_new_chapter_from_the_shell(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(new_chapter, "create", lambda *names, **more: asked.append((names, more)) or [ROOT / "a.ipynb"])
    assert new_chapter.main(["foundations/new", "A title", "--after", "pooling"]) == 0
    assert asked == [(("foundations/new", "A title"), {"after": "pooling"})]
    assert "next: fill what says 'TO WRITE', then make run NB=a.ipynb" in capsys.readouterr().out
