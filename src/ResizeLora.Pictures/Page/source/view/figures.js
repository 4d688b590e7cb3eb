// The numbers of the file that the recipe makes, in all.

import { grouped, mebibytes, nearPercent, percent, retainedText, scoreText, significant } from "../model/format.js";
import { visibleText } from "../model/visible.js";
import { element, setText } from "./dom.js";

/**
 * @param {import("../model/store.js").Store} store
 * @param {{ add: () => void }} pins
 */
export function createFigures(store, pins) {
    const figures = {
        size: figure("New size", "size"),
        lora: figure("Error to the LoRA", "lora"),
        base: figure("Error to the base", "base"),
        retained: figure("Retained", "retained"),
        rank: figure("Rank kept", "rank"),
        layers: figure("Layers kept", "layers"),
    };
    const note = element("p.note", { role: "status" });
    const spoken = element("p.visually-hidden", { "aria-live": "polite" });
    const pin = element(
        "button.primary.no-print",
        { type: "button", id: "pin", title: "Keep this recipe in the table of recipes tried", onclick: () => pins.add() },
        "Pin",
    );
    const section = element(
        "section.figures",
        { "aria-label": "What the recipe makes" },
        element("dl", {}, ...Object.values(figures).map((each) => each.element)),
        pin,
        note,
        spoken,
    );
    let timer = 0;
    new ResizeObserver(() => document.documentElement.style.setProperty("--figures", `${section.offsetHeight}px`)).observe(section);
    return {
        element: section,
        update() {
            const { outcome, error } = store.answer();
            pin.disabled = !store.isReady;
            Object.values(figures).forEach((each) => each.element.classList.toggle("is-empty", outcome === null));
            if (outcome === null) {
                Object.values(figures).forEach((each) => each.set("–", ""));
                setText(note, visibleText(error));
                return;
            }

            show(figures, outcome);
            setText(note, noteOf(outcome));
            clearTimeout(timer);
            timer = setTimeout(() => setText(spoken, sentence(outcome)), 700);
        },
    };
}

function figure(label, id) {
    const value = element("span.value", { id: `figure-${id}` });
    const detail = element("span.detail", { id: `detail-${id}` });
    return {
        element: element(`div.figure.of-${id}`, {}, element("dt", {}, label), element("dd", {}, value, detail)),
        set(text, more) {
            setText(value, text);
            setText(detail, more);
        },
    };
}

function show(figures, outcome) {
    const { total } = outcome;
    const near = total.isApproximate;
    const share = percent(outcome.newLength / outcome.oldLength);
    figures.size.set(`${grouped(outcome.newLength)} bytes`, `${mebibytes(outcome.newLength)} · ${share} of the input`);
    figures.lora.set(
        nearPercent(total.relativeErrorToLora, near),
        outcome.threshold === null ? "no threshold" : `threshold ${scoreText(outcome.threshold)}`,
    );
    figures.base.set(nearPercent(total.relativeErrorToBase, near), total.relativeErrorToBase === null ? "no base model" : "of its weights");
    figures.retained.set(
        retainedText(total.retained),
        `kohya ${significant(total.frobeniusRetention * 100)} ± ${significant(total.frobeniusRetentionDeviation * 100)} %`,
    );
    figures.rank.set(grouped(total.newRank), `of ${grouped(total.oldRank)}`);
    const copied = outcome.passedThrough.length;
    figures.layers.set(grouped(total.layersKept), `${grouped(total.layersDropped)} dropped${copied > 0 ? `, ${copied} copied` : ""}`);
}

function noteOf(outcome) {
    const notes = [
        ...(outcome.total.layersKept === 0 ? ["Nothing is kept: Resize-Lora refuses to write such a file."] : []),
        ...(outcome.passedThrough.length > 0 ? ["Layers without a base weight are copied as they are."] : []),
        ...(outcome.total.isApproximate
            ? ["≈ Magnitudes of DoRA: the errors are near; Measure-LoraResize computes them over the base model."]
            : []),
        ...(outcome.newLength > outcome.oldLength ? ["The file would be larger than it is."] : []),
    ];
    return notes.join(" ");
}

const sentence = (outcome) =>
    `${grouped(outcome.newLength)} bytes, error ${percent(outcome.total.relativeErrorToLora)}, total rank ${outcome.total.newRank}.`;
