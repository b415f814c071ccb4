// What every view shares: the palette of the current theme, canvases in device pixels, numbers.

function readTheme(element) {
  const style = getComputedStyle(element);
  const get = (name) => style.getPropertyValue(name).trim();
  return {
    ink: get("--rq-ink"),
    soft: get("--rq-soft"),
    faint: get("--rq-faint"),
    grid: get("--rq-grid"),
    surface: get("--rq-surface"),
    accent: get("--rq-accent"),
    warn: get("--rq-warn"),
    series: [1, 2, 3, 4, 5].map((i) => get(`--rq-series-${i}`)),
    font: style.fontFamily,
    dark: get("--rq-is-dark") === "1",
  };
}

// Sizes the backing store to the box on screen and returns a context in CSS pixels, cleared.
function openCanvas(canvas) {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const w = Math.round(width * scale);
  const h = Math.round(height * scale);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, width, height);
  return { g, width, height };
}

// Writing a style makes the browser lay out anew, even where it is the same.
function setHeight(canvas, height) {
  const wanted = `${height}px`;
  if (canvas.style.height !== wanted) canvas.style.height = wanted;
}

function withAlpha(hex, alpha) {
  const n = parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${alpha})`;
}

// The same colours on a dark surface, a little lighter so that the deep ones stay readable.
function onSurface(colors, theme) {
  if (!theme.dark) return colors;
  return colors.map((hex) => {
    const n = parseInt(hex.slice(1), 16);
    const channels = [n >> 16, (n >> 8) & 255, n & 255].map((c) => Math.round(c + (255 - c) * 0.22));
    return `#${channels.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
  });
}

function formatNumber(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  if (size >= 1000) return formatCount(value);
  return String(Number(value.toPrecision(digits)));
}

const formatCount = (n) => Math.round(n).toLocaleString("en-US");

function emptyNote(g, width, height, theme, text) {
  g.fillStyle = theme.soft;
  g.font = `13px ${theme.font}`;
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillText(text, width / 2, height / 2);
}

// Rounded tick positions between two limits, about `count` of them.
function niceTicks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  const base = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * base).find((s) => s >= raw) || raw;
  const ticks = [];
  for (let t = Math.ceil(low / step) * step; t <= high + 1e-9; t += step) ticks.push(t);
  return ticks.map((t) => (Math.abs(t) < step * 1e-6 ? 0 : t));
}

// Whether what a view shows differs from what it showed when last asked: painting is what an open
// page costs, and most views change less often than the training.
function changed(canvas, ...inputs) {
  const before = canvas.rqInputs;
  canvas.rqInputs = inputs;
  return !before || inputs.some((input, i) => input !== before[i]);
}

// All pictures of an array (..., side, side) of ink in one canvas, `columns` a row; made once for an
// array and a theme.
const sheets = new WeakMap();

function sheetOf(tiles, columns, theme) {
  const known = sheets.get(tiles);
  if (known?.dark === theme.dark) return known.canvas;
  const side = tiles.shape[tiles.shape.length - 1];
  const rows = Math.ceil(tiles.length / (columns * side * side));
  const canvas = document.createElement("canvas");
  canvas.width = columns * side;
  canvas.height = rows * side;
  const g = canvas.getContext("2d");
  const image = g.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const flip = theme.dark ? 0 : 255; // ink on paper in either theme
  for (let at = 0, r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      for (let y = 0; y < side; y++) {
        let to = (r * side + y) * canvas.width + c * side;
        for (let x = 0; x < side; x++) pixels[to++] = 0xff000000 | ((tiles[at++] ^ flip) * 0x010101);
      }
    }
  }
  g.putImageData(image, 0, 0);
  sheets.set(tiles, { dark: theme.dark, canvas });
  return canvas;
}

// Picture number `n` of a sheet with pictures of `side` pixels, into a box on the canvas of `g`.
function drawTile(g, sheet, n, side, x, y, size) {
  const columns = sheet.width / side;
  g.drawImage(sheet, (n % columns) * side, Math.floor(n / columns) * side, side, side, x, y, size, size);
}
