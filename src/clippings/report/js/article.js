"use strict";
// One article: its text with the names in it, and the place in the raw file that holds it.

const MOST_RAW_BYTES = 2 ** 18;
const sentences = "Segmenter" in Intl ? new Intl.Segmenter("en", {granularity: "sentence"}) : null;

/** Write a stretch of a field with its mentions as links to their place in the raw file. */
function markNames(article, text, isTitle, from, to, chosen) {
  const source = isTitle ? D.articles.title[article] : text.body;
  const nodes = [];
  let at = from;
  const [first, end] = isTitle ? [0, text.titles] : [text.titles, text.starts.length];
  for (let mention = first; mention < end; mention++) {
    const [start, stop] = [text.starts[mention], text.ends[mention]];
    if (start < at || stop > to) continue;
    nodes.push(
      source.slice(at, start),
      writeMention(article, text, mention, source.slice(start, stop), chosen),
    );
    at = stop;
  }
  nodes.push(source.slice(at, to));
  return nodes;
}

function writeMention(article, text, mention, surface, chosen) {
  const label = LABEL_OF[text.labels.slice(2 * mention, 2 * mention + 2)];
  return h(
    "a",
    {
      href: toArticle(article, mention),
      id: chosen.anchors ? `mention-${mention}` : null,
      "aria-current": chosen.mention === mention ? "true" : null,
      class: `mention ${label.toLowerCase()}${chosen.mentions?.includes(mention) ? " sought" : ""}`,
    },
    surface,
    h("span.hidden", ` (${LABELS[label].one})`),
  );
}

/** Give start and end of the sentence around a stretch of a body. */
function findSentence(body, start, end) {
  const before = start ? body.lastIndexOf("\n\n", start - 1) : -1;
  const first = before < 0 ? 0 : before + 2;
  const next = body.indexOf("\n\n", end);
  const last = next < 0 ? body.length : next;
  if (!sentences) return [first, last];
  let from = first,
    to = last;
  for (const {index, segment} of sentences.segment(body.slice(first, last))) {
    if (first + index <= start) from = first + index;
    to = first + index + segment.length;
    if (to >= end) break;
  }
  return [from, to];
}

async function showArticle({parts, params}) {
  const article = D.articleOf.get(parts[1]);
  if (article === undefined) return showNothing("There is no such article in this report.");
  const text = await readArticle(article);
  const mention = params.has("mention") ? Number(params.get("mention")) : null;
  const isThere = mention !== null && mention >= 0 && mention < text.starts.length;
  const chosen = {mention: isThere ? mention : null, anchors: true};
  const title = D.articles.title[article];
  const raw = showPlaces(article, text, chosen.mention, Number(params.get("stand") ?? 0));
  const node = h(
    "article.reading",
    h(
      "div.words",
      h(
        "h1",
        {dir: "auto", tabindex: "-1"},
        title === null ? titleOf(article) : markNames(article, text, true, 0, title.length, chosen),
      ),
      showFacts(article, text),
      h(
        "p.legend",
        "Names in the text: ",
        Object.entries(LABELS).map(([label, {one}]) => [
          h(`span.mention.${label.toLowerCase()}`, one),
          " ",
        ]),
        "Choose one to see its place in the raw file.",
      ),
      h("div.body", writeParagraphs(article, text, chosen)),
      showNamesOf(article),
    ),
    raw,
  );
  return {
    title: titleOf(article),
    node,
    ready: () => settleArticle(chosen.mention, params.has("stand")),
  };
}

function writeParagraphs(article, text, chosen) {
  let at = 0;
  return text.body.split("\n\n").map(paragraph => {
    const from = at;
    at += paragraph.length + 2;
    return h(
      "p",
      {dir: "auto"},
      markNames(article, text, false, from, from + paragraph.length, chosen),
    );
  });
}

function showFacts(article, text) {
  const outlet = D.articles.outlet[article];
  const story = D.storyOf.get(article);
  const date = D.articles.date[article];
  const facts = {
    Date: date
      ? [
          h(
            "a",
            {
              href: toArticles(
                D.articles.precision[article] === "year"
                  ? {year: date.slice(0, 4)}
                  : {month: date.slice(0, 7)},
              ),
            },
            dateOf(article),
          ),
          h("span.quiet", " printed: ", quote(text.printed)),
        ]
      : text.printed
        ? ["none that is certain; printed: ", quote(text.printed)]
        : "none printed",
    Outlet:
      outlet >= 0 &&
      h("a", {href: toArticles({outlet: D.outlets[outlet]})}, quote(D.outlets[outlet])),
    Byline: text.byline && quote(text.byline),
    Dateline: text.dateline && quote(text.dateline),
    Topics:
      D.articles.topics[article].length > 0 &&
      D.articles.topics[article].map((topic, number) => [
        number ? ", " : "",
        h("a", {href: toArticles({topic: D.topics[topic]})}, quote(D.topics[topic])),
      ]),
    Words: count(D.articles.words[article]),
    "Same story":
      story &&
      h(
        "a",
        {href: toArticles({story: D.articles.id[story[0]]})},
        `${plural(story.length, "article")} nearly the same`,
      ),
  };
  return h(
    "dl.facts",
    Object.entries(facts)
      .filter(([, value]) => value)
      .map(([name, value]) => h("div", h("dt", name), h("dd", value))),
  );
}

