// The address bar holds the settings and what is shown, so that a link says it all. A link whose
// settings differ from the run asks first: the run is shared by every tab.

const link = { asked: false, pending: false, timer: null };

const settingsNow = () => ({ ...state.description.config, ...state.frame.hyper, speed: state.frame.speed_limit || 0 });

function settingsOfLink() {
  const named = new URLSearchParams(location.hash.slice(1));
  const known = Object.keys(state.description.defaults);
  return Object.fromEntries([...named].filter(([name]) => known.includes(name)));
}

function followLink() {
  link.asked = true;
  const named = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(state.view)) {
    if (named.has(name) && name !== "focus") state.view[name] = named.get(name) === "1";
  }
  if (named.get("tab") in CHART_TABS) state.tab = named.get("tab");
  press(root.querySelectorAll("[data-toggle]"), (button) => state.view[button.dataset.toggle]);
  press(root.querySelectorAll("[data-tab]"), (tab) => tab.dataset.tab === state.tab);
  if (state.view.sprites) feed.wantImages();
  const now = settingsNow();
  const other = Object.entries(settingsOfLink()).filter(([name, value]) => String(now[name]) !== value);
  link.pending = other.length > 0 && !state.replay;
  find("link").hidden = !link.pending;
  find("link-text").textContent =
    "This link holds other settings: " + other.map(([name, value]) => `${name} = ${value}`).join(", ");
}

function writeLink() {
  if (link.pending || state.replay || !state.frame) return;
  const { defaults } = state.description;
  const named = new URLSearchParams();
  for (const [name, value] of Object.entries(settingsNow())) {
    if (name in defaults && value !== defaults[name]) named.set(name, String(value));
  }
  for (const [name, value] of Object.entries(state.view)) {
    if (name !== "focus" && value !== VIEW_DEFAULTS[name]) named.set(name, value ? "1" : "0");
  }
  if (state.tab !== "loss") named.set("tab", state.tab);
  const hash = named.toString();
  if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

function keepLink() {
  if (!state.description || !state.frame) return;
  if (!link.asked) followLink();
  clearTimeout(link.timer);
  link.timer = setTimeout(writeLink, 400);
}

function listenForLink() {
  find("link").addEventListener("click", async (event) => {
    const what = event.target.dataset.link;
    if (!what) return;
    if (what === "apply") await act({ do: "apply", settings: settingsOfLink() });
    link.pending = false;
    find("link").hidden = true;
    if (what === "ignore") writeLink();
  });
}
