// Short sounds: a cell, a column, a code of the book. Fetched once, then played from memory; what
// the pointer touches is fetched before it is clicked.

const MOST_SHOTS = 600;

function createHearing() {
  const shots = new Map(); // key -> Float32Array, or a promise of one
  const log = []; // what was heard last, for tests and measurements

  function keep(key, fetch) {
    const known = shots.get(key);
    if (known) return known;
    const promise = fetch().then(
      (reply) => {
        const samples = soundOf(reply.pcm);
        shots.set(key, samples);
        if (shots.size > MOST_SHOTS) shots.delete(shots.keys().next().value);
        return samples;
      },
      (problem) => { shots.delete(key); throw problem; });
    shots.set(key, promise);
    promise.catch(() => {});
    return promise;
  }

  async function play(key, fetch, since) {
    const known = keep(key, fetch);
    const cached = known instanceof Float32Array;
    wanted = key;
    try {
      const samples = cached ? known : await known;
      if (wanted !== key) return; // something else was asked in the meantime
      app.sound.playShot(samples);
      note({ key, cached, ms: since ? performance.now() - since : null, peak: 0 });
    } catch (problem) {
      tell(problem);
    }
  }
  let wanted = "";

  // Remembers a sound and how loud it came out, as the meter saw it. On a busy machine the audio
  // thread starts late: what was not heard yet is listened for longer.
  function note(entry) {
    log.push(entry);
    if (log.length > 200) log.shift();
    let looks = 0;
    const look = () => {
      entry.peak = Math.max(entry.peak, app.sound.peakNow());
      looks += 1;
      if (looks < (entry.peak ? 12 : 150)) setTimeout(look, 30);
    };
    look();
  }

  // A cell sounds as its column does with the levels up to its own: that is what the key names.
  function cellKey(level, column, alone) {
    const { clip } = app.view;
    const code = (l) => clip.codes[l * clip.columns + column];
    if (alone) return `${clip.modelId}:alone:${level}:${code(level)}`;
    return `${clip.modelId}:${Array.from({ length: level + 1 }, (_, l) => code(l)).join(",")}`;
  }

  const cellFetch = (level, column, alone) => {
    const { clip } = app.view;
    const codes = Array.from({ length: clip.levels }, (_, l) =>
      (alone ? l === level : l <= level) ? clip.codes[l * clip.columns + column] : -1);
    return () => call("hear", { clip: clip.id, codes });
  };

  const codeFetch = (level, code) => () => call("hear_code", { clip: app.view.clip.id, level, code });
  const codeKey = (level, code) => `${app.view.clip.modelId}:book:${level}:${code}`;

  return {
    log,
    cell: (level, column, { alone = false, since = null } = {}) =>
      play(cellKey(level, column, alone), cellFetch(level, column, alone), since),
    column: (column, since = null) =>
      play(cellKey(app.view.clip.levels - 1, column), cellFetch(app.view.clip.levels - 1, column), since),
    code: (level, code, since = null) => play(codeKey(level, code), codeFetch(level, code), since),
    prefetch(cell) {
      const level = cell.header ? app.view.clip.levels - 1 : cell.level;
      keep(cellKey(level, cell.col), cellFetch(level, cell.col));
    },
    prefetchCode: (level, code) => keep(codeKey(level, code), codeFetch(level, code)),
  };
}
