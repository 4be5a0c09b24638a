"""``python -m d2lcnn exercises``: list the exercises of the book or the bank's questions, and what one of them asks."""

from __future__ import annotations

import csv
import io
import json

from d2lcnn import exercises
from d2lcnn.exercises._statements import order, statement
from d2lcnn.names import known

from . import bank

COLUMNS = ("id", "title", "chapter", "class", "kind", "minutes", "difficulty", "points")
BANK_COLUMNS = ("name", "title", "minutes", "difficulty", "points", "topics")


def arguments(parser):
    """Describe the arguments of ``python -m d2lcnn exercises``."""
    add = parser.add_argument
    add("id", nargs="?", help="show what this exercise asks; with --bank a question, with numbers")
    add("--bank", action="store_true", help="the questions with numbers of each student's own: assignments, drill")
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
    if args.bank:
        _run_bank(args)
        return
    if args.id:
        print(shown(exercises.get(args.id)))
        return
    found = chosen(args.chapter, args.cls, args.kind, args.difficulty, args.topic)
    if args.json:
        print(json.dumps([row(spec) | _asked(spec) for spec in found], ensure_ascii=False, indent=1))
    elif args.csv:
        print(_csv(map(row, found), COLUMNS), end="")
    else:
        print(_table([row(spec) for spec in found]))


def _run_bank(args):
    for name in ("chapter", "cls", "kind"):
        if getattr(args, name) is not None:
            raise ValueError(f"--{'class' if name == 'cls' else name} is {getattr(args, name)!r}, but questions of the "
                             "bank have none: they belong to no chapter, and all ask for a value")
    found = [bank.get(args.id)] if args.id else [
        question for question in bank.all_questions()
        if about(question, args.topic) and args.difficulty in (None, question.difficulty)]
    rows = [{name: getattr(question, name) for name in BANK_COLUMNS} | {"topics": ", ".join(question.topics)}
            for question in found]
    if args.json:
        print(json.dumps([each | {"example": question.drawn(0)[1].text} for each, question in
                          zip(rows, found, strict=True)], ensure_ascii=False, indent=1))
    elif args.csv:
        print(_csv(rows, BANK_COLUMNS), end="")
    elif args.id:
        print(shown(*found[0].drawn(0)))
    else:
        print(_bank_table(rows))


def _bank_table(rows):
    wide, titles = (max((len(each[name]) for each in rows), default=5) for name in ("name", "title"))
    lines = [f"{'name':{wide}}  minutes  difficulty  points  {'title':{titles}}  topics"]
    lines += [f"{r['name']:{wide}}  {r['minutes']:7}  {r['difficulty']:10}  {r['points']:6}  {r['title']:{titles}}  "
              f"{r['topics']}" for r in rows]
    return "\n".join([*lines, f"{len(rows)} questions, numbers drawn for each student"])


def about(question, topic):
    """Tell whether a question of the bank is about a topic; all are about None."""
    return topic is None or topic.lower() in " ".join((*question.topics, question.title, question.name)).lower()


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


def _csv(rows, columns):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
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


def shown(spec, text=None):
    """Return what an exercise asks, as text for a terminal; by default its statement in the book."""
    text = text or statement(spec)
    head = f"{spec.id}. {text.title} (class {spec.cls}, {spec.minutes} minutes, {spec.points} points)"
    return "\n\n".join(filter(None, (head, text.text, text.stub, *text.given)))
