// Writes a picture with a mask as ComfyUI's LoadImage reads it: transparent where it is painted.
//
// A canvas can't write it: it forgets the colours of what is transparent, and they are what an
// inpainting model starts from.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const EIGHT_BITS_RGBA = [8, 6, 0, 0, 0];
// Each byte less the one of the pixel before: photos become a third smaller.
const SUB = 1;

const CRC = Uint32Array.from({ length: 256 }, (_, value) => {
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

// `bitmap` is the picture, not premultiplied; `mask` a canvas of its size.
export async function maskedPng(bitmap, mask) {
  const { width, height } = bitmap;
  const pixels = coloursOf(bitmap);
  const painted = read(mask);
  for (let at = 3; at < pixels.length; at += 4) pixels[at] = 255 - painted[at];
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  EIGHT_BITS_RGBA.forEach((value, place) => header.setUint8(8 + place, value));
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", await deflated(filtered(pixels, width, height))),
    chunk("IEND", new Uint8Array()),
  ];
  return new Blob(parts, { type: "image/png" });
}

// Its pixels as the file has them, from its first row on.
function coloursOf(bitmap) {
  const { width, height } = bitmap;
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (gl && Math.max(width, height) <= gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    const pixels = new Uint8Array(4 * width * height);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    const [target, point] = [gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0];
    gl.framebufferTexture2D(target, point, gl.TEXTURE_2D, gl.getParameter(gl.TEXTURE_BINDING_2D), 0);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    const isRead = gl.getError() === gl.NO_ERROR;
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    if (isRead) return pixels;
  }
  // Exact as well, but where the picture was transparent before.
  return read(bitmap);
}

// On a canvas of its own: one that is read is slow to paint on from then on.
function read(image) {
  const { width, height } = image;
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(image, 0, 0);
  return pen.getImageData(0, 0, width, height).data;
}

function filtered(pixels, width, height) {
  const length = 4 * width;
  const rows = new Uint8Array(height * (length + 1));
  for (let row = 0; row < height; row++) {
    const [from, to] = [row * length, row * (length + 1)];
    rows[to] = SUB;
    for (let at = 0; at < length; at++) {
      rows[to + 1 + at] = pixels[from + at] - (at < 4 ? 0 : pixels[from + at - 4]);
    }
  }
  return rows;
}

async function deflated(bytes) {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function chunk(name, content) {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  let crc = -1;
  for (let at = 4; at < 8 + content.length; at++) crc = CRC[(crc ^ bytes[at]) & 255] ^ (crc >>> 8);
  view.setUint32(8 + content.length, ~crc);
  return bytes;
}
