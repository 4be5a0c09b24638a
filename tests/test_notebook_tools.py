"""The notebook tools: one stored form, outputs that are kept or refreshed, checks that see what is wrong.

Most tests replace the kernel by `fake_run`, which prints a running number in every cell; the tests that start a
real one say so.
"""

import base64
import copy
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import execute_notebooks as execute  # noqa: E402
import nbtext  # noqa: E402
import notebook_form as form  # noqa: E402
from nbval.plugin import get_sanitize_patterns  # noqa: E402
from setup_cell import SETUP_CELL  # noqa: E402

PNG = base64.b64encode(bytes(range(200))).decode()


def code(source, *tags, **metadata):
    return nbformat.v4.new_code_cell(source, metadata={**({"tags": list(tags)} if tags else {}), **metadata})


def write(path, *cells):
    """Store cells the way an editor does: random ids, no normal form."""
    nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture
def fake_run(monkeypatch):
    numbers = itertools.count(1)

    def run(notebook, folder, timeout):
        for cell in form.code_cells(notebook):
            cell.execution_count = 7
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=f"run {next(numbers)}\n")]

    monkeypatch.setattr(execute, "run", run)


def printed(path):
    return ["".join(o.text for o in cell.outputs) for cell in form.code_cells(form.read(path))]


def change(path, **sources):
    """Replace sources of code cells: c0="..." is the first one."""
    notebook = form.read(path)
    for key, source in sources.items():
        form.code_cells(notebook)[int(key[1:])].source = source
    path.write_bytes(form.dumps(notebook))


@pytest.fixture(autouse=True)
def environment():
    """Give back the environment that the command line sets for its kernels."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


# --- executing: a real kernel ---


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A notebook executed by a real kernel, as a contributor does it."""
    path = write(
        tmp_path_factory.mktemp("real") / "real.ipynb",
        nbformat.v4.new_markdown_cell("# Title"),
        code("import sys\nprint('a')\nprint('e', file=sys.stderr)\nprint('b')"),
        code("import os\nprint({'x', 'y', 'z'}, os.environ['OMP_NUM_THREADS'], os.environ['TQDM_DISABLE'])"),
        code("import time\ntime.perf_counter_ns()", form.IGNORE),
        code("from matplotlib import pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
        code("from pathlib import Path\nsorted(p.name for p in Path.cwd().glob('*.ipynb'))"),
    )
    command = [sys.executable, ROOT / "tools" / "execute_notebooks.py", path]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    return path, command, first


def test_execution_stores_the_normal_form(real):
    path, _, first = real
    assert first.returncode == 0, first.stderr
    assert "changed" in first.stdout
    assert form.check(path) == []
    streams = form.code_cells(form.read(path))[0].outputs
    assert [(o.name, o.text) for o in streams] == [("stdout", "a\nb\n"), ("stderr", "e\n")]
    assert "image/png" in form.code_cells(form.read(path))[3].outputs[-1].data
    assert form.code_cells(form.read(path))[4].outputs[0].data["text/plain"] == "['real.ipynb']"  # runs in its folder


def test_second_execution_changes_no_byte(real):
    path, command, _ = real
    before = path.read_bytes()
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "unchanged" in second.stdout
    assert path.read_bytes() == before


def test_an_error_names_the_cell_and_leaves_the_file(tmp_path, capsys):
    path = write(tmp_path / "a.ipynb", code("x = 0"), code("print('so far')\n1 / x"), code("print('not reached')"))
    before = path.read_bytes()
    assert execute.main([str(path)]) == 1
    message = capsys.readouterr().err
    for part in ("a.ipynb", "cell 2", "print('so far')", "ZeroDivisionError: division by zero"):
        assert part in message
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# --- executing: what is kept ---


def test_ignored_outputs_are_kept_until_the_code_changes(tmp_path, fake_run):
    path = write(tmp_path / "a.ipynb", code("a"), code("b", form.IGNORE), code("c"))
    assert execute.main([str(path)]) == 0
    assert printed(path) == ["run 1\n", "run 2\n", "run 3\n"]
    execute.main([str(path)])  # run 5 is thrown away
    assert printed(path) == ["run 4\n", "run 2\n", "run 6\n"]
    change(path, c2="c2")  # a later cell decides nothing
    execute.main([str(path)])
    assert printed(path) == ["run 7\n", "run 2\n", "run 9\n"]
    change(path, c1="b2")
    execute.main([str(path)])
    assert printed(path)[1] == "run 11\n"
    change(path, c0="a2")  # an earlier cell may decide everything
    execute.main([str(path)])
    assert printed(path)[1] == "run 14\n"
    assert form.check(path) == []


def test_refresh_takes_new_outputs(tmp_path, fake_run):
    path = write(tmp_path / "a.ipynb", code("b", form.IGNORE))
    execute.main([str(path)])
    execute.main(["--refresh", str(path)])
    assert printed(path) == ["run 2\n"]


def test_outputs_of_an_editor_are_not_kept(tmp_path, fake_run):
    cell = code("b", form.IGNORE)
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="from JupyterLab\n")]
    path = write(tmp_path / "a.ipynb", cell)
    execute.main([str(path)])
    assert printed(path) == ["run 1\n"]


