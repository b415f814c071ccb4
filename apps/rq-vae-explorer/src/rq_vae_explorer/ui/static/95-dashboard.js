// The dashboard: keeps the newest frame and what the visitor chose to see, and paints the views.

const root = element.querySelector(".rq");
const find = (name) => root.querySelector(`[data-rq="${name}"]`);

const VIEW_DEFAULTS = {
  voronoi: true, trails: true, arrows: false, sprites: false, shared: false, focus: null, log: true, parts: false, smooth: true,
};

const state = {
  description: null,
  curves: null,
  pictures: null,
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

let scheduled = false;
function paintSoon() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    paint();
  });
}

// What the eye does not follow ten times a second, reconstructions and usage, is painted four times.
const CALM = 250; // milliseconds
let calmAt = -Infinity;
let calmTimer = null;
function paintCalmViews() {
  const wait = calmAt + CALM - performance.now();
  if (wait > 0 && state.frame.status === "training" && !state.past) {
    calmTimer ??= setTimeout(() => {
      calmTimer = null;
      paintSoon();
    }, wait);
    return;
  }
  calmAt = performance.now();
  if (near("pictures")) paintPictures();
  if (near("usage")) paintHealth();
}

// Cards that are scrolled far out of sight are not painted until they come near.
const away = new Set();
const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? away.delete(target) : away.add(target);
    paintSoon();
  },
  { rootMargin: "30%" },
);
root.querySelectorAll("section").forEach((card) => sight.observe(card));
const near = (name) => !away.has(find(name).closest("section"));

function paint() {
  const { frame, description } = state;
  if (!frame || !description) return;
  paintNumbers();
  arrangePlanes();
  if (near("planes")) {
    paintPlanes();
    paintOther();
  }
  paintTimeline();
  if (near("chart")) paintChart();
  const own = find("sketch");
  if (changed(own, sketch.result, description, theme)) drawSketchResult(own, description);
  paintProbe();
  paintCalmViews();
  if (near("map")) paintGallery();
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
const SHOWN = {
  curves: () => near("planes") || near("chart"), // trails and curves
  pictures: () => near("pictures"),
  gallery: () => near("map") || state.view.arrows, // the arrows of level 1 come with it
};
const feed = startFeed(server, {
  isSeen: (part) => SHOWN[part]?.() ?? true,
  onDescription(description) {
    state.description = description;
    state.limits = [];
    // Nothing of the run before stays: its frame does not fit this description.
    state.frame = state.curves = state.pictures = state.gallery = state.images = state.probe = state.past = null;
    state.planes = null;
    state.looking = false;
    stopPlaying();
    choose(null);
    buildLevels(description);
  },
  onPart(part, reply) {
    if (part === "gallery") state.gallery = reply.gallery;
    else if (part === "pictures") state.pictures = reply;
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
