// Transformations of the selection: let the prior write it anew, take levels from another sound,
// or blend with it.

function createMix() {
  const host = part("mix");
  const slider = (label, options) => {
    const out = make("output", {}, options.value);
    const field = make("input", { type: "range", "aria-label": label, ...options });
    field.addEventListener("input", () => (out.textContent = field.value));
    return { node: make("label", { class: "ds-slide" }, make("span", {}, label), out, field), field };
  };
  const heat = slider("Temperature", { min: 0.2, max: 1.6, step: 0.05, value: 0.9 });
  const amount = slider("Blend", { min: 0, max: 1, step: 0.05, value: 0.5 });
  const other = make("select", { "aria-label": "The other sound" });
  const scope = make("p", { class: "ds-soft" });
  const boxes = make("div", { class: "ds-group ds-wrap", role: "group", "aria-label": "Levels to change" });
  const rewriteButton = make("button", { type: "button", class: "ds-strong", onclick: () => run("rewrite", { temperature: Number(heat.field.value) }) }, "Rewrite");
  const swapButton = make("button", { type: "button", class: "ds-strong", onclick: () => run("swap", { other: other.value }) }, "Swap in");
  const blendButton = make("button", { type: "button", onclick: () => run("blend", { other: other.value, amount: Number(amount.field.value) }) }, "Blend");
  const refineButton = make("button", { type: "button", onclick: () => run("refine", {}), title: "Choose the levels below the first anew, so that they refine what you drew" }, "Refit fine levels");
  const chosen = new Set();
  let shape = "";

  host.replaceChildren(
    make("div", { class: "ds-card-head" }, make("h3", {}, "Transform"), scope),
    make("div", { class: "ds-mix-grid" },
      make("div", {}, make("b", {}, "Levels"), boxes, refineButton),
      make("div", {}, make("b", {}, "Imagine"), make("small", {}, "The prior writes the selection anew, fitting what stands around it."), heat.node, rewriteButton),
      make("div", {}, make("b", {}, "Cross with another sound"), other, amount.node, make("div", { class: "ds-acts" }, swapButton, blendButton))));

  function span() {
    const { clip, selection } = app.view;
    return selection ? [selection.c0, selection.c1] : [0, clip.columns];
  }

  async function run(name, extra) {
    const { clip } = app.view;
    if (!chosen.size) return toast("Choose at least one level to change.");
    const [start, end] = span();
    host.toggleAttribute("data-busy", true);
    try {
      const reply = await app.editor.serverEdit(name, { clip: clip.id, start, end, levels: [...chosen], ...extra });
      if (clip !== app.view.clip) return;
      app.editor.applyRows(clip, reply.start, reply.remove, reply.rows);
      app.editor.settle(clip, reply);
      if (!app.player.playing) app.hearSpan(...reply.touched);
      app.say(reply.told ?? "Done");
      if (reply.told) toast(reply.told, "info");
    } catch (problem) {
      tell(problem);
    } finally {
      host.toggleAttribute("data-busy", false);
    }
  }

  return {
    draw() {
      const { clip, model, selection } = app.view;
      if (!clip) return;
      const key = JSON.stringify([clip.id, clip.labels, model.id]);
      if (key !== shape) {
        shape = key;
        chosen.clear();
        clip.labels.forEach((_, level) => chosen.add(level));
        boxes.replaceChildren(...clip.labels.map((name, level) => {
          const button = make("button", { type: "button", "aria-pressed": "true" }, name);
          button.addEventListener("click", () => {
            if (!chosen.delete(level)) chosen.add(level);
            button.setAttribute("aria-pressed", String(chosen.has(level)));
          });
          return button;
        }));
        rewriteButton.disabled = !model.hasPrior;
        rewriteButton.title = model.hasPrior ? "" : "This model has no prior";
      }
      const choices = app.shelf.all.filter((sound) => sound.id !== clip.id && sound.id !== clip.source);
      if (other.dataset.key !== JSON.stringify(choices)) {
        other.dataset.key = JSON.stringify(choices);
        const kept = other.value;
        other.replaceChildren(...choices.map((sound) => make("option", { value: sound.id }, sound.name)));
        if (choices.some((sound) => sound.id === kept)) other.value = kept;
      }
      const [start, end] = span();
      scope.textContent = selection
        ? `acts on columns ${start} to ${end - 1}`
        : "acts on the whole sound: select a part to change only that";
    },
  };
}
