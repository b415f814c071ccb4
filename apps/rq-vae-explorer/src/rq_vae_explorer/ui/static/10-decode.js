// Frames as they come over the wire: JSON with base64 fields, turned into typed arrays.

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const decoders = {
  f32: (bytes) => new Float32Array(bytes.buffer),
  i32: (bytes) => new Int32Array(bytes.buffer),
  u8: (bytes) => bytes,
};

// {"dtype", "shape", "data"} becomes a typed array that carries its shape; the rest stays as it is.
function decodeArrays(value) {
  if (Array.isArray(value)) return value.map(decodeArrays);
  if (value === null || typeof value !== "object") return value;
  if ("dtype" in value && "data" in value) {
    const array = decoders[value.dtype](bytesOf(value.data));
    array.shape = value.shape;
    return array;
  }
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, decodeArrays(v)]));
}
