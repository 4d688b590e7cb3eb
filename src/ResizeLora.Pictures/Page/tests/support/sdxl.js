// Data of the size of a full rank-128 LoRA of SDXL: 986 layers.

import { createFile, fallingSpectrum, randomNumbers } from "./page-data.js";

const Attention = ["attn1_to_k", "attn1_to_q", "attn1_to_v", "attn1_to_out_0", "attn2_to_k", "attn2_to_q", "attn2_to_v", "attn2_to_out_0"];
const Encoder = ["mlp_fc1", "mlp_fc2", "self_attn_k_proj", "self_attn_out_proj", "self_attn_q_proj", "self_attn_v_proj"];

// Where transformers stand, how many blocks each has, and how wide they are.
const Transformers = [
    ["input_blocks.4", 2, 640],
    ["input_blocks.5", 2, 640],
    ["input_blocks.7", 10, 1280],
    ["input_blocks.8", 10, 1280],
    ["middle_block", 10, 1280],
    ["output_blocks.0", 10, 1280],
    ["output_blocks.1", 10, 1280],
    ["output_blocks.2", 10, 1280],
    ["output_blocks.3", 2, 640],
    ["output_blocks.4", 2, 640],
    ["output_blocks.5", 2, 640],
];

/** @param {{ rank?: number, seed?: number, subspace?: boolean, base?: boolean }} options */
export function createSdxl({ rank = 128, seed = 1, subspace = false, base = true, ...options } = {}) {
    const random = randomNumbers(seed);
    const layers = shapes().map((shape) => {
        const singular = fallingSpectrum(random, Math.min(rank, shape.out, shape.in), 0.5 + 3 * random());
        const frobenius = 20 + 30 * random();
        const alpha = rank / 2;
        return {
            ...shape,
            rank,
            alpha,
            singular,
            ...(base ? { spectral: 4 + 10 * random(), frobenius } : {}),
            ...(subspace ? { subspace: singular.map(() => 0.01 + random()) } : {}),
        };
    });
    return createFile(layers, { checkpoints: base ? ["/models/sdxl.safetensors"] : [], length: 914_000_000, ...options });
}

function shapes() {
    const layers = Transformers.flatMap(([block, depth, width]) => transformer(block, depth, width));
    return [...encoder("te1", "TextEncoder1", 12, 768, 3072), ...encoder("te2", "TextEncoder2", 32, 1280, 5120), ...layers];
}

function transformer(block, depth, width) {
    const stem = `lora_unet_${block.replace(".", "_")}_1`;
    const blocks = Array.from({ length: depth }, (_, index) => index).flatMap((index) => [
        ...Attention.map((name) => ({
            name: `${stem}_transformer_blocks_${index}_${name}`,
            out: width,
            in: name.includes("attn2_to_k") || name.includes("attn2_to_v") ? 2048 : width,
        })),
        { name: `${stem}_transformer_blocks_${index}_ff_net_0_proj`, out: 8 * width, in: width },
        { name: `${stem}_transformer_blocks_${index}_ff_net_2`, out: width, in: 4 * width },
    ]);
    const ends = ["proj_in", "proj_out"].map((name) => ({ name: `${stem}_${name}`, out: width, in: width }));
    return [...ends, ...blocks].map((layer) => ({ ...layer, component: "UNet", block }));
}

function encoder(stem, component, depth, width, inner) {
    return Array.from({ length: depth }, (_, index) => index).flatMap((index) =>
        Encoder.map((name) => ({
            name: `lora_${stem}_text_model_encoder_layers_${index}_${name}`,
            component,
            block: `encoder.layers.${index}`,
            out: name === "mlp_fc1" ? inner : width,
            in: name === "mlp_fc2" ? inner : width,
        })),
    );
}
