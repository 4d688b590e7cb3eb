# The pages of docs/help: reading them, and writing what of them follows from the cmdlets. Shared by build.ps1 and the tests.
Set-StrictMode -Version Latest
Import-Module (Join-Path $PSScriptRoot 'HelpExamples.psm1')

# What every advanced command has; SupportsShouldProcess adds WhatIf and Confirm, which the pages do describe.
$commonParameters = [System.Management.Automation.Cmdlet]::CommonParameters
$confirmation = @{
    Confirm = 'Asks before a file is written.'
    WhatIf = 'Says what would be written, and how large it would be, without writing it.'
}
$toFill = '{{ Fill in }}'

# The lines between headings of one level, by heading; code blocks may hold lines that look like headings.
function Split-Section([string[]] $Line, [string] $Mark) {
    $sections = [ordered]@{}
    $heading = ''
    $fenced = $false
    $body = [System.Collections.Generic.List[string]]::new()
    foreach ($one in $Line) {
        if ($one.StartsWith('```')) { $fenced = -not $fenced }
        if (-not $fenced -and $one.StartsWith("$Mark ")) {
            $sections[$heading] = $body.ToArray()
            $heading = $one.Substring($Mark.Length + 1).Trim()
            $body.Clear()
        }
        else {
            $body.Add($one)
        }
    }
    $sections[$heading] = $body.ToArray()
    $sections
}

# A section's lines as one text.
function Join-Body([string[]] $Line) { ($Line -join "`n").Trim() }

# The headings of a section with their texts, such as the types under OUTPUTS.
function Read-Entry([System.Collections.IDictionary] $Section, [string] $Name) {
    $entries = [ordered]@{}
    if ($Section.Contains($Name)) {
        $parts = Split-Section $Section[$Name] '###'
        foreach ($heading in $parts.Keys) {
            if ($heading) { $entries[$heading] = Join-Body $parts[$heading] }
        }
    }
    $entries
}

# One example: its prose, its code and what the code writes.
function Read-Example([string] $Title, [string] $Text) {
    $block = [regex]::Match($Text, '(?s)```powershell\n(?<code>.*?)\n```(?:\n+```output\n(?<output>.*?)\n?```)?')
    [pscustomobject]@{
        Title = $Title
        Text = $Text
        Code = $block.Groups['code'].Value
        HasOutput = $block.Groups['output'].Success
        Output = $block.Groups['output'].Value
    }
}

# Reads a page: what its author wrote, by section.
function Read-HelpPage([string] $Path) {
    $text = [System.IO.File]::ReadAllText($Path).Replace("`r`n", "`n")
    $sections = Split-Section $text.Split("`n") '##'
    $date = [regex]::Match($text, '(?m)^ms\.date: (.+)$')
    $address = [regex]::Match($text, '(?m)^HelpUri: (.+)$')
    $parameters = [ordered]@{}
    $yaml = @{}
    foreach ($entry in (Read-Entry $sections 'PARAMETERS').GetEnumerator()) {
        if ($entry.Key -eq 'CommonParameters') { continue }
        $block = [regex]::Match($entry.Value, '(?s)```yaml\n(.*?)\n```')
        $parameters[$entry.Key.TrimStart('-')] = $entry.Value.Substring(0, $block.Success ? $block.Index : $entry.Value.Length).Trim()
        $yaml[$entry.Key.TrimStart('-')] = $block.Groups[1].Value
    }
    $prose = { param($name) $sections.Contains($name) ? (Join-Body $sections[$name]) : '' }
    [pscustomobject]@{
        Name = [System.IO.Path]::GetFileNameWithoutExtension($Path)
        Text = $text
        Date = $date.Success ? $date.Groups[1].Value.Trim() : [datetime]::UtcNow.ToString('MM/dd/yyyy', [cultureinfo]::InvariantCulture)
        HelpUri = $address.Groups[1].Value.Trim()
        Synopsis = & $prose 'SYNOPSIS'
        Syntax = Read-Entry $sections 'SYNTAX'
        Description = & $prose 'DESCRIPTION'
        Examples = @((Read-Entry $sections 'EXAMPLES').GetEnumerator() | ForEach-Object { Read-Example $_.Key $_.Value })
        Parameters = $parameters
        Yaml = $yaml
        Inputs = Read-Entry $sections 'INPUTS'
        Outputs = Read-Entry $sections 'OUTPUTS'
        Notes = & $prose 'NOTES'
        Links = & $prose 'RELATED LINKS'
    }
}

# Breaks a line of syntax at its blanks.
function Split-Syntax([string] $Text, [int] $Width = 100) {
    $line = ''
    # A parameter and its value stay on one line.
    foreach ($part in [regex]::Matches($Text, '\[(?>[^\[\]]+|\[\]|\[[^\[\]]*(?:\[\])?[^\[\]]*\])*\]|\S+(?: <[^>]+>)?')) {
        if ($line -and $line.Length + 1 + $part.Length -gt $Width) {
            $line
            $line = ''
        }
        $line += ($line -or $part.Index -eq 0 ? '' : ' ') + ($line.Trim() ? ' ' : '') + $part.Value
    }
    $line
}

