// The nodes' work of one demo server, off the page's own thread. Pictures stay here between
// nodes; files come in and go out as Blobs.
//
//   in   {kind: "run", run, node, inputs, pictures, files, previews}
//          inputs: plain values; pictures: input -> the run that made it; files: input -> Blob
//        {kind: "drop", run}
//   out  {run, files, previews, size}   or   {run, name, message}

import { blurred, inverted, scaled, sharpened } from "./pixels.mjs";

const PREVIEW_SIDE = 512;
const PREVIEW_QUALITY = 0.9;

const made = new Map();

const WORK = {
  LoadImage: ({ files }) => decoded(files.image),
  ImageInvert: ({ pictures }) => inverted(pictures.image),
  ImageScaleBy: ({ pictures, inputs }) =>
    scaled(pictures.image, inputs.upscale_method, inputs.scale_by),
  ImageBlur: ({ pictures, inputs }) => blurred(pictures.image, inputs.blur_radius, inputs.sigma),
  ImageSharpen: ({ pictures, inputs }) =>
    sharpened(pictures.image, inputs.sharpen_radius, inputs.sigma, inputs.alpha),
  SaveImage: ({ pictures }) => pictures.images,
  PreviewImage: ({ pictures }) => pictures.images,
};
const SAVES = new Set(["SaveImage", "PreviewImage"]);

// One after the other: a node's pictures must be there before the next one asks for them.
let last = Promise.resolve();
self.onmessage = ({ data }) => {
  last = last.then(() => (data.kind === "run" ? run(data) : made.delete(data.run)));
};

async function run(order) {
  try {
    self.postMessage({ run: order.run, ...(await work(order)) });
  } catch (error) {
    self.postMessage({ run: order.run, name: error.name, message: error.message });
  }
}

async function work({ run, node, inputs, pictures, files, previews }) {
  const found = Object.entries(pictures).map(([name, from]) => [name, made.get(from)]);
  const before = found[0]?.[1];
  const picture = await WORK[node]({ inputs, files, pictures: Object.fromEntries(found) });
  made.set(run, picture);
  return {
    files: SAVES.has(node) ? [await canvasOf(picture).convertToBlob({ type: "image/png" })] : [],
    previews: await previewsOf(before, picture, previews),
    size: [picture.width, picture.height],
  };
}

// As ComfyUI does: upright, and the colours alone, whatever the transparency.
async function decoded(blob) {
  const options = { premultiplyAlpha: "none", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(blob, options);
  const { width, height } = bitmap;
  const context = contextOf(width, height, { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  let { data } = context.getImageData(0, 0, width, height);
  if (!isOpaque(data)) {
    // A canvas loses the colours of what is transparent; a texture keeps them.
    data = textureOf(bitmap) ?? data;
    for (let at = 3; at < data.length; at += 4) data[at] = 255;
  }
  bitmap.close();
  return { width, height, data };
}

function isOpaque(data) {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false;
  return true;
}

// The bytes of a picture, untouched; null where the browser has no WebGL, or the picture no room.
function textureOf(bitmap) {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl");
  if (!gl || Math.max(bitmap.width, bitmap.height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) {
    return null;
  }
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const data = new Uint8ClampedArray(bitmap.width * bitmap.height * 4);
  const bytes = new Uint8Array(data.buffer);
  gl.readPixels(0, 0, bitmap.width, bitmap.height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  const isRead = gl.getError() === gl.NO_ERROR;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return isRead ? data : null;
}

// Small JPEGs in which the finished picture grows over the one before, from the top.
async function previewsOf(before, after, count) {
  if (count === 0) return [];
  const shrink = Math.min(1, PREVIEW_SIDE / Math.max(after.width, after.height));
  const width = Math.max(1, Math.round(after.width * shrink));
  const height = Math.max(1, Math.round(after.height * shrink));
  const [under, over] = [before && canvasOf(before), canvasOf(after)];
  const previews = [];
  for (let step = 1; step <= count; step += 1) {
    const context = contextOf(width, height, { alpha: false });
    if (under) context.drawImage(under, 0, 0, width, height);
    context.save();
    context.beginPath();
    context.rect(0, 0, width, Math.floor((height * step) / count));
    context.clip();
    context.drawImage(over, 0, 0, width, height);
    context.restore();
    const options = { type: "image/jpeg", quality: PREVIEW_QUALITY };
    const blob = await context.canvas.convertToBlob(options);
    previews.push(new Uint8Array(await blob.arrayBuffer()));
  }
  return previews;
}

function canvasOf({ width, height, data }) {
  const context = contextOf(width, height, { alpha: false });
  context.putImageData(new ImageData(data, width, height), 0, 0);
  return context.canvas;
}

function contextOf(width, height, options) {
  const context = new OffscreenCanvas(width, height).getContext("2d", options);
  if (!context) throw new Error(`${width} × ${height} pixels are too many for this browser`);
  return context;
}
