// One latent plane: the vectors that a level sees, the codes of that level, and its Voronoi cells.

const PLANE_PAD = 26;

function planeScale(width, height, limit) {
  const side = Math.min(width, height) - 2 * PLANE_PAD;
  const unit = side / (2 * limit);
  const cx = width / 2;
  const cy = height / 2;
  return {
    limit,
    unit,
    toScreen: (x, y) => [cx + x * unit, cy - y * unit],
    toData: (px, py) => [(px - cx) / unit, (cy - py) / unit],
    box: [cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2],
  };
}

function drawPlaneGrid(g, scale, width, height, theme) {
  g.lineWidth = 1;
  g.font = `10px ${theme.font}`;
  for (const t of niceTicks(-scale.limit, scale.limit, 4)) {
    const [x] = scale.toScreen(t, 0);
    const [, y] = scale.toScreen(0, t);
    g.strokeStyle = t === 0 ? theme.faint : theme.grid;
    g.beginPath();
    g.moveTo(Math.round(x) + 0.5, 0);
    g.lineTo(Math.round(x) + 0.5, height);
    g.moveTo(0, Math.round(y) + 0.5);
    g.lineTo(width, Math.round(y) + 0.5);
    g.stroke();
    g.fillStyle = theme.soft;
    g.textAlign = "center";
    g.textBaseline = "bottom";
    g.fillText(formatNumber(t, 2), x, height - 4);
    if (t !== 0) {
      g.textAlign = "left";
      g.textBaseline = "middle";
      g.fillText(formatNumber(t, 2), 5, y);
    }
  }
}

function drawCells(g, cells, plane, digits, theme) {
  cells.forEach((cell, k) => {
    if (cell.length < 3) return;
    g.beginPath();
    cell.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y)));
    g.closePath();
    const digit = plane.cellDigit[k];
    if (digit >= 0) {
      g.fillStyle = withAlpha(digits[digit], theme.dark ? 0.2 : 0.16);
      g.fill();
    }
    g.strokeStyle = theme.faint;
    g.lineWidth = 1;
    g.stroke();
  });
}

// Rectangles on whole pixels: a path of them, or edges between pixels, takes half as long again.
function drawPoints(g, scale, plane, labels, digits, focus) {
  const size = scale.unit > 120 ? 4 : 3;
  for (let digit = 0; digit < 10; digit++) {
    if (focus !== null && focus !== digit) continue;
    g.fillStyle = withAlpha(digits[digit], 0.85);
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== digit) continue;
      const [x, y] = scale.toScreen(plane.points[2 * i], plane.points[2 * i + 1]);
      g.fillRect(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
    }
  }
}

// The digits themselves, tinted: one sheet of small tiles, made once per theme.
const SPRITE = 14;

function spriteSheet(images, labels, digits) {
  const columns = 64;
  const sheet = document.createElement("canvas");
  sheet.width = columns * SPRITE;
  sheet.height = Math.ceil(labels.length / columns) * SPRITE;
  const g = sheet.getContext("2d");
  const pixels = g.createImageData(sheet.width, sheet.height);
  labels.forEach((digit, i) => {
    const color = parseInt(digits[digit].slice(1), 16);
    const left = (i % columns) * SPRITE;
    const top = Math.floor(i / columns) * SPRITE;
    for (let y = 0; y < SPRITE; y++) {
      for (let x = 0; x < SPRITE; x++) {
        const from = i * 784 + 56 * y + 2 * x;
        const at = 4 * ((top + y) * sheet.width + left + x);
        pixels.data[at] = color >> 16;
        pixels.data[at + 1] = (color >> 8) & 255;
        pixels.data[at + 2] = color & 255;
        pixels.data[at + 3] = (images[from] + images[from + 1] + images[from + 28] + images[from + 29]) / 4;
      }
    }
  });
  g.putImageData(pixels, 0, 0);
  return { sheet, columns };
}

function drawSprites(g, scale, plane, labels, { sheet, columns }, focus) {
  for (let i = 0; i < labels.length; i++) {
    if (focus !== null && focus !== labels[i]) continue;
    const [x, y] = scale.toScreen(plane.points[2 * i], plane.points[2 * i + 1]);
    const from = [(i % columns) * SPRITE, Math.floor(i / columns) * SPRITE];
    g.drawImage(sheet, ...from, SPRITE, SPRITE, x - SPRITE / 2, y - SPRITE / 2, SPRITE, SPRITE);
  }
}

// trail: f32 (T, K, 2), oldest first; it fades towards the past.
function drawTrails(g, scale, plane, theme) {
  if (!plane.trail) return;
  const [times, codes] = plane.trail.shape;
  g.lineWidth = 1; // wider lines take ten times as long where no GPU draws them
  for (let t = Math.max(1, times - 60); t <= times; t++) {
    g.strokeStyle = withAlpha(theme.ink, 0.08 + 0.5 * (1 - (times - t) / 60));
    g.beginPath();
    for (let k = 0; k < codes; k++) {
      const from = 2 * ((t - 1) * codes + k);
      const [next, to] = t < times ? [plane.trail, from + 2 * codes] : [plane.codes, 2 * k];
      g.moveTo(...scale.toScreen(plane.trail[from], plane.trail[from + 1]));
      g.lineTo(...scale.toScreen(next[to], next[to + 1]));
    }
    g.stroke();
  }
}

