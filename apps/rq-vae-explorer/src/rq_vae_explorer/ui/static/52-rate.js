// Rate against distortion: where the run came from, and where each number of levels stands now.

// path: {bits, mse} over time; levels: [{bits, mse, name}] now; nominal: bits that the codes could hold
function drawRateDistortion(canvas, path, levels, nominal, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return;
  const known = levels.filter((p) => Number.isFinite(p.bits) && Number.isFinite(p.mse));
  if (!known.length) {
    emptyNote(g, width, height, theme, "No data yet");
    return;
  }
  const tops = [...path.mse, ...known.map((p) => p.mse)].filter(Number.isFinite);
  const low = Math.min(...tops) * 0.9;
  const high = Math.min(Math.max(...tops), low * 8) * 1.08;
  const scale = curveScale(width, height, nominal * 1.04, [low, high], true);
  drawRateAxes(g, scale, nominal, [low, high], theme);
  g.strokeStyle = withAlpha(theme.series[1], 0.45);
  g.lineWidth = 1.4;
  g.beginPath();
  path.bits.forEach((bits, i) => {
    if (path.mse[i] <= high) g.lineTo(scale.x(bits), scale.y(path.mse[i]));
  });
  g.stroke();
  g.setLineDash([4, 3]);
  g.strokeStyle = theme.soft;
  g.beginPath();
  known.forEach((p) => g.lineTo(scale.x(p.bits), scale.y(p.mse)));
  g.stroke();
  g.setLineDash([]);
  for (const p of known) {
    const [x, y] = [scale.x(p.bits), scale.y(p.mse)];
    g.fillStyle = theme.series[1];
    g.beginPath();
    g.arc(x, y, 5.5, 0, 2 * Math.PI);
    g.fill();
    g.fillStyle = theme.ink;
    g.textAlign = x > width * 0.7 ? "right" : "left";
    g.textBaseline = "bottom";
    g.fillText(`${p.name}: ${formatNumber(p.bits)} bits, ${formatNumber(p.mse)}`, x + (x > width * 0.7 ? 4 : 8), y - 6);
  }
}

function drawRateAxes(g, scale, nominal, limits, theme) {
  g.font = `10px ${theme.font}`;
  g.lineWidth = 1;
  g.strokeStyle = theme.grid;
  g.fillStyle = theme.soft;
  g.textBaseline = "middle";
  g.textAlign = "right";
  for (const v of logTicks(...limits)) {
    const y = Math.round(scale.y(v)) + 0.5;
    g.beginPath();
    g.moveTo(CURVE_PAD.left, y);
    g.lineTo(scale.right, y);
    g.stroke();
    g.fillText(formatNumber(v, 2), CURVE_PAD.left - 6, y);
  }
  g.textAlign = "center";
  g.textBaseline = "top";
  for (const t of niceTicks(0, nominal, 6)) g.fillText(`${formatNumber(t)} bits`, scale.x(t), scale.bottom + 7);
  const x = Math.round(scale.x(nominal)) + 0.5;
  g.strokeStyle = theme.accent;
  g.setLineDash([2, 3]);
  g.beginPath();
  g.moveTo(x, CURVE_PAD.top);
  g.lineTo(x, scale.bottom);
  g.stroke();
  g.setLineDash([]);
  g.fillStyle = theme.accent;
  g.textAlign = "right";
  g.fillText("nominal rate", x - 4, CURVE_PAD.top);
}
