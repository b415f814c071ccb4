// The live feed: asks for the newest frame, calls back when there is one, rests when nothing moves
// or nobody looks. The server answers from bytes that it made once for all tabs.

const FEED = { training: 100, resting: 1000, attentive: 120, failure: 3000 };

function startFeed(server, { onFrame, onDescription, onLost }) {
  let since = -1;
  let run = null;
  let training = false;
  let timer = null;
  let busy = false;
  let attentiveUntil = 0;
  let failures = 0;

  async function ask() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    const begun = performance.now();
    try {
      const reply = await server.snapshot({ since });
      if (failures) onLost(false);
      failures = 0;
      if (!reply.unchanged) await take(reply);
    } catch (problem) {
      failures += 1;
      onLost(true);
    }
    busy = false;
    plan(performance.now() - begun);
  }

  async function take(reply) {
    const frame = decodeArrays(reply);
    if (frame.run !== run) {
      onDescription(decodeArrays(await server.describe({ run: frame.run })));
      run = frame.run;
    }
    since = frame.version;
    training = frame.status === "training" || frame.status === "preparing";
    onFrame(frame);
  }

  function plan(spent) {
    if (document.hidden) return;
    let period = training ? FEED.training : FEED.resting;
    if (performance.now() < attentiveUntil) period = Math.min(period, FEED.attentive);
    if (failures) period = Math.min(FEED.failure, 500 * failures);
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(5, period - spent));
  }

  // After a button was pressed something is about to happen: look often for two seconds.
  function nudge() {
    attentiveUntil = performance.now() + 2000;
    if (!busy) plan(FEED.attentive - 30);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !busy) ask();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest(".rq-action")) nudge();
  });
  ask();
  return { nudge };
}
