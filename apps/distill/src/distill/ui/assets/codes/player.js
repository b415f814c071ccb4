// Plays a clip from chunks of sound that are fetched as they are needed. Everything is placed on
// the audio clock some time ahead, so that loops, seeks and A/B switches are sample-exact.

const CHUNK = 1 << 16; // samples: 1.4 s
const MOST_CHUNKS = 320;
const FADE = 0.006; // s: switching without a click

function createPlayer(sound, fetchSound) {
  const chunks = new Map(); // "track:index" -> AudioBuffer, or a promise of one
  const listeners = new Set();
  let length = 0; // samples
  let tracks = []; // names of what plays in parallel
  let heard = ""; // the one of them that is audible
  let loop = null; // [start, stop) in samples
  let stop = null; // a sample at which to stop once
  let position = 0; // samples, while not playing
  let run = null; // what is scheduled: { gain, taps, segments, time, at, sources, end }
  let timer = 0;
  let epoch = 0; // grows when the clip changes: late answers are then thrown away

  const notify = () => listeners.forEach((listener) => listener());

  function chunk(track, index) {
    const key = `${track}:${index}`;
    const known = chunks.get(key);
    if (known) {
      chunks.delete(key);
      chunks.set(key, known); // youngest again
      return known instanceof Promise ? null : known;
    }
    load(track, index);
    return null;
  }

  function load(track, index) {
    const key = `${track}:${index}`;
    const known = chunks.get(key);
    if (known) return Promise.resolve(known);
    const born = epoch;
    const start = index * CHUNK;
    if (start >= length) return Promise.resolve(null);
    const promise = fetchSound(track, start, Math.min(CHUNK, length - start)).then(
      (samples) => {
        if (born !== epoch || chunks.get(key) !== promise) return null;
        const buffer = sound.bufferOf(samples);
        chunks.set(key, buffer);
        while (chunks.size > MOST_CHUNKS) chunks.delete(chunks.keys().next().value);
        notify();
        return buffer;
      },
      (problem) => {
        if (chunks.get(key) === promise) chunks.delete(key);
        if (born === epoch) {
          pause();
          tell(problem);
        }
        return null;
      },
    );
    chunks.set(key, promise);
    return promise;
  }

  function begin(at) {
    const context = sound.open();
    const gain = context.createGain();
    const now = context.currentTime;
    gain.gain.setValueAtTime(0, now);
    gain.gain.setTargetAtTime(1, now + 0.01, FADE / 4);
    gain.connect(sound.out);
    const taps = new Map();
    for (const track of tracks) {
      const tap = context.createGain();
      tap.gain.value = track === heard ? 1 : 0;
      tap.connect(gain);
      taps.set(track, tap);
    }
    run = { gain, taps, segments: [], sources: new Set(), time: now + 0.012, at, end: null };
    pump();
  }

  function fadeOut(old) {
    const now = sound.context.currentTime;
    old.gain.gain.cancelScheduledValues(now);
    old.gain.gain.setTargetAtTime(0, now, FADE / 3);
    for (const source of old.sources) source.stop(now + FADE * 3);
    setTimeout(() => old.gain.disconnect(), 80);
  }

  // Starts again from where it is: after an edit, a new loop or other tracks.
  function refresh() {
    if (!run) return;
    const at = place();
    fadeOut(run);
    begin(at);
  }

  // Where the run turns or ends. From behind a loop the sound first runs to its own end.
  const edge = () => Math.min(length, stop ?? (loop && run.at <= loop[1] ? loop[1] : length));

  function pump() {
    if (!run || run.end !== null) return;
    const now = sound.context.currentTime;
    const ahead = document.hidden ? 2.5 : 0.35;
    if (run.time < now) run.time = now + 0.01; // the sound was late: go on from here
    for (let guard = 0; run.time < now + ahead && guard < 400; guard++) {
      if (run.at >= edge()) {
        if (stop === null && loop) run.at = loop[0];
        else { run.end = run.time; break; }
      }
      const index = Math.floor(run.at / CHUNK);
      const until = Math.min((index + 1) * CHUNK, edge());
      const buffers = tracks.map((track) => chunk(track, index));
      if (buffers.includes(null)) break;
      for (const track of tracks) if ((index + 1) * CHUNK < length) chunk(track, index + 1);
      schedule(buffers, run.at - index * CHUNK, until - run.at);
      run.segments.push({ time: run.time, at: run.at, count: until - run.at });
      run.time += (until - run.at) / RATE;
      run.at = until;
    }
    while (run.segments.length > 2 && run.segments[1].time < now - 1) run.segments.shift();
  }

  function schedule(buffers, offset, count) {
    const mine = run;
    buffers.forEach((buffer, i) => {
      const source = sound.context.createBufferSource();
      source.buffer = buffer;
      source.connect(mine.taps.get(tracks[i]));
      source.start(mine.time, offset / RATE, count / RATE);
      mine.sources.add(source);
      source.onended = () => mine.sources.delete(source);
    });
  }

  function place() {
    if (!run) return position;
    const { segments } = run;
    if (!segments.length) return run.at;
    const time = sound.heardTime();
    let segment = segments[0];
    for (const next of segments) if (next.time <= time) segment = next;
    const since = Math.max(0, (time - segment.time) * RATE);
    return Math.min(segment.at + Math.min(since, segment.count), length);
  }

  function tick() {
    pump();
    if (run && run.end !== null && sound.heardTime() >= run.end) {
      const back = stop !== null ? run.back : 0;
      pause();
      position = back ?? 0;
      notify();
    }
  }

  function play(from = null, until = null) {
    if (!length) return;
    if (run) fadeOut(run);
    clearInterval(timer);
    const start = from ?? (position >= length ? 0 : position);
    stop = until;
    begin(Math.max(0, Math.min(start, length - 1)));
    run.back = position;
    timer = setInterval(tick, 40);
    notify();
  }

  function pause() {
    if (!run) return;
    position = place();
    fadeOut(run);
    run = null;
    stop = null;
    clearInterval(timer);
    notify();
  }

  function hear(track) {
    heard = track;
    if (!run) return;
    const now = sound.context.currentTime;
    for (const [name, tap] of run.taps) tap.gain.setTargetAtTime(name === heard ? 1 : 0, now, FADE / 3);
  }

  return {
    load, play, pause, refresh, hear, place, chunk,
    onChange: (listener) => listeners.add(listener),
    seek(sample) {
      position = Math.max(0, Math.min(sample, length));
      stop = null;
      if (run) { fadeOut(run); begin(position); }
      notify();
    },
    open(samples) {
      pause();
      epoch++;
      chunks.clear();
      length = samples;
      position = 0;
      loop = null;
    },
    resize(samples) { length = samples; position = Math.min(position, length); },
    setTracks(names, audible) {
      const same = names.length === tracks.length && names.every((name, i) => name === tracks[i]);
      tracks = names;
      heard = audible;
      if (same) hear(audible);
      else refresh();
    },
    setLoop(range) {
      const same = JSON.stringify(range) === JSON.stringify(loop);
      loop = range;
      if (!same) refresh();
    },
    // Forgets sound from `start` to `end`, on every track but the original and `spared`.
    forget(start, end, spared = null) {
      for (const key of [...chunks.keys()]) {
        const cut = key.lastIndexOf(":");
        const track = key.slice(0, cut), index = Number(key.slice(cut + 1));
        const inside = (index + 1) * CHUNK > start && index * CHUNK < end;
        const late = chunks.get(key) instanceof Promise; // asked before the edit
        if (inside && track !== "original" && (late || track !== spared)) chunks.delete(key);
      }
    },
    // Writes new samples over sound that is already here.
    patch(track, start, samples) {
      for (let i = Math.floor(start / CHUNK); i * CHUNK < start + samples.length; i++) {
        const buffer = chunks.get(`${track}:${i}`);
        if (!(buffer instanceof AudioBuffer)) continue;
        const from = Math.max(start, i * CHUNK);
        const to = Math.min(start + samples.length, i * CHUNK + buffer.length);
        const fresh = sound.bufferOf(buffer.getChannelData(0).slice());
        fresh.copyToChannel(samples.subarray(from - start, to - start), 0, from - i * CHUNK);
        chunks.set(`${track}:${i}`, fresh);
      }
    },
    samplesAt(track, index) {
      const known = chunks.get(`${track}:${index}`);
      return known instanceof AudioBuffer ? known.getChannelData(0) : null;
    },
    get playing() { return run !== null; },
    get waiting() { return run !== null && run.segments.length === 0; },
    get heard() { return heard; },
    get loop() { return loop; },
    get length() { return length; },
  };
}
