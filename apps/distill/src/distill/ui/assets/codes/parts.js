// The parts of the instrument; they reach each other through `app`.

const app = { view: createView() };
app.sound = createSound();
app.player = createPlayer(app.sound, async (track, start, count) => {
  const reply = await call("sound", { clip: app.view.clip.id, track, start, count });
  return soundOf(reply.pcm);
});
app.hearing = createHearing();
app.editor = createEditor();
app.cells = createCells();
app.rows = createRows();
app.shelf = createShelf();
app.inspector = createInspector();
app.book = createBook();
app.mix = createMix();
const { view, player } = app;
