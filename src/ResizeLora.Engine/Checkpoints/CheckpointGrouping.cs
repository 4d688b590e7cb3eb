using ResizeLora.Architectures;

namespace ResizeLora.Checkpoints;

/// <summary>Puts the sections of files together to base models.</summary>
internal static class CheckpointGrouping
{
    /// <summary>Groups sections.</summary>
    /// <param name="paths">The files and folders that were given.</param>
    /// <param name="files">All open files.</param>
    /// <param name="sections">Their sections.</param>
    /// <exception cref="CheckpointException">A path holds no weights.</exception>
    public static IReadOnlyList<Checkpoint> Of(IReadOnlyList<string> paths, List<BaseFile> files, IReadOnlyList<BaseSection> sections)
    {
        if (paths.FirstOrDefault(path => !sections.Any(section => section.Origin == path)) is { } empty)
        {
            throw new CheckpointException(empty, "Unrecognised", $"'{empty}' holds no weights of a base model.");
        }

        Classified[] classified = [.. sections.Select(Classify)];
        List<List<Classified>> networks = JoinShards([.. classified.Where(static section => section.Kind is null)]);
        Classified[] encoders = [.. classified.Where(static section => section.Kind is not null)];
        if (networks.Count == 0)
        {
            // Text encoders alone, or a language model.
            return [Build(paths, files, null, [], encoders)];
        }

        // An encoder that came in a file of its own serves every network that has such a one, and none in its own file. A language model
        // in a file of its own is a base model too.
        string[] taken = [.. networks.SelectMany(static network => network).Select(static section => section.Section.Origin)];
        Classified[] free = [.. encoders.Where(encoder => !taken.Contains(encoder.Section.Origin))];
        return
        [
            .. networks.Select(network =>
                Build(paths, files, network[0].Architecture, network, [.. EncodersFor(network, encoders, free, networks.Count == 1)])
            ),
            .. free.Where(static encoder => encoder.Kind == TextEncoderKind.LanguageModel)
                .Select(encoder => Build(paths, files, null, [], [encoder])),
        ];
    }

    private static Classified Classify(BaseSection section)
    {
        NameSet names = section.Names;
        Architecture? architecture = section.IsEncoder ? null : ArchitectureCatalog.Recognise(names);
        if (architecture is not null && architecture.Denoiser != Component.LanguageModel)
        {
            return new Classified(section, architecture, null);
        }

        TextEncoderKind? kind = TextEncoderNames.KindOf(
            section.Tensors.Select(static tensor => ArchitectureCatalog.TextEncoderNames.Resolve(tensor.Module).Path)
        );
        return section.IsEncoder || architecture is not null ? new Classified(section, null, kind ?? TextEncoderKind.LanguageModel)
            : section.Component == Component.UNet ? new Classified(section, null, null)
            : new Classified(section, null, kind);
    }

    // The shards of one network that were given one by one have no tensor in common.
    private static List<List<Classified>> JoinShards(IReadOnlyList<Classified> networks)
    {
        var joined = new List<List<Classified>>();
        foreach (Classified network in networks)
        {
            HashSet<string> modules = ModulesOf(network);
            List<Classified>? whole = joined.Find(known =>
                (known[0].Architecture == network.Architecture || known[0].Architecture is null || network.Architecture is null)
                && known.TrueForAll(other => !ModulesOf(other).Overlaps(modules))
            );
            if (whole is null)
            {
                joined.Add([network]);
            }
            else
            {
                whole.Add(network);
            }
        }

        return joined;
    }

    private static HashSet<string> ModulesOf(Classified section) =>
        section.Section.Tensors.Select(static tensor => tensor.Module).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<Classified> EncodersFor(List<Classified> network, Classified[] encoders, Classified[] free, bool isOnly)
    {
        string[] origins = [.. network.Select(static section => section.Section.Origin)];
        Classified[] own = [.. encoders.Where(encoder => origins.Contains(encoder.Section.Origin))];
        bool Lacks(Classified encoder) => !Array.Exists(own, known => known.Kind == encoder.Kind);
        bool Suits(Classified encoder) => isOnly || (network[0].Architecture?.TextEncoders.Contains(encoder.Kind!.Value) ?? false);
        return own.Concat(free.Where(encoder => Lacks(encoder) && Suits(encoder)));
    }

    private static Checkpoint Build(
        IReadOnlyList<string> paths,
        List<BaseFile> files,
        Architecture? architecture,
        IReadOnlyList<Classified> network,
        IReadOnlyList<Classified> encoders
    )
    {
        var components = new List<BaseComponent>();
        bool isLanguageModel = network.Count == 0 && encoders is [{ Kind: TextEncoderKind.LanguageModel }];
        architecture ??=
            isLanguageModel ? ArchitectureCatalog.LanguageModel
            : HasSecondEncoder(network, encoders) ? ArchitectureCatalog.Sdxl
            : null;
        if (network.Count > 0)
        {
            Component denoiser = architecture?.Denoiser ?? Component.Transformer;
            NameTable names = (architecture ?? ArchitectureCatalog.Mirrored).Names;
            var component = new BaseComponent(denoiser, names, static (_, _) => false);
            component.Add(network.SelectMany(static section => section.Section.Tensors));
            components.Add(component);
        }

        Component[] numbers = NumbersOf(encoders, architecture, network.Count == 0);
        foreach ((Classified encoder, Component number) in encoders.Zip(numbers))
        {
            BaseComponent? component = components.Find(known => known.Component == number);
            if (component is null)
            {
                components.Add(component = new BaseComponent(number, ArchitectureCatalog.TextEncoderNames, TextEncoderNames.IsTransposed));
            }

            component.Add(encoder.Section.Tensors);
        }

        Classified[] all = [.. network, .. encoders];
        string[] origins = [.. paths.Where(path => all.Any(section => section.Section.Origin == path))];
        BaseFile[] used = [.. files.Where(file => all.Any(section => section.Section.Tensors.Exists(tensor => tensor.File == file)))];
        return new Checkpoint(origins, used, architecture, components);
    }

    // A few weights of a U-Net tell no version, but of those with U-Nets only SDXL has a second text encoder.
    private static bool HasSecondEncoder(IReadOnlyList<Classified> network, IReadOnlyList<Classified> encoders) =>
        encoders.Any(static encoder => encoder.Section.Component == Component.TextEncoder2)
        && network.Any(static section => StableDiffusionVersion.IsUNet(section.Section.Names));

    // By the place in the file, else by the family, else in the order of the known kinds.
    private static Component[] NumbersOf(IReadOnlyList<Classified> encoders, Architecture? architecture, bool areAlone)
    {
        var numbers = new Component[encoders.Count];
        int next = 1;
        foreach (int index in Enumerable.Range(0, encoders.Count).OrderBy(index => encoders[index].Kind))
        {
            Classified encoder = encoders[index];
            numbers[index] =
                areAlone && encoder.Kind == TextEncoderKind.LanguageModel ? Component.LanguageModel
                : Components.IsTextEncoder(encoder.Section.Component) ? encoder.Section.Component
                : architecture?.ComponentOf(encoder.Kind!.Value) is { } known ? known
                : Components.TextEncoder(Math.Min(next, 4));
            next += numbers[index] == Component.LanguageModel ? 0 : 1;
        }

        return numbers;
    }

    // A section with its architecture, where it is a denoising network, or its kind, where it is a text encoder.
    private sealed record Classified(BaseSection Section, Architecture? Architecture, TextEncoderKind? Kind);
}
