"use strict";
// Bars and the table of months. Every bar is a row of a table or a link that says its number.

/** Show counts as a table with bars: rows of {name, href, number, note}. */
function barTable(caption, noun, rows, most = Math.max(...rows.map(row => row.number))) {
  return h(
    "table.bars",
    h("caption.hidden", caption),
    h("thead.hidden", h("tr", h("th", {scope: "col"}, "Name"), h("th", {scope: "col"}, noun))),
    h(
      "tbody",
      rows.map(({name, href, number, note, label}) =>
        h(
          "tr",
          h(
            "th",
            {scope: "row"},
            h("a", {href, "data-row": true}, name),
            note && h("span.note", note),
          ),
          h("td", bar(number / most, label), h("span.number", count(number))),
        ),
      ),
    ),
  );
}

function bar(share, label) {
  const node = h("span", {class: `bar ${label?.toLowerCase() ?? ""}`, "aria-hidden": "true"});
  node.style.setProperty("--share", Math.max(0.005, share));
  return node;
}

/** Count the dated articles by year or, where they span few years, by month. */
function countPeriods() {
  const dates = D.articles.date.filter(Boolean);
  if (!dates.length) return {periods: [], unit: "year"};
  const [first, last] = [dates[0], dates.at(-1)].map(date => Number(date.slice(0, 4)));
  const unit = last - first < 4 ? "month" : "year";
  const counts = new Map();
  D.articles.date.forEach((date, article) => {
    if (!date || (unit === "month" && D.articles.precision[article] === "year")) return;
    const period = date.slice(0, unit === "month" ? 7 : 4);
    counts.set(period, (counts.get(period) ?? 0) + 1);
  });
  const periods = [];
  for (let year = first; year <= last; year++) {
    const own =
      unit === "year"
        ? [String(year)]
        : MONTHS.map((_, month) => `${year}-${String(month + 1).padStart(2, "0")}`);
    own.forEach(period => periods.push([period, counts.get(period) ?? 0]));
  }
  while (periods.length && !periods[0][1]) periods.shift();
  while (periods.length && !periods.at(-1)[1]) periods.pop();
  return {periods, unit};
}

/** Show the articles over time as columns; `articles` limits it to some of them. */
function timeColumns(articles = null) {
  const {periods, unit} = countPeriods();
  if (!periods.length) return h("p", "No article has a date.");
  const own = articles && new Map();
  articles?.forEach(article => {
    const period = D.articles.date[article]?.slice(0, unit === "month" ? 7 : 4);
    if (period) own.set(period, (own.get(period) ?? 0) + 1);
  });
  const numbers = periods.map(([period, number]) => (own ? (own.get(period) ?? 0) : number));
  const most = Math.max(1, ...numbers);
  const step = d3.tickStep(0, periods.length, 8) || 1;
  const items = periods.map(([period], at) => {
    const number = numbers[at];
    const words = unit === "month" ? writeDate(`${period}-01`, "month") : period;
    const isNamed =
      periods.length <= 10 ||
      (unit === "month" ? at % Math.ceil(step) === 0 : Number(period) % Math.ceil(step) === 0);
    const shown =
      isNamed &&
      h(
        "span.tick",
        {"aria-hidden": "true"},
        unit === "month"
          ? `${MONTHS[period.slice(5) - 1].slice(0, 3)} ${period.slice(2, 4)}`
          : period,
      );
    const column = h("span.column", {"aria-hidden": "true"});
    column.style.setProperty("--share", number / most);
    const inside = [
      h("span.over", {"aria-hidden": "true"}, number === most ? count(number) : ""),
      column,
      shown,
    ];
    return h(
      "li",
      number
        ? h(
            "a",
            {
              href: toPeriod(unit, period),
              title: `${words}: ${plural(number, "article")}`,
              "aria-label": `${words}: ${plural(number, "article")}`,
            },
            inside,
          )
        : h("span.empty", {title: `${words}: no articles`}, inside),
    );
  });
  return h("ol.columns", {role: "list", "aria-label": `Articles by ${unit}`}, items);
}

const toPeriod = (unit, period) => toArticles({[unit]: period});

/** Show every month of every year with its number of articles. */
function monthTable() {
  const counts = new Map();
  D.articles.date.forEach((date, article) => {
    if (!date) return;
    const year = date.slice(0, 4);
    if (!counts.has(year)) counts.set(year, Array(14).fill(0));
    const isYear = D.articles.precision[article] === "year";
    counts.get(year)[isYear ? 12 : Number(date.slice(5, 7)) - 1]++;
    counts.get(year)[13]++;
  });
  const years = [...counts.keys()].sort().reverse();
  const most = Math.max(1, ...years.flatMap(year => counts.get(year).slice(0, 12)));
  const rows = [];
  years.forEach((year, number) => {
    const own = counts.get(year);
    const missing = number ? Number(years[number - 1]) - Number(year) - 1 : 0;
    if (missing) {
      const last = Number(year) + missing;
      rows.push(
        h(
          "tr.none",
          h(
            "th",
            {scope: "row"},
            missing > 1 ? `${Number(year) + 1}–${String(last).slice(2)}` : String(last),
          ),
          h("td", {colspan: 14}, "no articles"),
        ),
      );
    }
    rows.push(
      h(
        "tr",
        h("th", {scope: "row"}, year),
        MONTHS.map((month, at) =>
          monthCell(
            own[at],
            most,
            {month: `${year}-${String(at + 1).padStart(2, "0")}`},
            `${month} ${year}`,
          ),
        ),
        monthCell(own[12], Infinity, {yearonly: year}, `${year}, no month`),
        h(
          "td.total",
          h(
            "a",
            {href: toArticles({year}), "aria-label": `${year}: ${plural(own[13], "article")}`},
            count(own[13]),
          ),
        ),
      ),
    );
  });
  return h(
    "div.scroll",
    {tabindex: "0", role: "region", "aria-label": "Articles by month"},
    h(
      "table.months",
      h("caption.hidden", "Articles by year and month"),
      h(
        "thead",
        h(
          "tr",
          h("th", {scope: "col"}, "Year"),
          MONTHS.map(month =>
            h(
              "th",
              {scope: "col", abbr: month},
              h("span.wide", month.slice(0, 3)),
              h("span.slim", {"aria-hidden": "true"}, month[0]),
            ),
          ),
          h(
            "th",
            {scope: "col"},
            h("span.wide", "No month"),
            h("span.slim", {"aria-hidden": "true"}, "–"),
          ),
          h("th", {scope: "col"}, "All"),
        ),
      ),
      h("tbody", rows),
    ),
  );
}

function monthCell(number, most, filter, words) {
  if (!number) return h("td.zero", h("span", {"aria-hidden": "true"}, "·"), h("span.hidden", "0"));
  const shade = most === Infinity ? 0 : Math.ceil((5 * number) / most);
  return h(
    `td.shade-${shade}`,
    h(
      "a",
      {href: toArticles(filter), "aria-label": `${words}: ${plural(number, "article")}`},
      count(number),
    ),
  );
}
