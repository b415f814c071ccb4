// Voronoi cells by clipping a rectangle with the bisector of each pair of sites: at most 64 codes,
// so the quadratic way is fast and exact.

function clipByBisector(polygon, a, b) {
  const nx = b[0] - a[0];
  const ny = b[1] - a[1];
  const limit = (nx * (a[0] + b[0]) + ny * (a[1] + b[1])) / 2;
  const kept = [];
  for (let i = 0; i < polygon.length; i++) {
    const p = polygon[i];
    const q = polygon[(i + 1) % polygon.length];
    const dp = nx * p[0] + ny * p[1] - limit;
    const dq = nx * q[0] + ny * q[1] - limit;
    if (dp <= 0) kept.push(p);
    if (dp < 0 !== dq < 0 && dp !== dq) {
      const t = dp / (dp - dq);
      kept.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
    }
  }
  return kept;
}

// sites: [[x, y], ...] in the same unit as the box; returns one polygon per site (maybe empty).
function voronoiCells(sites, [left, top, right, bottom]) {
  const box = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  return sites.map((site, i) => {
    let cell = box;
    for (let j = 0; j < sites.length && cell.length; j++) {
      const other = sites[j];
      if (j === i || (other[0] === site[0] && other[1] === site[1])) continue;
      cell = clipByBisector(cell, site, other);
    }
    return cell;
  });
}