def test_an_old_setup_cell_is_renewed_and_refreshes_nothing(tmp_path, fake_run):
    path = write(tmp_path / "a.ipynb", code("setup", "remove-cell"), code("b", form.IGNORE), code("c", "remove-cell"))
    execute.main([str(path)])
    change(path, c0="setup from elsewhere")
    assert form.check(path) == [f"{path}: not in normal form (run tools/execute_notebooks.py --no-exec)"]
    execute.main([str(path)])
    assert printed(path) == ["run 4\n", "run 2\n", "run 6\n"]
    change(path, c0="setup from elsewhere")
    assert execute.main(["--no-exec", str(path)]) == 0
    assert [cell.source for cell in form.read(path).cells] == [SETUP_CELL, "b", "c"]
    assert form.check(path) == []


@pytest.mark.parametrize("cells", [
    [code("mine"), code("b", "remove-cell")],
    [nbformat.v4.new_markdown_cell("mine", metadata={"tags": ["remove-cell"]})],
])
def test_only_a_first_code_cell_that_says_so_is_the_setup_cell(cells):
    notebook = form.normalise(nbformat.v4.new_notebook(cells=cells))
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in cells]


def test_no_exec_keeps_outputs_and_invents_no_count(tmp_path, fake_run):
    path = write(tmp_path / "a.ipynb", code("a"), code("b"))
    execute.main([str(path)])
    notebook = form.read(path)
    notebook.cells[0].update(outputs=[], execution_count=None)
    notebook.metadata["vscode"] = {"x": 1}
    path.write_bytes(form.dumps(notebook))
    assert execute.main(["--no-exec", str(path)]) == 0
    assert printed(path) == ["", "run 2\n"]
    assert form.check(path) == [f"{path}: cell 1 ({notebook.cells[0]['id']}): not executed"]


def test_files_that_are_no_notebooks_are_named(tmp_path, capsys):
    (tmp_path / "old.ipynb").write_text('{"nbformat": 3}', "utf8")
    (tmp_path / "not.ipynb").write_text("no JSON", "utf8")
    missing = tmp_path / "missing.ipynb"
    assert execute.main([str(tmp_path / "old.ipynb"), str(tmp_path / "not.ipynb"), str(missing)]) == 1
    message = capsys.readouterr().err
    assert all(name in message for name in ("old.ipynb", "not.ipynb", "missing.ipynb"))


# --- the normal form ---


def test_normal_form_of_what_editors_write(tmp_path):
    cells = [
        nbformat.v4.new_markdown_cell("text\n\n", metadata={"editable": True}),
        code("x\n", form.IGNORE, execution={"iopub.status.idle": "2026"}, mystnb={"image": {"alt": "A"}}),
        code("x\n", scrolled=True, d2lcnn={"source": "of a tag that is gone"}, jupyter={"source_hidden": True}),
        code("x\n"),
    ]
    for cell in cells:
        cell["id"] = "same"
    notebook = form.normalise(form.normalise(nbformat.from_dict(
        {"nbformat": 4, "nbformat_minor": 2, "metadata": {"kernelspec": {"name": "mine"}}, "cells": cells}
    )))  # fmt: skip
    assert notebook.metadata == {"kernelspec": form.KERNEL, "language_info": {"name": "python"}}
    assert [cell.metadata for cell in notebook.cells] == [
        {}, {"mystnb": {"image": {"alt": "A"}}, "tags": [form.IGNORE]}, {}, {},
    ]  # fmt: skip
    ids = [cell["id"] for cell in notebook.cells]
    assert ids[0] == "same"
    assert len(set(ids)) == 4
    assert [cell.source for cell in notebook.cells] == ["text", "x", "x", "x"]
    stored = form.dumps(notebook)
    assert stored.endswith(b"}\n")
    assert not stored.endswith(b"\n\n")
    assert b"\r" not in stored


