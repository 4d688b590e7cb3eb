// The decimal logarithm in the steps of DecimalLogarithm.cs, which says why they are right: a score has the same bits here as in the
// module, while Math.log10 differs in the last digit from browser to browser.

import { highWord, withHighWord, withoutLowWord } from "./bits.js";

const Log2High = 0.3010299955494702;
const Log2Low = 1.1451100898021838e-10;
const LogEHigh = 0.4342944818781689;
const LogELow = 2.5082946711645275e-11;
const SquareRootOf2 = 1.4142135623730951;
const SmallestNormal = 2.2250738585072014e-308;
const TwoTo54 = 18014398509481984;
const Bias = 1023;
const Terms = 10;

/**
 * log10(x); −∞ for 0, NaN below.
 * @param {number} value
 * @returns {number}
 */
export function log10(value) {
    if (!(value > 0) || value === Infinity) {
        return value === 0 ? -Infinity : value > 0 ? value : NaN;
    }

    const isSubnormal = value < SmallestNormal;
    const normal = isSubnormal ? value * TwoTo54 : value;
    const high20 = highWord(normal);
    let exponent = (high20 >>> 20) - Bias - (isSubnormal ? 54 : 0);
    let mantissa = withHighWord(normal, (high20 & 0x000fffff) | (Bias << 20));
    if (mantissa > SquareRootOf2) {
        mantissa *= 0.5;
        exponent++;
    }

    const f = mantissa - 1;
    const s = f / (2 + f);
    const halfSquare = 0.5 * f * f;
    const series = seriesOf(s * s);
    const high = withoutLowWord(f - halfSquare);
    const low = f - high - halfSquare + s * (halfSquare + series);

    const ofExponent = exponent * Log2High;
    const ofMantissa = high * LogEHigh;
    const sum = ofExponent + ofMantissa;
    const rest = exponent * Log2Low + ((low + high) * LogELow + low * LogEHigh);
    return sum + (rest + (ofExponent - sum + ofMantissa));
}

function seriesOf(square) {
    let sum = 0;
    for (let term = Terms; term > 0; term--) {
        sum = square * (2 / (2 * term + 1) + sum);
    }

    return sum;
}
