/* <channel-lab c-in="8" c-out="8" groups="2"> and <cone-lab layers="3,1,1;3,1,2">. Stands on conv-lab.js, which a page
   loads first; channels.py and cone.py say the same in Python, and the tests compare them. */
(() => {
"use strict";
const ConvLab = globalThis.customElements?.get("conv-lab");
if (!ConvLab || customElements.get("cone-lab")) return;
const { CSS, range, span, EN, ZH } = ConvLab.kit;
const whole = t => (/^\d+$/.test(t) ? +t : NaN), add = l => l.reduce((a, b) => a + b, 0), hits = l => l.flatMap((v, n) => (v ? [n] : []));

// ---- words
const W = {
  whole: ["$0 must be a whole number from 1 to $1.", "$0 必须是 1 到 $1 的整数。"],
  groups: ["groups must divide c_in = $0 and c_out = $1, or be separable or pointwise.", "groups 须整除 c_in = $0 和 c_out = $1，或为 separable、pointwise。"],
  long: ["The input would be $0 cells long: only 64 are drawn.", "输入将有 $0 格长：最多画 64 格。"],
  dense: ["dense", "稠密"], grouped: ["grouped, g = $0", "分组，g = $0"], depthwise: ["depthwise", "逐通道"], separable: ["depthwise, then pointwise", "逐通道，再逐点"], pointwise: ["pointwise", "逐点"],
  par: ["parameters = c_out · c_in/g · k² = ", "参数 = c_out · c_in/g · k² = "], mac: ["multiply-adds = parameters · h · w = ", "乘加 = 参数 · h · w = "], of: ["$0 % of the dense layer", "稠密层的 $0 %"],
  reads: ["Output channel $0 reads input channels $1: $2 · $3² = $4 weights.", "输出通道 $0 读取输入通道 $1：$2 · $3² = $4 个权重。"],
  feeds: ["Input channel $0 feeds output channels $1.", "输入通道 $0 供给输出通道 $1。"],
  in: ["input $0", "输入 $0"], unit: ["layer $1, unit $0", "第 $1 层单元 $0"], out: ["output $0", "输出 $0"], layer: ["layer $0", "第 $0 层"], outputs: ["outputs", "输出数"],
  cone: ["$0: promised are inputs $1 to $2, r = $3; reached are $4 of them, by $5 paths.", "$0：名义上看到输入 $1 到 $2，r = $3；经 $5 条路径到达其中 $4 个。"],
  holes: [" Never: $0.", "从不到达：$0。"], up: ["Input $0 is read by outputs $1, by $2 paths.", "输入 $0 经 $2 条路径被输出 $1 读取。"], never: ["Input $0 is never read.", "输入 $0 从未被读取。"],
  lab: ["Channels and groups", "通道与分组"], labs: ["Receptive field of a stack", "多层的感受野"], drop: ["remove layer $0", "删除第 $0 层"], more: ["add a layer", "添加一层"],
};
const words = zh => Object.assign((key, ...a) => W[key][zh].replace(/\$(\d)/g, (_, n) => a[n]), zh ? ZH : EN), E = words(0);
const wrong = (v, n, hi, T) => (v >= 1 && v <= hi ? null : T("whole", n.replace("-", "_"), hi));

// ---- channels: q = {ci, co, k, h, w, g}; a stage is [c_in, c_out, k, groups]
const MOST = { "c-in": 16, "c-out": 16, k: 11, h: 999, w: 999 };
const channels = o => ({ ci: whole(o["c-in"] ?? 8), co: whole(o["c-out"] ?? 8), k: whole(o.k ?? 3), h: whole(o.h ?? 8), w: whole(o.w ?? 8), g: o.groups ?? "1" });
const ways = q => [...range(1, q.ci + 1).filter(g => q.ci % g + q.co % g === 0).map(String), "separable", "pointwise"];
const stages = ({ ci, co, k, g }) => ({ separable: [[ci, ci, k, ci], [ci, co, 1, 1]], pointwise: [[ci, co, 1, 1]] })[g] ?? [[ci, co, k, +g]];
const joined = ([ci, co, , g], r, c) => Math.floor(r * g / co) === Math.floor(c * g / ci);
const count = l => add(l.map(([ci, co, k, g]) => co * ci / g * k * k));
const badChannels = (q, T = E) => [q.ci, q.co, q.k, q.h, q.w].map((v, n) => wrong(v, ...Object.entries(MOST)[n], T)).find(Boolean) ?? (ways(q).includes(q.g) ? null : T("groups", q.ci, q.co));
const way = ({ ci, g }, T = E) => (g in W ? T(g) : g === "1" ? T("dense") : +g === ci ? T("depthwise") : T("grouped", g));
function cost(q, T = E) {
  const l = stages(q), n = count(l);
  return [T("par") + l.map(([ci, co, k, g]) => `${co} · ${ci}/${g} · ${k}²`).join(" + ") + " = " + n, `${T("mac")}${n} · ${q.h} · ${q.w} = ${n * q.h * q.w}`, T("of", Math.floor(1000 * n / (q.ci * q.co * q.k * q.k) + .5) / 10)];
}
const channelSays = (s, r, c, T = E) => [r < 0 ? "" : T("reads", r, span(range(0, s[0]).filter(c => joined(s, r, c)), T), s[0] / s[3], s[2], count([s]) / s[1]),
  c < 0 ? "" : T("feeds", c, span(range(0, s[1]).filter(r => joined(s, r, c)), T))].join(" ").trim();

// ---- cone: q = {layers: [[k, s, d]], o}; level 0 is the input
const stack = o => ({ layers: (o.layers ?? "3;3;3").split(";").map(t => [0, 1, 2].map(n => whole(t.split(",")[n] ?? 1))), o: whole(o.outputs ?? 3) });
function cone({ layers, o }) {
  const size = [1], jump = [1], n = [o];
  layers.forEach(([k, s, d], l) => { size.push(size[l] + jump[l] * d * (k - 1)); jump.push(jump[l] * s); });
  for (const [k, s, d] of [...layers].reverse()) n.unshift((n[0] - 1) * s + d * (k - 1) + 1);
  return { layers, n, size, jump };
}
function paths(m, level, j) {
  const p = m.n.map(n => Array(n).fill(0)), each = (l, use) => range(0, m.n[l + 1]).forEach(y => range(0, m.layers[l][0]).forEach(u => use(y, y * m.layers[l][1] + u * m.layers[l][2])));
  p[level][j] = 1;
  for (let l = level; l--;) each(l, (y, x) => (p[l][x] += p[l + 1][y]));
  for (let l = level; l < m.layers.length; l++) each(l, (y, x) => (p[l + 1][y] += p[l][x]));
  return p;
}
function badStack(q, T = E) {
  const bad = wrong(q.layers.length, "layers", 6, T) ?? wrong(q.o, "outputs", 9, T) ?? q.layers.flatMap((l, n) => l.map((v, a) => wrong(v, `${T("layer", n + 1)}: ${"ksd"[a]}`, 9, T))).find(Boolean);
  return bad ?? (cone(q).n[0] > 64 ? T("long", cone(q).n[0]) : null);
}
const term = (m, [k, , d], l) => `${d}·(${k} − 1)·${m.jump[l]}`;
const field = m => `r = 1 + Σ d(k − 1)·jump = 1 + ${m.layers.map((layer, l) => term(m, layer, l)).join(" + ")} = ${m.size.at(-1)}`;
const unit = (m, l, j, T = E) => T(!l ? "in" : m.layers[l] ? "unit" : "out", j, l);
function coneSays(m, l, j, T = E) {
  const p = paths(m, l, j), top = p.at(-1), a = j * m.jump[l], b = a + m.size[l] - 1, holes = range(a, b).filter(i => !p[0][i]);
  if (!l) return add(top) ? T("up", j, span(hits(top), T), add(top)) : T("never", j);
  return T("cone", unit(m, l, j, T), a, b, m.size[l], hits(p[0]).length, add(p[0])) + (holes.length ? T("holes", span(holes, T)) : "");
}

// ---- the elements; a cell is {f: name, x, y, hue, text, lit, off}
const box = (f, hi, v, name = f) => `<label>${name}<input type="number" min="1" max="${hi}" data-f="${f}" value="${v || ""}"></label>`;
class Lab extends ConvLab {
  shell() {
    const zh = +/^zh/i.test(this.closest("[lang]")?.lang || navigator.language), T = this.T = words(zh);
    this.shadowRoot.innerHTML = `<style>${CSS}.off:not(.main) rect{fill-opacity:0;stroke:var(--pad);stroke-dasharray:3 3}.off.lit:not(.main) rect{stroke:var(--hi)}[data-f]{min-width:3em}text{font-size:12px}</style><div class="lab" role="group" aria-label="${T(this.name)}" lang="${zh ? "zh" : "en"}">
<div class="row form"></div>${this.fixed}<p class="bad" role="alert"></p><div class="scroll"></div><p class="live" aria-live="polite"></p><p class="formula"></p></div>`;
    const lab = this.$(".lab"), of = e => e.target.closest("g")?.dataset.f;
    lab.onchange = lab.oninput = e => { if (e.type === "change" || e.target.type === "range") this.change(e.target.dataset.f, e.target.value); };
    lab.onclick = e => { const b = e.target.closest("g,button"); if (b?.localName === "g") b.focus(); else if (b) this.change(b.dataset.f); };
    lab.onpointerover = e => { if (e.pointerType === "mouse" && this.hover !== of(e)) { this.hover = of(e); this.refresh(); } };
    lab.addEventListener("focusin", e => { if (of(e) && this.sel !== of(e)) { this.stop(); this.hover = null; this.pick(this.sel = of(e)); this.refresh(); } });
    lab.onkeydown = e => {
      const c = this.cells?.find(o => o.f === of(e)), [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key] ?? [];
      if (!c || dx === undefined) return;
      const far = o => Math.abs(o.x - c.x) + 99 * Math.abs(o.y - c.y), next = this.cells.filter(o => (dy ? (o.y - c.y) * dy > 0 : o.y === c.y && (o.x - c.x) * dx > 0));
      this.$(`g[data-f="${next.sort((a, b) => far(a) - far(b))[0]?.f}"]`)?.focus(); e.preventDefault();
    };
  }
  fill(s, html) { const e = this.$(s), f = this.shadowRoot.activeElement?.dataset.f; if (e.now !== html) { e.innerHTML = e.now = html; if (f) this.$(`[data-f="${f}"]`)?.focus(); } }
  // the setting that the attributes say; another one lets go of what was touched
  read(f, ...names) { const o = {}; for (const n of names) o[n] = this.getAttribute(n) ?? undefined; const q = f(o), key = JSON.stringify(q); if (key !== this.key) { this.key = key; this.sel = this.hover = null; } return q; }
  pick() {}
  // rows of cells
  show(form, bad, name, make) {
    const [rows, live, sum, extra = ""] = bad ? [[], "", []] : make(), cells = this.cells = rows.flat(), s = this.now;
    this.fill(".form", form); this.$(".bad").hidden = !bad; this.$(".bad").textContent = bad ?? "";
    const gridcell = o => `<g role="gridcell" data-f="${o.f}" class="${o.off ? "off " : ""}${o.f === s ? "main" : o.lit ? "lit" : ""}" tabindex="${o.f === s ? 0 : -1}" aria-selected="${o.f === s}" aria-label="${o.name}" transform="translate(${o.x + 2} ${o.y + 2})" style="--c:var(--${o.hue})"><rect width="27" height="27" rx="3"/><text x="13.5" y="13.5">${o.text}</text></g>`;
    const row = l => `<g role="row">${l.map(gridcell).join("")}</g>`;
    this.fill(".scroll", bad ? "" : `<svg role="grid" aria-label="${name}" width="${Math.max(...cells.map(o => o.x)) + 34}" height="${Math.max(...cells.map(o => o.y)) + 34}">${extra}${rows.map(row).join("")}</svg>`);
    if (this.$(".live").textContent !== live) this.$(".live").textContent = live;
    this.fill(".formula", sum.map(t => `<span>${t}</span>`).join(""));
  }
}
class ChannelLab extends Lab {
  static observedAttributes = [...Object.keys(MOST), "groups"];
  static core = { channels, ways, stages, joined, badChannels, way, cost, channelSays, MOST };
  name = "lab"; fixed = `<label class="row"><span class="way"></span><input type="range" min="0" data-f="groups" aria-label="groups"></label>`;
  change(f, v) { if (f) this.put(f, f === "groups" ? ways(this.q)[v] : v); }
  refresh() {
    const q = this.q = this.read(channels, ...ChannelLab.observedAttributes), T = this.T, l = ways(q), slide = this.$("[type=range]"), all = stages(q);
    slide.max = l.length - 1; slide.value = l.indexOf(q.g); slide.ariaValueText = this.$(".way").textContent = way(q, T);
    this.show(Object.entries(MOST).map(([n, hi], a) => box(n, hi, [q.ci, q.co, q.k, q.h, q.w][a], n.replace("-", "_"))).join(""), badChannels(q, T), T("lab"), () => {
      const [B, R, C] = (this.now = this.hover ?? this.sel ?? "0,0,-1").split(",").map(Number), m = all[B];
      const near = (r, c) => joined(m, r, c) && (R < 0 || r === R) && (C < 0 || c === C);
      const rows = range(-1, Math.max(q.co, all[0][1])).map(r => all.flatMap((s, b) => range(r < 0 ? 0 : -1, r < s[1] ? s[0] : -1).map(c => {
        const on = r < 0 || c < 0 || joined(s, r, c), text = r < 0 ? c : c < 0 ? r : on ? `${s[2]}×${s[2]}` : "";
        return { f: [b, r, c].join(), x: (c + 1 + b * (q.ci + 2)) * 30, y: r * 30 + 30, hue: r < 0 ? "in" : c < 0 ? "out" : "w", text, off: !on,
          lit: b === B && (r < 0 ? range(0, m[1]).some(y => near(y, c)) : c < 0 ? range(0, m[0]).some(x => near(r, x)) : near(r, c)),
          name: r < 0 ? T("in", c) : T("out", r) + (c < 0 ? "" : T.comma + T("in", c) + ": " + (text || 0)) };
      })));
      return [rows, channelSays(m, R, C, T), cost(q, T)];
    });
  }
}
class ConeLab extends Lab {
  static observedAttributes = ["layers", "outputs", "pos"];
  static core = { stack, cone, paths, badStack, field, unit, coneSays };
  name = "labs"; fixed = "";
  pick(f) { const [l, j] = f.split(","); if (!this.q.layers[l]) { this.sel = null; this.put("pos", j); } }
  change(f, v) {
    const l = this.q.layers.map(t => [...t]), [n, a] = f.split(".");
    if (a === "x") l.splice(n, 1); else if (a) l[n][a] = v; else if (f === "more") l.push([3, 1, 1]); else return f === "outputs" ? this.put(f, v) : this.go(this.pos + +f);
    this.put("layers", l.join(";"));
  }
  label() {}
  refresh() {
    const q = this.q = this.read(stack, "layers", "outputs"), T = this.T, bad = badStack(q, T), top = q.layers.length, m = this.m = bad ? null : { ...cone(q), steps: [1, q.o] };
    const go = (f, text, name, off) => `<button type="button" data-f="${f}" aria-label="${name}"${off ? " disabled" : ""}>${text}</button>`;
    const form = q.layers.map((l, n) => `<span class="row" role="group" aria-label="${T("layer", n + 1)}">${T("layer", n + 1)} ${l.map((v, a) => box(n + "." + a, 9, v, "ksd"[a])).join("")}${go(n + ".x", "×", T("drop", n + 1), top < 2)}</span>`).join("");
    this.show(form + go("more", T("more"), T("more"), top > 5) + box("outputs", 9, q.o, T("outputs")) + go(-1, "◀", T.back, !this.pos) + go(1, "▶", T.fwd, this.pos === this.last), bad, T("labs"), () => {
      const [L, J] = (this.now = this.hover ?? this.sel ?? [top, this.pos].join()).split(",").map(Number), p = paths(m, L, J), a = J * m.jump[L], b = a + m.size[L] - 1;
      const at = (l, c) => 30 * (c * m.jump[l] + (m.size[l] - 1) / 2), y = l => 48 * (top - l), all = [...p.keys()].reverse();
      const rows = all.map(l => p[l].map((v, c) => ({ f: [l, c].join(), x: at(l, c), y: y(l), hue: l ? "out" : "in", off: !v, lit: v || (!l && L && c >= a && c <= b), text: v || (!l && L && c > a && c < b ? 0 : ""), name: `${unit(m, l, c, T)}: ${v}` })));
      return [rows, coneSays(m, L, J, T), [field(m)], L ? `<path d="M${at(L, J) + 15} ${y(L) + 15}L${at(0, a)} ${y(0)}H${at(0, b) + 30}z"/>` : ""];
    });
  }
}
customElements.define("channel-lab", ChannelLab); customElements.define("cone-lab", ConeLab);
})();
