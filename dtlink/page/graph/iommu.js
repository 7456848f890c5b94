/* Requester IDs, what they become at the IOMMU and at the MSI controller. */
import { graph, byPath } from "./model.js";
import { current, change, nodeLink } from "./route.js";
import { hex } from "./words.js";
import { span, flow } from "./flow.js";
const { el } = dtlink;
const FUNCTION_NAME = /^(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])$/i;
export function iommuView() {
  const { ranges, requesters, left_out: more } = graph.iommu;
  return el(
    "div",
    { class: "iommu" },
    lookUp(),
    flow(ranges, requesters),
    ranges.length ? rangeTable(ranges) : null,
    requesters.length ? requesterTable(requesters) : null,
    more
      ? el(
          "p",
          { class: "muted" },
          `${dtlink.counted(more, "more device")}: dtlink iommu lists one by its name.`,
        )
      : null,
  );
}
/* "Which stream ID has this function": typed, answered. */
function lookUp() {
  const answer = el("output", { id: "answer", for: "requester" });
  const show = (text) => answer.replaceChildren(...[answerTo(text.trim())].flat(9).filter(Boolean));
  const box = el("input", {
    id: "requester",
    type: "text",
    value: current().requester,
    placeholder: "0000:01:00.0, or a device",
    spellcheck: "false",
    oninput: (event) => show(event.target.value),
    onchange: (event) => change({ requester: event.target.value.trim() }),
  });
  show(current().requester);
  return el(
    "p",
    { class: "lookup" },
    el("label", { for: "requester" }, "PCI function or device "),
    box,
    " ",
    answer,
  );
}
function answerTo(text) {
  if (!text) return "";
  const named =
    graph.iommu.requesters.find((row) => row.requester === text) ||
    graph.iommu.requesters.find((row) => row.requester.includes(text));
  const match = FUNCTION_NAME.exec(text);
  if (!match) return named ? ["→ ", said(named)] : "no such requester is described";
  const [, segment, bus, device, fn] = match;
  const id = parseInt(bus, 16) * 256 + parseInt(device, 16) * 8 + Number(fn);
  const range = graph.iommu.ranges.find(
    (row) => row.segment === parseInt(segment || "0", 16) && row.first <= id && id <= row.last,
  );
  if (!range) return `requester ID ${hex(id)}: no range of segment ${segment || "0"} has it`;
  return [
    `requester ID ${hex(id)} → `,
    range.iommu
      ? [
          el("strong", {}, `${idWord()} ${idAt(range.iommu_id, range.iommu_ids, id - range.first)}`),
          " at ",
          place(range.iommu),
        ]
      : "no IOMMU",
    range.msi
      ? [
          " → ",
          range.msi_id === null
            ? "MSI at "
            : ["device ID ", el("strong", {}, idAt(range.msi_id, range.msi_ids, id - range.first)), " at "],
          place(range.msi),
        ]
      : "",
  ];
}
const idWord = () =>
  graph.iommu.requesters.flatMap((row) => row.iommus).find((row) => row.id_kind)?.id_kind ||
  (graph.firmware === "devicetree" || graph.model.includes("IORT") ? "stream ID" : "ID");
const idAt = (first, count, offset) => (first === null ? "?" : hex(first + (count > 1 ? offset : 0)));
const place = (path) => (byPath.has(path) ? nodeLink(byPath.get(path)) : el("code", {}, path));
const said = (row) => [
  row.iommus.map((each, at) => [
    at ? ", " : "",
    each.found
      ? [
          `${each.id_kind} `,
          el("strong", {}, each.id === null ? "?" : hex(each.id)),
          " at ",
          place(each.found),
        ]
      : each.end || "no IOMMU",
  ]),
  row.interrupts.controller
    ? [
        " → ",
        row.interrupts.id === null ? "" : `device ID ${hex(row.interrupts.id)} `,
        "at ",
        place(row.interrupts.controller),
      ]
    : "",
];
function rangeTable(ranges) {
  return el(
    "section",
    {},
    el("h2", {}, "PCI requesters"),
    el(
      "div",
      { class: "scroll-x" },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            [
              "segment",
              "requester IDs",
              "host",
              "IOMMU",
              "IDs there",
              "MSI controller",
              "device IDs",
              "note",
            ].map((each) => el("th", { scope: "col" }, each)),
          ),
        ),
        el(
          "tbody",
          {},
          ranges.map((row) =>
            el(
              "tr",
              {},
              el("td", { class: "num" }, String(row.segment)),
              el("td", { class: "mono" }, span(row.first, row.last - row.first + 1)),
              el("td", {}, row.host ? place(row.host) : ""),
              el("td", {}, row.iommu ? place(row.iommu) : "none"),
              el("td", { class: "mono" }, span(row.iommu_id, row.iommu_ids)),
              el("td", {}, row.msi ? place(row.msi) : "none"),
              el("td", { class: "mono" }, span(row.msi_id, row.msi_ids)),
              el("td", {}, row.note || ""),
            ),
          ),
        ),
      ),
    ),
  );
}
function requesterTable(rows) {
  return el(
    "section",
    {},
    el("h2", {}, `Devices and functions that the input names (${rows.length})`),
    el(
      "div",
      { class: "scroll-x" },
      el(
        "table",
        { id: "requesters" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["requester", "IOMMU and ID"].map((each) => el("th", { scope: "col" }, each)),
          ),
        ),
        el(
          "tbody",
          {},
          rows
            .slice(0, 300)
            .map((row) => el("tr", {}, el("td", {}, place(row.requester)), el("td", {}, said(row)))),
        ),
      ),
    ),
  );
}
