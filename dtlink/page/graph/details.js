/* What is known of one node, and of one edge. */
import { graph, nodes, edges, hasKernel, toSuppliers, fromConsumers, matters } from "./model.js";
import { WHEN, OUTCOME, EFFECT, badge, edgeName, entryName, hex, observedWords, short } from "./words.js";
import { nodeLink, change, go } from "./route.js";
import { blast, sorted, deadOf, deadWords, chain, breakOf, decider, isCulprit } from "./blast.js";
const { el } = dtlink;
const MOST = 40;
export function fact(name, ...value) {
  return value.some((each) => each) ? [el("dt", {}, name), el("dd", {}, value)] : [];
}
/* A list that shows its first rows, and the others when asked. */
export function longList(rows, make, attributes = {}, most = MOST) {
  const list = el("ul", { class: "rows", ...attributes }, rows.slice(0, most).map(make));
  const more = rows.length - most;
  if (more > 0) {
    const button = el("button", { type: "button", class: "link", onclick: () => {
      list.lastChild.remove();
      list.append(...rows.slice(most).map(make));
    } }, `${dtlink.number(more)} more`);
    list.append(el("li", {}, button));
  }
  return list;
}
export function nodePanel(at) {
  const node = nodes[at];
  return [
    el("h2", { class: "mono" }, node.path),
    el("p", {}, badge(node), node.role ? el("span", { class: "badge role" }, node.role) : null, changeBadge(node)),
    whyPart(at),
    el("dl", { class: "facts" },
      fact("label", node.label && `&${node.label}`), fact("compatible", node.compatible?.join(", ")),
      fact("driver", node.driver && (node.config ? `${node.driver} (CONFIG_${node.config})` : node.driver)),
      fact("probes", node.when && WHEN[node.when]), fact("wave", node.wave === undefined ? "" : String(node.wave)),
      fact("on the board", observedWords(node)), fact("outcome", node.outcome && OUTCOME[node.outcome]), fact("source", node.place), fact("was", node.was)),
    findingsPart(at), blastPart(at), neighbours("Suppliers", toSuppliers[at], "supplier"),
    neighbours("Consumers", fromConsumers[at], "consumer"),
  ];
}
export const changeBadge = (row) => (row.change
  ? el("span", { class: `badge change-${row.change}` }, `${{ gained: "+", lost: "−", changed: "~" }[row.change]} ${row.change}`) : null);
/* "Why does it wait": the chain, with the hop at which it breaks. */
export function whyPart(at) {
  const steps = chain(at);
  const broken = breakOf(steps);
  return el("section", {}, el("h3", {}, "Why it waits"), whySentence(at, steps, broken),
    steps.length > 1 ? el("ol", { class: "chain" }, steps.map((step, number) => el("li", { class: number === broken ? "broken" : null },
      step.edge ? el("span", { class: "by" }, `needs (${edgeName(step.edge)})`) : null, " ",
      nodeLink(step.at, short(nodes[step.at])), " ", badge(nodes[step.at]),
      number === broken ? el("strong", { class: "mark" }, " ← breaks here") : null))) : null);
}
export function whySentence(at, steps = chain(at), broken = breakOf(steps)) {
  const node = nodes[at];
  if (node.state === "disabled") return el("p", {}, "It is disabled: nothing that needs it can probe for it.");
  if (!hasKernel) {
    const waits = toSuppliers[at].filter((edge) => edge.effect === "waits");
    if (waits.length) return el("p", {}, "It waits without a limit for ", nodeLink(waits[0].supplier), ", which is not a device.");
    return el("p", {}, node.wave ? `It probes in wave ${node.wave}. ` : "It waits for nothing. ",
      el("span", { class: "muted" }, "Name a kernel (--kernel) to see which drivers are there, and when."));
  }
  const when = WHEN[node.when];
  if (!when) return el("p", {}, "Not a device of its own.");
  if (broken < 0) {
    const last = decider(steps);
    if (last > 0) return el("p", {}, `It probes ${when}: the module of `, nodeLink(steps[last].at, short(nodes[steps[last].at])), ` (${nodes[steps[last].at].driver}) is loaded there.`);
    if (last === 0) return el("p", {}, `It probes ${when}, where its own module is loaded; nothing holds it back longer.`);
  }
  if (broken === 0) return el("p", {}, `It probes ${when}: its own driver (${node.driver}) is not there earlier.`);
  if (broken > 0) {
    const last = nodes[steps[broken].at];
    return el("p", {}, `It probes ${when}: `, nodeLink(steps[broken].at, short(last)), ` has ${last.driver || last.state}.`,
      isCulprit(node) ? ` Its own driver (${node.driver}) is not there earlier either.` : "");
  }
  return el("p", {}, `It probes ${when}; nothing holds it back longer.`);
}
/* "What dies without it" */
export function blastPart(at) {
  const found = sorted(blast([at]));
  if (!found.length) return el("section", {}, el("h3", {}, "Without it"), el("p", {}, "No other device is affected."));
  const title = hasKernel ? deadWords(deadOf(found)) : `${dtlink.counted(found.length, "device")} may wait`;
  return el("section", {}, el("h3", {}, `Without it: ${title}`), blastList(found));
}
export const blastList = (found, most = 12) => longList(found, ([other, end]) => el("li", {},
  nodeLink(other, short(nodes[other])), " ", el("span", { class: `end end-${end.outcome.split(" ")[0]}` },
    hasKernel ? OUTCOME[end.outcome] : "waits"), end.sure || !hasKernel ? "" : " (if its driver asks)",
  el("span", { class: "muted" }, ` · ${edgeName(end.edge)}`)), {}, most);
