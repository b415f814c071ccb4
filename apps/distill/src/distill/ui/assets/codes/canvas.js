// Canvases that are sharp on every screen, and the theme's colours for them.

function ink(name) {
  return getComputedStyle(part("root")).getPropertyValue(`--ds-${name}`).trim();
}

let palette = null;

function colours() {
  palette ??= Object.fromEntries(
    ["ink", "soft", "faint", "line", "surface", "sunk", "accent", "ghost", "halo"].map((n) => [n, ink(n)]),
  );
  return palette;
}

// Returns a context cleared and scaled to CSS pixels.
function freshCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  return g;
}

const MONO = '600 10px "IBM Plex Mono", ui-monospace, Menlo, Consolas, monospace';
const SMALL = '10px "IBM Plex Mono", ui-monospace, Menlo, Consolas, monospace';
