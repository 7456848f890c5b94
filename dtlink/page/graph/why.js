/* Why a device waits, and what becomes of others without it. */
import { graph, nodes, hasKernel, toSuppliers } from "./model.js";
import { WHEN, OUTCOME, badge, edgeName, short } from "./words.js";
import { nodeLink } from "./route.js";
import { blast, sorted, affectedWords, chain, breakOf, decider, isCulprit } from "./blast.js";
import { longList } from "./parts.js";
const { el } = dtlink;
/* "Why does it wait": the chain, with the hop at which it breaks. */
export function whyPart(at) {
  const steps = chain(at);
  const broken = breakOf(steps);
  return el(
    "section",
    {},
    el("h3", {}, "Why it waits"),
    whySentence(at, steps, broken),
    steps.length > 1
      ? el(
          "ol",
          { class: "chain" },
          steps.map((step, number) =>
            el(
              "li",
              { class: number === broken ? "broken" : null },
              step.edge ? el("span", { class: "by" }, `needs (${edgeName(step.edge)})`) : null,
              " ",
              nodeLink(step.at, short(nodes[step.at])),
              " ",
              badge(nodes[step.at]),
              number === broken ? el("strong", { class: "mark" }, " ← breaks here") : null,
            ),
          ),
        )
      : null,
  );
}
function whySentence(at, steps = chain(at), broken = breakOf(steps)) {
  const node = nodes[at];
  if (node.state === "disabled")
    return el("p", {}, "It is disabled: nothing that needs it can probe for it.");
  if (!hasKernel) {
    const waits = toSuppliers[at].filter((edge) => edge.effect === "waits");
    if (waits.length)
      return el(
        "p",
        {},
        "It waits without a limit for ",
        nodeLink(waits[0].supplier),
        ", which is not a device.",
      );
    return el(
      "p",
      {},
      node.wave ? `It probes in wave ${node.wave}. ` : "It waits for nothing. ",
      el("span", { class: "muted" }, "Name a kernel (--kernel) to see which drivers are there, and when."),
    );
  }
  if (!WHEN[node.when]) return el("p", {}, "Not a device of its own.");
  if (broken >= 0) {
    const own = broken > 0 && isCulprit(node) ? [" It is itself late: ", lack(at), "."] : "";
    return el("p", {}, `${probes(node)}: `, lack(steps[broken].at), ".", own);
  }
  const last = decider(steps);
  const held =
    last > 0
      ? [
          ": it needs ",
          nodeLink(steps[last].at, short(nodes[steps[last].at])),
          ", whose module is loaded then.",
        ]
      : last === 0
        ? ", when its own module is loaded; nothing holds it back longer."
        : "; nothing holds it back longer.";
  return el("p", {}, probes(node), held);
}
/* "It never probes", "It probes after the root filesystem is mounted" */
const probes = (node) => (node.when === "never" ? "It never probes" : `It probes ${WHEN[node.when]}`);
/* What a node lacks: a driver, its status, or an earlier module. */
function lack(at) {
  const node = nodes[at];
  const link = nodeLink(at, short(node));
  if (node.state === "disabled") return [link, " is disabled"];
  if (node.state === "no driver") {
    return ["the kernel has no driver for ", link, node.config ? ` (CONFIG_${node.config} is off)` : ""];
  }
  const place = graph.kernel.initramfs ? "is not in the initramfs" : "is loaded from the root filesystem";
  return ["the module of ", link, ` (${(node.modules || []).join(" or ")}) ${place}`];
}
/* "What dies without it" */
export function blastPart(at) {
  const found = sorted(blast([at]));
  if (!found.length)
    return el("section", {}, el("h3", {}, "Without it"), el("p", {}, "No other device is affected."));
  const title = hasKernel ? affectedWords(found) : `${dtlink.counted(found.length, "device")} may wait`;
  return el("section", {}, el("h3", {}, `Without it: ${title}`), blastList(found));
}
function endWords({ outcome, behind }) {
  if (behind) return `PCI functions behind it: ${FUNCTIONS[outcome] || OUTCOME[outcome]}`;
  return hasKernel || outcome !== "never" ? OUTCOME[outcome] : "waits";
}
const FUNCTIONS = {
  never: "never probe",
  degraded: "work untranslated",
  "lost until rebound": "fail for good",
};
export const blastList = (found, most = 12) =>
  longList(
    found,
    ([other, end]) =>
      el(
        "li",
        {},
        nodeLink(other, short(nodes[other])),
        " ",
        el("span", { class: `end end-${end.outcome.split(" ")[0]}` }, endWords(end)),
        end.sure || end.behind || !hasKernel ? "" : " (if its driver asks)",
        el("span", { class: "muted" }, ` · ${edgeName(end.edge)}`),
      ),
    {},
    most,
  );
