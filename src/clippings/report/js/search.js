"use strict";
// One box for titles, names, topics, outlets and the text itself; results come as one types.

const MOST_OF_A_KIND = 12;
const MOST_OPENED = 1000;
const MOST_IN_TEXT = 50;
let searched = null; // what is searched, in plain letters; made on the first search
let searchTurn = 0;

/** Take accents and capitals off: "Erdoğan" is found by "erdogan". */
const plain = text =>
  text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[’‘ʼʻ`´]/g, "'")
    .toLowerCase();

function prepareSearch() {
  searched ??= {
    titles: D.articles.title.map(title => plain(title ?? "")),
    topics: D.topics.map(plain),
    outlets: D.outlets.map(plain),
    names: D.entities.name.map((name, entity) => plain([name, ...spellingsOf(entity)].join("\n"))),
  };
  return searched;
}

/** Find the rows that hold all words; those that hold them side by side, and whole, come first. */
function findRows(texts, words) {
  const found = [];
  const phrase = words.join(" ");
  const rank = text =>
    text.startsWith(phrase)
      ? 0
      : ` ${text} `.includes(` ${phrase} `)
        ? 1
        : text.includes(phrase)
          ? 2
          : 3;
  texts.forEach((text, row) => {
    if (words.every(word => text.includes(word))) found.push([rank(text), row]);
  });
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, row]) => row);
}

function showSearch({params}) {
  const query = params.get("q") ?? "";
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) {
    return {
      title: "Search",
      node: h(
        "section",
        heading("Search"),
        h("p", "Type a name, a word of a title, a topic, an outlet or a word of the text."),
      ),
      keepFocus: true,
    };
  }
  const groups = findGroups(words).filter(({found}) => found.length);
  const inText = h("div", h("p.quiet", "Looking through the texts …"));
  const node = h(
    "section.results",
    heading("Search: ", quote(query)),
    h(
      "div.kinds",
      groups.map(group => showGroup(group, params)),
    ),
    h("section", h("h2", {id: "in-text"}, "In the text"), inText),
  );
  announce(groups.map(({title, found}) => `${title}: ${count(found.length)}`).join(", "));
  const ready = () => {
    searchTexts(words, inText);
  };
  return {title: `Search: ${query}`, node, keepFocus: true, ready};
}

/** Find the words in all that has a name of its own. */
function findGroups(words) {
  const {titles, topics, outlets, names} = prepareSearch();
  const writeName = entity =>
    resultOf(toEntity(entity), D.entities.name[entity], [
      `${LABELS[D.entities.label[entity]].one} · ${plural(D.entities.articles[entity], "article")}`,
      writeSpellings(entity, 3) && [" · ", writeSpellings(entity, 3)],
    ]);
  const writeTopic = topic =>
    resultOf(toArticles({topic: D.topics[topic]}), D.topics[topic], "topic");
  const writeOutlet = outlet =>
    resultOf(toArticles({outlet: D.outlets[outlet]}), D.outlets[outlet], "outlet");
  const writeTitle = article => resultOf(toArticle(article), titleOf(article), dateOf(article));
  return [
    {title: "Names", found: findRows(names, words), write: writeName},
    {title: "Topics", found: findRows(topics, words), write: writeTopic},
    {title: "Outlets", found: findRows(outlets, words), write: writeOutlet},
    {title: "Titles", found: findRows(titles, words), write: writeTitle},
  ];
}

function showGroup({title, found, write}, params) {
  const isOpen = params.get("all") === title;
  const shown = found.slice(0, isOpen ? MOST_OPENED : MOST_OF_A_KIND);
  const words =
    found.length > MOST_OPENED ? `The first ${count(MOST_OPENED)}` : `All ${count(found.length)}`;
  return h(
    "section",
    h("h2", `${title} `, h("span.quiet", count(found.length))),
    h("ul.found", {role: "list"}, shown.map(write)),
    !isOpen && found.length > MOST_OF_A_KIND && more(changed(params, {all: title}), words),
  );
}

function resultOf(href, name, note) {
  return h("li", h("a", {href, ...ROW}, quote(name)), " ", h("span.quiet", note));
}

/** Look through all texts, block by block, without holding up the page. */
async function searchTexts(words, box) {
  const turn = ++searchTurn;
  const found = new Set();
  const all = Math.ceil(D.count / D.per_block);
  for (let block = all - 1; block >= 0; block--) {
    const texts = await readBlock(block);
    if (turn !== searchTurn || !box.isConnected) return;
    for (let row = texts.length - 1; row >= 0; row--) {
      const text = plain(texts[row].body);
      if (words.every(word => text.includes(word))) found.add(block * D.per_block + row);
    }
    if (block % 10 === 0)
      box.replaceChildren(
        h(
          "p.quiet",
          `Looking through the texts: ${count(all - block)} of ${count(all)} blocks, ${plural(found.size, "article")} so far`,
        ),
      );
    if (block % 5 === 0) await new Promise(resolve => setTimeout(resolve));
  }
  const newest = newestFirst(
    [...Array(D.count).keys()].filter(article => found.has(article)),
  ).slice(0, MOST_IN_TEXT);
  const texts = await Promise.all(newest.map(readArticle));
  if (turn !== searchTurn) return;
  const items = newest.map((article, at) =>
    h(
      "li",
      h("h3.title", titleLink(article)),
      writeMeta(article),
      quoteWord(article, texts[at], words[0]),
    ),
  );
  box.replaceChildren(
    h(
      "p",
      plural(found.size, "article"),
      found.size > MOST_IN_TEXT && `; the ${MOST_IN_TEXT} newest are shown`,
    ),
    h("ol.articles", {role: "list"}, items),
  );
  announce(`In the text: ${plural(found.size, "article")}`);
}

/** Quote the first sentence that holds a word; accents do not move its place by more than a sentence. */
function quoteWord(article, text, word) {
  let at = text.body.toLowerCase().indexOf(word);
  if (at < 0) at = Math.min(plain(text.body).indexOf(word), text.body.length - 1);
  const [from, to] = findSentence(text.body, at, at + 1);
  return h("p.sentence", {dir: "auto"}, markNames(article, text, false, from, to, {}));
}
