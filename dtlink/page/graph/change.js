/* Two inputs: what the new one gained, lost and changed. */
import { graph, nodes, edges, edgeKey } from "./model.js";
import { badge, edgeName, short } from "./words.js";
import { nodeLink, go } from "./route.js";
import { draw } from "./draw.js";
import { arrow, changed } from "./focus.js";
import { findingPart, longList, changeBadge, changeColour } from "./parts.js";
import { cycleTitle } from "./home.js";
const { el } = dtlink;
/* More edges than these are a ball of wool: the lists have them. */
const MOST_DRAWN = 45;
const SIGNS = { gained: "+", lost: "−", changed: "~" };
const ORDER = ["gained", "lost", "changed"];
export function changeView() {
  const found = edges.filter((edge) => edge.change && edge.effect !== "no wait");
  const canvas = el("div", { class: "canvas low", id: "canvas" });
  const isDrawn = found.length > 0 && found.length <= MOST_DRAWN;
  if (isDrawn) requestAnimationFrame(() => show(canvas, found));
  return el(
    "div",
    { class: "change" },
    el("p", {}, "From ", el("code", {}, graph.old.input), " to ", el("code", {}, graph.input), "."),
    countsTable(),
    part("Findings", graph.findings, (each) => findingPart(each)),
    part("Cycles", graph.cycles, (cycle) => [
      changeBadge(cycle, true),
      " ",
      el(
        "button",
        {
          type: "button",
          class: "link",
          onclick: () => go({ view: "cycles", cycle: graph.cycles.indexOf(cycle) }),
        },
        cycleTitle(cycle),
      ),
    ]),
    isDrawn ? el("section", {}, el("h2", {}, "What waits for what else"), canvas) : null,
    part("Devices and nodes", nodes, (node) => [
      changeBadge(node),
      " ",
      nodeLink(nodes.indexOf(node)),
      " ",
      badge(node),
      node.was ? ` (was: ${node.was})` : "",
    ]),
    edgesPart(),
  );
}
/* The edges by their consumers, closed where there are many. */
function edgesPart() {
  const found = edges.filter((edge) => edge.change);
  if (!found.length) return null;
  const consumers = [...new Set(found.map((edge) => edge.consumer))];
  return el(
    "section",
    {},
    el("h2", {}, `Edges (${found.length}), by consumer`),
    longList(
      consumers,
      (at) => {
        const own = found.filter((edge) => edge.consumer === at);
        return el(
          "li",
          {},
          el(
            "details",
            { open: consumers.length <= 12 },
            el("summary", {}, el("span", { class: "mono" }, nodes[at].path), " ", counts(own)),
            nodeLink(at, "Focus"),
            el("ul", {}, own.map(edgeRow)),
          ),
        );
      },
      { id: "changed-edges" },
    ),
  );
}
const counts = (own) =>
  ORDER.map((each) => [each, own.filter((edge) => edge.change === each).length])
    .filter(([, count]) => count)
    .map(([each, count]) => [el("span", { class: `change-${each}` }, `${SIGNS[each]}${count}`), " "]);
const edgeRow = (edge) =>
  el(
    "li",
    {},
    changeBadge(edge),
    ` ${edgeName(edge)} → `,
    nodeLink(edge.supplier, short(nodes[edge.supplier])),
    el("span", { class: "muted" }, ` ${edge.effect}${edge.was ? ` (was: ${edge.was})` : ""}`),
  );
function countsTable() {
  const kinds = ["findings", "cycles", "nodes", "edges"];
  return el(
    "table",
    { class: "counts" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ["", "+ gained", "− lost", "~ changed"].map((each) => el("th", { scope: "col" }, each)),
      ),
    ),
    el(
      "tbody",
      {},
      kinds.map((kind) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, kind),
          ORDER.map((each) =>
            el(
              "td",
              {
                class: graph.old.counts[kind][each]
                  ? `num ${changeColour(each, kind === "findings" || kind === "cycles")}`
                  : "num",
              },
              String(graph.old.counts[kind][each]),
            ),
          ),
        ),
      ),
    ),
  );
}
function part(title, rows, make) {
  const found = rows
    .filter((row) => row.change)
    .sort((one, other) => ORDER.indexOf(one.change) - ORDER.indexOf(other.change));
  return found.length
    ? el(
        "section",
        {},
        el("h2", {}, `${title} (${found.length})`),
        longList(found, (row) => el("li", {}, make(row)), {}, 30),
      )
    : null;
}
function show(canvas, found) {
  if (!canvas.isConnected) return;
  const there = [...new Set(found.flatMap((edge) => [edge.consumer, edge.supplier]))];
  draw(
    canvas,
    there.map((at) => ({ id: `n${at}`, node: at, ...changed(nodes[at]) })),
    found.map((edge) => ({ ...arrow(edge), text: `${SIGNS[edge.change]} ${edgeName(edge)}` })),
    {
      label: `${found.length} edges that changed`,
      spread: 150,
      onPoint: (point) => go({ view: "focus", node: point.node }),
      onArrow: (each) => go({ view: "focus", node: each.edge.consumer, edge: edgeKey(each.edge) }),
    },
  );
}
