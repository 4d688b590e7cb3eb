// Numbers as .NET writes and reads them in the invariant culture.

// .NET 10 writes an exponent from 1E+17 on; earlier versions do from 1E+15 on, which no recipe of use comes near.
const FirstWithExponent = 17;

/**
 * The shortest text that gives a number back, as double.ToString("R") writes it.
 * @param {number} value
 * @returns {string}
 */
export function roundTripText(value) {
    if (Number.isNaN(value)) {
        return "NaN";
    }

    if (!Number.isFinite(value)) {
        return value > 0 ? "Infinity" : "-Infinity";
    }

    if (value === 0) {
        return Object.is(value, -0) ? "-0" : "0";
    }

    const [mantissa, exponent] = value.toExponential().split("e");
    const power = Number(exponent);
    if (power >= FirstWithExponent || power <= -5) {
        return `${mantissa}E${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
    }

    return String(value);
}

/**
 * A number as recipes spell it: infinities as Python does.
 * @param {number} value
 * @returns {string}
 */
export const recipeText = (value) => (value === Infinity ? "inf" : value === -Infinity ? "-inf" : roundTripText(value));

const Infinities = new Map([
    ["inf", Infinity],
    ["+inf", Infinity],
    ["infinity", Infinity],
    ["+infinity", Infinity],
    ["-inf", -Infinity],
    ["-infinity", -Infinity],
    ["nan", NaN],
    ["+nan", NaN],
    ["-nan", NaN],
]);

/**
 * Reads a number as double.TryParse does with NumberStyles.Float.
 * @param {string} text
 * @returns {number | null} null where the text is no number
 */
export function parseNumber(text) {
    const trimmed = text.trim();
    const known = Infinities.get(trimmed.toLowerCase());
    if (known !== undefined) {
        return known;
    }

    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : null;
}
