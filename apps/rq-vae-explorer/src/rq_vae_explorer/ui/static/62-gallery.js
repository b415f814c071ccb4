// What the decoder draws: across the plane, for every code alone, and for every pair of codes.

// The decoded map of the plane with the level-1 codes on it. Returns its scale for clicks.
function drawDecodedMap(canvas, gallery, plane, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return null;
  if (!gallery) {
    emptyNote(g, width, height, theme, "No data yet");
    return null;
  }
  g.imageSmoothingEnabled = true;
  g.drawImage(sheetOf(gallery.plane, gallery.plane.shape[1], theme), 0, 0, width, height);
  const [x0, x1, y0, y1] = gallery.extent;
  const scale = {
    toScreen: (x, y) => [((x - x0) / (x1 - x0)) * width, ((y1 - y) / (y1 - y0)) * height],
    toData: (px, py) => [x0 + (px / width) * (x1 - x0), y1 - (py / height) * (y1 - y0)],
    unit: width / (x1 - x0),
    limit: (x1 - x0) / 2,
  };
  if (plane) drawCodes(g, scale, plane, theme, null);
  return scale;
}

// One picture per code of level 1, numbered, and the chosen one framed.
function drawAtlas(canvas, tiles, alive, chosen, theme) {
  const [codes, side] = tiles ? tiles.shape : [16, 28];
  const columns = Math.ceil(Math.sqrt(codes));
  const cell = canvas.clientWidth / columns;
  const rows = Math.ceil(codes / columns);
  setHeight(canvas, Math.ceil(rows * cell));
  const { g, width, height } = openCanvas(canvas);
  if (!width) return null;
  if (!tiles) {
    emptyNote(g, width, height, theme, "No data yet");
    return null;
  }
  g.font = `10px ${theme.font}`;
  g.textAlign = "center";
  g.textBaseline = "middle";
  const sheet = sheetOf(tiles, 1, theme);
  for (let k = 0; k < codes; k++) {
    const x = (k % columns) * cell;
    const y = Math.floor(k / columns) * cell;
    g.globalAlpha = alive[k] ? 1 : 0.35;
    drawTile(g, sheet, k, side, x + 2, y + 2, cell - 4);
    g.globalAlpha = 1;
    g.lineWidth = k === chosen ? 2.5 : 1;
    g.strokeStyle = k === chosen ? theme.accent : theme.grid;
    g.setLineDash(alive[k] ? [] : [3, 2]);
    g.strokeRect(x + 2.5, y + 2.5, cell - 5, cell - 5);
    g.setLineDash([]);
    g.fillStyle = theme.soft;
    g.fillText(String(k), x + 10, y + 11);
  }
  return { codeAt: (px, py) => {
    const k = Math.floor(py / cell) * columns + Math.floor(px / cell);
    return k >= 0 && k < codes ? k : null;
  } };
}

// All pairs: a row per level-1 code, a column per level-2 code.
function drawPairs(canvas, pairs, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return;
  if (!pairs) {
    emptyNote(g, width, height, theme, "Pairs need two levels of at most 16 codes");
    return;
  }
  const pad = 16;
  g.drawImage(sheetOf(pairs, pairs.shape[1], theme), pad, pad, width - pad, height - pad);
  g.font = `9px ${theme.font}`;
  g.fillStyle = theme.soft;
  g.textAlign = "center";
  g.textBaseline = "middle";
  const codes = pairs.shape[0];
  for (let k = 0; k < codes; k++) {
    const at = pad + ((k + 0.5) * (width - pad)) / codes;
    g.fillText(String(k), at, 7);
    g.fillText(String(k), 7, at);
  }
}
