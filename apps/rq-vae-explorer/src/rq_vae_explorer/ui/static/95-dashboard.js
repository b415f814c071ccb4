// The dashboard: keeps the newest frame and what the visitor chose to see, and paints the views.

const root = element.querySelector(".rq");
const find = (name) => root.querySelector(`[data-rq="${name}"]`);

const VIEW_DEFAULTS = {
  voronoi: true, trails: true, arrows: false, sprites: false, shared: false, focus: null, log: true, parts: false, smooth: true,
};

const state = {
  description: null,
  curves: null,
  gallery: null,
  frame: null,
  frames: 0,
  limits: [],
  cursor: null,
  tab: "loss",
  chosen: null, // {level, code}
  view: { ...VIEW_DEFAULTS },
  replay: typeof isReplay !== "undefined",
};
let theme = readTheme(root);

// ---- painting ---------------------------------------------------------------------------------

// What is looked at: now, or a past step.
const seenView = () => state.past?.view || state.frame.view;

function arrangePlanes() {
  const view = seenView();
  const trails = state.past ? null : state.curves?.trails;
  const levels = Array.from({ length: state.description.levels }, (_, level) => level);
  state.planes = levels.map((level) => (view ? planeOf(view, level, trails) : null));
  const { held } = state;
  if (held && view) {
    state.planes[held.level].codes = state.planes[held.level].codes.slice();
    state.planes[held.level].codes.set([held.x, held.y], 2 * held.code);
  }
  if (view && !held && state.limitsOf !== view) {
    state.planes.forEach((plane, l) => (state.limits[l] = steadyLimit(state.limits[l], plane)));
    state.limitsOf = view;
  }
}

function paintPlanes() {
  const { description } = state;
  const canvases = find("planes").querySelectorAll("canvas");
  const widest = Math.max(...state.limits, 1e-6);
  canvases.forEach((canvas, level) => {
    const limit = (state.view.shared ? widest : state.limits[level]) || 1;
    const zoom = state.limits[0] ? state.limits[0] / limit : 1;
    const caption = canvas.parentElement.querySelector("figcaption");
    const title = levelTitle(level) + (zoom > 1.15 ? ` · drawn ${zoom.toFixed(1)}× larger` : "");
    if (caption.textContent !== title) caption.textContent = title;
    const chosen = state.chosen?.level === level ? state.chosen.code : null;
    const extras = { ...state.view, chosen, sprites: state.view.sprites ? state.sprites : null };
    if (level === 0 && state.gallery && !state.past) extras.pulls = state.gallery;
    extras.own = sketch.result && sketch.result.points.subarray(2 * level, 2 * level + 2);
    extras.probe = level === 0 ? state.probe : null;
    canvas.scale = drawPlane(canvas, state.planes[level], description.labels, limit, theme.digits, extras, theme);
  });
}

function paintChart() {
  const { curves } = state;
  const tab = CHART_TABS[state.tab];
  const canvas = find("chart");
  if (state.tab === "rate") {
    paintRate(canvas);
    find("chart-legend").innerHTML = "";
  } else {
    const own = curves ? tab.series(curves, theme, state.view) : [];
    const series = [...own, ...(state.tab === "loss" ? otherSeries() : [])].filter((s) => s.values?.length);
    const marks = (curves?.marks || []).map((m) => ({ step: m.step, text: markText(m) }));
    drawCurves(canvas, series, marks, { log: state.view.log && !tab.linear, cursor: state.cursor }, theme);
    find("chart-legend").innerHTML = series
      .filter((s) => s.name)
      .map((s) => `<span><i style="background:${s.color}" class="${s.dash ? "rq-dashed" : ""}"></i>${s.name}</span>`)
      .join("");
  }
  find("chart-note").textContent = tab.note || "";
}

function paintRate(canvas) {
  const { curves, frame } = state;
  const health = frame.view?.health || [];
  const now = health.map((level, i) => {
    const history = curves?.test[`recon_${i + 1}`];
    const bits = i === 0 ? level.bits : i === health.length - 1 ? frame.view.joint_bits : NaN;
    return { name: i ? `levels 1–${i + 1}` : "level 1", bits, mse: history?.[history.length - 1] };
  });
  const path = { bits: curves?.test.bits || [], mse: curves?.test.recon || [] };
  drawRateDistortion(canvas, path, now, frame.view?.nominal_bits || 8, theme);
}

function paintHealth() {
  const { description } = state;
  find("usage").querySelectorAll(".rq-level").forEach((box, level) => {
    const plane = state.planes[level];
    box.querySelector(".rq-health").innerHTML = healthText(seenView()?.health[level], description.codes);
    const [bars, heat] = box.querySelectorAll("canvas");
    drawUsage(bars, plane, theme.digits, theme);
    drawHeatmap(heat, plane?.byDigit, description.classes, theme);
  });
}

