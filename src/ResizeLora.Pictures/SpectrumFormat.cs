namespace ResizeLora.Pictures;

/// <summary>How spectra are written to a file.</summary>
public enum SpectrumFormat
{
    /// <summary>A picture of pixels.</summary>
    Png,

    /// <summary>A picture of lines, which can be enlarged.</summary>
    Svg,

    /// <summary>One row for each singular value, for spreadsheets.</summary>
    Csv,

    /// <summary>One object for each layer, for programs.</summary>
    Json,

    /// <summary>A page for a browser, with sliders.</summary>
    Html,
}
