// Taking it home. Sound, codes and notes come from the server; the picture is drawn here.

function createExport() {
  const menu = part("export");

  async function picture() {
    const { view } = app;
    const { clip } = view;
    const scale = Math.max(1, Math.min(26, Math.floor(16000 / clip.columns)));
    const labels = 110;
    const canvas = document.createElement("canvas");
    const axis = { ...createTimeline(), columns: clip.columns, width: clip.columns * scale, scale, columnSamples: clip.columnSamples };
    for (const name of ["x", "first", "last"]) delete axis[name];
    Object.assign(axis, { scroll: 0, x: (column) => column * scale, first: () => 0, last: () => clip.columns });
    canvas.width = labels + axis.width;
    canvas.height = gridHeight(clip) + 8;
    const g = canvas.getContext("2d");
    const c = colours();
    g.fillStyle = c.surface;
    g.fillRect(0, 0, canvas.width, canvas.height);
    g.fillStyle = c.ink;
    g.font = '600 13px "IBM Plex Sans", system-ui, sans-serif';
    g.textBaseline = "middle";
    clip.labels.forEach((name, level) => g.fillText(name, 10, HEADER + (level + 0.5) * ROW, labels - 16));
    g.translate(labels, 0);
    const still = { ...view, axis, hover: null, found: null, cursor: null, selection: null };
    drawHeader(g, still);
    if (scale >= 6) drawCells(g, still);
    else drawPicture(g, still, 0, scale, HEADER, ROW, 2);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  async function run(what) {
    menu.open = false;
    const { clip, selection } = app.view;
    if (!clip) return;
    try {
      if (what === "png") return saveBlob(`${clip.name}.png`, await picture());
      const payload = { clip: clip.id, what: what === "wav-selection" ? "wav" : what, track: app.view.track };
      if (what === "wav-selection") {
        if (!selection) return toast("Select some columns first.");
        Object.assign(payload, { start: selection.c0, end: selection.c1 });
      }
      const reply = await call("export", payload);
      saveFile(reply.name, reply.type, reply.data);
    } catch (problem) {
      tell(problem);
    }
  }

  for (const button of menu.querySelectorAll("[data-export]"))
    button.addEventListener("click", () => run(button.dataset.export));
  document.addEventListener("pointerdown", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
}