SHUT = {"source_hidden": True, "outputs_hidden": True}


@pytest.mark.parametrize(
    ("tags", "jupyter", "colab", "prompt"),
    [
        (["remove-cell"], {"source_hidden": True}, "form", None),
        (["hide-input"], {"source_hidden": True}, "form", None),
        (["remove-input", form.IGNORE], {"source_hidden": True}, "form", None),
        (["hide-output"], {"outputs_hidden": True}, None, None),
        (["hide-cell", "answer"], SHUT, "form", "Show the answer"),
        (["hide-cell", "check"], SHUT, "form", "Show the check"),
        (["hide-cell", "attempt"], None, None, "Show the stub for your answer"),
        (["solution"], SHUT, "form", None),
        ([], None, None, None),
    ],
)
def test_folds_follow_from_the_tags(tags, jupyter, colab, prompt):
    stale = {"jupyter": {"outputs_hidden": True}, "cellView": "form", "mystnb": {"code_prompt_show": "old"}}
    notebook = form.normalise(nbformat.v4.new_notebook(cells=[code("x", *tags, **stale)]))
    metadata = notebook.cells[0].metadata
    assert metadata.get("jupyter") == jupyter
    assert metadata.get("cellView") == colab
    assert metadata.get("mystnb", {}).get("code_prompt_show") == prompt
    assert form.dumps(form.normalise(copy.deepcopy(notebook))) == form.dumps(notebook)


def test_layout_and_comments_make_no_output_old_but_code_does():
    def last_hash(*sources, tag=form.IGNORE):
        cells = [code(source) for source in sources[:-1]] + [code(sources[-1], tag)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        return form.source_hashes(notebook)[cells[-1]["id"]]

    first = last_hash("x = [1, 2]", "f(x, key='a' 'b')")
    assert last_hash("x = [1,\n     2]  # two", "f(x,\n  key='ab')") == first
    assert last_hash("x = [1, 2.0]", "f(x, key='ab')") != first
    assert last_hash("x = [2, 1]", "f(x, key='ab')") != first
    assert last_hash("x = [1, 2]", "f(x, key='ba')") != first
    assert last_hash("x = [1, 2]", "f(x, word='ab')") != first
    assert last_hash("y = [1, 2]", "f(x, key='ab')") != first
    assert last_hash("%magic a", "x") != last_hash("%magic b", "x")


def test_a_cell_for_the_readers_answer_makes_no_output_old():
    cells = [code("x"), code("answer = ...", "hide-cell", "attempt"), code("y", form.IGNORE)]
    with_room = form.source_hashes(nbformat.v4.new_notebook(cells=cells))
    without = form.source_hashes(nbformat.v4.new_notebook(cells=cells[::2]))
    assert with_room[cells[2]["id"]] == without[cells[2]["id"]]


def test_ids_made_from_the_source_are_the_same_each_time():
    def notebook():
        cells = [{"cell_type": "markdown", "metadata": {}, "source": "one"} for _ in range(3)]
        return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells})

    first, second = form.normalise(notebook()), form.normalise(notebook())
    assert [c["id"] for c in first.cells] == [c["id"] for c in second.cells]
    assert len({c["id"] for c in first.cells}) == 3


def test_streams_are_merged_where_they_begin():
    def stream(name, text):
        return nbformat.v4.new_output("stream", name=name, text=text)

    picture = nbformat.v4.new_output("display_data", {"image/png": PNG[:8] + "\n" + PNG[8:]})
    outputs = form.tidy_outputs([picture, stream("stderr", "e"), stream("stdout", "a"), stream("stderr", "f")], 1)
    assert [o.get("name", "picture") for o in outputs] == ["picture", "stdout", "stderr"]
    assert outputs[2].text == "ef"
    assert outputs[0].data["image/png"] == PNG + "\n"


# --- the check ---


