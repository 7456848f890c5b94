/* One node: its suppliers to the right, its consumers to the left. */
import { nodes, toSuppliers, fromConsumers, matters } from "./model.js";
import { current, change, go } from "./route.js";
import { STATES } from "./words.js";
import { chain, breakOf } from "./blast.js";
import { draw } from "./draw.js";
import { nodePanel, edgePanel, edgeKey, edgeOf } from "./details.js";
const { el } = dtlink;
/* A node with so many consumers is a hub: it is drawn closed. */
const HUB = 12;
const SHOWN_CONSUMERS = 10;
const MOST_POINTS = 160;
export function focusView() {
  const at = current().node;
  if (at < 0) return el("p", {}, "There is no device.");
  const canvas = el("div", { class: "canvas", id: "canvas" });
  const panel = el("aside", { class: "panel", id: "panel", "aria-live": "polite" });
  const view = el("div", { class: "split" }, el("div", { class: "picture" }, controls(), canvas, legend()), panel);
  requestAnimationFrame(() => show(canvas, panel));
  return view;
}
function controls() {
  const { depth, all } = current();
  const step = (by) => () => change({ depth: Math.min(8, Math.max(1, depth + by)) });
  return el("div", { class: "controls no-print" }, el("span", {}, "Suppliers to depth ", el("strong", {}, String(depth)), " "),
    el("button", { type: "button", onclick: step(-1), "aria-label": "less depth" }, "−"),
    el("button", { type: "button", onclick: step(1), "aria-label": "more depth" }, "+"),
    el("label", {}, el("input", { type: "checkbox", id: "all", checked: all, onchange: (event) => change({ all: event.target.checked ? "1" : "" }) }),
      " also what delays nothing"));
}
function legend() {
  return el("p", { class: "legend" }, Object.values(STATES).map((state) =>
    el("span", { class: `state s-${state.key}` }, `${state.sign} ${state.text}`)),
  el("span", { class: "muted" }, "consumers ← → suppliers · thick red: why it waits · double border: a hub, click to open"));
}
function show(canvas, panel) {
  if (!canvas.isConnected) return;
  const state = current();
  const edge = edgeOf(state.edge);
  panel.replaceChildren(...(edge ? edgePanel(edge) : nodePanel(state.node)).flat(9).filter(Boolean));
  const { points, arrows } = near(state);
  if (edge) for (const each of arrows) each.selected = each.edge && edgeKey(each.edge) === state.edge;
  const label = `${nodes[state.node].path}: ${arrows.length} edges among ${points.length} nodes; the panel has them as text.`;
  draw(canvas, points, arrows, { label,
    onPoint: (point) => (point.run ? point.run() : point.node === state.node ? change({ edge: "" }) : go({ view: "focus", node: point.node })),
    onArrow: (arrow) => arrow.edge && change({ edge: edgeKey(arrow.edge) }) });
}
/* The points and arrows near a node. */
export function near({ node, depth, all, open }) {
  const wanted = (edge) => all || matters(edge);
  const points = new Map([[node, { focus: true }]]);
  const kept = new Set();
  const steps = chain(node);
  const broken = breakOf(steps);
  const isHub = (at) => at !== node && !open.has(at) && fromConsumers[at].filter(matters).length >= HUB;
  let ring = [node];
  for (let step = 0; step < depth && points.size < MOST_POINTS; step += 1) {
    const next = [];
    for (const at of ring) {
      if (isHub(at)) continue;
      for (const edge of toSuppliers[at].filter(wanted)) {
        kept.add(edge);
        if (!points.has(edge.supplier)) { points.set(edge.supplier, {}); next.push(edge.supplier); }
      }
    }
    ring = next;
  }
  for (const step of steps) {
    if (!points.has(step.at)) points.set(step.at, {});
    if (step.edge) kept.add(step.edge);
  }
  const extra = addConsumers(node, wanted, open, points, kept);
  for (const edge of toSuppliers.flat()) {
    if (wanted(edge) && points.has(edge.consumer) && points.has(edge.supplier) && !points.get(edge.consumer).shut && edge.effect !== "parent" && !isHub(edge.consumer)) kept.add(edge);
  }
  if (broken >= 0) points.get(steps[broken].at).culprit = true;
  const onChain = new Set(broken > 0 ? steps.slice(1, broken + 1).map((each) => each.edge) : []);
  return { points: [...[...points].map(([at, marks]) => point(at, marks, isHub(at), open)), ...extra.points],
    arrows: [...[...kept].map((edge) => arrow(edge, onChain)), ...extra.arrows] };
}
function addConsumers(node, wanted, open, points, kept) {
  const all = fromConsumers[node].filter(wanted);
  const isOpen = open.has(node);
  const shown = isOpen ? all.slice(0, MOST_POINTS) : all.slice(0, all.length > SHOWN_CONSUMERS + 2 ? SHOWN_CONSUMERS : all.length);
  for (const edge of shown) {
    kept.add(edge);
    if (!points.has(edge.consumer)) points.set(edge.consumer, {});
  }
  const more = all.length - shown.length;
  if (!more) return { points: [], arrows: [] };
  const run = isOpen ? null : () => change({ open: [...open, node].join(",") });
  return { points: [{ id: "more", text: `${more} more consumers ▸`, run: run || (() => {}) }], arrows: [{ id: "more-edge", from: "more", to: `n${node}`, text: "" }] };
}
function point(at, marks, hub, open) {
  const consumers = fromConsumers[at].length;
  const run = hub ? () => change({ open: [...open, at].join(",") }) : null;
  return { id: `n${at}`, node: at, hub, run, note: hub ? `hub: ${consumers} consumers ▸` : "", ...marks, ...changed(nodes[at]) };
}
export const arrow = (edge, onChain = new Set()) => ({ id: `e${edgeKey(edge)}`, from: `n${edge.consumer}`, to: `n${edge.supplier}`, edge,
  onchain: onChain.has(edge), ...changed(edge) });
export const changed = (row) => ({ gained: row.change === "gained", lost: row.change === "lost", changed: row.change === "changed" });