# A parameter's default, from a fresh instance of the cmdlet.
function Get-DefaultValue([System.Management.Automation.CmdletInfo] $Command, [System.Management.Automation.ParameterMetadata] $Parameter) {
    if ($Parameter.SwitchParameter) { return 'False' }
    $mandatory = @($Parameter.ParameterSets.Values | Where-Object IsMandatory)
    if ($mandatory.Count -gt 0) { return 'None' }
    $instance = [Activator]::CreateInstance($Command.ImplementingType)
    try {
        $value = $Command.ImplementingType.GetProperty($Parameter.Name).GetValue($instance)
        $words = @(foreach ($one in $value) { if ($null -ne $one) { [System.Convert]::ToString($one, [cultureinfo]::InvariantCulture) } })
        $text = $words -join ', '
        $text ? $text : 'None'
    }
    finally {
        if ($instance -is [System.IDisposable]) { $instance.Dispose() }
    }
}

# The values that a parameter takes, where they are a list.
function Get-AcceptedValue([System.Management.Automation.ParameterMetadata] $Parameter) {
    $type = $Parameter.ParameterType.IsArray ? $Parameter.ParameterType.GetElementType() : $Parameter.ParameterType
    if ($type.IsEnum) { [enum]::GetNames($type) }
    foreach ($attribute in $Parameter.Attributes) {
        if ($attribute -is [System.Management.Automation.ValidateSetAttribute]) { $attribute.ValidValues }
    }
}

# A text in the YAML of a page, in quotes where its signs mean something in YAML.
function Format-YamlText([string] $Text) {
    $Text -match '^[\w.][\w.,=: -]*$' -and $Text -notmatch ': ' ? $Text : "'$($Text.Replace("'", "''"))'"
}

# A list in the YAML of a page.
function Format-YamlList([string] $Key, [object[]] $Value) {
    if (-not $Value) { return "${Key}: []" }
    "${Key}:"
    $Value | ForEach-Object { "- $(Format-YamlText $_)" }
}

# What a page must say of a parameter: PlatyPS's YAML block.
function Format-ParameterYaml {
    param(
        [System.Management.Automation.CmdletInfo] $Command,
        [System.Management.Automation.ParameterMetadata] $Parameter,
        [string[]] $SetOrder)

    $wildcards = @($Parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }).Count -gt 0
    $attributes = @($Parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.ParameterAttribute] })
    $help = @($attributes | ForEach-Object HelpMessage | Where-Object { $_ })
    $lines = @(
        "Type: $($Parameter.ParameterType.IsGenericType ? $Parameter.ParameterType.ToString() : $Parameter.ParameterType.FullName)"
        "DefaultValue: $(Format-YamlText (Get-DefaultValue $Command $Parameter))"
        "SupportsWildcards: $("$wildcards".ToLowerInvariant())"
        Format-YamlList 'Aliases' $Parameter.Aliases
        'ParameterSets:'
        foreach ($name in $Parameter.ParameterSets.Keys | Sort-Object { [array]::IndexOf($SetOrder, $_) }) {
            $set = $Parameter.ParameterSets[$name]
            "- Name: $($name -eq '__AllParameterSets' ? '(All)' : $name)"
            "  Position: $($set.Position -lt 0 ? 'Named' : $set.Position)"
            "  IsRequired: $("$($set.IsMandatory)".ToLowerInvariant())"
            "  ValueFromPipeline: $("$($set.ValueFromPipeline)".ToLowerInvariant())"
            "  ValueFromPipelineByPropertyName: $("$($set.ValueFromPipelineByPropertyName)".ToLowerInvariant())"
            "  ValueFromRemainingArguments: $("$($set.ValueFromRemainingArguments)".ToLowerInvariant())"
        }
        "DontShow: $("$(@($attributes | Where-Object DontShow).Count -gt 0)".ToLowerInvariant())"
        Format-YamlList 'AcceptedValues' @(Get-AcceptedValue $Parameter)
        "HelpMessage: '$($help | Select-Object -First 1)'"
    )
    $lines -join "`n"
}

# What of a page follows from the cmdlet: syntax, parameters, types.
function Get-HelpShape([System.Management.Automation.CmdletInfo] $Command) {
    # The default set first, the others by name: the order of reflection is nobody's promise.
    $sets = @($Command.ParameterSets | Sort-Object { -not $_.IsDefault }, Name)
    $order = @('__AllParameterSets') + $sets.Name
    $syntax = [ordered]@{}
    foreach ($set in $sets) {
        $syntax["$($set.Name)$($set.IsDefault ? ' (Default)' : '')"] = (Split-Syntax "$($Command.Name) $set") -join "`n"
    }
    $parameters = [ordered]@{}
    foreach ($name in $Command.Parameters.Keys | Where-Object { $_ -notin $commonParameters } | Sort-Object) {
        $parameters[$name] = Format-ParameterYaml $Command $Command.Parameters[$name] $order
    }
    $inputs = foreach ($parameter in $Command.Parameters.Values) {
        if ($parameter.ParameterSets.Values | Where-Object { $_.ValueFromPipeline -or $_.ValueFromPipelineByPropertyName }) {
            $parameter.ParameterType.FullName
        }
    }
    [pscustomobject]@{
        Name = $Command.Name
        HelpFile = [System.IO.Path]::GetFileName($Command.HelpFile)
        Module = $Command.ModuleName
        HelpUri = $Command.HelpUri
        Syntax = $syntax
        Parameters = $parameters
        Inputs = @($inputs | Sort-Object -Unique)
        Outputs = @($Command.OutputType | ForEach-Object Name | Sort-Object -Unique)
    }
}

