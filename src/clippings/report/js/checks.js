"use strict";
// What a person should look at, and how each file was read.

const MOST_PROBLEMS = 500;
const MOST_FILES = 2000;

function showChecks() {
  const {problems, dumps} = D;
  const errors = problems.severity.filter(severity => severity === "error").length;
  const rows = [...problems.path.keys()].slice(0, MOST_PROBLEMS);
  const node = h(
    "section",
    heading("Checks"),
    h("h2", "Problems that want a person"),
    h(
      "p",
      rows.length
        ? `${plural(errors, "error")} and ${plural(problems.path.length - errors, "warning")}.`
        : "None.",
      problems.path.length > MOST_PROBLEMS &&
        ` The first ${MOST_PROBLEMS} are shown; the table problems has all.`,
    ),
    h("ol.problems", {role: "list"}, rows.map(writeProblem)),
    h("h2", "Files"),
    h(
      "p",
      "How each file was read: the layout that explains it, how much of it (from 0 to 1), and the one that comes next.",
    ),
    table("Files", FILE_HEADS, [...dumps.path.keys()].slice(0, MOST_FILES).map(fileRow)),
    dumps.path.length > MOST_FILES &&
      h(
        "p.quiet",
        `The first ${count(MOST_FILES)} of ${plural(dumps.path.length, "file")}; the table dumps has all.`,
      ),
  );
  return {title: "Checks", node};
}

function writeProblem(row) {
  const {severity, path, code, detail, action, start_byte: byte, dump, article} = D.problems;
  return h(
    `li.${severity[row]}`,
    h(
      "h3",
      h("span.severity", severity[row]),
      " ",
      dump[row] < 0 ? quote(path[row]) : fileLink(dump[row]),
    ),
    h(
      "p",
      {dir: "auto"},
      detail[row],
      byte[row] !== null &&
        h(
          "span.quiet",
          ` At byte ${count(byte[row])}`,
          article[row] >= 0 && [", in ", titleLink(article[row])],
          ".",
        ),
    ),
    h("p.action", h("strong", "What to do: "), action[row]),
    h("p.quiet", code[row]),
  );
}

const FILE_HEADS = [
  ["File"],
  ["Articles", "figure"],
  ["Claimed", "figure"],
  ["Status"],
  ["Layout"],
  ["Score", "figure"],
  ["Next"],
  ["Bytes", "figure"],
  ["Encoding"],
];

function fileRow(dump) {
  const {
    article_count: articles,
    claimed_count: claimed,
    status,
    layout,
    byte_count: bytes,
    encoding,
  } = D.dumps;
  const {layout_score: score, layout_runner_up: next} = D.dumps;
  return h(
    "tr",
    h("th", {scope: "row"}, fileLink(dump)),
    figure(articles[dump]),
    figure(claimed[dump]),
    h("td", status[dump]),
    h("td", quote(layout[dump] ?? "unsure")),
    h("td.figure", score[dump]?.toFixed(2) ?? "–"),
    h("td", quote(next[dump] ?? "–")),
    figure(bytes[dump]),
    h("td", encoding[dump] ?? "–"),
  );
}
