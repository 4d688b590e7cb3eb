using System.Globalization;
using ResizeLora.Adapters;
using ResizeLora.Files;
using ResizeLora.Recipes;
using ResizeLora.Sessions;
using ResizeLora.Spectra;

namespace ResizeLora.Resizing;

/// <summary>Says what a user should know of the plans of one file: what is only copied, what grows, what a type cannot hold.</summary>
/// <param name="session">The session.</param>
/// <param name="adapter">The file.</param>
/// <param name="layers">The layers that take part.</param>
internal sealed class PlanReport(ResizeSession session, Adapter adapter, IReadOnlyList<LayerSpectrum> layers)
{
    private string[] reportedWithoutBase = [];
    private string[] reportedStored = [];
    private string[] reportedGrown = [];
    private bool reportedKept;

    /// <summary>Says when an output would be useless: of nothing, or not smaller.</summary>
    /// <param name="plan">The plan that is carried out.</param>
    /// <param name="progress">Takes the notes.</param>
    public void ReportUseless(ResizePlan plan, IProgress<EngineEvent>? progress)
    {
        if (plan.Measurement.LayersKept == 0)
        {
            string nothing = $"'{adapter.Path}': the recipe '{plan.Recipe}' keeps no dimension of any layer; the output does nothing.";
            progress?.Report(new EngineNote(EngineNoteLevel.Warning, nothing));
        }

        // The files of a merge are not one file that the output could be smaller than.
        if (plan.Length < adapter.File.Length || adapter.Merge is not null)
        {
            return;
        }

        TensorType widest = layers
            .SelectMany(static layer => layer.Source.Tensors)
            .Where(static tensor => TensorTypes.IsWeight(tensor.Type) && tensor.ElementCount > 1)
            .Select(static tensor => tensor.Type)
            .DefaultIfEmpty(TensorType.Float16)
            .MaxBy(TensorTypes.BitsOf);
        string cause =
            TensorTypes.BitsOf(plan.DataType) > TensorTypes.BitsOf(widest)
                ? $" It is written in {TensorTypes.NameOf(plan.DataType)}, the input is in {TensorTypes.NameOf(widest)}."
                : string.Empty;
        progress?.Report(
            new EngineNote(
                EngineNoteLevel.Warning,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{adapter.Path}', recipe '{plan.Recipe}': the output of {plan.Length:N0} bytes "
                        + $"is not smaller than the input of {adapter.File.Length:N0}.{cause}"
                )
            )
        );
    }

    /// <summary>Says which layers the output's type cannot hold exactly enough.</summary>
    /// <param name="plan">The plan that was carried out.</param>
    /// <param name="inexact">The layers with their errors.</param>
    /// <param name="progress">Takes the notes.</param>
    public void ReportInexact(ResizePlan plan, IReadOnlyList<(string Layer, double Error)> inexact, IProgress<EngineEvent>? progress)
    {
        string share = NumberRange.Of(plan.DataType).Tolerance.ToString("0.###%", CultureInfo.InvariantCulture);
        string what = $"numbers too small for {TensorTypes.NameOf(plan.DataType)} were written with an error above {share}";
        string[] names = [.. inexact.Select(static layer => layer.Layer)];
        string[] errors = [.. inexact.Select(static layer => layer.Error.ToString("0.0%", CultureInfo.InvariantCulture))];
        NameSummary.Warn(
            progress,
            adapter.Path,
            what,
            "layer",
            names,
            errors,
            plan.DataType == TensorType.Float16 ? EngineNote.Inexact : null
        );
    }

    /// <summary>Says what a plan does not resize, and in short what it comes to.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="passedThrough">The layers that are copied for want of a base weight.</param>
    /// <param name="progress">Takes the notes.</param>
    public void ReportUnresized(ResizePlan plan, AdapterLayer[] passedThrough, IProgress<EngineEvent>? progress)
    {
        if (!reportedKept)
        {
            reportedKept = true;
            const string Copied = "copied unchanged, since they";
            adapter.ReportKept(progress, $"{Copied} are not pairs of factors that can be resized", $"{Copied} belong to no layer");
        }

        ReportStored(plan, progress);
        ReportGrown(plan, progress);

        string[] withoutBase = [.. passedThrough.Select(static layer => layer.Name)];
        if (!withoutBase.SequenceEqual(reportedWithoutBase))
        {
            reportedWithoutBase = withoutBase;
            AdapterBase? joined = session.BaseFor(adapter);
            string[] misfits = [.. withoutBase.Where(layer => joined?.FindMisfit(layer) is not null)];
            const string What = "copied unchanged, since the base model has no weights under them";
            NameSummary.Warn(progress, adapter.Path, What, "layer", [.. withoutBase.Except(misfits)], architecture: adapter.Architecture);
            const string Misfit = "copied unchanged, since the base model's weights under them have other shapes";
            string[] shapes = [.. misfits.Select(layer => joined!.FindMisfit(layer)!.ShapeText)];
            NameSummary.Warn(progress, adapter.Path, Misfit, "layer", misfits, shapes, architecture: adapter.Architecture);
        }

        foreach (LayerPlan layer in plan.Layers.Where(static layer => layer.Spectrum.SpectralNorm == 0 && layer.Kept.Length == 0))
        {
            progress?.Report(
                new EngineNote(
                    EngineNoteLevel.Verbose,
                    $"'{adapter.Path}': layer '{layer.Result.Layer}' (rank {layer.Result.OldRank}) is all zero and is dropped."
                )
            );
        }

        string threshold = plan.Threshold is { } found
            ? string.Create(CultureInfo.InvariantCulture, $"threshold {found:0.###}")
            : "no threshold";
        string quantiles = string.Join(
            ' ',
            ScoreQuantile.Shares.Zip(
                plan.ScoreQuantiles,
                static (share, score) => string.Create(CultureInfo.InvariantCulture, $"{share:0.00}:{score:0.000}")
            )
        );
        if (quantiles.Length > 0)
        {
            progress?.Report(
                new EngineNote(EngineNoteLevel.Verbose, $"'{adapter.Path}', recipe '{plan.Recipe}': score quantiles {quantiles}")
            );
        }

        progress?.Report(
            new EngineNote(
                EngineNoteLevel.Verbose,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{adapter.Path}', recipe '{plan.Recipe}': {threshold}, "
                        + $"total rank {plan.Measurement.OldRank} -> {plan.Measurement.NewRank}, "
                        + $"{plan.Measurement.LayersKept} of {plan.Layers.Count} layers kept, "
                        + $"{adapter.File.Length:N0} -> {plan.Length:N0} bytes, "
                        + $"{plan.Measurement.RelativeErrorToLora:P2} of the LoRA lost."
                )
            )
        );
    }

    // Where every other form of a layer would be larger, nothing of it is cut.
    private void ReportStored(ResizePlan plan, IProgress<EngineEvent>? progress)
    {
        LayerPlan[] stored = [.. plan.Layers.Where(static layer => layer.Form is { Way: OutputWay.Stored, Reason: not null })];
        ReportForms(stored, "left as they are, since in any other form they would be larger", ref reportedStored, progress);
    }

    // Where the settings of PEFT name one kind, a layer cannot stay what it is because that is smaller.
    private void ReportGrown(ResizePlan plan, IProgress<EngineEvent>? progress)
    {
        LayerPlan[] grown = [.. plan.Layers.Where(static layer => layer.Form.GrowsUnasked)];
        ReportForms(grown, "larger than before, since settings of PEFT are of one kind for all layers", ref reportedGrown, progress);
    }

    private void ReportForms(LayerPlan[] layers, string what, ref string[] reported, IProgress<EngineEvent>? progress)
    {
        string[] names = [.. layers.Select(static layer => layer.Result.Layer)];
        if (names.SequenceEqual(reported))
        {
            return;
        }

        reported = names;
        NameSummary.Warn(
            progress,
            adapter.Path,
            what,
            "layer",
            names,
            [.. layers.Select(static layer => layer.Form.Reason!)],
            architecture: adapter.Architecture
        );
    }
}
