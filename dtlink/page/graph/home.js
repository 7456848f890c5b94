/* Where a reader begins: the devices that matter, what comes late, cycles, findings. */
import { graph, nodes, hasKernel } from "./model.js";
import { WHEN, OUTCOME, badge, short } from "./words.js";
import { go, nodeLink } from "./route.js";
import { chain, decider } from "./blast.js";
import { findingPart, longList, changeBadge } from "./parts.js";
const ROLES = ["root", "storage", "console", "prompt", "network", "display"];
const { el } = dtlink;
export function homeView() {
  return el("div", { class: "home" }, summary(), rolesPart(), causesPart(), cyclesPart(), findingsBox());
}
function summary() {
  const kernel = graph.kernel;
  const images = kernel.initramfs
    ? "with its initramfs"
    : "no initramfs named: modules count as loaded from the root filesystem";
  return el(
    "section",
    { class: "wide" },
    el(
      "p",
      {},
      el("span", { class: "mono" }, graph.input),
      ` · ${graph.firmware} · Linux ${kernel.version}`,
      hasKernel ? ` (${kernel.release}, ${images})` : " · no kernel named: drivers are not known (--kernel)",
    ),
    el(
      "p",
      { class: "cards" },
      card(
        "causes",
        graph.causes.length,
        hasKernel ? "driver late or missing" : "supplier that is not a device",
        hasKernel ? "drivers late or missing" : "suppliers that are not devices",
      ),
      card("cycle-list", graph.cycles.length, "cycle", "cycles"),
      card("findings", graph.findings.length, "finding", "findings"),
    ),
    el(
      "p",
      { class: "muted" },
      `${dtlink.counted(nodes.length, "node")}, ${dtlink.counted(graph.edges.length, "edge")}. `,
      graph.left_out ? el("strong", {}, `${dtlink.number(graph.left_out)} left out for want of room.`) : null,
    ),
  );
}
/* A count that leads to its list. */
const card = (id, count, one, many) =>
  el(
    "button",
    {
      type: "button",
      class: count ? "card" : "card none",
      disabled: !count,
      onclick: () => document.getElementById(id)?.scrollIntoView({ block: "start" }),
    },
    el("strong", {}, dtlink.number(count)),
    ` ${count === 1 ? one : many}`,
  );
/* The devices that people wait for: each with its reason. */
function rolesPart() {
  const found = ROLES.flatMap((role) =>
    nodes.map((node, at) => [at, node.role]).filter(([, each]) => each === role),
  );
  if (!found.length) return null;
  return el(
    "section",
    { class: "wide" },
    el("h2", {}, "Disks, console, network, display"),
    el(
      "div",
      { class: "scroll-x" },
      el(
        "table",
        { id: "roles" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["device", "role", "driver", "probes", "waits for"].map((each) =>
              el("th", { scope: "col" }, each),
            ),
          ),
        ),
        el(
          "tbody",
          {},
          found.slice(0, 30).map(([at, role]) => roleRow(at, role)),
        ),
      ),
    ),
  );
}
function roleRow(at, role) {
  const node = nodes[at];
  const steps = chain(at);
  const broken = decider(steps);
  const why =
    broken > 0
      ? [
          nodeLink(steps[broken].at, short(nodes[steps[broken].at])),
          ` (${nodes[steps[broken].at].driver || nodes[steps[broken].at].state})`,
        ]
      : broken === 0
        ? "its own driver"
        : "";
  return el(
    "tr",
    {},
    el("td", {}, nodeLink(at), " ", changeBadge(node)),
    el("td", { class: "keep" }, role),
    el("td", {}, badge(node)),
    el("td", {}, node.when ? WHEN[node.when] : ""),
    el("td", {}, why),
  );
}
function causesPart() {
  const title = hasKernel ? "Drivers that come late or never" : "Suppliers that are not devices";
  if (!graph.causes.length)
    return el("section", {}, el("h2", {}, title), el("p", { class: "muted" }, "None."));
  return el(
    "section",
    { id: "causes" },
    el("h2", {}, `${title} (${graph.causes.length})`),
    longList(graph.causes, causeRow, {}, 10),
  );
}
function causeRow(cause) {
  return el(
    "li",
    {},
    el("strong", {}, cause.driver),
    cause.comes ? ` comes ${WHEN[cause.comes]}` : "",
    ": ",
    cause.suppliers.slice(0, 3).map((at) => [nodeLink(at, short(nodes[at])), " "]),
    el(
      "ul",
      {},
      cause.devices
        .slice(0, 6)
        .map((device) =>
          el(
            "li",
            {},
            nodeLink(device.node, short(nodes[device.node])),
            ` ${OUTCOME[device.outcome]}${device.sure ? "" : " (if its driver asks)"}`,
          ),
        ),
      cause.devices.length > 6 ? el("li", {}, `${cause.devices.length - 6} more`) : null,
    ),
  );
}
function cyclesPart() {
  if (!graph.cycles.length)
    return el("section", {}, el("h2", {}, "Cycles"), el("p", { class: "muted" }, "None."));
  return el(
    "section",
    { id: "cycle-list" },
    el("h2", {}, `Cycles (${graph.cycles.length}), the one that matters most first`),
    longList(
      graph.cycles,
      (cycle, number) =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", class: "link", onclick: () => go({ view: "cycles", cycle: number }) },
            cycleTitle(cycle),
          ),
          " ",
          changeBadge(cycle, true),
        ),
      {},
      10,
    ),
  );
}
export const cycleTitle = (cycle) =>
  `${cycle.nodes
    .slice(0, 3)
    .map((at) => short(nodes[at]))
    .join(" ↔ ")}${cycle.nodes.length > 3 ? ` and ${cycle.nodes.length - 3} more` : ""}` +
  ` · ${dtlink.counted(cycle.behind, "device")} behind it${cycle.roles.length ? ` (${cycle.roles.join(", ")})` : ""}`;
function findingsBox() {
  if (!graph.findings.length)
    return el("section", {}, el("h2", {}, "Findings"), el("p", { class: "muted" }, "None."));
  return el(
    "section",
    { id: "findings" },
    el("h2", {}, `Findings (${graph.findings.length})`),
    longList(graph.findings, (each) => el("li", {}, findingPart(each)), {}, 20),
  );
}
