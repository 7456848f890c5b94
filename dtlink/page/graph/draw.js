/* A drawing: dagre places the nodes in layers, cytoscape.js draws them. */
import { nodes } from "./model.js";
import { stateOf, stateWords, short, clip, edgeName } from "./words.js";
import { style } from "./drawstyle.js";
let drawn = null;
/* Draw points [{id, node | text, ...marks}] and arrows [{id, from, to, edge, ...marks}].
   onPoint and onArrow get the ids of what was clicked. */
export function draw(container, points, arrows, { onPoint, onArrow, label, spread = 70 }) {
  forget();
  const sizes = new Map(points.map((point) => [point.id, sized(point)]));
  const places = layout(points, arrows, sizes, spread);
  drawn = cytoscape({
    container,
    elements: elements(points, arrows, sizes, places),
    style: style(),
    layout: { name: "preset" },
    minZoom: 0.15,
    maxZoom: 2.5,
    boxSelectionEnabled: false,
    autoungrabify: true,
  });
  container.setAttribute("role", "img");
  container.setAttribute("aria-label", label);
  drawn.on("tap", "node", (event) => onPoint?.(event.target.data("point")));
  drawn.on("tap", "edge", (event) => onArrow?.(event.target.data("arrow")));
  fit();
  return drawn;
}
export function forget() {
  drawn?.destroy();
  drawn = null;
}
dtlink.onTheme(() => drawn?.style(style()));
/* Paper is white, and of another size: a picture of the whole drawing is printed in its place. */
addEventListener("beforeprint", () => {
  const container = drawn?.container();
  if (!container) return;
  const theme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
  drawn.style(style());
  const source = drawn.png({ full: true, scale: 2, maxWidth: 4000, maxHeight: 4000, bg: dtlink.color("bg") });
  document.documentElement.dataset.theme = theme;
  drawn.style(style());
  container.parentElement.querySelector(".printed")?.remove();
  container.after(
    dtlink.el("img", { class: "printed", src: source, alt: container.getAttribute("aria-label") }),
  );
});
/* All of it, but no smaller than can be read, and no larger than life. What does not fit begins
   at the left, or with the node in focus. */
const LEAST = 0.75;
const LEAST_NARROW = 0.6;
function fit() {
  drawn.fit(undefined, 20);
  const least = drawn.width() < 500 ? LEAST_NARROW : LEAST;
  if (drawn.zoom() >= least) {
    if (drawn.zoom() > 1.1) drawn.zoom(1.1);
    drawn.center();
    return;
  }
  drawn.zoom(least);
  const box = drawn.elements().boundingBox();
  const first = drawn.nodes(".focus");
  const middle = first.length ? first.position() : { x: box.x1, y: (box.y1 + box.y2) / 2 };
  const left =
    first.length && first.position("x") - box.x1 > 150 ? drawn.width() * 0.38 : first.length ? 90 : 15;
  drawn.pan({ x: left - middle.x * least, y: drawn.height() / 2 - middle.y * least });
}
/* The first drawing is slow, since the browser has not compiled the code yet: one that nobody sees. */
export function warmUp() {
  if (drawn) return;
  const nothing = draw(
    dtlink.el("div"),
    [
      { id: "a", text: "a" },
      { id: "b", text: "b" },
    ],
    [{ id: "e", from: "a", to: "b", text: "" }],
    { label: "" },
  );
  if (drawn === nothing) forget();
}
export const refit = () => {
  if (drawn) {
    drawn.resize();
    fit();
  }
};
/* How much wider shapes are whose corners are cut, so that a text fits. */
const ROOM = { octagon: 1.2, ellipse: 1.3, tag: 1.25, "cut-rectangle": 1.1 };
function sized(point) {
  const lines =
    point.node === undefined
      ? [point.text]
      : [point.title || clip(short(nodes[point.node]), 30), clip(stateWords(nodes[point.node]), 34)];
  if (point.note) lines.push(point.note);
  const shape = point.node === undefined ? 1 : ROOM[stateOf(nodes[point.node]).shape] || 1;
  const width = shape * Math.max(...lines.map((line) => line.length)) * 6.4 + 26;
  return { lines, width, height: 16 + lines.length * 15 };
}
function layout(points, arrows, sizes, spread) {
  const plan = new dagre.graphlib.Graph({ multigraph: true });
  plan.setGraph({ rankdir: "LR", nodesep: 16, ranksep: spread, marginx: 10, marginy: 10 });
  plan.setDefaultEdgeLabel(() => ({}));
  for (const point of points) plan.setNode(point.id, { ...sizes.get(point.id) });
  for (const arrow of arrows) plan.setEdge(arrow.from, arrow.to, {}, arrow.id);
  dagre.layout(plan);
  return plan;
}
function elements(points, arrows, sizes, plan) {
  return [
    ...points.map((point) => {
      const { x, y } = plan.node(point.id);
      const { lines, width, height } = sizes.get(point.id);
      return {
        data: { id: point.id, label: dtlink.shown(lines.join("\n")), width, height, point },
        position: { x, y },
        classes: classes(point, point.node === undefined ? "more" : `s-${stateOf(nodes[point.node]).key}`),
      };
    }),
    ...arrows.map((arrow) => ({
      data: {
        id: arrow.id,
        source: arrow.from,
        target: arrow.to,
        label: dtlink.shown(arrow.text ?? edgeName(arrow.edge)),
        arrow,
      },
      classes: classes(arrow, EFFECT_CLASS[arrow.edge?.effect] || "ordered"),
    })),
  ];
}
const MARKS = ["focus", "hub", "culprit", "onchain", "gained", "lost", "changed", "given", "selected"];
const classes = (marked, first) => [first, ...MARKS.filter((mark) => marked[mark])].join(" ");
const EFFECT_CLASS = {
  waits: "waits",
  relaxed: "relaxed",
  ignored: "relaxed",
  "no wait": "faint",
  "sync_state() only": "faint",
  parent: "parent",
  table: "ordered",
};
