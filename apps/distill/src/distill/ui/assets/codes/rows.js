// The sticky column at the left: each level's name (editable), play, mute and solo.

function createRows() {
  const host = part("rows");
  let drawn = "";

  function nameField(level, name) {
    const field = make("input", {
      class: "ds-name", value: name, maxlength: 40, spellcheck: "false",
      "aria-label": `Name of level ${level + 1}`, title: "Rename this level",
    });
    field.addEventListener("change", () => app.rename(level, field.value));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") field.blur();
      if (event.key === "Escape") { field.value = name; field.blur(); }
    });
    return field;
  }

  function row(level, name) {
    const button = (label, text, action, extra = {}) =>
      make("button", { type: "button", "aria-label": label, title: label, onclick: action, ...extra }, text);
    return make("div", { class: "ds-row", "data-level": level },
      button(`Hear up to ${name}`, "", () => app.hearRow(level), { class: "ds-row-play", "data-event": `row,${level}` }),
      nameField(level, name),
      make("span", { class: "ds-ms" },
        button(`Mute ${name}`, "M", () => app.toggleMute(level), { "aria-pressed": "false", "data-mute": level }),
        button(`Solo: only what ${name} adds`, "S", () => app.toggleSolo(level), { "aria-pressed": "false", "data-solo": level })));
  }

  return {
    draw() {
      const { clip, muted, solo, upto, playing } = app.view;
      if (!clip) return;
      const key = JSON.stringify([clip.id, clip.labels]);
      if (key !== drawn) {
        const controls = () => [...host.querySelectorAll("button, input")];
        const focused = controls().indexOf(host.getRootNode().activeElement);
        host.replaceChildren(...clip.labels.map((name, level) => row(level, name)));
        controls()[focused]?.focus();
        drawn = key;
        host.dataset.clip = clip.id;
      }
      host.querySelectorAll(".ds-row").forEach((node, level) => {
        node.classList.toggle("ds-silent", app.view.silent(level));
        node.querySelector("[data-mute]").setAttribute("aria-pressed", String(muted.has(level)));
        node.querySelector("[data-solo]").setAttribute("aria-pressed", String(solo === level));
        node.querySelector(".ds-row-play").classList.toggle("ds-on", playing && upto === level && solo === null);
      });
    },
  };
}