# A page's entries of some kind under the headings that the cmdlet asks for.
function Format-Entry([string[]] $Heading, [System.Collections.IDictionary] $Prose) {
    foreach ($one in $Heading) {
        "### $one", '', ($Prose.Contains($one) ? $Prose[$one] : $toFill), ''
    }
}

# The text of a page: the author's prose, everything else from the cmdlet.
function Format-HelpPage([pscustomobject] $Page, [pscustomobject] $Shape) {
    $lines = @(
        '---'
        'document type: cmdlet'
        "external help file: $($Shape.HelpFile)"
        "HelpUri: $($Shape.HelpUri)"
        'Locale: en-US'
        "Module Name: $($Shape.Module)"
        "ms.date: $($Page.Date)"
        'PlatyPS schema version: 2024-05-01'
        "title: $($Shape.Name)"
        '---'
        '', "# $($Shape.Name)"
        '', '## SYNOPSIS'
        '', ($Page.Synopsis ? $Page.Synopsis : $toFill)
        '', '## SYNTAX', ''
        foreach ($set in $Shape.Syntax.Keys) { "### $set", '', '```', $Shape.Syntax[$set], '```', '' }
        '## ALIASES'
        '', 'This cmdlet has no aliases.'
        '', '## DESCRIPTION'
        '', ($Page.Description ? $Page.Description : $toFill)
        '', '## EXAMPLES', ''
        foreach ($example in $Page.Examples) { "### $($example.Title)", '', $example.Text, '' }
        '## PARAMETERS', ''
        foreach ($name in $Shape.Parameters.Keys) {
            $prose = $Page.Parameters.Contains($name) ? $Page.Parameters[$name] : $confirmation[$name] ? $confirmation[$name] : $toFill
            "### -$name", '', $prose, '', '```yaml', $Shape.Parameters[$name], '```', ''
        }
        '### CommonParameters', ''
        'This cmdlet supports the common parameters: -Debug, -ErrorAction, -ErrorVariable,'
        '-InformationAction, -InformationVariable, -OutBuffer, -OutVariable, -PipelineVariable,'
        '-ProgressAction, -Verbose, -WarningAction, and -WarningVariable. For more information, see'
        '[about_CommonParameters](https://go.microsoft.com/fwlink/?LinkID=113216).'
        '', '## INPUTS', ''
        Format-Entry $Shape.Inputs $Page.Inputs
        '## OUTPUTS', ''
        Format-Entry $Shape.Outputs $Page.Outputs
        '## NOTES'
        '', $Page.Notes
        '', '## RELATED LINKS'
        '', $Page.Links
    )
    ($lines -join "`n").TrimEnd() + "`n"
}

<#
.SYNOPSIS
Brings the page of a cmdlet up to date: syntax, parameters and types from the cmdlet, outputs from running the examples.
#>
function Update-HelpPage {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute(
        'PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Part of the build.')]
    param(
        [Parameter(Mandatory)] [System.Management.Automation.CmdletInfo] $Command,
        [Parameter(Mandatory)] [string] $Folder,
        [Parameter(Mandatory)] [string] $Sample)

    $path = [System.IO.Path]::Combine($Folder, "$($Command.Name).md")
    if (-not [System.IO.File]::Exists($path)) { [System.IO.File]::WriteAllText($path, '') }
    $page = Read-HelpPage $path
    foreach ($example in $page.Examples | Where-Object HasOutput) {
        $scratch = [System.IO.Directory]::CreateTempSubdirectory('resizelora-help-').FullName
        try {
            $output = Invoke-HelpExample -Code $example.Code -Folder (New-ExampleFolder -Path $scratch -Sample $Sample)
            # What -WhatIf says goes to the console, where it cannot be caught; it stays as it was pasted.
            $whatIf = @($example.Output.Split("`n") | Where-Object { $_.StartsWith('What if: ') }) -join "`n"
            $output = ($whatIf, $output | Where-Object { $_ }) -join "`n"
            $recorded = "``````output`n$output`n``````"
            $example.Text = [regex]::Replace($example.Text, '(?s)```output\n.*?```', $recorded.Replace('$', '$$'))
        }
        finally {
            [System.IO.Directory]::Delete($scratch, $true)
        }
    }
    [System.IO.File]::WriteAllText($path, (Format-HelpPage $page (Get-HelpShape $Command)))
}

Export-ModuleMember -Function @(
    'Format-HelpPage'
    'Get-HelpShape'
    'Read-HelpPage'
    'Update-HelpPage'
)
