/* Each cycle alone, and the edge to give to post-init-providers. */
import { graph, nodes, edges, byPath } from "./model.js";
import { dtsName, badge, short } from "./words.js";
import { current, change, nodeLink, focusOn } from "./route.js";
import { draw } from "./draw.js";
import { arrow } from "./focus.js";
import { cycleTitle } from "./home.js";
import { changeBadge } from "./parts.js";
const { el } = dtlink;
export function cyclesView() {
  if (!graph.cycles.length) return el("p", {}, "There are no cycles.");
  const number = Math.min(current().cycle, graph.cycles.length - 1);
  const canvas = el("div", { class: "canvas", id: "canvas" });
  requestAnimationFrame(() => show(canvas, graph.cycles[number]));
  return el(
    "div",
    { class: "split" },
    el("div", { class: "picture" }, canvas),
    el(
      "aside",
      { class: "panel" },
      el("h2", {}, "Cycles"),
      el("p", { class: "muted" }, "Those through an IOMMU, a power domain or a regulator first."),
      el(
        "ol",
        { class: "choices" },
        graph.cycles.map((cycle, at) =>
          el(
            "li",
            {},
            el(
              "button",
              {
                type: "button",
                "aria-current": at === number ? "true" : null,
                onclick: () => change({ cycle: at }),
              },
              cycleTitle(cycle),
              " ",
              changeBadge(cycle, true),
            ),
          ),
        ),
      ),
      cyclePanel(graph.cycles[number]),
    ),
  );
}
function show(canvas, cycle) {
  if (!canvas.isConnected) return;
  const inside = new Set(cycle.nodes);
  const given = new Set(
    cycle.breaks.map((step) => `${byPath.get(step.consumer)}-${byPath.get(step.supplier)}`),
  );
  const drawnEdges = edges.filter(
    (edge) => inside.has(edge.consumer) && inside.has(edge.supplier) && edge.effect !== "no wait",
  );
  const points = cycle.nodes.map((at) => ({ id: `n${at}`, node: at }));
  const arrows = drawnEdges.map((edge) => ({
    ...arrow(edge),
    given: given.has(`${edge.consumer}-${edge.supplier}`),
  }));
  draw(canvas, points, arrows, {
    label: `A cycle of ${points.length} devices`,
    onPoint: (point) => focusOn(point.node),
    onArrow: null,
    spread: canvas.clientWidth < 500 ? 110 : 170,
  });
}
function cyclePanel(cycle) {
  const relaxed =
    cycle.relaxed === cycle.links
      ? "The kernel relaxes all its links: it orders no probe among these devices."
      : `The kernel relaxes ${cycle.relaxed} of its ${cycle.links} links.`;
  return el(
    "section",
    {},
    el("h3", {}, "What it does"),
    el("p", {}, relaxed),
    el(
      "p",
      {},
      `${dtlink.counted(cycle.behind, "other device")} depend on it${cycle.roles.length ? `: ${cycle.roles.join(", ")}` : ""}.`,
    ),
    el("h3", {}, "A way around"),
    el(
      "ol",
      { class: "chain" },
      cycle.chain.map((step) => el("li", {}, stepText(step))),
    ),
    breaksPart(cycle),
    el("h3", {}, "Devices"),
    el(
      "ul",
      { class: "rows" },
      cycle.nodes.map((at) => el("li", {}, nodeLink(at, short(nodes[at])), " ", badge(nodes[at]))),
    ),
  );
}
const link = (path) => (byPath.has(path) ? nodeLink(byPath.get(path), path.split("/").pop()) : path);
const stepText = (step) => [
  link(step.consumer),
  step.property ? ` needs (${step.property}[${step.index}]) ` : " is a child of ",
  link(step.supplier),
];
function breaksPart(cycle) {
  if (!cycle.breaks.length) return el("p", { class: "muted" }, "No edge can be given up.");
  const text = cycle.breaks
    .map((step) => `${dtsName(step.consumer)} {\n\tpost-init-providers = <${dtsName(step.supplier)}>;\n};`)
    .join("\n");
  return [
    el("h3", {}, "To break it"),
    el("p", {}, "If the driver can probe without it (Linux 6.11 and newer read this):"),
    el("pre", { id: "breaks" }, text),
  ];
}
