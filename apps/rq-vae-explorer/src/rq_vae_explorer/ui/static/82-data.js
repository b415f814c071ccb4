// One frame, arranged for the views: slices per level, steady limits, names and series.

function levelSlice(array, level) {
  const shape = array.shape.slice(1);
  const size = shape.reduce((a, b) => a * b, 1);
  const slice = array.subarray(level * size, (level + 1) * size);
  slice.shape = shape;
  return slice;
}

function majorityDigits(usage) {
  return Array.from({ length: usage.length / 10 }, (_, k) => {
    let best = -1;
    let most = 0;
    for (let d = 0; d < 10; d++) {
      if (usage[10 * k + d] > most) [best, most] = [d, usage[10 * k + d]];
    }
    return best;
  });
}

function planeOf(view, level, trails) {
  const codes = levelSlice(view.codes, level);
  return {
    points: levelSlice(view.vectors, level),
    codes,
    alive: levelSlice(view.alive, level),
    cellDigit: majorityDigits(levelSlice(view.digit_usage, level)),
    gradients: levelSlice(view.gradient, level),
    share: levelSlice(view.share, level),
    byDigit: levelSlice(view.digit_usage, level),
    trail: trails && trails.shape[0] > level ? levelSlice(trails, level) : null,
  };
}

// Steady axes: they widen at once when something would leave the picture and shrink slowly.
function steadyLimit(before, plane) {
  const sizes = Array.from(plane.points, Math.abs).sort((a, b) => a - b);
  let far = Math.max(1e-6, sizes[Math.floor(sizes.length * 0.995)] || 0);
  plane.alive.forEach((alive, k) => {
    if (alive) far = Math.max(far, Math.abs(plane.codes[2 * k]), Math.abs(plane.codes[2 * k + 1]));
  });
  const wanted = far * 1.12;
  if (!before || wanted > before) return wanted;
  return wanted < before * 0.8 ? before * 0.97 : before;
}

const KNOB_SIGNS = { lambda_commit: "λ commit", lambda_codebook: "λ codebook", learning_rate: "rate" };

function markText({ name, new: value }) {
  const shown = typeof value === "number" ? formatNumber(value) : String(value);
  return `${KNOB_SIGNS[name] || name.replaceAll("_", " ")} → ${shown}`;
}

function levelTitle(level) {
  return level === 0 ? "Level 1 · encoder outputs" : `Level ${level + 1} · residuals after level ${level}`;
}

function healthText(health, codes) {
  if (!health) return "no assignments yet";
  const dead = health.dead ? ` · <em>${health.dead} dead</em>` : "";
  const error = health.error === null ? "–" : `${(100 * health.error).toFixed(1)}%`;
  return (
    `<b>${health.active}/${codes}</b> active${dead} · perplexity <b>${formatNumber(health.perplexity)}</b>` +
    ` · error <b>${error}</b> of var(z)`
  );
}
