/* Finding a device by path, label, compatible string or module; a module; a PCI function. */
import { nodes, modules, graph } from "./model.js";
import { badge, short } from "./words.js";
import { focusOn, go } from "./route.js";
const MOST = 20;
const texts = nodes.map((node) =>
  [
    node.path,
    node.label ? `&${node.label}` : "",
    ...(node.compatible || []),
    ...(node.modules || []),
    node.config ? `CONFIG_${node.config}` : "",
  ]
    .join("\n")
    .toLowerCase(),
);
const FUNCTION = /^(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;
/* What is found: nodes whose name begins so first; {label, detail, run}. */
function find(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found = [];
  if (graph.iommu && FUNCTION.test(wanted)) {
    found.push({
      label: wanted,
      detail: "PCI function",
      run: () => go({ view: "iommu", requester: wanted }),
    });
  }
  for (const [name] of modules) {
    if (name.toLowerCase().startsWith(wanted.replaceAll("-", "_"))) {
      found.push({
        label: name,
        detail: "module: what dies without it",
        run: () => go({ view: "modules", module: name }),
      });
    }
    if (found.length >= MOST / 2) break;
  }
  const hits = [];
  for (let at = 0; at < nodes.length; at += 1) {
    const place = texts[at].indexOf(wanted);
    if (place >= 0) hits.push([rank(nodes[at], wanted), at]);
  }
  hits.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  for (const [, at] of hits.slice(0, MOST - found.length)) found.push({ at, run: () => focusOn(at) });
  return found;
}
function rank(node, wanted) {
  if (node.path.toLowerCase() === wanted || node.label?.toLowerCase() === wanted.replace("&", "")) return 0;
  return short(node).toLowerCase().startsWith(wanted) ? 1 : node.path.toLowerCase().includes(wanted) ? 2 : 3;
}
export function setUpSearch() {
  const box = document.getElementById("q");
  const list = document.getElementById("hits");
  let hits = [];
  let chosen = -1;
  const close = () => {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const take = (hit) => {
    close();
    box.value = "";
    box.blur();
    hit.run();
    document.getElementById("main").focus();
  };
  const choose = (number) => {
    chosen = number;
    [...list.children].forEach((row, at) => row.setAttribute("aria-selected", at === number));
    if (number >= 0) {
      box.setAttribute("aria-activedescendant", `hit-${number}`);
      list.children[number].scrollIntoView({ block: "nearest" });
    }
  };
  box.addEventListener("input", () => {
    hits = find(box.value);
    list.replaceChildren(...hits.map((hit, at) => row(hit, at, take)));
    if (!hits.length && box.value.trim()) list.append(dtlink.el("li", { class: "muted" }, "nothing found"));
    list.hidden = !box.value.trim();
    box.setAttribute("aria-expanded", String(!list.hidden));
    choose(hits.length ? 0 : -1);
  });
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length) choose((chosen + step + hits.length) % hits.length);
    else if (event.key === "Escape") {
      close();
      box.blur();
    } else return;
    event.preventDefault();
  });
  document.getElementById("search").addEventListener("submit", (event) => {
    event.preventDefault();
    if (hits[chosen]) take(hits[chosen]);
  });
  box.addEventListener("blur", () => setTimeout(close, 150));
}
function row(hit, at, take) {
  const node = nodes[hit.at];
  const parts = node
    ? [dtlink.el("span", { class: "mono" }, node.path), node.label ? ` &${node.label} ` : " ", badge(node)]
    : [
        dtlink.el("span", { class: "mono" }, hit.label),
        " ",
        dtlink.el("span", { class: "muted" }, hit.detail),
      ];
  return dtlink.el(
    "li",
    {
      id: `hit-${at}`,
      role: "option",
      "aria-selected": "false",
      onmousedown: (event) => {
        event.preventDefault();
        take(hit);
      },
    },
    parts,
  );
}
