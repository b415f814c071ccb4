// The grid of codes: one row per level, one cell per column. Only what is on screen is drawn;
// narrow columns come from a picture with one pixel per code.

const HEADER = 20; // px: numbers of the columns
const ROW = 46;
const PICTURE_TILE = 8192; // widest canvas that every browser draws

const gridHeight = (clip) => HEADER + (clip?.levels ?? 4) * ROW;

function rgbOf(hex) {
  const n = parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

// One pixel per code, in tiles; kept until codes or colours change.
function pictureOf(view) {
  const { clip } = view;
  const key = `${clip.id}:${clip.revision}:${clip.drawn}:${view.colourMode}:${view.dark}`;
  if (view.picture?.key === key) return view.picture;
  const empty = rgbOf(colours().sunk);
  const tables = Array.from({ length: clip.levels }, (_, level) =>
    Array.from({ length: view.model.codes }, (_, code) => rgbOf(view.colourOf(level, code))));
  const tiles = [];
  for (let from = 0; from < clip.columns; from += PICTURE_TILE) {
    const width = Math.min(PICTURE_TILE, clip.columns - from);
    const tile = new OffscreenCanvas(width, clip.levels);
    const g = tile.getContext("2d");
    const image = g.createImageData(width, clip.levels);
    for (let level = 0; level < clip.levels; level++)
      for (let i = 0; i < width; i++) {
        const code = clip.codes[level * clip.columns + from + i];
        image.data.set(code < 0 ? empty : tables[level][code], 4 * (level * width + i));
        image.data[4 * (level * width + i) + 3] = 255;
      }
    g.putImageData(image, 0, 0);
    tiles.push({ from, width, tile });
  }
  view.picture = { key, tiles };
  return view.picture;
}

function drawPicture(g, view, x, scale, top, rowHeight, gap) {
  for (const { from, width, tile } of pictureOf(view).tiles)
    for (let level = 0; level < view.clip.levels; level++)
      g.drawImage(tile, 0, level, width, 1, x + from * scale, top + level * rowHeight + gap, width * scale, rowHeight - 2 * gap);
}

function drawHeader(g, view) {
  const { axis, clip } = view;
  const c = colours();
  const every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000].find((n) => n * axis.scale >= 34) ?? 10000;
  g.font = SMALL;
  g.textAlign = "center";
  g.textBaseline = "middle";
  const first = Math.floor(axis.first() / every) * every;
  for (let column = first; column < axis.last(); column += every) {
    const middle = axis.x(column) + Math.min(axis.scale, 34) / 2;
    g.fillStyle = view.hover?.header && view.hover.col === column ? c.accent : c.soft;
    g.fillText(String(column), middle, HEADER / 2);
  }
  if (view.hover?.header && axis.scale >= 6) {
    g.fillStyle = c.accent;
    g.fillRect(axis.x(view.hover.col) + 1, HEADER - 2, Math.max(1, axis.scale - 2), 2);
  }
  g.textAlign = "start";
}

function drawCells(g, view) {
  const { axis, clip } = view;
  const c = colours();
  const radius = Math.min(6, axis.scale / 5);
  const first = axis.first(), last = axis.last();
  g.font = MONO;
  g.textAlign = "center";
  g.textBaseline = "middle";
  for (let level = 0; level < clip.levels; level++) {
    const top = HEADER + level * ROW + 2;
    const dim = view.silent(level) ? 0.28 : 1;
    for (let column = first; column < last; column++) {
      const code = clip.codes[level * clip.columns + column];
      const x = axis.x(column) + 0.75;
      const width = axis.scale - 1.5;
      const off = view.found && !(view.found.level === level && view.found.code === code);
      g.globalAlpha = dim * (off ? 0.22 : 1);
      g.fillStyle = code < 0 ? c.sunk : view.colourOf(level, code);
      g.beginPath();
      g.roundRect(x, top, width, ROW - 4, radius);
      g.fill();
      if (axis.scale >= 18) {
        g.fillStyle = code < 0 ? c.faint : view.inkOf(level, code);
        g.fillText(code < 0 ? "·" : String(code), x + width / 2, top + (ROW - 4) / 2 + 0.5);
      }
    }
  }
  g.globalAlpha = 1;
  g.textAlign = "start";
}

function drawFound(g, view) {
  if (!view.found) return;
  const { axis, clip, found } = view;
  const c = colours();
  const top = HEADER + found.level * ROW;
  g.fillStyle = c.accent;
  for (let column = axis.first(); column < axis.last(); column++)
    if (clip.codes[found.level * clip.columns + column] === found.code)
      g.fillRect(axis.x(column) + axis.scale / 2 - 2.5, top + ROW - 4, 5, 5);
}

function outline(g, x, y, width, height, colour, thickness) {
  const c = colours();
  g.lineJoin = "round";
  g.strokeStyle = c.surface;
  g.lineWidth = thickness + 3;
  g.strokeRect(x, y, width, height);
  g.strokeStyle = colour;
  g.lineWidth = thickness;
  g.strokeRect(x, y, width, height);
}

function drawMarks(g, view) {
  const { axis, cursor, selection } = view;
  const c = colours();
  if (selection) {
    const x = axis.x(selection.c0), width = (selection.c1 - selection.c0) * axis.scale;
    const top = HEADER + selection.l0 * ROW, height = (selection.l1 - selection.l0) * ROW;
    g.fillStyle = c.halo;
    g.fillRect(x, HEADER, width, view.clip.levels * ROW);
    outline(g, x + 0.5, top + 1, width - 1, height - 2, c.accent, 2);
  }
  if (cursor && axis.scale >= 4)
    outline(g, axis.x(cursor.col) + 1, HEADER + cursor.level * ROW + 2.5, axis.scale - 2, ROW - 5, c.ink, 3);
}

function drawGrid(canvas, view) {
  const { axis, clip } = view;
  const g = freshCanvas(canvas, axis.width, gridHeight(clip));
  if (!clip) return;
  drawHeader(g, view);
  if (axis.scale >= 6) drawCells(g, view);
  else {
    g.imageSmoothingEnabled = axis.scale < 1;
    drawPicture(g, view, axis.x(0), axis.scale, HEADER, ROW, 2);
  }
  drawFound(g, view);
  drawMarks(g, view);
}
