/* <conv-lab mode="conv" i="5" k="3" s="2" p="1">: one classic script, no dependencies, no network.
   Its core says what core.py and words.py beside it say in Python; the tests compare the two. */
(() => {
"use strict";
if (!globalThis.customElements || customElements.get("conv-lab")) return;

// ---- core: links, sizes, counts, values
const LIMITS = { i: 16, k: 7, s: 6, p: 8, d: 5, a: 5 }, LARGEST = 32, NAMES = Object.keys(LIMITS);
const low = n => (n === "p" || n === "a" ? 0 : 1), attr = n => (n === "a" ? "output-padding" : n);
const INPUT = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]];
const KERNEL = [[0, 1, 2], [2, 2, 0], [0, 1, 2]];
const same = q => NAMES.every(n => Object.is(...q[n]));
const pools = q => q.mode === "max" || q.mode === "avg";
const axisOf = (q, ax) => NAMES.map(n => q[n][ax]);
const convSize = (i, k, s, p, d) => Math.floor((i + 2 * p - d * (k - 1) - 1) / s) + 1;
const backSize = (i, k, s, p, d, a) => (i - 1) * s - 2 * p + d * (k - 1) + a + 1;
const sizes = q => [0, 1].map(ax => (q.mode === "transposed" ? backSize : convSize)(...axisOf(q, ax)));
const range = (a, b) => Array.from({ length: Math.max(0, b - a) }, (_, n) => a + n);
const pad2 = v => { const w = String(v).trim().split(/\s*[,x×]\s*|\s+/).map(t => (/^-?\d+$/.test(t) ? +t : NaN));
  return w.length > 2 ? [NaN, NaN] : [w[0], w.length > 1 ? w[1] : w[0]]; };
function setting(o) {
  const q = { mode: o.mode || "conv", view: o.view || "stamp" }, s = pools(q) ? o.k ?? 3 : 1;
  const given = { i: 5, k: 3, s, p: 0, d: 1, a: 0 };
  for (const n of NAMES) q[n] = pad2(o[n] ?? given[n]);
  if (q.mode === "avg") q.d = [1, 1];
  if (q.mode !== "transposed") { q.a = [0, 0]; q.view = "stamp"; }
  return q;
}
// links along one axis: [output, position on the drawn input, weight, input or null]
function pairs(q, ax) {
  const [i, k, s, p, d] = axisOf(q, ax), found = [], o = sizes(q)[ax];
  const stamp = q.mode === "transposed" && q.view === "stamp", back = q.mode === "transposed" && !stamp;
  for (const y of range(0, stamp ? i : o)) for (const n of range(0, k)) {
    const u = back ? k - 1 - n : n; // over inserted zeros the kernel is read from its end
    const at = back ? y + p - u * d : y * s + u * d - p, x = back ? at / s : at;
    found.push(stamp ? [at, y, u, y] : [y, at, u, Number.isInteger(x) && x >= 0 && x < i ? x : null]);
  }
  return found;
}
// every link of rows with every link of columns
function triples(q) {
  const cols = pairs(q, 1), found = [];
  for (const r of pairs(q, 0)) for (const c of cols)
    found.push({ out: [r[0], c[0]], at: [r[1], c[1]], w: [r[2], c[2]], in: r[3] === null || c[3] === null ? null : [r[3], c[3]] });
  return found;
}
const eq = (a, b) => a !== null && a[0] === b[0] && a[1] === b[1];
const lit = (m, kind, cell) => m.links.filter(t => eq(t[kind], cell));
const zeros = ([r, c], v = 0) => Array.from({ length: r }, () => Array(c).fill(v));
const tiled = (pattern, size, given = []) => range(0, size[0]).map(r => range(0, size[1]).map(c => given[r]?.[c] ?? pattern[r % pattern.length][c % pattern[0].length]));
const on = (m, t) => t.in !== null && t.out[0] >= 0 && t.out[1] >= 0 && t.out[0] < m.o[0] && t.out[1] < m.o[1];
function model(q, x, w) {
  const m = { q, o: sizes(q), links: triples(q), x: tiled(INPUT, q.i, x), w: pools(q) ? null : tiled(KERNEL, q.k, w) };
  m.reads = zeros(q.i); m.lands = zeros(m.o);
  for (const t of m.links) if (on(m, t)) { m.reads[t.in[0]][t.in[1]]++; m.lands[t.out[0]][t.out[1]]++; }
  m.stamps = q.mode === "transposed" && q.view === "stamp";
  m.steps = m.stamps ? q.i : m.o; m.kind = m.stamps ? "in" : "out";
  m.touched = new Set(m.links.map(t => String(t.at)));
  m.y = values(m);
  return m;
}
function values(m, until = Infinity) {
  const { q, x, w } = m, y = zeros(m.o, q.mode === "max" ? -Infinity : 0);
  for (const t of m.links) if (on(m, t)) {
    const [r, c] = t.out, v = x[t.in[0]][t.in[1]];
    if (q.mode === "max") y[r][c] = Math.max(y[r][c], v);
    else if (q.mode === "avg") y[r][c] += v;
    else if (t.in[0] * q.i[1] + t.in[1] < until) y[r][c] += v * w[t.w[0]][t.w[1]];
  }
  return q.mode === "avg" ? y.map(row => row.map(v => v / (q.k[0] * q.k[1]))) : y;
}
// cells drawn along one axis: [position, real | pad | zero | cut]
function board(q, which, ax) {
  const [i, k, s, p, d, a] = axisOf(q, ax), o = sizes(q)[ax], span = d * (k - 1);
  if (which === "w") return range(0, k).map(u => [u, "real"]);
  if (which === "out") {
    if (q.mode !== "transposed" || q.view === "zeros") return range(0, o).map(y => [y, "real"]);
    return range(-p, Math.max(o - 1, (i - 1) * s + span - p) + 1).map(y => [y, y >= 0 && y < o ? "real" : "cut"]);
  }
  if (q.mode !== "transposed") return range(-p, i + p).map(x => [x, x >= 0 && x < i ? "real" : "pad"]);
  if (q.view === "stamp") return range(0, i).map(x => [x, "real"]);
  const first = p - span, end = (i - 1) * s + span - p + a;
  return range(Math.min(first, 0), Math.max(end, (i - 1) * s) + 1).map(z =>
    [z, z < first || z > end ? "cut" : z < 0 || z > (i - 1) * s ? "pad" : z % s === 0 ? "real" : "zero"]);
}
const sameOutput = (i, k, s, p, d, most) => range(Math.max(1, d * (k - 1) + 1 - 2 * p), most + 1).filter(n => convSize(n, k, s, p, d) === convSize(i, k, s, p, d));

