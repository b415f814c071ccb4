// How the codes of a level are used: one bar per code, stacked by digit; dead codes stay visible.

// Bars and heat map of a level share their columns; digits are named in this margin.
const USAGE_LEFT = 16;

function drawShareLine(g, width, y, dash, theme) {
  g.strokeStyle = theme.soft;
  g.lineWidth = 1;
  g.setLineDash(dash);
  g.beginPath();
  g.moveTo(USAGE_LEFT, Math.round(y) + 0.5);
  g.lineTo(width, Math.round(y) + 0.5);
  g.stroke();
  g.setLineDash([]);
}

// One bar: as high as the code's share of recent training, striped by the test digits that use it.
function drawUsageBar(g, x, base, wide, tall, byDigit, digits, theme) {
  const total = byDigit.reduce((a, b) => a + b, 0);
  if (!total) {
    g.fillStyle = theme.soft;
    g.fillRect(x, base - tall, wide, tall);
    return;
  }
  let y = base;
  byDigit.forEach((count, d) => {
    const part = (count / total) * tall;
    g.fillStyle = digits[d];
    g.fillRect(x, y - part, wide, part + 0.3);
    y -= part;
  });
}

// usage: {byDigit: i32 (K, 10), share: f32 (K), alive: u8 (K)}
function drawUsage(canvas, usage, digits, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return;
  if (!usage) {
    emptyNote(g, width, height, theme, "No data yet");
    return;
  }
  const codes = usage.share.length;
  const base = height - 16;
  const slot = (width - USAGE_LEFT) / codes;
  const bar = Math.max(3, Math.min(26, slot * 0.7));
  const unit = (base - 8) / Math.max(1.6 / codes, ...usage.share);
  g.font = `${slot < 16 ? 8 : 10}px ${theme.font}`;
  g.textAlign = "center";
  g.textBaseline = "alphabetic";
  for (let k = 0; k < codes; k++) {
    const x = USAGE_LEFT + k * slot + (slot - bar) / 2;
    const byDigit = usage.byDigit.subarray(10 * k, 10 * k + 10);
    drawUsageBar(g, x, base, bar, usage.share[k] * unit, byDigit, digits, theme);
    if (!usage.alive[k]) {
      g.setLineDash([2, 2]);
      g.strokeStyle = theme.ink;
      g.strokeRect(x + 0.5, base - 12.5, bar - 1, 12);
      g.setLineDash([]);
    }
    g.fillStyle = usage.alive[k] ? theme.soft : theme.ink;
    if (slot > 9 || k % 4 === 0) g.fillText(String(k), USAGE_LEFT + (k + 0.5) * slot, height - 4);
  }
  drawShareLine(g, width, base - unit / codes, [4, 4], theme);
  drawShareLine(g, width, base - (state.description.dead_share * unit) / codes, [1, 3], theme);
}
