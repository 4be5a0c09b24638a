/* <conv-lab mode="conv" i="5" k="3" s="2" p="1">: one classic script, no dependencies, no network.
	 What it shares with Python stands in conv-lab.json and is put in where FACTS begins. Its core computes what
	 model/ computes in Python; the tests compare the two. */
(() => {
"use strict";
if (!globalThis.customElements || customElements.get("conv-lab")) return;

// ---- core: links, sizes, counts, values
const FACTS = "@facts";
const { input: INPUT, kernel: KERNEL, gradient: GRAD, views: VIEWS, cases: CASES, largest_output: LARGEST, largest_sheet: SHEET, most_terms: MOST, colours: HUE } = FACTS;
const STATE = FACTS.state["conv-lab"]; // the attributes that are the state of the element
// sizes by the letters of the formula: usual, least and largest value
const SIZES = Object.fromEntries(Object.entries(FACTS.sizes).map(([n, l]) => [n === "output_padding" ? "a" : n, l])), NAMES = Object.keys(SIZES);
const word = n => (n === "a" ? "output_padding" : n), attr = n => word(n).replace("_", "-");
// what a reader writes may be "constructor" or "__proto__": only own properties count
const own = (o, n) => (Object.hasOwn(o, n) ? o[n] : undefined);
const same = q => NAMES.every(n => Object.is(...q[n]));
const pools = q => q.mode === "max" || q.mode === "avg";
const brief = v => (Object.is(...v) ? String(v[0]) : v.join()); // as an attribute
const axisOf = (q, ax) => NAMES.map(n => q[n][ax]);
const convSize = (i, k, s, p, d) => Math.floor((i + 2 * p - d * (k - 1) - 1) / s) + 1;
const backSize = (i, k, s, p, d, a) => (i - 1) * s - 2 * p + d * (k - 1) + a + 1;
const sizes = q => [0, 1].map(ax => (q.mode === "transposed" ? backSize : convSize)(...axisOf(q, ax)));
const range = (a, b) => Array.from({ length: Math.max(0, b - a) }, (_, n) => a + n);
const pad2 = v => { const w = String(v).trim().split(/\s*[,x×]\s*|\s+/).map(t => (/^-?\d+$/.test(t) ? +t : NaN));
	return w.length > 2 ? [NaN, NaN] : [w[0], w.length > 1 ? w[1] : w[0]]; };
function operation(o) {
	const q = { mode: o.mode || "conv", view: o.view || "stamp" };
	for (const n of NAMES) q[n] = pad2(o[n] ?? (n === "s" && pools(q) ? o.k : null) ?? SIZES[n][0]);
	if (q.mode === "avg") q.d = [1, 1];
	if (q.mode !== "transposed") q.a = [0, 0];
	if (!own(VIEWS, q.mode)?.includes(q.view)) q.view = "stamp";
	return q;
}
// links along one axis: [output, position on the drawn input, weight, input or null]
function pairs(q, ax) {
	const [i, k, s, p, d] = axisOf(q, ax), found = [], o = sizes(q)[ax];
	const stamp = q.mode === "transposed" && q.view !== "zeros", back = q.mode === "transposed" && !stamp;
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
const lit = (m, kind, cell, links = m.links) => links.filter(t => eq(t[kind], cell));
const of = (a, [r, c]) => a[r][c], area = a => a[0] * a[1], flat = (cell, size) => cell[0] * size[1] + cell[1], order = (a, b) => a[0] - b[0] || a[1] - b[1];
const zeros = ([r, c], v = 0) => Array.from({ length: r }, () => Array(c).fill(v));
const tiled = (pattern, size, given = []) => range(0, size[0]).map(r => range(0, size[1]).map(c => given[r]?.[c] ?? pattern[r % pattern.length][c % pattern[0].length]));
const on = (m, t) => t.in !== null && t.out[0] >= 0 && t.out[1] >= 0 && t.out[0] < m.o[0] && t.out[1] < m.o[1];
function model(q, x, w, g, ask) {
	const m = { q, o: sizes(q), links: triples(q), x: tiled(INPUT, q.i, x), w: pools(q) ? null : tiled(KERNEL, q.k, w) };
	m.reads = zeros(q.i); m.lands = zeros(m.o);
	for (const t of m.links) if (on(m, t)) { m.reads[t.in[0]][t.in[1]]++; m.lands[t.out[0]][t.out[1]]++; }
	m.stamps = q.mode === "transposed" && q.view !== "zeros"; m.back = q.view === "backward";
	for (const n in FACTS.sheets) m[n] = FACTS.sheets[n].includes(q.view);
	if (q.view === "three") m.zin = m.wz = model({ ...q, view: "zeros" }, x, w);
	m.kind = (ask ? ask === "feeds" || (ask === "value" && m.back) : m.stamps) ? "in" : "out"; // what one step visits
	m.steps = m.kind === "in" ? q.i : m.o;
	m.touched = new Set(m.links.map(t => String(t.at)));
	m.y = values(m);
	if (m.back) gradients(m, g);
	return m;
}
// flow: the links that carry a gradient back; a maximum takes all of it, among equals the first, as in torch
function gradients(m, given) {
	const { q, x, w } = m, g = m.g = tiled(GRAD, m.o, given), best = new Map(), max = q.mode === "max";
	m.flow = m.links.filter(t => on(m, t));
	if (max) {
		for (const t of m.flow) { const b = best.get(String(t.out)); if (!b || of(x, t.in) > of(x, b.in)) best.set(String(t.out), t); }
		m.flow = [...best.values()];
	}
	m.dx = zeros(q.i); m.flows = zeros(q.i); m.dw = w && zeros(q.k); m.db = g.flat().reduce((a, b) => a + b, 0);
	for (const { out, in: [r, c], w: [a, b] } of m.flow) {
		const v = of(g, out);
		m.flows[r][c]++; m.dx[r][c] += w ? v * w[a][b] : max ? v : v / area(q.k);
		if (w) m.dw[a][b] += v * x[r][c];
	}
}
// C or its transpose (a row an output, a column an input), or im2col (a row a weight, a column an output)
function sheet(m, name) {
	const { q, o } = m, col = name === "col";
	return { rows: area(col ? q.k : o), cols: area(col ? o : q.i), cells: m.links.filter(t => col || on(m, t)).map(t =>
		({ t, at: col ? [flat(t.w, q.k), flat(t.out, o)] : [flat(t.out, o), flat(t.in, q.i)] })) };
}
// products: those that reach the output, and those that stamping, the matrix and inserted zeros multiply
const ways = m => [m.links.filter(t => on(m, t)).length, area(m.q.i) * area(m.q.k), area(m.o) * area(m.q.i), area(m.o) * area(m.q.k)];
// what a question asks for
function truth(m, ask, cell) {
	if (ask === "size") return m.o;
	if (ask === "value") return of(m.back ? m.dx : m.y, cell);
	return lit(m, m.kind, cell).filter(t => on(m, t)).map(t => t[ask === "reads" ? "in" : "out"]).sort(order);
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
	if (q.view !== "zeros") return range(0, i).map(x => [x, "real"]);
	const first = p - span, end = (i - 1) * s + span - p + a;
	return range(Math.min(first, 0), Math.max(end, (i - 1) * s) + 1).map(z =>
		[z, z < first || z > end ? "cut" : z < 0 || z > (i - 1) * s ? "pad" : z % s === 0 ? "real" : "zero"]);
}
const sameOutput = (i, k, s, p, d, most) => range(Math.max(1, d * (k - 1) + 1 - 2 * p), most + 1).filter(n => convSize(n, k, s, p, d) === convSize(i, k, s, p, d));

// ---- words
// each text in English and Chinese; $0, $1 ... stand for what is put in, @ for "row $0, column $1"
const fill = (t, a) => t.replace(/\$(\d)/g, (_, i) => a[i]);
const speak = (texts, n) => Object.fromEntries(Object.entries(texts).map(([k, { [n]: t }]) =>
	[k, /[$@]/.test(t) ? (...a) => fill(t.replace("@", FACTS.texts.rc[n]), a) : t]));
const [EN, ZH] = [0, 1].map(n => speak(FACTS.texts, n));
const number = v => (v === -Infinity ? "−∞" : String(Math.floor(v * 100 + 0.5) / 100 + 0));
const factor = v => (v < 0 ? `(${number(v)})` : number(v));
function span(list, T = EN) {
	const l = [...new Set(list)].sort((a, b) => a - b), n = l.length;
	return n > 1 && l[n - 1] - l[0] === n - 1 ? l[0] + T.to + l[n - 1] : l.join(T.comma);
}
function problem(q, T = EN) {
	if (!own(VIEWS, q.mode)) return T.mode(Object.keys(VIEWS).join(T.comma), q.mode);
	for (const n of NAMES) for (const v of q[n]) {
		const [, least, most] = SIZES[n];
		if (!(v >= least)) return T.low(word(n), least);
		if (v > most) return T.high(word(n), v, most);
	}
	for (const ax of [0, 1]) {
		const [i, k, s, p, d, a] = axisOf(q, ax), n = d * (k - 1) + 1, o = sizes(q)[ax];
		if (q.mode === "transposed") {
			if (a >= Math.max(s, d)) return T.op(a, s, d);
			if (o < 1) return T.none((i - 1) * s + n + a, p, 2 * p);
		} else {
			if (n > i + 2 * p) return T.fit(n, i + 2 * p);
			if (pools(q) && 2 * p > k) return T.half(p, k);
		}
		if (o > LARGEST) return T.big(o, LARGEST);
	}
	return null;
}
function formula(q, T = EN) {
	const line = ax => fill(FACTS.formulas[q.mode === "transposed" ? q.mode : "conv"], [...axisOf(q, ax), sizes(q)[ax]]);
	return same(q) ? [line(0)] : [T.axes[0] + line(0), T.axes[1] + line(1)];
}
// how one value comes about; kind "in" and "w" ask for a gradient
function total(m, cell, kind = "out") {
	if (m.back) return kind === "out" ? "" : gradTotal(m, cell, kind);
	if (kind !== "out") return "";
	const { q, x, w } = m, result = number(of(m.y, cell));
	let links = lit(m, "out", cell);
	if (q.mode === "transposed" || q.mode === "max") links = links.filter(t => t.in);
	const read = links.map(t => (t.in ? x[t.in[0]][t.in[1]] : 0));
	if (q.mode === "max") return `max(${read.map(factor).join(", ")}) = ${result}`;
	if (q.mode === "avg") return `(${read.map(factor).join(" + ")}) / ${links.length} = ${result}`;
	return links.length ? links.map((t, n) => `${factor(read[n])}·${factor(w[t.w[0]][t.w[1]])}`).join(" + ") + ` = ${result}` : "0";
}
function gradTotal(m, cell, kind) {
	const { q, x, w, g } = m;
	const terms = lit(m, kind, cell, m.flow).map(t => factor(of(g, t.out)) + (w ? "·" + factor(kind === "w" ? of(x, t.in) : of(w, t.w)) : ""));
	if (!terms.length) return "0";
	const sum = (terms.length > MOST ? [...terms.slice(0, MOST - 1), "…"] : terms).join(" + ");
	return (q.mode === "avg" ? `(${sum}) / ${area(q.k)}` : sum) + ` = ${number(of(kind === "w" ? m.dw : m.dx, cell))}`;
}
const matrix = q => (q.mode === "transposed" ? "Cᵀ" : "C");
function sentence(m, kind, cell, T = EN) {
	if (m.back) return backward(m, kind, cell, T);
	const { q, o } = m, n = lit(m, kind, cell).filter(t => on(m, t)).length, out = kind === "out", [a, b] = out ? [o, q.i] : [q.i, o];
	return forward(m, kind, cell, T) + (m.mat && kind !== "w" ? T[out ? "row" : "col"](flat(cell, a), n, area(b) - n, matrix(q)) : "") + (m.col && out ? T.unf(flat(cell, o)) : "");
}
function backward(m, kind, cell, T) {
	const [r, c] = cell, flow = lit(m, kind, cell, m.flow), n = flow.length, at = key => [0, 1].map(ax => span(flow.map(t => t[key][ax]), T));
	if (kind === "w") return T.gW(r, c, number(of(m.dw, cell)), n);
	if (kind === "in") return n ? T.gIn(r, c, number(of(m.dx, cell)), n, ...at("out")) : T.gNone(r, c);
	if (!n) return T.gLost(r, c);
	const v = number(of(m.g, cell));
	if (m.q.mode === "avg") return T.gAvg(r, c, v, n, ...at("in"), number(of(m.g, cell) / area(m.q.k)));
	if (m.w) return T.gOut(r, c, v, n, ...at("in"));
	const equal = ties(m, cell).length;
	return T[equal > 1 ? "gTie" : "gMax"](r, c, v, ...flow[0].in, equal);
}
const ties = (m, cell) => lit(m, "out", cell).filter(t => t.in && of(m.x, t.in) === of(m.y, cell));
// PyTorch code that computes and prints what is shown
function code(m) {
	const { q, x, w, g, back } = m, way = q.mode === "transposed", more = back ? ", requires_grad=True" : "";
	const tensor = (lead, a) => lead + "torch.tensor([[[" + a.map(r => `[${r.map(v => v + (Number.isInteger(v) ? "." : "")).join(", ")}]`).join(",\n" + " ".repeat(lead.length + 16)) + "]]]";
	const opt = (name, n) => `, ${name}=(${q[n].join(", ")})`;
	return ["import torch", "import torch.nn.functional as F", "", area(m.o) > 1000 && "torch.set_printoptions(threshold=2000)",
		tensor("x = ", x) + more + ")", w && tensor("w = ", w) + more + ")", w && back && "b = torch.zeros(1, requires_grad=True)",
		`y = F.${w ? "conv" + (way ? "_transpose" : "") : q.mode + "_pool"}2d(x${w ? ", w" + (back ? ", b" : "") : opt("kernel_size", "k")}${opt("stride", "s")}${opt("padding", "p")}${way ? opt("output_padding", "a") : ""}${q.mode === "avg" ? "" : opt("dilation", "d")})`,
		...(back ? [tensor("y.backward(", g) + "))", "print(x.grad[0, 0])", w && "print(w.grad[0, 0])", w && "print(b.grad)"] : ["print(y[0, 0])"]), ""].filter(l => l || l === "").join("\n");
}
function forward(m, kind, cell, T) {
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
// ---- the element
const CSS = `
:host{--in:${HUE.input};--w:${HUE.kernel};--out:${HUE.output};--pad:${HUE.padding};--hi:${HUE.highlight};display:block;margin:1em 0;scroll-margin-top:4em;font:15px/1.45 system-ui,sans-serif}
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
.sw rect{fill:var(--h);fill-opacity:.36}.pick rect{stroke:currentColor;stroke-width:4;stroke-dasharray:7 3}.tie rect{stroke-width:4.5;stroke-dasharray:2 3}
.sheet{max-height:min(46em,85vh);overflow:auto}.m{cursor:pointer}.m rect{fill:var(--h);stroke:none;fill-opacity:.36}.m.lit rect{fill-opacity:.6;stroke:var(--hi);stroke-width:2.4}.sheet text{font-size:11px}
.frame,.band{fill:none;stroke:var(--pad);pointer-events:none}.band{stroke:var(--hi);stroke-width:2.4}
.ask{border-left:5px solid var(--in);padding-left:.7em}.ans{width:6em}textarea{width:100%;box-sizing:border-box;font:13px/1.4 monospace;color:inherit;background:transparent}
@media (prefers-reduced-motion:no-preference){rect{transition:fill-opacity .15s,stroke-width .15s}}
@media (forced-colors:active){.lit rect,.main rect{stroke:Highlight}}`;
const NS = "http://www.w3.org/2000/svg";
const svg = (tag, at, ...kids) => { const e = document.createElementNS(NS, tag); for (const n in at) e.setAttribute(n, at[n]); e.append(...kids); return e; };
const parse = t => (t ? t.trim().split(/\s*[/;\n]\s*/).map(r => r.split(/[\s,]+/).map(v => (v !== "" && isFinite(v) ? +v : undefined))) : undefined);
const el = (tag, textContent, more) => Object.assign(document.createElement(tag), { textContent, ...more });
// the figures beyond input, kernel and output, and what their cells stand for
const KIND = { dx: "in", dw: "w", zin: "in", wz: "w", mat: "out", col: "out" }, TARGET = { reads: "in", feeds: "out" }, VALUES = { in: "x", w: "w", out: "g" }, hue = (n, q) => `hsl(${Math.round(360 * n / area(q.k))} 75% 50%)`;
const opts = o => Object.entries(o).map(([v, t]) => `<option value="${v}">${t}</option>`).join("");

class ConvLab extends HTMLElement {
	static observedAttributes = STATE;
	static kit = { CSS, range, span, own, fill, speak, EN, ZH }; // for stack-lab.js
	static core = { operation, problem, sizes, triples, pairs, model, values, board, sameOutput, formula, total, sentence, number, sheet, ways, truth, code, ties };
	sel = null; hover = null; timer = 0; active = {}; picks = new Map();

	connectedCallback() {
		this.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take Enter from our fields
		if (!this.shadowRoot) { this.attachShadow({ mode: "open" }); this.shell(); }
		if (this.hasAttribute("url")) {
			this.readUrl(location.hash);
			// newURL, not location: writeUrl may have put back the old state since the link was followed
			this.onHash = e => { if (this.readUrl(new URL(e.newURL).hash)) this.scrollIntoView(); };
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
	fig(name) { return this.$(`[data-board=${name}]`); }
	say(s, t) { if (this.$(s).textContent !== t) this.$(s).textContent = t; }
	put(name, value) { value === null ? this.removeAttribute(name) : this.setAttribute(name, value); }

	// address: #case=7, or #mode=conv&i=5&k=3
	readUrl(hash) {
		const given = new URLSearchParams(hash.slice(1));
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
			try { history.replaceState(history.state, "", "#" + out); } catch { /* may be forbidden on file:// */ }
		}, 200);
	}
	load(n) {
		const [, , mode, view, ...rest] = CASES[n - 1];
		for (const name of ["x", "w", "g", "pos", "count", "predict"]) this.put(name, null);
		this.put("mode", mode); this.put("view", view === "stamp" ? null : view);
		NAMES.forEach((name, at) => this.put(attr(name), name === "a" && !rest[at] ? null : rest[at]));
		this.sel = null; this.preset = String(n); this.stop();
	}

	shell() {
		const lang = this.closest("[lang]")?.lang || navigator.language || "en", T = this.T = /^zh/i.test(lang) ? ZH : EN, zh = T === ZH;
		const num = n => `<span class="num" data-num="${n}"><span>${T.n[n].slice(0, -1)}<i>${n}</i></span>` + [0, 1].map(ax =>
			`<span class="num" data-ax="${ax}"><button type="button" data-by="-1">−</button><input type="number" inputmode="numeric" min="${SIZES[n][1]}" max="${SIZES[n][2]}"><button type="button" data-by="1">+</button></span>`).join("") + "</span>";
		const ico = (go, sign) => `<button type="button" data-go="${go}" aria-label="${T[go]}" title="${T[go]}">${sign}</button>`;
		const option = (c, n) => `<option value="${n + 1}">${n + 1}. ${c[+zh]}</option>`;
		const board = b => `<figure data-board="${b}"><figcaption></figcaption><div class="scroll"></div></figure>`;
		this.shadowRoot.innerHTML = `<style>${CSS}</style><div class="lab" role="group" aria-label="${T.lab}" lang="${zh ? "zh" : "en"}">
<div class="row"><label class="cases">${T.cases} <select data-case><option value="">${T.own}</option>${CASES.map(option).join("")}</select></label>
<label>${T.operation} <select data-at="mode">${opts(T.modes)}</select></label><label class="view">${T.drawn} <select data-at="view"></select></label><label>${T.ask} <select data-at="predict">${opts(T.asks)}</select></label></div>
<div class="row">${NAMES.map(num).join("")}<label><input type="checkbox" class="rect">${T.rect}</label></div>
<p class="bad" role="alert" hidden></p>
<div class="all"><form class="ask row" hidden><span class="q"></span><input class="ans" autocomplete="off" aria-label="${T.answer}"><button>${T.check}</button></form><p role="status"><span class="verdict"></span> <code></code></p>
<div class="boards">${["in", "w", "out", ...Object.keys(KIND)].map(board).join("")}</div>
<p class="legend small"></p><p class="ways"></p>
<div class="row steps">${ico("first", "|◀")}${ico("back", "◀")}<button type="button" data-go="play"></button>${ico("fwd", "▶")}<input type="range" class="pos" min="0" aria-label="${T.position}"></div>
<p class="live" aria-live="polite"></p><p class="sum"></p><p class="formula"></p>
<div class="row"><label><input type="checkbox" class="count">${T.count}</label><label><span class="which"></span><input type="number" step="any" class="val"></label></div>
<p class="small">${T.hint}</p>
<div class="row"><button type="button" class="copy">${T.copy}</button><span class="copied" role="status"></span></div><textarea class="code" readonly hidden aria-label="PyTorch"></textarea>
<div class="lost"><label class="row"><span>${T.lostTitle}</span><input type="range" class="slide"></label><ul class="groups"></ul><p class="lostline" aria-live="polite"></p></div></div></div>`;
		for (const box of this.each("[data-num]")) this.wireNumber(box);
		for (const s of this.each("select[data-at]")) s.onchange = () => { this.sel = null; this.put("pos", null); this.put(s.dataset.at, s.value || null); };
		this.$(".ask").onsubmit = e => { e.preventDefault(); this.judge(); };
		this.$(".copy").onclick = () => this.copy();
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
		this.$(".slide").oninput = e => { this.put("pos", null); this.sel = null; const n = this.q.mode === "transposed" ? "a" : "i"; this.put(attr(n), brief([+e.target.value, same(this.q) ? +e.target.value : this.q[n][1]])); };
		for (const f of this.each("figure")) this.wireBoard(f);
	}
	wireNumber(box) {
		const n = box.dataset.num, T = this.T;
		for (const side of box.querySelectorAll("[data-ax]")) {
			const ax = +side.dataset.ax, input = side.querySelector("input");
			const change = v => { const both = this.rect ? [...this.q[n]] : [v, v]; both[ax] = v; this.sel = null; this.put("pos", null); this.put(attr(n), brief(both)); };
			input.onchange = () => change(input.value === "" ? NaN : +input.value);
			for (const b of side.querySelectorAll("button")) { b.onclick = () => change(Math.min(SIZES[n][2], Math.max(SIZES[n][1], (this.q[n][ax] || 0) + +b.dataset.by))); b.word = +b.dataset.by < 0 ? T.less : T.more; }
		}
	}
	wireBoard(f) {
		const name = f.dataset.board, kind = KIND[name] ?? name, cellOf = e => { const g = e.target.closest?.("[data-r]"); return g ? [+g.dataset.r, +g.dataset.c] : null; };
		f.onpointerover = e => { if (e.pointerType === "mouse" && !this.asking) { const c = cellOf(e); this.hover = c && { kind, cell: c }; this.paint(); } };
		f.onpointerleave = () => { if (this.hover) { this.hover = null; this.paint(); } };
		const pick = c => { if (!this.asking || name !== TARGET[this.ask]) return false; const k = String(c); this.picks.delete(k) || this.picks.set(k, c); this.paint(); return true; };
		f.onclick = e => { const c = cellOf(e); if (c) { this.focusCell(kind === "out" ? "out" : name, c); pick(c); } };
		f.addEventListener("focusin", e => { const c = cellOf(e); if (c) { this.hover = null; this.active[name] = c; this.asking ? this.paint() : this.choose(kind, c); } });
		f.onkeydown = e => {
			const c = cellOf(e); if (!c) return;
			const size = { in: this.q.i, w: this.q.k, out: this.m.o }[kind], turn = kind === "w" && this.turned(name) ? -1 : 1, may = (kind !== "out" || this.m.back) && name[0] !== "d";
			const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key], clamp = (v, n) => Math.max(0, Math.min(n - 1, v));
			let to = by && [clamp(c[0] + turn * by[0], size[0]), clamp(c[1] + turn * by[1], size[1])];
			const ends = { Home: turn < 0 ? 1 : 0, End: turn < 0 ? 0 : 1 }[e.key];
			if (ends !== undefined) to = [e.ctrlKey ? ends * (size[0] - 1) : c[0], ends * (size[1] - 1)];
			if (to) this.focusCell(name, to);
			else if (this.asking) { if ((e.key !== "Enter" && e.key !== " ") || !pick(c)) return; }
			else if (e.key === "Escape") { this.sel = null; this.paint(); }
			else if (may && /^\d$/.test(e.key) && !e.ctrlKey && !e.altKey && !e.metaKey) this.edit(+e.key);
			else if (may && e.key === "-") this.edit(-this.valueAt(kind, c));
			else if (may && e.key === "Enter") { this.$(".val").focus(); this.$(".val").select(); }
			else return;
			e.preventDefault();
		};
	}
	// the reader's answer is compared, told in words and to whoever listens, and all is shown
	judge() {
		const { m, ask, T, here } = this, text = this.$(".ans").value, want = truth(m, ask, here), cells = TARGET[ask];
		const answer = cells ? [...this.picks.values()].sort(order) : ask === "size" ? pad2(text) : parseFloat(text.replace("−", "-").replace(",", "."));
		if ([answer].flat().some(Number.isNaN)) return this.$(".ans").focus();
		const right = ask === "value" ? number(answer) === number(want) : String(answer) === String(want), hit = cells && answer.filter(a => want.some(b => eq(a, b))).length;
		this.answered = this.question; this.refresh();
		this.say(".verdict", (right ? T.right : T.wrong) + (cells ? T.hits(hit, want.length, answer.length - hit) + sentence(m, m.kind, here, T) : T.is(ask === "size" ? want.join(" × ") : number(want))));
		this.say("code", "answer = " + JSON.stringify(answer));
		this.dispatchEvent(new CustomEvent("answer", { bubbles: true, composed: true, detail: { ask, answer, right } }));
	}
	async copy() {
		const box = this.$(".code"), text = box.value = code(this.m);
		box.hidden = false; box.rows = text.split("\n").length; box.select();
		try { await navigator.clipboard.writeText(text); this.say(".copied", this.T.copied); } catch { this.say(".copied", this.T.select); }
	}
	turned(name) { return this.q.view === "zeros" || name[0] === "z" || name === "wz"; }
	valueAt(kind, cell) { return of(this.m[VALUES[kind]], cell); }

	choose(kind, cell) {
		this.stop();
		if (kind === this.m.kind) { this.sel = null; this.put("pos", cell[0] * this.m.steps[1] + cell[1]); } else this.sel = { kind, cell };
		this.paint();
	}
	focusCell(name, [r, c]) { this.$(`[data-board=${name}] [data-r="${r}"][data-c="${c}"]`)?.focus(); }
	go(n) { this.sel = null; this.hover = null; this.put("pos", Math.max(0, Math.min(this.last, n))); if (this.timer && n >= this.last) this.stop(); }
	play() { if (this.pos >= this.last) this.go(0); this.timer = setInterval(() => this.go(this.pos + 1), 900); this.label(); }
	stop() { if (this.timer) { clearInterval(this.timer); this.timer = 0; this.label(); } }
	label() { this.$("[data-go=play]").textContent = this.timer ? this.T.pause : this.T.play; }
	edit(v) {
		if (!this.edited || !isFinite(v)) return;
		const { kind, cell: [r, c] } = this.edited, name = VALUES[kind], rows = this.m[name];
		rows[r][c] = Math.max(-999, Math.min(999, v)) || 0; this.put(name, rows.map(row => row.join(" ")).join("/"));
	}
	get pos() { const v = parseInt(this.getAttribute("pos"), 10); return v > 0 ? Math.min(v, this.last) : 0; }
	get here() { const w = this.m.steps[1]; return [Math.floor(this.pos / w), this.pos % w]; }
	get last() { return this.m ? this.m.steps[0] * this.m.steps[1] - 1 : 0; }

	refresh() {
		const T = this.T, at = n => this.getAttribute(n) ?? undefined, o = {};
		for (const n of ["mode", "view"]) o[n] = at(n);
		for (const n of NAMES) o[n] = at(attr(n));
		const q = this.q = operation(o), bad = problem(q, T);
		this.controls(); this.$(".bad").hidden = !bad; this.$(".all").hidden = !!bad;
		this.say(".bad", bad ?? "");
		if (bad) { this.stop(); this.m = null; this.key = ""; this.writeUrl(); return; }
		const ask = this.ask = FACTS.questions.includes(at("predict")) ? at("predict") : "", key = JSON.stringify(q), data = ["x", "w", "g"].map(at), all = [key, ask, ...data].join();
		const fresh = all !== this.all || !this.m, question = ask && all + "@" + at("pos");
		if (fresh) { this.all = all; this.m = model(q, ...data.map(parse), ask); }
		if (question !== this.question) { this.question = question; this.picks.clear(); this.answered = 0; this.$(".ans").value = ""; this.say(".verdict", ""); this.say("code", ""); }
		this.asking = ask && this.answered !== question;
		if (key !== this.key) { this.key = key; this.active = {}; this.cells = []; for (const b of ["in", "w", "out", "dx", "dw", "zin", "wz"]) this.draw(b); this.lost(); }
		if (fresh) { this.drawSheet("mat"); this.drawSheet("col"); }
		this.reveal();
		this.paint(); this.writeUrl();
		globalThis.google?.colab?.output?.resizeIframeToContent?.();
	}
	// while a question is open, nothing on the page may tell the answer
	reveal() {
		const { asking, ask, q, m, T } = this, hide = (v, ...list) => { for (const s of list) this.$(s).hidden = !!v; }, size = asking && ask === "size";
		for (const b in KIND) this.fig(b).hidden = asking || !m[b];
		this.fig("w").hidden = !m.w;
		hide(size, "[data-board=out]", ".steps"); hide(!asking, ".ask"); hide(TARGET[ask], ".ans"); hide(asking, ".live", ".sum", ".formula");
		hide(asking || !/stamp|zeros/.test(q.view), ".lost"); hide(asking || !m.zin, ".ways");
		if (m.zin) { const [n, s, c, z] = ways(m); this.say(".ways", T.ways(n, s, s - n, c, c - n, z, z - n)); }
		const t = T[ask === "value" && m.back ? "dx" : ask]; if (asking) this.say(".q", t.call ? t(...this.here) : t);
	}
	controls() {
		const { q, T } = this, back = q.mode === "transposed";
		this.rect = this.$(".rect").checked ||= !same(q);
		this.$(".cases").hidden = !this.hasAttribute("presets"); this.$("[data-case]").value = this.preset ?? "";
		this.label();
		const names = own(VIEWS, q.mode) ?? [], view = this.$("[data-at=view]");
		if (this.named !== q.mode) { this.named = q.mode; view.innerHTML = opts(Object.fromEntries(names.map(n => [n, T.views[n === "stamp" && !back ? "slide" : n]]))); }
		for (const n of ["mode", "view"]) this.$(`[data-at=${n}]`).value = q[n];
		this.$("[data-at=predict]").value = FACTS.questions.find(t => t === this.getAttribute("predict")) ?? "";
		for (const box of this.each("[data-num]")) {
			const n = box.dataset.num, off = (n === "a" && !back) || (n === "d" && q.mode === "avg");
			box.hidden = off;
			for (const side of box.querySelectorAll("[data-ax]")) {
				const ax = +side.dataset.ax, name = T.n[n] + (this.rect ? (ax ? T.colsOf : T.rowsOf) : ""), input = side.querySelector("input");
				side.hidden = ax === 1 && !this.rect; input.value = isFinite(q[n][ax]) ? q[n][ax] : ""; input.setAttribute("aria-label", name);
				for (const b of side.querySelectorAll("button")) b.setAttribute("aria-label", b.word + name);
			}
		}
	}
	// one grid: decoration first, then rows of cells that can be reached
	draw(board_) {
		const { T } = this, f = this.fig(board_), z = this.turned(board_), which = KIND[board_] ?? board_, m = board_[0] === "z" || board_ === "wz" ? this.m.zin : this.m, q = m?.q, d = board_[0] === "d";
		if (!(which === "w" ? m?.w : m) || (d && !m.back)) return f.querySelector(".scroll").replaceChildren();
		const [rows, cols] = [0, 1].map(ax => (d ? range(0, q[which === "w" ? "k" : "i"][ax]).map(n => [n, "real"]) : board(q, which, ax))), S = cols.length > 12 ? 30 : 36, real = { in: q.i, w: q.k, out: m.o }[which];
		const name = T.boards[which === "w" && z ? "wz" : which === "out" && m.back ? "dy" : board_];
		f.querySelector("figcaption").textContent = f.named = `${name} ${real.join(" × ")}`;
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
				const cell = { name: board_, alt: m !== this.m, which, kind, sw: "", at: [a, b], id: exists ? id : null, g };
				if (which === "w" && (m.mat || m.col || cell.alt)) { cell.sw = " sw"; g.style.setProperty("--h", hue(flat(id, q.k), q)); }
				if (exists) { g.setAttribute("role", "gridcell"); g.dataset.r = id[0]; g.dataset.c = id[1]; line.append(g); } else decor.append(g);
				if (which !== "w" && !d && (exists || kind === "pad")) g.append(cell.hatch = svg("path", { d: `M2 ${h / 2}L${h / 2} 2M2 ${h - 2}L${h - 2} 2M${h / 2} ${h - 2}L${h - 2} ${h / 2}` }));
				this.cells.push(cell);
			});
			if (line.childNodes.length) root.append(line);
		});
		f.querySelector(".scroll").replaceChildren(root);
		this.active[board_] ??= [0, 0];
	}
	// a matrix: only its weights are drawn; along C stand x above and y at the right, along im2col w at the left and y below
	drawSheet(name) {
		const { m, q, T } = this, col = name === "col", f = this.fig(name), box = f.querySelector(".scroll"), cap = f.querySelector("figcaption");
		f.cells = null; box.replaceChildren();
		if (!m[name]) return;
		const { rows, cols, cells } = sheet(m, name), M = col ? "im2col" : matrix(q), S = 24, X = 30, Y = 26, long = rows > SHEET || cols > SHEET;
		cap.textContent = long ? T.large(M, rows, cols, SHEET) : T[col ? "unfold" : "sheet"](M, rows, cols, cells.length, rows * cols - cells.length);
		if (long) return;
		const root = svg("svg", { role: "img", "aria-label": cap.textContent, width: cols * S + 72, height: rows * S + 50 }, svg("rect", { class: "frame", x: X, y: Y, width: cols * S, height: rows * S }));
		const label = (list, down, far) => list.flat().forEach((v, n) => { n = (n + .5) * S;
			root.append(svg("text", down ? { x: far ? X + cols * S + 20 : 14, y: Y + n } : { x: X + n, y: far ? Y + rows * S + 13 : 13 }, number(v))); });
		label(m.y, !col, 1); label(col ? m.w : m.x, col);
		f.cells = cells;
		for (const c of cells) root.append(c.g = svg("g", { class: "m", "data-r": c.t.out[0], "data-c": c.t.out[1], transform: `translate(${X + c.at[1] * S} ${Y + c.at[0] * S})`, style: `--h:${hue(flat(c.t.w, q.k), q)}` },
			svg("rect", { x: 1, y: 1, width: S - 2, height: S - 2 }), svg("text", { x: S / 2, y: S / 2 }, number(!col ? of(m.w, c.t.w) : c.t.in ? of(m.x, c.t.in) : 0))));
		f.band = svg("rect", { class: "band" }); f.place = (n, ax) => (ax ? { x: X + n * S, y: Y, width: S, height: rows * S } : { x: X, y: Y + n * S, width: cols * S, height: S });
		root.append(f.band); box.classList.add("sheet"); box.tabIndex = 0; box.setAttribute("role", "group"); box.setAttribute("aria-label", M); box.append(root);
	}
	paintSheet(name, sel, set) {
		const f = this.fig(name), { q, m } = this; if (!f.cells) return;
		for (const c of f.cells) { const k = set.has(c.t) ? "m lit" : "m"; if (c.k !== k) c.g.setAttribute("class", c.k = k); }
		const ax = (name === "col" ? { w: 0, out: 1 } : { out: 0, in: 1 })[sel.kind], at = f.place(flat(sel.cell, { in: q.i, w: q.k, out: m.o }[sel.kind]), ax), box = f.querySelector(".scroll");
		f.band.style.display = ax === undefined ? "none" : "";
		for (const k in at) f.band.setAttribute(k, at[k]);
		const first = f.cells.find(c => set.has(c.t));
		if (!this.hover && first) { box.scrollTop = first.at[0] * 24 - box.clientHeight / 2; box.scrollLeft = first.at[1] * 24 - box.clientWidth / 2; }
	}
	paint() {
		const { m, T, q } = this; if (!m) return;
		const { asking, ask, pos, here } = this, quiz = asking && ask !== "value", sel = (!asking && (this.hover ?? this.sel)) || { kind: m.kind, cell: here };
		if (sel.kind === m.kind && !this.hover && !asking) this.active[m.kind] = sel.cell;
		const links = new Set(lit(m, sel.kind, sel.cell)), flow = m.back ? new Set(lit(m, sel.kind, sel.cell, m.flow)) : links;
		const marks = new Map([m, m.zin].map(one => {
			const mark = { in: new Set(), w: new Set(), out: new Set(), dx: new Set() };
			if (one && !quiz) for (const t of one === m ? links : lit(one, sel.kind, sel.cell)) {
				const flows = one !== m || flow.has(t);
				if (sel.kind !== "in" || ((on(one, t) || one.stamps) && flows)) mark.out.add(String(t.out));
				mark.in.add(String(t.at)); mark.w.add(String(t.w)); if (flows) mark.dx.add(String(t.at));
			}
			return [one, mark];
		}));
		const equal = new Set(m.back && q.mode === "max" && sel.kind === "out" && !quiz ? ties(m, sel.cell).map(t => String(t.in)) : []);
		const count = this.hasAttribute("count"), top = { in: Math.max(1, ...m.reads.flat()), out: Math.max(1, ...m.lands.flat()) };
		const sums = m.stamps && m.kind === "in" ? values(m, pos + 1) : m.y, seen = new Set(), target = TARGET[ask];
		for (const c of this.cells) {
			const { name, which, kind, id, g } = c, main = id && which === sel.kind && eq(id, sel.cell), own = c.alt ? m.zin : m, mark = marks.get(own), dx = name === "dx";
			const used = which === "w" ? 1 : id ? of(dx ? m.flows : which === "in" ? m.reads : m.lands, id) : +own.touched.has(String(c.at));
			const light = main || mark[dx ? name : which].has(String(which === "w" ? id : c.at)), pick = name === target && this.picks.has(String(id)), tie = name === "in" && equal.has(String(id));
			g.setAttribute("class", kind + c.sw + (main || (tie && mark.dx.has(String(id))) ? " main" : tie ? " lit tie" : light ? " lit" : "") + (pick ? " pick" : ""));
			if (pick) seen.add("pick");
			if (c.hatch) c.hatch.style.display = used ? "none" : "";
			seen.add(kind); if (c.hatch && !used) seen.add("never");
			let text = "";
			if (id) {
				const done = m.back || (asking && which === "out" ? ask === "reads" || (ask === "value" && !main && flat(id, m.o) < pos) : m.kind === "in" || flat(id, m.o) <= pos || main);
				const v = of(dx ? m.dx : name === "dw" ? m.dw : which === "in" ? m.x : which === "w" ? m.w : m.back ? m.g : sel.kind === "out" && main ? m.y : sums, id);
				text = count && which !== "w" ? String(used) : which === "out" && !done ? "" : number(v);
				g.setAttribute("aria-label", `${T.cell[name[0] === "d" ? name : which === "out" && m.back ? "dy" : which]}${T.rc(...id)}: ${count && which !== "w" ? T.times(used) : text || T.notYet}`); g.setAttribute("aria-selected", String(!!(asking && name === target ? pick : main)));
				g.setAttribute("tabindex", eq(this.active[name], id) ? 0 : -1);
			} else if (kind === "pad" && q.mode !== "max" && !count) text = "0";
			const rect = g.firstChild, words = rect.nextSibling;
			rect.style.fillOpacity = count && id && which !== "w" && !light ? 0.05 + 0.55 * used / top[which] : "";
			if (words.textContent !== text) words.textContent = text;
			words.style.fontSize = text.length > 4 ? "10px" : text.length > 3 ? "12px" : "";
		}
		this.$(".legend").textContent = ["pad", "zero", "cut", "never", "pick"].filter(k => seen.has(k)).map(k => T.legend[k]).join(" · ");
		this.say(".live", sentence(m, sel.kind, sel.cell, T));
		this.say(".sum", total(m, sel.cell, sel.kind));
		if (m.dw) this.say("[data-board=dw] figcaption", `${this.fig("dw").named}, db = ${number(m.db)}`);
		this.paintSheet("mat", sel, links); this.paintSheet("col", sel, links);
		this.$(".formula").replaceChildren(...formula(q, T).map(t => el("span", t)));
		const slider = this.$(".pos"); slider.max = this.last; slider.value = pos; slider.setAttribute("aria-valuetext", T.cell[m.kind] + T.rc(...here));
		this.$("[data-go=back]").disabled = this.$("[data-go=first]").disabled = pos === 0; this.$("[data-go=fwd]").disabled = pos === this.last;
		this.$(".count").checked = count;
		// the value that can be changed: the touched input or kernel cell
		const pin = this.sel ?? { kind: m.kind, cell: here }, box = this.$(".val"), what = T.edit + T.cell[pin.kind === "out" ? "dy" : pin.kind] + T.rc(...pin.cell);
		this.edited = asking || (pin.kind === "out" && !m.back) ? null : pin;
		box.disabled = !this.edited;
		this.say(".which", this.edited ? what : T.editNone);
		const shown = this.edited ? this.valueAt(pin.kind, pin.cell) : ""; if (this.shadowRoot.activeElement !== box || +box.value !== shown) box.value = shown;
	}
	// output_padding as lost information (along the rows)
	lost() {
		const { q, T } = this, [i, k, s, p, d, a] = axisOf(q, 0), o = this.m.o[0], slide = this.$(".slide"), list = this.$(".groups"), groups = new Map();
		const back = q.mode === "transposed", from = back ? 0 : Math.max(1, d * (k - 1) + 1 - 2 * p), to = back ? Math.max(s, d) - 1 : SIZES.i[2];
		slide.min = from; slide.max = to; slide.value = back ? a : i; slide.disabled = from === to; slide.setAttribute("aria-label", `${T.lostTitle} ${T.n[back ? "a" : "i"]}`);
		for (const n of range(from, to + 1)) { const g = back ? backSize(i, k, s, p, d, n) : convSize(n, k, s, p, d); groups.set(g, [...(groups.get(g) ?? []), n]); }
		list.replaceChildren(...[...groups].map(([g, l]) => {
			const li = el("li", "", { className: g === o ? "now" : "" }); if (g === o) li.setAttribute("aria-current", "true");
			li.append(...l.flatMap(n => [el("b", `${back ? "a" : "i"}=${n}`, { className: n === (back ? a : i) ? "now" : "" }), " "]), `→ o=${g}`);
			return li;
		}));
		const first = backSize(i, k, s, p, d, 0), way = back ? range(first, first + s).filter(n => n > 0) : sameOutput(i, k, s, p, d, SIZES.i[2]);
		this.$(".lostline").textContent = T[(back ? "back" : "lost") + (way.length > 1 ? (back ? 2 : "") : 1)](way.join(T.comma), ...(back ? [i, a, o] : [o, s]));
	}
}
customElements.define("conv-lab", ConvLab);
})();
