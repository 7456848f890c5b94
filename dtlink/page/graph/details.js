/* What is known of one node. */
import { graph, nodes, toSuppliers, fromConsumers, matters, edgeKey } from "./model.js";
import { WHEN, OUTCOME, badge, edgeName, observedWords, short } from "./words.js";
import { nodeLink, change } from "./route.js";
import { fact, longList, changeBadge, findingPart } from "./parts.js";
import { whyPart, blastPart } from "./why.js";
const { el } = dtlink;
export function nodePanel(at) {
  const node = nodes[at];
  return [
    el("h2", { class: "mono" }, node.path),
    el(
      "p",
      {},
      badge(node),
      node.role ? el("span", { class: "badge role" }, node.role) : null,
      changeBadge(node),
    ),
    whyPart(at),
    el(
      "dl",
      { class: "facts" },
      fact("label", node.label && `&${node.label}`),
      fact("compatible", node.compatible?.join(", ")),
      fact(
        "driver",
        node.driver &&
          (node.config && !node.driver.includes("CONFIG_")
            ? `${node.driver} (CONFIG_${node.config})`
            : node.driver),
      ),
      fact("probes", node.when && WHEN[node.when]),
      fact("wave", node.wave === undefined ? "" : String(node.wave)),
      fact("on the board", observedWords(node)),
      fact("outcome", node.outcome && OUTCOME[node.outcome]),
      fact("source", node.place),
      fact("was", node.was),
    ),
    findingsPart(at),
    blastPart(at),
    neighbours("Suppliers", toSuppliers[at], "supplier"),
    neighbours("Consumers", fromConsumers[at], "consumer"),
  ];
}
function findingsPart(at) {
  const found = graph.findings.filter((each) => each.nodes.includes(at));
  return found.length ? el("section", {}, el("h3", {}, "Findings"), found.map(findingPart)) : null;
}
function neighbours(title, found, end) {
  const rows = [...found].sort((one, other) => matters(other) - matters(one));
  if (!rows.length) return null;
  return el(
    "details",
    { open: rows.length <= 8 },
    el("summary", {}, `${title} (${rows.length})`),
    longList(rows, (edge) =>
      el(
        "li",
        {},
        nodeLink(edge[end], short(nodes[edge[end]])),
        " ",
        el(
          "button",
          { type: "button", class: "link small", onclick: () => change({ edge: edgeKey(edge) }) },
          edgeName(edge),
        ),
        " ",
        changeBadge(edge),
        el("span", { class: "muted" }, ` ${edge.effect}`),
      ),
    ),
  );
}
