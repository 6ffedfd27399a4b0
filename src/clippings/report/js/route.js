"use strict";
// Where the reader is: all of it stands in the address behind "#", so that back and links work.

/** Read the address: "#/article/0a1b?mention=3". */
function readRoute() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return {
    parts: path.split("/").filter(Boolean).map(decode),
    params: new URLSearchParams(query ?? ""),
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Write an address; a value that is a list stands several times, null not at all. */
function link(parts, params = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    for (const each of [value].flat())
      if (each !== null && each !== undefined) query.append(key, each);
  }
  const text = query.toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text && "?"}${text}`;
}

const toArticle = (article, mention) => link(["article", D.articles.id[article]], {mention});
const toEntity = entity => link(["name", D.entities.id[entity]]);
const toArticles = filter => link(["articles"], filter);
const toPair = (a, b) => toArticles({pair: `${D.entities.id[a]} ${D.entities.id[b]}`});
const toNames = label => link(["names"], {label});

const nameOf = entity => quote(D.entities.name[entity]);
const nameLink = entity => h("a", {href: toEntity(entity), ...ROW}, nameOf(entity));
const titleLink = article => h("a", {href: toArticle(article), ...ROW}, quote(titleOf(article)));
const dateOf = article => writeDate(D.articles.date[article], D.articles.precision[article]);

/** Give the title of an article, else its first words. */
function titleOf(article) {
  const opening = D.articles.opening[article];
  return D.articles.title[article] ?? (opening ? `“${opening}”` : "(no title)");
}

/** A link to a file's articles, where it has any. */
function fileLink(dump) {
  const file = D.dumps.path[dump];
  return D.dumps.article_count[dump]
    ? h("a", {href: toArticles({file}), ...ROW}, quote(file))
    : quote(file);
}
