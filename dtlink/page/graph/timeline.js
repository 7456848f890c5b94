/* The order of probing: waves as columns, in bands of time; and the critical path to a device. */
import { graph, nodes, hasKernel, TIMES } from "./model.js";
import { WHEN, OBSERVED, observedWords, stateOf, stateWords, short } from "./words.js";
import { current, change, focusOn, firstNode } from "./route.js";
const { el, svg } = dtlink;
const BANDS = [
  "while the kernel starts",
  "in the initramfs",
  "after the root file system is there",
  "never",
  "unknown",
];
export function timelineView() {
  const to = current().to >= 0 ? current().to : firstNode();
  const path = criticalPath(to);
  const view = el(
    "div",
    { class: "timeline" },
    intro(to, path),
    observedPart(),
    el(
      "div",
      { class: "scroll-x", tabindex: "0", "aria-label": "Bands and waves" },
      el("div", { class: "bands" }, bands(new Set(path))),
    ),
  );
  requestAnimationFrame(() => connect(view, path));
  return view;
}
/* From a device back over what comes last each time; the first to probe is first. */
function criticalPath(at) {
  const path = [];
  for (let here = at; here !== undefined && here >= 0 && !path.includes(here); here = nodes[here].gate)
    path.unshift(here);
  return path;
}
function intro(to, path) {
  const timed = nodes.map((node, at) => at).filter((at) => nodes[at].wave !== undefined);
  const wanted = timed.filter((at) => nodes[at].role || at === to || isLast(at));
  return el(
    "div",
    { class: "intro" },
    el(
      "p",
      {},
      el("label", { for: "to" }, "Critical path to "),
      el(
        "select",
        { id: "to", onchange: (event) => change({ to: nodes[Number(event.target.value)].path }) },
        wanted.map((at) =>
          el(
            "option",
            { value: at, selected: at === to },
            `${nodes[at].path}${nodes[at].role ? ` (${nodes[at].role})` : ""}`,
          ),
        ),
      ),
    ),
    el(
      "ol",
      { class: "path" },
      path.map((at) =>
        el(
          "li",
          {},
          el("button", { type: "button", class: "link mono", onclick: () => focusOn(at) }, short(nodes[at])),
          " ",
          el(
            "span",
            { class: "muted" },
            `${stateWords(nodes[at])}${nodes[at].when ? `, ${WHEN[nodes[at].when]}` : ""}`,
          ),
        ),
      ),
    ),
  );
}
const longest = Math.max(0, ...nodes.map((node) => node.wave || 0));
const isLast = (at) => nodes[at].wave === longest;
function bands(onPath) {
  const there = nodes.map((node, at) => at).filter((at) => nodes[at].wave !== undefined);
  const idle = there.filter((at) => nodes[at].state === "needs no driver" && !onPath.has(at));
  const shown = there.filter((at) => !idle.includes(at));
  const made = [];
  for (const band of hasKernel ? BANDS : [undefined]) {
    const inside = shown.filter((at) => (hasKernel ? nodes[at].when === band : true));
    if (!inside.length) continue;
    if (band === BANDS[2]) made.push(timeout());
    made.push(bandPart(band, inside, onPath));
  }
  if (idle.length)
    made.push(el("p", { class: "muted idle" }, `${idle.length} more need no driver, and hold nothing up.`));
  return made;
}
function timeout() {
  const seconds = graph.kernel.timeout;
  const text =
    seconds > 0
      ? `deferred_probe_timeout: ${seconds} s after the last driver was registered; then fw_devlink gives up on suppliers without a driver`
      : seconds === 0
        ? "deferred_probe_timeout=0: the kernel gives up at once"
        : "no deferred_probe_timeout";
  return el("div", { class: "timeout", role: "note" }, el("span", {}, text));
}
function bandPart(band, inside, onPath) {
  const waves = [...new Set(inside.map((at) => nodes[at].wave))].sort((one, other) => one - other);
  return el(
    "section",
    { class: `band band-${Math.max(0, TIMES.indexOf(band))}` },
    el(
      "h2",
      {},
      band ? WHEN[band] : "probe order",
      el("span", { class: "muted" }, ` · ${dtlink.counted(inside.length, "device")}`),
    ),
    el(
      "div",
      { class: "waves" },
      waves.map((wave) => {
        const here = inside
          .filter((at) => nodes[at].wave === wave)
          .sort(
            (one, other) =>
              onPath.has(other) - onPath.has(one) ||
              Boolean(nodes[other].role) - Boolean(nodes[one].role) ||
              one - other,
          );
        return el(
          "div",
          { class: "wave" },
          el("h3", {}, `wave ${wave}`),
          here.map((at) => chip(at, onPath.has(at))),
        );
      }),
    ),
  );
}
/* Prediction and board: how many devices are as predicted, and which are not. */
function observedPart() {
  const seen = nodes.map((node, at) => at).filter((at) => nodes[at].observed);
  if (!seen.length) return null;
  const count = (state) => seen.filter((at) => nodes[at].observed.state === state).length;
  const others = seen.filter((at) => nodes[at].observed.agrees === false);
  return el(
    "section",
    { id: "observed" },
    el(
      "p",
      {},
      el("strong", {}, "On the board: "),
      `${count("bound")} bound ✓, ${count("held back")} held back ✗, ${count("not bound")} not bound –; `,
      el("strong", {}, `${others.length} other than predicted`),
      others.length ? ":" : ".",
    ),
    others.length
      ? el(
          "ul",
          { class: "rows" },
          others
            .slice(0, 30)
            .map((at) =>
              el(
                "li",
                {},
                el(
                  "button",
                  { type: "button", class: "link mono", onclick: () => focusOn(at) },
                  nodes[at].path,
                ),
                ` predicted ${WHEN[nodes[at].when]}; ${observedWords(nodes[at])}`,
              ),
            ),
        )
      : null,
  );
}
const observedSign = ({ observed }) => (observed ? ` ${OBSERVED[observed.state]}` : "");
const chip = (at, isOn) =>
  el(
    "button",
    {
      type: "button",
      class: `chip s-${stateOf(nodes[at]).key}${isOn ? " on-path" : ""}${nodes[at].observed?.agrees === false ? " differs" : ""}`,
      "data-at": at,
      title: `${nodes[at].path}: ${stateWords(nodes[at])} ${observedWords(nodes[at])}`,
      onclick: () => focusOn(at),
    },
    `${stateOf(nodes[at]).sign} ${short(nodes[at])}${observedSign(nodes[at])}`,
  );
/* A line along the chips of the critical path. */
function connect(view, path) {
  const box = view.querySelector(".bands");
  if (!box || !box.isConnected) return;
  const from = box.getBoundingClientRect();
  const spots = path
    .map((at) => box.querySelector(`[data-at="${at}"]`))
    .filter(Boolean)
    .map((each) => each.getBoundingClientRect());
  box.querySelector(".on-path")?.scrollIntoView({ block: "nearest", inline: "center" });
  if (spots.length < 2) return;
  const points = spots.flatMap((spot) => [
    [spot.left - from.left, spot.top + spot.height / 2 - from.top],
    [spot.right - from.left, spot.top + spot.height / 2 - from.top],
  ]);
  box.append(
    svg(
      "svg",
      { class: "path-line", width: box.scrollWidth, height: box.scrollHeight, "aria-hidden": "true" },
      svg("polyline", { points: points.map((each) => each.join(",")).join(" "), fill: "none" }),
    ),
  );
}
