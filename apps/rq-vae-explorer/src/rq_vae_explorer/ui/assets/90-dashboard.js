// The dashboard: keeps the newest frame and what the visitor chose to see, and paints the views.

const root = element.querySelector(".rq");
const find = (name) => root.querySelector(`[data-rq="${name}"]`);
const TRAIL_LENGTH = 80;

const state = {
  description: null,
  frame: null,
  frames: 0,
  limits: [],
  trails: [],
  hover: null,
  cursor: null,
  view: { voronoi: true, trails: true, arrows: false, shared: true, focus: null, log: true, parts: false },
};
let theme = readTheme(root);

// ---- data of one frame, arranged for the views ------------------------------------------------

function levelSlice(array, level) {
  const size = array.shape.slice(1).reduce((a, b) => a * b, 1);
  return array.subarray(level * size, (level + 1) * size);
}

function majorityDigits(usage) {
  const codes = usage.length / 10;
  return Array.from({ length: codes }, (_, k) => {
    let best = -1;
    let most = 0;
    for (let d = 0; d < 10; d++) {
      if (usage[10 * k + d] > most) [best, most] = [d, usage[10 * k + d]];
    }
    return best;
  });
}

function planeOf(frame, level) {
  return {
    points: levelSlice(frame.vectors, level),
    codes: levelSlice(frame.codes, level),
    alive: levelSlice(frame.alive, level),
    cellDigit: majorityDigits(levelSlice(frame.digit_usage, level)),
    gradients: frame.code_gradients ? levelSlice(frame.code_gradients, level) : null,
    trail: state.trails[level] || [],
  };
}

// Steady axes: they widen at once when something would leave the picture and shrink slowly.
function steadyLimit(before, plane) {
  let far = 1e-6;
  const sizes = Array.from(plane.points, Math.abs).sort((a, b) => a - b);
  far = Math.max(far, sizes[Math.floor(sizes.length * 0.995)] || 0);
  plane.alive.forEach((alive, k) => {
    if (alive) far = Math.max(far, Math.abs(plane.codes[2 * k]), Math.abs(plane.codes[2 * k + 1]));
  });
  const wanted = far * 1.12;
  if (!before || wanted > before) return wanted;
  return wanted < before * 0.8 ? before * 0.97 : before;
}

function remember(frame) {
  for (let level = 0; level < frame.codes.shape[0]; level++) {
    const plane = planeOf(frame, level);
    state.limits[level] = steadyLimit(state.limits[level], plane);
    const trail = (state.trails[level] ??= []);
    if (frame.step !== state.trailStep) trail.push(plane.codes);
    if (trail.length > TRAIL_LENGTH) trail.shift();
  }
  state.trailStep = frame.step;
}

// ---- painting ---------------------------------------------------------------------------------

function paintPlanes() {
  const { frame, description } = state;
  const canvases = find("planes").querySelectorAll("canvas");
  const widest = Math.max(...state.limits, 1e-6);
  canvases.forEach((canvas, level) => {
    const plane = frame.vectors ? planeOf(frame, level) : null;
    const limit = (state.view.shared ? widest : state.limits[level]) || 1;
    const labels = description.labels;
    canvas.scale = drawPlane(canvas, plane, labels, limit, description.digits, state.view, theme);
  });
}

function lossSeries(frame) {
  const curves = frame.curves;
  const line = (name, values, color, extra) => ({ name, steps: curves.steps, values, color, ...extra });
  const series = [
    line("", curves.recon_raw, theme.series[0], { alpha: 0.25, width: 1 }),
    line("train reconstruction", curves.recon, theme.series[0]),
    { name: "test reconstruction", steps: curves.test_steps, values: curves.test_recon, color: theme.series[1], width: 2.4 },
  ];
  if (state.view.parts) {
    series.push(
      line("λ × commitment", curves.commit_weighted, theme.series[2], { dash: [6, 3] }),
      line("λ × codebook", curves.codebook_weighted, theme.series[3], { dash: [2, 2] }),
      line("total", curves.total, theme.series[4]),
    );
  }
  return series.filter((s) => s.values);
}

function paintCurves() {
  const { frame } = state;
  const series = lossSeries(frame);
  const options = { log: state.view.log, cursor: state.cursor };
  find("loss").scale = drawCurves(find("loss"), series, frame.marks || [], options, theme);
  find("loss-legend").innerHTML = series
    .filter((s) => s.name)
    .map((s) => `<span><i style="background:${s.color}"></i>${s.name}</span>`)
    .join("");
}

function paintHealth() {
  const { frame, description } = state;
  find("usage").querySelectorAll(".rq-level").forEach((box, level) => {
    const health = frame.health[level];
    const alive = levelSlice(frame.alive, level);
    box.querySelector(".rq-health").innerHTML = health.known
      ? `<b>${health.active}</b>/${alive.length} active` +
        (health.dead ? ` · <em>${health.dead} dead</em>` : "") +
        ` · perplexity <b>${health.perplexity.toFixed(1)}</b>` +
        (health.error !== null ? ` · error <b>${(100 * health.error).toFixed(1)}%</b> of var(z)` : "")
      : "no assignments yet";
    drawUsage(
      box.querySelector("canvas"), level, frame.digit_usage, frame.share, alive,
      frame.dead_share, description.digits, theme,
    );
  });
}

function paintNumbers() {
  const { frame } = state;
  const set = (name, text) => {
    const node = find(name);
    if (node.textContent !== text) node.textContent = text;
  };
  const names = {
    idle: "Ready", preparing: "Compiling…", training: "Training", paused: "Paused", failed: "Stopped by an error",
  };
  set("status", state.lost ? "Connection lost" : names[frame.status] || frame.status);
  root.dataset.status = state.lost ? "lost" : frame.status;
  set("step", formatCount(frame.step));
  set("speed", frame.steps_per_second ? formatNumber(frame.steps_per_second) : "–");
  set("mse", frame.test_mse === null ? "–" : frame.test_mse.toFixed(4));
  const seen = frame.health.filter((h) => h.known);
  const sum = (key) => seen.reduce((total, h) => total + h[key], 0);
  set("active", seen.length ? `${sum("active")} / ${sum("active") + sum("dead")}` : "–");
  set("bits", frame.joint_bits === null ? "–" : `${frame.joint_bits.toFixed(2)} / ${frame.nominal_bits.toFixed(0)}`);
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
  drawPictureRows(find("pictures"), frame.pictures, description.picture_titles, theme);
  paintHealth();
  root.dataset.step = frame.step;
  root.dataset.frames = state.frames;
  root.dataset.version = frame.version;
}

// ---- the frame of the page ---------------------------------------------------------------------

function levelTitle(level) {
  return level === 0 ? "Level 1 · encoder outputs" : `Level ${level + 1} · residuals after level ${level}`;
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
    .map((color, d) => `<button type="button" data-digit="${d}" aria-pressed="false"><i style="background:${color}"></i>${d}</button>`)
    .join("");
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
    theme = readTheme(root);
    paintSoon();
  };
  new ResizeObserver(repaint).observe(root);
  new MutationObserver(repaint).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  document.fonts?.ready.then(repaint);
}

listen();
startFeed(server, {
  onDescription(description) {
    state.description = description;
    state.limits = [];
    state.trails = [];
    state.trailStep = null;
    buildLevels(description);
  },
  onFrame(frame) {
    if (state.frame && frame.step < state.frame.step) state.trails = [];
    state.frame = frame;
    state.frames += 1;
    if (frame.vectors) remember(frame);
    paintSoon();
  },
  onLost(lost) {
    state.lost = lost;
    if (state.frame) paintSoon();
  },
});
