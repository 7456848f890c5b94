/* The keyboard. */
import { viewNames, go, current } from "./route.js";
import { toSuppliers, fromConsumers, matters } from "./model.js";
const KEYS = [
  ["/", "search"],
  ["1 … 7", "the views, in their order"],
  ["→", "in Focus: the supplier that matters first"],
  ["←", "in Focus: the first consumer"],
  ["Backspace", "back"],
  ["?", "this list"],
  ["Esc", "close"],
];
export function setUpKeys() {
  const dialog = document.getElementById("keys");
  document
    .getElementById("key-list")
    .append(
      ...KEYS.flatMap(([key, text]) => [
        dtlink.el("dt", {}, dtlink.el("kbd", {}, key)),
        dtlink.el("dd", {}, text),
      ]),
    );
  document.getElementById("help").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (/^(?:INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    if (pressed(event.key, dialog)) event.preventDefault();
  });
}
function pressed(key, dialog) {
  if (key === "/") {
    document.getElementById("q").focus();
    return true;
  }
  if (key === "?") {
    dialog.showModal();
    return true;
  }
  if (key === "Backspace") {
    history.back();
    return true;
  }
  const view = viewNames[Number(key) - 1];
  if (view) {
    go({ view: view[0], node: view[0] === "focus" ? current().node : undefined });
    return true;
  }
  return (key === "ArrowRight" || key === "ArrowLeft") && current().view === "focus" && step(key);
}
function step(key) {
  const here = current().node;
  const found = key === "ArrowRight" ? toSuppliers[here] : fromConsumers[here];
  const edge = found.find((each) => each.outcome) || found.find(matters) || found[0];
  if (edge) go({ view: "focus", node: key === "ArrowRight" ? edge.supplier : edge.consumer });
  return Boolean(edge);
}
