"use strict";
// The data of the page: unpacked when it is wanted, with the ways from a name to its articles.

const D = {};
const KEPT_BLOCKS = 60;
const blocks = new Map();

/** Unpack a block: base64, gzip, JSON. */
async function unpack(name) {
  const packed = atob(document.getElementById(`data-${name}`).textContent);
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

async function openData() {
  const [overview, names] = await Promise.all([unpack("overview"), unpack("names")]);
  Object.assign(D, overview, names);
  D.count = D.articles.id.length;
  D.articleOf = new Map(D.articles.id.map((id, number) => [id, number]));
  D.entityOf = new Map(D.entities.id.map((id, number) => [id, number]));
  indexMentions();
  D.aliasesOf = groupRows(D.aliases.entity, D.entities.id.length);
  D.storyOf = new Map();
  D.stories.forEach(story => story.forEach(article => D.storyOf.set(article, story)));
}

/** Number the mentions of all articles, and list those of each entity. */
function indexMentions() {
  const {per_article: perArticle, entity} = D.mentions;
  D.firstMention = new Int32Array(D.count + 1);
  D.articleOfMention = new Int32Array(entity.length);
  perArticle.forEach((own, article) => {
    const first = D.firstMention[article];
    D.firstMention[article + 1] = first + own;
    D.articleOfMention.fill(article, first, first + own);
  });
  D.mentionsOf = groupRows(entity, D.entities.id.length);
}

/** List the rows of each key; keys are numbers below `size`, others are left out. */
function groupRows(keys, size) {
  const starts = new Int32Array(size + 1);
  for (const key of keys) if (key >= 0) starts[key + 1]++;
  for (let key = 0; key < size; key++) starts[key + 1] += starts[key];
  const rows = new Int32Array(starts[size]);
  const next = starts.slice();
  keys.forEach((key, row) => {
    if (key >= 0) rows[next[key]++] = row;
  });
  return key => rows.subarray(starts[key], starts[key + 1]);
}

/** List the articles that mention an entity. */
const articlesOf = entity => [
  ...new Set(Array.from(D.mentionsOf(entity), row => D.articleOfMention[row])),
];

const spellingsOf = entity => Array.from(D.aliasesOf(entity), row => D.aliases.alias[row]);

/** List the mentions of entities in an article, as numbers in it. */
function mentionsIn(article, entities) {
  const [first, end] = [D.firstMention[article], D.firstMention[article + 1]];
  const found = [];
  for (let row = first; row < end; row++) {
    if (entities.includes(D.mentions.entity[row])) found.push(row - first);
  }
  return found;
}

/** List the mentions of two entities that stand in the same paragraph, by article. */
function findTogether(one, other) {
  const found = new Map();
  const others = new Set(Array.from(D.mentionsOf(other), paragraphOf));
  for (const row of D.mentionsOf(one)) {
    const key = paragraphOf(row);
    if (others.has(key)) {
      const article = D.articleOfMention[row];
      if (!found.has(article)) found.set(article, new Set());
      found.get(article).add(D.mentions.paragraph[row]);
    }
  }
  return found;
}

const paragraphOf = row => `${D.articleOfMention[row]}/${D.mentions.paragraph[row]}`;

/** List who shares paragraphs with an entity, most first. */
function findCompany(entity) {
  const paragraphs = new Map();
  const seen = new Set();
  for (const row of D.mentionsOf(entity)) {
    const key = paragraphOf(row);
    if (seen.has(key)) continue;
    seen.add(key);
    const article = D.articleOfMention[row];
    const there = new Set();
    for (let other = D.firstMention[article]; other < D.firstMention[article + 1]; other++) {
      if (D.mentions.paragraph[other] === D.mentions.paragraph[row])
        there.add(D.mentions.entity[other]);
    }
    for (const other of there) {
      if (other >= 0 && other !== entity) paragraphs.set(other, (paragraphs.get(other) ?? 0) + 1);
    }
  }
  return [...paragraphs].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

/** Give the text, mentions and raw places of an article; its block is unpacked when first wanted. */
async function readArticle(number) {
  return (await readBlock(Math.floor(number / D.per_block)))[number % D.per_block];
}

function readBlock(block) {
  if (!blocks.has(block)) {
    if (blocks.size >= KEPT_BLOCKS) blocks.delete(blocks.keys().next().value);
    blocks.set(block, unpack(`articles-${block}`));
  }
  return blocks.get(block);
}
