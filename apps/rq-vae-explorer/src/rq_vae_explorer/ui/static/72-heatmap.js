// What a code means: of the test digits of each class, how many choose which code.

// byDigit: i32 (K, 10); rows are digits, columns codes under the bars of the same level.
function drawHeatmap(canvas, byDigit, names, theme) {
  const { g, width, height } = openCanvas(canvas);
  if (!width || !byDigit) return;
  const codes = byDigit.shape[0];
  const slot = (width - USAGE_LEFT) / codes;
  const row = height / 10;
  const surface = theme.dark ? "dark" : "light";
  const heat = state.description.heat[surface];
  const inks = state.description.heat_inks[surface];
  const totals = Array(10).fill(0);
  byDigit.forEach((count, i) => (totals[i % 10] += count));
  g.font = `8.5px ${theme.font}`;
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillStyle = theme.soft;
  for (let d = 0; d < 10; d++) g.fillText(names[d].slice(0, 2), USAGE_LEFT / 2 - 2, (d + 0.5) * row + 0.5);
  for (let k = 0; k < codes; k++) {
    const left = USAGE_LEFT + k * slot + 1;
    for (let d = 0; d < 10; d++) {
      const share = totals[d] ? byDigit[10 * k + d] / totals[d] : 0;
      const warmth = Math.round(share * (heat.length - 1));
      g.fillStyle = share ? heat[warmth] : theme.grid;
      g.fillRect(left, d * row + 1, slot - 2, row - 2);
      if (share < 0.1 || slot < 17) continue;
      g.fillStyle = inks[warmth];
      g.fillText(String(Math.round(100 * share)), left - 1 + slot / 2, (d + 0.5) * row + 0.5);
    }
  }
}
