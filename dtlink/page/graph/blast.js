/* What becomes of devices if some never probe; and why a device waits. */
import { nodes, toSuppliers, fromConsumers, hasKernel, badness, TIMES } from "./model.js";
const DEAD = badness("lost until rebound");
/* How a consumer ends without its supplier: {outcome, sure}; "behind": the PCI functions behind it do. */
function without(edge) {
  if (edge.if_missing) return { outcome: edge.if_missing, sure: edge.if_missing === edge.surely };
  if (edge.functions) return { outcome: edge.functions, sure: true, behind: true };
  if (edge.effect === "table") return { outcome: "unknown", sure: true };
  if (hasKernel) return null;
  return ["ordered", "waits", "parent"].includes(edge.effect) ? { outcome: "never", sure: false } : null;
}
/* The devices that fail or lose something, by number: {outcome, sure, edge, step}. */
export function blast(starts) {
  const found = new Map();
  const gone = new Set(starts);
  let ring = [...gone].map((at) => [at, true]);
  for (let step = 1; ring.length; step += 1) {
    const next = new Map();
    for (const [at, isSure] of ring) {
      for (const edge of fromConsumers[at]) {
        const end = without(edge);
        if (!end || gone.has(edge.consumer)) continue;
        const sure = end.sure && isSure;
        const before = found.get(edge.consumer);
        const isWorse =
          !before ||
          badness(end.outcome) > badness(before.outcome) ||
          (end.outcome === before.outcome && sure && !before.sure);
        if (!isWorse) continue;
        found.set(edge.consumer, { ...end, sure, edge, step });
        if (badness(end.outcome) >= DEAD && !end.behind) next.set(edge.consumer, sure);
      }
    }
    ring = [...next];
  }
  return found;
}
/* Of a blast: how many devices surely fail, and how many more fail if their drivers ask. */
export function deadOf(found) {
  const dead = found.filter(([, end]) => badness(end.outcome) >= DEAD && !end.behind);
  const sure = dead.filter(([, end]) => end.sure).length;
  return { sure, maybe: dead.length - sure };
}
/* "5 devices fail, 2 more may" */
export const deadWords = ({ sure, maybe }) =>
  `${dtlink.counted(sure, "device")} ${sure === 1 ? "fails" : "fail"}${maybe ? `, ${maybe} more may` : ""}`;
/* The same of a whole blast, of which none may fail. */
export function affectedWords(found) {
  const dead = deadOf(found);
  return dead.sure + dead.maybe ? deadWords(dead) : `${dtlink.counted(found.length, "device")} affected`;
}
/* "outcome" lists of a blast, the worst first. */
export const sorted = (found) =>
  [...found].sort(
    ([a, one], [b, other]) =>
      badness(other.outcome) - badness(one.outcome) ||
      other.sure - one.sure ||
      one.step - other.step ||
      a - b,
  );
/* The outcomes that delay a probe, or prevent it; "degraded" does not. */
const DELAYS = ["late", "recovers", "lost until rebound", "never"];
const lateness = (node) => Math.max(0, TIMES.indexOf(node.when));
/* Whether the driver of a node is what comes late or never. */
export const isCulprit = (node) =>
  node.state === "no driver" ||
  node.state === "disabled" ||
  (node.state === "module" && node.when !== "in the initramfs");
/* The way from a node to what it waits for last: [{at, edge}], the node itself first. */
export function chain(at) {
  const steps = [{ at, edge: null }];
  const seen = new Set([at]);
  for (;;) {
    const here = steps[steps.length - 1].at;
    const next = hop(here, seen);
    if (!next) return trimmed(steps);
    seen.add(next.supplier);
    steps.push({ at: next.supplier, edge: next });
  }
}
/* What follows the break says nothing, nor do buses without a driver at the end. */
function trimmed(steps) {
  const broken = breakOf(steps);
  if (broken >= 0) return steps.slice(0, broken + 1);
  let last = steps.length - 1;
  while (last > 0 && nodes[steps[last].at].state === "needs no driver") last -= 1;
  return steps.slice(0, last + 1);
}
function hop(at, seen) {
  const open = toSuppliers[at].filter((edge) => !seen.has(edge.supplier));
  const bad = open.filter((edge) => DELAYS.includes(edge.outcome));
  if (bad.length) {
    return bad.reduce((one, other) =>
      badness(other.outcome) > badness(one.outcome) ||
      (other.outcome === one.outcome && lateness(nodes[other.supplier]) > lateness(nodes[one.supplier]))
        ? other
        : one,
    );
  }
  const waits = open.find((edge) => edge.effect === "waits");
  if (waits) return waits;
  const gate = nodes[at].gate;
  return open.find((edge) => edge.supplier === gate) || null;
}
/* The step of a chain at which it breaks: the deepest whose own driver is late or missing. */
export function breakOf(steps) {
  for (let at = steps.length - 1; at >= 0; at -= 1) {
    if (isCulprit(nodes[steps[at].at])) return at;
  }
  return -1;
}
/* The step that decides when the first one probes: where the chain breaks, or what is loaded last. */
export function decider(steps) {
  const broken = breakOf(steps);
  if (broken >= 0) return broken;
  const when = nodes[steps[0].at].when;
  for (let at = steps.length - 1; at >= 0; at -= 1) {
    const node = nodes[steps[at].at];
    if (when === "in the initramfs" && node.state === "module in the initramfs" && node.when === when)
      return at;
  }
  return -1;
}
