# The pages of docs/help: reading them, and writing what of them follows from the cmdlets. Shared by build.ps1 and the tests.
Set-StrictMode -Version Latest

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

# Records as the console shows them; all else goes through the views.
function Format-Output([object[]] $Output, [string] $Folder) {
    $pending = [System.Collections.Generic.List[object]]::new()
    $lines = @(
        foreach ($one in @($Output) + @($null)) {
            $line = switch ($one) {
                { $_ -is [System.Management.Automation.WarningRecord] } { "WARNING: $_" }
                { $_ -is [System.Management.Automation.VerboseRecord] } { "VERBOSE: $_" }
                { $_ -is [System.Management.Automation.ErrorRecord] } { "$($_.InvocationInfo.MyCommand): $_" }
                { $_ -is [string] } { $_ }
            }
            if ($null -ne $one -and $null -eq $line) {
                $pending.Add($one)
                continue
            }
            if ($pending.Count -gt 0) {
                ($pending | Out-String -Width 80).Replace("`r`n", "`n").Split("`n").TrimEnd()
                $pending.Clear()
            }
            $line
        }
    )
    $text = ($lines -join "`n") -replace '\x1b\[[0-9;]*m'
    # Where a view puts the path of a file above its table, a long folder breaks the line.
    while ($text -match '(?m)^   \w+: .{60,}\n\S') { $text = $text -replace '(?m)^(   \w+: .{60,})\n(?=\S)', '$1' }
    # The folder of the examples stands for a user's own.
    $text.Replace($Folder, '/home/me').Replace('\', '/').Trim("`n")
}

<#
.SYNOPSIS
Makes the folder that the examples of the help run in: copies of the samples, under the names that the examples use.
#>
function New-ExampleFolder {
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute(
        'PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes a scratch folder only.')]
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [string] $Sample)

    $lora = [System.IO.Path]::Combine($Sample, 'lora.safetensors')
    $null = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($Path, 'loras'))
    [System.IO.File]::Copy([System.IO.Path]::Combine($Sample, 'base.safetensors'), [System.IO.Path]::Combine($Path, 'sdxl.safetensors'))
    foreach ($name in 'style.safetensors', 'loras/ink.safetensors', 'loras/neon.safetensors') {
        [System.IO.File]::Copy($lora, [System.IO.Path]::Combine($Path, $name))
    }
    foreach ($name in 'loha.safetensors', 'lokr.safetensors', 'extracted.safetensors') {
        [System.IO.File]::Copy([System.IO.Path]::Combine($Sample, $name), [System.IO.Path]::Combine($Path, $name))
    }
    $Path
}