// ---- words
const EN = {
  rc: (r, c) => `row ${r}, column ${c}`, to: " to ", comma: ", ",
  low: (n, lo) => `${n} must be a whole number of at least ${lo}.`,
  high: (n, v, hi) => `${n} = ${v} is too large to draw: the limit is ${hi}.`,
  op: (a, s, d) => `output_padding = ${a} must be smaller than the stride ${s} or the dilation ${d}: it only chooses among sizes that the stride made equal.`,
  none: (full, p) => `Nothing is left: the stamps reach ${full} cells, and p = ${p} cuts away ${2 * p}.`,
  fit: (span, n) => `The kernel spans ${span} cells, but the padded input has only ${n}: make k or d smaller, or i or p larger.`,
  half: (p, k) => `Pooling pads by at most half its window, as in torch: p = ${p} is more than half of k = ${k}, and a window could hold nothing but padding.`,
  big: o => `The output would be ${o} cells long: only ${LARGEST} are drawn.`,
  mode: m => `mode must be one of conv, transposed, max, avg, got ${m}.`,
  axes: ["rows: ", "columns: "],
  sW: (r, c, n, m) => `Weight row ${r}, column ${c} takes part in ${n} products, ${m} of them with an input.`,
  sStamp: (r, c, v, a, b, cut, n) => `Input row ${r}, column ${c} stamps the kernel times ${v} onto output rows ${a} and columns ${b}; ${cut} of ${n} products fall outside and are cut away.`,
  sNever: (r, c) => `Input row ${r}, column ${c} is never read.`,
  sIn: (r, c, n, a, b) => `Input row ${r}, column ${c} is read ${n} times, by output rows ${a} and columns ${b}.`,
  sLand: (r, c, n, v) => `Output row ${r}, column ${c} receives ${n} products. Its value is ${v}.`,
  sZero: (r, c, n, m, v) => `Output row ${r}, column ${c}: ${n} of ${m} products meet an input, the others a zero. Its value is ${v}.`,
  sOut: (r, c, a, b, n, m, v) => `Output row ${r}, column ${c} reads input rows ${a} and columns ${b}, ${n} of ${m} cells are padding. Its value is ${v}.`,
  lab: "Convolution explorer", cases: "example", own: "your own", operation: "operation", drawn: "drawn as",
  modes: { conv: "convolution", transposed: "transposed convolution", max: "max pooling", avg: "average pooling" },
  views: { stamp: "stamping the kernel", zeros: "convolution over inserted zeros" },
  n: { i: "input i", k: "kernel k", s: "stride s", p: "padding p", d: "dilation d", a: "output_padding a" },
  less: "less: ", more: "more: ", rowsOf: ", rows", colsOf: ", columns", rect: "rows and columns differ",
  boards: { in: "input", w: "kernel", out: "output" }, turned: "kernel, turned by 180°", window: "window",
  first: "to the start", back: "step back", fwd: "step forward", play: "play", pause: "pause", position: "position",
  count: "count the products instead of showing values", edit: "value of ", editNone: "choose an input or kernel cell to change its value",
  cellIn: "input ", cellW: "weight ", cellOut: "output ", notYet: "not computed yet", times: n => `${n} products`,
  legend: { pad: "dashed: padding", zero: "dot: inserted zero", cut: "crossed: cut away", never: "hatched: never used" },
  hint: "Point at, tap or move with the arrow keys to any cell. On an input or kernel cell, type a digit to change it, minus to change its sign.",
  lostTitle: "Which sizes give the same output?",
  lost: (l, o, s) => l.length > 1 ? `i = ${l.join(", ")} all give o = ${o}: stride ${s} forgets which it was. On the way back, output_padding says it.` : `Only i = ${l[0]} gives o = ${o}: nothing is forgotten.`,
  back1: (l, i, a, o) => l.length > 1 ? `The convolution with these k, s, p, d takes ${l.join(", ")} all to ${i}; output_padding = ${a} asks for o = ${o}.` : `The convolution with these k, s, p, d takes only ${l[0]} to ${i}: output_padding has nothing to choose.`,
};
const ZH = {
  rc: (r, c) => `第 ${r} 行第 ${c} 列`, to: " 到 ", comma: "、",
  low: (n, lo) => `${n} 必须是不小于 ${lo} 的整数。`,
  high: (n, v, hi) => `${n} = ${v} 太大，画不下：上限是 ${hi}。`,
  op: (a, s, d) => `output_padding = ${a} 必须小于步幅 ${s} 或扩张率 ${d}：它只用来在被步幅混同的尺寸中选一个。`,
  none: (full, p) => `什么也不剩：各次盖印只覆盖 ${full} 格，而 p = ${p} 要切掉 ${2 * p} 格。`,
  fit: (span, n) => `卷积核跨 ${span} 格，而填充后的输入只有 ${n} 格：请减小 k 或 d，或增大 i 或 p。`,
  half: (p, k) => `与 torch 一样，汇聚的填充至多为窗口的一半：p = ${p} 超过 k = ${k} 的一半，可能有窗口里只有填充。`,
  big: o => `输出将有 ${o} 格长：最多只画 ${LARGEST} 格。`,
  mode: m => `mode 必须是 conv、transposed、max、avg 之一，而不是 ${m}。`,
  axes: ["行：", "列："],
  sW: (r, c, n, m) => `权重第 ${r} 行第 ${c} 列参与 ${n} 个乘积，其中 ${m} 个用到输入。`,
  sStamp: (r, c, v, a, b, cut, n) => `输入第 ${r} 行第 ${c} 列把卷积核乘以 ${v}，盖在输出第 ${a} 行、第 ${b} 列上；${n} 个乘积中有 ${cut} 个落在外面被切掉。`,
  sNever: (r, c) => `输入第 ${r} 行第 ${c} 列从未被读取。`,
  sIn: (r, c, n, a, b) => `输入第 ${r} 行第 ${c} 列被读取 ${n} 次，读取者是输出第 ${a} 行、第 ${b} 列。`,
  sLand: (r, c, n, v) => `输出第 ${r} 行第 ${c} 列收到 ${n} 个乘积，其值为 ${v}。`,
  sZero: (r, c, n, m, v) => `输出第 ${r} 行第 ${c} 列：${m} 个乘积中有 ${n} 个遇到输入，其余遇到零。其值为 ${v}。`,
  sOut: (r, c, a, b, n, m, v) => `输出第 ${r} 行第 ${c} 列读取输入第 ${a} 行、第 ${b} 列，${m} 格中有 ${n} 格是填充。其值为 ${v}。`,
  lab: "卷积探索器", cases: "示例", own: "自定", operation: "运算", drawn: "画法",
  modes: { conv: "卷积", transposed: "转置卷积", max: "最大汇聚", avg: "平均汇聚" },
  views: { stamp: "逐个盖印卷积核", zeros: "插零后做卷积" },
  n: { i: "输入 i", k: "核 k", s: "步幅 s", p: "填充 p", d: "扩张率 d", a: "output_padding a" },
  less: "减小：", more: "增大：", rowsOf: "，行", colsOf: "，列", rect: "行与列不同",
  boards: { in: "输入", w: "卷积核", out: "输出" }, turned: "旋转 180° 的卷积核", window: "窗口",
  first: "回到开头", back: "后退一步", fwd: "前进一步", play: "播放", pause: "暂停", position: "位置",
  count: "显示乘积个数而不是数值", edit: "数值：", editNone: "选一个输入或卷积核的格子来改它的数值",
  cellIn: "输入", cellW: "权重", cellOut: "输出", notYet: "尚未计算", times: n => `${n} 个乘积`,
  legend: { pad: "虚线：填充", zero: "圆点：插入的零", cut: "叉：被切掉", never: "斜线：从未用到" },
  hint: "指向、点按任意格子，或用方向键移动。在输入或卷积核的格子上，键入数字可改数值，键入减号可变号。",
  lostTitle: "哪些尺寸给出同样的输出？",
  lost: (l, o, s) => l.length > 1 ? `i = ${l.join("、")} 都给出 o = ${o}：步幅 ${s} 忘记了原来是哪一个。反过来走时，要由 output_padding 指明。` : `只有 i = ${l[0]} 给出 o = ${o}：没有丢失信息。`,
  back1: (l, i, a, o) => l.length > 1 ? `用这些 k、s、p、d 做卷积，${l.join("、")} 都变成 ${i}；output_padding = ${a} 要求 o = ${o}。` : `用这些 k、s、p、d 做卷积，只有 ${l[0]} 变成 ${i}：output_padding 无可选择。`,
};
const number = v => (v === -Infinity ? "−∞" : String(Math.floor(v * 100 + 0.5) / 100 + 0));
const factor = v => (v < 0 ? `(${number(v)})` : number(v));
function span(list, T = EN) {
  const l = [...new Set(list)].sort((a, b) => a - b), n = l.length;
  return n > 1 && l[n - 1] - l[0] === n - 1 ? l[0] + T.to + l[n - 1] : l.join(T.comma);
}
function problem(q, T = EN) {
  if (!(q.mode in EN.modes)) return T.mode(q.mode);
  for (const n of NAMES) for (const v of q[n]) {
    const name = n === "a" ? "output_padding" : n;
    if (!(v >= low(n))) return T.low(name, low(n));
    if (v > LIMITS[n]) return T.high(name, v, LIMITS[n]);
  }
  for (const ax of [0, 1]) {
    const [i, k, s, p, d, a] = axisOf(q, ax), n = d * (k - 1) + 1, o = sizes(q)[ax];
    if (q.mode === "transposed") {
      if (a >= Math.max(s, d)) return T.op(a, s, d);
      if (o < 1) return T.none((i - 1) * s + n + a, p);
    } else {
      if (n > i + 2 * p) return T.fit(n, i + 2 * p);
      if (pools(q) && 2 * p > k) return T.half(p, k);
    }
    if (o > LARGEST) return T.big(o);
  }
  return null;
}
function formula(q, T = EN) {
  const line = ax => { const [i, k, s, p, d, a] = axisOf(q, ax), o = sizes(q)[ax];
    return q.mode === "transposed" ? `o = (i − 1)s − 2p + d(k − 1) + a + 1 = (${i} − 1)·${s} − 2·${p} + ${d}·(${k} − 1) + ${a} + 1 = ${o}`
      : `o = ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1 = ⌊(${i} + 2·${p} − ${d}·(${k} − 1) − 1) / ${s}⌋ + 1 = ${o}`; };
  return same(q) ? [line(0)] : [T.axes[0] + line(0), T.axes[1] + line(1)];
}
function total(m, cell) {
  const { q, x, w } = m, result = number(m.y[cell[0]][cell[1]]);
  let links = lit(m, "out", cell);
  if (q.mode === "transposed" || q.mode === "max") links = links.filter(t => t.in);
  const read = links.map(t => (t.in ? x[t.in[0]][t.in[1]] : 0));
  if (q.mode === "max") return `max(${read.map(factor).join(", ")}) = ${result}`;
  if (q.mode === "avg") return `(${read.map(factor).join(" + ")}) / ${links.length} = ${result}`;
  return links.length ? links.map((t, n) => `${factor(read[n])}·${factor(w[t.w[0]][t.w[1]])}`).join(" + ") + ` = ${result}` : "0";
}
function sentence(m, kind, cell, T = EN) {
  const links = lit(m, kind, cell), [r, c] = cell, real = links.filter(t => on(m, t)), at = (key, l) => [0, 1].map(ax => span(l.map(t => t[key][ax]), T));
  if (kind === "w") return T.sW(r, c, links.length, real.length);
  if (kind === "in") {
    if (m.stamps) return T.sStamp(r, c, number(m.x[r][c]), ...at("out", links), links.length - real.length, links.length);
    return real.length ? T.sIn(r, c, real.length, ...at("out", real)) : T.sNever(r, c);
  }
  const v = number(m.y[r][c]);
  if (m.stamps) return T.sLand(r, c, real.length, v);
  if (m.q.mode === "transposed") return T.sZero(r, c, real.length, links.length, v);
  return T.sOut(r, c, ...at("at", links), links.length - real.length, links.length, v);
}
// the guide's cases (Dumoulin & Visin 2016): name, Chinese name, mode, i, k, s, p, d, output_padding
const CASES = [
  ["no padding, stride 1", "无填充，步幅 1", "conv", 4, 3, 1, 0, 1, 0], ["padding 2, stride 1", "填充 2，步幅 1", "conv", 5, 4, 1, 2, 1, 0],
  ["same padding", "等宽填充", "conv", 5, 3, 1, 1, 1, 0], ["full padding", "全填充", "conv", 5, 3, 1, 2, 1, 0],
  ["no padding, stride 2", "无填充，步幅 2", "conv", 5, 3, 2, 0, 1, 0], ["padding 1, stride 2", "填充 1，步幅 2", "conv", 5, 3, 2, 1, 1, 0],
  ["padding 1, stride 2, even input", "填充 1，步幅 2，偶数输入", "conv", 6, 3, 2, 1, 1, 0], ["dilation 2", "扩张率 2", "conv", 7, 3, 1, 0, 2, 0],
];
for (const [name, zh, , i, k, s, p, d] of CASES.slice(0, 7)) // the way back: what the stride left over is the output_padding
  CASES.push(["transpose of: " + name, "转置自：" + zh, "transposed", convSize(i, k, s, p, d), k, s, p, d, (i + 2 * p - k) % s]);
