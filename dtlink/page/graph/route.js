/* The view is in the address: "#view=focus&node=/soc/mmc&depth=3". */
import { nodes, byPath, graph } from "./model.js";
const VIEW_NAMES = new Map([
  ["start", "Start"],
  ["focus", "Focus"],
  ["timeline", "Timeline"],
  ["cycles", "Cycles"],
  ["modules", "Modules"],
  ["iommu", "IOMMU"],
  ["change", "Change"],
]);
export const viewNames = [...VIEW_NAMES].filter(
  ([name]) =>
    (name !== "change" || graph.old) &&
    (name !== "modules" || graph.modules.length) &&
    (name !== "iommu" || graph.iommu),
);
export function current() {
  const state = dtlink.state();
  const view = viewNames.some(([name]) => name === state.get("view")) ? state.get("view") : firstView(state);
  const opened = (state.get("open") || "").split(",").filter(Boolean).map(Number);
  return {
    view,
    node: byPath.get(state.get("node")) ?? firstNode(),
    edge: state.get("edge") || "",
    depth: Math.min(8, Math.max(1, Number(state.get("depth")) || 2)),
    all: state.get("all") === "1",
    module: state.get("module") || "",
    cycle: Number(state.get("cycle")) || 0,
    open: new Set(opened),
    requester: state.get("requester") || "",
    to: byPath.get(state.get("to")) ?? -1,
  };
}
const asked = graph.view ? graph.view.nodes.filter((at) => at >= 0) : [];
function firstView(state) {
  if (state.get("node") || asked.length) return "focus";
  return graph.old ? "change" : "start";
}
export function firstNode() {
  if (asked.length) return asked[0];
  const roles = ["root", "storage", "console", "network", "display"];
  const found = roles.map((role) => nodes.findIndex((node) => node.role === role)).find((at) => at >= 0);
  return found ?? (nodes.length ? 0 : -1);
}
const listeners = [];
export const onRoute = (run) => {
  listeners.push(run);
  dtlink.onState(run);
};
/* Go to another view: only what is given is kept in the address. */
export function go(values, { replace = false } = {}) {
  const told = { ...values };
  if (typeof told.node === "number") told.node = nodes[told.node]?.path;
  if (typeof told.to === "number") told.to = nodes[told.to]?.path;
  dtlink.setState(told, { push: !replace });
  for (const run of listeners) run();
}
/* The same view with something else. */
export function change(values) {
  const kept = Object.fromEntries(dtlink.state());
  go({ ...kept, view: current().view, ...values }, { replace: true });
}
export const focusOn = (at) => go({ view: "focus", node: at });
/* A button that goes to a node. */
export function nodeLink(at, text) {
  const node = nodes[at];
  return dtlink.el(
    "button",
    { type: "button", class: "link mono", title: node.path, onclick: () => focusOn(at) },
    text || node.path,
  );
}
