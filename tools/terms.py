"""Terms and the chapter that first explains each: book/glossary.md is the data, its last column the chapter.

    python tools/terms.py

lists the terms that a chapter uses before they are explained and without a link to where they are.
"""

import re
import sys
from typing import NamedTuple

import yaml
from chapter_contract import book_text, load
from nb_markup import EXERCISE
from new_chapter import ROOT

KNOWN = "known"  # the last column of what the preface expects of readers
# Words of everyday English too: a use says nothing about the term.
EVERYDAY = {"code", "filter", "gate", "hole", "parity", "path"}


class Term(NamedTuple):
    """A row of the glossary; `chapter` is a slug, or "known"."""

    name: str
    chinese: str
    meaning: str
    chapter: str

    @property
    def names(self):
        """The term, and the other name that stands in brackets."""
        return [name for name in re.fullmatch(r"(.+?)(?: \((.+)\))?", self.name).groups() if name]

    @property
    def pattern(self):
        """Match the term in singular and plural."""
        words = "|".join(r"[\s-]+".join(map(re.escape, name.split())) for name in self.names)
        return re.compile(rf"\b(?:{words})(?:s|es)?\b", re.IGNORECASE)


def glossary(root=ROOT):
    """Return the terms in the order of the glossary."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", (root / "book/glossary.md").read_text("utf8"), re.M)
    slugs = [re.sub(r".*/(\w+)\.ipynb\)", r"\1", where) for *_, where in rows]
    return [Term(*row[:3], slug) for row, slug in zip(rows, slugs, strict=True)][2:]


def chapters(root=ROOT):
    """Return each chapter's prose, cell by cell, in the order of the book: no titles, index entries or exercises."""
    parts = yaml.safe_load((root / "_toc.yml").read_text("utf8"))["parts"]
    paths = [root / f"{x['file']}.ipynb" for part in parts for x in part["chapters"] if x["file"][:9] == "notebooks"]
    cells = {path.stem: load(path).markdown for path in paths}
    return {slug: [prose(x) for x in of if not EXERCISE.match(x.source)] for slug, of in cells.items()}


def prose(cell):
    """Return what a text cell says, without titles and index entries."""
    return re.sub(r"^#+ .*$|^:::\{index\}.*\n:::$", "", book_text(cell), flags=re.MULTILINE)


def explained(term, text):
    """Tell whether a text has the term's first word in bold, or another word of its family ("equivariant")."""
    stems = {name.split()[0][:5].lower() for name in term.names}
    bold = re.findall(r"\*\*([^*\n]+)\*\*", text)
    return any(re.search(rf"\b{re.escape(stem)}", phrase.lower()) for phrase in bold for stem in stems)


def never_explained(terms, texts):
    """Return the terms whose chapter has none of their words in bold."""
    taught = [term for term in terms if term.chapter != KNOWN]
    return [term.name for term in taught if not explained(term, "\n".join(texts.get(term.chapter, [])))]


def used_too_early(terms, texts):
    """Return (term, chapter) where a chapter uses a term that a later one explains, and neither says nor links it."""
    order, found = list(texts), []
    for term in terms:
        if term.chapter == KNOWN or term.name in EVERYDAY:
            continue
        for slug in order[: order.index(term.chapter)]:
            seen = ""
            for text in texts[slug]:
                seen += text
                words = re.sub(r"\[[^\]]*\]\([^)]*\)|\$[^$]+\$|`[^`\n]*`|:label:.*", "", text)
                if term.pattern.search(words):
                    if f"/{term.chapter}.ipynb" not in f"/{seen}".replace("(", "/") and not explained(term, seen):
                        found.append((term.name, slug))
                    break
    return found


def main():
    """Print what is used too early; return the exit code."""
    found = used_too_early(glossary(), chapters())
    for name, slug in found:
        print(f"{slug}: {name!r} is used before it is explained")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
