// Draws what changed, once per frame at most, and moves the playhead while something plays.

let wanted = false;
app.frames = []; // ms each drawing took, for measurements

app.draw = () => {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => {
    wanted = false;
    const start = performance.now();
    drawAll();
    app.frames.push(performance.now() - start);
    if (app.frames.length > 300) app.frames.shift();
  });
};

function drawAll() {
  const { axis, clip } = view;
  drawOverview(part("overview"), view);
  drawWave(part("wave"), view);
  drawGrid(part("grid"), view);
  drawPlayhead();
  if (!clip) return;
  axis.columns = clip.columns;
  app.rows.draw();
  app.inspector.draw();
  app.book.draw();
  app.mix.draw();
  drawTools();
}

function drawTools() {
  const { clip } = view;
  const press = (name, on) => element.querySelector(`[data-do="${name}"]`).setAttribute("aria-pressed", String(on));
  const play = element.querySelector('[data-do="play"]');
  play.classList.toggle("ds-on", view.playing);
  play.setAttribute("aria-label", view.playing ? "Pause" : "Play");
  press("loop", view.looping);
  press("colours", view.colourMode === "tab20");
  element.querySelector('[data-do="undo"]').disabled = !clip.canUndo;
  element.querySelector('[data-do="redo"]').disabled = !clip.canRedo;
  for (const button of element.querySelectorAll("[data-tool]"))
    button.setAttribute("aria-checked", String(button.dataset.tool === view.tool));
  for (const button of element.querySelectorAll("[data-ab]")) {
    button.setAttribute("aria-checked", String(button.dataset.ab === view.ab));
    if (button.dataset.ab === "original") button.disabled = !clip.original;
  }
  const level = view.cursor?.level ?? 0;
  const brush = part("brush");
  brush.textContent = view.brush[level] ?? "";
  if (view.brush[level] != null) {
    brush.style.background = view.colourOf(level, view.brush[level]);
    brush.style.color = view.inkOf(level, view.brush[level]);
  }
}

function drawPlayhead() {
  const line = part("playhead");
  const { axis, clip } = view;
  const at = clip ? player.place() : 0;
  const x = axis.sampleX(at);
  line.style.display = clip && x >= -1 && x <= axis.width + 1 ? "block" : "none";
  line.style.transform = `translateX(${x}px)`;
  part("clock").textContent = clip ? `${clockText(secondsOf(at))} / ${clockText(secondsOf(clip.samples))}` : "";
}

function follow() {
  if (!view.playing) return;
  const column = player.place() / view.axis.columnSamples;
  const { axis } = view;
  if (column > axis.scroll + axis.onScreen() || column < axis.scroll) {
    axis.scroll = column - axis.onScreen() * 0.04;
    axis.clamp();
    app.draw();
  } else {
    drawPlayhead();
    if (axis.onScreen() < axis.columns - 0.01 && !view.calm) drawOverview(part("overview"), view);
  }
  requestAnimationFrame(follow);
}

player.onChange(() => {
  const started = player.playing && !view.playing;
  view.playing = player.playing;
  if (started) requestAnimationFrame(follow);
  app.draw();
});

new ResizeObserver(() => {
  if (!part("view").clientWidth) return; // the tab is not shown
  const wasWhole = view.axis.scale <= view.axis.least() + 1e-6;
  view.axis.width = Math.max(1, part("view").clientWidth);
  if (wasWhole) view.axis.fit();
  view.axis.clamp();
  app.draw();
}).observe(part("view"));

new MutationObserver(() => {
  palette = null;
  view.dark = document.body.classList.contains("dark");
  app.draw();
}).observe(document.body, { attributes: true, attributeFilter: ["class"] });

