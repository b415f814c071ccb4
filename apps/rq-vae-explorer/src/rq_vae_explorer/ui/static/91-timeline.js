// The timeline: look at any past step while training goes on; "live" comes back to now.

const lookBack = latestOnly(async ({ step }) => {
  const reply = await act({ do: "past", step });
  if (!reply || !state.looking) return;
  state.past = reply;
  paintSoon();
});

function goLive() {
  state.looking = false;
  state.past = null;
  paintSoon();
}

function paintTimeline() {
  const { frame, past } = state;
  const slider = find("timeline");
  slider.max = Math.max(1, frame.step);
  if (!state.looking) slider.value = frame.step;
  slider.disabled = !frame.view;
  find("live").setAttribute("aria-pressed", String(!state.looking));
  find("past").textContent = past ? `step ${formatCount(past.step)} of ${formatCount(frame.step)}` : "now";
  root.dataset.past = past ? past.step : "";
}

// Plays the run from where the slider stands, or from its start, in about twelve seconds.
function play() {
  const slider = find("timeline");
  const last = state.frame.step;
  let at = state.looking && Number(slider.value) < last ? Number(slider.value) : 0;
  clearInterval(state.playing);
  state.looking = true;
  state.playing = setInterval(() => {
    at += last / 120;
    if (at >= last || !state.looking) {
      stopPlaying();
      goLive();
      return;
    }
    slider.value = at;
    lookBack({ step: Math.round(at) });
  }, 100);
  find("play").textContent = "Pause";
}

function stopPlaying() {
  clearInterval(state.playing);
  state.playing = null;
  find("play").textContent = "Play";
}

function listenForTimeline() {
  find("play").addEventListener("click", () => (state.playing ? stopPlaying() : state.frame?.view && play()));
  find("timeline").addEventListener("input", (event) => {
    state.looking = true;
    lookBack({ step: Number(event.target.value) });
  });
  find("live").addEventListener("click", goLive);
}
