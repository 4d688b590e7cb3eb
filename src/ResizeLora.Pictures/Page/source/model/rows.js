// Which layers the map shows, in which order, in which groups.

/** The orders of layers, by their names in the control. */
export const Orders = ["file", "name", "rank", "error", "largest", "saved"];

/**
 * A group of the map.
 * @typedef {object} RowGroup
 * @property {string} component
 * @property {string} block
 * @property {string} key
 * @property {number[]} layers
 */

/**
 * The groups of the map: the denoiser first, then the text encoders, the blocks of each by their numbers.
 * @param {import("../exact/data.js").SpectrumFile} file
 * @param {string} search
 * @param {(layer: number) => number | string} order what layers are ordered by; of equal ones the earlier comes first
 * @param {boolean} isDescending
 * @returns {RowGroup[]}
 */
export function groupRows(file, search, order, isDescending) {
    const matches = matcherOf(search);
    const groups = new Map();
    for (let layer = 0; layer < file.count; layer++) {
        if (matches(file.layers.name[layer])) {
            const component = file.layers.component[layer];
            const block = file.layers.block[layer];
            const key = `${component}/${block}`;
            const group = groups.get(key) ?? { component, block, key, layers: [] };
            group.layers.push(layer);
            groups.set(key, group);
        }
    }

    const sign = isDescending ? -1 : 1;
    const compare = (left, right) => {
        const [one, other] = [order(left), order(right)];
        return one === other ? left - right : (one < other ? -1 : 1) * sign;
    };
    const ordered = [...groups.values()].map((group) => ({ ...group, layers: group.layers.sort(compare) }));

    return ordered.sort((left, right) => compareComponents(left.component, right.component) || natural(left.block, right.block));
}

/**
 * The order of components: the denoiser first, then the text encoders.
 * @param {string} left
 * @param {string} right
 */
export const compareComponents = (left, right) => placeOf(left) - placeOf(right) || natural(left, right);

const Components = ["UNet", "Transformer", "LanguageModel", "TextEncoder1", "TextEncoder2", "TextEncoder3", "TextEncoder4"];
const placeOf = (component) => (Components.includes(component) ? Components.indexOf(component) : Components.length);

// input_blocks.2 comes before input_blocks.10.
const { compare: natural } = new Intl.Collator("en", { numeric: true });

/**
 * Whether names match a search: a part of the name, or a pattern with stars; case does not count.
 * @param {string} search
 * @returns {(name: string) => boolean}
 */
export function matcherOf(search) {
    const parts = search.trim().toLowerCase().split("*");
    if (parts.length === 1) {
        return (name) => name.toLowerCase().includes(parts[0]);
    }

    const literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const pattern = new RegExp(`^${parts.map(literal).join(".*")}$`, "s");
    return (name) => pattern.test(name.toLowerCase());
}