CASES.push(["numbers: no padding, stride 1", "数值：无填充，步幅 1", "conv", 5, 3, 1, 0, 1, 0], ["numbers: padding 1, stride 2", "数值：填充 1，步幅 2", "conv", 5, 3, 2, 1, 1, 0],
  ["numbers: average pooling", "数值：平均汇聚", "avg", 5, 3, 1, 0, 1, 0], ["numbers: max pooling", "数值：最大汇聚", "max", 5, 3, 1, 0, 1, 0]);

// ---- the element
const CSS = `
:host{--in:#0072B2;--w:#E69F00;--out:#009E73;--pad:#999;--hi:#D55E00;display:block;margin:1em 0;scroll-margin-top:4em;font:15px/1.45 system-ui,sans-serif}
:host([hidden]),[hidden]{display:none!important}
.lab{border:1px solid #8888;border-radius:8px;padding:.6em}
.row{display:flex;flex-wrap:wrap;gap:.4em .7em;align-items:center;margin:.3em 0}
[data-ax="1"]::before{content:"×"}label,.num{display:inline-flex;align-items:center;gap:.2em}label{gap:.35em}
button,select,input{font:inherit;color:inherit;background:transparent;border:1px solid color-mix(in srgb,currentColor 55%,transparent);border-radius:6px;min-height:34px;box-sizing:border-box}
button{min-width:32px;padding:0 .4em;cursor:pointer}button:hover:not(:disabled){background:#8883}
label,select{max-width:100%;min-width:0}option{background:Canvas;color:CanvasText}
input[type=number]{width:2.2em;padding:0;text-align:center;appearance:textfield;-moz-appearance:textfield}input::-webkit-inner-spin-button{appearance:none}
input[type=range]{accent-color:var(--in);border:0;min-width:8em;flex:1}input[type=checkbox]{flex:none;width:24px;min-height:24px;accent-color:var(--in)}
.val{width:5.5em!important}:disabled{opacity:.55;cursor:default}
:focus-visible{outline:3px solid var(--hi);outline-offset:1px}
.boards{display:flex;flex-wrap:wrap;gap:.4em 1.6em;align-items:flex-start;margin:.4em 0}
figure{margin:0;min-width:0;max-width:100%}figcaption{font-weight:600;padding:.1em 0}
.scroll{overflow-x:auto;padding:4px}svg{display:block;touch-action:manipulation}
svg g[role=gridcell]{cursor:pointer;outline:none}
rect{fill:var(--c);fill-opacity:.16;stroke:var(--c);stroke-width:1.2}
text{fill:currentColor;font:14px system-ui,sans-serif;text-anchor:middle;dominant-baseline:central;pointer-events:none}
.pad rect,.zero rect,.cut rect{stroke:var(--pad);fill:var(--pad);fill-opacity:.08;stroke-dasharray:3 3}
.pad text,.zero text,.cut text{opacity:.75;font-size:12px}
path{stroke:var(--pad);stroke-width:1.2;fill:none;pointer-events:none}path.dot{fill:var(--pad);stroke:none}
.lit rect{stroke:var(--hi);stroke-width:3.2;fill:var(--hi);fill-opacity:.22;stroke-dasharray:none}
.lit.pad rect,.lit.zero rect,.lit.cut rect{stroke-dasharray:5 3}
.main rect{stroke:var(--hi);stroke-width:4.5;fill:var(--hi);fill-opacity:.42}.main text{font-weight:700}
g:focus-visible rect{stroke:currentColor;stroke-width:4.5}
p{margin:.35em 0}.sum,.formula,.groups{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}.formula span{display:block}
.small{font-size:.87em}.bad{border-left:5px solid var(--hi);padding:.6em .8em;font-weight:600}
.lost{border-top:1px solid #8888;margin-top:.6em;padding-top:.4em}
.groups{list-style:none;display:flex;flex-wrap:wrap;gap:.3em;margin:.3em 0;padding:0}
.groups li{border:1px dashed var(--pad);border-radius:6px;padding:.1em .5em}.groups li.now{border:2px solid var(--hi)}
.groups b{display:inline-block;min-width:1.5em;padding:0 .15em;text-align:center;font-weight:400}.groups b.now{font-weight:700;text-decoration:underline}
@media (prefers-reduced-motion:no-preference){rect{transition:fill-opacity .15s,stroke-width .15s}}
@media (forced-colors:active){.lit rect,.main rect{stroke:Highlight}}`;
const NS = "http://www.w3.org/2000/svg";
const svg = (tag, at, ...kids) => { const e = document.createElementNS(NS, tag); for (const n in at) e.setAttribute(n, at[n]); e.append(...kids); return e; };
const parse = t => (t ? t.trim().split(/\s*[/;\n]\s*/).map(r => r.split(/[\s,]+/).map(v => (v !== "" && isFinite(v) ? +v : undefined))) : undefined);
const STATE = ["mode", "view", "i", "k", "s", "p", "d", "output-padding", "x", "w", "pos", "count"];
const opts = o => Object.entries(o).map(([v, t]) => `<option value="${v}">${t}</option>`).join("");

