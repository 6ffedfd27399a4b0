"use strict";
// Lists of articles: behind every number stands one, with the sentences that bear it out.

const PER_PAGE = 20;
const MOST_SENTENCES = 3;

// Each filter: what it leaves, and how a person would say it.
const FILTERS = {
  name: {
    find: id => new Set(D.entityOf.has(id) ? articlesOf(D.entityOf.get(id)) : []),
    say: id => ["mention ", quote(D.entities.name[D.entityOf.get(id)] ?? id)],
  },
  pair: {
    find: ids => {
      const [one, other] = readPair(ids);
      return new Set(
        one === undefined || other === undefined ? [] : findTogether(one, other).keys(),
      );
    },
    say: ids => [
      "mention ",
      ...readPair(ids).flatMap((entity, number) => [
        number ? " and " : "",
        quote(D.entities.name[entity] ?? "?"),
      ]),
      " in one paragraph",
    ],
  },
  spelling: {
    find: text => new Set(Array.from(readSpelling(text), row => D.articleOfMention[row])),
    say: text => ["mention ", quote(text.slice(text.indexOf(" ") + 1)), ", spelled so"],
  },
  topic: {
    find: topic => chooseBy(D.articles.topics, own => own.includes(D.topics.indexOf(topic))),
    say: topic => ["on ", quote(topic)],
  },
  outlet: {
    find: outlet =>
      chooseBy(D.articles.outlet, own => own >= 0 && own === D.outlets.indexOf(outlet)),
    say: outlet => ["from ", quote(outlet)],
  },
  file: {
    find: path => chooseBy(D.articles.dumps, own => own.includes(D.dumps.path.indexOf(path))),
    say: path => ["in the file ", quote(path)],
  },
  year: {
    find: year => chooseBy(D.articles.date, date => date?.startsWith(year)),
    say: year => [`of ${year}`],
  },
  month: {
    find: month =>
      chooseBy(
        D.articles.date,
        (date, article) => date?.startsWith(month) && D.articles.precision[article] !== "year",
      ),
    say: month => [`of ${writeDate(`${month}-01`, "month")}`],
  },
  yearonly: {
    find: year =>
      chooseBy(
        D.articles.date,
        (date, article) => date?.startsWith(year) && D.articles.precision[article] === "year",
      ),
    say: year => [`of ${year} without a month`],
  },
  undated: {
    find: () => chooseBy(D.articles.date, date => date === null),
    say: () => ["without a date"],
  },
  nooutlet: {
    find: () => chooseBy(D.articles.outlet, outlet => outlet < 0),
    say: () => ["without an outlet"],
  },
  repeated: {
    find: () => chooseBy(D.articles.stands, stands => stands > 1),
    say: () => ["that stand more than once"],
  },
  story: {
    find: id => new Set(D.storyOf.get(D.articleOf.get(id)) ?? []),
    say: () => ["of one story"],
  },
};

const readPair = ids => ids.split(" ").map(id => D.entityOf.get(id));

/** List the mentions of an entity in one spelling: "0a1b Hizballah". */
function readSpelling(text) {
  const entity = D.entityOf.get(text.slice(0, text.indexOf(" ")));
  if (entity === undefined) return [];
  const alias = D.aliasesOf(entity).find(
    row => D.aliases.alias[row] === text.slice(text.indexOf(" ") + 1),
  );
  return D.mentionsOf(entity).filter(row => D.mentions.alias[row] === alias);
}

function chooseBy(column, isChosen) {
  const found = new Set();
  column.forEach((value, article) => {
    if (isChosen(value, article)) found.add(article);
  });
  return found;
}

/** List the articles that all filters leave, newest first unless asked otherwise; undated last. */
function chooseArticles(params) {
  const sets = [...params]
    .filter(([key]) => key in FILTERS)
    .map(([key, value]) => FILTERS[key].find(value));
  let found = [...Array(D.count).keys()];
  for (const set of sets) found = found.filter(article => set.has(article));
  if (params.get("order") === "oldest") return found;
  return newestFirst(found);
}

/** Turn articles in the order of the page around, but leave those without a date last. */
function newestFirst(articles) {
  const dated = articles.filter(article => D.articles.date[article]).reverse();
  return [...dated, ...articles.filter(article => !D.articles.date[article])];
}

async function showArticles({params}) {
  const found = chooseArticles(params);
  const page = await showPage(found, params, articles => writeItems(articles, soughtOf(params)));
  const filters = [...params].filter(([key]) => key in FILTERS);
  const isOldest = params.get("order") === "oldest";
  const node = h(
    "section",
    h(
      "h1",
      {tabindex: "-1"},
      plural(found.length, "article"),
      filters.length > 0 && " ",
      filters.map(([key, value], number) => [number ? ", " : "", FILTERS[key].say(value)]),
    ),
    filters.length > 0 &&
      h(
        "ul.chips",
        {"aria-label": "Filters"},
        filters.map(([key, value]) =>
          h(
            "li",
            h(
              "a",
              {href: without(params, key, value)},
              FILTERS[key].say(value),
              h("span", {"aria-hidden": "true"}, " ×"),
              h("span.hidden", ": take this filter away"),
            ),
          ),
        ),
      ),
    found.length > 1 &&
      h(
        "p.order",
        isOldest ? "Oldest first. " : "Newest first. ",
        h(
          "a",
          {href: changed(params, {order: isOldest ? null : "oldest", page: null})},
          isOldest ? "Newest first" : "Oldest first",
        ),
      ),
    refine(found, params),
    page,
  );
  return {title: plural(found.length, "article"), node};
}

