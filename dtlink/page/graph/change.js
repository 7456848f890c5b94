/* Two inputs: what the new one gained, lost and changed. */
import { graph, nodes, edges } from "./model.js";
import { badge, edgeName, short } from "./words.js";
import { nodeLink, go } from "./route.js";
import { draw } from "./draw.js";
import { arrow, changed } from "./focus.js";
import { findingPart, longList, changeBadge, edgeKey } from "./details.js";
import { cycleTitle } from "./home.js";
const { el } = dtlink;
const MOST_DRAWN = 120;
const ORDER = ["gained", "lost", "changed"];
export function changeView() {
  const found = edges.filter((edge) => edge.change);
  const canvas = el("div", { class: "canvas", id: "canvas" });
  if (found.length) requestAnimationFrame(() => show(canvas, found));
  return el("div", { class: "change" }, el("p", {}, "From ", el("code", {}, graph.old.input), " to ", el("code", {}, graph.input), "."),
    countsTable(), part("Findings", graph.findings, (each) => findingPart(each)),
    part("Cycles", graph.cycles, (cycle) => [changeBadge(cycle), " ", el("button", { type: "button", class: "link", onclick: () => go({ view: "cycles", cycle: graph.cycles.indexOf(cycle) }) }, cycleTitle(cycle))]),
    found.length ? el("section", {}, el("h2", {}, "Edges, drawn"), canvas) : null,
    part("Devices and nodes", nodes, (node) => [changeBadge(node), " ", nodeLink(nodes.indexOf(node)), " ", badge(node), node.was ? ` (was: ${node.was})` : ""]),
    part("Edges", edges, (edge) => [changeBadge(edge), " ", nodeLink(edge.consumer, short(nodes[edge.consumer])), " → ", nodeLink(edge.supplier, short(nodes[edge.supplier])), ` ${edgeName(edge)}`,
      edge.was ? ` (was: ${edge.was})` : ""]));
}
function countsTable() {
  const kinds = ["findings", "cycles", "nodes", "edges"];
  return el("table", { class: "counts" }, el("thead", {}, el("tr", {}, ["", "+ gained", "− lost", "~ changed"].map((each) => el("th", { scope: "col" }, each)))),
    el("tbody", {}, kinds.map((kind) => el("tr", {}, el("th", { scope: "row" }, kind),
      ORDER.map((each) => el("td", { class: graph.old.counts[kind][each] ? `num change-${each}` : "num" }, String(graph.old.counts[kind][each])))))));
}
function part(title, rows, make) {
  const found = rows.filter((row) => row.change).sort((one, other) => ORDER.indexOf(one.change) - ORDER.indexOf(other.change));
  return found.length ? el("section", {}, el("h2", {}, `${title} (${found.length})`), longList(found, (row) => el("li", {}, make(row)), {}, 30)) : null;
}
function show(canvas, found) {
  if (!canvas.isConnected) return;
  const shown = [...found].sort((one, other) => ORDER.indexOf(one.change) - ORDER.indexOf(other.change)).slice(0, MOST_DRAWN);
  const there = [...new Set(shown.flatMap((edge) => [edge.consumer, edge.supplier]))];
  draw(canvas, there.map((at) => ({ id: `n${at}`, node: at, ...changed(nodes[at]) })),
    shown.map((edge) => ({ ...arrow(edge), text: `${{ gained: "+", lost: "−", changed: "~" }[edge.change]} ${edgeName(edge)}` })),
    { label: `${shown.length} edges that changed`, onPoint: (point) => go({ view: "focus", node: point.node }), onArrow: (each) => go({ view: "focus", node: each.edge.consumer, edge: edgeKey(each.edge) }) });
}
