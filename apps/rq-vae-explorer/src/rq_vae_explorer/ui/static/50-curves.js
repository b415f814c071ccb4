// Curves over training steps: logarithmic or linear axis, slider changes marked on the time axis.

const CURVE_PAD = { left: 46, right: 12, top: 10, bottom: 24 };

function curveLimits(series, log) {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of series) {
    for (const v of values) {
      if (!Number.isFinite(v) || (log && v <= 0)) continue;
      if (v < low) low = v;
      if (v > high) high = v;
    }
  }
  if (low > high) return null;
  if (!log) return [Math.min(0, low), high * 1.05 || 1];
  low = Math.max(low, high * 1e-5);
  return [low * 0.85, high * 1.2];
}

function logTicks(low, high) {
  const marks = high / low > 30 ? [1] : high / low > 6 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const ticks = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const m of marks) if (m * 10 ** e >= low && m * 10 ** e <= high) ticks.push(m * 10 ** e);
  }
  return ticks;
}

function curveScale(width, height, lastStep, [low, high], log) {
  const w = width - CURVE_PAD.left - CURVE_PAD.right;
  const h = height - CURVE_PAD.top - CURVE_PAD.bottom;
  const f = log ? Math.log : (v) => v;
  return {
    x: (step) => CURVE_PAD.left + (step / Math.max(1, lastStep)) * w,
    y: (v) => CURVE_PAD.top + h * (1 - (f(Math.max(v, log ? low : v)) - f(low)) / (f(high) - f(low))),
    step: (px) => ((px - CURVE_PAD.left) / w) * Math.max(1, lastStep),
    bottom: CURVE_PAD.top + h,
    right: CURVE_PAD.left + w,
  };
}

function drawCurveAxes(g, scale, lastStep, limits, log, theme) {
  g.font = `10px ${theme.font}`;
  g.lineWidth = 1;
  g.fillStyle = theme.soft;
  g.strokeStyle = theme.grid;
  g.textBaseline = "middle";
  g.textAlign = "right";
  const rows = log ? logTicks(...limits) : niceTicks(limits[0], limits[1], 4);
  for (const v of rows) {
    const y = Math.round(scale.y(v)) + 0.5;
    g.beginPath();
    g.moveTo(CURVE_PAD.left, y);
    g.lineTo(scale.right, y);
    g.stroke();
    g.fillText(formatNumber(v, 2), CURVE_PAD.left - 6, y);
  }
  g.textBaseline = "top";
  g.textAlign = "center";
  for (const t of niceTicks(0, Math.max(1, lastStep), 6)) {
    g.fillText(formatCount(t), scale.x(t), scale.bottom + 7);
  }
}

function drawMarks(g, scale, marks, theme) {
  g.font = `10px ${theme.font}`;
  g.textBaseline = "top";
  let free = -Infinity;
  for (const mark of marks) {
    const x = Math.round(scale.x(mark.step)) + 0.5;
    g.strokeStyle = theme.accent;
    g.setLineDash([2, 3]);
    g.beginPath();
    g.moveTo(x, CURVE_PAD.top);
    g.lineTo(x, scale.bottom);
    g.stroke();
    g.setLineDash([]);
    const wide = g.measureText(mark.text).width;
    const left = x + wide + 6 > scale.right;
    if (x < free) continue;
    g.fillStyle = theme.accent;
    g.textAlign = left ? "right" : "left";
    g.fillText(mark.text, left ? x - 4 : x + 4, CURVE_PAD.top + 1);
    free = x + wide + 10;
  }
}

function drawBand(g, scale, s, log) {
  if (!s.low || s.steps.length < 2) return;
  const ok = (v) => Number.isFinite(v) && (!log || v > 0);
  g.fillStyle = s.color;
  g.globalAlpha = 0.18;
  g.beginPath();
  s.steps.forEach((t, i) => ok(s.high[i]) && g.lineTo(scale.x(t), scale.y(s.high[i])));
  for (let i = s.steps.length - 1; i >= 0; i--) {
    if (ok(s.low[i])) g.lineTo(scale.x(s.steps[i]), scale.y(s.low[i]));
  }
  g.fill();
  g.globalAlpha = 1;
}

// series: [{name, steps, values, low?, high?, color, width?, dash?}]; marks: [{step, text}]
function drawCurves(canvas, series, marks, { log, cursor }, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return null;
  const limits = curveLimits(series, log);
  if (!limits) {
    emptyNote(g, width, height, theme, "No data yet");
    return null;
  }
  const lastStep = Math.max(...series.map((s) => (s.steps.length ? s.steps[s.steps.length - 1] : 0)));
  const scale = curveScale(width, height, lastStep, limits, log);
  drawCurveAxes(g, scale, lastStep, limits, log, theme);
  drawMarks(g, scale, marks, theme);
  g.lineJoin = "round";
  for (const s of series) {
    drawBand(g, scale, s, log);
    g.strokeStyle = s.color;
    g.lineWidth = s.width ?? 1.8;
    g.setLineDash(s.dash ?? []);
    g.beginPath();
    let pen = false;
    for (let i = 0; i < s.steps.length; i++) {
      const v = s.values[i];
      if (!Number.isFinite(v) || (log && v <= 0)) {
        pen = false;
        continue;
      }
      pen ? g.lineTo(scale.x(s.steps[i]), scale.y(v)) : g.moveTo(scale.x(s.steps[i]), scale.y(v));
      pen = true;
    }
    g.stroke();
  }
  g.setLineDash([]);
  if (cursor !== null && cursor !== undefined) drawReadout(g, scale, series, cursor, theme);
  return scale;
}

function drawReadout(g, scale, series, cursor, theme) {
  const step = Math.max(0, scale.step(cursor));
  const lines = series
    .filter((s) => s.name && s.steps.length)
    .map((s) => {
      let i = s.steps.findIndex((t) => t >= step);
      if (i < 0) i = s.steps.length - 1;
      return { color: s.color, text: `${s.name} ${formatNumber(s.values[i])}` };
    });
  g.font = `11px ${theme.font}`;
  const wide = Math.max(60, ...lines.map((l) => g.measureText(l.text).width)) + 26;
  const tall = 16 * (lines.length + 1) + 8;
  const x = Math.min(cursor + 10, scale.right - wide);
  g.strokeStyle = theme.soft;
  g.lineWidth = 1;
  g.beginPath();
  g.moveTo(cursor, CURVE_PAD.top);
  g.lineTo(cursor, scale.bottom);
  g.stroke();
  g.fillStyle = theme.surface;
  g.globalAlpha = 0.94;
  g.fillRect(x, CURVE_PAD.top + 16, wide, tall);
  g.globalAlpha = 1;
  g.strokeStyle = theme.faint;
  g.strokeRect(x + 0.5, CURVE_PAD.top + 16.5, wide, tall);
  g.textAlign = "left";
  g.textBaseline = "middle";
  g.fillStyle = theme.soft;
  g.fillText(`step ${formatCount(step)}`, x + 8, CURVE_PAD.top + 28);
  lines.forEach((line, i) => {
    const y = CURVE_PAD.top + 44 + 16 * i;
    g.fillStyle = line.color;
    g.fillRect(x + 8, y - 4, 8, 8);
    g.fillStyle = theme.ink;
    g.fillText(line.text, x + 21, y);
  });
}
