// The whole clip in one strip: codes as colours, the sound's outline over them, and the window
// that the big view shows.

const OVERVIEW = 40; // px

function overviewPicture(view) {
  const { axis, clip } = view;
  const key = `${pictureOf(view).key}:${axis.width}:${view.ab}`;
  if (view.overviewCache?.key === key) return view.overviewCache.canvas;
  const canvas = document.createElement("canvas");
  const g = freshCanvas(canvas, axis.width, OVERVIEW);
  const scale = axis.width / clip.columns;
  g.globalAlpha = 0.9;
  g.imageSmoothingEnabled = scale < 1;
  drawPicture(g, view, 0, scale, 0, OVERVIEW / clip.levels, 0);
  g.globalAlpha = 0.72;
  g.fillStyle = colours().surface;
  const perPx = clip.samples / axis.width;
  for (let x = 0; x < axis.width; x++) {
    const range = clip.outline && extremes({ ...clip, original: true }, "original", x * perPx, (x + 1) * perPx);
    const reach = range ? Math.min(1, Math.max(Math.abs(range[0]), Math.abs(range[1])) * clip.gain) : 0;
    const cover = (1 - reach) * OVERVIEW / 2;
    g.fillRect(x, 0, 1, cover);
    g.fillRect(x, OVERVIEW - cover, 1, cover);
  }
  view.overviewCache = { key, canvas };
  return canvas;
}

function drawOverview(canvas, view) {
  const { axis, clip, selection } = view;
  const g = freshCanvas(canvas, axis.width, OVERVIEW);
  if (!clip?.columns) return;
  const c = colours();
  g.drawImage(overviewPicture(view), 0, 0, axis.width, OVERVIEW);
  const scale = axis.width / clip.columns;
  if (selection) {
    g.fillStyle = c.accent;
    g.fillRect(selection.c0 * scale, OVERVIEW - 3, Math.max(2, (selection.c1 - selection.c0) * scale), 3);
  }
  if (axis.onScreen() < axis.columns - 0.01) {
    const x = axis.scroll * scale, width = Math.max(8, axis.onScreen() * scale);
    g.fillStyle = c.surface;
    g.globalAlpha = 0.55;
    g.fillRect(0, 0, x, OVERVIEW);
    g.fillRect(x + width, 0, axis.width, OVERVIEW);
    g.globalAlpha = 1;
    g.strokeStyle = c.ink;
    g.lineWidth = 2;
    g.beginPath();
    g.roundRect(x + 1, 1, width - 2, OVERVIEW - 2, 5);
    g.stroke();
  }
  if (view.playing) {
    g.fillStyle = c.accent;
    g.fillRect((app.player.place() / axis.columnSamples) * scale - 1, 0, 2, OVERVIEW);
  }
}
