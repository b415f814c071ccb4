// Keys for those who like them; never while a field has the focus.

const KEYS = {
  " ": ["space", "start or stop", () => pressButton(state.frame?.status === "training" ? "stop-button" : "start-button")],
  s: ["s", "one step", () => pressButton("step-button")],
  r: ["r", "reset", () => pressButton("reset-button")],
  k: ["k", "k-means now", () => pressButton("kmeans-button")],
  c: ["c", "cells", () => pressToggle("voronoi")],
  t: ["t", "trails", () => pressToggle("trails")],
  g: ["g", "gradients", () => pressToggle("arrows")],
  d: ["d", "digits as pictures", () => pressToggle("sprites")],
  "?": ["?", "this help", () => (find("keys").hidden = !find("keys").hidden)],
};

function pressButton(id) {
  document.getElementById(id)?.click();
}

function pressToggle(name) {
  root.querySelector(`[data-toggle="${name}"]`)?.click();
}

function listenForKeys() {
  find("keys").innerHTML = Object.values(KEYS)
    .map(([key, meaning]) => `<span><kbd>${key}</kbd> ${meaning}</span>`)
    .join("");
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable], button, summary");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key][2]();
  });
}
