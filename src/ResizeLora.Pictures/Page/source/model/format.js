// Numbers as people read them. Spaces that do not break group digits, which no language takes for a decimal sign.

const Bytes = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/**
 * A whole number with grouped digits.
 * @param {number} value
 */
export const grouped = (value) => Bytes.format(value).replace(/,/g, "\u00a0");

/**
 * A size in MiB.
 * @param {number} bytes
 */
export const mebibytes = (bytes) => `${significant(bytes / 1048576)} MiB`;

/**
 * A share in percent.
 * @param {number | null} share
 */
export const percent = (share) => (share === null ? "–" : `${significant(share * 100)} %`);

/**
 * A share in percent with the two digits that an estimate has.
 * @param {number} share
 */
export const roughPercent = (share) => `${Number((share * 100).toPrecision(2))} %`;

/**
 * A share that stays, in percent: near 100 with as many digits as what is lost has.
 * @param {number} share
 */
export function retainedText(share) {
    const lost = 1 - share;
    if (!(lost > 0 && lost < 1e-3)) {
        return percent(share);
    }

    return `${(100 * share).toFixed(Math.min(12, 1 - Math.floor(Math.log10(100 * lost))))} %`;
}

/**
 * A share in percent with a mark where it is only near.
 * @param {number | null} share
 * @param {boolean} isApproximate
 */
export const nearPercent = (share, isApproximate) => (isApproximate && share !== null ? `≈ ${percent(share)}` : percent(share));

/**
 * A number with about three digits that matter.
 * @param {number} value
 */
export function significant(value) {
    const size = Math.abs(value);
    if (value === 0) {
        return "0";
    }

    if (size >= 1e6 || size < 1e-3) {
        return value.toExponential(2).replace("e+", "e");
    }

    const digits = size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 3 : 4;
    return value.toFixed(digits);
}

/**
 * A score with its sign, as thresholds are shown.
 * @param {number | null} score
 */
export function scoreText(score) {
    if (score === null) {
        return "–";
    }

    return Number.isFinite(score) ? score.toFixed(3).replace("-", "\u2212") : score > 0 ? "∞" : "\u2212∞";
}
