"use strict";
// The other views: each gives a title and the node to show.

const MOST_BARS = 300;

function showNothing(words) {
  const node = h(
    "section",
    heading("Nothing there"),
    h("p", words, " ", h("a", {href: "#/"}, "Go to the overview.")),
  );
  return {title: "Nothing there", node};
}

function showTime() {
  const {undated} = D.totals;
  const node = h(
    "section",
    heading("Time"),
    h(
      "p.lead",
      writePeriod(),
      ". ",
      undated > 0
        ? [
            h("a", {href: toArticles({undated: 1})}, plural(undated, "article")),
            ` without a date ${undated === 1 ? "is" : "are"} not in these charts.`,
          ]
        : "Every article has a date.",
    ),
    timeColumns(),
    h("h2", "Month by month"),
    monthTable(),
    h("h2", "Gaps"),
    showGaps(),
  );
  return {title: "Time", node};
}

function showGaps() {
  if (!D.gaps.length)
    return h("p", "There is no week without an article between the first and the last.");
  const neighbour = article => h("div", titleLink(article), h("span.quiet", ` ${dateOf(article)}`));
  return [
    h(
      "p",
      "The longest stretches of a week or more without an article. An article dated by its month or year covers all of it.",
    ),
    table(
      "Gaps",
      [["Days", "figure"], ["Without an article"], ["Last before and first after"]],
      D.gaps.map(gap =>
        h(
          "tr",
          figure(gap.days),
          h("td", `${writeDate(gap.first)} to ${writeDate(gap.last)}`),
          h("td", neighbour(gap.before), neighbour(gap.after)),
        ),
      ),
    ),
  ];
}

function showTogether() {
  const {a, b, paragraphs, articles} = D.links;
  const box = h("div.chart");
  const heads = [["Name"], ["Name"], ["Paragraphs", "figure"], ["Articles", "figure"]];
  const row = (_, at) =>
    h(
      "tr",
      h("td", nameLink(a[at])),
      h("td", nameLink(b[at])),
      figure(paragraphs[at], toPair(a[at], b[at])),
      figure(articles[at], toPair(a[at], b[at])),
    );
  const node = h(
    "section",
    heading("Together"),
    h(
      "p.lead",
      "Names that stand in the same paragraph, a headline counted as one. Choose a name or a line.",
    ),
    a.length
      ? [
          box,
          h(
            "p.legend",
            Object.entries(LABELS).map(([label, {title}]) => [dot(label), title, "  "]),
          ),
          h("h2", a.length < 200 ? "All links" : "The 200 strongest links"),
          table("Links", heads, a.map(row)),
        ]
      : h("p", "No two names share a paragraph."),
  );
  return {title: "Together", node, ready: () => a.length && drawWhenSeen(box, drawNetwork)};
}

function showMap() {
  const places = listPlaces();
  const missing = entitiesWith("PLACE").length - places.length;
  const box = h("div.chart");
  const all = toNames("PLACE");
  const rows = places
    .slice(0, 100)
    .map(entity => ({...entityBar(entity), note: noteCountry(entity)}));
  const node = h(
    "section",
    heading("Map"),
    h(
      "p.lead",
      `${plural(places.length, "place")} with known coordinates; the larger, the more articles. `,
      missing > 0 && [
        h("a", {href: all}, `${plural(missing, "place")} more`),
        " could not be located.",
      ],
      places.length > MOST_PLACES && ` The ${MOST_PLACES} most frequent are drawn.`,
    ),
    places.length > 0 && [box, h("h2", "Places"), barTable("Places on the map", "Articles", rows)],
    places.length > 100 && more(all, "All places"),
  );
  return {title: "Map", node, ready: () => places.length && drawWhenSeen(box, drawMap)};
}

function showTopics() {
  const without = D.articles.outlet.filter(outlet => outlet < 0).length;
  const rest = all =>
    all.length > MOST_BARS &&
    h(
      "p.quiet",
      `The ${MOST_BARS} most frequent of ${count(all.length)}; search finds the others.`,
    );
  const node = h(
    "section",
    heading("Topics and outlets"),
    h(
      "div.two",
      part(
        "Topics",
        D.topics.length ? topicBars(MOST_BARS) : h("p", "No article names its topics."),
        rest(D.topics),
      ),
      part(
        "Outlets",
        without > 0 &&
          h(
            "p",
            h("a", {href: toArticles({nooutlet: 1})}, plural(without, "article")),
            " without an outlet.",
          ),
        D.outlets.length > 0 && outletBars(MOST_BARS),
        rest(D.outlets),
      ),
    ),
  );
  return {title: "Topics and outlets", node};
}

function topicBars(most) {
  const counts = countBy(D.articles.topics.flat());
  return barTable(
    "Topics",
    "Articles",
    D.topics.slice(0, most).map((topic, number) => ({
      name: quote(topic),
      href: toArticles({topic}),
      number: counts.get(number),
    })),
  );
}

function outletBars(most) {
  const counts = countBy(D.articles.outlet);
  return barTable(
    "Outlets",
    "Articles",
    D.outlets.slice(0, most).map((outlet, number) => ({
      name: quote(outlet),
      href: toArticles({outlet}),
      number: counts.get(number),
    })),
  );
}

function countBy(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

async function showStories({params}) {
  const list = stories => h("ol.articles", {role: "list"}, stories.map(writeStory));
  const node = h(
    "section",
    heading("Stories"),
    h(
      "p.lead",
      D.stories.length
        ? `${plural(D.stories.length, "story")} told by two articles or more that are nearly the same.`
        : "No two articles are nearly the same.",
    ),
    D.stories.length > 0 && (await showPage(D.stories, params, list)),
  );
  return {title: "Stories", node};
}

function writeStory(story) {
  const version = (article, number) => {
    const outlet = D.articles.outlet[article];
    return [
      number ? ", " : "",
      h(
        "a",
        {href: toArticle(article)},
        outlet < 0 ? "no outlet" : quote(D.outlets[outlet]),
        h("span.quiet", ` ${dateOf(article)}`),
      ),
    ];
  };
  return h(
    "li",
    h(
      "h2.title",
      h(
        "a",
        {href: toArticles({story: D.articles.id[story[0]]}), ...ROW},
        quote(titleOf(story[0])),
      ),
    ),
    h(
      "p.meta",
      plural(story.length, "article"),
      ": ",
      story.slice(0, 8).map(version),
      story.length > 8 && ` and ${count(story.length - 8)} more`,
    ),
  );
}
