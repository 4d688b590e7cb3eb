# Reads the bench's tables, puts those of two devices side by side, and says what they mean.
Set-StrictMode -Version Latest

# Below this difference one run is not told from another.
$telling = 1.1

function ConvertTo-FigureText([double] $Number, [string] $Format) {
    $Number.ToString($Format, [cultureinfo]::InvariantCulture)
}

function Read-EngineFigure {
    <#
    .SYNOPSIS
    Gives the engine's time for each workload in a report of the bench.
    .PARAMETER Path
    The report, as `--markdown` writes it.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param([Parameter(Mandatory)] [string] $Path)

    $column = -1
    foreach ($line in Get-Content -LiteralPath $Path) {
        $cells = @($line.Trim('|') -split '\|' | ForEach-Object Trim)
        if (-not $line.StartsWith('|')) {
            $column = -1
        }
        elseif ('engine, s' -in $cells) {
            $column = $cells.IndexOf('engine, s')
        }
        elseif ($column -ge 0 -and $cells[0] -match '^W\d+$') {
            [pscustomobject]@{
                Id = $cells[0]
                Title = $cells[1]
                Seconds = [double]::Parse($cells[$column], [cultureinfo]::InvariantCulture)
            }
        }
    }
}

function Join-DeviceFigure {
    <#
    .SYNOPSIS
    Puts the times of two devices side by side.
    .PARAMETER Processor
    The figures of the processor.
    .PARAMETER Device
    Those of the other device.
    #>
    [CmdletBinding()]
    [OutputType([pscustomobject])]
    param(
        [Parameter(Mandatory)] [pscustomobject[]] $Processor,
        [Parameter(Mandatory)] [pscustomobject[]] $Device
    )

    foreach ($figure in $Processor) {
        $other = $Device.Where({ $_.Id -eq $figure.Id -and $_.Title -eq $figure.Title }, 'First')
        if ($other) {
            [pscustomobject]@{
                Id = $figure.Id
                Title = $figure.Title
                Processor = $figure.Seconds
                Device = $other[0].Seconds
                Ratio = $figure.Seconds / $other[0].Seconds
            }
        }
    }
}

function Format-DeviceTable {
    <#
    .SYNOPSIS
    Writes joined figures as a table in Markdown.
    .PARAMETER Figure
    The figures, as Join-DeviceFigure gives them.
    .PARAMETER Name
    The device's name.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [pscustomobject[]] $Figure,
        [Parameter(Mandatory)] [string] $Name
    )

    "| | workload | processor, s | $Name, s | ratio |"
    '| --- | --- | ---: | ---: | ---: |'
    foreach ($line in $Figure) {
        $times = (ConvertTo-FigureText $line.Processor '0.00'), (ConvertTo-FigureText $line.Device '0.00')
        "| $($line.Id) | $($line.Title) | $($times -join ' | ') | $(ConvertTo-FigureText $line.Ratio '0.0')× |"
    }
}

function Get-AutoAdvice {
    <#
    .SYNOPSIS
    Says what `-Device auto` should be by joined figures.
    .PARAMETER Figure
    The figures, as Join-DeviceFigure gives them.
    .PARAMETER Name
    The device's name.
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory)] [pscustomobject[]] $Figure,
        [Parameter(Mandatory)] [string] $Name
    )

    $faster = @($Figure | Where-Object Ratio -GE $telling | ForEach-Object { "$($_.Id) ($($_.Title))" })
    $slower = @($Figure | Where-Object Ratio -LE (1 / $telling) | ForEach-Object { "$($_.Id) ($($_.Title))" })
    if (-not $faster) {
        "By these figures ``auto`` should stay the processor: $Name is faster in no workload."
    }
    elseif (-not $slower) {
        "By these figures ``auto`` should be ${Name}: it is faster in $($faster -join ', '), and slower in none."
    }
    else {
        "By these figures ``auto`` should be $Name for what $($faster -join ', ') measure, where it is faster, " +
        "and the processor for the rest: it is slower in $($slower -join ', ')."
    }
}

function Write-PagePart {
    <#
    .SYNOPSIS
    Puts text into a file: between the marks of a page that has them, else alone.
    .PARAMETER Path
    The file.
    .PARAMETER Part
    The part's name, which stands in its marks.
    .PARAMETER Text
    The text.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Path,
        [Parameter(Mandatory)] [string] $Part,
        [Parameter(Mandatory)] [string] $Text
    )

    $page = (Test-Path -LiteralPath $Path) ? [System.IO.File]::ReadAllText($Path) : ''
    $first = "<!-- $Part -->"
    $start = $page.IndexOf($first, [StringComparison]::Ordinal)
    $end = $page.IndexOf("<!-- end of $Part -->", [StringComparison]::Ordinal)
    $isMarked = $start -ge 0 -and $end -gt $start
    $whole = $isMarked ? "$($page.Substring(0, $start + $first.Length))`n$Text`n$($page.Substring($end))" : "$Text`n"
    [System.IO.File]::WriteAllText($Path, $whole)
}

Export-ModuleMember -Function Read-EngineFigure, Join-DeviceFigure, Format-DeviceTable, Get-AutoAdvice, Write-PagePart
