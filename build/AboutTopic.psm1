# Turns an about topic from Markdown into the text of 80 columns that Get-Help shows.
# PlatyPS 1.0 does this for cmdlets only. Plain language and .NET, as in HelpPages.psm1.
Set-StrictMode -Version Latest

# Breaks a text at its blanks, the first line after one indent, the others after another.
function Split-Text([string] $Text, [string] $First, [string] $Next, [int] $Width) {
    $line = $First
    $empty = $true
    foreach ($word in $Text.Split(' ', [System.StringSplitOptions]::RemoveEmptyEntries)) {
        if (-not $empty -and $line.Length + 1 + $word.Length -gt $Width) {
            $line
            $line = $Next
            $empty = $true
        }
        $line += ($empty ? '' : ' ') + $word
        $empty = $false
    }
    $line
}

# Markdown's marks within a line, taken away: code, emphasis, links.
function ConvertTo-PlainText([string] $Text) {
    $links = $Text -replace '\[([^\]]+)\]\((https?:[^)]+)\)', '$1 ($2)' -replace '\[([^\]]+)\]\([^)]+\)', '$1'
    ($links -replace '\*\*([^*]+)\*\*', '$1' -replace '`([^`]*)`', '$1').Replace('\|', '|')
}

# A table's rows, the columns aligned; where that leaves the last column too little, each row becomes a term and its text.
function Format-Table80([string[]] $Row, [string] $Indent, [int] $Width) {
    $cells = @(foreach ($one in $Row) {
            if ($one -notmatch '^\|[\s|:-]+\|$') {
                $parts = [regex]::Split($one.Trim().Trim('|').Replace('\|', "`u{1}"), '\|')
                , @($parts | ForEach-Object { (ConvertTo-PlainText $_).Replace("`u{1}", '|').Trim() })
            }
        })
    $last = $cells[0].Count - 1
    $widths = @(
        for ($i = 0; $i -lt $last; $i++) {
            $longest = 0
            foreach ($line in $cells) { $longest = [Math]::Max($longest, $line[$i].Length) }
            $longest
        }
    )
    $used = 0
    foreach ($one in $widths) { $used += $one + 2 }
    if ($used -gt $Width / 2) {
        foreach ($line in $cells | Select-Object -Skip 1) {
            Split-Text ($line[0..($last - 1)] -join ', ') $Indent $Indent $Width
            Split-Text $line[$last] "$Indent    " "$Indent    " $Width
        }
        return
    }
    foreach ($line in $cells) {
        $start = $Indent
        for ($i = 0; $i -lt $last; $i++) { $start += $line[$i].PadRight($widths[$i] + 2) }
        @(Split-Text $line[$last] $start (' ' * $start.Length) $Width).TrimEnd()
        if ([object]::ReferenceEquals($line, $cells[0])) {
            $Indent + (($widths + @($line[$last].Length) | ForEach-Object { '-' * $_ }) -join '  ')
        }
    }
}

<#
.SYNOPSIS
Converts the Markdown of an about topic to text.
#>
function ConvertTo-AboutTopic {
    param([Parameter(Mandatory)] [AllowEmptyString()] [string] $Markdown, [int] $Width = 80)

    $out = [System.Collections.Generic.List[string]]::new()
    $paragraph = [System.Collections.Generic.List[string]]::new()
    $table = [System.Collections.Generic.List[string]]::new()
    $fenced = $false
    $front = $false
    $number = 0
    $flush = {
        if ($paragraph.Count -gt 0) {
            $text = ConvertTo-PlainText ($paragraph -join ' ')
            $item = [regex]::Match($text, '^(?:- |\d+\. )')
            $indent = '    ' + (' ' * $item.Length)
            $out.AddRange([string[]] @(Split-Text $text.Substring($item.Length) ('    ' + $item.Value) $indent $Width))
            $paragraph.Clear()
        }
        if ($table.Count -gt 0) {
            $out.AddRange([string[]] @(Format-Table80 $table.ToArray() '    ' $Width))
            $table.Clear()
        }
    }
    foreach ($line in $Markdown.Replace("`r`n", "`n").Split("`n")) {
        $number++
        if ($line -eq '---' -and ($number -eq 1 -or $front)) { $front = -not $front; continue }
        if ($front) { continue }
        if ($line.StartsWith('```')) { . $flush; $fenced = -not $fenced; continue }
        if ($fenced) { $out.Add(('      ' + $line).TrimEnd()); continue }
        if ($line.StartsWith('|')) { $table.Add($line); continue }
        if ($line -match '^# (?<name>.+)') { $out.AddRange([string[]] @('TOPIC', "    $($Matches.name)")); continue }
        if ($line -match '^## (?<name>.+)') { . $flush; $out.Add($Matches.name.ToUpperInvariant()); continue }
        if ($line -match '^### (?<name>.+)') { . $flush; $out.Add("  $($Matches.name)"); continue }
        if ($line -eq '') { . $flush; if ($out.Count -gt 0 -and $out[-1] -ne '') { $out.Add('') }; continue }
        if ($line -match '^(- |\d+\. )') { . $flush }
        $paragraph.Add($line.Trim())
    }
    . $flush
    ($out -join "`n").Trim("`n") + "`n"
}

Export-ModuleMember -Function ConvertTo-AboutTopic
