"""conv-lab.js against its Python twin, in chromium: thousands of settings, number for number and word for word."""

import itertools

import numpy as np
import pytest
from explorer_fixture import lab_browser, lab_page, show  # noqa: F401

from d2lcnn.explorer import ask, backward, boards, core, linked, snippet, words
from d2lcnn.explorer.cases import CASES, INPUT, KERNEL, tiled
from d2lcnn.explorer.core import setting

pytestmark = pytest.mark.browser
NAMES = ("i", "k", "s", "p", "d", "output_padding")


def as_script(one):
    """A setting as attributes of the element say it."""
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
            found.append(setting(mode, *zip(row, column, strict=True), view=view))
    return found


ASK = """all => { const C = customElements.get('conv-lab').core; return all.map(o => {
  const q = C.setting(o), bad = C.problem(q); if (bad) return {bad};
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
    o = core.output_size(one)
    last, end = (o[0] - 1, o[1] - 1), (one.i[0] - 1, one.i[1] - 1)
    reads, lands = core.counts(one)
    touched = [("out", last), ("out", (0, 0)), ("in", end), ("in", (0, 0)), ("w", (0, 0))]
    links = len(core.pairs(one, 0)) * len(core.pairs(one, 1))
    return {
        "bad": None,
        "size": list(o),
        "rows": [list(p) for p in core.pairs(one, 0)],
        "cols": [list(p) for p in core.pairs(one, 1)],
        "links": links,
        "reads": reads.tolist(),
        "lands": lands.tolist(),
        "y": core.values(one, x, w).tolist(),
        "half": core.values(one, x, w, until=2).tolist(),
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
                "setting": one
            }
            shown += got["bad"] is None
    assert len(settings) > 2500 and shown > 1200


def test_triples_are_the_product_of_the_pairs(show):  # noqa: F811
    page = show("<conv-lab></conv-lab>")
    for case in CASES:
        got = page.evaluate(
            "o => { const C = customElements.get('conv-lab').core;"
            "return C.triples(C.setting(o)).map(t => [t.out, t.at, t.w, t.in]) }",
            as_script(case.setting),
        )
        assert got == [
            [list(t.output), list(t.position), list(t.weight), t.input and list(t.input)]
            for t in core.triples(case.setting)
        ]


def test_cases_and_limits_are_the_same(show):  # noqa: F811
    page = show("<conv-lab></conv-lab>")
    got = page.evaluate("customElements.get('conv-lab').core.CASES")
    assert len(got) == 19
    for case, (name, chinese, mode, *sizes) in zip(CASES, got, strict=True):
        assert (name, mode) == (case.name, case.setting.mode) and any("一" <= c <= "鿿" for c in chinese)
        assert sizes == [getattr(case.setting, n)[0] for n in NAMES]
    limits = page.evaluate("customElements.get('conv-lab').core.LIMITS")
    assert limits == {"a" if n == "output_padding" else n: v for n, v in words.LIMITS.items()}


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
    assert got == [core.same_output(*a) for a in asked]


def test_numbers_are_written_alike(show):  # noqa: F811
    values = np.concatenate([np.random.default_rng(0).normal(size=500) * 30, np.arange(-40, 40) / 8]).tolist()
    got = show("<conv-lab></conv-lab>").evaluate("a => a.map(customElements.get('conv-lab').core.number)", values)
    assert got == [words.number(v) for v in values]


# ---- the second part: gradients, matrices, questions, code

VIEWS_ASK = """all => { const C = customElements.get('conv-lab').core; return all.map(([o, ask, pos]) => {
  const q = C.setting(o), m = C.model(q, [[2, -1]], [[0.5]], [[-3, 1]], ask);
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
    x, w, g = ask.numbers(one, **GIVEN)
    o = core.output_size(one)
    kind, steps = boards.steps(one, what)
    last, end, back = (o[0] - 1, o[1] - 1), (one.i[0] - 1, one.i[1] - 1), one.view == "backward"
    touched = [("out", last), ("out", (0, 0)), ("in", end), ("in", (0, 0)), ("w", (0, 0))][: 5 if w is not None else 4]
    grads = backward.gradients(one, x, w, g) if back else backward.Gradients(None, None, None)
    truth = ask.answer(one, what, pos, **GIVEN)
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
            for n in linked.shown(one)
            for found in [linked.sheet(one, n)]
        ],
        "ways": list(linked.ways(one)) if one.mode == "transposed" else None,
        "words": [linked.describe(one, x, w, g, *a) for a in touched],
        "totals": [backward.total(one, x, w, g, *a) for a in touched] if back else None,
        "truth": [list(c) if isinstance(c, tuple) else c for c in truth] if isinstance(truth, (tuple, list)) else truth,
        "code": snippet.code(one, **GIVEN),
    }


def test_views_questions_and_code_agree(show):  # noqa: F811
    page, asked = show("<conv-lab></conv-lab>"), []
    for n, one in enumerate(every_setting()[::2]):
        if one.view == "zeros" or words.problem(one):
            continue
        views = core.VIEWS_OF[one.mode]
        other = setting(one.mode, *(getattr(one, name) for name in NAMES), view=views[n % len(views)])
        what = ask.QUESTIONS[n // 5 % 4]
        size = boards.steps(other, what)[1]
        pos = n % (size[0] * size[1])
        if what == "value" and np.isinf(core.values(other, ask.numbers(other, **GIVEN)[0], np.ones(other.k))).any():
            continue  # JSON has no infinity
        asked.append((other, what, pos))
    seen = set()
    for n in range(0, len(asked), 100):
        part = asked[n : n + 100]
        found = page.evaluate(VIEWS_ASK, [[as_script(one), what, pos] for one, what, pos in part])
        for (one, what, pos), got in zip(part, found, strict=True):
            want = expected_view(one, what, pos)
            assert got == want, {key: (got.get(key), want[key]) for key in want if got.get(key) != want[key]} | {
                "setting": one, "ask": what, "pos": pos}  # fmt: skip
            seen.add((one.mode, one.view, what))
    assert len(asked) > 350 and len(seen) >= 36, (len(asked), len(seen))


def test_views_of_the_modes_are_the_same(show):  # noqa: F811
    page = show("<conv-lab></conv-lab>")
    got = page.evaluate("customElements.get('conv-lab').core.VIEWS")
    assert got == {mode: list(views) for mode, views in core.VIEWS_OF.items()}
