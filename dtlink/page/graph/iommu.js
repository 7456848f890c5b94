/* Requester IDs, what they become at the IOMMU and at the MSI controller. */
import { graph, byPath } from "./model.js";
import { current, change, nodeLink } from "./route.js";
import { hex } from "./words.js";
const { el, svg } = dtlink;
const FUNCTION_NAME = /^(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i;
export function iommuView() {
  const { ranges, requesters, left_out: more } = graph.iommu;
  return el("div", { class: "iommu" }, lookUp(), flow(ranges, requesters),
    ranges.length ? rangeTable(ranges) : null, requesters.length ? requesterTable(requesters) : null,
    more ? el("p", { class: "muted" }, `${dtlink.counted(more, "more device")}: dtlink iommu lists one by its name.`) : null);
}
/* "Which stream ID has this function": typed, answered. */
function lookUp() {
  const answer = el("output", { id: "answer", for: "requester" });
  const show = (text) => answer.replaceChildren(...[answerTo(text.trim())].flat(9).filter(Boolean));
  const box = el("input", { id: "requester", type: "text", value: current().requester, placeholder: "0000:01:00.0, or a device", spellcheck: "false",
    oninput: (event) => show(event.target.value), onchange: (event) => change({ requester: event.target.value.trim() }) });
  show(current().requester);
  return el("p", { class: "lookup" }, el("label", { for: "requester" }, "PCI function or device "), box, " ", answer);
}
function answerTo(text) {
  if (!text) return "";
  const named = graph.iommu.requesters.find((row) => row.requester === text) || graph.iommu.requesters.find((row) => row.requester.includes(text));
  const match = FUNCTION_NAME.exec(text);
  if (!match) return named ? ["→ ", said(named)] : "no such requester is described";
  const [, segment, bus, device, fn] = match;
  const id = parseInt(bus, 16) * 256 + parseInt(device, 16) * 8 + Number(fn);
  const range = graph.iommu.ranges.find((row) => row.segment === parseInt(segment || "0", 16) && row.first <= id && id <= row.last);
  if (!range) return `requester ID ${hex(id)}: no range of segment ${segment || "0"} has it`;
  return [`requester ID ${hex(id)} → `, range.iommu ? [el("strong", {}, `${idWord()} ${idAt(range.iommu_id, range.iommu_ids, id - range.first)}`), " at ", place(range.iommu)] : "no IOMMU",
    range.msi ? [" → ", range.msi_id === null ? "MSI at " : ["device ID ", el("strong", {}, idAt(range.msi_id, range.msi_ids, id - range.first)), " at "], place(range.msi)] : ""];
}
const idWord = () => graph.iommu.requesters.flatMap((row) => row.iommus).find((row) => row.id_kind)?.id_kind
  || (graph.firmware === "devicetree" || graph.model.includes("IORT") ? "stream ID" : "ID");
const idAt = (first, count, offset) => (first === null ? "?" : hex(first + (count > 1 ? offset : 0)));
const place = (path) => (byPath.has(path) ? nodeLink(byPath.get(path)) : el("code", {}, path));
const said = (row) => [row.iommus.map((each, at) => [at ? ", " : "", each.found ? [`${each.id_kind} `, el("strong", {}, each.id === null ? "?" : hex(each.id)), " at ", place(each.found)] : each.end || "no IOMMU"]),
  row.interrupts.controller ? [" → ", row.interrupts.id === null ? "" : `device ID ${hex(row.interrupts.id)} `, "at ", place(row.interrupts.controller)] : ""];
const span = (first, count) => (first === null ? "" : count > 1 ? `${hex(first)}–${hex(first + count - 1)}` : hex(first));
function rangeTable(ranges) {
  return el("section", {}, el("h2", {}, "PCI requesters"), el("div", { class: "scroll-x" }, el("table", {}, el("thead", {}, el("tr", {},
    ["segment", "requester IDs", "host", "IOMMU", "IDs there", "MSI controller", "device IDs", "note"].map((each) => el("th", { scope: "col" }, each)))),
  el("tbody", {}, ranges.map((row) => el("tr", {}, el("td", { class: "num" }, String(row.segment)), el("td", { class: "mono" }, span(row.first, row.last - row.first + 1)),
    el("td", {}, row.host ? place(row.host) : ""), el("td", {}, row.iommu ? place(row.iommu) : "none"), el("td", { class: "mono" }, span(row.iommu_id, row.iommu_ids)),
    el("td", {}, row.msi ? place(row.msi) : "none"), el("td", { class: "mono" }, span(row.msi_id, row.msi_ids)), el("td", {}, row.note || "")))))));
}
function requesterTable(rows) {
  return el("section", {}, el("h2", {}, `Devices and functions that the input names (${rows.length})`), el("div", { class: "scroll-x" }, el("table", { id: "requesters" },
    el("thead", {}, el("tr", {}, ["requester", "IOMMU and ID"].map((each) => el("th", { scope: "col" }, each)))),
    el("tbody", {}, rows.slice(0, 300).map((row) => el("tr", {}, el("td", {}, place(row.requester)), el("td", {}, said(row))))))));
}
/* So many boxes of requesters can be read; more are joined by their host and its IOMMU. */
const MOST_BOXES = 14;
/* Three columns of boxes: who asks, the IOMMU, the MSI controller. */
function flow(ranges, requesters) {
  const ways = joined([
    ...ranges.map((row) => ({ from: `${span(row.first, row.last - row.first + 1)} ${row.host ? row.host.split("/").pop() : `segment ${row.segment}`}`, host: row.host || `segment ${row.segment}`, iommu: row.iommu, there: span(row.iommu_id, row.iommu_ids), msi: row.msi, msis: span(row.msi_id, row.msi_ids) })),
    ...requesters.filter((row) => row.iommus.some((each) => each.found)).map((row) => ({ from: row.requester, host: row.requester.split("/").slice(0, -1).join("/") || "/", iommu: row.iommus[0].found,
      there: row.iommus.map((each) => (each.id === null ? "?" : hex(each.id))).slice(0, 3).join(", "), msi: row.interrupts.controller, msis: row.interrupts.id === null ? "" : hex(row.interrupts.id) })),
  ].filter((way) => way.iommu || way.msi)).slice(0, 40);
  if (!ways.length) return null;
  const columns = [column(ways.map((way) => way.from)), column(ways.map((way) => way.iommu)), column(ways.map((way) => way.msi))];
  const height = Math.max(...columns.map((each) => each.size)) * 34 + 40;
  const box = svg("svg", { class: "flow", viewBox: `0 0 1080 ${height}`, role: "img", "aria-label": "Requesters, IOMMUs and MSI controllers; the tables below have the same as text" });
  ["requesters", "IOMMU", "MSI controller"].forEach((title, at) => box.append(svg("text", { x: at * 400 + 10, y: 16, class: "flow-title" }, title)));
  for (const way of ways) {
    if (way.iommu) box.append(...line(columns, 0, way.from, 1, way.iommu, way.there));
    if (way.msi && way.iommu) box.append(...line(columns, 1, way.iommu, 2, way.msi, ""));
    else if (way.msi) box.append(...line(columns, 0, way.from, 2, way.msi, way.msis));
  }
  columns.forEach((each, at) => { for (const [name, y] of each) box.append(...flowBox(name, at, y)); });
  return el("div", { class: "scroll-x" }, box);
}
function joined(ways) {
  if (ways.length <= MOST_BOXES) return ways;
  const groups = new Map();
  for (const way of ways) {
    const key = JSON.stringify([way.host, way.iommu, way.msi]);
    groups.set(key, [...(groups.get(key) || []), way]);
  }
  return [...groups.values()].map((same) => (same.length === 1 ? same[0]
    : { ...same[0], from: `${same.length} of ${same[0].host}`, there: `${same[0].there}, …`, msis: "" }));
}
const column = (names) => new Map([...new Set(names.filter(Boolean))].map((name, at) => [name, at * 34 + 40]));
const flowBox = (name, at, y) => [svg("rect", { x: at * 400 + 10, y: y - 13, width: 250, height: 26, rx: at === 1 ? 12 : 3 }),
  svg("text", { x: at * 400 + 18, y: y + 4 }, svg("title", {}, name), name.length > 36 ? `${name.slice(0, 35)}…` : name)];
function line(columns, from, one, to, other, text) {
  const [x1, y1, x2, y2] = [from * 400 + 260, columns[from].get(one), to * 400 + 10, columns[to].get(other)];
  const middle = (x1 + x2) / 2;
  return [svg("path", { d: `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}` }),
    svg("text", { x: x1 + 6, y: y1 - 4, class: "flow-ids" }, svg("title", {}, text), text.length > 24 ? `${text.slice(0, 23)}…` : text)];
}
