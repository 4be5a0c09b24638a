"""``python -m d2lcnn drill``: questions of the bank with fresh numbers, asked and judged in a terminal."""

from __future__ import annotations

import ast
import operator
import secrets

import numpy as np

from d2lcnn.check import run as judged
from d2lcnn.shapes import integer

from . import bank
from .catalogue import about

OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
              ast.FloorDiv: operator.floordiv, ast.Pow: operator.pow}
LARGEST = 10**15  # of any number on the way: 9**9**9 would never end


def arguments(parser):
    """Describe the arguments of ``python -m d2lcnn drill``."""
    add = parser.add_argument
    add("--topic", help="only questions about it, for instance stride; exercises --bank lists them")
    add("--seed", type=int, help="ask the questions of an earlier round again; it prints its seed")
    add("--count", type=int, default=5, help="how many questions")


def run(args):
    """Ask, read a line, and say right, or a hint and then the answer."""
    seed = secrets.randbelow(10**6) if args.seed is None else integer("seed", args.seed, 0)
    questions = rounds(args.topic, seed, integer("count", args.count, 1, 1000))
    print("An answer is a number or several with commas; sums such as 3*32*32 will do. An empty line shows the answer.")
    tries = []
    for number, (question, draw) in enumerate(questions, 1):
        spec, statement = question.drawn(draw)
        print(f"\n{number} of {len(questions)}. {statement.title}\n{statement.text}")
        needed = _asked(spec)
        if needed is None:
            break
        tries.append(needed)
    print(f"\n{tries.count(1)} of {len(tries)} right at once, {tries.count(2)} at the second try. "
          f"The same questions again: --seed {seed}")


def rounds(topic, seed, count):
    """Draw questions: no question twice before all have been asked.

    Parameters
    ----------
    topic : str or None
    seed, count : int

    Returns
    -------
    list of (Question, int)
        Each with the seed of its numbers.

    Raises
    ------
    ValueError
        If no question is about the topic.
    """
    found = [question for question in bank.all_questions() if about(question, topic)]
    if not found:
        raise ValueError(f"no question is about {topic!r}; the topics are "
                         + ", ".join(sorted({name for question in bank.all_questions() for name in question.topics})))
    rng = np.random.default_rng(seed)
    order = [found[place] for _ in range(-(-count // len(found))) for place in rng.permutation(len(found))]
    return [(question, int(rng.integers(2**63))) for question in order[:count]]


def _asked(spec):
    """Return at which try the answer was right, 0 if at none, None at the end of the input."""
    for attempt in (1, 2):
        answer = _read()
        if answer is None:
            return None
        report = judged(spec, answer) if answer is not ... else None
        if report and report.status == "passed":
            print("right")
            return attempt
        if report and attempt == 1:
            print(f"no. {report.hint or report.lines[0].seen}".rstrip())
        else:
            print(f"it is {spec.oracle()!r}")
            return 0
    return 0


def _read():
    """Read a line until it is an answer: ``...`` for an empty one, None at the end of the input."""
    while True:
        try:
            line = input("> ")
        except EOFError:
            return None
        if not line.strip():
            return ...
        answer = value(line)
        if answer is not None:
            return answer
        print(f"{line.strip()[:40]!r}: numbers are meant, such as 12 or 3, 4 or 7*7*16")


def value(text):
    """Read numbers from a line, reckoning sums and products; nothing else is run.

    Parameters
    ----------
    text : str

    Returns
    -------
    int, float, tuple, list or None
        None if it is no number.

    Examples
    --------
    >>> value("3*(32 + 1), 4"), value("what")
    ((99, 4), None)
    """
    try:
        return _reckoned(ast.parse(text.strip(), mode="eval").body)
    except (ValueError, SyntaxError, ArithmeticError, RecursionError, MemoryError):
        return None


def _reckoned(node):
    if isinstance(node, ast.Tuple | ast.List):
        return (tuple if isinstance(node, ast.Tuple) else list)(map(_reckoned, node.elts))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        found = -_number(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        left, right = _number(node.left), _number(node.right)
        if isinstance(node.op, ast.Pow) and not 0 <= right <= 50:
            raise ValueError
        found = OPERATIONS[type(node.op)](left, right)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        found = node.value
    else:
        raise ValueError
    if not abs(found) <= LARGEST:
        raise ValueError
    return found


def _number(node):
    found = _reckoned(node)
    if not isinstance(found, int | float):
        raise ValueError
    return found
