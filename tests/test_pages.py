"""Pages, README and licences: what a program can see of them. The build itself checks links, labels and citations."""

import heapq
import importlib.util
import json
import pkgutil
import re
import sys
from pathlib import Path

import pytest
import yaml

import d2lcnn
from d2lcnn import data, results
from d2lcnn.experiments import EXPERIMENTS

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import new_chapter  # noqa: E402
from terms import glossary  # noqa: E402

PAGES = sorted((ROOT / "book").glob("*.md"))
PROSE = [*PAGES, ROOT / "README.md"]

spec = importlib.util.spec_from_file_location("readme_chapters", ROOT / "tools" / "readme_chapters.py")
readme_chapters = importlib.util.module_from_spec(spec)
spec.loader.exec_module(readme_chapters)


def text(path):
    """Return a page without code blocks, inline code, formulas and HTML comments."""
    source = re.sub(r"^( *)(`{3,})[^\n]*\n.*?^\1\2 *$", "", path.read_text("utf8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`|<!--.*?-->", "", source, flags=re.DOTALL)


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.name)
def test_prose_keeps_the_rules(page):
    assert not re.findall(r"[^\n]*\w!(?!\[)[^\n]*", text(page)), "exclamation mark"
    assert "[^" not in text(page), "footnote"
    headings = re.findall(r"^#+ .*$", page.read_text("utf8"), re.MULTILINE)
    assert not [line for line in headings if "{" in line], "role in a heading"
    assert not re.search(r"\b(simply|obviously|easily|powerful|cutting-edge)\b", text(page), re.IGNORECASE)


@pytest.mark.parametrize("page", [*PROSE, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(page))
    missing = [t for t in targets if "://" not in t and not t.startswith("mailto:") and not (page.parent / t).exists()]
    assert not missing


def test_readme_names_the_two_commands_and_shows_the_book():
    readme = (ROOT / "README.md").read_text("utf8")
    assert re.search(r"^    make book\b", readme, re.MULTILINE) and re.search(r"^    make test\b", readme, re.MULTILINE)
    assert "book/_static/screenshot.png" in readme


def test_readme_lists_the_chapters_of_the_toc():
    readme = (ROOT / "README.md").read_text("utf8")
    assert readme_chapters.updated(readme, readme_chapters.chapter_list()) == readme


def test_parts_are_named_and_numbered_the_same_everywhere():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    parts = [part["caption"] for part in toc["parts"] if part.get("numbered")]
    planned = list(new_chapter.PARTS.values())
    assert [caption for caption in planned if caption in parts] == parts, "in the order of the book"
    assert [caption.split(". ")[0] for caption in planned] == ["I", "II", "III", "IV", "V", "VI"]
    index = (ROOT / "book/index.md").read_text("utf8")
    assert re.findall(r"^- ([IV]+\. [^:]+):", index, re.MULTILINE) == planned
    readme = (ROOT / "README.md").read_text("utf8")
    assert re.findall(r"^\*\*([IV]+\. .+)\*\*$", readme, re.MULTILINE) == parts
    preface = (ROOT / "book/preface.md").read_text("utf8")
    named = re.findall(r"\bpart ([IV]+) \(([^)]+)\)", re.sub(r"\s+", " ", preface), re.IGNORECASE)
    assert named and {f"{number}. {name}" for number, name in named} <= set(parts)
    assert not re.search(r"\bparts? (?:one|two|three|four|five|six|\d)", preface + index, re.IGNORECASE)


def test_stale_chapter_list_is_found_and_mended(tmp_path):
    (tmp_path / "notebooks" / "a").mkdir(parents=True)
    cells = [("code", ["# no title"]), ("markdown", ["# On lines\n", "text"])]
    notebook = {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}
    (tmp_path / "notebooks" / "a" / "lines.ipynb").write_text(json.dumps(notebook))
    toc = {"root": "book/index", "parts": [
        {"caption": "Before", "chapters": [{"file": "book/preface"}]},
        {"caption": "Part", "chapters": [{"file": "notebooks/a/lines"}]},
    ]}  # fmt: skip
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc))
    readme = tmp_path / "README.md"
    readme.write_text(f"top\n{readme_chapters.BEGIN}\nold\n{readme_chapters.END}\nbottom\n")
    with pytest.raises(SystemExit, match="stale"):
        readme_chapters.main(["--check"], tmp_path)
    readme_chapters.main([], tmp_path)
    assert "\n\n**Part**\n\n1. [On lines](notebooks/a/lines.ipynb)\n\n" in readme.read_text()
    assert readme.read_text().startswith("top\n") and readme.read_text().endswith("\nbottom\n")
    with pytest.raises(SystemExit) as stopped:
        readme_chapters.main(["--check"], tmp_path)
    assert stopped.value.code == 0
    with pytest.raises(ValueError, match="once each"):
        readme_chapters.updated("no markers", "list")


