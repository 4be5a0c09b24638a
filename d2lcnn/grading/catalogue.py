"""``python -m d2lcnn exercises``: list the exercises of the book, and what one of them asks."""

from __future__ import annotations

import csv
import io
import json

from d2lcnn import exercises
from d2lcnn.exercises._statements import order, statement
from d2lcnn.names import known

COLUMNS = ("id", "title", "chapter", "class", "kind", "minutes", "difficulty", "points")


def arguments(parser):
    """Describe the arguments of ``python -m d2lcnn exercises``."""
    add = parser.add_argument
    add("id", nargs="?", help="show what this exercise asks")
    add("--chapter", help="only those of a chapter, by its file name, for instance pooling")
    add("--class", dest="cls", choices=("P", "A"), help="P: practice, solved in the book; A: assignable, no solution")
    add("--kind", choices=("function", "value", "open"), help="what is handed in; open ones no program judges")
    add("--difficulty", type=int, choices=(1, 2, 3), help="from 1 to 3")
    add("--topic", help="only chapters about it (their entries of the index), or exercises that name it")
    add = parser.add_mutually_exclusive_group().add_argument
    add("--csv", action="store_true", help="write a table for a spreadsheet")
    add("--json", action="store_true", help="write everything, statements and stubs too")


def run(args):
    """Print what the arguments ask for; ValueError where there is no such exercise."""
    if args.id:
        print(shown(exercises.get(args.id)))
        return
    found = chosen(args.chapter, args.cls, args.kind, args.difficulty, args.topic)
    if args.json:
        print(json.dumps([row(spec) | _asked(spec) for spec in found], ensure_ascii=False, indent=1))
    elif args.csv:
        print(_csv(map(row, found)), end="")
    else:
        print(_table([row(spec) for spec in found]))


def chosen(chapter=None, cls=None, kind=None, difficulty=None, topic=None):
    """Return the exercises with these properties, in the order of the book.

    Parameters
    ----------
    chapter, cls, kind, topic : str, optional
    difficulty : int, optional

    Returns
    -------
    list of Exercise

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    place = {name: number for number, name in enumerate(order())}
    specs = sorted(exercises.all_exercises(), key=lambda spec: place.get(spec.id, len(place)))
    if chapter is not None:
        chapter = known("chapter", chapter.replace("-", "_"), {spec.chapter for spec in specs})
    asked = {"chapter": chapter, "cls": cls, "kind": kind, "difficulty": difficulty}
    return [spec for spec in specs if all(value in (None, getattr(spec, name)) for name, value in asked.items())
            and _about(spec, topic)]


def _about(spec, topic):
    text = statement(spec) if topic else None
    return text is None or topic.lower() in " ".join((*text.topics, text.title, text.text, spec.id)).lower()


def row(spec):
    """Return what a table says of an exercise, by column."""
    values = (spec.id, statement(spec).title, spec.chapter, spec.cls, spec.kind, spec.minutes, spec.difficulty,
              spec.points)
    return dict(zip(COLUMNS, values, strict=True))


def _asked(spec):
    text = statement(spec)
    return {"statement": text.text, "stub": text.stub, "given": text.given, "topics": text.topics,
            "drawn cases": spec.generate is not None}


def _csv(rows):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _table(rows):
    wide = max((len(each["id"]) for each in rows), default=2)
    lines = [f"{'id':{wide}}  class  kind      minutes  difficulty  points  title"]
    lines += [f"{r['id']:{wide}}  {r['class']:5}  {r['kind']:8}  {r['minutes']:7}  {r['difficulty']:10}  "
              f"{r['points']:6}  {r['title']}" for r in rows]
    minutes, points = (sum(each[name] for each in rows) for name in ("minutes", "points"))
    return "\n".join([*lines, f"{len(rows)} exercises, {minutes} minutes, {points} points"])


def shown(spec):
    """Return what an exercise asks, as text for a terminal."""
    text = statement(spec)
    head = f"{spec.id}. {text.title} (class {spec.cls}, {spec.minutes} minutes, {spec.points} points)"
    return "\n\n".join(filter(None, (head, text.text, text.stub, *text.given)))
