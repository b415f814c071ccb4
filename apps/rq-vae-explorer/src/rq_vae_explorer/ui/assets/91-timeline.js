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

function listenForTimeline() {
  find("timeline").addEventListener("input", (event) => {
    state.looking = true;
    lookBack({ step: Number(event.target.value) });
  });
  find("live").addEventListener("click", goLive);
}