class ConvLab extends HTMLElement {
  static observedAttributes = STATE;
  static core = { setting, problem, sizes, triples, pairs, model, values, board, sameOutput, formula, total, sentence, number, CASES, LIMITS };
  sel = null; hover = null; timer = 0; active = {};

  connectedCallback() {
    if (!this.shadowRoot) { this.attachShadow({ mode: "open" }); this.shell(); }
    if (this.hasAttribute("url")) {
      this.readUrl();
      this.onHash = () => { if (location.hash !== this.written && this.readUrl()) this.scrollIntoView(); };
      addEventListener("hashchange", this.onHash);
    }
    this.refresh();
  }
  disconnectedCallback() { this.stop(); if (this.onHash) removeEventListener("hashchange", this.onHash); }
  attributeChangedCallback(name) {
    if (name !== "pos" && name !== "count") this.preset = "";
    if (this.shadowRoot && !this.pending) { this.pending = true; queueMicrotask(() => { this.pending = false; this.refresh(); }); }
  }
  $(s) { return this.shadowRoot.querySelector(s); }
  each(s) { return this.shadowRoot.querySelectorAll(s); }
  put(name, value) { value === null ? this.removeAttribute(name) : this.setAttribute(name, value); }

  // address: #case=7, or #mode=conv&i=5&k=3
  readUrl() {
    const given = new URLSearchParams(location.hash.slice(1));
    if (CASES[given.get("case") - 1]) this.load(+given.get("case"));
    else if (STATE.some(n => given.has(n))) for (const n of STATE) this.put(n, given.get(n));
    else return false;
    return true;
  }
  writeUrl() { // not on arrival, and not at every move of a slider: browsers limit how often
    if (!this.hasAttribute("url") || !this.born) { this.born = true; return; }
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      const out = new URLSearchParams();
      for (const n of STATE) if (this.hasAttribute(n)) out.set(n, this.getAttribute(n));
      this.written = "#" + out;
      try { history.replaceState(history.state, "", this.written); } catch { /* may be forbidden on file:// */ }
    }, 200);
  }
  load(n) {
    const [, , mode, ...rest] = CASES[n - 1];
    for (const name of ["x", "w", "pos", "count"]) this.put(name, null);
    this.put("mode", mode); this.put("view", mode === "transposed" ? "zeros" : null);
    NAMES.forEach((name, at) => this.put(attr(name), name === "a" && !rest[at] ? null : rest[at]));
    this.sel = null; this.preset = String(n); this.stop();
  }

  shell() {
    const lang = this.closest("[lang]")?.lang || navigator.language || "en", T = this.T = /^zh/i.test(lang) ? ZH : EN, zh = T === ZH;
    const num = n => `<span class="num" data-num="${n}"><span>${T.n[n].slice(0, -1)}<i>${n}</i></span>` + [0, 1].map(ax =>
      `<span class="num" data-ax="${ax}"><button type="button" data-by="-1">−</button><input type="number" inputmode="numeric" min="${low(n)}" max="${LIMITS[n]}"><button type="button" data-by="1">+</button></span>`).join("") + "</span>";
    const ico = (go, sign) => `<button type="button" data-go="${go}" aria-label="${T[go]}" title="${T[go]}">${sign}</button>`;
    this.shadowRoot.innerHTML = `<style>${CSS}</style><div class="lab" role="group" aria-label="${T.lab}" lang="${zh ? "zh" : "en"}">
<div class="row"><label class="cases">${T.cases} <select data-case><option value="">${T.own}</option>${CASES.map((c, n) => `<option value="${n + 1}">${n + 1}. ${c[+zh]}</option>`).join("")}</select></label>
<label>${T.operation} <select data-at="mode">${opts(T.modes)}</select></label><label class="view">${T.drawn} <select data-at="view">${opts(T.views)}</select></label></div>
<div class="row">${NAMES.map(num).join("")}<label><input type="checkbox" class="rect">${T.rect}</label></div>
<p class="bad" role="alert" hidden></p>
<div class="all"><div class="boards">${["in", "w", "out"].map(b => `<figure data-board="${b}"><figcaption></figcaption><div class="scroll"></div></figure>`).join("")}</div>
<p class="legend small"></p>
<div class="row">${ico("first", "|◀")}${ico("back", "◀")}<button type="button" data-go="play"></button>${ico("fwd", "▶")}<input type="range" class="pos" min="0" aria-label="${T.position}"></div>
<p class="live" aria-live="polite"></p><p class="sum"></p><p class="formula"></p>
<div class="row"><label><input type="checkbox" class="count">${T.count}</label><label><span class="which"></span><input type="number" step="any" class="val"></label></div>
<p class="small">${T.hint}</p>
<div class="lost"><label class="row"><span>${T.lostTitle}</span><input type="range" class="slide"></label><ul class="groups"></ul><p class="lostline" aria-live="polite"></p></div></div></div>`;
    for (const box of this.each("[data-num]")) this.wireNumber(box);
    for (const s of this.each("select[data-at]")) s.onchange = () => { this.sel = null; this.put("pos", null); this.put(s.dataset.at, s.value); };
    this.$("[data-case]").onchange = e => { if (e.target.value) this.load(+e.target.value); };
    this.$(".rect").onchange = e => { if (e.target.checked) return this.refresh(); for (const n of NAMES) this.put(attr(n), this.q[n][0]); };
    this.$("[data-go=first]").onclick = () => this.go(0);
    this.$("[data-go=back]").onclick = () => this.go(this.pos - 1);
    this.$("[data-go=fwd]").onclick = () => this.go(this.pos + 1);
    this.$("[data-go=play]").onclick = () => (this.timer ? this.stop() : this.play());
    this.$(".pos").oninput = e => this.go(+e.target.value);
    this.$(".count").onchange = e => this.put("count", e.target.checked ? "" : null);
    this.$(".val").onchange = e => { if (e.target.value !== "") this.edit(+e.target.value); };
    this.$(".val").onkeydown = e => { if (e.key === "Escape" || e.key === "Enter") { if (e.key === "Enter") e.target.onchange(e); this.focusCell(this.edited.kind, this.edited.cell); e.preventDefault(); } };
    this.$(".slide").oninput = e => { this.put("pos", null); this.sel = null; const n = this.q.mode === "transposed" ? "a" : "i"; this.put(attr(n), same(this.q) ? e.target.value : `${e.target.value},${this.q[n][1]}`); };
    for (const f of this.each("figure")) this.wireBoard(f);
  }
  wireNumber(box) {
    const n = box.dataset.num, T = this.T;
    for (const side of box.querySelectorAll("[data-ax]")) {
      const ax = +side.dataset.ax, input = side.querySelector("input");
      const change = v => { const both = this.rect ? [...this.q[n]] : [v, v]; both[ax] = v; this.sel = null; this.put("pos", null); this.put(attr(n), both.join()); };
      input.onchange = () => change(input.value === "" ? NaN : +input.value);
      for (const b of side.querySelectorAll("button")) { b.onclick = () => change(Math.min(LIMITS[n], Math.max(low(n), (this.q[n][ax] || 0) + +b.dataset.by))); b.word = +b.dataset.by < 0 ? T.less : T.more; }
    }
  }
  wireBoard(f) {
    const kind = f.dataset.board, cellOf = e => { const g = e.target.closest?.("[role=gridcell]"); return g ? [+g.dataset.r, +g.dataset.c] : null; };
    f.onpointerover = e => { if (e.pointerType === "mouse") { const c = cellOf(e); this.hover = c && { kind, cell: c }; this.paint(); } };
    f.onpointerleave = () => { if (this.hover) { this.hover = null; this.paint(); } };
    f.onclick = e => { const c = cellOf(e); if (c) this.focusCell(kind, c); };
    f.addEventListener("focusin", e => { const c = cellOf(e); if (c) { this.hover = null; this.choose(kind, c); } });
    f.onkeydown = e => {
      const c = cellOf(e); if (!c) return;
      const size = { in: this.q.i, w: this.q.k, out: this.m.o }[kind], turn = kind === "w" && this.turned() ? -1 : 1;
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key], clamp = (v, n) => Math.max(0, Math.min(n - 1, v));
      let to = by && [clamp(c[0] + turn * by[0], size[0]), clamp(c[1] + turn * by[1], size[1])];
      const ends = { Home: turn < 0 ? 1 : 0, End: turn < 0 ? 0 : 1 }[e.key];
      if (ends !== undefined) to = [e.ctrlKey ? ends * (size[0] - 1) : c[0], ends * (size[1] - 1)];
      if (to) this.focusCell(kind, to);
      else if (e.key === "Escape") { this.sel = null; this.paint(); }
      else if (kind !== "out" && /^\d$/.test(e.key) && !e.ctrlKey && !e.altKey && !e.metaKey) this.edit(+e.key);
      else if (kind !== "out" && e.key === "-") this.edit(-this.valueAt(kind, c));
      else if (kind !== "out" && e.key === "Enter") { this.$(".val").focus(); this.$(".val").select(); }
      else return;
      e.preventDefault();
    };
  }
  turned() { return this.q.mode === "transposed" && this.q.view === "zeros"; }
  valueAt(kind, [r, c]) { return this.m[kind === "w" ? "w" : "x"][r][c]; }

  choose(kind, cell) {
    this.stop(); this.active[kind] = cell;
    if (kind === this.m.kind) { this.sel = null; this.put("pos", cell[0] * this.m.steps[1] + cell[1]); } else this.sel = { kind, cell };
    this.paint();
  }
  focusCell(kind, [r, c]) { this.$(`[data-board=${kind}] [data-r="${r}"][data-c="${c}"]`)?.focus(); }
  go(n) { this.sel = null; this.hover = null; this.put("pos", Math.max(0, Math.min(this.last, n))); if (this.timer && n >= this.last) this.stop(); }
  play() { if (this.pos >= this.last) this.go(0); this.timer = setInterval(() => this.go(this.pos + 1), 900); this.label(); }
  stop() { if (this.timer) { clearInterval(this.timer); this.timer = 0; this.label(); } }
  label() { this.$("[data-go=play]").textContent = this.timer ? this.T.pause : this.T.play; }
  edit(v) {
    if (!this.edited || !isFinite(v)) return;
    const { kind, cell: [r, c] } = this.edited, name = kind === "w" ? "w" : "x", rows = this.m[name].map(row => [...row]);
    rows[r][c] = Math.max(-999, Math.min(999, v)) || 0; this.put(name, rows.map(row => row.join(" ")).join("/"));
  }
  get pos() { const v = parseInt(this.getAttribute("pos"), 10); return v > 0 ? Math.min(v, this.last) : 0; }
  get last() { return this.m ? this.m.steps[0] * this.m.steps[1] - 1 : 0; }

  refresh() {
    const T = this.T, at = n => this.getAttribute(n) ?? undefined, o = {};
    for (const n of ["mode", "view"]) o[n] = at(n);
    for (const n of NAMES) o[n] = at(attr(n));
    const q = this.q = setting(o), bad = problem(q, T);
    this.controls(); this.$(".bad").hidden = !bad; this.$(".all").hidden = !!bad;
    if (this.$(".bad").textContent !== (bad ?? "")) this.$(".bad").textContent = bad ?? "";
    if (bad) { this.stop(); this.m = null; this.key = ""; this.writeUrl(); return; }
    const key = JSON.stringify(q), all = [key, at("x"), at("w")].join();
    if (all !== this.all || !this.m) { this.m = model(q, parse(at("x")), parse(at("w"))); this.all = all; }
    if (key !== this.key) { this.key = key; this.active = {}; this.cells = []; for (const b of ["in", "w", "out"]) this.draw(b); this.lost(); }
    this.paint(); this.writeUrl();
    globalThis.google?.colab?.output?.resizeIframeToContent?.();
  }
  controls() {
    const { q, T } = this, back = q.mode === "transposed";
    this.rect = this.$(".rect").checked ||= !same(q);
    this.$(".cases").hidden = !this.hasAttribute("presets"); this.$("[data-case]").value = this.preset ?? "";
    this.$(".view").hidden = !back; this.label();
    for (const n of ["mode", "view"]) this.$(`[data-at=${n}]`).value = q[n];
    for (const box of this.each("[data-num]")) {
      const n = box.dataset.num, off = (n === "a" && !back) || (n === "d" && q.mode === "avg");
      box.hidden = off;
      for (const side of box.querySelectorAll("[data-ax]")) {
        const ax = +side.dataset.ax, name = T.n[n] + (this.rect ? (ax ? T.colsOf : T.rowsOf) : ""), input = side.querySelector("input");
        side.hidden = ax === 1 && !this.rect; input.value = isNaN(q[n][ax]) ? "" : q[n][ax]; input.setAttribute("aria-label", name);
        for (const b of side.querySelectorAll("button")) b.setAttribute("aria-label", b.word + name);
      }
    }
  }
  // one grid: decoration first, then rows of cells that can be reached
  draw(which) {
    const { q, T } = this, f = this.$(`[data-board=${which}]`), z = this.turned();
    f.hidden = which === "w" && pools(q); if (f.hidden) return f.querySelector(".scroll").replaceChildren();
    const rows = board(q, which, 0), cols = board(q, which, 1), S = cols.length > 12 ? 30 : 36, real = { in: q.i, w: q.k, out: this.m.o }[which];
    const name = which === "w" && z ? T.turned : T.boards[which];
    f.querySelector("figcaption").textContent = `${name} ${real.join(" × ")}`;
    const decor = svg("g", { "aria-hidden": "true" }), root = svg("svg", { role: "grid", "aria-label": `${name} ${real.join(" × ")}`, width: cols.length * S + 4, height: rows.length * S + 4, style: `--c:var(--${which})` }, decor);
    rows.forEach(([a, ka], r) => {
      const line = svg("g", { role: "row" });
      cols.forEach(([b, kb], c) => {
        const kind = [ka, kb].includes("cut") ? "cut" : [ka, kb].includes("pad") ? "pad" : [ka, kb].includes("zero") ? "zero" : "real";
        const h = S - 3, g = svg("g", { class: kind, transform: `translate(${c * S + 3.5} ${r * S + 3.5})` }, svg("rect", { width: h, height: h, rx: 3 }), svg("text", { x: h / 2, y: h / 2 }));
        if (kind === "cut") g.append(svg("path", { d: `M4 4L${h - 4} ${h - 4}M${h - 4} 4L4 ${h - 4}` }));
        if (kind === "zero") g.append(svg("path", { class: "dot", d: `M${h / 2 - 3} ${h / 2}a3 3 0 1 0 6 0a3 3 0 1 0-6 0` }));
        const step = which === "in" && z ? [q.s[0], q.s[1]] : [1, 1], drawn = which === "w" && z;
        const id = [drawn ? q.k[0] - 1 - a : a / step[0], drawn ? q.k[1] - 1 - b : b / step[1]];
        // a cropped cell of the input still exists: it has its number, although nothing reads it
        const exists = kind === "real" || (which === "in" && kind === "cut" && id.every((v, ax) => Number.isInteger(v) && v >= 0 && v < q.i[ax]));
        const cell = { which, kind, at: [a, b], id: exists ? id : null, g, h };
        if (exists) { g.setAttribute("role", "gridcell"); g.dataset.r = id[0]; g.dataset.c = id[1]; line.append(g); } else decor.append(g);
        if (which !== "w" && (exists || kind === "pad")) g.append(cell.hatch = svg("path", { d: `M2 ${h / 2}L${h / 2} 2M2 ${h - 2}L${h - 2} 2M${h / 2} ${h - 2}L${h - 2} ${h / 2}` }));
        this.cells.push(cell);
      });
      if (line.childNodes.length) root.append(line);
    });
    f.querySelector(".scroll").replaceChildren(root);
    if (!this.active[which]) this.active[which] = [0, 0];
  }
  paint() {
    const { m, T, q } = this; if (!m) return;
    const pos = this.pos, here = [Math.floor(pos / m.steps[1]), pos % m.steps[1]], sel = this.hover ?? this.sel ?? { kind: m.kind, cell: here };
    if (sel.kind === m.kind && !this.hover) this.active[m.kind] = sel.cell;
    const links = lit(m, sel.kind, sel.cell), marks = { in: new Set(), w: new Set(), out: new Set() };
    for (const t of links) {
      if (sel.kind !== "in" || on(m, t) || m.stamps) marks.out.add(String(t.out));
      marks.in.add(String(t.at)); marks.w.add(String(t.w));
    }
    const count = this.hasAttribute("count"), top = { in: Math.max(1, ...m.reads.flat()), out: Math.max(1, ...m.lands.flat()) };
    const sums = m.stamps ? values(m, pos + 1) : m.y, seen = new Set();
    for (const c of this.cells) {
      const { which, kind, id, g } = c, main = id && which === sel.kind && eq(id, sel.cell);
      const used = which === "w" ? 1 : id ? (which === "in" ? m.reads : m.lands)[id[0]][id[1]] : +m.touched.has(String(c.at));
      const light = main || marks[which].has(String(which === "w" ? id : c.at));
      g.setAttribute("class", kind + (main ? " main" : light ? " lit" : ""));
      if (c.hatch) c.hatch.style.display = used ? "none" : "";
      seen.add(kind); if (c.hatch && !used) seen.add("never");
      let text = "";
      if (id) {
        const done = m.stamps || id[0] * m.o[1] + id[1] <= pos || main;
        const v = which === "in" ? m.x[id[0]][id[1]] : which === "w" ? m.w[id[0]][id[1]] : (m.stamps && sel.kind === "out" && main ? m.y : sums)[id[0]][id[1]];
        text = count && which !== "w" ? String(used) : which === "out" && !done ? "" : number(v);
        g.setAttribute("aria-label", `${{ in: T.cellIn, w: T.cellW, out: T.cellOut }[which]}${T.rc(...id)}: ${count && which !== "w" ? T.times(used) : text || T.notYet}`); g.setAttribute("aria-selected", String(!!main));
        g.setAttribute("tabindex", eq(this.active[which], id) ? 0 : -1);
      } else if (kind === "pad" && q.mode !== "max" && !count) text = "0";
      const rect = g.firstChild, words = rect.nextSibling;
      rect.style.fillOpacity = count && id && which !== "w" && !light ? 0.05 + 0.55 * used / top[which] : "";
      if (words.textContent !== text) words.textContent = text;
      words.style.fontSize = text.length > 4 ? "10px" : text.length > 3 ? "12px" : "";
    }
    this.$(".legend").textContent = ["pad", "zero", "cut", "never"].filter(k => seen.has(k)).map(k => T.legend[k]).join(" · ");
    const live = sentence(m, sel.kind, sel.cell, T), say = (s, t) => { if (this.$(s).textContent !== t) this.$(s).textContent = t; };
    say(".live", live);
    say(".sum", sel.kind === "out" ? total(m, sel.cell) : "");
    this.$(".formula").replaceChildren(...formula(q, T).map(t => Object.assign(document.createElement("span"), { textContent: t })));
    const slider = this.$(".pos"); slider.max = this.last; slider.value = pos; slider.setAttribute("aria-valuetext", (m.stamps ? T.cellIn : T.cellOut) + T.rc(...here));
    this.$("[data-go=back]").disabled = this.$("[data-go=first]").disabled = pos === 0; this.$("[data-go=fwd]").disabled = pos === this.last;
    this.$(".count").checked = count;
    // the value that can be changed: the touched input or kernel cell
    const pin = this.sel ?? { kind: m.kind, cell: here }, box = this.$(".val"), what = T.edit + (pin.kind === "w" ? T.cellW : T.cellIn) + T.rc(...pin.cell); this.edited = pin.kind === "out" ? null : pin;
    box.disabled = !this.edited;
    say(".which", this.edited ? what : T.editNone);
    const shown = this.edited ? this.valueAt(pin.kind, pin.cell) : ""; if (this.shadowRoot.activeElement !== box || +box.value !== shown) box.value = shown;
  }
  // output_padding as lost information (along the rows)
  lost() {
    const { q, T } = this, [i, k, s, p, d, a] = axisOf(q, 0), o = this.m.o[0], slide = this.$(".slide"), list = this.$(".groups"), groups = new Map();
    const back = q.mode === "transposed", from = back ? 0 : Math.max(1, d * (k - 1) + 1 - 2 * p), to = back ? Math.max(s, d) - 1 : LIMITS.i;
    slide.min = from; slide.max = to; slide.value = back ? a : i; slide.disabled = from === to; slide.setAttribute("aria-label", `${T.lostTitle} ${T.n[back ? "a" : "i"]}`);
    for (const n of range(from, to + 1)) { const g = back ? backSize(i, k, s, p, d, n) : convSize(n, k, s, p, d); groups.set(g, [...(groups.get(g) ?? []), n]); }
    list.replaceChildren(...[...groups].map(([g, l]) => {
      const li = document.createElement("li"); li.className = g === o ? "now" : ""; if (g === o) li.setAttribute("aria-current", "true");
      li.append(...l.flatMap(n => [Object.assign(document.createElement("b"), { textContent: `${back ? "a" : "i"}=${n}`, className: n === (back ? a : i) ? "now" : "" }), " "]), `→ o=${g}`);
      return li;
    }));
    const first = backSize(i, k, s, p, d, 0), way = range(first, first + s).filter(n => n > 0);
    this.$(".lostline").textContent = back ? T.back1(way, i, a, o) : T.lost(sameOutput(i, k, s, p, d, LIMITS.i), o, s);
  }
}
customElements.define("conv-lab", ConvLab);
})();
