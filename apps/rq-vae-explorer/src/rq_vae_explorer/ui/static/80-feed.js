// The live feed: asks for the newest frame, calls back when there is one, rests when nothing moves
// or nobody looks. A frame names the keys of the slower parts; a part is fetched when its key moved.

// Milliseconds: between questions (while training; where no new frame had come; at rest; after a
// button), before the next one after a rest, and how long a tab waits for its turn at most.
const FEED = { training: 115, missed: 30, resting: 1000, attentive: 100, nudged: 30, next: 1, patience: 3000 };

// While the run trains the slower parts, large ones, are fetched once in so many frames, and only
// where they are on screen. Frames, not seconds: a tab that gets fewer of those fetches less of these.
const FRAMES = { curves: 6, pictures: 3, gallery: 20 };

// The token of the run that this tab looks at, from its address; empty for the shared one.
const RUN = new URLSearchParams(location.search).get("run") || "";

// Until what was asked to be painted is painted; a covered window may never paint.
const painted = () =>
  Promise.race([
    new Promise((done) => requestAnimationFrame(() => setTimeout(done))),
    new Promise((done) => setTimeout(done, 500)),
  ]);

function startFeed(server, { isSeen, onDescription, onPart, onFrame, onLost }) {
  const have = { frame: "", description: "", curves: "", pictures: "", gallery: "", images: "" };
  let imagesWanted = false;
  let frames = 0;
  const fetchedAt = {}; // of a slower part, counted in frames
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
    for (const part of imagesWanted ? [...Object.keys(FRAMES), "images"] : Object.keys(FRAMES)) {
      const early = frames - (fetchedAt[part] ?? -Infinity) < FRAMES[part];
      if (have[part] === keys[part] || (lively && have[part] && (early || !isSeen(part)))) continue;
      fetchedAt[part] = frames;
      const reply = await fetchPart(part);
      // A reset in between: this part belongs to another run than the frame.
      if (reply && reply.key.startsWith(have.description)) {
        have[part] = reply.key;
        onPart(part, reply);
      }
    }
  }

  let keys = null;
  const attentive = () => performance.now() < attentiveUntil;

  async function ask() {
    timer = null;
    if (document.hidden || busy) return;
    busy = true;
    const rested = lively && !attentive() ? await takeTurn() : await askAndPaint();
    busy = false;
    plan(rested ? FEED.next : rest());
  }

  // While the run trains, the tabs of one browser ask and paint one after another, each turn as long
  // as the period of a single tab: all of them together cost the training on the same machine what
  // one costs. Browsers have locks on https and localhost alone; elsewhere no tab waits. True: the
  // turn had its rest.
  let waiting = null;
  async function takeTurn() {
    if (!navigator.locks) return askAndPaint();
    waiting = new AbortController();
    const late = setTimeout(() => waiting?.abort(), FEED.patience);
    const turn = async () => {
      clearTimeout(late);
      waiting = null;
      if (document.hidden) return false;
      await askAndPaint();
      const rested = lively && !failures && !document.hidden;
      if (rested) await new Promise((done) => setTimeout(done, rest()));
      return rested;
    };
    try {
      return await navigator.locks.request("rq-vae-explorer feed", { signal: waiting.signal }, turn);
    } catch (problem) {
      if (problem.name !== "AbortError") throw problem;
      waiting = null;
      return askAndPaint();
    }
  }

  let begun = 0;
  let missed = false;
  async function askAndPaint() {
    begun = performance.now();
    missed = false;
    try {
      const frame = await fetchPart("frame");
      missed = lively && !frame; // the next one is about to come
      if (frame) {
        frames += 1;
        keys = frame.keys;
        lively = ["training", "compiling", "loading"].includes(frame.status);
      }
      if (keys) await fetchSlowParts(keys);
      if (frame && frame.keys.description === have.description) {
        have.frame = frame.keys.frame;
        onFrame(frame);
        await painted();
      }
      if (failures) onLost(false);
      failures = 0;
    } catch (problem) {
      failures += 1;
      if (failures > 1) onLost(true, problem.message);
    }
  }

  // Until the next question, in milliseconds. Where an answer and its painting take longer than the
  // period the machine is busy: resting as long as they took leaves half of the time to training.
  function rest() {
    const spent = performance.now() - begun;
    let period = lively ? (missed ? FEED.missed : FEED.training) : FEED.resting;
    if (attentive()) period = FEED.attentive;
    if (failures) period = Math.min(3000, 500 * failures);
    return spent > period ? spent : Math.max(FEED.next, period - spent);
  }

  function plan(wait) {
    if (document.hidden) return;
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }

  // After a button was pressed something is about to happen: look often for two seconds.
  function nudge() {
    attentiveUntil = performance.now() + 2000;
    waiting?.abort();
    if (!busy) plan(FEED.nudged);
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
