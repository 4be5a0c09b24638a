/* <channel-lab c-in="8" c-out="8" groups="2"> and <cone-lab layers="3,1,1;3,1,2">. Stands on conv-lab.js, which a page
   loads first. What it shares with Python stands in stack-lab.json and is put in where FACTS begins; model/channels.py
   and model/cone.py compute the same, and the tests compare them. */
(() => {
"use strict";
const ConvLab = globalThis.customElements?.get("conv-lab");
if (!ConvLab || customElements.get("cone-lab")) return;
const FACTS = "@facts";
const { CSS, range, span, own, fill, speak, EN, ZH } = ConvLab.kit;
const whole = t => (/^\d+$/.test(t) ? +t : NaN), add = l => l.reduce((a, b) => a + b, 0), hits = l => l.flatMap((v, n) => (v ? [n] : []));

// ---- words: those of conv-lab, and its own
const [E, Z] = [EN, ZH].map((shared, n) => ({ ...shared, ...speak(FACTS.texts, n) }));
// the first of [name, value, [usual, least, most]] that is out of range, in words: said before anything is computed
const wrong = (list, T) => { const bad = list.find(([, v, [, least, most]]) => !(v >= least && v <= most)); return bad ? T.whole(bad[0], bad[2][2]) : null; };
const dash = n => n.replace("_", "-");

// ---- channels: q has the names of the parameters; a stage is [c_in, c_out, k, groups]
const SIZES = Object.entries(FACTS.channels);
const channels = o => ({ ...Object.fromEntries(SIZES.map(([n, [usual]]) => [n, whole(o[dash(n)] ?? usual)])), groups: o.groups ?? "1" });
const ways = ({ c_in: ci, c_out: co }) => [...range(1, ci + 1).filter(g => ci % g + co % g === 0).map(String), ...FACTS.named];
const stages = ({ c_in: ci, c_out: co, k, groups: g }) => own({ separable: [[ci, ci, k, ci], [ci, co, 1, 1]], pointwise: [[ci, co, 1, 1]] }, g) ?? [[ci, co, k, +g]];
const joined = ([ci, co, , g], r, c) => Math.floor(r * g / co) === Math.floor(c * g / ci);
const count = l => add(l.map(([ci, co, k, g]) => co * ci / g * k * k));
const badSizes = (q, T = E) => wrong(SIZES.map(([n, limits]) => [n, q[n], limits]), T);
const badChannels = (q, T = E) => badSizes(q, T) ?? (ways(q).includes(q.groups) ? null : T.groups(q.c_in, q.c_out));
const way = ({ c_in, groups: g }, T = E) => (FACTS.named.includes(g) ? T[g] : g === "1" ? T.dense : +g === c_in ? T.depthwise : T.grouped(g));
function cost(q, T = E) {
  const l = stages(q), n = count(l), { c_in, c_out, k, h, w } = q;
  return [T.par(l.map(([ci, co, k, g]) => fill(FACTS.formulas.cost, [co, ci, g, k])).join(" + "), n), T.mac(n, h, w, n * h * w), T.of(Math.floor(1000 * n / (c_in * c_out * k * k) + .5) / 10)];
}
const channelSays = (s, r, c, T = E) => [r < 0 ? "" : T.reads(r, span(range(0, s[0]).filter(c => joined(s, r, c)), T), s[0] / s[3], s[2], count([s]) / s[1]),
  c < 0 ? "" : T.feeds(c, span(range(0, s[1]).filter(r => joined(s, r, c)), T))].join(" ").trim();

// ---- cone: q = {layers: [[k, s, d]], o}; level 0 is the input
const { layers: [USUAL, , DEEPEST], outputs: OUTPUTS } = FACTS.cone, LAYER = [..."ksd"].map(n => FACTS.cone[n]);
// no more layers are read than it takes to see that there are too many
const stack = o => ({ layers: (o.layers ?? Array(USUAL).fill(LAYER[0][0]).join(";")).split(";", DEEPEST + 1).map(t => LAYER.map(([usual], n) => whole(t.split(",")[n] ?? usual))), o: whole(o.outputs ?? OUTPUTS[0]) });
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
  const sizes = q.layers.flatMap((l, n) => l.map((v, a) => [`${T.layer(n + 1)}: ${"ksd"[a]}`, v, LAYER[a]]));
  const bad = wrong([["layers", q.layers.length, FACTS.cone.layers], ["outputs", q.o, OUTPUTS], ...sizes], T);
  return bad ?? (cone(q).n[0] > FACTS.longest ? T.long(cone(q).n[0], FACTS.longest) : null);
}
const field = m => fill(FACTS.formulas.field, [m.layers.map((layer, l) => fill(FACTS.formulas.term, [...layer, m.jump[l]])).join(" + "), m.size.at(-1)]);
const unit = (m, l, j, T = E) => T[!l ? "in" : m.layers[l] ? "unit" : "out"](j, l);
function coneSays(m, l, j, T = E) {
  const p = paths(m, l, j), top = p.at(-1), a = j * m.jump[l], b = a + m.size[l] - 1, holes = range(a, b).filter(i => !p[0][i]);
  if (!l) return add(top) ? T.up(j, span(hits(top), T), add(top)) : T.never(j);
  return T.cone(unit(m, l, j, T), a, b, m.size[l], hits(p[0]).length, add(p[0])) + (holes.length ? T.holes(span(holes, T)) : "");
}

// ---- the elements; a cell is {f: name, x, y, hue, text, lit, off}
const box = (f, [, least, most], v, name = f) => `<label>${name}<input type="number" min="${least}" max="${most}" data-f="${f}" value="${isFinite(v) ? v : ""}"></label>`;
class Lab extends ConvLab {
  shell() {
    const zh = +/^zh/i.test(this.closest("[lang]")?.lang || navigator.language), T = this.T = zh ? Z : E;
    this.shadowRoot.innerHTML = `<style>${CSS}.off:not(.main) rect{fill-opacity:0;stroke:var(--pad);stroke-dasharray:3 3}.off.lit:not(.main) rect{stroke:var(--hi)}[data-f]{min-width:3em}text{font-size:12px}</style><div class="lab" role="group" aria-label="${T[this.name]}" lang="${zh ? "zh" : "en"}">
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
  static observedAttributes = FACTS.state["channel-lab"];
  static core = { channels, ways, stages, joined, badChannels, way, cost, channelSays };
  name = "lab"; fixed = `<label class="row"><span class="way"></span><input type="range" min="0" data-f="groups" aria-label="groups"></label>`;
  change(f, v) { if (f) this.put(f, f === "groups" ? ways(this.q)[v] : v); }
  refresh() {
    const q = this.q = this.read(channels, ...ChannelLab.observedAttributes), T = this.T, l = badSizes(q) ? [] : ways(q), slide = this.$("[type=range]"), all = stages(q);
    slide.disabled = !l.length; slide.max = l.length - 1; slide.value = l.indexOf(q.groups); slide.ariaValueText = this.$(".way").textContent = way(q, T);
    this.show(SIZES.map(([n, limits]) => box(dash(n), limits, q[n], n)).join(""), badChannels(q, T), T.lab, () => {
      const [B, R, C] = (this.now = this.hover ?? this.sel ?? "0,0,-1").split(",").map(Number), m = all[B];
      const near = (r, c) => joined(m, r, c) && (R < 0 || r === R) && (C < 0 || c === C);
      const rows = range(-1, Math.max(q.c_out, all[0][1])).map(r => all.flatMap((s, b) => range(r < 0 ? 0 : -1, r < s[1] ? s[0] : -1).map(c => {
        const on = r < 0 || c < 0 || joined(s, r, c), text = r < 0 ? c : c < 0 ? r : on ? `${s[2]}×${s[2]}` : "";
        return { f: [b, r, c].join(), x: (c + 1 + b * (q.c_in + 2)) * 30, y: r * 30 + 30, hue: r < 0 ? "in" : c < 0 ? "out" : "w", text, off: !on,
          lit: b === B && (r < 0 ? range(0, m[1]).some(y => near(y, c)) : c < 0 ? range(0, m[0]).some(x => near(r, x)) : near(r, c)),
          name: r < 0 ? T.in(c) : T.out(r) + (c < 0 ? "" : T.comma + T.in(c) + ": " + (text || 0)) };
      })));
      return [rows, channelSays(m, R, C, T), cost(q, T)];
    });
  }
}
class ConeLab extends Lab {
  static observedAttributes = FACTS.state["cone-lab"];
  static core = { stack, cone, paths, badStack, field, unit, coneSays };
  name = "labs"; fixed = "";
  pick(f) { const [l, j] = f.split(","); if (!this.q.layers[l]) { this.sel = null; this.put("pos", j); } }
  change(f, v) {
    const l = this.q.layers.map(t => [...t]), [n, a] = f.split(".");
    if (a === "x") l.splice(n, 1); else if (a) l[n][a] = v; else if (f === "more") l.push(LAYER.map(([usual]) => usual)); else return f === "outputs" ? this.put(f, v) : this.go(this.pos + +f);
    this.put("layers", l.join(";"));
  }
  label() {}
  refresh() {
    const q = this.q = this.read(stack, "layers", "outputs"), T = this.T, bad = badStack(q, T), top = q.layers.length, m = this.m = bad ? null : { ...cone(q), steps: [1, q.o] };
    const go = (f, text, name, off) => `<button type="button" data-f="${f}" aria-label="${name}"${off ? " disabled" : ""}>${text}</button>`;
    const form = q.layers.map((l, n) => `<span class="row" role="group" aria-label="${T.layer(n + 1)}">${T.layer(n + 1)} ${l.map((v, a) => box(n + "." + a, LAYER[a], v, "ksd"[a])).join("")}${go(n + ".x", "×", T.drop(n + 1), top < 2)}</span>`).join("");
    this.show(form + go("more", T.more, T.more, top >= DEEPEST) + box("outputs", OUTPUTS, q.o, T.outputs) + go(-1, "◀", T.back, !this.pos) + go(1, "▶", T.fwd, this.pos === this.last), bad, T.labs, () => {
      const [L, J] = (this.now = this.hover ?? this.sel ?? [top, this.pos].join()).split(",").map(Number), p = paths(m, L, J), a = J * m.jump[L], b = a + m.size[L] - 1;
      const at = (l, c) => 30 * (c * m.jump[l] + (m.size[l] - 1) / 2), y = l => 48 * (top - l), all = [...p.keys()].reverse();
      const rows = all.map(l => p[l].map((v, c) => ({ f: [l, c].join(), x: at(l, c), y: y(l), hue: l ? "out" : "in", off: !v, lit: v || (!l && L && c >= a && c <= b), text: v || (!l && L && c > a && c < b ? 0 : ""), name: `${unit(m, l, c, T)}: ${v}` })));
      return [rows, coneSays(m, L, J, T), [field(m)], L ? `<path d="M${at(L, J) + 15} ${y(L) + 15}L${at(0, a)} ${y(0)}H${at(0, b) + 30}z"/>` : ""];
    });
  }
}
customElements.define("channel-lab", ChannelLab); customElements.define("cone-lab", ConeLab);
})();
