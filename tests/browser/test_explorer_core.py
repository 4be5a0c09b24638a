"""conv-lab.js against its Python twin, in chromium: thousands of settings, number for number and word for word."""

import itertools

import numpy as np
import pytest
from explorer_fixture import lab_browser, lab_page, show  # noqa: F401

from d2lcnn.explorer.model import backward, boards, links, matrices, questions, snippet, words
from d2lcnn.explorer.model.cases import CASES, INPUT, KERNEL, tiled
from d2lcnn.explorer.model.links import operation

pytestmark = pytest.mark.browser
NAMES = ("i", "k", "s", "p", "d", "output_padding")


def as_script(one):
    """An operation as attributes of the element say it."""
    values = {"a" if n == "output_padding" else n: ",".join(map(str, getattr(one, n))) for n in NAMES}
    return {"mode": one.mode, "view": one.view, **values}


def every_setting():
    """All combinations of small sizes in all modes, the columns' sizes taken from another combination."""
    grid = list(itertools.product((1, 2, 4, 7), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2, 3), (0, 1, 2)))
    found = []
    for n, row in enumerate(grid):
        for mode, view in (
            ("conv", "stamp"),
            ("transposed", "stamp"),
            ("transposed", "zeros"),
            ("max", "stamp"),
            ("avg", "stamp"),
        ):
            if (mode != "transposed" and row[5]) or (mode == "avg" and row[4] > 1):
                continue
            column = row if n % 2 else grid[(n * 53 + 17) % len(grid)]
            found.append(operation(mode, *zip(row, column, strict=True), view=view))
    return found


ASK = """all => { const C = customElements.get('conv-lab').core; return all.map(o => {
  const q = C.operation(o), bad = C.problem(q); if (bad) return {bad};
  const m = C.model(q), last = [m.o[0] - 1, m.o[1] - 1], end = [q.i[0] - 1, q.i[1] - 1];
  return {bad, size: m.o, rows: C.pairs(q, 0), cols: C.pairs(q, 1), links: m.links.length, reads: m.reads,
    lands: m.lands, y: m.y,
    half: C.values(m, 2), steps: [m.kind, m.steps],
    boards: ['in', 'out'].map(b => [0, 1].map(ax => C.board(q, b, ax))), formula: C.formula(q),
    total: C.total(m, last),
    words: [['out', last], ['out', [0, 0]], ['in', end], ['in', [0, 0]], ['w', [0, 0]]].filter(a => m.w || a[0] !== 'w')
      .map(a => C.sentence(m, ...a))};
}); }"""


def expected(one):
    bad = words.problem(one)
    if bad:
        return {"bad": bad}
    x = tiled(INPUT, one.i)
    w = None if one.mode in ("max", "avg") else tiled(KERNEL, one.k)
    o = links.output_size(one)
    last, end = (o[0] - 1, o[1] - 1), (one.i[0] - 1, one.i[1] - 1)
    reads, lands = links.counts(one)
    touched = [("out", last), ("out", (0, 0)), ("in", end), ("in", (0, 0)), ("w", (0, 0))]
    return {
        "bad": None,
        "size": list(o),
        "rows": [list(p) for p in links.pairs(one, 0)],
        "cols": [list(p) for p in links.pairs(one, 1)],
        "links": len(links.pairs(one, 0)) * len(links.pairs(one, 1)),
        "reads": reads.tolist(),
        "lands": lands.tolist(),
        "y": links.values(one, x, w).tolist(),
        "half": links.values(one, x, w, until=2).tolist(),
        "steps": [boards.steps(one)[0], list(boards.steps(one)[1])],
        "boards": [[[list(cell) for cell in boards.board(one, b, ax)] for ax in (0, 1)] for b in ("in", "out")],
        "formula": words.formula(one),
        "total": words.total(one, x, w, last, most=999),
        "words": [words.sentence(one, x, w, *cell) for cell in touched if w is not None or cell[0] != "w"],
    }


def test_thousands_of_settings_agree(show):  # noqa: F811
    page, settings = show("<conv-lab></conv-lab>"), every_setting()
    shown = 0
    for n in range(0, len(settings), 250):
        part = settings[n : n + 250]
        for one, got in zip(part, page.evaluate(ASK, [as_script(one) for one in part]), strict=True):
            want = expected(one)
            assert got == want, {key: (got.get(key), want[key]) for key in want if got.get(key) != want[key]} | {
                "operation": one
            }
            shown += got["bad"] is None
    assert len(settings) > 2500 and shown > 1200


def test_triples_are_the_product_of_the_pairs(show):  # noqa: F811
    page = show("<conv-lab></conv-lab>")
    for case in CASES:
        got = page.evaluate(
            "o => { const C = customElements.get('conv-lab').core;"
            "return C.triples(C.operation(o)).map(t => [t.out, t.at, t.w, t.in]) }",
            as_script(case.operation),
        )
        assert got == [
            [list(t.output), list(t.position), list(t.weight), t.input and list(t.input)]
            for t in links.triples(case.operation)
        ]


