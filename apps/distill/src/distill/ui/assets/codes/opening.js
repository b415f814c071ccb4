// Opening a sound, and starting with one that is already there.

function show(reply) {
  if (reply.model) view.model = readModel(reply.model);
  if (!reply.clip) {
    part("root").dataset.state = "empty";
    part("veil").textContent = "Drop a sound above to see its codes.";
    return;
  }
  const clip = readClip(reply.clip);
  const again = view.clip?.id === clip.id;
  view.clip = clip;
  Object.assign(view, { counts: null, picture: null, overviewCache: null, found: null, selection: null });
  view.axis.columns = clip.columns;
  view.axis.columnSamples = clip.columnSamples;
  player.open(clip.samples);
  if (!again) {
    Object.assign(view, { cursor: null, ab: "decoded", solo: null, upto: null, looping: false });
    view.muted.clear();
    view.brush = Array.from({ length: clip.levels }, (_, level) => clip.codes[level * clip.columns]);
    view.axis.width = Math.max(1, part("view").clientWidth);
    view.axis.scale = Math.max(26, view.axis.least());
    view.axis.scroll = 0;
    view.axis.clamp();
  }
  part("name").textContent = clip.name;
  part("facts").textContent = clip.facts;
  part("view").style.setProperty("--ds-grid", `${gridHeight(clip)}px`);
  part("root").dataset.state = "ready";
  part("root").dataset.model = view.model.id;
  applyTracks();
  applyLoop();
  app.cells.refresh();
  app.shelf.remember({ id: clip.id, source: clip.source, name: clip.name });
  if (clip.samples <= 20 * RATE)
    for (let i = 0; i * CHUNK < clip.samples; i++)
      for (const track of clip.original ? ["original", view.wholeTrack] : [view.wholeTrack]) player.load(track, i);
  app.draw();
}

app.opening = async (name, task) => {
  part("root").dataset.state = "working";
  part("veil").textContent = `Listening to ${name}…`;
  try {
    show(await task());
  } catch (problem) {
    tell(problem);
    part("root").dataset.state = view.clip ? "ready" : "empty";
  }
};
app.reopen = async (id) => {
  if (id.startsWith("example:")) return show(await call("open_example", { example: id.slice(8) }));
  show(await call("show", { clip: id }));
};

async function start() {
  view.dark = document.body.classList.contains("dark");
  try {
    const reply = await call("start");
    app.shelf.set(reply.examples, reply.clips);
    show(reply);
  } catch (problem) {
    tell(problem);
    part("root").dataset.state = "empty";
    part("veil").textContent = problem.message;
  }
}

