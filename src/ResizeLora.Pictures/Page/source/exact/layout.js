// The length of a safetensors file: tensors by type and name, each with its offsets in the header, which is padded to eight bytes.

/**
 * A tensor of the page's data: name index, type index, and its sides, of which -1 stands for a rank.
 * @typedef {number[]} TensorShape
 */

// "name":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]} without the name, the type, the sides and the offsets.
const EntryOverhead = ':{"dtype":"","shape":[],"data_offsets":[,]}'.length;

/** The places of all tensors that outputs of a file may hold, in the order in which they are written. */
export class Layout {
    #source;
    #places = new Map();
    #fixed;
    #bytes;
    #sides;

    /**
     * @param {object} source the file as the page's data has it
     * @param {TensorShape[]} tensors every tensor that may be written, in any order
     */
    constructor(source, tensors) {
        this.#source = source;
        const { types, nameBytes } = source;
        const kinds = new Map(tensors.map(([name, type]) => [keyOf(name, type), [name, type]]));
        const ordered = [...kinds.values()].sort(
            ([leftName, leftType], [rightName, rightType]) => types[rightType].order - types[leftType].order || leftName - rightName,
        );
        ordered.forEach(([name, type], place) => this.#places.set(keyOf(name, type), place));
        this.#fixed = Float64Array.from(ordered, ([name, type]) => nameBytes[name] + EntryOverhead + types[type].name.length);
        this.#bytes = new Float64Array(ordered.length);
        this.#sides = new Float64Array(ordered.length);
    }

    /** Forgets the tensors of the output before. */
    clear() {
        this.#bytes.fill(-1);
    }

    /**
     * Adds tensors to an output.
     * @param {TensorShape[]} tensors
     * @param {number} rank what -1 stands for
     */
    add(tensors, rank) {
        for (const tensor of tensors) {
            const place = this.#places.get(keyOf(tensor[0], tensor[1]));
            this.#bytes[place] = byteLength(this.#source.types, tensor, rank);
            this.#sides[place] = sidesLength(tensor, rank);
        }
    }

    /**
     * The length of the file.
     * @param {number} metadata the bytes of its metadata in the header
     * @returns {number}
     */
    fileLength(metadata) {
        let header = metadata + 2;
        let position = 0;
        for (let place = 0; place < this.#bytes.length; place++) {
            const bytes = this.#bytes[place];
            if (bytes >= 0) {
                const end = position + bytes;
                header += 1 + this.#fixed[place] + this.#sides[place] + digits(position) + digits(end);
                position = end;
            }
        }

        return 8 + 8 * Math.ceil(header / 8) + position;
    }
}

/**
 * The bytes of a tensor's numbers.
 * @param {{ bits: number }[]} types
 * @param {TensorShape} tensor
 * @param {number} rank what -1 stands for
 * @returns {number}
 */
export function byteLength(types, tensor, rank) {
    let bits = types[tensor[1]].bits;
    for (let side = 2; side < tensor.length; side++) {
        bits *= tensor[side] < 0 ? rank : tensor[side];
    }

    return Math.floor(bits / 8);
}

const keyOf = (name, type) => name * 32 + type;

// The digits of the sides and the commas between them.
function sidesLength(tensor, rank) {
    let length = Math.max(0, tensor.length - 3);
    for (let side = 2; side < tensor.length; side++) {
        length += digits(tensor[side] < 0 ? rank : tensor[side]);
    }

    return length;
}

function digits(value) {
    let count = 1;
    for (let bound = 10; value >= bound; bound *= 10) {
        count++;
    }

    return count;
}
