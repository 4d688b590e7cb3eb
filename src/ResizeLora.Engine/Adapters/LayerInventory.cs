using ResizeLora.Architectures;
using ResizeLora.Dialects;
using ResizeLora.Files;

namespace ResizeLora.Adapters;

/// <summary>The layers of an adapter of any family, as far as the header tells.</summary>
internal sealed class LayerInventory
{
    private LayerInventory(IReadOnlyList<InventoriedLayer> layers)
    {
        Layers = layers;
        Architecture = AdapterReader.Recognise(layers.Select(static layer => (layer.Spelling, layer.OutFeatures, layer.InFeatures)));
        foreach (InventoriedLayer layer in layers)
        {
            layer.Component = AdapterReader.KeyOf(layer.Spelling, Architecture).Component;
        }
    }

    /// <summary>The architecture that the layers' names tell, or null.</summary>
    public Architecture? Architecture { get; }

    /// <summary>The layers, in the order of the file.</summary>
    public IReadOnlyList<InventoriedLayer> Layers { get; }

    /// <summary>Sorts tensors into layers.</summary>
    /// <param name="tensors">The tensors of a file, or some of them.</param>
    public static LayerInventory Of(IReadOnlyList<TensorEntry> tensors)
    {
        var layers = new Dictionary<string, InventoriedLayer>(StringComparer.Ordinal);
        var order = new List<InventoriedLayer>();
        foreach (TensorEntry tensor in tensors)
        {
            if (AdapterTensorName.Parse(tensor.Name) is not { } name)
            {
                continue;
            }

            if (!layers.TryGetValue(name.Layer, out InventoriedLayer? layer))
            {
                layers.Add(name.Layer, layer = new InventoriedLayer(name.Layer));
                order.Add(layer);
            }

            layer.Add(tensor, name);
        }

        return new LayerInventory(order.Where(static layer => layer.IsComplete).ToArray());
    }

    /// <summary>The family of the file: that of its layers, where they are of one.</summary>
    public AdapterKind Kind()
    {
        AdapterKind[] kinds = Layers.Select(static layer => layer.Kind).Distinct().ToArray();
        return kinds switch
        {
            [AdapterKind one] => one,
            [AdapterKind.LoRA, AdapterKind.LoCon] or [AdapterKind.LoCon, AdapterKind.LoRA] => AdapterKind.LoCon,
            _ => AdapterKind.Mixed,
        };
    }
}
