// Numbers on the wire: little-endian base64 both ways.

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const int16Of = (base64) => new Int16Array(bytesOf(base64).buffer);
const int8Of = (base64) => new Int8Array(bytesOf(base64).buffer);

// The same scale on both sides: 32768 is full scale, so that the level stays exact.
function soundOf(base64) {
  const pcm = int16Of(base64);
  const samples = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) samples[i] = pcm[i] / 32768;
  return samples;
}

function saveFile(name, type, base64) {
  saveBlob(name, new Blob([bytesOf(base64)], { type }));
}

function saveBlob(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
