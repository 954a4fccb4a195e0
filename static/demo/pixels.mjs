// What the demo's nodes do to a picture {width, height, data}: RGBA bytes, always opaque.
//
// The formulas are ComfyUI's: a Gaussian cut off at a radius, mirrored at the edges, and
// resampling by the usual filters.

export function inverted({ width, height, data }) {
  const made = new Uint8ClampedArray(data.length);
  for (let at = 0; at < data.length; at += 4) {
    made[at] = 255 - data[at];
    made[at + 1] = 255 - data[at + 1];
    made[at + 2] = 255 - data[at + 2];
    made[at + 3] = 255;
  }
  return { width, height, data: made };
}

export function blurred(picture, radius, sigma) {
  return sharpened(picture, radius, sigma, -0.1);
}

// The picture plus ten times alpha its difference from the blurred one: with -0.1 the blurred
// one itself.
export function sharpened(picture, radius, sigma, alpha) {
  const columns = mirroredTaps(picture.width, radius, sigma);
  const rows = mirroredTaps(picture.height, radius, sigma);
  return filtered(picture, columns, rows, 1 + 10 * alpha);
}

export function scaled(picture, method, factor) {
  const width = Math.max(1, rounded(picture.width * factor));
  const height = Math.max(1, rounded(picture.height * factor));
  const columns = resamplingTaps(picture.width, width, method);
  return filtered(picture, columns, resamplingTaps(picture.height, height, method), 0);
}

// Python's round: a half goes to the even neighbour.
function rounded(number) {
  const below = Math.floor(number);
  return number - below === 0.5 ? below + (below % 2) : Math.round(number);
}

// Each tap list says from which places of a line, with which weights, one of the new line comes.
// Rows are mixed first, one new row at a time, so that no second picture of numbers is needed.
function filtered({ width, height, data }, columns, rows, keep) {
  const made = new Uint8ClampedArray(columns.length * rows.length * 4);
  const line = new Float32Array(width * 4);
  let out = 0;
  rows.forEach((row, y) => {
    line.fill(0);
    row.places.forEach((place, number) => {
      const weight = row.weights[number];
      const start = place * width * 4;
      for (let at = 0; at < line.length; at += 1) line[at] += weight * data[start + at];
    });
    for (let x = 0; x < columns.length; x += 1) {
      const { places, weights } = columns[x];
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let number = 0; number < places.length; number += 1) {
        const at = places[number] * 4;
        const weight = weights[number];
        red += weight * line[at];
        green += weight * line[at + 1];
        blue += weight * line[at + 2];
      }
      if (keep !== 0) {
        // Kept parts are added only where the size stays.
        const at = (y * width + x) * 4;
        red += keep * (data[at] - red);
        green += keep * (data[at + 1] - green);
        blue += keep * (data[at + 2] - blue);
      }
      made[out] = red;
      made[out + 1] = green;
      made[out + 2] = blue;
      made[out + 3] = 255;
      out += 4;
    }
  });
  return { width: columns.length, height: rows.length, data: made };
}

function mirroredTaps(length, radius, sigma) {
  const kernel = [];
  for (let at = -radius; at <= radius; at += 1) {
    kernel.push(Math.exp((-at * at) / (2 * sigma * sigma)));
  }
  const weights = normalised(kernel);
  return Array.from({ length }, (_, middle) => {
    const places = weights.map((_weight, number) => mirrored(middle + number - radius, length));
    return { places: Int32Array.from(places), weights };
  });
}

// The edge itself is not doubled.
function mirrored(place, length) {
  if (length === 1) return 0;
  const round = 2 * (length - 1);
  const along = ((place % round) + round) % round;
  return along < length ? along : round - along;
}

const FILTERS = {
  area: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  bicubic: [2, cubic],
  lanczos: [3, (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

// Source: Pillow, Resample.c, `precompute_coeffs`.
function resamplingTaps(before, after, method) {
  const step = before / after;
  if (method === "nearest-exact") {
    return Array.from({ length: after }, (_, number) => {
      const place = Math.min(before - 1, Math.floor((number + 0.5) * step));
      return { places: Int32Array.of(place), weights: Float64Array.of(1) };
    });
  }
  const [reach, filter] = FILTERS[method];
  const stretch = Math.max(1, step);
  return Array.from({ length: after }, (_, number) => {
    const middle = (number + 0.5) * step;
    const first = Math.max(0, Math.floor(middle - reach * stretch + 0.5));
    const end = Math.min(before, Math.floor(middle + reach * stretch + 0.5));
    const places = Array.from({ length: end - first }, (_place, offset) => first + offset);
    const weights = places.map((place) => filter((place + 0.5 - middle) / stretch));
    return { places: Int32Array.from(places), weights: normalised(weights) };
  });
}

function cubic(x) {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function normalised(weights) {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float64Array.from(weights, (weight) => weight / sum);
}
