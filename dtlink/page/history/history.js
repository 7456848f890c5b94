"use strict";
/* The page of a history: findings over builds, what a build changed, and what became of a finding. */
(() => {
  const { el, svg, counted, number } = dtlink;
  const history_ = dtlink.data("history");
  const { builds, boards, rules, findings } = history_;
  const PAGE = 50, ROWS = 12, NAMED = 20;
  const LEVELS = ["error", "warning", "info"];
  const WORDS = { error: "error", warning: "warning", info: "note" };
  const STATUSES = [
    ["", "any"], ["open", "open"], ["new", "new in the chosen build"], ["regressed-here", "regressed in the chosen build"],
    ["fixed-here", "fixed in the chosen build"], ["regressed", "regressed at some time"], ["fixed", "fixed"],
    ["accepted", "accepted"], ["unknown", "board not read in the last build"],
  ];
  const EVENTS = { first: "there from the first build of the board", new: "new", fixed: "fixed", regressed: "regressed", changed: "changed" };
  const byId = (id) => document.getElementById(id);
  const last = builds.length - 1;
  const state = { at: last, status: "", rule: "", board: "", q: "", page: 0, open: new Set(), more: { rules: false, boards: false } };
  let shown = findings;

  const taken = new Map();
  for (const each of findings) {
    const often = (taken.get(each.fingerprint) || 0) + 1;
    taken.set(each.fingerprint, often);
    each.id = often === 1 ? each.fingerprint : `${each.fingerprint}-${often}`;
    each.text = [each.rule, each.severity, each.subject, each.message, each.consequence, each.fix].join("\n").toLowerCase();
    each.wasRegressed = each.boards.some((on) => on.events.some((event) => event.event === "regressed"));
  }
  for (const each of boards) each.text = `${each.board}\n${each.model}`.toLowerCase();

  const happened = (on, kind) => on.events.some((each) => each.build === state.at && each.event === kind);
  const isCounted = (on) => on.runs.some((run) => !run.accepted);
  function hasStatus(on, status, finding) {
    switch (status) {
      case "": return true;
      case "new": return happened(on, "new") && isCounted(on);
      case "regressed-here": return happened(on, "regressed") && isCounted(on);
      case "fixed-here": return happened(on, "fixed") && isCounted(on);
      case "regressed": return finding.wasRegressed && on.events.some((each) => each.event === "regressed");
      default: return on.status === status;
    }
  }

  function meant() {
    if (!state.board) return null;
    const same = boards.findIndex((each) => each.board === state.board);
    if (same >= 0) return new Set([same]);
    const text = state.board.toLowerCase(), found = new Set();
    boards.forEach((each, at) => { if (each.text.includes(text)) found.add(at); });
    return found;
  }
  const isOfRule = (rule) => !state.rule || rule === state.rule || rule.startsWith(`${state.rule}/`);

  function filtered() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = meant();
    return findings.filter((each) => isOfRule(each.rule) && words.every((word) => each.text.includes(word))
      && each.boards.some((on) => (!chosen || chosen.has(on.board)) && hasStatus(on, state.status, each)));
  }

  /* Builds one after the other with the same value, as [first, last, value]. */
  function stretches(values) {
    const made = [];
    values.forEach((value, at) => {
      const before = made[made.length - 1];
      if (before && before[2] === value) before[1] = at; else made.push([at, at, value]);
    });
    return made;
  }

  function strip(label, parts) {
    const drawn = parts.map(([from, to, kind, height = 10]) => svg("rect", { x: from, y: 10 - height, width: to - from + 1, height, class: kind }));
    return svg("svg", { class: "strip", viewBox: `0 0 ${builds.length} 10`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      drawn, svg("rect", { class: "chosen", x: state.at, y: 0, width: 1, height: 10 }));
  }
  function countStrip(values, label) {
    const most = Math.max(1, ...values.map((each) => each || 0));
    return strip(label, stretches(values).filter(([, , value]) => value !== 0).map(([from, to, value]) => (value === null
      ? [from, to, "absent"] : [from, to, "there", Math.max(1, 10 * value / most)])));
  }
  function runStrip(finding, on) {
    const parts = on.runs.map((run) => [run.from, run.to, run.accepted ? "accepted" : `of-${run.severity}`]);
    return strip(`${boards[on.board].board}: ${story(on)}`, parts);
  }
  const nameOf = (at) => builds[at].name;
  function story(on) {
    const told = on.events.map((each) => (each.event === "first" ? EVENTS.first : `${EVENTS[each.event]} in ${nameOf(each.build)}`));
    const words = { open: "open", accepted: "accepted", fixed: "", unknown: "not read in the last build" };
    return [...told, words[on.status]].filter(Boolean).join(", ");
  }

  function renderChart() {
    const most = Math.max(1, ...builds.map((each) => LEVELS.reduce((sum, level) => sum + each.findings[level], 0)));
    const bars = [];
    builds.forEach((each, at) => {
      let top = 100;
      for (const level of LEVELS) {
        const height = 96 * each.findings[level] / most;
        top -= height;
        if (height) bars.push(svg("rect", { x: at + 0.08, width: 0.84, y: top, height, class: `of-${level}` }));
      }
      const before = builds[at - 1];
      if (before && (before.dtlink !== each.dtlink || before.kernel !== each.kernel)) {
        bars.push(svg("line", { class: "mark", x1: at, x2: at, y1: 0, y2: 100 }));
      }
    });
    const chart = svg("svg", { viewBox: `0 0 ${builds.length} 100`, preserveAspectRatio: "none", role: "img",
      "aria-label": `Findings of ${counted(builds.length, "build")}: at most ${number(most)}; the table below has what each build changed` },
    bars, svg("rect", { class: "chosen", id: "chosen", x: state.at, y: 0, width: 1, height: 100 }));
    chart.addEventListener("click", (event) => {
      const box = chart.getBoundingClientRect();
      goTo(Math.floor((event.clientX - box.left) / box.width * builds.length));
    });
    const marks = builds.some((each, at) => at && (builds[at - 1].dtlink !== each.dtlink || builds[at - 1].kernel !== each.kernel));
    dtlink.show(byId("chart"), chart, el("div", { class: "legend" },
      LEVELS.map((level) => el("span", {}, el("i", { class: `of-${level}` }), `${WORDS[level]}s`)),
      el("span", {}, `highest: ${number(most)} findings`),
      marks && el("span", {}, "dashed line: another dtlink or kernel version")));
  }

  function renderBuild() {
    const build = builds[state.at];
    byId("at").value = state.at;
    byId("at").setAttribute("aria-valuetext", build.name);
    byId("earlier").disabled = state.at === 0;
    byId("later").disabled = state.at === last;
    byId("chosen").setAttribute("x", state.at);
    for (const each of document.querySelectorAll(".strip .chosen")) each.setAttribute("x", state.at);
    const facts = [build.time, `dtlink ${build.dtlink}`, build.kernel && `kernel ${build.kernel}`, counted(build.boards, "board"),
      build.unreadable && `${number(build.unreadable)} not read`,
      ...LEVELS.map((level) => counted(build.findings[level], WORDS[level])), build.accepted && `${number(build.accepted)} accepted`,
      build.incomplete && `counts are not exact: not all findings of ${build.incomplete.join(", ")} are known`];
    const events = [["new", "new", build.new], ["regressed-here", "regressed", build.regressed], ["fixed-here", "fixed", build.fixed]];
    dtlink.show(byId("build"), 
      el("h3", {}, build.name, build.path !== build.name ? el("span", { class: "muted small" }, ` ${build.path}`) : null),
      el("p", { class: "muted" }, facts.filter(Boolean).join(" · ")),
      el("div", { class: "bar" }, events.map(([status, word, size]) => el("button", {
        type: "button", disabled: size === 0, "aria-pressed": String(state.status === status), id: `show-${word}`,
        onclick: () => { state.status = state.status === status ? "" : status; changed({ push: true }); byId(`show-${word}`).focus(); },
      }, `${number(size)} ${word}`))));
  }

  function table(place, what, rows, name, values, label) {
    const chosen = state[what];
    const all = state.more[place.id];
    const ordered = rows.map((row, at) => [row, at]).sort(([a, i], [b, j]) => (final(values(b)) - final(values(a))) || i - j);
    const some = all ? ordered : ordered.slice(0, ROWS);
    const body = some.map(([row]) => el("tr", {},
      el("td", { class: "name" }, el("button", { type: "button", class: "link", "aria-pressed": String(name(row) === chosen),
        onclick: () => choose(what, name(row)) }, name(row))),
      el("td", { class: "strip-cell" }, countStrip(values(row), label(row))),
      el("td", { class: "num" }, number(values(row).find((each) => each !== null) ?? 0)),
      el("td", { class: "num" }, number(final(values(row))))));
    dtlink.show(place, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, what), el("th", { scope: "col" }, "builds"),
        el("th", { class: "num", scope: "col" }, "first"), el("th", { class: "num", scope: "col" }, "last"))),
      el("tbody", {}, body)),
    ordered.length > some.length ? el("button", { type: "button", onclick: () => { state.more[place.id] = true; renderTables(); } },
      `${number(ordered.length - some.length)} more`) : null);
  }
  const final = (values) => { for (let at = values.length; at--;) if (values[at] !== null) return values[at]; return 0; };
  function renderTables() {
    const says = (values) => `${number(values.find((each) => each !== null) ?? 0)} at first, ${number(final(values))} at last`;
    table(byId("rules"), "rule", rules, (row) => row.rule, (row) => row.findings, (row) => says(row.findings));
    const wanted = meant();
    table(byId("boards"), "board", wanted ? boards.filter((each, at) => wanted.has(at)) : boards,
      (row) => row.board, (row) => row.findings, (row) => says(row.findings));
  }

  function renderList() {
    shown = filtered();
    const total = findings.length, size = shown.length;
    state.page = Math.min(state.page, Math.max(0, Math.ceil(size / PAGE) - 1));
    byId("result").textContent = size === total ? `${counted(total, "fault")} in all builds` : `${number(size)} of ${counted(total, "fault")}`;
    const from = state.page * PAGE;
    const items = shown.slice(from, from + PAGE).map(item);
    byId("list").replaceChildren(...(items.length ? items : [el("li", { class: "empty" },
      el("p", {}, total ? "No finding has all of this." : "No findings in any build."))]));
    byId("pager").hidden = size <= PAGE;
    byId("where").textContent = `${number(from + 1)}–${number(Math.min(from + PAGE, size))} of ${number(size)}`;
    byId("before").disabled = state.page === 0;
    byId("after").disabled = from + PAGE >= size;
  }

  function item(finding) {
    const isOpen = state.open.has(finding.id);
    const wanted = meant();
    const on = finding.boards.filter((each) => (!wanted || wanted.has(each.board)) && hasStatus(each, state.status, finding));
    const detail = el("div", { class: "detail", id: `d-${finding.id}`, hidden: !isOpen }, isOpen ? details(finding, on) : []);
    const statuses = new Map();
    for (const each of on) statuses.set(each.status, (statuses.get(each.status) || 0) + 1);
    const told = [...statuses].map(([status, size]) => (statuses.size === 1 ? status : `${number(size)} ${status}`)).join(", ");
    const button = el("button", {
      type: "button", "aria-expanded": String(isOpen), "aria-controls": `d-${finding.id}`,
      onclick: () => {
        const opens = !state.open.delete(finding.id);
        if (opens) state.open.add(finding.id);
        button.setAttribute("aria-expanded", String(opens));
        detail.hidden = !opens;
        if (opens && !detail.childNodes.length) detail.append(...details(finding, on));
        save(false);
      },
    },
    el("span", { class: "head" }, el("span", { class: `badge is-${finding.severity}` }, WORDS[finding.severity]),
      el("span", { class: "mono rule" }, finding.rule), el("span", { class: "mono node" }, finding.subject),
      el("span", { class: "many" }, `${on.length === 1 ? boards[on[0].board].board : counted(on.length, "board")}: ${told}`)),
    el("span", { class: "message" }, finding.message),
    runStrip(finding, on[0]));
    return el("li", { class: `finding of-${finding.severity}`, id: `f-${finding.id}` }, el("h3", {}, button), detail);
  }

  function details(finding, on) {
    const rows = [];
    const row = (label, value) => { if (value) rows.push(el("dt", {}, label), el("dd", {}, value)); };
    row("effect", finding.consequence);
    row("fix", finding.fix);
    row("fingerprint", el("code", {}, finding.fingerprint));
    const body = el("tbody", {});
    const add = (some) => body.append(...some.map((each) => el("tr", {},
      el("td", { class: "name" }, el("button", { type: "button", class: "link", onclick: () => choose("board", boards[each.board].board) }, boards[each.board].board)),
      el("td", { class: "strip-cell" }, runStrip(finding, each)), el("td", {}, story(each)))));
    add(on.slice(0, NAMED));
    const more = on.length > NAMED ? el("button", { type: "button", onclick: () => { more.remove(); add(on.slice(NAMED)); } }, `${number(on.length - NAMED)} more boards`) : null;
    return [el("dl", {}, rows), el("div", { class: "scroll-x table" }, el("table", {},
      el("thead", {}, el("tr", {}, ["board", "builds", "what happened"].map((each) => el("th", { scope: "col" }, each)))), body)), more].filter(Boolean);
  }

  function renderSelects() {
    byId("status").replaceChildren(...STATUSES.map(([value, text]) => el("option", { value }, text)));
    byId("status").value = STATUSES.some(([value]) => value === state.status) ? state.status : "";
    const names = [...new Set([...rules.map((each) => each.rule), ...rules.map((each) => each.rule.split("/")[0])])].sort();
    if (state.rule && !names.includes(state.rule)) names.unshift(state.rule);
    byId("rule").replaceChildren(el("option", { value: "" }, "all rules"), ...names.map((each) => el("option", { value: each }, each.includes("/") ? each : `${each}/*`)));
    byId("rule").value = state.rule;
  }

  function save(push) {
    dtlink.setState({ build: state.at === last ? "" : nameOf(state.at), status: state.status, rule: state.rule, board: state.board, q: state.q,
      page: state.page ? String(state.page + 1) : "", open: [...state.open].join(",") }, { push });
  }
  function load() {
    const from = dtlink.state();
    const at = builds.findIndex((each) => each.name === from.get("build"));
    Object.assign(state, { at: at < 0 ? last : at, status: from.get("status") || "", rule: from.get("rule") || "", board: from.get("board") || "",
      q: from.get("q") || "", page: Math.max(0, (parseInt(from.get("page"), 10) || 1) - 1), open: new Set((from.get("open") || "").split(",").filter(Boolean)) });
    byId("q").value = state.q;
    byId("board").value = state.board;
    const wanted = !from.has("page") && state.open.size ? filtered().findIndex((each) => state.open.has(each.id)) : -1;
    if (wanted >= 0) state.page = Math.floor(wanted / PAGE);
    renderAll();
    const place = wanted >= 0 && byId(`f-${shown[wanted].id}`);
    if (place) { place.scrollIntoView({ block: "start" }); place.querySelector("h3 button").focus({ preventScroll: true }); }
  }
  function renderAll() { renderSelects(); renderTables(); renderList(); renderBuild(); }
  function changed({ push = false } = {}) {
    state.page = 0;
    save(push);
    renderAll();
    dtlink.announce(byId("result").textContent);
  }
  function goTo(at) {
    state.at = Math.min(Math.max(at, 0), last);
    save(false);
    renderBuild();
    if (["new", "regressed-here", "fixed-here"].includes(state.status)) { state.page = 0; renderList(); }
    dtlink.announce(nameOf(state.at));
  }
  function choose(what, value) {
    state[what] = state[what] === value ? "" : value;
    byId("board").value = state.board;
    changed({ push: true });
    byId("result").focus({ preventScroll: true });
  }
  function turn(by) {
    state.page += by;
    save(true);
    renderList();
    byId("result").scrollIntoView();
    byId("result").focus({ preventScroll: true });
  }
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); byId("q").focus(); }
    if (event.key === "j" || event.key === "k") {
      const heads = [...document.querySelectorAll(".finding h3 button")];
      const at = heads.findIndex((each) => each.closest(".finding").contains(document.activeElement));
      const next = heads[at < 0 ? 0 : at + (event.key === "j" ? 1 : -1)];
      if (next) next.focus();
    }
  }

  const notices = byId("notices");
  if (history_.unread.length) {
    notices.hidden = false;
    notices.append(el("details", { class: "notice", open: true }, el("summary", {}, `Reports that could not be read: ${number(history_.unread.length)}`),
      el("ul", {}, history_.unread.map((each) => el("li", {}, el("code", {}, each.path), ` ${each.message}`)))));
  }
  if (!builds.length) {
    byId("result").textContent = "No builds";
    for (const each of document.querySelectorAll("#main > section:not(#notices), #tables, #filters")) each.hidden = true;
    return;
  }
  const now = new Map();
  for (const each of findings) for (const on of each.boards) now.set(on.status, (now.get(on.status) || 0) + 1);
  byId("about").textContent = [counted(builds.length, "build"), counted(boards.length, "board"),
    ...["open", "accepted", "fixed", "unknown"].filter((each) => now.get(each)).map((each) => `${number(now.get(each))} ${each}`)].join(" · ");
  byId("at").max = String(last);
  byId("names").append(...boards.map((each) => el("option", { value: each.board })));
  byId("at").addEventListener("input", () => goTo(Number(byId("at").value)));
  byId("earlier").addEventListener("click", () => goTo(state.at - 1));
  byId("later").addEventListener("click", () => goTo(state.at + 1));
  byId("status").addEventListener("change", () => { state.status = byId("status").value; changed({ push: true }); });
  byId("rule").addEventListener("change", () => { state.rule = byId("rule").value; changed({ push: true }); });
  byId("board").addEventListener("input", () => { state.board = byId("board").value.trim(); changed(); });
  byId("q").addEventListener("input", () => { state.q = byId("q").value.trim(); changed(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("reset").addEventListener("click", () => {
    Object.assign(state, { status: "", rule: "", board: "", q: "", open: new Set() });
    byId("q").value = byId("board").value = "";
    changed({ push: true });
    byId("q").focus();
  });
  byId("before").addEventListener("click", () => turn(-1));
  byId("after").addEventListener("click", () => turn(1));
  document.addEventListener("keydown", key);
  if (matchMedia("(max-width: 68rem)").matches) byId("by-rule").open = byId("by-board").open = false;
  dtlink.onState(load);
  renderChart();
  load();
})();
