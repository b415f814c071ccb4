// How the codes of a level are used: one bar per code, stacked by digit; dead codes stay visible.

// usage: i32 (L, K, 10) assignments of the fixed test digits; share: f32 (L, K) of recent training.
function drawUsage(canvas, level, usage, share, alive, deadShare, digits, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width) return;
  const codes = share.shape[1];
  const base = height - 16;
  const slot = width / codes;
  const bar = Math.max(3, Math.min(26, slot * 0.7));
  let peak = 1.6 / codes;
  for (let k = 0; k < codes; k++) peak = Math.max(peak, share[level * codes + k]);
  const unit = (base - 8) / peak;
  for (const [value, dash] of [
    [1 / codes, [4, 4]],
    [deadShare / codes, [1, 3]],
  ]) {
    const y = Math.round(base - value * unit) + 0.5;
    g.strokeStyle = theme.soft;
    g.lineWidth = 1;
    g.setLineDash(dash);
    g.beginPath();
    g.moveTo(0, y);
    g.lineTo(width, y);
    g.stroke();
  }
  g.setLineDash([]);
  g.font = `${slot < 16 ? 8 : 10}px ${theme.font}`;
  g.textAlign = "center";
  g.textBaseline = "alphabetic";
  for (let k = 0; k < codes; k++) {
    const x = (k + 0.5) * slot - bar / 2;
    const tall = share[level * codes + k] * unit;
    const at = (level * codes + k) * 10;
    let total = 0;
    for (let d = 0; d < 10; d++) total += usage[at + d];
    let y = base;
    for (let d = 0; d < 10 && total; d++) {
      const part = (usage[at + d] / total) * tall;
      g.fillStyle = digits[d];
      g.fillRect(x, y - part, bar, part + 0.3);
      y -= part;
    }
    if (!total && tall > 0) {
      g.fillStyle = theme.soft;
      g.fillRect(x, base - tall, bar, tall);
    }
    if (!alive[k]) {
      g.setLineDash([2, 2]);
      g.strokeStyle = theme.ink;
      g.strokeRect(x + 0.5, base - 10.5, bar - 1, 10);
      g.setLineDash([]);
    }
    g.fillStyle = alive[k] ? theme.soft : theme.ink;
    if (slot > 9 || k % 4 === 0) g.fillText(String(k), (k + 0.5) * slot, height - 4);
  }
}
