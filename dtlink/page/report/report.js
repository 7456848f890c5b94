"use strict";
/* The page of a report: filters, the findings with their details, the state in the address. */
(() => {
  const { el, counted, number } = dtlink;
  const report = dtlink.data("report");
  const PAGE = 50, NAMED = 20, FACETS = 15;
  const LEVELS = ["error", "warning", "info"];
  const WORDS = { error: "error", warning: "warning", info: "note" };
  const byId = (id) => document.getElementById(id);
  const findings = report.findings, boards = report.boards;
  for (const board of boards) {
    board.text = [board.name, board.path, board.model, board.compatible].filter(Boolean).join("\n").toLowerCase();
  }
  for (const each of findings) {
    each.text = [each.rule, each.severity, each.node, each.message, each.effect, each.fix, each.place, each.around,
      each.overlay, ...(each.also || [])].filter(Boolean).join("\n").toLowerCase();
  }
  const state = { levels: new Set(LEVELS), rule: "", board: "", q: "", page: 0, open: new Set() };
  let shown = findings;

  /* The boards that a filter means: the one with that name, else those whose texts contain it. */
  function meant(text) {
    if (!text) return null;
    const same = boards.findIndex((each) => each.name === text);
    if (same >= 0) return new Set([same]);
    return containing(text.toLowerCase());
  }
  function containing(text) {
    const found = new Set();
    boards.forEach((each, at) => { if (each.text.includes(text)) found.add(at); });
    return found;
  }

  function isOfRule(finding, rule) {
    return !rule || finding.rule === rule || finding.rule.startsWith(`${rule}/`);
  }

  /* The findings that the filters leave, with and without the filter of rules and of boards. */
  function filtered() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean).map((word) => [word, containing(word)]);
    const chosen = meant(state.board);
    const all = [], anyRule = [], anyBoard = [];
    for (const each of findings) {
      if (!state.levels.has(each.severity)) continue;
      if (!words.every(([word, on]) => each.text.includes(word) || (on.size && each.boards.some((at) => on.has(at))))) continue;
      const ofRule = isOfRule(each, state.rule);
      const ofBoard = !chosen || each.boards.some((at) => chosen.has(at));
      if (ofRule && ofBoard) all.push(each);
      if (ofBoard) anyRule.push(each);
      if (ofRule) anyBoard.push(each);
    }
    return { all, anyRule, anyBoard };
  }

  /* The state, to and from the address. */
  function save(push) {
    const levels = LEVELS.filter((each) => state.levels.has(each));
    dtlink.setState({
      severity: levels.length === LEVELS.length ? "" : levels.join(",") || "none",
      rule: state.rule, board: state.board, q: state.q,
      page: state.page ? String(state.page + 1) : "", open: [...state.open].join(","),
    }, { push });
  }
  function load() {
    const from = dtlink.state();
    const levels = from.get("severity");
    state.levels = new Set(levels ? levels.split(",").filter((each) => LEVELS.includes(each)) : LEVELS);
    state.rule = from.get("rule") || "";
    state.board = from.get("board") || "";
    state.q = from.get("q") || "";
    state.page = Math.max(0, (parseInt(from.get("page"), 10) || 1) - 1);
    state.open = new Set((from.get("open") || "").split(",").filter(Boolean));
    byId("q").value = state.q;
    byId("board").value = state.board;
    /* A link to a finding alone shows the page that it is on. */
    const wanted = !from.has("page") && state.open.size ? filtered().all.findIndex((each) => state.open.has(each.id)) : -1;
    if (wanted >= 0) state.page = Math.floor(wanted / PAGE);
    render();
    if (wanted >= 0) {
      const item = byId(`f-${shown[wanted].id}`);
      if (item) { item.scrollIntoView({ block: "start" }); item.querySelector("h3 button").focus({ preventScroll: true }); }
    }
  }

  /* After a change of the filters. */
  function changed({ push = false } = {}) {
    state.page = 0;
    save(push);
    render();
    dtlink.announce(byId("result").textContent);
  }

  function render() {
    const { all, anyRule, anyBoard } = filtered();
    shown = all;
    state.page = Math.min(state.page, Math.max(0, Math.ceil(all.length / PAGE) - 1));
    renderLevels();
    renderRules(anyRule);
    renderBoards(anyBoard);
    renderBoard();
    const total = findings.length;
    byId("result").textContent = all.length === total ? counted(total, "finding")
      : `${number(all.length)} of ${counted(total, "finding")}`;
    const from = state.page * PAGE;
    const items = all.slice(from, from + PAGE).map(item);
    byId("list").replaceChildren(...(items.length ? items : [empty()]));
    byId("pager").hidden = all.length <= PAGE;
    byId("where").textContent = `${number(from + 1)}–${number(Math.min(from + PAGE, all.length))} of ${number(all.length)}`;
    byId("before").disabled = state.page === 0;
    byId("after").disabled = from + PAGE >= all.length;
  }

  function empty() {
    const text = findings.length ? "No finding has all of this." : report.compared ? "No new findings." : "No findings.";
    return el("li", { class: "empty" }, el("p", {}, text),
      findings.length ? el("button", { type: "button", onclick: reset }, "Reset the filters") : null);
  }

  function renderLevels() {
    byId("levels").replaceChildren(...LEVELS.map((level) => {
      const size = report.counts[level];
      return el("button", {
        type: "button", class: `level is-${level}`, "aria-pressed": String(state.levels.has(level)), id: `level-${level}`,
        onclick: () => {
          if (!state.levels.delete(level)) state.levels.add(level);
          changed();
          byId(`level-${level}`).focus();
        },
      }, el("strong", {}, number(size)), el("span", {}, size === 1 ? WORDS[level] : `${WORDS[level]}s`));
    }));
  }

  function renderRules(left) {
    const often = count(left, (each) => [each.rule]);
    const names = [...often.keys()].sort((a, b) => often.get(b) - often.get(a) || (a < b ? -1 : 1));
    fillFacet(byId("rules"), names, often, state.rule, (name) => name, (name) => choose("rule", name));
    const select = byId("rule");
    select.replaceChildren(el("option", { value: "" }, "all rules"));
    const families = new Set(findings.map((each) => each.rule.split("/")[0]));
    const every = [...new Set(findings.map((each) => each.rule)), ...families].sort();
    if (state.rule && !every.includes(state.rule)) every.unshift(state.rule);
    for (const name of every) select.append(el("option", { value: name }, name.includes("/") ? name : `${name}/*`));
    select.value = state.rule;
  }

  function renderBoards(left) {
    const often = count(left, (each) => each.boards);
    const first = meant(state.board);
    const names = [...often.keys()].filter((at) => !first || first.has(at));
    names.sort((a, b) => often.get(b) - often.get(a) || a - b);
    const list = byId("some-boards");
    fillFacet(list, names.slice(0, FACETS), often, boards.findIndex((each) => each.name === state.board),
      (at) => boards[at].name, (at) => choose("board", boards[at].name));
    if (names.length > FACETS) list.append(el("li", { class: "muted small" }, `and ${number(names.length - FACETS)} more: type in Board`));
    if (!names.length) list.append(el("li", { class: "muted small" }, "no board"));
  }

  function count(list, keys) {
    const often = new Map();
    for (const each of list) for (const key of keys(each)) often.set(key, (often.get(key) || 0) + 1);
    return often;
  }

  function fillFacet(list, names, often, current, label, chosen) {
    list.replaceChildren(...names.map((name) => el("li", {}, el("button", {
      type: "button", "aria-pressed": String(name === current), onclick: () => chosen(name),
    }, el("span", {}, label(name)), el("span", { class: "num" }, number(often.get(name)))))));
  }

  /* What is chosen twice is not chosen. */
  function choose(what, value) {
    state[what] = state[what] === value ? "" : value;
    byId("board").value = state.board;
    changed({ push: true });
    byId("result").focus({ preventScroll: true });
  }

  function renderBoard() {
    const place = byId("one-board");
    const board = boards.find((each) => each.name === state.board);
    place.hidden = !board;
    if (!board) return;
    const facts = [board.model, board.compatible, board.form, board.nodes && counted(board.nodes, "node"),
      board.links && counted(board.links, "link"), board.unread && "not read"].filter(Boolean);
    dtlink.show(place, el("h2", {}, board.name), board.path ? el("p", { class: "mono" }, board.path) : null,
      el("p", { class: "muted" }, facts.join(" · ")), ...graph(board, ""));
  }

  /* The graph of a board, if its page was there when the report was made. */
  function graph(board, node) {
    if (!board.graph) return [];
    const hash = node ? `#${new URLSearchParams({ node }).toString().replaceAll("%2F", "/")}` : "";
    return [el("p", {}, el("a", { href: encodeURIComponent(board.graph) + hash }, `Graph of ${board.name}`))];
  }

  function item(finding) {
    const isOpen = state.open.has(finding.id);
    const detail = el("div", { class: "detail", id: `d-${finding.id}`, hidden: !isOpen }, isOpen ? details(finding) : []);
    const many = finding.boards.length;
    const button = el("button", {
      type: "button", "aria-expanded": String(isOpen), "aria-controls": `d-${finding.id}`,
      onclick: () => toggle(finding, button, detail),
    },
    el("span", { class: "head" },
      el("span", { class: `badge is-${finding.severity}` }, WORDS[finding.severity] + (finding.likely ? " (likely)" : "")),
      el("span", { class: "mono rule" }, finding.rule),
      el("span", { class: "mono node" }, finding.place || finding.node),
      el("span", { class: "many" }, many === 1 ? boards[finding.boards[0]].name : counted(many, "board"))),
    el("span", { class: "message" }, finding.message));
    return el("li", { class: `finding of-${finding.severity}`, id: `f-${finding.id}` }, el("h3", {}, button), detail);
  }

  function toggle(finding, button, detail) {
    const isOpen = !state.open.delete(finding.id);
    if (isOpen) state.open.add(finding.id);
    expand(finding, button, detail, isOpen);
    save(false);
  }
  function expand(finding, button, detail, isOpen) {
    button.setAttribute("aria-expanded", String(isOpen));
    detail.hidden = !isOpen;
    if (isOpen && !detail.childNodes.length) detail.append(...details(finding));
  }
  /* For printing, all that is listed is open. */
  function expandAll(isPrinting) {
    for (const each of shown.slice(state.page * PAGE, (state.page + 1) * PAGE)) {
      const place = byId(`f-${each.id}`);
      expand(each, place.querySelector("h3 button"), byId(`d-${each.id}`), isPrinting || state.open.has(each.id));
    }
  }

  function details(finding) {
    const rows = [];
    const row = (label, value) => { if (value && value.length !== 0) rows.push(el("dt", {}, label), el("dd", {}, value)); };
    row("effect", finding.effect);
    row("fix", finding.fix);
    row("node", finding.place ? el("code", {}, finding.node) : null);
    row("also", (finding.also || []).join("\n"));
    row("source", finding.around);
    row("overlay", finding.overlay);
    row("boards", names(finding.boards));
    for (const each of finding.others || []) row("but", [each.message, names(each.boards)]);
    const board = boards[finding.boards[0]];
    if (finding.is_node) row("look at it", el("code", {}, `dtlink graph ${board.argument || board.path || board.name} ${quoted(finding.node)} -o graph.html`));
    const made = [code(finding.snippet), el("dl", {}, rows)];
    if (finding.is_node) for (const at of finding.boards.slice(0, NAMED)) made.push(...graph(boards[at], finding.node));
    made.push(page(finding.rule));
    return made.filter(Boolean);
  }

  const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

  function code(snippet) {
    if (!snippet) return null;
    const { text, start = 0, length = 0, line } = snippet;
    return el("pre", { tabindex: "0", "aria-label": "Source" }, line ? `${line} | ` : "", text.slice(0, start),
      el("mark", {}, text.slice(start, start + length)), text.slice(start + length));
  }

  function names(list) {
    const made = el("ul", { class: "names" });
    const add = (some) => {
      for (const at of some) {
        made.append(el("li", {}, el("button", { type: "button", class: "link", onclick: () => choose("board", boards[at].name) }, boards[at].name)));
      }
    };
    add(list.slice(0, NAMED));
    if (list.length > NAMED) {
      const more = el("li", {}, el("button", { type: "button", onclick: () => { more.remove(); add(list.slice(NAMED)); } },
        `and ${number(list.length - NAMED)} more`));
      made.append(more);
    }
    return made;
  }

  /* The page of a rule, made when it is opened. */
  function page(name) {
    const rule = Object.hasOwn(report.rules, name) ? report.rules[name] : null;
    if (!rule) return null;
    const body = el("div", {});
    const fillPage = () => { if (!body.childNodes.length) body.append(...pageOf(name, rule)); };
    return el("details", { ontoggle: fillPage }, el("summary", {}, `About ${name}`), body);
  }
  function pageOf(name, rule) {
    const made = [el("p", {}, coded(rule.summary)),
      el("p", { class: "muted" }, `${rule.severity}, since dtlink ${rule.since}, by default ${rule.default}`)];
    for (const [heading, text] of rule.texts) made.push(el("p", {}, el("strong", {}, heading), " ", coded(text)));
    for (const [title, pieces] of rule.examples) {
      made.push(el("h4", {}, title));
      for (const [note, source] of pieces) {
        if (note) made.push(el("p", { class: "muted" }, coded(note)));
        if (source) made.push(el("pre", { tabindex: "0", "aria-label": `${title}: example of ${name}` }, source));
      }
    }
    return made;
  }
  /* Text with ``code`` in it. */
  const coded = (text) => text.split("``").map((piece, at) => (at % 2 ? el("code", {}, piece) : piece));

  function renderNotices() {
    const place = byId("notices");
    const parts = [];
    const add = (title, list, open) => {
      if (list.length) parts.push(el("details", { class: "notice", open }, el("summary", {}, title), el("ul", {}, list.map((each) => el("li", {}, each)))));
    };
    add(`Not read, or not checked to the end: ${number(report.troubles.length)}`,
      report.troubles.map((each) => [el("code", {}, each.place), ` ${each.message}`]), true);
    add(`Expected and missing, or fixed: ${number(report.expected.length)}`, report.expected, report.expected.length < 6);
    add(`Passed over, or not checked: ${number(report.passed.length)}`, report.passed, report.passed.length < 4);
    add(`About the inputs: ${number(report.notes.length)}`, report.notes, false);
    place.append(...parts);
    place.hidden = !parts.length;
  }

  function renderAbout() {
    const kernel = report.release ? `${report.release} (fw_devlink of ${report.kernel})` : report.kernel;
    const parts = [counted(boards.length, "input"), `kernel ${kernel}`, report.repeats, report.compared && "only what is new", ...report.aside];
    byId("about").textContent = parts.filter(Boolean).join(" · ");
  }

  function reset() {
    Object.assign(state, { levels: new Set(LEVELS), rule: "", board: "", q: "", open: new Set() });
    byId("q").value = byId("board").value = "";
    changed({ push: true });
    byId("q").focus();
  }

  function turn(by) {
    state.page += by;
    save(true);
    render();
    byId("result").scrollIntoView();
    byId("result").focus({ preventScroll: true });
  }

  /* From the heading of a finding to the next one. */
  function step(by) {
    const heads = [...document.querySelectorAll(".finding h3 button")];
    const at = heads.findIndex((each) => each.closest(".finding").contains(document.activeElement));
    const next = heads[at < 0 ? (by > 0 ? 0 : heads.length - 1) : at + by];
    if (next) next.focus();
  }
  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "Escape" && event.target === byId("q")) { state.q = byId("q").value = ""; changed(); }
    if (isTyping) return;
    if (event.key === "/") { event.preventDefault(); byId("q").focus(); byId("q").select(); }
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
  }

  byId("boards").append(...boards.map((each) => el("option", { value: each.name })));
  byId("q").addEventListener("input", () => { state.q = byId("q").value.trim(); changed(); });
  byId("board").addEventListener("input", () => { state.board = byId("board").value.trim(); changed(); });
  byId("rule").addEventListener("change", () => { state.rule = byId("rule").value; changed({ push: true }); byId("rule").focus(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("reset").addEventListener("click", reset);
  byId("before").addEventListener("click", () => turn(-1));
  byId("after").addEventListener("click", () => turn(1));
  document.addEventListener("keydown", key);
  addEventListener("beforeprint", () => expandAll(true));
  addEventListener("afterprint", () => expandAll(false));
  if (boards.length < 2) byId("by-board").hidden = byId("board").parentElement.hidden = true;
  dtlink.onState(load);
  renderNotices();
  renderAbout();
  load();
})();
