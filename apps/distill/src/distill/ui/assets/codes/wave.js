// Ruler and waveform. What is heard is painted in the colours of the coarsest level's codes, the
// other sound stands behind it as a ghost.

const RULER = 22; // px
const WAVE = 104;

const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300];

function drawRuler(g, axis) {
  const perSecond = (RATE / axis.columnSamples) * axis.scale;
  const step = TICKS.find((tick) => tick * perSecond >= 64) ?? 600;
  const from = Math.floor((axis.scroll * axis.columnSamples) / RATE / step);
  const to = Math.ceil((axis.column(axis.width) * axis.columnSamples) / RATE / step);
  const c = colours();
  g.font = SMALL;
  g.textBaseline = "middle";
  for (let i = from; i <= to; i++) {
    const x = Math.round(axis.sampleX(i * step * RATE)) + 0.5;
    g.fillStyle = c.line;
    g.fillRect(x - 0.5, 0, 1, RULER + WAVE);
    g.fillStyle = c.soft;
    const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
    g.fillText(step >= 60 ? clockText(i * step).slice(0, -3) : `${(i * step).toFixed(digits)} s`, x + 4, RULER / 2);
  }
}

// Lowest and highest sample in [start, end): from the sound itself when it is here and close
// enough, else from the coarse outline that came with the clip.
function extremes(clip, track, start, end) {
  let low = 1, high = -1;
  if (end - start <= 2048) {
    const index = Math.floor(start / CHUNK);
    const samples = app.player.samplesAt(track, index);
    if (samples) {
      const to = Math.min(end - index * CHUNK, samples.length);
      for (let i = Math.floor(start - index * CHUNK); i < to; i++) {
        const v = samples[i];
        if (v < low) low = v;
        if (v > high) high = v;
      }
      return low <= high ? [low, high] : null;
    }
  }
  const outline = track === "original" || !clip.original ? clip.outline : clip.outlineOfCodes;
  if (!outline) return null;
  const from = Math.floor(start / clip.outlineSamples);
  const to = Math.min(Math.max(from + 1, Math.ceil(end / clip.outlineSamples)), outline.length / 2);
  for (let i = from; i < to; i++) {
    low = Math.min(low, outline[2 * i] / 127);
    high = Math.max(high, outline[2 * i + 1] / 127);
  }
  return low <= high ? [low, high] : null;
}

function traceWave(g, clip, axis, track, colourAt) {
  const middle = RULER + WAVE / 2;
  const reach = WAVE / 2 - 5;
  const samplesPerPx = axis.columnSamples / axis.scale;
  const gain = clip.gain * reach;
  const right = Math.min(axis.width, axis.sampleX(clip.samples));
  for (let x = 0; x < right; x++) {
    const start = axis.sample(x);
    const range = extremes(clip, track, start, Math.max(start + 1, start + samplesPerPx));
    if (!range) continue;
    const top = Math.min(0, -range[1] * gain) - 0.5;
    const bottom = Math.max(0, -range[0] * gain) + 0.5;
    g.fillStyle = colourAt(x);
    g.fillRect(x, middle + top, 1, bottom - top);
  }
}

function drawWave(canvas, view) {
  const { axis, clip, model } = view;
  const g = freshCanvas(canvas, axis.width, RULER + WAVE);
  drawRuler(g, axis);
  if (!clip) return;
  const c = colours();
  drawSelectionBand(g, view, 0, RULER + WAVE);
  g.fillStyle = c.line;
  g.fillRect(0, RULER + WAVE / 2, Math.min(axis.width, axis.sampleX(clip.samples)), 1);
  const heard = view.ab === "original" ? "original" : view.track;
  const ghost = view.ab === "original" ? view.track : clip.original ? "original" : null;
  if (ghost) traceWave(g, clip, axis, ghost, () => c.ghost);
  const base = view.ab === "original"
    ? () => c.soft
    : (x) => {
        const column = Math.min(clip.columns - 1, Math.floor(axis.column(x)));
        const code = clip.codes[column];
        return code < 0 ? c.faint : view.colourOf(0, code);
      };
  traceWave(g, clip, axis, heard, base);
}

function drawSelectionBand(g, view, top, height) {
  const { axis, selection } = view;
  if (!selection) return;
  const c = colours();
  const x = axis.x(selection.c0);
  const width = (selection.c1 - selection.c0) * axis.scale;
  g.fillStyle = c.halo;
  g.fillRect(x, top, width, height);
  g.fillStyle = c.accent;
  g.fillRect(x - 1, top, 1.5, height);
  g.fillRect(x + width - 0.5, top, 1.5, height);
}