function drawArrow(g, [x0, y0], [x1, y1]) {
  if (Math.hypot(x1 - x0, y1 - y0) < 3) return;
  const angle = Math.atan2(y1 - y0, x1 - x0);
  g.beginPath();
  g.moveTo(x0, y0);
  g.lineTo(x1, y1);
  for (const turn of [2.6, -2.6]) {
    g.moveTo(x1, y1);
    g.lineTo(x1 + 5 * Math.cos(angle + turn), y1 + 5 * Math.sin(angle + turn));
  }
  g.stroke();
}

// Arrows from `from` along `sign` times `by`; the longest is a fifth of the plane.
function drawArrows(g, scale, from, by, sign, color) {
  const longest = by.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-12);
  const stretch = (sign * scale.limit * 0.2) / longest;
  g.strokeStyle = color;
  g.lineWidth = 1.5;
  for (let i = 0; i < from.length; i += 2) {
    const tip = scale.toScreen(from[i] + by[i] * stretch, from[i + 1] + by[i + 1] * stretch);
    drawArrow(g, scale.toScreen(from[i], from[i + 1]), tip);
  }
}

// A code that is used is a filled disc with its number; a dead one is a hollow, dashed ring.
function drawCodes(g, scale, plane, theme, chosen) {
  const many = plane.alive.length > 24;
  const radius = many ? 6 : 8.5;
  g.font = `600 ${many ? 8 : 10}px ${theme.font}`;
  g.textAlign = "center";
  g.textBaseline = "middle";
  for (let k = 0; k < plane.alive.length; k++) {
    const [x, y] = scale.toScreen(plane.codes[2 * k], plane.codes[2 * k + 1]);
    const alive = plane.alive[k];
    g.beginPath();
    g.arc(x, y, radius, 0, 2 * Math.PI);
    if (alive) {
      g.fillStyle = theme.ink;
      g.fill();
    }
    g.setLineDash(alive ? [] : [3, 2]);
    g.lineWidth = k === chosen ? 3 : 1.5;
    g.strokeStyle = k === chosen ? theme.accent : alive ? theme.surface : theme.ink;
    g.stroke();
    g.setLineDash([]);
    g.fillStyle = alive ? theme.surface : theme.ink;
    g.fillText(String(k), x, y + 0.5);
  }
}

function drawCross(g, [x, y], name, theme) {
  for (const [color, wide] of [[theme.surface, 5], [theme.accent, 2.4]]) {
    g.strokeStyle = color;
    g.lineWidth = wide;
    g.beginPath();
    g.moveTo(x - 7, y);
    g.lineTo(x + 7, y);
    g.moveTo(x, y - 7);
    g.lineTo(x, y + 7);
    g.stroke();
  }
  g.fillStyle = theme.accent;
  g.font = `600 11px ${theme.font}`;
  g.textAlign = "left";
  g.textBaseline = "bottom";
  g.fillText(name, x + 7, y - 4);
}

// plane: {points, codes, alive, cellDigit, gradients, trail}
// view: {voronoi, trails, arrows, focus, chosen, sprites?, pulls?}
function drawPlane(canvas, plane, labels, limit, digits, view, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return null;
  const scale = planeScale(width, height, limit);
  drawPlaneGrid(g, scale, width, height, theme);
  if (!plane) {
    emptyNote(g, width, height, theme, "Press Start Training: vectors and codes appear here");
    return scale;
  }
  if (view.voronoi) {
    const sites = Array.from(plane.alive, (_, k) =>
      scale.toScreen(plane.codes[2 * k], plane.codes[2 * k + 1]),
    );
    drawCells(g, voronoiCells(sites, scale.box), plane, digits, theme);
  }
  if (view.sprites) drawSprites(g, scale, plane, labels, view.sprites, view.focus);
  else drawPoints(g, scale, plane, labels, digits, view.focus);
  if (view.trails) drawTrails(g, scale, plane, theme);
  if (view.arrows) {
    if (view.pulls) drawArrows(g, scale, view.pulls.arrow_points, view.pulls.arrows, 1, withAlpha(theme.accent, 0.7));
    drawArrows(g, scale, plane.codes, plane.gradients, -1, theme.warn);
  }
  drawCodes(g, scale, plane, theme, view.chosen);
  if (view.own) drawCross(g, scale.toScreen(view.own[0], view.own[1]), "you", theme);
  if (view.probe) drawCross(g, scale.toScreen(view.probe.x, view.probe.y), "", theme);
  return scale;
}