function paintGallery() {
  const plane = state.planes[0];
  const gallery = plane ? state.gallery : null;
  if (gallery && gallery.theme !== theme) {
    gallery.theme = theme;
    gallery.mosaic = mosaicOf(gallery.plane, theme);
    gallery.pairMosaic = gallery.pairs && mosaicOf(gallery.pairs, theme);
  }
  find("map").scale = drawDecodedMap(find("map"), gallery, gallery?.mosaic, plane, theme);
  const chosen = state.chosen?.level === 0 ? state.chosen.code : null;
  find("atlas").scale = drawAtlas(find("atlas"), gallery?.level1, plane?.alive, chosen, theme);
  drawPairs(find("pairs"), gallery?.pairs, gallery?.pairMosaic, theme);
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
  arrangePlanes();
  paintPlanes();
  paintTimeline();
  paintOther();
  paintChart();
  drawSketchResult(find("sketch"), description);
  paintProbe();
  drawPictureRows(find("pictures"), seenView(), description.picture_titles, theme);
  paintHealth();
  paintGallery();
  paintEvents();
  root.dataset.step = frame.step;
  root.dataset.frames = state.frames;
}

// ---- the frame of the page ---------------------------------------------------------------------

// Colours of the current theme; the legend wears them too.
function dress() {
  theme = readTheme(root);
  theme.digits = onSurface(state.description?.digits || [], theme);
  find("legend").querySelectorAll("i").forEach((swatch, d) => (swatch.style.background = theme.digits[d]));
  state.sprites = null;
  if (state.images) state.sprites = spriteSheet(state.images, state.description.labels, theme.digits);
}

function buildLevels(description) {
  const levels = Array.from({ length: description.levels }, (_, level) => level);
  find("planes").innerHTML = levels
    .map((l) => `<figure><figcaption>${levelTitle(l)}</figcaption><canvas data-level="${l}" aria-label="${levelTitle(l)}"></canvas></figure>`)
    .join("");
  find("usage").innerHTML = levels
    .map((l) => `<div class="rq-level"><h4>Level ${l + 1}<span class="rq-health"></span></h4><canvas class="rq-bars"></canvas><canvas class="rq-heat"></canvas></div>`)
    .join("");
  find("legend").replaceChildren(
    ...description.classes.map((name, d) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.digit = d;
      button.setAttribute("aria-pressed", "false");
      button.append(document.createElement("i"), name);
      return button;
    }),
  );
  dress();
}

function press(buttons, isPressed) {
  for (const button of buttons) button.setAttribute("aria-pressed", String(isPressed(button)));
}

function listen() {
  find("legend").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const digit = Number(button.dataset.digit);
    state.view.focus = state.view.focus === digit ? null : digit;
    press(find("legend").children, (other) => Number(other.dataset.digit) === state.view.focus);
    paintSoon();
  });
  root.querySelectorAll("[data-toggle]").forEach((button) => {
    const name = button.dataset.toggle;
    press([button], () => state.view[name]);
    button.addEventListener("click", () => {
      state.view[name] = !state.view[name];
      press([button], () => state.view[name]);
      if (name === "sprites" && state.view.sprites) feed.wantImages();
      keepLink();
      paintSoon();
    });
  });
  const tabs = root.querySelectorAll("[data-tab]");
  press(tabs, (tab) => tab.dataset.tab === state.tab);
  tabs.forEach((tab) =>
    tab.addEventListener("click", () => {
      state.tab = tab.dataset.tab;
      press(tabs, (other) => other === tab);
      keepLink();
      paintSoon();
    }),
  );
  const chart = find("chart");
  chart.addEventListener("pointermove", (event) => {
    state.cursor = event.offsetX;
    paintSoon();
  });
  chart.addEventListener("pointerleave", () => {
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
  const knobs = JSON.stringify([frame.hyper, frame.speed_limit, frame.keys.description]);
  if (knobs === knobsSeen) return;
  const first = knobsSeen === null;
  knobsSeen = knobs;
  clearTimeout(knobTimer);
  if (!first) knobTimer = setTimeout(() => trigger("sync"), 900);
}

listen();
listenForHovering();
listenForKeys();
listenForHands();
listenForDrawing();
listenForTimeline();
listenForLink();
listenForExport();
if (!state.replay) listenForFork();
// For tests and for the curious: what is on screen, as data, and a way to act on the run.
root.rqState = state;
root.rqAct = act;
const feed = startFeed(server, {
  onDescription(description) {
    state.description = description;
    state.limits = [];
    // Nothing of the run before stays: its frame does not fit this description.
    state.frame = state.curves = state.gallery = state.images = state.probe = state.past = null;
    state.planes = null;
    state.looking = false;
    stopPlaying();
    choose(null);
    buildLevels(description);
  },
  onPart(part, reply) {
    if (part === "gallery") state.gallery = reply.gallery;
    else if (part === "images") {
      state.images = reply.images;
      dress();
    } else state.curves = reply;
    paintSoon();
  },
  onFrame(frame) {
    state.frame = frame;
    state.frames += 1;
    followKnobs(frame);
    reencode();
    keepLink();
    paintSoon();
  },
  onLost(lost, reason) {
    state.lost = lost;
    if (state.frame) return paintSoon();
    // Nothing was ever seen of this run, e.g. a private one that has ended.
    find("status").textContent = "Not connected";
    find("message").hidden = !lost;
    find("message").textContent = lost ? reason : "";
  },
});