/** List the names of an article by label, each with the way to all its articles. */
function showNamesOf(article) {
  const counts = new Map();
  for (let row = D.firstMention[article]; row < D.firstMention[article + 1]; row++) {
    const entity = D.mentions.entity[row];
    if (entity >= 0) counts.set(entity, (counts.get(entity) ?? 0) + 1);
  }
  if (!counts.size) return null;
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return h(
    "section.who",
    h("h2", "Who and where"),
    Object.entries(LABELS).map(([label, {title}]) => {
      const own = sorted.filter(([entity]) => D.entities.label[entity] === label);
      return (
        own.length > 0 &&
        h(
          "div",
          h("h3", title),
          h(
            "ul.inline",
            own.map(([entity, times]) =>
              h(
                "li",
                h("a", {href: toEntity(entity)}, nameOf(entity)),
                times > 1 && h("span.quiet", ` ${times}`),
              ),
            ),
          ),
        )
      );
    }),
  );
}

/** Show where the article, and a mention in it, stands in the raw files, with the words there. */
function showPlaces(article, text, mention, chosenStand) {
  const stand = text.stands[chosenStand] ?? text.stands[0];
  const row = mention === null ? null : D.firstMention[article] + mention;
  const entity = row === null ? -1 : D.mentions.entity[row];
  return h(
    "aside.raw",
    {id: "raw", "aria-labelledby": "raw-title"},
    h("h2", {id: "raw-title", tabindex: "-1"}, "In the raw file"),
    row !== null &&
      h(
        "p.chosen",
        h("strong", quote(surfaceOf(article, text, mention))),
        ", ",
        LABELS[LABEL_OF[text.labels.slice(2 * mention, 2 * mention + 2)]].one,
        entity >= 0 && [
          ": ",
          h("a", {href: toEntity(entity)}, "all of ", quote(D.entities.name[entity])),
        ],
      ),
    text.stands.length > 1 &&
      h(
        "p",
        `This article stands in the raw files ${count(text.stands.length)} times: `,
        text.stands.map((each, number) => [
          number ? ", " : "",
          h(
            "a",
            {
              href: link(["article", D.articles.id[article]], {mention, stand: number}),
              "aria-current": each === stand ? "true" : null,
            },
            quote(D.dumps.path[each.dump]),
            ` (${each.position})`,
          ),
        ]),
      ),
    stand && showStand(stand, mention),
    mention !== null &&
      h(
        "p.narrow",
        h(
          "button",
          {type: "button", onclick: () => document.getElementById(`mention-${mention}`)?.focus()},
          "Back to the words",
        ),
      ),
  );
}

function showStand(stand, mention) {
  const place =
    stand.raw === undefined || mention === null
      ? null
      : stand.places.slice(4 * mention, 4 * mention + 4);
  return [
    h(
      "dl.stand",
      h("div", h("dt", "File"), h("dd", fileLink(stand.dump))),
      h(
        "div",
        h("dt", "Article"),
        h(
          "dd",
          `number ${count(stand.position)} in the file, bytes `,
          h(
            "data",
            {id: "article-bytes", value: `${stand.start} ${stand.end}`},
            `${count(stand.start)} to ${count(stand.end)}`,
          ),
        ),
      ),
      place &&
        h(
          "div",
          h("dt", "Name"),
          h(
            "dd",
            "bytes ",
            h(
              "data",
              {id: "mention-bytes", value: `${place[0]} ${place[1]}`},
              `${count(place[0])} to ${count(place[1])}`,
            ),
          ),
        ),
    ),
    D.dumps.is_office[stand.dump] &&
      h("p.note", "This is an office document: the bytes are those of its text as UTF-8."),
    stand.raw === undefined
      ? h(
          "p.note",
          stand.end - stand.start > MOST_RAW_BYTES
            ? "This stretch is too long to be shown here. Open the file at these bytes."
            : "The raw file was gone or had changed when this report was written, so its words cannot be shown.",
        )
      : h(
          "pre.excerpt",
          {tabindex: "0", role: "region", "aria-label": "The words of the raw file", dir: "auto"},
          place
            ? [
                showRaw(stand.raw.slice(0, place[2])),
                h("mark", {id: "raw-mark"}, showRaw(stand.raw.slice(place[2], place[3]))),
                showRaw(stand.raw.slice(place[3])),
              ]
            : showRaw(stand.raw),
        ),
    h("p.quiet", "The first byte of a file is 0; the second number is the byte behind the last."),
  ];
}

const surfaceOf = (article, text, mention) =>
  (mention < text.titles ? D.articles.title[article] : text.body).slice(
    text.starts[mention],
    text.ends[mention],
  );

/** Bring the chosen name into view: in the raw file, and on a narrow screen the raw file itself. */
function settleArticle(mention, isStand) {
  const mark = document.getElementById("raw-mark");
  const excerpt = mark?.closest("pre");
  if (excerpt) excerpt.scrollTop = mark.offsetTop - excerpt.offsetTop - excerpt.clientHeight / 3;
  if (mention === null && !isStand) return false;
  const isNarrow = matchMedia("(max-width: 60rem)").matches;
  const anchor =
    isNarrow || isStand
      ? document.getElementById("raw-title")
      : document.getElementById(`mention-${mention}`);
  anchor.focus({preventScroll: true});
  anchor.scrollIntoView({block: isNarrow ? "start" : "nearest"});
  if (mark)
    announce(`Its place in the raw file: ${document.getElementById("mention-bytes").textContent}`);
  return true;
}