<#
.SYNOPSIS
Runs the code of an example in a folder and gives what it writes, as text of 80 columns.
#>
function Invoke-HelpExample {
    param([Parameter(Mandatory)] [string] $Code, [Parameter(Mandatory)] [string] $Folder)

    # As at a prompt: an error is shown and the session goes on, and nothing is strict.
    Set-StrictMode -Off
    $ErrorActionPreference = 'Continue'
    $cache = $env:RESIZELORA_CACHE
    $rendering = $PSStyle.OutputRendering
    $locale = $env:LC_ALL
    $culture = [cultureinfo]::CurrentCulture
    $encoding = [Console]::OutputEncoding
    # Outside the module's views PowerShell writes numbers as the user's culture does; the pages hold the invariant ones.
    [cultureinfo]::CurrentCulture = [cultureinfo]::InvariantCulture
    # Spectra are drawn in ASCII where the console is not UTF-8.
    $env:LC_ALL = 'C.UTF-8'
    if ($IsWindows) { [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false) }
    $env:RESIZELORA_CACHE = [System.IO.Path]::Combine($Folder, 'cache')
    $PSStyle.OutputRendering = 'PlainText'
    Push-Location $Folder
    try {
        Format-Output @(& { try { . ([scriptblock]::Create($Code)) } catch { $_ } } *>&1) $Folder
    }
    finally {
        Pop-Location
        if ($IsWindows) { [Console]::OutputEncoding = $encoding }
        $env:LC_ALL = $locale
        [cultureinfo]::CurrentCulture = $culture
        $PSStyle.OutputRendering = $rendering
        $env:RESIZELORA_CACHE = $cache
    }
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

# The paragraphs of a Markdown text as Get-Help shows them: without the marks of code and links.
function ConvertTo-HelpParagraph([string] $Markdown) {
    foreach ($paragraph in [regex]::Split($Markdown.Trim(), '\n{2,}')) {
        if ($paragraph) { ($paragraph -replace '\[([^\]]+)\]\([^)]+\)', '$1' -replace '`([^`]*)`', '$1').Trim() }
    }
}

# Replaces what an element of the MAML holds by paragraphs.
function Write-Paragraph([System.Xml.XmlElement] $Element, [string[]] $Paragraph) {
    $Element.RemoveAll()
    foreach ($text in $Paragraph) {
        $para = $Element.OwnerDocument.CreateElement('maml', 'para', 'http://schemas.microsoft.com/maml/2004/10')
        $para.InnerText = $text
        $null = $Element.AppendChild($para)
    }
}

# The code of an example and, after a blank line, what it writes: Get-Help keeps the blanks of code, but takes those
# at the beginning of a paragraph away, and with them the place of the first heading of a table.
function Get-ExampleCode([pscustomobject] $Example) {
    $Example.Output ? "$($Example.Code)`n`n$($Example.Output)" : $Example.Code
}

# The prose of an example, as paragraphs.
function Get-ExampleRemark([pscustomobject] $Example) {
    ConvertTo-HelpParagraph ([regex]::Replace($Example.Text, '(?s)```(powershell|output)\n.*?```', ''))
}

<#
.SYNOPSIS
Completes the MAML that PlatyPS makes of the pages.

.DESCRIPTION
PlatyPS 1.0 leaves out defaults and wildcards, and hands Markdown through: code blocks of examples, marks of code, links.
#>
function Complete-Maml {
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [pscustomobject[]] $Page)

    $document = [System.Xml.XmlDocument]::new()
    $document.Load($Path)
    $names = [System.Xml.XmlNamespaceManager]::new($document.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
    foreach ($one in $Page) {
        $command = $document.SelectSingleNode("//command:command[command:details/command:name='$($one.Name)']", $names)
        Write-Paragraph $command.SelectSingleNode('command:details/maml:description', $names) @(ConvertTo-HelpParagraph $one.Synopsis)
        Write-Paragraph $command.SelectSingleNode('maml:description', $names) @(ConvertTo-HelpParagraph $one.Description)
        Write-Paragraph $command.SelectSingleNode('maml:alertSet/maml:alert', $names) @(ConvertTo-HelpParagraph $one.Notes)
        foreach ($parameter in $command.SelectNodes('.//command:parameter', $names)) {
            $name = $parameter.SelectSingleNode('maml:name', $names).InnerText
            $value = {
                param($key)
                [regex]::Match($one.Yaml[$name], "(?m)^${key}: (.*)$").Groups[1].Value -replace "^'(.*)'$", '$1' -replace "''", "'"
            }
            Write-Paragraph $parameter.SelectSingleNode('maml:description', $names) @(ConvertTo-HelpParagraph $one.Parameters[$name])
            $parameter.SetAttribute('globbing', (& $value 'SupportsWildcards'))
            $default = $document.CreateElement('dev', 'defaultValue', 'http://schemas.microsoft.com/maml/dev/2004/10')
            $default.InnerText = & $value 'DefaultValue'
            $null = $parameter.InsertAfter($default, $parameter.SelectSingleNode('dev:type', $names))
        }
        $inputs = @('command:inputTypes/command:inputType', $one.Inputs)
        $outputs = @('command:returnValues/command:returnValue', $one.Outputs)
        foreach ($pair in $inputs, $outputs) {
            foreach ($type in $command.SelectNodes($pair[0], $names)) {
                $prose = $pair[1][$type.SelectSingleNode('dev:type/maml:name', $names).InnerText]
                Write-Paragraph $type.SelectSingleNode('maml:description', $names) @(ConvertTo-HelpParagraph $prose)
            }
        }
        # Pages name their neighbours, as folders do; Get-Help -Online needs whole addresses.
        $links = $command.SelectNodes('command:relatedLinks/maml:navigationLink/maml:uri', $names)
        foreach ($link in $links) { $link.InnerText = [uri]::new([uri] $one.HelpUri, $link.InnerText).AbsoluteUri }
        $examples = $command.SelectNodes('command:examples/command:example', $names)
        for ($i = 0; $i -lt $examples.Count; $i++) {
            $examples[$i].SelectSingleNode('maml:introduction', $names).RemoveAll()
            $examples[$i].SelectSingleNode('dev:code', $names).InnerText = Get-ExampleCode $one.Examples[$i]
            Write-Paragraph $examples[$i].SelectSingleNode('dev:remarks', $names) @(Get-ExampleRemark $one.Examples[$i])
        }
    }
    $settings = [System.Xml.XmlWriterSettings]::new()
    $settings.Indent = $true
    $settings.NewLineChars = "`n"
    $settings.Encoding = [System.Text.UTF8Encoding]::new($false)
    $writer = [System.Xml.XmlWriter]::Create($Path, $settings)
    $document.Save($writer)
    $writer.Dispose()
    [System.IO.File]::AppendAllText($Path, "`n")
}

Export-ModuleMember -Function @(
    'Complete-Maml'
    'ConvertTo-HelpParagraph'
    'Format-HelpPage'
    'Get-ExampleCode'
    'Get-ExampleRemark'
    'Get-HelpShape'
    'Invoke-HelpExample'
    'New-ExampleFolder'
    'Read-HelpPage'
    'Update-HelpPage'
)
