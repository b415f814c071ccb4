// The dashboard: keeps the newest frame and what the visitor chose to see, and paints the views.

const root = element.querySelector(".rq");
const find = (name) => root.querySelector(`[data-rq="${name}"]`);

const state = {
  description: null,
  curves: null,
  gallery: null,
  frame: null,
  frames: 0,
  limits: [],
  hover: null,
  cursor: null,
  view: { voronoi: true, trails: true, arrows: false, shared: false, focus: null, log: true, parts: false },
};
let theme = readTheme(root);

// ---- data of one frame, arranged for the views ------------------------------------------------

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

function planeOf(view, level) {
  const trails = state.curves?.trails;
  const codes = levelSlice(view.codes, level);
  return {
    points: levelSlice(view.vectors, level),
    codes,
    alive: levelSlice(view.alive, level),
    cellDigit: majorityDigits(levelSlice(view.digit_usage, level)),
    gradients: levelSlice(view.gradient, level),
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

// ---- painting ---------------------------------------------------------------------------------

function paintPlanes() {
  const { frame, description } = state;
  const canvases = find("planes").querySelectorAll("canvas");
  const planes = Array.from(canvases, (_, level) => (frame.view ? planeOf(frame.view, level) : null));
  if (frame.view && state.limitsOf !== frame) {
    planes.forEach((plane, level) => (state.limits[level] = steadyLimit(state.limits[level], plane)));
    state.limitsOf = frame;
  }
  const widest = Math.max(...state.limits, 1e-6);
  canvases.forEach((canvas, level) => {
    const limit = (state.view.shared ? widest : state.limits[level]) || 1;
    const { labels } = description;
    const zoom = widest / (limit * (level && frame.view ? 1 : widest / limit));
    const caption = canvas.previousElementSibling;
    const title = levelTitle(level) + (zoom > 1.15 ? ` · drawn ${zoom.toFixed(1)}× larger` : "");
    if (caption.textContent !== title) caption.textContent = title;
    canvas.scale = drawPlane(canvas, planes[level], labels, limit, theme.digits, state.view, theme);
  });
}

function lossSeries() {
  if (!state.curves) return [];
  const { train, test, train_steps: steps, test_steps: testSteps, low, high } = state.curves;
  const [blue, orange, purple, grey, ink] = theme.series;
  const series = [
    { name: "train reconstruction", steps, values: train.recon, low, high, color: blue },
    { name: "test reconstruction", steps: testSteps, values: test.recon, color: orange, width: 2.2 },
    { name: "test, unquantised", steps: testSteps, values: test.unquantised, color: orange, dash: [2, 3] },
  ];
  if (state.view.parts) {
    series.push(
      { name: "λ × commitment", steps, values: train.weighted_commit, color: purple },
      { name: "λ × codebook", steps, values: train.weighted_codebook, color: grey, dash: [5, 3] },
      { name: "total", steps, values: train.total, color: ink, width: 1.2 },
    );
  }
  return series.filter((s) => s.values);
}

const KNOB_SIGNS = { lambda_commit: "λ commit", lambda_codebook: "λ codebook", learning_rate: "rate" };

function markText({ name, new: value }) {
  const shown = typeof value === "number" ? formatNumber(value) : String(value);
  return `${KNOB_SIGNS[name] || name.replaceAll("_", " ")} → ${shown}`;
}

function paintCurves() {
  const series = lossSeries();
  const marks = (state.curves?.marks || []).map((m) => ({ step: m.step, text: markText(m) }));
  const options = { log: state.view.log, cursor: state.cursor };
  drawCurves(find("loss"), series, marks, options, theme);
  find("loss-legend").innerHTML = series
    .map((s) => `<span><i style="background:${s.color}" class="${s.dash ? "rq-dashed" : ""}"></i>${s.name}</span>`)
    .join("");
}

function healthText(health, codes) {
  if (!health?.known) return "no assignments yet";
  const dead = health.dead ? ` · <em>${health.dead} dead</em>` : "";
  const error = health.error === null ? "–" : `${(100 * health.error).toFixed(1)}%`;
  return (
    `<b>${health.active}/${codes}</b> active${dead} · perplexity <b>${formatNumber(health.perplexity)}</b>` +
    ` · error <b>${error}</b> of var(z)`
  );
}

function paintHealth() {
  const { frame, description } = state;
  find("usage").querySelectorAll(".rq-level").forEach((box, level) => {
    const view = frame.view;
    box.querySelector(".rq-health").innerHTML = healthText(view?.health[level], description.codes);
    const usage = view && {
      byDigit: levelSlice(view.digit_usage, level),
      share: levelSlice(view.share, level),
      alive: levelSlice(view.alive, level),
    };
    drawUsage(box.querySelector("canvas"), usage, theme.digits, theme);
  });
}

const STATUS_NAMES = {
  loading: "Loading data…", compiling: "Compiling…", training: "Training", paused: "Paused", failed: "Failed",
};

function paintNumbers() {
  const { frame } = state;
  const set = (name, text) => {
    const node = find(name);
    if (node.textContent !== text) node.textContent = text;
  };
  const status = state.lost ? "lost" : frame.status;
  const fresh = status === "paused" && frame.step === 0;
  set("status", state.lost ? "Connection lost" : fresh ? "Ready" : STATUS_NAMES[status] || status);
  root.dataset.status = status;
  set("step", formatCount(frame.step));
  set("speed", frame.steps_per_second ? formatNumber(frame.steps_per_second) : "–");
  set("mse", frame.test_mse === null ? "–" : frame.test_mse.toFixed(4));
  const seen = (frame.view?.health || []).filter((h) => h.known);
  const sum = (key) => seen.reduce((total, h) => total + h[key], 0);
  set("active", seen.length ? `${sum("active")} / ${sum("active") + sum("dead")}` : "–");
  const bits = frame.view?.joint_bits ?? null;
  set("bits", bits === null ? "–" : `${bits.toFixed(2)} / ${formatNumber(frame.view.nominal_bits)}`);
  set("message", frame.message || "");
  find("message").hidden = !frame.message;
}

let scheduled = false;
function paintSoon() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    paint();
  });
}

