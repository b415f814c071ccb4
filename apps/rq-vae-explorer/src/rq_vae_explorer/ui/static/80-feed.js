// The live feed: asks for the newest frame, calls back when there is one, rests when nothing moves
// or nobody looks. A frame names the keys of the slower parts; a part is fetched when its key moved.

const FEED = { training: 115, missed: 30, resting: 1000, attentive: 100 };

// While the run trains the slower parts, large ones, are fetched so often (milliseconds), and only
// where they are on screen.
const PERIODS = { curves: 500, pictures: 250, gallery: 1500 };

// The token of the run that this tab looks at, from its address; empty for the shared one.
const RUN = new URLSearchParams(location.search).get("run") || "";

function startFeed(server, { isSeen, onDescription, onPart, onFrame, onLost }) {
  const have = { frame: "", description: "", curves: "", pictures: "", gallery: "", images: "" };
  let imagesWanted = false;
  const fetchedAt = {};
  let lively = false;
  let timer = null;
  let busy = false;
  let attentiveUntil = 0;
  let failures = 0;

  async function fetchPart(part) {
    const reply = await server.fetch_part({ part, have: have[part], run: RUN });
    if (!reply || reply.error) throw new Error(reply?.error || "no answer");
    return reply.unchanged ? null : decodeArrays(reply);
  }

  async function fetchSlowParts(keys) {
    if (have.description !== keys.description) {
      const description = await fetchPart("description");
      if (description) {
        have.description = description.key;
        have.curves = have.pictures = have.gallery = have.images = "";
        onDescription(description);
      }
    }
    for (const part of imagesWanted ? [...Object.keys(PERIODS), "images"] : Object.keys(PERIODS)) {
      const now = performance.now();
      const early = now - (fetchedAt[part] ?? -Infinity) < PERIODS[part];
      if (have[part] === keys[part] || (lively && have[part] && (early || !isSeen(part)))) continue;
      fetchedAt[part] = now;
      const reply = await fetchPart(part);
      // A reset in between: this part belongs to another run than the frame.
      if (reply && reply.key.startsWith(have.description)) {
        have[part] = reply.key;
        onPart(part, reply);
      }
    }
  }

  let keys = null;
  async function ask() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    const begun = performance.now();
    let missed = false;
    try {
      const frame = await fetchPart("frame");
      missed = lively && !frame; // the next one is about to come
      if (frame) {
        keys = frame.keys;
        lively = ["training", "compiling", "loading"].includes(frame.status);
      }
      if (keys) await fetchSlowParts(keys);
      if (frame && frame.keys.description === have.description) {
        have.frame = frame.keys.frame;
        onFrame(frame);
      }
      if (failures) onLost(false);
      failures = 0;
    } catch (problem) {
      failures += 1;
      if (failures > 1) onLost(true, problem.message);
    }
    busy = false;
    plan(performance.now() - begun, missed ? FEED.missed : FEED.training);
  }

  function plan(spent, soon) {
    if (document.hidden) return;
    let period = lively ? soon : FEED.resting;
    if (performance.now() < attentiveUntil) period = FEED.attentive;
    if (failures) period = Math.min(3000, 500 * failures);
    clearTimeout(timer);
    // Where an answer takes longer than that, the machine is busy (with other tabs, say): resting
    // as long as it took leaves half of the time to the training that all of them watch.
    timer = setTimeout(ask, spent > period ? spent : Math.max(5, period - spent));
  }

  // After a button was pressed something is about to happen: look often for two seconds.
  function nudge() {
    attentiveUntil = performance.now() + 2000;
    if (!busy) plan(FEED.attentive - 30, FEED.training);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !busy) ask();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest(".rq-action")) nudge();
  });
  ask();
  // The pictures of all test digits are a megabyte: only for those who hover.
  function wantImages() {
    if (imagesWanted) return;
    imagesWanted = true;
    nudge();
  }

  return { nudge, wantImages };
}
