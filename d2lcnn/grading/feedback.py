"""``python -m d2lcnn grading feedback``: what a student gets back, one page each that needs nothing else.

A page tells points, what was seen in the cases that a student knows, and of the hidden ones only how many pass: their
inputs would be known to everybody else by the evening. What stands in a result for the instructor (flags, notes, what
was seen in hidden cases) is left out, and everything else is text, whatever a student wrote.
"""

from __future__ import annotations

import html
from pathlib import Path

from d2lcnn import files

from . import marks

STATES = {"passed": "passed", "failed": "not every check passes", "stopped": "stopped", "missing": "not found",
          "not attempted": "not attempted"}
STYLE = """
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --soft: #f2f2f2; --line: #aaa; --good: #005c43;
  --bad: #963500; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eee; --paper: #171717; --soft: #262626; --line: #777; --good: #6fdcb8; --bad: #ffb27d; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 48rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.25rem; border-top: 1px solid var(--line); padding-top: 1rem; }
h3 { font-size: 1rem; margin-bottom: .25rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: bold; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--line); }
th, td { overflow-wrap: normal; } th[scope=row] { overflow-wrap: anywhere; }
a { color: inherit; } ul { padding-left: 1.2rem; } li { white-space: pre-wrap; }
.good { color: var(--good); font-weight: bold; } .bad { color: var(--bad); font-weight: bold; }
.said { border-left: .3rem solid var(--bad); background: var(--soft); padding: .5rem .75rem; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; overflow-wrap: normal; tab-size: 4;
  font-size: .875rem; }
footer { border-top: 1px solid var(--line); margin-top: 2rem; font-size: .875rem; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>{title}: {student}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{student}: <strong>{points} of {of} points</strong></p>
{parts}
<footer><p>{footer}</p></footer>
</main>
</body>
</html>
"""


def arguments(parser):
    """Describe the arguments of ``python -m d2lcnn grading feedback``."""
    parser.add_argument("assignment", help="YAML file of the assignment")
    parser.add_argument("results", help="folder of results")
    parser.add_argument("--out", required=True, help="folder for the pages, one a student")


def run(args):
    """Write a page for each result, and say how many."""
    from . import assignment

    task = assignment.read(args.assignment)
    results, folder = marks.read(args.results, task), files.usable(args.out)
    for student, result in results.items():
        files.write(Path(folder) / f"{student}.html", page(task.title, result))
    print(f"{len(results)} pages in {folder}")


def page(title, result):
    """Return a student's page.

    Parameters
    ----------
    title : str
        Of the assignment.
    result : dict
        As read by `marks.read`.

    Returns
    -------
    str
        HTML in which everything from the result is escaped.
    """
    parts = []
    if result["sandbox"] == "none":
        parts.append(_said("These marks were given without a sandbox: they are provisional."))
    if result["state"] != "graded":
        parts.append(_said(result["why"] or result["state"]))
    if result["exercises"]:
        parts.append(_overview(result["exercises"]))
    parts += [_exercise(number, each) for number, each in enumerate(result["exercises"], 1)]
    footer = "Ask your instructor about anything here that seems wrong."
    if result["submission"]:
        footer += f" This is about the notebook with the SHA-256 {result['submission']}."
    return PAGE.format(title=_text(title), student=_text(result["student"]), points=_text(result["points"]),
                       of=_text(result["of"]), parts="\n".join(parts), footer=_text(footer), style=STYLE)


def _text(value):
    return html.escape(marks.plain(value))


def _said(text):
    return f'<p class="said">{_text(text)}</p>'


def _word(passed, yes, no):
    """Return a verdict: a word, which its colour only repeats."""
    return f'<span class="good">{_text(yes)}</span>' if passed else f'<span class="bad">{_text(no)}</span>'


def _verdict(each):
    return _word(each["state"] == "passed", STATES["passed"], STATES.get(each["state"], each["state"]))


def _overview(exercises):
    rows = [f'<tr><th scope="row"><a href="#e{number}">{_text(each["title"])}</a></th>'
            f"<td>{_text(each['points'])} of {_text(each['of'])}</td><td>{_verdict(each)}</td></tr>"
            for number, each in enumerate(exercises, 1)]
    return ('<table>\n<caption>Points</caption>\n<tr><th scope="col">Exercise</th><th scope="col">Points</th>'
            '<th scope="col">Verdict</th></tr>\n' + "\n".join(rows) + "\n</table>")


def _exercise(number, each):
    parts = [f'<section aria-labelledby="e{number}">', f'<h2 id="e{number}">{number}. {_text(each["title"])}</h2>',
             f"<p>{_text(each['points'])} of {_text(each['of'])} points: {_verdict(each)}</p>"]
    if each["why"]:
        parts.append(_said(each["why"]))
    parts += _cases(each["cases"])
    if each["code"]:
        label = f"Your code of {marks.plain(each['name'])}"
        # focus: who uses a keyboard must be able to scroll to the right
        parts.append(f'<h3>{_text(label)}</h3>\n<pre tabindex="0" role="region" aria-label="{_text(label)}, exercise '
                     f'{number}"><code>{_text(each["code"])}</code></pre>')
    return "\n".join([*parts, "</section>"])


def _cases(cases):
    """Show the cases that a student knows, and count the others."""
    known = [case for case in cases if case["hidden"] is False]  # whatever else stands there is kept back
    hidden = [case for case in cases if case["hidden"] is not False]
    parts = []
    if known:
        lines = [f"<li>{_word(case['passed'], 'passed', 'failed')} {_text(case['name'])}"
                 + (f": {_text(case['seen'])}" if case["seen"] else "") + "</li>" for case in known]
        parts.append("<h3>Checks</h3>\n<ul>\n" + "\n".join(lines) + "\n</ul>")
    if hidden:
        passed = sum(case["passed"] for case in hidden)
        parts.append(f"<p>{passed} of {len(hidden)} hidden cases pass.</p>")
    return parts