def test_sizes_that_give_the_same_output(show):  # noqa: F811
    page = show("<conv-lab></conv-lab>")
    asked = [
        (i, k, s, p, d, 16)
        for i in (5, 6, 9, 16)
        for k in (1, 3, 4)
        for s in (1, 2, 3, 5)
        for p in (0, 1)
        for d in (1, 2)
        if d * (k - 1) + 1 <= i + 2 * p
    ]
    got = page.evaluate(
        "a => a.map(x => customElements.get('conv-lab').core.sameOutput(...x))", [list(a) for a in asked]
    )
    assert got == [links.same_output(*a) for a in asked]


def test_numbers_are_written_alike(show):  # noqa: F811
    values = np.concatenate([np.random.default_rng(0).normal(size=500) * 30, np.arange(-40, 40) / 8]).tolist()
    got = show("<conv-lab></conv-lab>").evaluate("a => a.map(customElements.get('conv-lab').core.number)", values)
    assert got == [words.number(v) for v in values]


# ---- the second part: gradients, matrices, questions, code

VIEWS_ASK = """all => { const C = customElements.get('conv-lab').core; return all.map(([o, ask, pos]) => {
  const q = C.operation(o), m = C.model(q, [[2, -1]], [[0.5]], [[-3, 1]], ask);
  const cell = n => { const c = m.steps[1]; return [Math.floor(n / c), n % c]; };
  const last = [m.o[0] - 1, m.o[1] - 1], end = [q.i[0] - 1, q.i[1] - 1];
  const touched = [['out', last], ['out', [0, 0]], ['in', end], ['in', [0, 0]], ['w', [0, 0]]]
    .filter(a => m.w || a[0] !== 'w');
  return {view: q.view, kind: m.kind, steps: m.steps, dx: m.dx ?? null, dw: m.dw ?? null, db: m.w ? m.db ?? null : null,
    flow: m.flow ? m.flow.map(t => [t.out, t.in, t.w]) : null,
    sheets: ['mat', 'col'].filter(n => m[n]).map(n => { const s = C.sheet(m, n);
      return [n, s.rows, s.cols, s.cells.map(c => c.at)]; }),
    ways: q.mode === 'transposed' ? C.ways(m) : null, words: touched.map(a => C.sentence(m, ...a)),
    totals: m.back ? touched.map(a => C.total(m, a[1], a[0])) : null,
    truth: C.truth(m, ask, cell(pos)), code: C.code(m)};
}); }"""
GIVEN = {"x": [[2, -1]], "w": [[0.5]], "g": [[-3, 1]]}


def expected_view(one, what, pos):
    x, w, g = questions.numbers(one, **GIVEN)
    o = links.output_size(one)
    kind, steps = boards.steps(one, what)
    last, end, back = (o[0] - 1, o[1] - 1), (one.i[0] - 1, one.i[1] - 1), one.view == "backward"
    touched = [("out", last), ("out", (0, 0)), ("in", end), ("in", (0, 0)), ("w", (0, 0))][: 5 if w is not None else 4]
    grads = backward.gradients(one, x, w, g) if back else backward.Gradients(None, None, None)
    truth = questions.answer(one, what, pos, **GIVEN)
    return {
        "view": one.view,
        "kind": kind,
        "steps": list(steps),
        "dx": None if grads.x is None else grads.x.tolist(),
        "dw": None if grads.w is None else grads.w.tolist(),
        "db": grads.b,
        "flow": [[list(t.output), list(t.input), list(t.weight)] for t in backward.flow(one, x)] if back else None,
        "sheets": [
            [n, found.rows, found.columns, [[r, c] for r, c, _ in found.cells]]
            for n in matrices.shown(one)
            for found in [matrices.sheet(one, n)]
        ],
        "ways": list(matrices.ways(one)) if one.mode == "transposed" else None,
        "words": [matrices.describe(one, x, w, g, *a) for a in touched],
        "totals": [backward.total(one, x, w, g, *a) for a in touched] if back else None,
        "truth": [list(c) if isinstance(c, tuple) else c for c in truth] if isinstance(truth, (tuple, list)) else truth,
        "code": snippet.code(one, **GIVEN),
    }


def test_views_questions_and_code_agree(show):  # noqa: F811
    page, asked = show("<conv-lab></conv-lab>"), []
    for n, one in enumerate(every_setting()[::2]):
        if one.view == "zeros" or words.problem(one):
            continue
        views = links.VIEWS_OF[one.mode]
        other = operation(one.mode, *(getattr(one, name) for name in NAMES), view=views[n % len(views)])
        what = questions.QUESTIONS[n // 5 % 4]
        size = boards.steps(other, what)[1]
        pos = n % (size[0] * size[1])
        y = links.values(other, questions.numbers(other, **GIVEN)[0], np.ones(other.k))
        if what == "value" and np.isinf(y).any():
            continue  # JSON has no infinity
        asked.append((other, what, pos))
    seen = set()
    for n in range(0, len(asked), 100):
        part = asked[n : n + 100]
        found = page.evaluate(VIEWS_ASK, [[as_script(one), what, pos] for one, what, pos in part])
        for (one, what, pos), got in zip(part, found, strict=True):
            want = expected_view(one, what, pos)
            assert got == want, {key: (got.get(key), want[key]) for key in want if got.get(key) != want[key]} | {
                "operation": one, "ask": what, "pos": pos}  # fmt: skip
            seen.add((one.mode, one.view, what))
    assert len(asked) > 350 and len(seen) >= 36, (len(asked), len(seen))
