// Charts by uPlot: axes in the colours of the theme, a width that follows the page, and no legend of its own.

import uPlot from "uplot";
import { prefersLessMotion } from "./dom.js";
import { colourOf } from "./theme.js";

/** The colours of series, which differ in lightness too. */
export const SeriesColours = ["series-1", "series-2", "series-3", "series-4", "series-5", "series-6"];

/**
 * A chart that is made anew when its series change, and takes new data otherwise.
 * @param {HTMLElement} host
 * @param {number} height
 */
export function createChart(host, height) {
    let plot = null;
    let shape = "";
    const resize = new ResizeObserver(() => plot?.setSize({ width: widthOf(host), height }));
    resize.observe(host);
    return {
        /**
         * @param {string} key what the options depend on
         * @param {() => uPlot.Options} options
         * @param {uPlot.AlignedData} data
         */
        draw(key, options, data) {
            if (key !== shape) {
                plot?.destroy();
                plot = new uPlot({ ...options(), width: widthOf(host), height, legend: { show: false } }, data, host);
                shape = key;
            } else {
                plot.setData(data);
            }
        },
    };
}

const widthOf = (host) => Math.max(200, host.clientWidth);

/**
 * An axis in the colours of the theme.
 * @param {Partial<uPlot.Axis>} axis
 */
export function axisOf(axis) {
    const font = '12px system-ui, "Segoe UI", sans-serif';
    return {
        stroke: colourOf("muted"),
        grid: { stroke: colourOf("line"), width: 1 },
        ticks: { stroke: colourOf("line"), width: 1, size: 4 },
        font,
        labelFont: font,
        labelSize: 18,
        ...axis,
    };
}

/** Points that follow the mouse, unless somebody asked for less movement. */
export const cursorOf = () => ({ drag: { setScale: false }, points: { show: !prefersLessMotion() } });
