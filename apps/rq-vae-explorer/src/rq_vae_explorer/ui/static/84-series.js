// Which curves each tab of the training chart shows.

// A running mean over about a twenty-fifth of what is drawn, without the bias of its start.
function smoothed(values) {
  const keep = Math.min(0.95, Math.max(0, 1 - 25 / values.length));
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return value;
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}

function lossSeries({ train, test, train_steps: steps, test_steps: testSteps, low, high }, { parts, smooth }, theme) {
  const [blue, orange, purple, grey, ink] = theme.series;
  const raw = { name: "train reconstruction", steps, values: train.recon, low, high, color: blue };
  const series = [
    ...(smooth
      ? [{ ...raw, name: "", color: withAlpha(blue, 0.3), width: 1 }, { ...raw, low: null, name: "train, smoothed", values: smoothed(train.recon) }]
      : [raw]),
    { name: "test reconstruction", steps: testSteps, values: test.recon, color: orange, width: 2.2 },
    { name: "test, unquantised", steps: testSteps, values: test.unquantised, color: orange, dash: [2, 3] },
  ];
  if (!parts) return series;
  return [
    ...series,
    { name: "λ × commitment", steps, values: train.weighted_commit, color: purple },
    { name: "λ × codebook", steps, values: train.weighted_codebook, color: grey, dash: [5, 3] },
    { name: "λ × Sinkhorn", steps, values: train.weighted_sinkhorn, color: purple, dash: [2, 2] },
    { name: "total", steps, values: train.total, color: ink, width: 1.2 },
  ];
}

// One curve per level of a test figure such as `error_1`, `error_2`.
function perLevel({ test, test_steps: steps }, figure, label, theme) {
  const names = Object.keys(test).filter((name) => name.startsWith(`${figure}_`));
  return names.map((name, i) => ({
    name: `${label} ${name.slice(figure.length + 1)}`, steps, values: test[name], color: theme.series[i], width: 2,
  }));
}

function motionSeries({ train, train_steps: steps }, theme) {
  return [
    { name: "code motion per step", steps, values: train.codebook_motion, color: theme.series[0] },
    { name: "gradient norm", steps, values: train.gradient_norm, color: theme.series[1] },
  ];
}

const CHART_TABS = {
  loss: { title: "Losses", series: (curves, theme, view) => lossSeries(curves, view, theme) },
  error: {
    title: "Quantisation error",
    note: "What is left after each level, as a part of var(z), on test digits. 1 is no better than the mean.",
    series: (curves, theme) => perLevel(curves, "error", "after level", theme),
  },
  recon: {
    title: "Distortion",
    note: "Test MSE of pictures that are decoded from the first levels only.",
    series: (curves, theme) => perLevel(curves, "recon", "levels to", theme),
  },
  perplexity: {
    title: "Perplexity",
    linear: true,
    note: "The number of codes that a level effectively uses; at most K.",
    series: (curves, theme) => perLevel(curves, "perplexity", "level", theme),
  },
  motion: {
    title: "Motion",
    note: "How far the codes move per step, and how strongly the networks are pulled.",
    series: (curves, theme) => motionSeries(curves, theme),
  },
  rate: { title: "Rate–distortion", note: "Bits that a digit's codes really carry against test MSE. The trail is the run so far; the dots are the levels now." },
};
