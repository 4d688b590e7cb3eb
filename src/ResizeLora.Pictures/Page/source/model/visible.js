// Names inside files are anybody's. Characters that cannot be seen, or that turn the direction of writing, are spelled out, so that no
// name passes for another one.

const Invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * A name as it is shown.
 * @param {string} text
 * @returns {string}
 */
export const visibleText = (text) => text.replace(Invisible, (character) => `\\u${character.codePointAt(0).toString(16).padStart(4, "0")}`);
