/* One node: its suppliers to the right, its consumers to the left. */
import { nodes, toSuppliers, fromConsumers, matters, edgeKey, edgeOf } from "./model.js";
import { current, change, go } from "./route.js";
import { STATES } from "./words.js";
import { chain, breakOf } from "./blast.js";
import { draw } from "./draw.js";
import { nodePanel } from "./details.js";
import { edgePanel } from "./edge.js";
const { el } = dtlink;
/* A node with so many consumers is a hub: it is drawn closed. */
const HUB = 12;
const SHOWN_CONSUMERS = 10;
const MOST_POINTS = 70;
const MOST_HOPS = 8;
export function focusView() {
  const state = current();
  if (state.node < 0) return el("p", {}, "There is no device.");
  const canvas = el("div", { class: "canvas", id: "canvas" });
  const panel = el("aside", { class: "panel", id: "panel", "aria-live": "polite" });
  const view = el(
    "div",
    { class: "split" },
    el("div", { class: "picture" }, controls(), canvas, legend()),
    panel,
  );
  const edge = edgeOf(state.edge);
  panel.replaceChildren(...(edge ? edgePanel(edge) : nodePanel(state.node)).flat(9).filter(Boolean));
  requestAnimationFrame(() => show(canvas, state, edge));
  return view;
}
function controls() {
  const { depth, all } = current();
  const step = (by) => () => change({ depth: Math.min(8, Math.max(1, depth + by)) });
  return el(
    "div",
    { class: "controls no-print" },
    el("span", {}, "Suppliers to depth ", el("strong", {}, String(depth)), " "),
    el("button", { type: "button", onclick: step(-1), "aria-label": "less depth" }, "−"),
    el("button", { type: "button", onclick: step(1), "aria-label": "more depth" }, "+"),
    el(
      "label",
      {},
      el("input", {
        type: "checkbox",
        id: "all",
        checked: all,
        onchange: (event) => change({ all: event.target.checked ? "1" : "" }),
      }),
      " also what delays nothing",
    ),
  );
}
function legend() {
  return el(
    "p",
    { class: "legend" },
    Object.values(STATES).map((state) =>
      el("span", { class: `state s-${state.key}` }, `${state.sign} ${state.text}`),
    ),
    el(
      "span",
      { class: "muted" },
      "consumers ← → suppliers · thick red: why it waits · double border: a hub, click to open",
    ),
  );
}
function show(canvas, state, edge) {
  if (!canvas.isConnected) return;
  const { points, arrows } = near(state);
  if (edge) for (const each of arrows) each.selected = each.edge && edgeKey(each.edge) === state.edge;
  const label = `${nodes[state.node].path}: ${arrows.length} edges among ${points.length} nodes; the panel has them as text.`;
  draw(canvas, points, arrows, {
    label,
    onPoint: (point) =>
      point.run
        ? point.run()
        : point.node === state.node
          ? change({ edge: "" })
          : go({ view: "focus", node: point.node }),
    onArrow: (arrow) => arrow.edge && change({ edge: edgeKey(arrow.edge) }),
  });
}
/* The points and arrows near a node. What is beyond MOST_POINTS is not drawn: a reader sees no more. */
function near({ node, depth, all, open }) {
  const wanted = (edge) => all || matters(edge);
  const isHub = (at) => at !== node && !open.has(at) && fromConsumers[at].filter(matters).length >= HUB;
  const points = new Map([[node, { focus: true }]]);
  const kept = new Set();
  const full = () => points.size >= MOST_POINTS;
  let missing = 0;
  const add = (at, edge) => {
    if (points.has(at) || !full()) kept.add(edge);
    else missing += 1;
    if (points.has(at) || full()) return false;
    points.set(at, {});
    return true;
  };
  const extra = addChain(node, points, kept);
  addConsumers(node, wanted, open, add, extra);
  let ring = [node];
  for (let step = 0; step < depth; step += 1) {
    ring = ring
      .filter((at) => !isHub(at))
      .flatMap((at) =>
        toSuppliers[at]
          .filter(wanted)
          .filter((edge) => add(edge.supplier, edge) || (step === 0 && edge.supplier !== node))
          .map((edge) => edge.supplier),
      );
  }
  if (missing)
    extra.points.push({
      id: "missing",
      text: `${missing} more edges: less depth, or another node`,
      run: () => {},
    });
  return {
    points: [...[...points].map(([at, marks]) => point(at, marks, isHub(at), open)), ...extra.points],
    arrows: [...[...kept].map((edge) => arrow(edge, extra.chain)), ...extra.arrows],
  };
}
/* The way to where the chain breaks; the middle of a long one is left out. */
function addChain(node, points, kept) {
  const steps = chain(node);
  const broken = breakOf(steps);
  const extra = { points: [], arrows: [], chain: new Set() };
  if (broken < 0) return extra;
  const skips = broken > MOST_HOPS;
  steps.slice(0, broken + 1).forEach((step, at) => {
    if (skips && at > MOST_HOPS - 2 && at < broken) return;
    if (!points.has(step.at)) points.set(step.at, {});
    if (step.edge && !(skips && at === broken)) {
      kept.add(step.edge);
      extra.chain.add(step.edge);
    }
  });
  points.get(steps[broken].at).culprit = true;
  if (skips) {
    extra.points.push({ id: "hops", text: `${broken - MOST_HOPS + 1} more on the way`, run: () => {} });
    extra.arrows.push(
      { id: "hops-in", from: `n${steps[MOST_HOPS - 2].at}`, to: "hops", text: "", onchain: true },
      { id: "hops-out", from: "hops", to: `n${steps[broken].at}`, text: "", onchain: true },
    );
  }
  return extra;
}
function addConsumers(node, wanted, open, add, extra) {
  const all = fromConsumers[node].filter(wanted);
  const isOpen = open.has(node);
  const most = isOpen ? MOST_POINTS : all.length > SHOWN_CONSUMERS + 2 ? SHOWN_CONSUMERS : all.length;
  for (const edge of all.slice(0, most)) add(edge.consumer, edge);
  const more = all.length - most;
  if (more <= 0) return;
  extra.points.push({
    id: "more",
    text: `${more} more consumers ▸`,
    run: isOpen ? () => {} : () => change({ open: [...open, node].join(",") }),
  });
  extra.arrows.push({ id: "more-edge", from: "more", to: `n${node}`, text: "" });
}
function point(at, marks, hub, open) {
  const consumers = fromConsumers[at].length;
  const run = hub ? () => change({ open: [...open, at].join(",") }) : null;
  return {
    id: `n${at}`,
    node: at,
    hub,
    run,
    note: hub ? `hub: ${consumers} consumers ▸` : "",
    ...marks,
    ...changed(nodes[at]),
  };
}
export const arrow = (edge, onChain = new Set()) => ({
  id: `e${edgeKey(edge)}`,
  from: `n${edge.consumer}`,
  to: `n${edge.supplier}`,
  edge,
  onchain: onChain.has(edge),
  ...changed(edge),
});
export const changed = (row) => ({
  gained: row.change === "gained",
  lost: row.change === "lost",
  changed: row.change === "changed",
});
