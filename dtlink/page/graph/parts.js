/* Parts that several views have: facts, long lists, marks of a change, findings. */
import { nodes } from "./model.js";
import { short } from "./words.js";
import { nodeLink } from "./route.js";
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
    const button = el(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () => {
          list.lastChild.remove();
          list.append(...rows.slice(most).map(make));
        },
      },
      `${dtlink.number(more)} more`,
    );
    list.append(el("li", {}, button));
  }
  return list;
}
/* A finding or a cycle that was gained is bad news: it has the colour of what was lost. */
const OPPOSITE = { gained: "lost", lost: "gained", changed: "changed" };
export const changeColour = (change, isBad) => `change-${isBad ? OPPOSITE[change] : change}`;
export const changeBadge = (row, isBad = false) =>
  row.change
    ? el(
        "span",
        { class: `badge ${changeColour(row.change, isBad)}` },
        `${{ gained: "+", lost: "−", changed: "~" }[row.change]} ${row.change}`,
      )
    : null;
export function findingPart(finding) {
  return el(
    "details",
    { class: `finding is-${finding.severity}` },
    el(
      "summary",
      {},
      el("strong", {}, finding.severity),
      " ",
      el("code", {}, finding.rule),
      " ",
      finding.message,
      " ",
      changeBadge(finding, true),
    ),
    el("p", {}, el("b", {}, "effect: "), finding.effect),
    el("p", {}, el("b", {}, "fix: "), finding.fix),
    el(
      "p",
      {},
      finding.nodes.slice(0, 6).map((at) => [nodeLink(at, short(nodes[at])), " "]),
      finding.place ? el("span", { class: "muted mono" }, finding.place) : null,
    ),
  );
}
