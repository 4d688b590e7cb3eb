using System.Management.Automation;
using ResizeLora.Adapters;
using ResizeLora.PowerShell.Binding;

namespace ResizeLora.PowerShell.Hosting;

/// <summary>The base of cmdlets that work on LoRA files, or on merges of them as if each were one file.</summary>
public abstract class FileOrMergeCommand : FileCommand
{
    /// <summary>The parameter set of <see cref="Merge"/>.</summary>
    protected const string MergeSet = "Merge";

    private int mergeCount;

    /// <summary>
    /// <para type="description">
    /// Merges of Merge-Lora, each worked on as if it were one file. A merge that was stored, or came from a job, is made again from its
    /// files.
    /// </para>
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = MergeSet)]
    [MergeTransformation]
    public MergedLora[] Merge { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        base.ProcessRecord();
        foreach (MergedLora merge in ParameterSetName == MergeSet ? Merge : [])
        {
            StartItem(Activity, merge.Name, mergeCount++, count: null);
            Attempt(
                merge,
                () =>
                {
                    using Adapter adapter = merge.Open();
                    Process(adapter);
                }
            );
        }
    }

    /// <summary>Works on one open LoRA file, or on a merge; the caller closes it.</summary>
    /// <param name="adapter">The file.</param>
    protected abstract void Process(Adapter adapter);
}
