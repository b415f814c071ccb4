// What there is to do: the actions that keys, pointer and panels share.

app.say = (text) => app.cells.say(text);
app.zoom = (factor) => {
  const { axis, cursor } = view;
  const x = cursor ? axis.x(cursor.col + 0.5) : axis.width / 2;
  axis.zoom(factor, x >= 0 && x <= axis.width ? x : axis.width / 2);
  app.draw();
};
app.fit = () => { view.axis.fit(); app.draw(); };

app.countsOf = (level) => {
  if (!view.counts) {
    const { clip, model } = view;
    view.counts = Array.from({ length: clip.levels }, (_, l) => {
      const counts = new Array(model.codes).fill(0);
      for (let i = 0; i < clip.columns; i++) {
        const code = clip.codes[l * clip.columns + i];
        if (code >= 0) counts[code]++;
      }
      return counts;
    });
  }
  return view.counts[level];
};
app.uses = (level, code) => (code < 0 ? 0 : app.countsOf(level)[code]);

app.goTo = (level, col, { quiet = false, keep = false } = {}) => {
  view.cursor = { level, col };
  if (!keep) view.anchor = null;
  view.axis.reveal(col);
  const code = view.clip.codes[level * view.clip.columns + col];
  if (code >= 0) view.brush[level] = code;
  app.cells.refresh();
  if (!quiet) app.say(app.cells.describe(level, col));
  app.draw();
};

app.select = (selection) => {
  view.selection = selection;
  if (selection && !view.cursor) view.cursor = { level: selection.l0, col: selection.c0 };
  applyLoop();
  app.draw();
};

app.letGo = () => { view.found = null; app.select(null); app.setTool("select"); };

function applyLoop() {
  const { clip, selection, looping } = view;
  const size = clip.columnSamples;
  player.setLoop(!looping ? null : selection
    ? [selection.c0 * size, Math.min(selection.c1 * size, clip.samples)]
    : [0, clip.samples]);
}

// What is on screen is fetched even when nothing plays, so that it can be drawn.
function loadInView() {
  const { axis, track } = view;
  const first = Math.floor(axis.sample(0) / CHUNK), last = Math.floor(axis.sample(axis.width) / CHUNK);
  if (last - first > 16) return;
  for (let index = first; index <= last; index++) player.load(track, index);
}

function applyTracks() {
  const names = view.clip.original ? ["original", view.track] : [view.track];
  player.setTracks(names, view.ab === "original" ? "original" : view.track);
  loadInView();
  app.draw();
}

app.togglePlay = () => {
  if (player.playing) return player.pause();
  const { selection, clip } = view;
  if (selection && view.looping) return player.play(selection.c0 * clip.columnSamples);
  if (selection) return app.hearSpan(selection.c0 * clip.columnSamples, selection.c1 * clip.columnSamples);
  player.play();
};
app.toggleLoop = () => { view.looping = !view.looping; applyLoop(); app.draw(); };
app.toggleAb = (wish) => {
  if (!view.clip.original) return;
  view.ab = wish ?? (view.ab === "original" ? "decoded" : "original");
  applyTracks();
  app.say(view.ab === "original" ? "Original" : "Codes");
};
app.toggleMute = (level) => {
  view.solo = null;
  if (!view.muted.delete(level)) view.muted.add(level);
  view.ab = "decoded";
  applyTracks();
};
app.toggleSolo = (level) => {
  view.solo = view.solo === level ? null : level;
  view.ab = "decoded";
  applyTracks();
};
app.hearRow = (level) => {
  if (player.playing && view.upto === level && view.solo === null) return player.pause();
  Object.assign(view, { upto: level, solo: null, ab: "decoded" });
  view.muted.clear();
  if (level === view.clip.levels - 1) view.upto = null;
  applyTracks();
  const { selection, clip } = view;
  if (!player.playing) player.play(selection ? selection.c0 * clip.columnSamples : 0);
  view.upto = level;
  app.draw();
};
app.hearSpan = (start, end) => {
  const pad = 0.02 * RATE;
  player.play(Math.max(0, start - pad), Math.min(player.length, end + pad));
};
app.hearCell = (level, col, options) => app.hearing.cell(level, col, options);
app.hearColumn = (col, since) => app.hearing.column(col, since);
app.hearCode = (level, code) => app.hearing.code(level, code, performance.now());
app.prefetch = (cell) => app.hearing.prefetch(cell);
app.prefetchCode = (level, code) => app.hearing.prefetchCode(level, code);

app.setTool = (tool) => {
  view.tool = tool;
  part("root").dataset.tool = tool;
  app.draw();
};
app.setBrush = (level, code) => {
  view.brush[level] = code;
  if (view.cursor?.level !== level) view.cursor = { level, col: view.cursor?.col ?? 0 };
  app.cells.refresh();
  app.draw();
};

app.findUses = () => {
  const { cursor, clip, found } = view;
  const code = clip.codes[cursor.level * clip.columns + cursor.col];
  const same = found && found.level === cursor.level && found.code === code;
  view.found = same || code < 0 ? null : { level: cursor.level, code };
  if (view.found) app.say(`${app.uses(cursor.level, code)} uses of code ${code}`);
  app.draw();
};

app.rename = async (level, name) => {
  const { clip } = view;
  try {
    const reply = await call("rename", { clip: clip.id, level, name });
    clip.labels = reply.labels;
    app.cells.refresh();
  } catch (problem) { tell(problem); }
  app.draw();
};

app.afterEdit = () => {
  const { clip, cursor, selection } = view;
  view.counts = null;
  if (cursor && cursor.col >= clip.columns) view.cursor = { ...cursor, col: clip.columns - 1 };
  if (selection && selection.c1 > clip.columns) view.selection = null;
  applyLoop();
  app.cells.refresh();
  app.draw();
};

