// The sound card: one context at the models' rate, one meter, one-shot sounds.

const RATE = 48000;

function createSound() {
  let context = null;
  let master = null;
  let meter = null;
  let shot = null;

  function open() {
    if (!context) {
      context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
      master = context.createGain();
      meter = context.createAnalyser();
      meter.fftSize = 2048;
      master.connect(meter).connect(context.destination);
    }
    if (context.state === "suspended") context.resume();
    return context;
  }

  // Browsers let sound start only inside a gesture: waking up early hides the start-up time.
  for (const gesture of ["pointerdown", "keydown"])
    element.addEventListener(gesture, open, { capture: true });

  // The time that is being heard right now, not the time that is being computed.
  function heardTime() {
    const stamp = context.getOutputTimestamp?.();
    if (stamp?.contextTime > 0 && stamp.performanceTime > 0) {
      const since = (performance.now() - stamp.performanceTime) / 1000;
      if (since >= 0 && since < 0.5) return stamp.contextTime + since;
    }
    return context.currentTime - (context.outputLatency || 0);
  }

  function bufferOf(samples) {
    const buffer = open().createBuffer(1, Math.max(1, samples.length), RATE);
    buffer.copyToChannel(samples, 0);
    return buffer;
  }

  // A new one-shot silences the last one quickly, as a key does on a monophonic synthesiser.
  function playShot(samples) {
    open();
    if (shot) {
      shot.gain.gain.setTargetAtTime(0, context.currentTime, 0.004);
      shot.source.stop(context.currentTime + 0.03);
    }
    const source = context.createBufferSource();
    const gain = context.createGain();
    source.buffer = bufferOf(samples);
    source.connect(gain).connect(master);
    source.start();
    shot = { source, gain };
    source.onended = () => gain.disconnect();
    return samples.length / RATE;
  }

  function peakNow() {
    if (!meter) return 0;
    const window = new Float32Array(meter.fftSize);
    meter.getFloatTimeDomainData(window);
    return window.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
  }

  return {
    open, heardTime, bufferOf, playShot, peakNow,
    get context() { return context; },
    get out() { return master; },
  };
}
