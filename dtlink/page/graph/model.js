/* The data, and who depends on whom. A node is a number: its place in the list of nodes. */
export const graph = dtlink.data("graph");
export const nodes = graph.nodes;
export const edges = graph.edges;
export const modules = new Map(graph.modules.map((row) => [row.name, row]));
export const byPath = new Map(nodes.map((node, at) => [node.path, at]));
/* The edges of each node to its suppliers, and from its consumers. */
export const toSuppliers = nodes.map(() => []);
export const fromConsumers = nodes.map(() => []);
for (const edge of edges) {
  toSuppliers[edge.consumer].push(edge);
  fromConsumers[edge.supplier].push(edge);
}
export const hasKernel = graph.kernel.release !== null;
export const TIMES = [
  "while the kernel starts",
  "in the initramfs",
  "after the root file system is there",
  "unknown",
  "never",
];
/* How bad an outcome is: as in dtlink, the worst is last. */
const OUTCOMES = ["ok", "unknown", "late", "recovers", "degraded", "lost until rebound", "never"];
export const badness = (outcome) => Math.max(0, OUTCOMES.indexOf(outcome || "ok"));
/* The nodes that a module drives, itself or since their modules need it. */
export function drivenBy(name) {
  const users = new Set([name]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [other, row] of modules) {
      if (!users.has(other) && row.depends.some((each) => users.has(each))) grown = Boolean(users.add(other));
    }
  }
  const found = [];
  nodes.forEach((node, at) => {
    if (node.modules && node.modules.every((each) => users.has(each))) found.push(at);
  });
  return found;
}
/* Whether an edge delays its consumer, or the consumer lacks something without it; others are drawn
   only when asked for. */
export function matters(edge) {
  if (edge.outcome || edge.functions || edge.change || edge.findings) return true;
  if (edge.if_missing && edge.effect !== "parent") return true;
  if (edge.effect === "parent") return nodes[edge.supplier].state !== "needs no driver";
  return edge.effect !== "no wait" && edge.effect !== "sync_state() only";
}
export const edgeKey = (edge) => `${edge.consumer}-${edge.supplier}`;
export const edgeOf = (key) => edges.find((edge) => edgeKey(edge) === key);
