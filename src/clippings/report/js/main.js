"use strict";
// Opening, moving about, keys and colours.

const VIEWS = {
  "": "Overview",
  articles: "Articles",
  time: "Time",
  names: "Names",
  together: "Together",
  map: "Map",
  topics: "Topics and outlets",
  stories: "Stories",
  checks: "Checks",
};
const SHOW = {
  "": showOverview,
  articles: showArticles,
  article: showArticle,
  time: showTime,
  names: showNames,
  name: showEntity,
  together: showTogether,
  map: showMap,
  topics: showTopics,
  stories: showStories,
  checks: showChecks,
  search: showSearch,
};
const main = document.getElementById("main");
const query = document.getElementById("query");
const scrolls = new Map();
let shown = {hash: null, path: null};
let turn = 0;
let depth = -1; // how many views of this report stand before this one
let isStep = false; // whether the reader chose a link, rather than going back or forward

async function showView() {
  const mine = ++turn;
  const route = readRoute();
  const path = route.parts.join("/");
  const show =
    SHOW[route.parts[0] ?? ""] ?? (() => showNothing("There is no such view in this report."));
  if (shown.hash !== null) scrolls.set(shown.hash, scrollY);
  const view = await show(route);
  if (mine !== turn) return;
  const isFirst = shown.hash === null;
  const isSamePath = shown.path === path;
  const isBack = !isFirst && !isStep;
  depth = history.state?.depth ?? depth + 1;
  history.replaceState({depth}, "");
  shown = {hash: location.hash, path};
  isStep = false;
  main.replaceChildren(view.node);
  document.title = `${view.title} · Clippings`;
  markCurrent(route.parts[0] ?? "");
  if (route.parts[0] === "search") {
    if (document.activeElement !== query) query.value = route.params.get("q") ?? "";
  } else if (document.activeElement !== query) {
    query.value = "";
  }
  if (isBack) scrollTo(0, scrolls.get(shown.hash) ?? 0);
  else if (!isSamePath || !route.params.has("mention")) scrollTo(0, 0);
  const isSettled = view.ready?.() === true;
  if (!isFirst && !isSettled && !view.keepFocus)
    main.querySelector("h1")?.focus({preventScroll: true});
  document.documentElement.dataset.shown = shown.hash || "#/"; // for those who measure
  performance.mark("shown");
}

function markCurrent(part) {
  const home = {article: "articles", name: "names"}[part] ?? part;
  for (const anchor of document.querySelectorAll("#views a")) {
    if (anchor.dataset.view === home) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

/** Draw into a box now, and again when its width changes. */
function drawWhenSeen(box, draw) {
  let width = 0;
  const watch = new ResizeObserver(() => {
    if (!box.isConnected) return watch.disconnect();
    if (box.clientWidth === width || !box.clientWidth) return;
    width = box.clientWidth;
    draw(box);
  });
  watch.observe(box);
}

// Search

let typing = 0;

function search() {
  const route = readRoute();
  const href = link(["search"], {q: query.value});
  if (route.parts[0] === "search") {
    history.replaceState(history.state, "", href);
    showView();
  } else if (query.value.trim()) {
    location.hash = href;
  }
}

query.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(search, 120);
});

document.getElementById("search").addEventListener("submit", event => {
  event.preventDefault();
  clearTimeout(typing);
  search();
});

// Keys

const rows = () => [...main.querySelectorAll("[data-row]")];

document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.closest?.("input, textarea, select");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (isTyping && event.key === "ArrowUp") return;
    const all = rows();
    const at = all.indexOf(document.activeElement);
    if (at < 0 && !isTyping) return;
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) query.focus();
    else all[next]?.focus();
  } else if (event.key === "Escape") {
    if (isTyping && query.value && document.activeElement === query) {
      query.value = "";
    } else if (document.activeElement === query) {
      main.focus();
    } else if (history.state?.depth) {
      history.back();
    } else {
      location.hash = "#/";
    }
  }
});

// Colours

const theme = document.getElementById("theme");
const isDark = () =>
  document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;

function nameTheme() {
  theme.textContent = isDark() ? "Light" : "Dark";
  theme.setAttribute("aria-label", `${theme.textContent} colours`);
}

function remember(value) {
  try {
    if (value) localStorage.setItem("clippings-theme", value);
    return localStorage.getItem("clippings-theme");
  } catch {
    return null; // a browser may keep nothing for a file
  }
}

theme.addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  remember(document.documentElement.dataset.theme);
  nameTheme();
});

// Opening

async function start() {
  const kept = remember();
  if (kept) document.documentElement.dataset.theme = kept;
  nameTheme();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", nameTheme);
  document.getElementById("views").append(
    h(
      "ul",
      {role: "list"},
      Object.entries(VIEWS).map(([path, title]) =>
        h("li", h("a", {href: `#/${path}`, "data-view": path}, title)),
      ),
    ),
  );
  if (!("DecompressionStream" in window)) {
    main.replaceChildren(
      h("h1", "A newer browser is needed"),
      h("p", "This report wants a browser of 2024 or later."),
    );
    return;
  }
  history.scrollRestoration = "manual";
  document.querySelector(".skip").addEventListener("click", event => {
    event.preventDefault(); // the address says what is shown
    main.focus();
  });
  document.addEventListener(
    "click",
    event => {
      const href = event.target.closest?.("a[href]")?.getAttribute("href");
      isStep = Boolean(href) && href !== location.hash && !event.ctrlKey && !event.metaKey;
    },
    true,
  );
  addEventListener("hashchange", showView);
  await openData();
  await showView();
}

start();