/** The entities that a list is about: their mentions are quoted. */
function soughtOf(params) {
  const pairs = params.getAll("pair").map(readPair);
  const names = params.getAll("name").map(id => D.entityOf.get(id));
  const spellings = params
    .getAll("spelling")
    .map(text => D.entityOf.get(text.slice(0, text.indexOf(" "))));
  return {
    entities: [...names, ...pairs.flat(), ...spellings],
    pair: pairs[0],
    spelling: params.get("spelling"),
  };
}

/** Offer what the found articles have most of as further filters. */
function refine(found, params) {
  if (found.length < 5) return null;
  const topics = new Map(),
    names = new Map();
  for (const article of found) {
    D.articles.topics[article].forEach(topic => topics.set(topic, (topics.get(topic) ?? 0) + 1));
    const there = new Set(
      D.mentions.entity.slice(D.firstMention[article], D.firstMention[article + 1]),
    );
    there.forEach(entity => {
      if (entity >= 0) names.set(entity, (names.get(entity) ?? 0) + 1);
    });
  }
  const most = counts =>
    [...counts]
      .filter(([, times]) => times < found.length)
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, 12);
  const item = (key, value, text, times) =>
    h(
      "li",
      h(
        "a",
        {href: changed(params, {[key]: [...params.getAll(key), value], page: null})},
        quote(text),
      ),
      h("span.quiet", ` ${count(times)}`),
    );
  return h(
    "details.refine",
    h("summary", "Narrow down"),
    h("h2.small", "Names"),
    h(
      "ul.inline",
      most(names).map(([entity, times]) =>
        item("name", D.entities.id[entity], D.entities.name[entity], times),
      ),
    ),
    topics.size > 0 && [
      h("h2.small", "Topics"),
      h(
        "ul.inline",
        most(topics).map(([topic, times]) =>
          item("topic", D.topics[topic], D.topics[topic], times),
        ),
      ),
    ],
  );
}

function changed(params, changes) {
  const next = {};
  for (const key of new Set(params.keys())) next[key] = params.getAll(key);
  return link(readRoute().parts, {...next, ...changes});
}

function without(params, key, value) {
  return changed(params, {[key]: params.getAll(key).filter(each => each !== value), page: null});
}

/** Show one page of a list, and the way to the others. */
async function showPage(all, params, write) {
  const [page, pages] = readPage(params, all.length, PER_PAGE);
  const list = await write(all.slice((page - 1) * PER_PAGE, page * PER_PAGE));
  return [list, pager(params, page, pages)];
}

/** Give the page that is asked for, and how many there are. */
function readPage(params, length, size) {
  const pages = Math.max(1, Math.ceil(length / size));
  return [Math.min(pages, Math.max(1, Number(params.get("page")) || 1)), pages];
}

function pager(params, page, pages) {
  if (pages < 2) return null;
  return h(
    "nav.pager",
    {"aria-label": "Pages"},
    page > 1 && h("a", {href: changed(params, {page: page - 1}), rel: "prev"}, "Previous"),
    h("span", `Page ${count(page)} of ${count(pages)}`),
    page < pages && h("a", {href: changed(params, {page: page + 1}), rel: "next"}, "Next"),
  );
}

async function writeItems(articles, sought = {entities: []}) {
  const texts = await Promise.all(articles.map(readArticle));
  return h(
    "ol.articles",
    {role: "list"},
    articles.map((article, number) => writeItem(article, texts[number], sought)),
  );
}

function writeItem(article, text, sought) {
  return h(
    "li",
    h("h2.title", titleLink(article)),
    writeMeta(article),
    quoteSentences(article, text, sought).map(nodes => h("p.sentence", {dir: "auto"}, nodes)),
  );
}

function writeMeta(article) {
  const outlet = D.articles.outlet[article];
  const topics = D.articles.topics[article].slice(0, 3).map(topic => D.topics[topic]);
  return h(
    "p.meta",
    h("span.date", dateOf(article)),
    outlet >= 0 && [" · ", quote(D.outlets[outlet])],
    ` · ${plural(D.articles.words[article], "word")}`,
    topics.map((topic, number) => [number ? ", " : " · ", quote(topic)]),
  );
}

/** Quote the sentences that name what is sought; without that, the first sentence. */
function quoteSentences(article, text, {entities, pair, spelling}) {
  let mentions = mentionsIn(article, entities);
  if (spelling) {
    const rows = new Set(readSpelling(spelling));
    mentions = mentions.filter(mention => rows.has(D.firstMention[article] + mention));
  }
  if (pair) {
    const paragraphs = findTogether(...pair).get(article);
    mentions = mentions.filter(mention =>
      paragraphs?.has(D.mentions.paragraph[D.firstMention[article] + mention]),
    );
  }
  const inBody = mentions.filter(mention => mention >= text.titles);
  if (!inBody.length) {
    const [from, to] = findSentence(text.body, 0, Math.min(1, text.body.length));
    const lead = text.body ? [markNames(article, text, false, from, to, {})] : [];
    return mentions.length ? [[h("span.quiet", "In the headline. "), ...lead.flat()]] : lead;
  }
  const ranges = [];
  for (const mention of inBody) {
    const last = ranges.at(-1);
    if (last && text.starts[mention] < last[1]) continue;
    ranges.push(findSentence(text.body, text.starts[mention], text.ends[mention]));
  }
  const shown = ranges
    .slice(0, MOST_SENTENCES)
    .map(([from, to]) => markNames(article, text, false, from, to, {mentions}));
  const more = ranges.length - shown.length;
  if (more)
    shown.push([h("a.quiet", {href: toArticle(article)}, `and ${plural(more, "sentence")} more`)]);
  return shown;
}
