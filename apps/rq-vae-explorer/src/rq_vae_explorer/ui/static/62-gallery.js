// What the decoder draws: across the plane, for every code alone, and for every pair of codes.

// A mosaic of digit pictures made once per gallery and theme; tiles: u8 (rows, columns, side, side).
function mosaicOf(tiles, theme) {
  const [rows, columns, side] = tiles.shape;
  const mosaic = document.createElement("canvas");
  mosaic.width = columns * side;
  mosaic.height = rows * side;
  const g = mosaic.getContext("2d");
  const image = g.createImageData(mosaic.width, mosaic.height);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      for (let i = 0; i < side * side; i++) {
        const v = tiles[(r * columns + c) * side * side + i];
        const at = 4 * ((r * side + Math.floor(i / side)) * mosaic.width + c * side + (i % side));
        image.data[at] = image.data[at + 1] = image.data[at + 2] = theme.dark ? v : 255 - v;
        image.data[at + 3] = 255;
      }
    }
  }
  g.putImageData(image, 0, 0);
  return mosaic;
}

// The decoded map of the plane with the level-1 codes on it. Returns its scale for clicks.
function drawDecodedMap(canvas, gallery, mosaic, plane, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return null;
  if (!gallery) {
    emptyNote(g, width, height, theme, "No data yet");
    return null;
  }
  g.imageSmoothingEnabled = true;
  g.drawImage(mosaic, 0, 0, width, height);
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
  canvas.style.height = `${Math.ceil(rows * cell)}px`;
  const { g, width, height } = openCanvas(canvas);
  if (!width) return null;
  if (!tiles) {
    emptyNote(g, width, height, theme, "No data yet");
    return null;
  }
  g.font = `10px ${theme.font}`;
  g.textAlign = "center";
  g.textBaseline = "middle";
  for (let k = 0; k < codes; k++) {
    const x = (k % columns) * cell;
    const y = Math.floor(k / columns) * cell;
    g.globalAlpha = alive[k] ? 1 : 0.35;
    g.drawImage(digitTile(tiles, k * side * side, side, theme), x + 2, y + 2, cell - 4, cell - 4);
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
function drawPairs(canvas, pairs, mosaic, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return;
  if (!pairs) {
    emptyNote(g, width, height, theme, "Pairs need two levels of at most 16 codes");
    return;
  }
  const pad = 16;
  g.drawImage(mosaic, pad, pad, width - pad, height - pad);
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