@pytest.fixture
def stored(tmp_path, fake_run):
    title = nbformat.v4.new_markdown_cell("# T")
    path = write(tmp_path / "a.ipynb", title, code("a"), code("b", form.IGNORE), code("c"))
    execute.main([str(path)])
    return path


def put(**fields):
    return lambda notebook: notebook.cells[1].update(copy.deepcopy(fields))


def show(kind, text):
    return put(outputs=[nbformat.v4.new_output("display_data", {kind: text})])


def say(text):
    return put(outputs=[nbformat.v4.new_output("stream", name="stderr", text=text)])


PLANTS = [
    ("not executed", put(execution_count=None, outputs=[])),
    ("execution count 9, expected 1", put(execution_count=9)),
    ("'nbval-skip' is not permitted", put(metadata={"tags": ["nbval-skip"]})),
    ("'raises-exception' is not permitted", put(metadata={"tags": ["raises-exception"]})),
    ("hide-cell and one of answer, attempt, check", put(metadata={"tags": ["hide-cell"]})),
    ("hide-cell and one of answer, attempt, check", put(metadata={"tags": ["answer"]})),
    ("hide-cell and one of answer, attempt, check", put(metadata={"tags": ["hide-cell", "answer", "check"]})),
    ("not in normal form", put(metadata={"tags": ["solution"]})),
    ("not in normal form", put(metadata={"jupyter": {"source_hidden": True}})),
    ("a comment steers nbval", put(source="a  # NBVAL_IGNORE_OUTPUT")),
    ("stores an error: KeyError: 3", put(outputs=[nbformat.v4.new_output("error", ename="KeyError", evalue="3")])),
    ("figures are PNG", show("image/svg+xml", "<svg/>")),
    ("'/home/ann'", say("/home/ann/book/x.py:3: UserWarning")),
    ("'/root/x'", show("text/html", "<a href='/root/x'>")),
    ("'C:\\\\Users'", say("in C:\\Users\\ann")),
    ("'/tmp/ipykernel_12'", say("/tmp/ipykernel_12/3.py: x")),
    ("'site-packages'", say("lib/site-packages/torch")),
    ("older than the code", put(source="another a")),
    ("no output is stored", lambda notebook: notebook.cells[2].update(outputs=[])),
    ("ends in ';'", put(source="a;\n")),
    ("an empty code cell", put(source="", outputs=[])),
    ("a tag on a text cell", lambda notebook: notebook.cells[0].metadata.update(tags=["hide-input"])),
    ("not in normal form", put(metadata={"scrolled": True})),
    ("not in normal form", lambda notebook: notebook.metadata.language_info.update(version="3.11")),
]


@pytest.mark.parametrize(("message", "plant"), PLANTS)
def test_check_sees_what_is_planted(stored, capsys, message, plant):
    assert execute.main(["--check", str(stored)]) == 0
    notebook = form.read(stored)
    plant(notebook)
    stored.write_bytes((nbformat.v4.writes(notebook) + "\n").encode())
    before = stored.read_bytes()
    capsys.readouterr()
    assert execute.main(["--check", str(stored)]) == 1
    assert any(line.startswith(f"{stored}: ") and message in line for line in capsys.readouterr().out.splitlines())
    assert stored.read_bytes() == before


def test_check_fails_if_one_of_several_does(stored, tmp_path):
    good = tmp_path / "good.ipynb"
    good.write_bytes(stored.read_bytes())
    notebook = form.read(stored)
    put(execution_count=9)(notebook)
    stored.write_bytes(form.dumps(notebook))
    for several in ([stored, good], [good, stored], [good, tmp_path / "missing.ipynb", good]):
        assert execute.main(["--check", *map(str, several)]) == 1
    assert execute.main(["--check", str(good), str(good)]) == 0


@pytest.mark.parametrize("harmless", ["see https://x.org/home/page", "3/usr of 4", "torch/nn/modules", "a/work/b"])
def test_check_lets_other_slashes_pass(harmless):
    assert form.MACHINE_PATH.search(harmless) is None


def test_sanitizer_forgives_addresses_and_no_number():
    patterns = get_sanitize_patterns((ROOT / "tools" / "sanitize.cfg").read_text("utf8"))
    assert patterns == [("0x[0-9a-f]{6,}", "0xADDRESS")]


# --- text for git diff ---