function paint() {
  const { frame, description } = state;
  if (!frame || !description) return;
  paintNumbers();
  paintPlanes();
  paintCurves();
  drawPictureRows(find("pictures"), frame.view, description.picture_titles, theme);
  paintHealth();
  root.dataset.step = frame.step;
  root.dataset.frames = state.frames;
}

// ---- the frame of the page ---------------------------------------------------------------------

function levelTitle(level) {
  return level === 0 ? "Level 1 · encoder outputs" : `Level ${level + 1} · residuals after level ${level}`;
}

// Colours of the current theme; the legend wears them too.
function dress() {
  theme = readTheme(root);
  theme.digits = onSurface(state.description?.digits || [], theme);
  find("legend").querySelectorAll("i").forEach((swatch, d) => (swatch.style.background = theme.digits[d]));
}

function buildLevels(description) {
  const levels = Array.from({ length: description.levels }, (_, level) => level);
  find("planes").innerHTML = levels
    .map((l) => `<figure><figcaption>${levelTitle(l)}</figcaption><canvas data-level="${l}" aria-label="${levelTitle(l)}"></canvas></figure>`)
    .join("");
  find("usage").innerHTML = levels
    .map((l) => `<div class="rq-level"><h4>Level ${l + 1}<span class="rq-health"></span></h4><canvas></canvas></div>`)
    .join("");
  find("legend").innerHTML = description.digits
    .map((_, d) => `<button type="button" data-digit="${d}" aria-pressed="false"><i></i>${d}</button>`)
    .join("");
  dress();
}

function listen() {
  find("legend").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const digit = Number(button.dataset.digit);
    state.view.focus = state.view.focus === digit ? null : digit;
    for (const other of find("legend").children) {
      other.setAttribute("aria-pressed", String(Number(other.dataset.digit) === state.view.focus));
    }
    paintSoon();
  });
  root.querySelectorAll("[data-toggle]").forEach((button) => {
    button.setAttribute("aria-pressed", String(state.view[button.dataset.toggle]));
    button.addEventListener("click", () => {
      const name = button.dataset.toggle;
      state.view[name] = !state.view[name];
      button.setAttribute("aria-pressed", String(state.view[name]));
      paintSoon();
    });
  });
  const loss = find("loss");
  loss.addEventListener("pointermove", (event) => {
    state.cursor = event.offsetX;
    paintSoon();
  });
  loss.addEventListener("pointerleave", () => {
    state.cursor = null;
    paintSoon();
  });
  const repaint = () => {
    dress();
    paintSoon();
  };
  new ResizeObserver(repaint).observe(root);
  new MutationObserver(repaint).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  document.fonts?.ready.then(repaint);
}

// The widgets follow the run: another tab, or a preset, may have moved its knobs. It waits until
// the knobs rest, so that it never pulls at a slider that is being dragged.
let knobTimer = null;
let knobsSeen = null;
function followKnobs(frame) {
  const knobs = JSON.stringify([frame.hyper, frame.keys.description]);
  if (knobs === knobsSeen) return;
  const first = knobsSeen === null;
  knobsSeen = knobs;
  clearTimeout(knobTimer);
  if (!first) knobTimer = setTimeout(() => trigger("sync"), 900);
}

listen();
root.rqState = state; // for tests and for the curious: what is on screen, as data
startFeed(server, {
  onDescription(description) {
    state.description = description;
    state.limits = [];
    state.curves = state.gallery = null;
    buildLevels(description);
  },
  onPart(part, reply) {
    if (part === "curves") state.curves = reply;
    else state.gallery = reply.gallery;
  },
  onFrame(frame) {
    state.frame = frame;
    state.frames += 1;
    followKnobs(frame);
    paintSoon();
  },
  onLost(lost) {
    state.lost = lost;
    if (state.frame) paintSoon();
  },
});
