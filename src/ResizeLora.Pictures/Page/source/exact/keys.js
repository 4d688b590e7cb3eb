// The keys of recipes, in the order in which recipes are printed.

/** The scores. */
export const Scores = ["spn_ckpt", "spn_lora", "fro_ckpt", "fro_lora", "subspace", "params"];

/** The scores that measure against the base model. */
export const BaseScores = ["spn_ckpt", "fro_ckpt", "subspace"];

/** Where to cut the scores. */
export const Cuts = ["thr", "retain", "loss", "size", "keep"];

/** The methods of other programs, of which a recipe has one at most. */
export const Dynamic = ["sv_ratio", "sv_fro", "sv_cumulative", "sv_knee"];

/** Those of kohya's script, which come in two ways of counting. */
export const Counted = ["sv_ratio", "sv_fro", "sv_cumulative"];

/** What limits ranks and needs no score. */
export const Limits = [...Dynamic, "rank", "conv_rank"];

/** All keys. */
export const All = [...Scores, ...Cuts, "rescale", ...Limits, "sv_count"];
