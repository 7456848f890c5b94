/* How points and arrows look, in the colours of the page: a state has a shape and a border of its own. */
const FONT = "system-ui, sans-serif";
export function style() {
  const color = dtlink.color;
  const state = (key, shape, more) => ({
    selector: `node.s-${key}`,
    style: {
      "background-color": color(`s-${key}`),
      "border-color": color(`s-${key}-line`),
      color: color("text"),
      shape,
      ...more,
    },
  });
  return [
    {
      selector: "node",
      style: {
        label: "data(label)",
        width: "data(width)",
        height: "data(height)",
        "text-valign": "center",
        "text-wrap": "wrap",
        "text-max-width": "600px",
        "font-size": 11,
        "font-family": FONT,
        "line-height": 1.25,
        "border-width": 1.5,
        color: color("text"),
        "background-color": color("surface"),
        "border-color": color("strong-line"),
      },
    },
    state("built", "rectangle"),
    state("initramfs", "round-rectangle"),
    state("later", "barrel", { "border-style": "dashed" }),
    state("missing", "octagon", { "border-width": 3 }),
    state("none", "rectangle", { "border-style": "dotted" }),
    state("disabled", "cut-rectangle", { "border-style": "dotted", "border-width": 3 }),
    state("part", "tag", { "border-style": "dotted" }),
    state("unknown", "ellipse"),
    {
      selector: "node.more",
      style: {
        shape: "round-rectangle",
        "border-style": "double",
        "border-width": 4,
        "background-color": color("accent-soft"),
      },
    },
    { selector: "node.hub", style: { "border-style": "double", "border-width": 5 } },
    {
      selector: "node.culprit",
      style: { "border-color": color("error"), "border-width": 5, "font-weight": "bold" },
    },
    {
      selector: "node.focus",
      style: { "border-color": color("accent"), "border-width": 5, "font-weight": "bold" },
    },
    {
      selector: "node.selected",
      style: { "outline-color": color("accent"), "outline-width": 3, "outline-offset": 3 },
    },
    { selector: "node.gained", style: { "border-color": color("ok"), "border-width": 4 } },
    {
      selector: "node.lost",
      style: { "border-color": color("error"), "border-width": 4, "border-style": "dashed" },
    },
    {
      selector: "edge",
      style: {
        width: 1.6,
        "curve-style": "bezier",
        "control-point-step-size": 55,
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.9,
        "line-color": color("strong-line"),
        "target-arrow-color": color("strong-line"),
        label: "data(label)",
        "font-size": 9,
        "font-family": FONT,
        color: color("muted"),
        "text-background-color": color("bg"),
        "text-background-opacity": 0.85,
        "text-background-padding": 1,
      },
    },
    {
      selector: "edge.parent",
      style: {
        "target-arrow-shape": "triangle-backcurve",
        "target-arrow-fill": "hollow",
        "line-style": "dashed",
        "line-dash-pattern": [2, 3],
      },
    },
    { selector: "edge.faint", style: { "line-style": "dotted", width: 1, opacity: 0.7 } },
    {
      selector: "edge.relaxed",
      style: {
        "line-style": "dashed",
        "line-color": color("warning"),
        "target-arrow-color": color("warning"),
      },
    },
    {
      selector: "edge.waits",
      style: { width: 3, "line-color": color("error"), "target-arrow-color": color("error") },
    },
    {
      selector: "edge.onchain",
      style: {
        width: 4,
        "line-color": color("error"),
        "target-arrow-color": color("error"),
        color: color("text"),
        "font-weight": "bold",
        "z-index": 9,
      },
    },
    {
      selector: "edge.given",
      style: {
        width: 4,
        "line-style": "dashed",
        "line-color": color("ok"),
        "target-arrow-color": color("ok"),
        color: color("text"),
        "font-weight": "bold",
      },
    },
    {
      selector: "edge.gained",
      style: { width: 3, "line-color": color("ok"), "target-arrow-color": color("ok"), color: color("ok") },
    },
    {
      selector: "edge.lost",
      style: {
        width: 3,
        "line-style": "dashed",
        "line-color": color("error"),
        "target-arrow-color": color("error"),
        color: color("error"),
      },
    },
    {
      selector: "edge.selected",
      style: { width: 4, "line-color": color("accent"), "target-arrow-color": color("accent") },
    },
  ];
}
