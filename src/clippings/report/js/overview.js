"use strict";
// The first view: how many, from when to when, who and where most.

function showOverview() {
  if (!D.count) return showEmpty();
  const map = h("div.chart");
  const node = h(
    "section.overview",
    heading(plural(D.count, "article"), h("span.period", writePeriod())),
    h("p.lead", writeTotals()),
    showTiles(),
    part("When", timeColumns(), writeLongestGap(), more("#/time", "Months and gaps")),
    h("div.three", Object.keys(LABELS).map(showTop)),
    part(
      "Where",
      listPlaces().length ? map : h("p", "No place could be located."),
      more("#/map", "Larger map and table"),
    ),
    D.links.a.length > 0 &&
      part("Together in one paragraph", linkBars(10), more("#/together", "Network and table")),
    h(
      "div.two",
      D.topics.length > 0 &&
        part("Topics", topicBars(10), more("#/topics", `All ${plural(D.topics.length, "topic")}`)),
      D.outlets.length > 0 &&
        part(
          "Outlets",
          outletBars(10),
          more("#/topics", `All ${plural(D.outlets.length, "outlet")}`),
        ),
    ),
  );
  return {title: "Overview", node, ready: () => drawWhenSeen(map, drawMap)};
}

function showEmpty() {
  const problems = D.problems.path.length;
  const node = h(
    "section",
    heading("No articles yet"),
    h(
      "p.lead",
      D.totals.dumps
        ? `${plural(D.totals.dumps, "file")} found in the raw folder, and no article. `
        : "The raw folder held no file. ",
      "Put files into it, run ",
      h("code", "clippings ingest"),
      " and write the report again.",
    ),
    problems > 0 && h("p", h("a", {href: "#/checks"}, plural(problems, "problem"), " to look at")),
  );
  return {title: "Overview", node};
}

/** Say from when to when the articles are. */
function writePeriod() {
  const dated = [...D.articles.date.keys()].filter(article => D.articles.date[article]);
  if (!dated.length) return "";
  const [first, last] = [dateOf(dated[0]), dateOf(dated.at(-1))];
  return first === last ? first : `${first} to ${last}`;
}

function writeTotals() {
  const {dumps, words, mentions, undated} = D.totals;
  const repeated = D.articles.stands.filter(stands => stands > 1).length;
  const problems = D.problems.path.length;
  const verb = (number, one, many) => (number === 1 ? one : many);
  return [
    "From ",
    h("a", {href: "#/checks"}, plural(dumps, "file")),
    `, ${plural(words, "word")}, ${plural(mentions, "mention")} of names. `,
    undated > 0 && [
      h("a", {href: toArticles({undated: 1})}, plural(undated, "article")),
      verb(undated, " has no date. ", " have no date. "),
    ],
    repeated > 0 && [
      h("a", {href: toArticles({repeated: 1})}, plural(repeated, "article")),
      verb(
        repeated,
        " stands more than once and is counted once. ",
        " stand more than once and are counted once. ",
      ),
    ],
    problems > 0 && [
      h("a", {href: "#/checks"}, plural(problems, "problem")),
      verb(problems, " wants a person.", " want a person."),
    ],
  ];
}

function showTiles() {
  const tiles = [
    [D.count, "article", "#/articles"],
    ...Object.entries(LABELS).map(([label, {one}]) => [
      entitiesWith(label).length,
      one,
      toNames(label),
    ]),
    [D.topics.length, "topic", "#/topics"],
    [D.outlets.length, "outlet", "#/topics"],
    [D.stories.length, "repeated story", "#/stories"],
    [D.gaps.length, "gap", "#/time"],
  ];
  return h(
    "ul.tiles",
    {role: "list"},
    tiles.map(([number, noun, href]) =>
      h("li", h("a", {href}, h("strong", count(number)), " ", h("span", nounFor(number, noun)))),
    ),
  );
}

function writeLongestGap() {
  if (!D.gaps.length) return null;
  const {days, first, last} = D.gaps[0];
  return h(
    "p",
    `The longest gap is ${plural(days, "day")}, ${writeDate(first)} to ${writeDate(last)}.`,
  );
}

function showTop(label) {
  const entities = entitiesWith(label);
  const {title, one, many} = LABELS[label];
  if (!entities.length) return part(title, h("p", `No ${many} found.`));
  const rows = entities
    .slice(0, 8)
    .map(entity => ({...entityBar(entity), note: writeSpellings(entity, 2)}));
  return part(
    title,
    barTable(title, "Articles", rows),
    more(toNames(label), `All ${plural(entities.length, one)}`),
  );
}

const entityBar = entity => ({
  name: nameOf(entity),
  href: toEntity(entity),
  number: D.entities.articles[entity],
  label: D.entities.label[entity],
});

function linkBars(most) {
  const {a, b, paragraphs} = D.links;
  return barTable(
    "Names in one paragraph",
    "Paragraphs",
    a.slice(0, most).map((_, row) => ({
      name: [nameOf(a[row]), h("span.quiet", " and "), nameOf(b[row])],
      href: toPair(a[row], b[row]),
      number: paragraphs[row],
    })),
  );
}
