/* A drawing of ways: from requesters to IOMMUs and MSI controllers. */
import { hex } from "./words.js";
const { el, svg } = dtlink;
export const span = (first, count) =>
  first === null ? "" : count > 1 ? `${hex(first)}–${hex(first + count - 1)}` : hex(first);
/* So many boxes of requesters can be read; more are joined by their host and its IOMMU. */
const MOST_BOXES = 14;
/* Three columns of boxes: who asks, the IOMMU, the MSI controller. */
export function flow(ranges, requesters) {
  const ways = joined(
    [
      ...ranges.map((row) => ({
        from: `${span(row.first, row.last - row.first + 1)} ${row.host ? row.host.split("/").pop() : `segment ${row.segment}`}`,
        host: row.host || `segment ${row.segment}`,
        iommu: row.iommu,
        there: span(row.iommu_id, row.iommu_ids),
        msi: row.msi,
        msis: span(row.msi_id, row.msi_ids),
      })),
      ...requesters
        .filter((row) => row.iommus.some((each) => each.found))
        .map((row) => ({
          from: row.requester,
          host: row.requester.split("/").slice(0, -1).join("/") || "/",
          iommu: row.iommus[0].found,
          there: row.iommus
            .map((each) => (each.id === null ? "?" : hex(each.id)))
            .slice(0, 3)
            .join(", "),
          msi: row.interrupts.controller,
          msis: row.interrupts.id === null ? "" : hex(row.interrupts.id),
        })),
    ].filter((way) => way.iommu || way.msi),
  ).slice(0, 40);
  if (!ways.length) return null;
  const columns = [
    column(ways.map((way) => way.from)),
    column(ways.map((way) => way.iommu)),
    column(ways.map((way) => way.msi)),
  ];
  const height = Math.max(...columns.map((each) => each.size)) * 34 + 40;
  const box = svg("svg", {
    class: "flow",
    viewBox: `0 0 1080 ${height}`,
    role: "img",
    "aria-label": "Requesters, IOMMUs and MSI controllers; the tables below have the same as text",
  });
  ["requesters", "IOMMU", "MSI controller"].forEach((title, at) =>
    box.append(svg("text", { x: at * 400 + 10, y: 16, class: "flow-title" }, title)),
  );
  for (const way of ways) {
    if (way.iommu) box.append(...line(columns, 0, way.from, 1, way.iommu, way.there));
    if (way.msi && way.iommu) box.append(...line(columns, 1, way.iommu, 2, way.msi, ""));
    else if (way.msi) box.append(...line(columns, 0, way.from, 2, way.msi, way.msis));
  }
  columns.forEach((each, at) => {
    for (const [name, y] of each) box.append(...flowBox(name, at, y));
  });
  return el("div", { class: "scroll-x" }, box);
}
function joined(ways) {
  if (ways.length <= MOST_BOXES) return ways;
  const groups = new Map();
  for (const way of ways) {
    const key = JSON.stringify([way.host, way.iommu, way.msi]);
    groups.set(key, [...(groups.get(key) || []), way]);
  }
  return [...groups.values()].map((same) =>
    same.length === 1
      ? same[0]
      : { ...same[0], from: `${same.length} of ${same[0].host}`, there: `${same[0].there}, …`, msis: "" },
  );
}
const column = (names) =>
  new Map([...new Set(names.filter(Boolean))].map((name, at) => [name, at * 34 + 40]));
const flowBox = (name, at, y) => [
  svg("rect", { x: at * 400 + 10, y: y - 13, width: 250, height: 26, rx: at === 1 ? 12 : 3 }),
  svg(
    "text",
    { x: at * 400 + 18, y: y + 4 },
    svg("title", {}, name),
    name.length > 36 ? `${name.slice(0, 35)}…` : name,
  ),
];
function line(columns, from, one, to, other, text) {
  const [x1, y1, x2, y2] = [from * 400 + 260, columns[from].get(one), to * 400 + 10, columns[to].get(other)];
  const middle = (x1 + x2) / 2;
  return [
    svg("path", { d: `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}` }),
    svg(
      "text",
      { x: x1 + 6, y: y1 - 4, class: "flow-ids" },
      svg("title", {}, text),
      text.length > 24 ? `${text.slice(0, 23)}…` : text,
    ),
  ];
}