def test_glossary_is_sorted_and_bilingual():
    terms, chinese, meanings, chapters = zip(*glossary(), strict=True)
    assert chapters.count("known") >= 10
    assert len(terms) >= 50 and len(set(terms)) == len(terms)
    assert list(terms) == sorted(terms, key=str.lower)
    assert not [word for word in chinese if not re.search(r"[\u4e00-\u9fff]", word)]
    assert not [sentence for sentence in meanings if not sentence.endswith(".") or sentence.count(". ")]


def test_api_page_has_every_public_module():
    modules = {m.name for m in pkgutil.iter_modules(d2lcnn.__path__) if not m.name.startswith("_")}
    documented = re.findall(r"automodule:: d2lcnn\.(\w+)", (ROOT / "book/api.md").read_text("utf8"))
    assert len(documented) == len(set(documented))
    assert set(documented) == modules


def test_credits_name_every_photograph():
    page = (ROOT / "book/credits.md").read_text("utf8")
    for name, (shows, by, terms) in data.PHOTOGRAPHS.items():
        assert f"| `{name}` | {shows} | {by} | {terms} |" in page


def test_bibliography_entries_are_complete():
    bib = (ROOT / "book/references.bib").read_text("utf8")
    entries = re.findall(r"^@(\w+)\{(\w+),\n(.*?)^\}", bib, re.DOTALL | re.MULTILINE)
    keys = [key for _, key, _ in entries]
    assert len(keys) >= 30 and len(set(keys)) == len(keys)
    where = {"article": "journal", "inproceedings": "booktitle", "book": "publisher"}
    for kind, key, body in entries:
        fields = dict(re.findall(r"^  (\w+) = \{(.+)\}", body, re.MULTILINE))
        assert {"author", "title", "year", where.get(kind, "year")} <= set(fields), key
        family = re.split(r",| and ", fields["author"])[0].lower().replace(" ", "")
        assert key.startswith(re.sub(r"\W", "", family) + fields["year"]), key


def test_licences_and_citation_agree():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert citation["version"] == d2lcnn.__version__ and citation["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf8").startswith("MIT License")
    legal = (ROOT / "LICENSE-TEXT").read_text("utf8")
    assert all(f"Section {n} -- " in legal for n in range(1, 9)) and "ShareAlike" not in legal


def test_what_repeating_the_experiments_costs_is_what_their_files_say():
    """One experiment after the other, each run given to the core that is free first."""
    tables = [results.read(name) for name in EXPERIMENTS]
    runs = [[*{(r.setting, r.seed): float(r.core_seconds) for r in table}.values()] for table in tables]
    page = (ROOT / "book" / "run.md").read_text("utf8")
    assert f"{len(runs)} experiments, {sum(map(len, runs))} runs" in page
    stated = re.findall(r"^\| (\d+) \| (\d+) minutes \|$", page, re.MULTILINE)
    assert [int(cores) for cores, _ in stated] == [1, 4, 16, 64]
    for cores, minutes in stated:
        total = 0
        for seconds in runs:
            busy = [0.0] * int(cores)
            for s in seconds:
                heapq.heapreplace(busy, busy[0] + s)
            total += max(busy)
        assert int(minutes) == round(total / 60), cores
    assert round(max(map(max, runs)) / 60) == 5
