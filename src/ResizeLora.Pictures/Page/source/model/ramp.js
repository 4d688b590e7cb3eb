// Colours for scores: a ramp whose lightness rises evenly, so that it reads the same for colour-blind eyes and in grey. What is dropped
// keeps a breath of its colour.

// Lightness, green to red, blue to yellow, in the space of Oklab.
const Light = [
    [0.3, 0.02, -0.12],
    [0.45, -0.035, -0.11],
    [0.58, -0.085, -0.035],
    [0.72, -0.1, 0.07],
    [0.86, -0.045, 0.16],
];
const Dark = [
    [0.4, 0.03, -0.15],
    [0.52, -0.03, -0.13],
    [0.66, -0.085, -0.03],
    [0.8, -0.1, 0.08],
    [0.94, -0.03, 0.17],
];
const Paper = [1, 0, 0];
const Night = [0.2, 0, -0.01];

/** How many colours a ramp has. */
export const RampLength = 256;

/**
 * Colours as pixels of a canvas.
 * @param {boolean} isDark
 * @returns {{ kept: Uint32Array, dropped: Uint32Array }}
 */
export function createRamp(isDark) {
    const stops = isDark ? Dark : Light;
    const ground = isDark ? Night : Paper;
    const colours = Array.from({ length: RampLength }, (_, index) => between(stops, index / (RampLength - 1)));
    const paleness = isDark ? 0.7 : 0.76;
    return {
        kept: Uint32Array.from(colours, pixelOf),
        dropped: Uint32Array.from(colours, (colour) => pixelOf(mix([colour[0], colour[1] * 0.6, colour[2] * 0.6], ground, paleness))),
    };
}

function between(stops, position) {
    const place = position * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    return mix(stops[below], stops[below + 1], place - below);
}

const mix = (one, other, share) => one.map((value, index) => value * (1 - share) + other[index] * share);

function pixelOf([lightness, a, b]) {
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
    const [red, green, blue] = [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ].map(channel);

    // Canvases are little-endian on every machine that a browser runs on.
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

function channel(linear) {
    const clipped = Math.min(1, Math.max(0, linear));
    const curved = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return Math.round(255 * curved);
}

/**
 * The range of scores that the colours are spread over: all but the odd ones out.
 * @param {Float64Array} scores
 * @returns {{ low: number, high: number }}
 */
export function rangeOf(scores) {
    if (!knownRanges.has(scores)) {
        knownRanges.set(scores, computeRange(scores));
    }

    return knownRanges.get(scores);
}

const knownRanges = new WeakMap();

// A few thousand scores say where nearly all of them begin; only the highest is looked for among all.
function computeRange(scores) {
    const Samples = 4000;
    const stride = Math.max(1, Math.floor(scores.length / Samples));
    const sample = new Float64Array(Math.ceil(scores.length / stride));
    let count = 0;
    let highest = -Infinity;
    for (let index = 0; index < scores.length; index++) {
        const score = scores[index];
        if (score > highest && score < Infinity) {
            highest = score;
        }

        if (index % stride === 0 && score > -Infinity && score < Infinity) {
            sample[count++] = score;
        }
    }

    if (count === 0) {
        return { low: -1, high: 0 };
    }

    const sorted = sample.subarray(0, count).sort();
    const low = Math.floor(sorted[Math.floor(0.02 * (count - 1))] * 4) / 4;
    const high = Math.ceil(highest * 4) / 4 + 0;
    return { low: Math.min(low, high - 0.25), high };
}
