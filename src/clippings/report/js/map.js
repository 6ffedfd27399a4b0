"use strict";
// Places with coordinates on outlines that the file brings along; nothing is fetched.

const MOST_PLACES = 400;
let world = null;

async function readOutlines() {
  if (!world) {
    const topology = await unpack("outlines");
    world = {
      land: topojson.feature(topology, topology.objects.land),
      borders: topojson.mesh(topology, topology.objects.countries, (a, b) => a !== b),
    };
  }
  return world;
}

/** List the places that can be drawn, the most frequent first. */
function listPlaces() {
  return [...D.entities.id.keys()].filter(
    entity => D.entities.latitude[entity] !== null && D.entities.longitude[entity] !== null,
  );
}

/** Draw a map into a box: where most of the places are, or the whole world. */
async function drawMap(box, isWorld = false) {
  const {land, borders} = await readOutlines();
  const places = listPlaces().slice(0, MOST_PLACES);
  const width = box.clientWidth;
  const height = Math.round(width < 600 ? width * 0.95 : Math.min(width * 0.55, 620));
  const projection = d3.geoEquirectangular().rotate([-11, 0]);
  const frame = isWorld || !places.length ? {type: "Sphere"} : frameOf(places);
  projection.fitExtent(
    [
      [24, 24],
      [width - 24, height - 24],
    ],
    frame,
  );
  const path = d3.geoPath(projection);
  const size = d3.scaleSqrt(
    [0, Math.max(...places.map(entity => D.entities.articles[entity]), 1)],
    [2, width < 600 ? 12 : 17],
  );
  const group = h("g", h("path.land", {d: path(land)}), h("path.borders", {d: path(borders)}));
  const spots = places.map(entity => ({
    entity,
    at: projection([D.entities.longitude[entity], D.entities.latitude[entity]]),
    radius: size(D.entities.articles[entity]),
  }));
  const layer = h(
    "g.places",
    spots
      .slice()
      .sort((a, b) => b.radius - a.radius)
      .map(drawPlace),
  );
  const svg = h(
    "svg.map",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": "Places on a map; the table below holds the same",
    },
    group,
    layer,
  );
  box.replaceChildren(svg);
  allowZoom(box, svg, group, spots, [width, height]);
}

/** Frame the middle eight tenths of all mentions of places, with some room around. */
function frameOf(places) {
  const span = (values, least, lowest, highest) => {
    const sorted = places
      .map((entity, at) => [values[entity], D.entities.articles[entity]])
      .sort((a, b) => a[0] - b[0]);
    const total = d3.sum(sorted, each => each[1]);
    let sum = 0,
      low = sorted[0][0],
      high = sorted.at(-1)[0],
      isLow = false;
    for (const [value, weight] of sorted) {
      sum += weight;
      if (!isLow && sum >= total * 0.1) {
        low = value;
        isLow = true;
      }
      if (sum <= total * 0.9) high = value;
    }
    const middle = (low + high) / 2,
      half = Math.max((high - low) * 0.6, least);
    return [Math.max(lowest, middle - half), Math.min(highest, middle + half)];
  };
  const [west, east] = span(D.entities.longitude, 6, -180, 180);
  const [south, north] = span(D.entities.latitude, 4, -85, 85);
  return {
    type: "MultiPoint",
    coordinates: [
      [west, south],
      [east, north],
      [west, north],
      [east, south],
    ],
  };
}

/** Name the places whose names have room, the most frequent first. */
function nameSpots(spots, width, height) {
  const seen = spots.filter(({now: [x, y]}) => x >= 0 && x <= width && y >= 0 && y <= height);
  const taken = seen
    .slice(0, 60)
    .map(({entity, now: [x, y], radius}) => [
      entity,
      x - 0.7 * radius,
      y - 0.7 * radius,
      x + 0.7 * radius,
      y + 0.7 * radius,
    ]);
  for (const spot of spots) spot.text.setAttribute("visibility", "hidden");
  for (const {
    entity,
    now: [x, y],
    radius,
    text,
  } of seen.slice(0, 120)) {
    const reach = text.textContent.length * 6.4 + 4;
    for (const side of [1, -1]) {
      const left = side > 0 ? x + radius + 3 : x - radius - 3 - reach;
      const area = [left, y - 8, left + reach, y + 8];
      const isFree =
        area[0] > 0 &&
        area[2] < width &&
        !taken.some(
          ([of, ...other]) =>
            of !== entity &&
            area[0] < other[2] &&
            area[2] > other[0] &&
            area[1] < other[3] &&
            area[3] > other[1],
        );
      if (!isFree) continue;
      text.setAttribute("x", x + side * (radius + 3));
      text.setAttribute("y", y + 4);
      text.setAttribute("text-anchor", side > 0 ? "start" : "end");
      text.setAttribute("visibility", "visible");
      taken.push([null, ...area]);
      break;
    }
  }
}

function drawPlace(spot) {
  const {entity, radius} = spot;
  spot.circle = h("circle.place", {r: radius});
  spot.text = h(
    "text",
    {direction: "ltr", "aria-hidden": "true"},
    shorten(D.entities.name[entity], 24),
  );
  return svgLink(
    toEntity(entity),
    `${D.entities.name[entity]}: ${plural(D.entities.articles[entity], "article")}`,
    spot.circle,
    spot.text,
  );
}

/** Let the reader come closer by buttons, by dragging, and by the wheel with Ctrl held. */
function allowZoom(box, svg, group, spots, [width, height]) {
  const zoom = d3
    .zoom()
    .scaleExtent([1, 24])
    .translateExtent([
      [0, 0],
      [width, height],
    ])
    .filter(event =>
      event.type === "wheel" ? event.ctrlKey : !event.touches || event.touches.length > 1,
    )
    .on("zoom", ({transform}) => {
      group.setAttribute("transform", transform);
      for (const spot of spots) {
        spot.now = transform.apply(spot.at);
        spot.circle.setAttribute("cx", spot.now[0]);
        spot.circle.setAttribute("cy", spot.now[1]);
      }
      nameSpots(spots, width, height);
    });
  const selected = d3
    .select(svg)
    .call(zoom)
    .on("dblclick.zoom", null)
    .call(zoom.transform, d3.zoomIdentity);
  const button = (words, mark, act) =>
    h("button", {type: "button", "aria-label": words, title: words, onclick: act}, mark);
  box.append(
    h(
      "div.zoom",
      {role: "group", "aria-label": "Map"},
      button("Closer", "+", () => selected.call(zoom.scaleBy, 2)),
      button("Farther", "−", () => selected.call(zoom.scaleBy, 0.5)),
      button("Region: where most places are", "Region", () => drawMap(box)),
      button("World: all places", "World", () => drawMap(box, true)),
    ),
  );
}
