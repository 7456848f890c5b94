/* Shows the view that the address names. */
import { current, go, onRoute, viewNames } from "./route.js";
import { setUpSearch } from "./search.js";
import { setUpKeys } from "./keys.js";
import { forget, refit, warmUp } from "./draw.js";
import { homeView } from "./home.js";
import { focusView } from "./focus.js";
import { timelineView } from "./timeline.js";
import { cyclesView } from "./cycles.js";
import { modulesView } from "./without.js";
import { iommuView } from "./iommu.js";
import { changeView } from "./change.js";
import { nodes } from "./model.js";
const VIEWS = {
  start: homeView,
  focus: focusView,
  timeline: timelineView,
  cycles: cyclesView,
  modules: modulesView,
  iommu: iommuView,
  change: changeView,
};
function show() {
  const state = current();
  forget();
  for (const button of document.getElementById("views").children) {
    button.setAttribute("aria-current", button.dataset.view === state.view ? "page" : "false");
  }
  document.getElementById("view").replaceChildren(VIEWS[state.view]());
  const about = state.view === "focus" && nodes[state.node] ? `: ${nodes[state.node].path}` : "";
  dtlink.announce(`${viewNames.find(([name]) => name === state.view)[1]}${about}`);
}
document.getElementById("views").append(
  ...viewNames.map(([name, text]) =>
    dtlink.el(
      "button",
      {
        type: "button",
        "data-view": name,
        onclick: () => go({ view: name, node: name === "focus" ? current().node : undefined }),
      },
      text,
    ),
  ),
);
setUpSearch();
setUpKeys();
onRoute(show);
setTimeout(warmUp, 200);
addEventListener("resize", dtlink.later(refit, 150));
show();
