"use strict";
// Elements, numbers and dates. What comes from the tables enters the page as text nodes only.

const SVG_TAGS = new Set(["svg", "g", "path", "circle", "line", "text"]);

/**
 * Make an element: h("a.button", {href: "#/"}, "Home") or h("p", "Words"); what is null, false or
 * undefined is left out.
 */
function h(tag, ...children) {
  const properties =
    Object.getPrototypeOf(children[0] ?? 0) === Object.prototype ? children.shift() : {};
  const [name, ...classes] = tag.split(".");
  const isSvg = SVG_TAGS.has(name);
  const node = isSvg
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  const isThere = each => each !== null && each !== undefined && each !== false;
  node.append(...children.flat(Infinity).filter(isThere));
  return node;
}

/** Quote a text of the dumps: it has its own direction and cannot turn what stands beside it. */
const quote = text => h("bdi", {dir: "auto"}, text);

const count = number => number.toLocaleString("en");
const PLURALS = {story: "stories", "repeated story": "repeated stories", person: "people"};
const nounFor = (number, noun) => (number === 1 ? noun : (PLURALS[noun] ?? `${noun}s`));

/** Write a number with its noun: "1 article", "12 articles". */
const plural = (number, noun) => `${count(number)} ${nounFor(number, noun)}`;

const DATES = Object.fromEntries(
  Object.entries({
    day: {day: "numeric", month: "long", year: "numeric"},
    month: {month: "long", year: "numeric"},
    year: {year: "numeric"},
  }).map(([precision, form]) => [
    precision,
    new Intl.DateTimeFormat("en-GB", {...form, timeZone: "UTC"}),
  ]),
);
const MONTHS = [...Array(12).keys()].map(month =>
  new Intl.DateTimeFormat("en-GB", {month: "long", timeZone: "UTC"}).format(Date.UTC(2000, month)),
);

function writeDate(iso, precision = "day") {
  return iso ? DATES[precision ?? "day"].format(new Date(`${iso}T00:00:00Z`)) : "no date";
}

const LABELS = {
  PERSON: {one: "person", many: "people", title: "People"},
  ORG: {one: "organisation", many: "organisations", title: "Organisations"},
  PLACE: {one: "place", many: "places", title: "Places"},
};
const LABEL_OF = {PE: "PERSON", OR: "ORG", PL: "PLACE"};

/** Say something to a screen reader without moving the focus. */
function announce(text) {
  document.getElementById("status").textContent = text;
}

/** Show control and direction marks of a raw text as their numbers, so that they do nothing. */
function showRaw(text) {
  return text
    .split(
      /([\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff])/,
    )
    .map((piece, number) =>
      number % 2
        ? h("span.control", `U+${piece.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`)
        : piece,
    );
}

/** Make a table that can be scrolled; heads are [words, class], the rows are elements. */
function table(caption, heads, rows) {
  const head = ([words, kind]) => h("th", {scope: "col", class: kind}, words);
  return h(
    "div.scroll",
    {tabindex: "0", role: "region", "aria-label": caption},
    h(
      "table.rows",
      h("caption.hidden", caption),
      h(
        "thead",
        h(
          "tr",
          heads.map(each => (each instanceof Node ? each : head(each))),
        ),
      ),
      h("tbody", rows),
    ),
  );
}

const figure = (number, href) =>
  h("td.figure", number === null ? "–" : href ? h("a", {href}, count(number)) : count(number));

const heading = (...words) => h("h1", {tabindex: "-1"}, words);
const ROW = {"data-row": true}; // the arrow keys go along these
const dot = label => h(`span.dot.${label.toLowerCase()}`, {"aria-hidden": "true"});

/** A part of a view with its heading. */
const part = (title, ...content) => h("section.part", h("h2", title), content);

/** The way to more of what a part shows. */
const more = (href, words) => h("p.more", h("a", {href}, words));
