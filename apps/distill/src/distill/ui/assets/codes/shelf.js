// Sounds within reach: the examples, what was opened here, and a place to drop more.

function createShelf() {
  const host = part("shelf");
  const file = part("file");
  const stage = part("root");
  let examples = [];
  let mine = [];

  function chip(name, key, action, kind) {
    const button = make("button", { type: "button", class: "ds-chip", "data-kind": kind, "data-key": key, onclick: action }, name);
    return button;
  }

  function draw() {
    const open = app.view.clip;
    host.replaceChildren(
      ...examples.map((e) => chip(e.name, `example:${e.id}`, () => openExample(e), "example")),
      ...mine.map((m) => chip(m.name, m.id, () => app.reopen(m.id).catch(tell), "mine")));
    for (const node of host.children) {
      const chosen = open && (node.dataset.key === open.id || node.dataset.key === open.source);
      node.setAttribute("aria-pressed", String(Boolean(chosen)));
    }
  }

  async function openExample(example) {
    await app.opening(example.name, () => call("open_example", { example: example.id }));
  }

  async function openFile(chosen) {
    if (!chosen) return;
    if (chosen.size > 400e6) return toast("That file is larger than 400 MB: cut it first.");
    await app.opening(chosen.name, async () => {
      if (chosen.name.toLowerCase().endsWith(".json")) {
        if (chosen.size > 64e6) throw new Problem("That codes file is larger than 64 MB.");
        return call("open_codes", { name: chosen.name, text: await chosen.text() });
      }
      const { path } = await upload(chosen);
      return call("open_upload", { name: chosen.name, path });
    });
  }

  file.addEventListener("change", () => {
    openFile(file.files[0]);
    file.value = "";
  });
  for (const name of ["dragover", "dragleave", "drop"])
    stage.addEventListener(name, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      stage.classList.toggle("ds-dropping", name === "dragover");
      if (name === "drop") openFile(event.dataTransfer.files[0]);
    });

  return {
    draw,
    set(list, clips) { examples = list; mine = clips; draw(); },
    remember(clip) {
      if (clip.source?.startsWith("example:")) return draw();
      mine = [{ id: clip.id, name: clip.name }, ...mine.filter((m) => m.id !== clip.id)].slice(0, 8);
      draw();
    },
    get all() {
      return [...mine, ...examples.map((e) => ({ id: `example:${e.id}`, name: e.name }))];
    },
  };
}