function findingsPart(at) {
  const found = graph.findings.filter((each) => each.nodes.includes(at));
  return found.length ? el("section", {}, el("h3", {}, "Findings"), found.map(findingPart)) : null;
}
export function findingPart(finding) {
  return el("details", { class: `finding is-${finding.severity}` },
    el("summary", {}, el("strong", {}, finding.severity), " ", el("code", {}, finding.rule), " ", finding.message, " ", changeBadge(finding)),
    el("p", {}, el("b", {}, "effect: "), finding.effect), el("p", {}, el("b", {}, "fix: "), finding.fix),
    el("p", {}, finding.nodes.slice(0, 6).map((at) => [nodeLink(at, short(nodes[at])), " "]),
      finding.place ? el("span", { class: "muted mono" }, finding.place) : null));
}
function neighbours(title, found, end) {
  const rows = [...found].sort((one, other) => matters(other) - matters(one));
  if (!rows.length) return null;
  return el("details", { open: rows.length <= 8 }, el("summary", {}, `${title} (${rows.length})`), longList(rows, (edge) => el("li", {},
    nodeLink(edge[end], short(nodes[edge[end]])), " ",
    el("button", { type: "button", class: "link small", onclick: () => change({ edge: edgeKey(edge) }) }, edgeName(edge)), " ", changeBadge(edge),
    el("span", { class: "muted" }, ` ${edge.effect}`))));
}
export const edgeKey = (edge) => `${edge.consumer}-${edge.supplier}`;
export const edgeOf = (key) => edges.find((edge) => edgeKey(edge) === key);
/* The property, entry by entry, where it is in the source, what the kernel makes of it. */
export function edgePanel(edge) {
  const consumer = nodes[edge.consumer];
  return [
    el("h2", {}, "Edge ", changeBadge(edge)),
    el("p", {}, nodeLink(edge.consumer), " needs ", nodeLink(edge.supplier)),
    el("p", {}, EFFECT[edge.effect] || edge.effect, edge.note ? `: ${edge.note}` : "", "."),
    el("ul", { class: "rows" }, (edge.entries || []).map((entry) => el("li", {}, el("code", {}, entryName(entry)),
      entry.node ? [" of ", el("code", {}, entry.node)] : null, entry.target ? [" → ", el("code", {}, entry.target)] : null,
      entry.ids ? ` IDs ${entry.ids.map(hex).join(", ")}` : "",
      entry.place ? el("span", { class: "muted mono" }, ` ${entry.place}`) : null)),
      edge.more ? el("li", {}, `${edge.more} more`) : null),
    el("pre", {}, dts(consumer, edge)),
    el("dl", { class: "facts" }, fact("holds it", edge.wait), fact("ends", edge.outcome && OUTCOME[edge.outcome]),
      fact("without it", edge.if_missing && OUTCOME[edge.if_missing] + (edge.surely === edge.if_missing ? "" : " (if its driver asks)")),
      fact("functions", edge.functions && `PCI functions behind it: ${OUTCOME[edge.functions]}`), fact("was", edge.was)),
    (edge.findings || []).map((number) => findingPart(graph.findings[number])),
    el("p", {}, el("button", { type: "button", onclick: () => go({ view: "focus", node: edge.consumer }) }, "Back to the node")),
  ];
}
/* The edge as source: the entries' properties, each once. */
function dts(consumer, edge) {
  const supplier = nodes[edge.supplier];
  const name = (path) => (path === supplier.path && supplier.label ? `&${supplier.label}` : `&{${path}}`);
  const lines = (edge.entries || []).filter((entry) => !entry.ids)
    .map((entry) => `\t${entry.property} = <… ${name(entry.target || supplier.path)} …>;  /* entry ${entry.index} */`);
  return lines.length ? `${consumer.label ? `&${consumer.label}` : consumer.path} {\n${[...new Set(lines)].join("\n")}\n};` : "(the parent)";
}
