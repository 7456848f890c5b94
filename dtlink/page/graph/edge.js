/* What is known of one edge. */
import { graph, nodes } from "./model.js";
import { OUTCOME, EFFECT, entryName, hex } from "./words.js";
import { nodeLink, go } from "./route.js";
import { fact, changeBadge, findingPart } from "./parts.js";
const { el } = dtlink;
/* The property, entry by entry, where it is in the source, what the kernel makes of it. */
export function edgePanel(edge) {
  const consumer = nodes[edge.consumer];
  return [
    el("h2", {}, "Edge ", changeBadge(edge)),
    el("p", {}, nodeLink(edge.consumer), " needs ", nodeLink(edge.supplier)),
    el("p", {}, EFFECT[edge.effect] || edge.effect, edge.note ? `: ${edge.note}` : "", "."),
    el(
      "ul",
      { class: "rows" },
      (edge.entries || []).map((entry) =>
        el(
          "li",
          {},
          el("code", {}, entryName(entry)),
          entry.node ? [" of ", el("code", {}, entry.node)] : null,
          entry.target ? [" → ", el("code", {}, entry.target)] : null,
          entry.ids ? ` IDs ${entry.ids.map(hex).join(", ")}` : "",
          entry.place ? el("span", { class: "muted mono" }, ` ${entry.place}`) : null,
        ),
      ),
      edge.more ? el("li", {}, `${edge.more} more`) : null,
    ),
    el("pre", {}, dts(consumer, edge)),
    el(
      "dl",
      { class: "facts" },
      fact("holds it", edge.wait),
      fact("ends", edge.outcome && OUTCOME[edge.outcome]),
      fact(
        "without it",
        edge.if_missing &&
          OUTCOME[edge.if_missing] + (edge.surely === edge.if_missing ? "" : " (if its driver asks)"),
      ),
      fact("functions", edge.functions && `PCI functions behind it: ${OUTCOME[edge.functions]}`),
      fact("was", edge.was),
    ),
    (edge.findings || []).map((number) => findingPart(graph.findings[number])),
    el(
      "p",
      {},
      el(
        "button",
        { type: "button", onclick: () => go({ view: "focus", node: edge.consumer }) },
        "Back to the node",
      ),
    ),
  ];
}
/* The edge as source: the entries' properties, each once. */
function dts(consumer, edge) {
  const supplier = nodes[edge.supplier];
  const name = (path) => (path === supplier.path && supplier.label ? `&${supplier.label}` : `&{${path}}`);
  const lines = (edge.entries || [])
    .filter((entry) => !entry.ids)
    .map(
      (entry) =>
        `\t${entry.property} = <… ${name(entry.target || supplier.path)} …>;  /* entry ${entry.index} */`,
    );
  return lines.length
    ? `${consumer.label ? `&${consumer.label}` : consumer.path} {\n${[...new Set(lines)].join("\n")}\n};`
    : "(the parent)";
}
