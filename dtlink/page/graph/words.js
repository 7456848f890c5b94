/* What nodes, states and edges are called, and the shape and colour of a state. */
import { nodes, byPath } from "./model.js";
export const STATES = {
  "built in": { key: "built", sign: "■", shape: "rectangle", text: "built in" },
  "module in the initramfs": {
    key: "initramfs",
    sign: "◧",
    shape: "round-rectangle",
    text: "in the initramfs",
  },
  module: { key: "later", sign: "◷", shape: "barrel", text: "module, later" },
  "no driver": { key: "missing", sign: "✖", shape: "octagon", text: "NO DRIVER" },
  "needs no driver": { key: "none", sign: "·", shape: "rectangle", text: "needs no driver" },
  disabled: { key: "disabled", sign: "⊘", shape: "cut-rectangle", text: "disabled" },
  "no device": { key: "part", sign: "○", shape: "tag", text: "not a device" },
  unknown: { key: "unknown", sign: "?", shape: "ellipse", text: "driver not known" },
};
export const stateOf = (node) => STATES[node.state] || STATES.unknown;
/* The last part of a path; with its parent's where it says little by itself. */
export function short(node) {
  const parts = node.path.split("/");
  const last = parts.pop() || node.path;
  return last.length < 8 && parts.length > 1 ? `${parts.pop()}/${last}` : last;
}
export const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
export const stateWords = (node) => {
  const state = stateOf(node);
  const modules = node.modules && state.key !== "none" ? ` ${node.modules.join(" or ")}` : "";
  return `${state.sign} ${state.text}${modules}`;
};
export const WHEN = {
  "while the kernel starts": "while the kernel starts",
  "in the initramfs": "from the initramfs",
  "after the root file system is there": "after the root filesystem is mounted",
  never: "never",
  unknown: "at a time that is not known",
};
export const OUTCOME = {
  ok: "probes",
  late: "probes later",
  recovers: "keeps waiting, probes when it comes",
  degraded: "works without it",
  "lost until rebound": "fails for good",
  never: "never probes",
  unknown: "not known",
};
export const EFFECT = {
  ordered: "fw_devlink orders it: the supplier probes first",
  waits: "fw_devlink waits: the supplier is not a device",
  relaxed: "part of a cycle: fw_devlink does not order it",
  ignored: "given up by post-init-providers",
  "sync_state() only": "orders sync_state() only, delays no probe",
  parent: "its parent",
  "no wait": "delays no probe by fw_devlink",
  table: "an entry of an ACPI table",
};
export const entryName = (entry) => `${entry.property}[${entry.index}]`;
export const edgeName = (edge) => {
  const names = [...new Set((edge.entries || []).map((each) => each.property))];
  if (!names.length) return edge.effect;
  return names.length > 2 ? `${names.slice(0, 2).join(", ")} +${names.length - 2}` : names.join(", ");
};
export const hex = (value) => `0x${value.toString(16)}`;
/* "&label", or "&{/path}", as devicetree source names a node. */
export const dtsName = (path) => {
  const node = nodes[byPath.get(path)];
  return node && node.label ? `&${node.label}` : `&{${path}}`;
};
export const OBSERVED = { bound: "✓", "held back": "✗", "not bound": "–" };
/* What the running board reports of a node, and whether that was predicted. */
export function observedWords({ observed }) {
  if (!observed) return "";
  const differs = observed.agrees === false ? ", other than predicted" : "";
  return `${OBSERVED[observed.state]} ${observed.state}${observed.text ? `: ${observed.text}` : ""}${differs}`;
}
/* The state of a node as a badge: sign, words and colour. */
export const badge = (node) =>
  dtlink.el(
    "span",
    { class: `state s-${stateOf(node).key}`, title: node.driver || node.state },
    stateWords(node),
  );
