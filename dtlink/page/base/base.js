"use strict";
/* What pages share. Text of firmware and of reports gets into the document by el() alone: as text,
   never as HTML. */
const dtlink = (() => {
  const root = document.documentElement;

  /* The theme: the system's until the reader chooses; what is chosen is kept where that is allowed. */
  const KEY = "dtlink-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem(KEY); } catch { /* pages in archives have no storage */ }
  const theme = () => (chosen === "dark" || chosen === "light" ? chosen : system.matches ? "dark" : "light");
  const watchers = [];
  function showTheme() {
    root.dataset.theme = theme();
    const button = document.getElementById("theme");
    if (button) {
      button.hidden = false;
      button.textContent = theme() === "dark" ? "Light theme" : "Dark theme";
    }
    for (const each of watchers) each(theme());
  }
  function toggleTheme() {
    chosen = theme() === "dark" ? "light" : "dark";
    try { localStorage.setItem(KEY, chosen); } catch { /* as above */ }
    showTheme();
  }
  system.addEventListener("change", showTheme);
  showTheme();
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").addEventListener("click", toggleTheme);
    /* The hash is the state of the page: the link must not change it. */
    document.querySelector("[data-skip]").addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById("main").focus();
    });
    showTheme();
  });

  /* The JSON data with an id. */
  const data = (id) => JSON.parse(document.getElementById(id).textContent);

  /* An element: el("p", {class: "muted", onclick: f}, "text", other). Strings become text. */
  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    return fill(made, attributes, children);
  }
  /* The same in SVG. */
  function svg(tag, attributes, ...children) {
    return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  }
  /* Controls, and what changes the direction of writing, are seen: as in dtlink's text. */
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
  const PLAIN = /^[\n\t -~]*$/;
  const seen = (each) => ("\n\t".includes(each) ? each : "\ufffd");
  const shown = (text) => (PLAIN.test(text) ? text : text.replace(UNSEEN, seen));
  function fill(made, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value === true ? "" : name === "title" ? shown(value) : value);
    }
    for (const each of children.flat(Infinity)) {
      if (each !== null && each !== undefined && each !== false) made.append(typeof each === "string" ? shown(each) : each);
    }
    return made;
  }

  /* Replaces what is in an element; as with el(), null and false are nothing. */
  function show(place, ...children) {
    place.replaceChildren();
    return fill(place, null, children);
  }

  /* The state of a page is in the hash, as of a query: "#rule=iommu&q=pcie". */
  const state = () => new URLSearchParams(location.hash.slice(1));
  function setState(values, { push = false } = {}) {
    const kept = new URLSearchParams();
    for (const [name, value] of Object.entries(values)) {
      if (value !== null && value !== undefined && value !== "") kept.set(name, value);
    }
    const text = kept.toString().replaceAll("%2F", "/").replaceAll("%40", "@").replaceAll("%2C", ",");
    if (text === location.hash.slice(1)) return;
    try {
      history[push ? "pushState" : "replaceState"](null, "", `#${text}`);
    } catch {
      location.hash = text;  /* a document without an address of its own */
    }
  }
  /* Called when the reader goes back, or edits the address. */
  function onState(changed) {
    addEventListener("popstate", changed);
    addEventListener("hashchange", changed);
  }

  /* The value of a colour of base.css, for what takes no var(): a canvas, a library. */
  const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  /* Called with "light" or "dark" when the theme changes. */
  const onTheme = (changed) => { watchers.push(changed); };

  /* Said by screen readers. */
  const announce = (text) => { document.getElementById("announce").textContent = text; };

  /* "1,071 inputs" */
  const number = (value) => value.toLocaleString("en-US");
  const counted = (value, word) => `${number(value)} ${word}${value === 1 ? "" : "s"}`;

  /* Runs once the calls have stopped for some time. */
  function later(run, milliseconds) {
    let timer = 0;
    return (...values) => {
      clearTimeout(timer);
      timer = setTimeout(() => run(...values), milliseconds);
    };
  }

  return { data, el, svg, shown, show, state, setState, onState, color, onTheme, announce, number, counted, later };
})();
