/* Which devices a module drives, and what dies without it. */
import { modules, nodes, drivenBy } from "./model.js";
import { current, change, nodeLink } from "./route.js";
import { badge, short } from "./words.js";
import { blast, sorted, deadOf, deadWords } from "./blast.js";
import { blastList } from "./why.js";
const { el } = dtlink;
const total = ({ dead }) => dead.sure + dead.maybe;
let rows = null;
/* Every module with what it costs to lack it, the worst first. */
function costs() {
  rows ??= [...modules]
    .map(([name, row]) => {
      const driven = drivenBy(name);
      const found = sorted(blast(driven));
      return { name, row, driven, found, dead: deadOf(found) };
    })
    .filter((each) => each.driven.length)
    .sort(
      (one, other) =>
        total(other) - total(one) ||
        other.driven.length - one.driven.length ||
        one.name.localeCompare(other.name),
    );
  return rows;
}
export function modulesView() {
  const wanted = current().module;
  const chosen = costs().find((each) => each.name === wanted);
  return el(
    "div",
    { class: "split even" },
    el(
      "div",
      { class: "scroll-x" },
      el(
        "table",
        { id: "modules" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["module", "where", "drives", "fail without it"].map((each) => el("th", { scope: "col" }, each)),
          ),
        ),
        el(
          "tbody",
          {},
          costs().map((each) =>
            el(
              "tr",
              { class: each === chosen ? "chosen" : null },
              el(
                "td",
                {},
                el(
                  "button",
                  { type: "button", class: "link mono", onclick: () => change({ module: each.name }) },
                  each.name,
                ),
              ),
              el("td", {}, place(each.row)),
              el("td", { class: "num" }, String(each.driven.length)),
              el(
                "td",
                { class: "num" },
                each.dead.maybe ? `${each.dead.sure} to ${total(each)}` : String(each.dead.sure),
              ),
            ),
          ),
        ),
      ),
    ),
    el(
      "aside",
      { class: "panel", id: "panel" },
      chosen ? modulePanel(chosen) : el("p", {}, "Choose a module to see what dies without it."),
    ),
  );
}
const place = (row) =>
  row.in_initramfs ? "◧ initramfs" : row.in_initramfs === false ? "◷ root filesystem" : "module";
const modulePanel = (each) => [
  el("h2", { class: "mono" }, each.name),
  el(
    "p",
    {},
    `${place(each.row)}${each.row.depends.length ? `, needs ${each.row.depends.join(", ")}` : ""}.`,
  ),
  el(
    "h3",
    {},
    `Without it: ${deadWords({ sure: each.driven.length + each.dead.sure, maybe: each.dead.maybe })}`,
  ),
  el(
    "ul",
    { class: "rows" },
    each.driven.map((at) =>
      el(
        "li",
        {},
        nodeLink(at, short(nodes[at])),
        " ",
        badge(nodes[at]),
        el("span", { class: "muted" }, " it drives this"),
      ),
    ),
  ),
  each.found.length
    ? [el("h3", {}, "Affected by that"), blastList(each.found, 60)]
    : el("p", {}, "No other device is affected."),
];
