"use strict";
// All names in a table, and one name with all that is said of it.

const PER_TABLE = 100;
const MOST_SPELLINGS = 30;
const SORTS = {
  articles: entity => -D.entities.articles[entity],
  mentions: entity => -D.entities.mentions[entity],
  first: entity => D.entities.first[entity] ?? "9999",
  last: entity => (D.entities.last[entity] ? -Date.parse(D.entities.last[entity]) : Infinity),
};
const RULES = {
  correction: "your correction",
  curated: "a known alias",
  gazetteer: "the gazetteer",
  acronym: "its acronym",
  surname: "a surname beside the full name",
  spelling: "a like spelling",
  alone: "as it stands",
};
const byName = new Intl.Collator("en", {sensitivity: "base"});
const countries = new Intl.DisplayNames("en", {type: "region", fallback: "code"});

const entitiesWith = label =>
  [...D.entities.id.keys()].filter(entity => D.entities.label[entity] === label);

function showNames({params}) {
  const label = params.get("label") in LABELS ? params.get("label") : null;
  const sort = params.get("sort") ?? "articles";
  const entities = sortNames(label ? entitiesWith(label) : [...D.entities.id.keys()], sort);
  const [page, pages] = readPage(params, entities.length, PER_TABLE);
  const head = (key, words, kind) => {
    const order = key === "name" || key === "first" ? "ascending" : "descending";
    return h(
      "th",
      {scope: "col", class: kind, "aria-sort": sort === key ? order : null},
      h("a", {href: changed(params, {sort: key, page: null})}, words),
    );
  };
  const heads = [
    head("name", "Name"),
    head("articles", "Articles", "figure"),
    head("mentions", "Mentions", "figure"),
    head("first", "First", "date"),
    head("last", "Last", "date"),
  ];
  const node = h(
    "section",
    heading(label ? LABELS[label].title : "Names"),
    showTabs(label),
    entities.length
      ? table("Names", heads, entities.slice((page - 1) * PER_TABLE, page * PER_TABLE).map(nameRow))
      : h("p", "No names found."),
    pager(params, page, pages),
  );
  return {title: "Names", node};
}

function sortNames(entities, sort) {
  if (sort === "name")
    return entities.sort((a, b) => byName.compare(D.entities.name[a], D.entities.name[b]));
  const key = SORTS[sort];
  return key ? entities.sort((a, b) => d3.ascending(key(a), key(b)) || a - b) : entities;
}

function showTabs(chosen) {
  const tabs = [[null, "All"], ...Object.entries(LABELS).map(([label, {title}]) => [label, title])];
  return h(
    "ul.tabs",
    {"aria-label": "Kinds of names"},
    tabs.map(([label, title]) =>
      h(
        "li",
        h("a", {href: toNames(label), "aria-current": label === chosen ? "true" : null}, title),
      ),
    ),
  );
}

function nameRow(entity) {
  const {label, articles, mentions, first, last, id} = D.entities;
  const all = toArticles({name: id[entity]});
  return h(
    "tr",
    h(
      "th",
      {scope: "row"},
      dot(label[entity]),
      nameLink(entity),
      h("span.hidden", ` (${LABELS[label[entity]].one})`),
      h("span.note", writeSpellings(entity, 6)),
    ),
    figure(articles[entity], all),
    figure(mentions[entity], all),
    h("td.date", first[entity]?.slice(0, 7) ?? "–"),
    h("td.date", last[entity]?.slice(0, 7) ?? "–"),
  );
}

/** Write the other spellings of a name. */
function writeSpellings(entity, most) {
  const others = spellingsOf(entity).filter(alias => alias !== D.entities.name[entity]);
  if (!others.length) return null;
  const shown = others.slice(0, most).map((alias, number) => [number ? ", " : "", quote(alias)]);
  return others.length > most ? [...shown, ` and ${count(others.length - most)} more`] : shown;
}

async function showEntity({parts, params}) {
  const entity = D.entityOf.get(parts[1]);
  if (entity === undefined) return showNothing("There is no such name in this report.");
  const found = chooseArticles(new URLSearchParams([["name", parts[1]], ...params]));
  const company = findCompany(entity).slice(0, 10);
  const said = await showPage(found, params, articles =>
    writeItems(articles, {entities: [entity]}),
  );
  const node = h(
    "article.entity",
    writeKicker(entity),
    heading(nameOf(entity)),
    writeReach(entity),
    timeColumns(articlesOf(entity)),
    h(
      "div.two",
      part("Spellings", showSpellings(entity)),
      company.length > 0 &&
        part(
          "In one paragraph with",
          barTable(
            "In one paragraph with",
            "Paragraphs",
            company.map(([other, number]) => ({
              ...entityBar(other),
              href: toPair(Math.min(entity, other), Math.max(entity, other)),
              number,
            })),
          ),
        ),
    ),
    h("h2", "What is said"),
    said,
  );
  return {title: D.entities.name[entity], node};
}

function writeKicker(entity) {
  const {label, latitude, longitude} = D.entities;
  const country = noteCountry(entity);
  return h(
    "p.kicker",
    dot(label[entity]),
    LABELS[label[entity]].one,
    country && ` · ${country}`,
    latitude[entity] !== null &&
      ` · ${latitude[entity].toFixed(2)}, ${longitude[entity].toFixed(2)}`,
  );
}

function writeReach(entity) {
  const {articles, mentions, first, last, id} = D.entities;
  const [from, to] = [first[entity], last[entity]].map(day => day && writeDate(day));
  return h(
    "p.lead",
    h("a", {href: toArticles({name: id[entity]})}, plural(articles[entity], "article")),
    `, ${plural(mentions[entity], "mention")}`,
    from && `, ${from === to ? from : `${from} to ${to}`}`,
    ".",
  );
}

function showSpellings(entity) {
  const {alias, mentions, rule} = D.aliases;
  const rows = Array.from(D.aliasesOf(entity));
  return [
    table(
      "Spellings",
      [["Spelling"], ["Mentions", "figure"], ["Known by"]],
      rows
        .slice(0, MOST_SPELLINGS)
        .map(row =>
          h(
            "tr",
            h("th", {scope: "row"}, quote(alias[row])),
            figure(mentions[row], toArticles({spelling: `${D.entities.id[entity]} ${alias[row]}`})),
            h("td.quiet", RULES[rule[row]] ?? rule[row]),
          ),
        ),
    ),
    rows.length > MOST_SPELLINGS && h("p.quiet", `and ${count(rows.length - MOST_SPELLINGS)} more`),
  ];
}

/** Name the country of a place, unless it is the place. */
function noteCountry(entity) {
  const code = D.entities.country[entity];
  const name = code && /^[A-Z]{2}$/.test(code) ? countries.of(code) : code;
  return name === D.entities.name[entity] ? null : name;
}