def test_git_diff_shows_text_code_and_outputs_but_no_picture(stored, tmp_path):
    notebook = form.read(stored)
    notebook.cells[3].outputs = [nbformat.v4.new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"})]
    stored.write_bytes(form.dumps(notebook))
    (tmp_path / ".gitattributes").write_text("*.ipynb diff=ipynb\n", "utf8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}

    def git(*words):
        command = [shutil.which("git"), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    git("init", "-q")
    git("config", "diff.ipynb.textconv", f'"{sys.executable}" "{ROOT / "tools" / "nbtext.py"}"')
    git("add", ".")
    git("commit", "-q", "-m", "x")
    notebook.cells[0].source = "# U"
    notebook.cells[1].outputs[0].text = "run 5\n"
    notebook.cells[3].outputs[0].data["image/png"] = base64.b64encode(bytes(200)).decode()
    stored.write_bytes(form.dumps(notebook))
    lines = git("diff").splitlines()
    changed = [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed[:4] == ["-# T", "+# U", "-run 1", "+run 5"]
    assert [line.split(",")[0] for line in changed[4:]] == ["->>> image/png [200 bytes", "+>>> image/png [200 bytes"]


def texts(notebook, tmp_path):
    path = tmp_path / "shown.ipynb"
    path.write_bytes((nbformat.v4.writes(notebook) + "\n").encode())
    command = [sys.executable, ROOT / "tools" / "nbtext.py", path]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    ("plant", "shown"),
    [
        (lambda n: n.cells[1].metadata.update(tags=["solution"]), {"tags: [\"solution\"]"}),
        (lambda n: n.cells[1].metadata.update(jupyter={"x": 1}), {"jupyter: {\"x\": 1}"}),
        (lambda n: n.metadata.update(kernelspec={}), {"kernelspec: {}"}),
        (lambda n: n.cells[1].outputs[0].metadata.update(a=1), {">>> text/plain {\"a\": 1}"}),
        (lambda n: n.cells[1].outputs[0].data.update({"text/plain": "\n".join([*["line"] * 4999, "lime"])}), {"lime"}),
        (lambda n: n.cells[1].update(execution_count=3), {"counts"}),
    ],
)
def test_text_shows_tags_metadata_and_one_changed_line_of_a_long_output(stored, tmp_path, plant, shown):
    notebook = form.read(stored)
    notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/plain": "\n".join(["line"] * 5000)})]
    before = texts(notebook, tmp_path)
    plant(notebook)
    new = [line for line in texts(notebook, tmp_path) if line not in before]
    assert set(new) == shown if shown != {"counts"} else "3" in new[0]


def test_text_names_a_long_line_by_its_hash(stored, tmp_path):
    notebook = form.read(stored)
    lines = []
    for end in "ab":
        html = f"<img src='{'x' * 9000}{end}'>"
        notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/html": html})]
        lines.append(texts(notebook, tmp_path))
    assert lines[0] != lines[1]
    assert max(map(len, lines[0])) < 600


@pytest.mark.parametrize("broken", ["<<<<<<< ours\n{}\n", '{"no": "cells"}'])
def test_text_of_a_broken_notebook_is_itself(tmp_path, broken):
    (tmp_path / "a.ipynb").write_text(broken, "utf8")
    command = [sys.executable, ROOT / "tools" / "nbtext.py", tmp_path / "a.ipynb"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == broken


# --- what contributors are told ---


def test_contributing_lists_the_permitted_tags_and_real_commands():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf8")
    table = text.split("### Permitted tags of code cells")[1].split("\n\n")[1]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == form.PERMITTED_TAGS
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets


def test_of_a_notebook_without_problems_nothing_is_said(tmp_path, fake_run, capsys):
    path = write(tmp_path / "a.ipynb", code("a"))
    execute.main([str(path)])
    capsys.readouterr()
    assert execute.main(["--check", str(path), str(path)]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("letters", ["AAAA!AAAA", "AAAA AAAA", "AAA"])
def test_only_whole_base64_is_decoded_before_its_hash(letters):
    """Of text that merely looks like it, other letters would be dropped, and two texts have one hash."""
    assert nbtext.fingerprint("AAAAAAAA").startswith("[6 bytes, ")
    assert nbtext.fingerprint(letters).startswith(f"[{len(letters)} bytes, ")
    assert nbtext.fingerprint("ü" * 4).startswith("[8 bytes, ")
