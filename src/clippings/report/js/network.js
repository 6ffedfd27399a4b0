"use strict";
// Who stands with whom: names that share paragraphs, drawn by d3-force, with a table beside it.

/** Draw the strongest links into a box, as large as the box is. */
function drawNetwork(box) {
  const width = box.clientWidth;
  const isNarrow = width < 600;
  const height = Math.round(isNarrow ? width * 1.15 : Math.min(width * 0.62, 640));
  const {a, b, paragraphs} = D.links;
  const most = isNarrow ? 26 : 60;
  const names = new Map();
  const links = [];
  for (let row = 0; row < a.length && links.length < most * 1.6; row++) {
    const added = [a[row], b[row]].filter(entity => !names.has(entity));
    if (names.size + added.length > most) continue;
    added.forEach(entity => names.set(entity, {entity}));
    links.push({source: a[row], target: b[row], number: paragraphs[row]});
  }
  const nodes = [...names.values()];
  const size = d3.scaleSqrt(
    [1, d3.max(nodes, node => D.entities.articles[node.entity])],
    [4, isNarrow ? 11 : 16],
  );
  const thickness = d3.scaleSqrt([1, d3.max(links, each => each.number)], [1, 5]);
  nodes.forEach(node => {
    node.radius = size(D.entities.articles[node.entity]);
    node.text = shorten(D.entities.name[node.entity], 22);
    node.half = Math.max(node.radius, node.text.length * 3.4) + 4;
  });
  const simulation = d3
    .forceSimulation(nodes)
    .force(
      "link",
      d3
        .forceLink(links)
        .id(node => node.entity)
        .distance(isNarrow ? 44 : 80)
        .strength(0.5),
    )
    .force(
      "charge",
      d3
        .forceManyBody()
        .strength(isNarrow ? -110 : -420)
        .distanceMax(isNarrow ? 140 : 260),
    )
    .force("x", d3.forceX(width / 2).strength(isNarrow ? 0.12 : 0.1))
    .force("y", d3.forceY(height / 2).strength(isNarrow ? 0.09 : 0.2))
    .force(
      "collide",
      d3.forceCollide(node => node.radius + (isNarrow ? 9 : 20)),
    )
    .stop();
  simulation.tick(320);
  spread(nodes, width, height);
  box.replaceChildren(
    h(
      "svg",
      {
        viewBox: `0 0 ${width} ${height}`,
        role: "group",
        "aria-label": "Names that share paragraphs; the table below holds the same",
      },
      h(
        "g.links",
        links.map(({source, target, number}) =>
          drawLink(source, target, number, thickness(number)),
        ),
      ),
      h("g.nodes", drawNodes(nodes)),
    ),
  );
}

/** Stretch the drawing so that it fills the box, names included. */
function spread(nodes, width, height) {
  const fit = (least, most, size, before, behind) => {
    const [low, high] = [d3.min(nodes, least), d3.max(nodes, most)];
    return d3.scaleLinear([low, high], [before, size - behind]).clamp(true);
  };
  const x = fit(
    node => node.x,
    node => node.x,
    width,
    60,
    60,
  );
  const y = fit(
    node => node.y,
    node => node.y,
    height,
    24,
    36,
  );
  for (const node of nodes) {
    node.x = Math.max(node.half, Math.min(width - node.half, x(node.x)));
    node.y = y(node.y);
  }
}

function drawLink(source, target, number, thickness) {
  const [one, other] = [source, target].map(node => D.entities.name[node.entity]);
  const ends = {x1: source.x, y1: source.y, x2: target.x, y2: target.y};
  return svgLink(
    toPair(source.entity, target.entity),
    `${one} and ${other}: ${plural(number, "paragraph")}`,
    h("line.target", ends),
    h("line.line", {...ends, "stroke-width": thickness}),
  );
}

/** Draw the names; where two would overlap the less frequent one shows when it is pointed at. */
function drawNodes(nodes) {
  const taken = []; // by the names and circles of those that are more frequent
  return nodes
    .sort((a, b) => b.radius - a.radius)
    .map(({entity, x, y, radius, text, half}) => {
      const area = [x - half, y + radius + 2, x + half, y + radius + 16];
      const isFree = !taken.some(
        other =>
          area[0] < other[2] && area[2] > other[0] && area[1] < other[3] && area[3] > other[1],
      );
      taken.push([x - radius, y - radius, x + radius, y + radius]);
      if (isFree) taken.push(area);
      const label = D.entities.label[entity];
      return svgLink(
        toEntity(entity),
        `${D.entities.name[entity]}, ${LABELS[label].one}: ${plural(D.entities.articles[entity], "article")}`,
        h(`circle.${label.toLowerCase()}`, {cx: x, cy: y, r: radius}),
        h(
          "text",
          {
            x,
            y: y + radius + 12,
            class: isFree ? null : "waiting",
            "text-anchor": "middle",
            direction: directionOf(text),
            "aria-hidden": "true",
          },
          text,
        ),
      );
    });
}

/** A link inside a drawing; its name is what a screen reader says and a pointer shows. */
function svgLink(href, words, ...children) {
  const anchor = document.createElementNS("http://www.w3.org/2000/svg", "a");
  anchor.setAttribute("href", href);
  anchor.setAttribute("aria-label", words);
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = words;
  anchor.append(title, ...children);
  return anchor;
}

const shorten = (text, most) =>
  text.length > most
    ? `${[...text]
        .slice(0, most - 1)
        .join("")
        .trimEnd()}…`
    : text;

const directionOf = text =>
  /^[^A-Za-z\u00c0-\u024f]*[\u0590-\u08ff\ufb1d-\ufefc]/.test(text) ? "rtl" : "ltr";
